"""Exact judgement of single candidates: checksums, number plans, reserved ranges.

Sources: ISO/IEC 7812 (Luhn, IIN ranges), ISO 13616 (IBAN: country length and mod 97, through
python-stdnum), SSA rules for social security numbers, Google's libphonenumber, RFC 4291 and 791.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Sequence

_DIGITS = re.compile(r"[^0-9]")
_DATE = re.compile(r"(?:19|20)\d\d[-/. ]\d\d?[-/. ]\d\d?\b|\d\d?[-/.]\d\d?[-/.](?:19|20)\d\d\b")
_IIN = re.compile(
    r"(?:4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}"
    r"|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|6(?:011|5\d\d|4[4-9]\d)\d{12}|62\d{14,17}|35(?:2[89]|[3-8]\d)\d{12}"
    r"|(?:50|5[6-9]|6[37])\d{10,17})\Z"
)
Validator = Callable[[str], bool]


def validators(regions: Sequence[str]) -> dict[str, Validator]:
    """One judge per kind; ``regions`` (ISO 3166) are tried for phone numbers without a country code."""
    return {
        "e-mail address": is_email,
        "phone number": lambda text: is_phone(text, regions),
        "payment card number": is_card,
        "IBAN": is_iban,
        "US social security number": is_ssn,
        "IP address": is_ip,
        "secret key or token": lambda text: bool(text),
    }


def is_email(text: str) -> bool:
    local, _, domain = text.strip().rpartition("@")
    labels = domain.split(".")
    sound = all(label and label[0] != "-" and label[-1] != "-" for label in labels)
    dots = not local.startswith(".") and not local.endswith(".") and ".." not in local
    return bool(local) and dots and sound and len(labels) > 1 and len(labels[-1]) > 1


def is_card(text: str) -> bool:
    digits = _DIGITS.sub("", text)
    return _IIN.match(digits) is not None and len(set(digits)) > 1 and luhn(digits)


def luhn(digits: str) -> bool:
    """Luhn's checksum (ISO/IEC 7812-1 annex B) over ASCII digits."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def is_iban(text: str) -> bool:
    from stdnum import iban

    return bool(iban.is_valid(text, check_country=False))


def is_ssn(text: str) -> bool:
    digits = _DIGITS.sub("", text)
    if len(digits) != 9 or digits in ("078051120", "219099999", "123456789"):
        return False
    return (
        digits[:3] not in ("000", "666") and digits[0] != "9" and digits[3:5] != "00" and digits[5:] != "0000"
    )


def is_ip(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        return False
    return not (address.is_unspecified or address.is_loopback or address.is_multicast)


def is_phone(text: str, regions: Sequence[str]) -> bool:
    """A number that a number plan knows: international, or of one of ``regions``."""
    text = text.strip()
    if _DATE.match(text):
        return False
    if text.startswith("00"):
        text = "+" + text[2:]
    places: Sequence[str | None] = [None] if text.startswith("+") else regions
    return any(_phone_in(text, place) for place in places)


def _phone_in(text: str, region: str | None) -> bool:
    import phonenumbers

    try:
        return bool(phonenumbers.is_valid_number(phonenumbers.parse(text, region)))
    except phonenumbers.NumberParseException:
        return False
