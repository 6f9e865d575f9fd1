"""Single values of a column whose name tells the kind: what they look like, and whether they are valid."""

# ruff: noqa: E501 - tables of words and patterns
from __future__ import annotations

import re
from collections.abc import Callable

from tdsec_gov.checks.pii import kinds as k
from tdsec_gov.checks.pii import national, secrets
from tdsec_gov.checks.pii.normal import plain
from tdsec_gov.checks.pii.phones import is_phone
from tdsec_gov.checks.pii.validators import is_card, is_email, is_iban, is_ip, is_mac, is_ssn

SHAPES: dict[str, str] = {
    k.EMAIL: r"^[^\s@]+@[^\s@]+\.[^\s@]+$",
    k.PHONE: r"^[+(]{0,2}[0-9][0-9 ()/+-]{5,22}(?: ?(?:x|ext\.?|#) ?[0-9]{1,6})?$"
    r"|^[+(]{0,2}[0-9]{1,4}\)?(?:[. -]{1,2}[0-9]{2,4}){2,6}$|^[0-9]{7,15}\.0$",
    k.CARD: r"^(?:[0-9][ -]{0,2}){12,19}(?:\.0)?$|^[0-9]{4}(?:\.[0-9]{4}){2}\.[0-9]{1,4}$|^[0-9](?:\.[0-9]+)?[eE]\+1[0-9]$|^[0-9*xX]{4,6}[ *xX-]{4,12}[0-9]{4}$",
    k.IBAN: r"^[A-Za-z]{2}[0-9]{2}(?:[ -]?[A-Za-z0-9]){8,30}$",
    k.SSN: r"^[0-9]{3}[- .]?[0-9]{2}[- .]?[0-9]{4}(?:\.0)?$|^[0-9]{8}$|^[xX*]{3}-?[xX*]{2}-?[0-9]{4}$",
    k.IP: r"^[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?:/[0-9]{1,2}|:[0-9]{1,5})?$|^[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}$",
    k.MAC: r"^[0-9A-Fa-f]{2}(?:[:.-]?[0-9A-Fa-f]{2}){5}$",
    k.NATIONAL: r"^[A-Za-z0-9]{0,3}[ -]?[0-9](?:[ /-]?[0-9A-Za-z]){4,20}$|^[0-9]{1,3}(?:\.[0-9]{2,3}){2}[./-].{1,6}$",
    k.PASSPORT: r"^[A-Za-z]{0,3}[ -]?[0-9]{5,10}[A-Za-z0-9]{0,3}$|^[CFGHJKLMNPRTVWXYZ0-9]{9}[0-9]?$",
    k.LICENCE: r"^[A-Za-z]{0,5}[ *-]?[0-9](?:[ -]?[A-Za-z0-9]){4,22}$|^[A-Z0-9]{5,24}$",
    k.BIRTH: (
        r"^[0-9]{4}[-/. ]?[01]?[0-9][-/. ]?[0-3]?[0-9](?:[ T].*)?$|^[0-9]{1,2}[-/. ][0-9]{1,2}[-/. ](?:[0-9]{2}|[0-9]{4})(?: .*)?$"
        r"|^(?:[0-9]{1,2}[-. ]{1,2})?\p{L}{3,10}\.?[-,. ]{1,2}(?:[0-9]{1,2},? )?[0-9]{2,4}$"
    ),
    k.PERSON: r"^\p{L}[\p{L}\p{M}'\x{2019}`.,-]{0,30}(?: [\p{L}\p{M}'\x{2019}`.,()-]{1,30}){0,5}$",
    k.ADDRESS: r"^(?:[0-9].{0,8}[ ,\n].{0,160}\p{L}|[0-9].{0,160}\p{Lo}|\p{L}.{0,160}[ ,\n].{0,160}|\p{Lo}.{0,160}[0-9]"
    r"|\p{L}{3,36}(?i:stra\x{df}e|strasse|str\.|weg|platz|gasse|allee|gade|gatan|v\x{e4}gen|straat|laan|utca|tie|katu))",
    k.PASSWORD: r"^\S{4,128}$",
    k.SECRET: r"^[A-Za-z0-9_+/=.~-]{20,}$",
}
"""RE2, over values without blanks around them."""


def judge(kind: str, column: str, regions: tuple[str, ...]) -> Callable[[str], bool]:
    """Whether one value of the column named ``column`` is ``kind``, told leniently because of that name."""
    if kind == k.NATIONAL:
        among = national.schemes_named(column)
        return lambda text: national.scheme_of(_whole(text), among) is not None
    return {
        k.EMAIL: lambda text: is_email(_plain(text)),
        k.PHONE: lambda text: is_phone(_phone(text), regions, lenient=True),
        k.CARD: lambda text: is_card(_whole(text)),
        k.IBAN: lambda text: is_iban(_plain(text)),
        k.SSN: lambda text: is_ssn(_whole(text).zfill(9)),
        k.IP: lambda text: is_ip(re.sub(r"^([0-9.]+):[0-9]+$", r"\1", _plain(text).strip("[]"))),
        k.MAC: lambda text: is_mac(re.sub(r"^(?:[0-9A-Fa-f]{2}){6}$", _colons, _plain(text))),
        k.SECRET: lambda text: secrets.FINDER.search(text) is not None,
    }.get(kind, lambda text: False)


def _plain(text: str) -> str:
    return plain(text)[0].strip()


def _colons(match: re.Match[str]) -> str:
    return ":".join(re.findall("..", match[0]))


def _whole(text: str) -> str:
    """A number that a table kept as a decimal one, as it was."""
    text = _plain(text)
    if re.fullmatch(r"[0-9]+\.0+", text):
        return text.partition(".")[0]
    if re.fullmatch(r"[0-9](?:\.[0-9]{8,})[eE]\+?[0-9]{1,2}", text):
        return f"{float(text):.0f}"
    return text


def _phone(text: str) -> str:
    """The first of several numbers in a cell, without a word before it."""
    first = re.split(r" ?[;,|] ?| / | or ", _whole(text))[0]
    return re.sub(r"^(?:tel|phone|fax|mob(?:ile)?|cell)\b[.: ]*", "", first, flags=re.IGNORECASE)
