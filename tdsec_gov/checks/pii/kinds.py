"""The kinds of personal data we look for: a name, patterns in RE2 syntax, words that name a column.

``whole`` matches a value that is nothing but this kind (shape only, no checksum); ``core`` finds it in
free text, between characters that are not in ``word``, and must be specific enough that dates, amounts
and identifiers do not match. RE2 has no lookaround, hence two spellings of the same pattern.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_SECRETS = (
    r"(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b",
    r"gh[pousr]_[A-Za-z0-9]{36}",
    r"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}",
    r"glpat-[A-Za-z0-9_-]{20}",
    r"xox[abeprs]-[A-Za-z0-9-]{10,}",
    r"hooks\.slack\.com/services/T[A-Za-z0-9_]+/B[A-Za-z0-9_]+/[A-Za-z0-9_]{16,}",
    r"(?:sk|rk)_live_[A-Za-z0-9]{16,}",
    r"sk-(?:proj-|ant-)[A-Za-z0-9_-]{20,}",
    r"AIza[A-Za-z0-9_-]{35}",
    r"ya29\.[A-Za-z0-9_-]{20,}",
    r"npm_[A-Za-z0-9]{36}",
    r"pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{40,}",
    r"hf_[A-Za-z]{34}",
    r"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}",
    r"dop_v1_[a-f0-9]{64}",
    r"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}",
    r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY",
    r"AGE-SECRET-KEY-1[0-9A-Z]{58}",
)


_EMAIL = r"[A-Za-z0-9._%+'-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24}"
_PHONE = (
    r"\+[1-9][0-9 ()./-]{6,17}[0-9]"
    r"|\([0-9]{3}\) ?[0-9]{3}[-. ][0-9]{4}"
    r"|[2-9][0-9]{2}-[0-9]{3}-[0-9]{4}|[2-9][0-9]{2}\.[0-9]{3}\.[0-9]{4}"
    r"|0[1-9](?:\.[0-9]{2}){4}|0[1-9][0-9]{0,4}[ /-][0-9][0-9 -]{4,11}[0-9]"
)
_CARD = (
    r"[2-6][0-9]{3}[ -]?[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{1,4}(?:[0-9]{3})?"
    r"|3[0-9]{3}[ -]?[0-9]{6}[ -]?[0-9]{4,5}"
)
_IBAN = r"[A-Z]{2}[0-9]{2}(?:[A-Z0-9]{11,30}|(?: [A-Z0-9]{4}){2,7}(?: [A-Z0-9]{1,4})?)"
_IPV4 = r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}"
_IPV6 = r"[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind.

    ``declared`` are the words of ``data_categories`` that declare it; ``share`` of a column's values
    must be valid for the column to be this kind, ``named_share`` where the column's name says so too.
    """

    name: str
    whole: str
    core: str
    word: str
    column: re.Pattern[str]
    declared: frozenset[str]
    share: float
    named_share: float

    @property
    def inside(self) -> str:
        """RE2 pattern that finds the kind in free text."""
        return f"(?:^|[^{self.word}])(?:{self.core})(?:$|[^{self.word}])" if self.word else self.core

    @property
    def finder(self) -> re.Pattern[str]:
        """The same for Python's ``re``, which gives the candidate alone."""
        around = (f"(?<![{self.word}])", f"(?![{self.word}])") if self.word else ("", "")
        return re.compile(f"{around[0]}(?:{self.core}){around[1]}")


def _kind(
    name: str, whole: str, core: str, word: str, column: str, declared: str, share: float, named: float
) -> Kind:
    words = re.compile(rf"(?:^|_)(?:{column})(?:_|$)")
    return Kind(name, rf"^\s*(?:{whole})\s*$", core, word, words, frozenset(declared.split()), share, named)


KINDS = (
    _kind(
        "e-mail address",
        _EMAIL,
        _EMAIL,
        "",
        r"e_?mails?|mail|email_?addr(?:ess)?",
        "email e-mail mail contact",
        0.5,
        0.3,
    ),
    _kind(
        "phone number",
        r"(?:\+|00)?\(?[0-9][0-9 ()./-]{5,18}[0-9](?: ?x ?[0-9]{1,5})?",
        _PHONE,
        "A-Za-z0-9",
        r"(?:tele|cell|mobile|work|home)?_?phones?|tel|telefon|mobile|cell|fax|msisdn|phone_?(?:number|no|nr)",
        "phone telephone mobile contact",
        0.8,
        0.5,
    ),
    _kind(
        "payment card number",
        _CARD,
        _CARD,
        "A-Za-z0-9",
        r"(?:credit|debit|payment)?_?cards?(?:_?(?:number|num|no|nr))?|cc|cc_?(?:num|number|no)|ccn|pan|creditcard",
        "card payment financial",
        0.8,
        0.5,
    ),
    _kind(
        "IBAN",
        r"[A-Za-z]{2}[0-9]{2}(?: ?[A-Za-z0-9]{2,4}){3,8}",
        _IBAN,
        "A-Za-z0-9",
        r"iban|bank_?account|account_?iban",
        "iban bank payment financial",
        0.5,
        0.3,
    ),
    _kind(
        "US social security number",
        r"[0-9]{3}[- ]?[0-9]{2}[- ]?[0-9]{4}",
        r"[0-9]{3}-[0-9]{2}-[0-9]{4}",
        "A-Za-z0-9-",
        r"ssn|social_?security(?:_?(?:number|no|nr|num))?|soc_?sec|ssn_?(?:number|no|nr)",
        "ssn social identification national",
        0.8,
        0.5,
    ),
    _kind(
        "IP address",
        f"{_IPV4}|{_IPV6}",
        _IPV4,
        "A-Za-z0-9.",
        r"ip|ip_?addr(?:ess)?|ipv[46]|(?:client|remote|source|src|dst|host)_?ip",
        "ip online network",
        0.8,
        0.5,
    ),
    _kind(
        "secret key or token",
        "|".join(_SECRETS),
        "|".join(_SECRETS),
        "",
        r"api_?key|secret|token|access_?key|private_?key",
        "",
        0.5,
        0.3,
    ),
)
SECRET = KINDS[-1]
"""No declaration covers a secret: it is never data."""

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_OTHER = re.compile(r"[^a-z0-9]+")


def normal(name: str) -> str:
    """A column name in lower case with ``_`` between its words (``HomePhone`` -> ``home_phone``)."""
    return _OTHER.sub("_", _CAMEL.sub("_", name).lower()).strip("_")


def named(kind: Kind, column: str) -> bool:
    """Whether the column's name says that it holds this kind."""
    return kind.column.search(normal(column)) is not None
