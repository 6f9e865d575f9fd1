"""The lineage record as a signed in-toto Statement, and as the short tags that show it.

The signed record is the truth; tags are its display, and anybody may edit them after the run.
"""

from __future__ import annotations

from collections.abc import Mapping

from tdsec_gov.domain.canonical import JsonValue, canonical_bytes, sha256_hex
from tdsec_gov.domain.lineage import LineageRecord, UsedDataset
from tdsec_gov.domain.verdict import LogHead
from tdsec_gov.errors import IntegrityError
from tdsec_gov.keys.dsse import INTOTO_PAYLOAD_TYPE, Envelope
from tdsec_gov.keys.members import Trusted
from tdsec_gov.keys.signing import Signer
from tdsec_gov.verdicts.predicate import PredicateType

LINEAGE = PredicateType("urn:tdsec-gov:lineage:v1", "lineage record", frozenset({"record"}))
SIGNED, UNSIGNED = "tdsec/lineage.intoto.json", "tdsec/lineage.unsigned.json"
NOTHING_NAMED = "no dataset was named (dvc repro, tdsec run --data or mlflow.log_input name one)"
TAG_LIMIT = 4500  # MLflow cuts silently at 8000, servers before 2.x at 5000


def record_sha256(record: LineageRecord) -> str:
    """SHA-256 of the record's canonical bytes."""
    return sha256_hex(canonical_bytes(record.as_json()))


def to_statement(record: LineageRecord) -> bytes:
    """Canonical Statement whose subject is the run, digested by what is said of it."""
    return LINEAGE.payload(f"mlflow:run/{record.run_id}", record_sha256(record), {"record": record.as_json()})


def from_statement(payload: bytes) -> LineageRecord:
    """Parse what :func:`to_statement` wrote, and refuse anything else.

    Raises:
        IntegrityError: another type or format, unknown keys, not canonical, or another subject.
    """
    record = LineageRecord.from_json(LINEAGE.read(payload).predicate["record"])
    if to_statement(record) != payload:
        raise IntegrityError("lineage record is not in canonical form, or its subject is not its run")
    return record


def sign_record(record: LineageRecord, *signers: Signer) -> bytes:
    """One DSSE envelope (application/vnd.in-toto+json), with a final newline."""
    return Envelope.sign(to_statement(record), *signers).to_bytes()


def verify_record(
    data: bytes, trusted: Mapping[str, Trusted], run_id: str
) -> tuple[LineageRecord, frozenset[str]]:
    """The record of run ``run_id`` and the keyids of the trusted keys that signed it.

    Raises:
        IntegrityError: malformed, or the record of another run. SignatureInvalid, SignerUntrusted.
    """
    envelope = Envelope.from_bytes(data)
    if envelope.payload_type != INTOTO_PAYLOAD_TYPE:
        raise IntegrityError("envelope holds another payload type")
    if envelope.to_bytes() != data:
        raise IntegrityError("envelope is not in canonical form")
    signers = envelope.verified_by(trusted)
    record = from_statement(envelope.payload)
    if record.run_id != run_id:
        raise IntegrityError("the lineage record is that of another run", expected=run_id)
    return record, signers


def start_tags(state: str, reasons: tuple[str, ...], datasets: tuple[UsedDataset, ...]) -> dict[str, str]:
    """Tags of a run that has begun. Keys are short and fixed: never a dataset path."""
    tags = {"tdsec.state": state, "tdsec.reasons": _cut("; ".join(_all_reasons(reasons, datasets)), 1000)}
    if datasets:
        tags["tdsec.verdict"] = _cut(", ".join(sorted({one.result or "none" for one in datasets})), 200)
        tags["tdsec.signers"] = _cut(", ".join(sorted({name for one in datasets for name in one.signers})))
        listed = canonical_bytes([_short(one) for one in datasets]).decode()
        if len(listed) <= TAG_LIMIT:
            tags["tdsec.datasets"] = listed
    return {key: value for key, value in tags.items() if value}


def end_tags(record: LineageRecord, head: LogHead | None) -> dict[str, str]:
    """Tags of a run that has ended."""
    tags = start_tags(record.state.value, record.reasons, record.datasets)
    tags["tdsec.record_sha256"] = record_sha256(record)
    tags["tdsec.purpose"] = _cut(record.purpose)
    tags["tdsec.legal_basis"] = _cut(record.legal_basis)
    if head is not None:
        tags["tdsec.audit"] = f"{head.origin} {head.size} {head.root}"
    if record.dp_epsilon is not None:
        tags["tdsec.dp.epsilon"] = f"{record.dp_epsilon:.6g}"
    return {key: value for key, value in tags.items() if value}


def note(record: LineageRecord) -> str:
    """Markdown for the top of MLflow's run page (``mlflow.note.content``)."""
    lines = [f"**Data lineage: {record.state.value}** (tdsec)", ""]
    if record.datasets:
        lines += ["| dataset | SHA-256 | verdict | signed by |", "|---|---|---|---|"]
    for one in record.datasets[:30]:
        signers = _cell(", ".join(one.signers)) or "nobody"
        digest = f"`{one.root[:12]}`" if one.root else "-"
        lines.append(f"| {_cell(one.name)} | {digest} | {one.result or 'none'} | {signers} |")
    if len(record.datasets) > 30:
        lines.append(f"| and {len(record.datasets) - 30} more | | | |")
    lines += [f"- {_cell(reason)}" for reason in _all_reasons(record.reasons, record.datasets)[:10]]
    lines += ["", f"Graph: artifact `lineage/report.html`. Check: `tdsec lineage {record.run_id}`"]
    return _cut("\n".join(lines), TAG_LIMIT)


def _all_reasons(reasons: tuple[str, ...], datasets: tuple[UsedDataset, ...]) -> list[str]:
    named = list(reasons) if reasons or datasets else [NOTHING_NAMED]
    return [*named, *(f"{one.name}: {one.reason}" for one in datasets if one.reason)]


def _short(one: UsedDataset) -> JsonValue:
    return {
        "name": one.name,
        "sha256": one.root,
        "file_sha256": one.content,
        "oid": one.oid,
        "result": one.result,
        "signers": list(one.signers),
        "state": one.state.value,
    }


def _cut(text: str, limit: int = 250) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _cell(text: str) -> str:
    """Text for a Markdown table cell: nothing in it is markup."""
    marks = {"<": "&lt;", ">": "&gt;", "&": "&amp;", "\n": " "}
    return "".join(f"\\{char}" if char in "\\`*_[]|#!" else marks.get(char, char) for char in text)
