"""What is done to one value: nothing kept, its finds masked, or a keyed digest in its place."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from tdsec_gov.checks.pii.kinds import KINDS
from tdsec_gov.checks.pii.spans import REGIONS, find_spans

How = Literal["drop", "mask", "hmac"]
MASKED = "[masked]"


@dataclass(frozen=True, slots=True)
class Change:
    """``column`` is a table's column (None: the lines of text files); ``key`` is for ``hmac`` alone."""

    column: str | None
    how: How
    regions: tuple[str, ...] = REGIONS
    key: bytes = field(default=b"", repr=False)

    @property
    def shown(self) -> str:
        return self.column or "(text)"

    def value(self, text: str, *, whole: bool) -> str:
        """The value that stands for ``text``; ``whole``: the column is personal data, all of it goes."""
        if self.how == "hmac":
            return hmac.new(self.key, text.encode(), "sha256").hexdigest()
        return MASKED if whole else masked(text, self.regions)


def masked(text: str, regions: tuple[str, ...]) -> str:
    """``text`` with each find replaced by its kind in brackets."""
    out, end = "", 0
    for span in find_spans(text, regions):
        out += f"{text[end : span.start]}[{span.kind}]"
        end = span.end
    return out + text[end:]


def is_whole(findings: Sequence[str]) -> bool:
    """Whether kinds that a column *is* were told of it, so that nothing of its values stays."""
    return any(kind in KINDS for kind in findings)
