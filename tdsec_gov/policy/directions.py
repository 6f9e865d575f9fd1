"""Which way a check's setting is stricter: what a repository may do to a setting that its org policy has.

A setting that is not in the table may not differ from the org policy's: who adds a setting to a check
declares its direction here (tests/contract/test_directions.py asks for it), and until then the org decides
it alone.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from tdsec_gov.policy.stricter import (
    Direction,
    at_least,
    at_most,
    equal,
    exception,
    fewer,
    fewer_ignored,
    flag,
    local,
    more,
    one_of,
)

_POISONING = {
    "label": local(),
    "labels_from": local(),
    "seed": local(),
    "alpha": at_least(0.01),
    "max_rows": at_least(50_000),
    "allow": fewer(),
    "ignore": fewer(),
    "skip": fewer(),
    "max_label_changes": at_most(0.001),
    "max_issue_share": at_most(0.1),
    "max_conflict_share": at_most(0.01),
    "first_version": one_of("warn", "deny", default="warn"),
    "new_labels": one_of("warn", "deny", default="deny"),
    "drift": one_of("warn", "deny", default="deny"),
    "shift": one_of("warn", "deny", default="warn"),
    "second_opinion": flag(False),
}
DIRECTIONS: Mapping[str, Mapping[str, Direction]] = {
    "source": {
        "min_trust": one_of("unknown", "raw", "curated", "partner", "internal", default="curated"),
        "review_grace_days": at_most(30),
        "legal_basis_required": flag(True),
        "collected_only": flag(False),
        "required_internal": more(),
        "required_partner": more("contact", "retention"),
        "required_curated": more("contact", "retention"),
        "required_raw": more(
            "description",
            "supplier",
            "license",
            "acquired",
            "allowed_locations",
            "personal_data",
            "retention",
            "contact",
            "review",
        ),
    },
    "schema": {
        "schema": local(),
        "max_failure_share": at_most(0.0),
        "min_rows": at_least(1),
        "max_row_change": at_most(None),
        "sha256": local(),
        "one_table": local(),
        "date_columns": local(),
        "max_null_change": at_most(0.1),
        "max_category_change": at_most(0.1),
        "drift": one_of("off", "warn", "deny", default="warn"),
        "max_age_days": at_most(None),
    },
    "pii": {
        "mode": one_of("warn", "block_undeclared", "block", default="warn"),
        "regions": more("US", "GB", "DE", "FR", "ES", "IT"),
        "ignore": fewer_ignored(),
        "engine": one_of("builtin", "presidio", default="builtin"),
        "presidio_model": local(),
    },
    "files": {
        "allow": fewer(),
        "hidden_characters": one_of("warn", "deny", default="deny"),
        "second_opinion": one_of("none", "picklescan", default="none"),
    },
    "malware": {
        "clamd": equal("unix:/run/clamav/clamd.ctl", "unix:/run/clamd.scan/clamd.sock", "tcp:127.0.0.1:3310"),
        "transfer": local(),
        "timeout": local(),
        "max_decoded_mib": local(),
        "unsafe_plain_network": exception(),
        "optional": exception(),
        "max_database_age_days": at_most(7),
        "old_database": one_of("warn", "deny", default="warn"),
        "unreported_limits": one_of("warn", "deny", default="deny"),
        "decoded": flag(False),
        "rules": more(),
    },
    "media": {
        "max_megapixels": at_most(89),
        "max_frames": at_most(1000),
        "max_decoded_mib": at_most(2048),
        "max_seconds": at_most(30),
        "trailing": one_of("warn", "deny", default="warn"),
        "max_duplicate_share": at_most(0.05),
        "across_folders": one_of("note", "warn", "deny", default="warn"),
    },
    "poisoning": _POISONING,
}


def loosened(check: str, mine: Mapping[str, JsonValue], org: Mapping[str, JsonValue]) -> list[str]:
    """A line for each setting of ``check`` that ``mine`` has looser than ``org``, or not comparable."""
    known = DIRECTIONS.get(check, {})
    lines = []
    for name, value in sorted(mine.items()):
        way = known.get(name)
        wanted = org.get(name, way.default if way else None)
        if value == wanted and type(value) is type(wanted):
            continue
        if way is None or not way.stricter(value, wanted):
            least = "what the org policy has" if wanted is None else wanted
            lines.append(f"checks.{check}.{name}: expected {way.words if way else 'exactly'} {least}")
    return lines
