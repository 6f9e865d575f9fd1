"""Images, sound and text: TDS700 to TDS749."""

from __future__ import annotations

TABLE: dict[str, tuple[str, str, str]] = {
    "TDS700": (
        "Pillow is not installed",
        "Images are decoded by Pillow; without it they are not examined, and what is not examined is denied.",
        "Run: pip install 'tdsec-gov[images]'",
    ),
    "TDS701": (
        "Image does not decode",
        "The image is cut short or damaged. Training code would stop at it, or see half of it.",
        "Fetch or write the file again, or take it out of the dataset.",
    ),
    "TDS702": (
        "Content is of another format",
        "The first bytes are those of another format than the suffix names.",
        "Rename the file after its content, or convert it.",
    ),
    "TDS703": (
        "File over a budget",
        "The file decodes to more pixels, frames or bytes than the policy allows, or takes too long.",
        "Look at the file; raise max_megapixels, max_frames, max_decoded_mib or max_seconds if it is wanted.",
    ),
    "TDS704": (
        "Bytes after the end",
        "Bytes follow where the format ends: another format hidden in the file (always denied), or remains "
        "of "
        "the tool that wrote it.",
        "Write the file again with a tool that keeps the content only (convert, ffmpeg -c copy).",
    ),
    "TDS705": (
        "Sound file is not sane",
        "The header is damaged, names an impossible rate, or the file is cut short.",
        "Fetch or write the file again, or take it out of the dataset.",
    ),
    "TDS706": (
        "Text or compressed file cannot be read",
        "The file is empty, not UTF-8, holds NUL bytes, or its compressed content is damaged or followed by "
        "other bytes.",
        "Convert the text to UTF-8 (iconv), or compress the file again.",
    ),
    "TDS707": (
        "Many exact duplicates",
        "More files than max_duplicate_share repeat another one byte by byte.",
        "Remove the duplicates, or raise max_duplicate_share, reviewed.",
    ),
    "TDS708": (
        "Same file in several folders",
        "The same bytes lie in two folders. Where folders are classes, one content has two labels.",
        "Decide which folder is right; set across_folders: note where folders are no classes.",
    ),
    "TDS709": (
        "Nothing for this check",
        "No file has a suffix of an image, sound, text or compressed file.",
        "Take the media check out of the policy for this dataset.",
    ),
}
