"""Personal data: TDS300 to TDS399."""

from __future__ import annotations

TABLE: dict[str, tuple[str, str, str]] = {
    "TDS300": (
        "Column is personal data (confirmed)",
        "Most values of the column are of this kind, by exact validation (checksum, number plan).",
        "Declare it in data_categories of the source record, or remove the column.",
    ),
    "TDS301": (
        "Column is personal data (likely)",
        "The column's name and the shape of its values say so, the checksums do not.",
        "Look at the column; declare it, remove it, or rename it if it is something else.",
    ),
    "TDS302": (
        "Column contains personal data",
        "Some values of the column (often free text) hold this kind of personal data.",
        "Redact the rows named, or declare the kind in data_categories.",
    ),
    "TDS303": (
        "Declared personal data",
        "The dataset holds personal data that its source record declares. It is recorded.",
        "Nothing to do, unless the policy's mode is block.",
    ),
    "TDS304": (
        "Secret in the data",
        "A key or token with a well-known prefix stands in the data.",
        "Revoke the secret first, then remove it; whoever has the data has the secret.",
    ),
    "TDS305": (
        "Text contains personal data",
        "Lines of a text file hold this kind of personal data.",
        "Redact the lines named, or declare the kind in data_categories.",
    ),
    "TDS306": (
        "The record says there is none",
        "The source record states personal_data: none, and personal data was found.",
        "Correct the record (and its legal basis), or remove the data.",
    ),
    "TDS307": (
        "Header is data",
        "A column's name is itself personal data: most likely the file has no header row.",
        "Add a header row with names of columns.",
    ),
    "TDS308": (
        "Ignored by the policy",
        "The check's setting ignore names this column and kind, with a reason. It is recorded.",
        "Nothing to do while the reason holds; take the entry out when it does not.",
    ),
    "TDS309": (
        "Photograph tells on somebody",
        "EXIF or XMP of an image says where it was taken or whose camera it was.",
        "Strip it (for example: exiftool -all= FILE), or declare position or name in data_categories.",
    ),
    "TDS310": (
        "Ignore entry names nothing",
        "The setting ignore names a column and kind that this check did not find.",
        "Take the entry out, or correct the column's name or the kind.",
    ),
    "TDS311": (
        "A model sees personal data",
        "The language model behind presidio takes some values for this kind. Models err: it never denies.",
        "Look at the column; mask it, or declare the kind in data_categories.",
    ),
}
