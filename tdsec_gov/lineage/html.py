"""``lineage/report.html``: one self-contained page that MLflow shows in its sandboxed frame.

No script, no external file, light and dark; every text is escaped.
"""

from __future__ import annotations

from html import escape

from tdsec_gov.domain.lineage import LineageRecord, UsedDataset
from tdsec_gov.domain.verdict import LogHead
from tdsec_gov.domain.words import size_words
from tdsec_gov.lineage.graph import graph
from tdsec_gov.lineage.record import record_sha256
from tdsec_gov.lineage.style import STYLE

MAX_ROWS = 500


def report(record: LineageRecord, signer: str = "", head: LogHead | None = None) -> str:
    """The page for one run. ``signer`` signed the record, ``head`` is where the audit log stood."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>Lineage of run {escape(record.run_id)}</title><style>{STYLE}</style></head>"
        f"<body><main>{_head(record)}{_facts(record)}<h2>Where the data came from</h2>"
        f'<div class="graph">{graph(record)}</div>'
        f"{_datasets(record)}{_reasons(record)}{_evidence(record, signer, head)}</main></body></html>\n"
    )


def _head(record: LineageRecord) -> str:
    good = record.state.value == "verified"
    text = (
        "Every dataset this run named was exactly the version that was checked and signed."
        if good
        else "It is not proven which data this run used."
    )
    return (
        f'<header class="{"good" if good else "bad"}"><span class="mark">{"✓" if good else "!"}</span>'
        f"<div><h1>{'Verified' if good else 'Unverified'}</h1><p>{text}</p></div></header>"
    )


def _facts(record: LineageRecord) -> str:
    pairs = [
        ("Run", f"<code>{escape(record.run_id)}</code>"),
        ("Status", escape(record.status.capitalize())),
        ("Purpose", escape(record.purpose) or "not stated"),
        ("Legal basis", escape(record.legal_basis) or "not stated"),
        ("Code", f"<code>{escape(record.commit[:12])}</code>" if record.commit else "no commit"),
        ("Time (UTC)", _span(record.started_at, record.ended_at)),
    ]
    if record.dp_epsilon is not None and record.dp_delta is not None:
        pairs.append(("Privacy", f"ε {record.dp_epsilon:.4g} at δ {record.dp_delta:.2g}"))
    return f"<dl>{''.join(f'<div><dt>{name}</dt><dd>{value}</dd></div>' for name, value in pairs)}</dl>"


def _span(start: str, end: str) -> str:
    same_day = start[:10] == end[:10]
    first, last = (text.replace("T", " ").rstrip("Z") for text in (start, end))
    return escape(f"{first} to {last[11:] if same_day else last}")


def _datasets(record: LineageRecord) -> str:
    if not record.datasets:
        return ""
    rows = "".join(_row(one) for one in record.datasets[:MAX_ROWS])
    more = len(record.datasets) - MAX_ROWS
    rest = f"<p>and {more} more in the signed record</p>" if more > 0 else ""
    return (
        '<h2>Dataset versions</h2><div class="wide"><table><thead><tr><th>Dataset</th><th>Verdict</th>'
        "<th>Signed by</th><th>Extent</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></div>{rest}"
    )


def _row(one: UsedDataset) -> str:
    badge = one.result if one.verified else "unverified"
    kind = {"PASSED": "good", "WARNED": "warn"}.get(badge, "bad")
    checks = (
        f"<small>{one.checks} checks, valid to {escape(one.expires_at[:10])}</small>" if one.checks else ""
    )
    files = f"{one.files} file{'' if one.files == 1 else 's'}, {size_words(one.size)}" if one.root else "-"
    digest = _digest("SHA-256 of the manifest", one.root) + _digest("of the file", one.content)
    return (
        f"<tr><td><b>{escape(one.name)}</b><small>named by {escape(one.origin)}</small></td>"
        f'<td><span class="badge {kind}">{escape(badge)}</span>{checks}</td>'
        f"<td>{escape(', '.join(one.signers)) or 'nobody'}</td><td>{files}</td></tr>"
        f'<tr class="more"><td colspan="4">{digest}<small>DVC {escape(one.oid)}</small></td></tr>'
    )


def _digest(what: str, text: str) -> str:
    if not text:
        return ""
    return f'<small>{what}</small><code class="digest">{escape(text)}</code>'


def _reasons(record: LineageRecord) -> str:
    found = [escape(reason) for reason in record.reasons]
    found += [f"<b>{escape(one.name)}</b>: {escape(one.reason)}" for one in record.datasets if one.reason]
    if not found:
        return ""
    items = "".join(f"<li>{one}</li>" for one in found[:50])
    return f'<h2>Why it is not verified</h2><ul class="reasons">{items}</ul>'


def _evidence(record: LineageRecord, signer: str, head: LogHead | None) -> str:
    signed = f"signed by <b>{escape(signer)}</b>" if signer else "<b>not signed</b> (no identity at hand)"
    log = (
        f"event {head.size} of audit log <code>{escape(head.origin)}</code>, "
        f'root <code class="digest">{head.root}</code>'
        if head
        else "not recorded"
    )
    return (
        '<h2>Evidence</h2><div class="evidence">'
        f'<p><span>Record</span><code class="digest">{record_sha256(record)}</code> {signed}</p>'
        f"<p><span>Audit</span>{log}</p>"
        f"<p><span>Check it</span><code>tdsec lineage {escape(record.run_id)}</code></p></div>"
        f"<footer>{escape(record.tool)}. This page is a display; the signed record beside it counts.</footer>"
    )
