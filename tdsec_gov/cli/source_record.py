"""From flags, or from questions on a terminal, to a source record."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from tdsec_gov.errors import UsageError

if TYPE_CHECKING:
    from tdsec_gov.cli.shell import Shell
    from tdsec_gov.policy.source_models import Source

TRUST = ["internal", "partner", "curated", "raw", "unknown"]
PERSONAL = ["none", "personal", "special", "unknown"]
METHODS = ["contract", "public", "scraped", "user", "synthetic", "internal"]
RIGHTS = ["none", "own", "licensed", "public_domain", "unknown"]
COLOURS = ["clear", "green", "amber", "red"]
DAY = click.DateTime(["%Y-%m-%d"])
_REQUIRED = (("id", "--id"), ("name", "--name"), ("trust", "--trust"))
_DAYS = ("acquired_from", "acquired_to", "retention_until")
_QUESTIONS: tuple[tuple[str, str, list[str] | None], ...] = (
    ("id", "Short id (letters, digits, . _ -)", None),
    ("name", "Name of the source", None),
    ("trust", "How far it is trusted", TRUST),
    ("description", "What it is, in a sentence", None),
    ("supplier_name", "Who supplies it", None),
    ("allowed_locations", "Where it may come from (URL or path, ** for all below)", None),
    ("acquired_method", "How it came to us", METHODS),
    ("acquired_from", "Acquired from (YYYY-MM-DD)", None),
    ("acquired_to", "Acquired until (YYYY-MM-DD)", None),
    ("license", "Licence", None),
    ("purpose", "Purpose the data is used for", None),
    ("personal_data", "Personal data in it", PERSONAL),
    ("legal_basis", "Legal basis, such as 6(1)(f)", None),
    ("legal_evidence", "Where the evidence for it is kept", None),
    ("data_subjects", "Whose data it is", None),
    ("data_categories", "Categories of personal data, such as contact", None),
    ("retention_until", "Kept until (YYYY-MM-DD)", None),
    ("retention_basis", "Why until then", None),
    ("contact_name", "Person to ask", None),
    ("contact_email", "Their e-mail address", None),
    ("reviewed_by", "Who reviewed this record today", None),
)
_ONLY_WITH_PERSONAL = ("legal_basis", "legal_evidence", "data_subjects", "data_categories")

FLAGS: tuple[Callable[[Any], Any], ...] = (
    click.option("--id", "id", help="Short id that policy.yaml names."),
    click.option("--name", help="Name of the source."),
    click.option("--trust", type=click.Choice(TRUST), help="How far it is trusted."),
    click.option("--description", help="What it is."),
    click.option("--license", help="Licence, best as SPDX identifier."),
    click.option("--purpose", help="What the data is used for."),
    click.option("--personal-data", type=click.Choice(PERSONAL), help="Whether there is any."),
    click.option("--legal-basis", help="GDPR Art. 6(1) letter, such as 6(1)(f)."),
    click.option("--legal-evidence", help="Where the evidence for the legal basis is kept."),
    click.option("--data-subjects", help="Whose data it is."),
    click.option("--data-category", "data_categories", multiple=True, help="Kind of data; may be repeated."),
    click.option("--retention-until", type=DAY, help="Kept until this day."),
    click.option("--retention-period", help="Kept this long after it was acquired: P90D, P18M, P3Y."),
    click.option("--retention-basis", help="Why until then."),
    click.option("--contact-name", help="Person to ask."),
    click.option("--contact-email", help="Their e-mail address."),
    click.option("--supplier-name", help="Who supplies it."),
    click.option("--supplier-url", help="Their page."),
    click.option(
        "--location", "allowed_locations", multiple=True, help="URL or path it may come from; repeatable."
    ),
    click.option("--pin", "locations", multiple=True, metavar="SHA256=URL", help="Pin a location."),
    click.option("--acquired-method", type=click.Choice(METHODS), help="How it came to us."),
    click.option("--acquired-from", type=DAY, help="First day it was acquired."),
    click.option("--acquired-to", type=DAY, help="Last day it was acquired."),
    click.option("--agreement", help="Contract or terms, by reference."),
    click.option("--derived-from", multiple=True, metavar="SHA256", help="Dataset version it was made from."),
    click.option("--copyright", "rights", type=click.Choice(RIGHTS), help="Whose work it is."),
    click.option("--opt-out-checked", type=DAY, help="When somebody looked for a mining opt-out."),
    click.option("--allowed-use", "allowed_uses", multiple=True, help="What it may be used for; repeatable."),
    click.option("--prohibited-use", "prohibited_uses", multiple=True, help="What not; repeatable."),
    click.option("--recipient", "recipients", multiple=True, help="Who gets it; repeatable."),
    click.option("--transfer", "transfers", multiple=True, metavar="CC[=SAFEGUARD]", help="Where it goes."),
    click.option("--origin", multiple=True, help="Where the data is from; repeatable."),
    click.option("--storage", multiple=True, help="Where it is kept; repeatable."),
    click.option("--processing", multiple=True, help="Where it is worked on; repeatable."),
    click.option("--anonymisation", help="What was done to make it anonymous."),
    click.option("--labelling", help="Who labelled it, and how."),
    click.option("--cleaning", help="How it was cleaned."),
    click.option("--known-bias", help="Biases that are known."),
    click.option("--known-gaps", help="What is missing in it."),
    click.option("--confidentiality", type=click.Choice(COLOURS), help="Traffic light protocol."),
    click.option("--reviewed-by", help="Who looked at this record today."),
    click.option("--review-expires", type=DAY, help="When that look expires."),
)  # fmt: skip


def with_flags(command: Callable[..., int]) -> Callable[..., int]:
    """``command`` with an option for every field of a record."""
    for flag in reversed(FLAGS):
        command = flag(command)
    return command


def complete(shell: Shell, given: dict[str, Any]) -> bool:
    """Ask for what is not in ``given`` where id, name or trust is missing; whether questions were asked.

    Raises:
        UsageError: something is missing, and there is nobody to ask.
    """
    missing = [flag for key, flag in _REQUIRED if not given[key]]
    if not missing:
        return False
    if shell.json or not sys.stdin.isatty():
        raise UsageError(f"missing {', '.join(missing)}", hint="see: tdsec source add --help")
    for key, question, choices in _QUESTIONS:
        if given[key] or _idle(key, given):
            continue
        given[key] = _ask(key, question, choices, isinstance(given[key], tuple))
    return True


def _idle(key: str, given: dict[str, Any]) -> bool:
    """Whether an earlier answer makes this question idle."""
    if key in ("acquired_from", "acquired_to"):
        return not given["acquired_method"]
    return given["personal_data"] == "none" and key in _ONLY_WITH_PERSONAL


def _ask(key: str, question: str, choices: list[str] | None, several: bool) -> Any:
    """One question; a list is asked for one item a time, until an empty answer."""
    needed = key in ("id", "name", "trust")
    preset = None if needed else "unknown" if key == "personal_data" else ""
    kind: Any = click.Choice(choices if needed or preset else [*choices, ""]) if choices else click.STRING
    convert: Any = _to_day if key in _DAYS else None
    if not several:
        answer = click.prompt(question, preset, type=kind, value_proc=convert, show_default=bool(preset))
        return answer or None
    items: list[str] = []
    while one := click.prompt(f"{question}{', another' if items else ''}", "", show_default=False):
        items.append(str(one))
    return tuple(items)


def _to_day(text: str) -> dt.datetime | None:
    """A day, or None for no answer. Raises click.UsageError, upon which the question is asked again."""
    day: dt.datetime | None = DAY.convert(text, None, None) if text.strip() else None
    return day


_SIMPLE = (
    "id", "name", "trust", "description", "license", "purpose", "personal_data", "data_subjects",
    "anonymisation", "labelling", "cleaning", "known_bias", "known_gaps", "confidentiality",
)  # fmt: skip
_LISTS = (
    "data_categories", "allowed_locations", "derived_from", "allowed_uses", "prohibited_uses", "recipients",
)  # fmt: skip


def record_from(given: dict[str, Any], today: dt.date) -> Source:
    """The record these words make.

    Raises:
        UsageError: a field is malformed, or one half of a pair is missing; all faults at once.
    """
    from pydantic import ValidationError

    from tdsec_gov.policy.source_models import Source

    body: dict[str, Any] = {key: given[key] for key in _SIMPLE if given[key]}
    body |= {key: tuple(given[key]) for key in _LISTS if given[key]}
    body |= {"locations": tuple(map(_pin, given["locations"]))} if given["locations"] else {}
    body |= {"transfers": tuple(map(_transfer, given["transfers"]))} if given["transfers"] else {}
    body |= {name: group for name, group in _groups(given, today).items() if group}
    try:
        return Source.model_validate(body)
    except ValidationError as exc:
        faults = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in exc.errors())
        raise UsageError(f"the record is refused: {faults}", hint="see: tdsec source add --help") from None


def _groups(given: dict[str, Any], today: dt.date) -> dict[str, dict[str, Any]]:
    groups = {
        "legal_basis": {"article": given["legal_basis"], "evidence": given["legal_evidence"]},
        "retention": {
            "until": _day(given["retention_until"]),
            "period": given["retention_period"],
            "basis": given["retention_basis"],
        },
        "contact": {"name": given["contact_name"], "email": given["contact_email"]},
        "supplier": {"name": given["supplier_name"], "url": given["supplier_url"]},
        "acquired": {
            "method": given["acquired_method"],
            "from": _day(given["acquired_from"]),
            "to": _day(given["acquired_to"]),
            "agreement": given["agreement"],
        },
        "copyright": {"status": given["rights"], "tdm_opt_out_checked": _day(given["opt_out_checked"])},
        "geography": {key: tuple(given[key]) for key in ("origin", "storage", "processing")},
        "review": {"by": given["reviewed_by"], "expires": _day(given["review_expires"])},
    }
    stated = {name: {key: one for key, one in group.items() if one} for name, group in groups.items()}
    if stated["review"]:
        stated["review"]["on"] = today
    return stated


def _pin(text: str) -> dict[str, str]:
    digest, _, url = text.partition("=")
    return {"sha256": digest.strip().lower().removeprefix("sha256:"), "url": url.strip()}


def _transfer(text: str) -> dict[str, str]:
    country, _, safeguard = text.partition("=")
    body = {"country": country.strip().upper()}
    return {**body, "safeguard": safeguard.strip()} if safeguard.strip() else body


def _day(value: dt.datetime | None) -> dt.date | None:
    return value.date() if value else None
