"""Every finding code in plain words: title, what it means, how to fix it (``tdsec explain CODE``).

The table is closed: a test fails when a code that stands anywhere in the package is missing here, and
when one stands here that nothing uses.
"""

from __future__ import annotations

from typing import NamedTuple

from tdsec_gov.checks.explained import files, gate, malware, media, pii, poisoning, schema, source


class Explanation(NamedTuple):
    """What a person needs to know about one code."""

    title: str
    meaning: str
    fix: str


EXPLANATIONS: dict[str, Explanation] = {
    code: Explanation(*words)
    for part in (gate, source, schema, pii, poisoning, files, malware, media)
    for code, words in sorted(part.TABLE.items())
}
