"""RE2 patterns: a cheap first one for all values, one per kind for what is left.

They find more than ``spans.py`` accepts and never less, and are matched by pyarrow over whole batches. RE2
has no lookaround: a neighbour that may not stand beside a candidate is matched with it.
"""

from __future__ import annotations

from tdsec_gov.checks.pii import kinds as k
from tdsec_gov.checks.pii import secrets

_EDGE = r"(?:^|[^A-Za-z0-9])"
_DIGIT_RUN = r"[0-9](?:[ ()./-]{0,3}[0-9]){6}"
_MAIL_SIGN = r"\S@\S|[\[({<] ?(?i:at) ?[\])}>]"
HINT = "|".join(
    (
        _MAIL_SIGN,
        _DIGIT_RUN,
        r"[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]|:[0-9A-Fa-f]{0,4}:",
        r"[0-9A-Fa-f]{2}-[0-9A-Fa-f]{2}-[0-9A-Fa-f]{2}-|[0-9a-f]{4}\.[0-9a-f]{4}\.",
        r"[A-Za-z]{2}[0-9]{2} ?[A-Za-z0-9]{4}|[0-9]{4}[A-Za-z]",
        secrets.HINT,
    )
)
"""Whether a value can hold anything at all."""

IN_TEXT: dict[str, str] = {
    k.SECRET: secrets.PATTERN,
    k.USERINFO: r"://[^\s/:@]+:[^\s/@]+@",
    k.EMAIL: _MAIL_SIGN,
    k.IBAN: rf"{_EDGE}[A-Za-z]{{2}}[0-9]{{2}}(?:[ -]?[A-Za-z0-9]){{8}}",
    k.CARD: rf"{_EDGE}[0-9](?:[ ./_-]{{0,2}}[0-9]){{11}}",
    k.SSN: rf"{_EDGE}[0-9]{{3}}[- .][0-9]{{2}}[- .][0-9]{{4}}(?:$|[^A-Za-z0-9])|(?i:ssn|social|soc|ss ?#|tax ?id).*[0-9]{{9}}|[0-9]{{9}}.*(?i:ssn|social)",
    k.NATIONAL: (
        r"(?i:[A-Z]{6}[0-9LMNP-V]{2}[A-EHLMPRST][0-9LMNP-V]{2}[A-Z]|[A-Z]{4}[0-9]{6}[HMX][A-Z]{5}|[0-9]{17}[0-9X]"
        r"|[0-9]{6}[-+A-FU-Y][0-9]{3}[0-9A-Y]|756[. ]?[0-9]{4}[. ]?[0-9]{4}|[0-9]{2,3}\.[0-9]{3}\.[0-9]{3}-[0-9K]"
        r"|[0-9]{1,2}\.[0-9]{3}\.[0-9]{3}-[0-9K]|[0-9]{2}\.[0-9]{2}\.[0-9]{2}-[0-9]{3}\.[0-9]{2}|[XYZ][- ]?[0-9]{7}[- ]?[A-Z]"
        r"|[0-9]{6}/[0-9]{3,4}|[0-9]-[0-9]{4}-[0-9]{5}-[0-9]{2}-[0-9]|[0-9]{5}-[0-9]{7}-[0-9]|[0-9]{6}-[0-9]{2}-[0-9]{4}"
        r"|[12378] ?[0-9]{2} ?[0-9]{2} ?[0-9][0-9AB] ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}"
        r"|(?:dni|nif|nie|nino|insurance|pesel|personn|aadh?aar|pan|nhs|bsn|burger|sin\b|tfn|tax|steuer|idnr|cpf|cnp|oib|egn"
        r"|cedula|kimlik|isikukood|asmens|cpr|nric|svnr|versicherung|fodsel|f\x{f8}dsel|kennitala|amka|cuit|cuil|nik|inn|identity|national|mykad|thai|"
        r"citizen|pps|rut|contribuinte|mynumber|my number|teudat|itin).{0,40}[0-9]{3})"
    ),
    k.IP: r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}|[0-9A-Fa-f]{0,4}:[0-9A-Fa-f]{0,4}:[0-9A-Fa-f]{0,4}:",
    k.MAC: r"(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}|[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}",
    k.PHONE: rf"(?:^|[^A-Za-z0-9.,])[+(]?{_DIGIT_RUN}",
}
NUMBER = r"^\s*-?[0-9]*\.?[0-9]*(?:[eE][-+]?[0-9]+)?\s*$"
DULL = (
    r"^\s*(?:[0-9]{4}[-/.][0-9]{2}[-/.][0-9]{2}(?:[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?(?:Z|[ ]?[-+][0-9]{2}:?[0-9]{2})?)?"
    r"|[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2,4}(?: [0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?: ?[AaPp][Mm])?)?"
    r"|[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?|[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})\s*$"
)
"""Dates, times, UUIDs and digests: they fit the first pattern and hold nothing."""
CARD_NUMBER = r"^\s*[1-6][0-9]{11,18}(?:\.0*)?\s*$"
