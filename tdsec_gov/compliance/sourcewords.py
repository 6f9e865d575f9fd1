"""The further fields of a source record as label and text, for people."""

from __future__ import annotations

from tdsec_gov.compliance.values import NOT_STATED
from tdsec_gov.policy.source_models import Source


def more_fields(source: Source) -> tuple[tuple[str, str], ...]:
    """What :func:`tdsec_gov.compliance.versions.source_fields` leaves out, in the order of the model."""
    acquired, rights, places = source.acquired, source.copyright, source.geography
    rows: tuple[tuple[str, object], ...] = (
        ("acquired by", acquired and acquired.method),
        ("acquired from", acquired and acquired.start),
        ("acquired until", acquired and acquired.end),
        ("agreement", acquired and acquired.agreement),
        ("derived from", ", ".join(source.derived_from)),
        ("copyright", rights and rights.status),
        ("mining opt-out checked", rights and rights.tdm_opt_out_checked),
        ("allowed uses", ", ".join(source.allowed_uses)),
        ("prohibited uses", ", ".join(source.prohibited_uses)),
        ("recipients", ", ".join(source.recipients)),
        ("transfers", ", ".join(f"{one.country} ({one.safeguard or '-'})" for one in source.transfers)),
        ("origin", ", ".join(places.origin) if places else None),
        ("storage", ", ".join(places.storage) if places else None),
        ("processing", ", ".join(places.processing) if places else None),
        ("anonymisation", source.anonymisation),
        ("labelling", source.labelling),
        ("cleaning", source.cleaning),
        ("known bias", source.known_bias),
        ("known gaps", source.known_gaps),
        ("confidentiality", source.confidentiality),
        ("retention period", source.retention and source.retention.period),
        ("pinned locations", len(source.locations) or None),
    )
    return tuple((label, str(value) if value else NOT_STATED) for label, value in rows)
