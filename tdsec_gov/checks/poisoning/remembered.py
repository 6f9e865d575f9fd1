"""What the check said of the same versions, under the same settings and detectors, in this clone before."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from tdsec_gov import __version__
from tdsec_gov.checks.contract import CheckInput
from tdsec_gov.detect.suite import DETECTORS, load
from tdsec_gov.domain.canonical import canonical_bytes
from tdsec_gov.domain.findings import CheckResult
from tdsec_gov.errors import IntegrityError


def key_of(given: CheckInput) -> str:
    """SHA-256 over all that the answer depends on: the bytes and paths of both versions, the settings, the
    dataset's name (it is in the ids of items), and the version of each detector."""
    digest = sha256()
    for part in _parts(given):
        digest.update(sha256(part).digest())
    return digest.hexdigest()


def recalled(given: CheckInput, key: str) -> CheckResult | None:
    """The answer that is kept under ``key``; None: there is none, or nothing is remembered."""
    if given.memory is None:
        return None
    body = given.memory.recall([key]).get(key)
    try:
        return None if body is None else CheckResult.from_json(body)
    except IntegrityError:
        return None


def remember(given: CheckInput, key: str, result: CheckResult) -> None:
    if given.memory is not None:
        given.memory.remember({key: result.as_json()})


def _parts(given: CheckInput) -> Iterator[bytes]:
    detectors = {name: load(name).version for name in DETECTORS}
    yield canonical_bytes(
        {"check": "poisoning", "tool": __version__, "detectors": dict(detectors), "dataset": given.dataset}
    )
    yield canonical_bytes({"params": dict(given.params), "allowed": [*sorted(given.allowed)]})
    for files in (given.files, given.previous, given.audited):
        yield b"none" if files is None else b"files"
        for one in files or ():
            yield f"{one.sha256} {one.path}".encode()
