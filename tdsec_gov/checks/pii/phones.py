"""Telephone numbers: by number plan (libphonenumber), by a form that nothing else has, or by context.

Strict is for free text, lenient for what stands beside a word such as "call" or in a column of that name:
numbers made up for tests and of old plans have a possible length and no valid prefix.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

DATE = re.compile(
    r"(?:19|20)\d\d[-/. ](?:0?[1-9]|1[0-2])[-/. ]\d\d?(?:$|\D)|\d\d?[-/.]\d\d?[-/.](?:19|20)?\d\d(?:$|[ T,])"
    r"|(?:19|20)\d\d ?[-/] ?(?:19|20)\d\d$"
)
EXTENSION = r"(?: ?(?:x|ext\.?|extension|#|;ext=) ?[0-9]{1,6})?"
NANP = r"(?:(?:\+|00)?1[ .-]?)?(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[ .-])[0-9]{3}[ .-][0-9]{4}"
INTERNATIONAL = r"(?:\+|\b00)[ ]?\(?[1-9][0-9]{0,3}\)?(?:[ ./-]{0,2}\(?[0-9]{1,8}\)?){1,7}"
NATIONAL = (
    r"\(?0[0-9]{1,5}\)?(?:[ ./-]{1,3}[0-9]{1,8}){1,5}|\([0-9]{2,5}\)[ -]?[0-9]{2,5}(?:[ .-]?[0-9]{2,5}){1,3}"
)
LOOSE = r"\(?[0-9]{1,6}\)?(?:[ ./-]{0,3}\(?[0-9]{1,8}\)?){1,6}"
_NANP = re.compile(rf"{NANP}{EXTENSION}")
_LEADING = re.compile(NATIONAL)
_RUN = re.compile(r"0[1-9][0-9]{8,9}")
_THOUSANDS = re.compile(r"[0-9]{1,3}(?:[ .][0-9]{3})+")
_TAIL = re.compile(rf"{EXTENSION[:-1]}$")
_DIGITS = re.compile(r"[^0-9]")
_NORTH_AMERICA = frozenset({"US", "CA", "PR", "DO", "JM", "BS", "BB", "TT"})


@lru_cache(maxsize=16384)
def is_phone(text: str, regions: tuple[str, ...], *, lenient: bool = False) -> bool:
    """Whether ``text`` is a telephone number of one of ``regions`` (ISO 3166), or an international one."""
    text = text.strip()
    bare = re.sub(r" ?(?:x|ext\.?|extension|#|;ext=) ?[0-9]{1,6}$", "", text)
    digits = _DIGITS.sub("", bare)
    if (
        not (7 if lenient or bare.startswith("+") else 9) <= len(digits) <= 17
        or len(set(digits)) < 2
        or DATE.match(bare)
    ):
        return False
    if bare.startswith(("+", "00")):
        number = "+" + (digits if bare.startswith("+") else digits[2:])
        if _known(number, None, lenient=len(digits) >= 9 or lenient) or (
            bare[0] == "+" and _signed(bare, digits)
        ):
            return True
        return lenient and bare.startswith("00") and _shaped(bare, digits)
    if _NANP.fullmatch(text) and _NORTH_AMERICA & set(regions):
        return len({one for one in bare if one in " .-"}) <= 2
    if len(digits) > 15 or (_THOUSANDS.fullmatch(bare) and not lenient):
        return False
    separated = any(one in " -./()" for one in bare)
    if lenient:
        return _shaped(bare, digits) and (separated or len(digits) >= 9 or _any(bare, regions, lenient=True))
    leading = _LEADING if separated else _RUN
    return leading.fullmatch(bare) is not None and _any(bare, regions, lenient=False)


def _signed(text: str, digits: str) -> bool:
    """A plus sign, a country that exists and a length that is called somewhere: numbers of made-up plans.
    Without a mark between its groups a number must fit the plan."""
    import phonenumbers

    codes = phonenumbers.COUNTRY_CODE_TO_REGION_CODE
    known = any(int(digits[:n]) in codes for n in (1, 2, 3))
    return known and 10 <= len(digits) <= 15 and re.search(r"[0-9)][ ()-]{1,2}[(0-9]", text) is not None


def _shaped(text: str, digits: str) -> bool:
    """A form that somebody writes a number to call in: few groups, and no decimal."""
    groups = re.findall(r"[0-9]+", text)
    return 7 <= len(digits) <= 15 and len(groups) <= 6 and not re.fullmatch(r"[0-9]+\.[0-9]+", text)


def _any(text: str, regions: Sequence[str], *, lenient: bool) -> bool:
    return any(_known(text, region, lenient=lenient) for region in regions)


def _known(text: str, region: str | None, *, lenient: bool) -> bool:
    import phonenumbers

    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return False
    fits = phonenumbers.is_possible_number if lenient else phonenumbers.is_valid_number
    return bool(fits(number))
