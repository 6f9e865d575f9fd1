"""Dataset globs: ``*`` within a path segment, ``**`` across segments, ``?`` one character."""

from __future__ import annotations

import re
from functools import lru_cache


@lru_cache(maxsize=1024)
def _pattern(glob: str) -> re.Pattern[str]:
    out = ""
    for token in re.findall(r"\*\*/|\*\*|\*|\?|[^*?]+", glob):
        out += {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(token, re.escape(token))
    return re.compile(out)


def matches(glob: str, path: str) -> bool:
    """Whether the whole ``path`` (``/`` separated, relative) fits ``glob``."""
    return _pattern(glob).fullmatch(path) is not None


def specificity(glob: str) -> tuple[int, int]:
    """Sort key: more literal characters first, then fewer wildcards; larger is more specific."""
    wildcards = sum(glob.count(char) for char in "*?")
    return (len(glob) - wildcards, -wildcards)
