"""RE2 patterns: a cheap first one for all values, one per kind for what is left.

They find what ``spans.py`` accepts and little more, and are matched by pyarrow over whole batches. RE2 has no
lookaround: a neighbour that may not stand beside a candidate is matched with it.
"""

# ruff: noqa: E501 - tables of words and patterns
from __future__ import annotations

from tdsec_gov.checks.pii import calling, secrets
from tdsec_gov.checks.pii import kinds as k

_EDGE = r"(?:^|[^A-Za-z0-9])"
_END = r"(?:$|[^A-Za-z0-9])"
_DAY, _MONTH = r"(?:0[1-9]|[12][0-9]|3[01])", r"(?:0[1-9]|1[0-2])"
_RUN = r"[0-9](?:[ ()./-]{0,3}[0-9])"
_MAIL_SIGN = r"\S@\S|[\[({<] ?(?i:at) ?[\])}>]"
_CALL = rf"(?i:{calling.WORDS}|\b[tmpf]:|\b[tmpf] {{1,2}}[+(0])"
_WORDS = (
    r"(?:dni|nif|nie|nino|insurance|pesel|personn|aadh?aar|pan|nhs|bsn|burger|sin\b|tfn|tax|steuer|idnr|cpf|cnp|oib|egn"
    r"|cedula|kimlik|isikukood|asmens|cpr|nric|svnr|versicherung|f(?:o|\x{f8})dsel|kennitala|amka|cuit|cuil|nik|inn"
    r"|identity|national|mykad|thai|citizen|pps|rut|contribuinte|my ?number|teudat|itin)"
)
HINT = "|".join(
    (
        _MAIL_SIGN,
        rf"{_RUN}{{6}}",
        r"[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]|:[0-9A-Fa-f]{0,4}:",
        r"[0-9A-Fa-f]{2}-[0-9A-Fa-f]{2}-[0-9A-Fa-f]{2}-|[0-9a-f]{4}\.[0-9a-f]{4}\.",
        r"[A-Za-z]{2}[0-9]{2}[ -]?[A-Za-z0-9]{4}[ -]?[A-Za-z0-9]{4}",
        r"[0-9]{7}[ -]?[A-Za-z]|[A-Za-z]{6}[0-9L-V]{2}[A-Za-z]|[A-Za-z]{4}[0-9]{6}[HMXhmx]|[A-Za-z]{2} ?(?:[0-9]{2} ?){3}[A-Da-d]",
        secrets.HINT,
    )
)
"""Whether a value can hold anything at all."""

