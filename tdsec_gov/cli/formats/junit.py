"""JUnit XML as CI servers read it: a suite per dataset version, a case per required check."""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.etree import ElementTree as ET

from tdsec_gov.domain.findings import CheckResult, Finding, Status
from tdsec_gov.domain.verdict import Verdict

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold (W3C, section 2.2); names of files and columns may."""


def junit(judged: Iterable[tuple[str, Verdict]]) -> str:
    """The document for verdicts, each with the path of its dataset's pointer file."""
    top = ET.Element("testsuites", name="tdsec-gov")
    for pointer, verdict in judged:
        top.append(_suite(pointer, verdict))
    for name in ("tests", "failures", "errors", "skipped"):
        top.set(name, str(sum(int(suite.get(name, "0")) for suite in top)))
    ET.indent(top)
    return ET.tostring(top, encoding="unicode", xml_declaration=True) + "\n"


def _suite(pointer: str, verdict: Verdict) -> ET.Element:
    results = verdict.results
    suite = ET.Element("testsuite", name=_clean(verdict.version.name), timestamp=verdict.evaluated_at[:19])
    bare = not verdict.accepted and not any(one.status.denies for one in results)
    waived = {one.check for one in verdict.waivers}
    standing = [
        one for one in results if not (one.status.denies and verdict.accepted and one.check in waived)
    ]
    suite.set("tests", str(len(results) + bare))
    suite.set("failures", str(sum(one.status is Status.FAILED for one in standing) + bare))
    suite.set("errors", str(sum(one.status is Status.ERROR for one in standing)))
    suite.set("skipped", str(len(results) - len(standing)))
    suite.set("time", f"{sum(one.seconds for one in results):.3f}")
    for result in results:
        suite.append(_case(pointer, verdict, result, waived=result not in standing))
    if bare:
        case = ET.SubElement(suite, "testcase", name="verdict", classname=_clean(verdict.version.name))
        _told(case, "failure", "the gate denied this version", list(verdict.reasons))
    return suite


def _case(pointer: str, verdict: Verdict, result: CheckResult, waived: bool) -> ET.Element:
    case = ET.Element(
        "testcase",
        name=result.check,
        classname=_clean(verdict.version.name),
        file=_clean(pointer),
        time=f"{result.seconds:.3f}",
    )
    lines = [_line(finding) for finding in result.findings]
    if waived:
        until = min(one.expires[:10] for one in verdict.waivers if one.check == result.check)
        _told(case, "skipped", f"waived until {until}", lines)
    elif result.status.denies:
        kind = "error" if result.status is Status.ERROR else "failure"
        _told(case, kind, lines[0] if lines else result.status.value, lines)
    elif lines:
        ET.SubElement(case, "system-out").text = _clean("\n".join(lines))
    return case


def _told(case: ET.Element, kind: str, message: str, lines: list[str]) -> None:
    ET.SubElement(case, kind, message=_clean(message), type="tdsec").text = _clean("\n".join(lines))


def _line(finding: Finding) -> str:
    row = f":{finding.rows[0]}" if finding.rows else ""
    place = f"{finding.file}{row}: " if finding.file else ""
    return f"{place}{finding.code} {finding.words}"


def _clean(text: str) -> str:
    return _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)
