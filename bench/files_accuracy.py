"""Recall and false alarms of the files check, beside picklescan and fickling, on samples made here.


Seeded and deterministic. Malicious pickles are written opcode by opcode with harmless arguments and are
never loaded. picklescan and fickling are compared when installed; scikit-learn, pandas and torch make the
benign objects when installed.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import itertools
import logging
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from files_benign import benign_objects, benign_tables, installed
from files_malicious import malicious

from tdsec_gov.checks.contract import CheckInput, DataFile
from tdsec_gov.checks.files.check import SafeFiles
from tdsec_gov.domain.findings import Finding, Severity

WAIVED = {"allow": ["pickle", "joblib", "torch", "npy-object", "nested-archive"]}


def judged(folder: Path, samples: Sequence[tuple[str, bytes]], params: dict[str, Any]) -> list[list[Finding]]:
    """Findings of each sample; one run for all, as the gate does it."""
    files = []
    for index, (path, data) in enumerate(samples):
        location = folder / f"object{index}"
        location.write_bytes(data)
        name = f"{index}/{path}"
        files.append(DataFile(name, location, len(data), hashlib.sha256(data).hexdigest()))
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    result = SafeFiles().run(CheckInput("d", tuple(files), None, None, params, None, folder, moment))
    found: dict[str, list[Finding]] = {file.path: [] for file in files}
    for finding in result.findings:
        found[finding.file or ""].append(finding)
    return list(found.values())


def denies(findings: Sequence[Finding]) -> bool:
    return any(finding.severity is Severity.DENY for finding in findings)


def cpu() -> float:
    """Seconds of CPU of this process and of its children that ended."""
    return sum(os.times()[:4])


def scan_picklescan(path: Path) -> bool:
    scanner = importlib.import_module("picklescan.scanner")
    try:
        with path.open("rb") as stream:
            result = scanner.scan_bytes(stream, path.name)
    except Exception:  # noqa: BLE001 - whatever it raises counts for it: not told safe
        return True
    return bool(result.issues_count or result.scan_err)


def scan_fickling(path: Path) -> bool:
    fickle = importlib.import_module("fickling.fickle")
    analysis = importlib.import_module("fickling.analysis")
    try:
        with path.open("rb") as stream:
            stack = fickle.StackedPickle.load(stream)
        return any(analysis.check_safety(one).severity > analysis.Severity.LIKELY_SAFE for one in stack)
    except Exception:  # noqa: BLE001 - whatever it raises counts for it: not told safe
        return True


def others() -> dict[str, Callable[[Path], bool]]:
    found: dict[str, Callable[[Path], bool]] = {}
    for name, scan in (("picklescan", scan_picklescan), ("fickling", scan_fickling)):
        try:
            importlib.import_module(name)
            found[name] = scan
        except ImportError:
            print(f"{name} is not installed: left out", file=sys.stderr)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--texts", type=int, default=3000, help="how many texts of installed packages")
    parser.add_argument("--seed", type=int, default=20261123)
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as name:
        pickles(Path(name), given.seed)
        alarms(Path(name), "tables, arrays, images, archives", benign_tables(given.seed))
        texts = installed((".md", ".txt", ".rst", ".html"), given.texts)
        alarms(Path(name), "texts of installed packages", texts)
    return 0


def pickles(folder: Path, seed: int) -> None:
    bad = list(malicious(seed))
    good = [(name, name, data) for name, data in benign_objects()]
    samples = [(path, data) for _, path, data in bad + good]
    print(f"| scanner | caught of {len(bad)} | denied of {len(good)} benign pickles | CPU ms per file |")
    print("|---|---|---|---|")
    for title, params in (("files", {}), ("files, pickles allowed", WAIVED)):
        began = cpu()
        answers = [denies(findings) for findings in judged(folder, samples, params)]
        row(title, answers, [label for label, _, _ in bad + good], len(bad), cpu() - began)
    for title, scan in others().items():
        began, answers = cpu(), []
        for index, (path, _) in enumerate(samples):
            bare = (folder / f"object{index}").rename(folder / ("sample" + "".join(Path(path).suffixes)))
            answers.append(scan(bare))
            bare.rename(folder / f"object{index}")
        row(title, answers, [label for label, _, _ in bad + good], len(bad), cpu() - began)


def row(title: str, answers: list[bool], labels: list[str], bad: int, seconds: float) -> None:
    cost = 1000 * seconds / len(answers)
    print(f"| {title} | {sum(answers[:bad])} | {sum(answers[bad:])} | {cost:.2f} |")
    missed = Counter(label for label, answer in zip(labels[:bad], answers[:bad], strict=True) if not answer)
    alarms = [label for label, answer in zip(labels[bad:], answers[bad:], strict=True) if answer]
    print(f"  {title}: missed {dict(missed.most_common(8))}", file=sys.stderr)
    print(f"  {title}: false alarms {alarms[:40]}", file=sys.stderr)


def alarms(folder: Path, title: str, samples: Iterator[tuple[str, bytes]]) -> None:
    codes: Counter[str] = Counter()
    count = denied = 0
    while batch := list(itertools.islice(samples, 400)):
        for (path, _), findings in zip(batch, judged(folder, batch, {}), strict=True):
            count += 1
            codes.update({f"{one.code} {one.severity.value}" for one in findings})
            if denies(findings):
                denied += 1
                print(f"  {path}: {sorted({one.code for one in findings})}", file=sys.stderr)
    print(
        f"\n{title}: {count} files, {denied} denied; files with each finding: {dict(sorted(codes.items()))}"
    )


if __name__ == "__main__":
    sys.exit(main())
