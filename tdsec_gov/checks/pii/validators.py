"""Exact judgement of single candidates: checksums, lengths, reserved ranges.

Sources: ISO/IEC 7812 (Luhn, IIN ranges), ISO 13616 (IBAN: country length and mod 97-10), SSA rules for
social security numbers, RFC 791 and 4291 (addresses), RFC 5321 (lengths of e-mail addresses).
"""

# ruff: noqa: E501 - tables of words and patterns
from __future__ import annotations

import ipaddress
import re

_DIGITS = re.compile(r"[^0-9]")
_IIN = re.compile(
    r"(?:4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}"
    r"|3[47]\d{13}|3(?:0[0-5]|09|[689]\d)\d{11,16}|6(?:011|5\d\d|4[4-9]\d)\d{12}(?:\d{3})?|62\d{14,17}"
    r"|35(?:2[89]|[3-8]\d)\d{12}|(?:2131|1800)\d{11}|(?:50|5[6-9]|6[37])\d{11,17}"
    r"|(?:5018|5020|5038|5893|6304|6759|676[123])\d{8,15})\Z"
)
_LENGTHS = (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 "
    "ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 "
    "LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 "
    "PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 "
    "YE30 AO25 BF28 BJ28 CF27 CG27 CI28 CM27 CV25 DZ26 GA27 GQ27 GW25 IR26 KM27 MA28 MG27 ML28 MZ25 NE28 SN28 TD27 TG28"
)
IBAN_LENGTHS = {one[:2]: int(one[2:]) for one in _LENGTHS.split()}
"""Length of an IBAN by country (SWIFT's IBAN registry, then the countries that use
the form without an entry there)."""
_MAC = re.compile(
    r"(?:[0-9a-f]{2}([:-]))(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}|(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}", re.I
)


def is_email(text: str) -> bool:
    local, _, domain = text.strip().rpartition("@")
    labels = domain.split(".")
    sound = all(label and label[0] != "-" and label[-1] != "-" for label in labels)
    dots = not local.startswith(".") and not local.endswith(".") and ".." not in local
    top = labels[-1]
    return 0 < len(local) <= 64 and dots and sound and len(labels) > 1 and len(top) > 1 and not top.isdigit()


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
    """Whether ``text`` (blanks and hyphens allowed) is an IBAN of its country's length."""
    compact = re.sub(r"[\s-]", "", text).upper()
    return iban_end(text) is not None and len(compact) == IBAN_LENGTHS.get(compact[:2])


def iban_end(text: str) -> int | None:
    """Where the IBAN that starts ``text`` ends; None when there is none of its country's length."""
    length = IBAN_LENGTHS.get(text[:2].upper())
    if length is None:
        return None
    compact = ""
    for end, char in enumerate(text, 1):
        if char.isascii() and char.isalnum():
            compact += char.upper()
        elif char not in " -\t\n":
            return None
        if len(compact) == length:
            number = "".join(str(int(one, 36)) for one in compact[4:] + compact[:4])
            return (
                end
                if "02" <= compact[2:4] <= "98" and compact[2:4].isdigit() and int(number) % 97 == 1
                else None
            )
    return None


def is_ssn(text: str) -> bool:
    digits = _DIGITS.sub("", text)
    if len(digits) != 9 or digits in ("078051120", "219099999", "123456789") or len(set(digits)) == 1:
        return False
    return (
        digits[:3] not in ("000", "666") and digits[0] != "9" and digits[3:5] != "00" and digits[5:] != "0000"
    )


def is_ip(text: str) -> bool:
    text = text.strip().partition("/")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if address.version == 6:
        return not (address.is_unspecified or address.is_loopback) and len(text) >= 6
    return not (address.is_unspecified or address.is_loopback or text.startswith("255."))


def is_mac(text: str) -> bool:
    digits = re.sub(r"[^0-9a-fA-F]", "", text).lower()
    return _MAC.fullmatch(text.strip()) is not None and len(set(digits)) > 1
