"""Presidio as a second look at free text (optional extra ``presidio``): what has no checksum, such as names.

Its recognisers run without a network: the one for e-mail addresses, whose library would fetch the list of
public suffixes, is left out (the built-in scan finds addresses). Without a model only its patterns run.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from tdsec_gov.checks.contract import DataFile
from tdsec_gov.checks.pii.arrays import texts
from tdsec_gov.checks.pii.sight import NOT_CERTAIN, Sight
from tdsec_gov.checks.refusals import shown_column
from tdsec_gov.checks.tables import is_table, scan_batches
from tdsec_gov.checks.textstream import open_text
from tdsec_gov.errors import PolicyInvalid

MOST = 500
"""Values looked at in one column or text: presidio reads well under one MB in a second."""
SCORE = 0.5
_OURS = frozenset(
    {
        "EMAIL_ADDRESS",
        "PHONE_NUMBER",
        "CREDIT_CARD",
        "IBAN_CODE",
        "US_SSN",
        "IP_ADDRESS",
        "URL",
        "DATE_TIME",
        "MAC_ADDRESS",
    }
)
_SOME = 0.02


def require_presidio(model: str | None) -> None:
    """Raises PolicyInvalid: presidio, or the model that the settings name, is not installed."""
    from importlib.util import find_spec

    if find_spec("presidio_analyzer") is None:
        raise PolicyInvalid(
            "engine: presidio is set and presidio is not installed",
            where="check pii",
            hint="run: pip install 'tdsec-gov[presidio]', or set engine: builtin",
        )
    if model is not None and (not model.isidentifier() or find_spec(model) is None):
        raise PolicyInvalid(
            "the spaCy model that presidio_model names is not installed",
            where="check pii",
            hint="install the model's package, or leave presidio_model out",
        )


def engine_version(model: str | None) -> list[str | int | float | bool | list[Any] | dict[str, Any] | None]:
    """What decides presidio's answer; part of the key under which it is remembered."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        known = version(model.replace("_", "-")) if model else ""
    except PackageNotFoundError:
        known = "unknown"
    return ["presidio", version("presidio-analyzer"), model, known]


def look(file: DataFile, model: str | None, told: list[Sight]) -> list[Sight]:
    """Statements on entities that the built-in scan does not know, of a bounded number of values."""
    sights: list[Sight] = []
    known = {sight.column for sight in told if sight.code in ("TDS300", "TDS301")}
    for index, (label, values) in enumerate(_texts(file)):
        column = None if label is None else shown_column(label, index)
        if column is not None and column in known:
            continue
        counts: dict[str, int] = {}
        for text in values:
            for entity in _entities(text, model):
                counts[entity] = counts.get(entity, 0) + 1
        for entity, count in sorted(counts.items()):
            if count >= max(1, _SOME * len(values)):
                words = f"contains, says presidio: {entity}, in {count} of {len(values)} values looked at"
                sights.append(Sight(NOT_CERTAIN, _kind(entity), words, column, count, (), sure=False))
    return sights


def _kind(entity: str) -> str:
    return {"PERSON": "person name", "LOCATION": "postal address"}.get(
        entity, entity.lower().replace("_", " ")
    )


def _entities(text: str, model: str | None) -> set[str]:
    found = _analyzer(model).analyze(text=text, language="en", score_threshold=SCORE)
    return {one.entity_type for one in found} - _OURS


def _texts(file: DataFile) -> Iterator[tuple[str | None, list[str]]]:
    """Free text: columns of a table with blanks in their values, or the lines of a text."""
    if not is_table(file):
        with open_text(file) as stream:
            lines = [
                line.decode("utf-8", "replace").strip() for _, line in zip(range(MOST), stream, strict=False)
            ]
        yield None, [line for line in lines if line]
        return
    columns: dict[str, list[str]] = {}
    for batch in scan_batches(file):
        for one in texts(batch):
            kept = columns.setdefault(one.name, [])
            step = max(1, len(one.array) // MOST)
            kept += [text[:2000] for text in one.array[::step].to_pylist() if text and " " in text][
                : MOST - len(kept)
            ]
    yield from ((name, values) for name, values in columns.items() if values)


@cache
def _analyzer(model: str | None) -> Any:
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import NlpEngineProvider, NoOpNlpEngine

    named = {"nlp_engine_name": "spacy", "models": [{"lang_code": "en", "model_name": model}]}
    nlp = (
        NlpEngineProvider(nlp_configuration=named).create_engine()
        if model
        else NoOpNlpEngine(models=[{"lang_code": "en", "model_name": "none"}])
    )
    registry = RecognizerRegistry(supported_languages=["en"])
    registry.load_predefined_recognizers(languages=["en"], nlp_engine=nlp)
    registry.remove_recognizer("EmailRecognizer")
    return AnalyzerEngine(registry=registry, nlp_engine=nlp, supported_languages=["en"])
