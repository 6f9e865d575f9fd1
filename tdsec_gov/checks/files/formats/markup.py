"""HTML, SVG and XML that act when opened: scripts, handlers, frames, entities (CWE-79, CWE-611, CWE-776)."""

from __future__ import annotations

import re
from collections.abc import Callable

from tdsec_gov.checks.files.risk import Replay, Risk, Source

_BEGINS = re.compile(
    rb"(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?\s*(?:<!--.{0,4096}?-->\s*)*"
    rb"<(?:!doctype|html|head|body|script|svg|\?xml|iframe|math|img|object|embed|form|meta|link|style)\b",
    re.IGNORECASE | re.DOTALL,
)
_ACTS = re.compile(
    rb"<(?:[\w.-]+:)?(?:script|iframe|object|embed|applet|foreignobject)\b|[\s\"'/]on[a-z]{3,24}\s*=\s*[\"'\w]"
    rb"|(?:href|src|action|formaction)\s*=\s*[\"']?\s*(?:javascript|vbscript|data:text/html)\b"
    rb"|<meta[^>]{0,200}http-equiv\s*=\s*[\"']?refresh|<\?xml-stylesheet",
    re.IGNORECASE,
)
_ENTITY = re.compile(rb"<!ENTITY\b", re.IGNORECASE)
_OVERLAP = 512


def markup_risks(head: bytes, begin: Callable[[], Source]) -> list[Risk]:
    """Risks of HTML, SVG or XML that begins with ``head`` (UTF-8 or UTF-16); other text has none."""
    if not _BEGINS.match(head[:8192].replace(b"\0", b"")):
        return []
    found: dict[str, Risk] = {}
    stream, carried = Replay(b"", begin()), b""
    while piece := stream.read(1 << 20).replace(b"\0", b""):
        text = carried + piece
        if _ACTS.search(text):
            message = "HTML, SVG or XML holds scripts, handlers or frames that act when it is opened"
            found["acts"] = Risk("TDS524", message, "active-content")
        if _ENTITY.search(text):
            message = "XML declares entities, which can read other files or explode"
            found["entity"] = Risk("TDS524", message, "active-content")
        carried = text[-_OVERLAP:]
    return list(found.values())