IN_TEXT: dict[str, str] = {
    k.SECRET: secrets.PATTERN,
    k.USERINFO: r"://[^\s/:@]+:[^\s/@]+@",
    k.EMAIL: _MAIL_SIGN,
    k.IBAN: rf"{_EDGE}[A-Za-z]{{2}}[0-9]{{2}}(?:[ -]?[A-Za-z0-9]){{10}}",
    k.CARD: rf"{_EDGE}[0-9](?:[ ./_-]{{0,2}}[0-9]){{11}}",
    k.SSN: rf"{_EDGE}[0-9]{{3}}[- .][0-9]{{2}}[- .][0-9]{{4}}{_END}"
    r"|(?i:ssn|social|soc|ss ?#|tax ?id|ss number).*[0-9]{9}|[0-9]{9}.*(?i:ssn|social)",
    k.NATIONAL: (
        r"(?i:[A-Z]{6}[0-9LMNP-V]{2}[A-EHLMPRST][0-9LMNP-V]{2}[A-Z]|[A-Z]{4}[0-9]{6}[HMX][A-Z]{5}"
        rf"|{_EDGE}[1-9][0-9]{{5}}(?:19|20)[0-9]{{9}}[0-9X]{_END}"
        rf"|{_EDGE}{_DAY}{_MONTH}[0-9]{{2}}[-+A-FU-Y][0-9]{{3}}[0-9A-Y]{_END}|{_EDGE}[0-9]{{6}}-[0-9]{{7}}{_END}"
        rf"|{_EDGE}756[. ]?[0-9]{{4}}[. ]?[0-9]{{4}}|{_EDGE}[0-9]{{1,3}}\.[0-9]{{3}}\.[0-9]{{3}}-[0-9K]"
        rf"|{_EDGE}[0-9]{{2}}\.[0-9]{{2}}\.[0-9]{{2}}-[0-9]{{3}}\.[0-9]{{2}}"
        rf"|{_EDGE}[XYZ][- ]?[0-9]{{7}}[- ]?[A-Z]{_END}|{_EDGE}[0-9]{{6}}/[0-9]{{3,4}}{_END}"
        rf"|{_EDGE}[0-9]-[0-9]{{4}}-[0-9]{{5}}-[0-9]{{2}}-[0-9]{_END}|{_EDGE}[0-9]{{5}}-[0-9]{{7}}-[0-9]{_END}"
        rf"|{_EDGE}[0-9]{{6}}-[0-9]{{2}}-[0-9]{{4}}{_END}"
        rf"|{_EDGE}[12378] ?[0-9]{{2}} ?(?:{_MONTH}|[2-9][0-9]) ?[0-9][0-9AB] ?[0-9]{{3}} ?[0-9]{{3}} ?[0-9]{{2}}{_END}"
        rf"|{_WORDS}.*[0-9]{{5}})"
    ),
    k.IP: r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}|[0-9A-Fa-f]{1,4}:[0-9A-Fa-f]{0,4}:[0-9A-Fa-f]{0,4}:|::[0-9A-Fa-f]",
    k.MAC: r"(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}|[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}",
    k.PHONE: (
        rf"\+ ?\(?{_RUN}{{6}}|{_EDGE}00[ ]?[1-9]{_RUN}{{6}}|{_EDGE}\(?0[1-9][0-9]{{0,4}}\)?[ ./-]{{1,3}}{_RUN}{{4}}"
        rf"|{_EDGE}\([0-9]{{2,5}}\) ?[0-9]{{2,5}}|{_EDGE}[2-9][0-9]{{2}}[ .-][0-9]{{3}}[ .-][0-9]{{4}}{_END}"
        rf"|{_EDGE}0[1-9][0-9]{{8,9}}{_END}|{_EDGE}1[ .-][2-9][0-9]{{2}}[ .-][0-9]{{3}}[ .-]|(?:{_CALL}).*{_RUN}{{6}}"
        rf"|{_RUN}{{6}}[^0-9.!?]{{0,24}}(?i:{calling.AFTER})"
        rf"|{_RUN}{{6}}[ ,]{{0,2}}[-(\[]? ?(?i:office|mobile|cell|home|work|fax|phone|tel|handy)"
    ),
}


def _one_of(kinds: tuple[str, ...]) -> str:
    return "|".join(f"(?:{IN_TEXT[kind]})" for kind in kinds)


_RARE = tuple(kind for kind in IN_TEXT if kind not in (k.EMAIL, k.PHONE))
ANY = _one_of(tuple(IN_TEXT))
"""All kinds in one pass, for values in which the first pattern found something."""
GROUPS = {group: _one_of(group) for group in ((k.EMAIL,), (k.PHONE,), _RARE)}
"""Kinds that one pass looks for together; what it finds is then looked at kind by kind."""
NUMBER = r"^\s*-?[0-9]*\.?[0-9]*(?:[eE][-+]?[0-9]+)?\s*$"
DULL = (
    r"^\s*(?:[0-9]{4}[-/.][0-9]{2}[-/.][0-9]{2}(?:[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?"
    r"(?:Z|[ ]?[-+][0-9]{2}:?[0-9]{2})?)?"
    r"|[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2,4}(?: [0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?: ?[AaPp][Mm])?)?"
    r"|[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?"
    r"|[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})\s*$"
)
"""Dates, times, UUIDs and digests: they fit the first pattern and hold nothing."""
CARD_NUMBER = r"^\s*[1-6][0-9]{11,18}(?:\.0*)?\s*$"
