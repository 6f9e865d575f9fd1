"""From what was seen in all files to findings and figures: sizes, modes, lengths, classes, duplicates."""

from __future__ import annotations

import sys
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from statistics import median

from tdsec_gov.checks.contract import DataFile
from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.domain.findings import Finding, Severity

NAMED = 50
MOST_CLASSES = 50
_ASPECTS = ((0.5, "tall"), (0.9, "portrait"), (1.1, "square"), (2.0, "landscape"))


class Tale:
    """Takes one partial after the other."""

    def __init__(self, trailing: Severity) -> None:
        self._trailing = trailing
        self._by_code: dict[str, list[Finding]] = {}
        self._more: Counter[str] = Counter()
        self._counts: dict[str, Counter[str]] = {}
        self._numbers: dict[str, array[float]] = {}
        self._folders: dict[bytes, str] = {}
        self._across: set[bytes] = set()
        self.kinds: Counter[str] = Counter()
        self.others: Counter[str] = Counter()
        self.repeated = 0

    def add(self, file: DataFile, partial: JsonValue) -> None:
        """One file, in the order of the manifest."""
        seen = (
            partial
            if isinstance(partial, dict)
            else {"kind": "other", "code": "TDS701", "message": "not seen"}
        )
        kind = str(seen["kind"])
        self.kinds[kind] += 1
        if kind == "other":
            self.others[str(seen.get("format") or "no suffix")[:20]] += 1
            return
        folder = file.path.rpartition("/")[0].rpartition("/")[2]
        self._count("class", folder or "(no folder)")
        self._same(bytes.fromhex(file.sha256)[:16], folder)
        if seen.get("code") is not None:
            self._note(str(seen["code"]), Severity.DENY, str(seen["message"]), file)
            return
        self._figures(kind, seen)
        if seen.get("zip"):
            self._note("TDS704", Severity.DENY, f"the {kind} is a zip archive as well", file)
        elif extra := int(str(seen.get("extra") or 0)):
            severity = Severity.DENY if seen.get("foreign") else self._trailing
            form = ", and they are another format" if seen.get("foreign") else ""
            self._note("TDS704", severity, f"{extra} bytes follow the end of the {kind}{form}", file)

    def _same(self, digest: bytes, folder: str) -> None:
        first = self._folders.get(digest)
        if first is None:
            self._folders[digest] = sys.intern(folder)
            return
        self.repeated += 1
        if first != folder:
            self._across.add(digest)

    def _figures(self, kind: str, seen: Mapping[str, JsonValue]) -> None:
        if kind == "image":
            width, height = int(str(seen["width"])), int(str(seen["height"]))
            self._count("format", str(seen["format"]))
            self._count("mode", str(seen["mode"]))
            self._count("aspect", next((name for most, name in _ASPECTS if width / height < most), "wide"))
            self._number("width", width)
            self._number("height", height)
            self._number("frames", int(str(seen["frames"])))
        elif kind == "sound":
            self._count("format", str(seen["format"]))
            self._count("rate", str(seen["rate"]))
            self._count("channels", str(seen["channels"]))
            self._number("seconds", float(str(seen["seconds"])))
        elif kind == "text":
            self._number("lines", int(str(seen["lines"])))

    def _count(self, what: str, value: str) -> None:
        self._counts.setdefault(what, Counter())[value] += 1

    def _number(self, what: str, value: float) -> None:
        self._numbers.setdefault(what, array("d")).append(value)

    def _note(self, code: str, severity: Severity, message: str, file: DataFile) -> None:
        named = self._by_code.setdefault(f"{code} {severity}", [])
        if len(named) < NAMED:
            named.append(Finding(code, severity, message, file.path))
        else:
            self._more[f"{code} {severity}"] += 1

    @property
    def examined(self) -> int:
        """Files of a kind that is known."""
        return sum(self.kinds.values()) - self.kinds["other"]

    @property
    def across(self) -> int:
        """Contents that lie in more than one folder."""
        return len(self._across)

    def findings(self) -> Iterable[Finding]:
        """Those of single files; what exceeds 50 of a kind is one more, with a count."""
        for key, named in sorted(self._by_code.items()):
            yield from named
            if count := self._more[key]:
                yield Finding(named[0].code, named[0].severity, f"and {count} more files", count=count)

    def facts(self) -> dict[str, JsonValue]:
        """Counts and spreads; of classes the 50 largest."""
        facts: dict[str, JsonValue] = {
            "kinds": dict(sorted(self.kinds.items())),
            "other_suffixes": dict(self.others.most_common(10)),
            "exact_duplicates": self.repeated,
            "classes": len(self._counts.get("class", ())),
        }
        for what, counts in sorted(self._counts.items()):
            facts[f"by_{what}"] = dict(counts.most_common(MOST_CLASSES))
        for what, numbers in sorted(self._numbers.items()):
            facts[what] = {"least": min(numbers), "median": median(numbers), "most": max(numbers)}
        return facts
