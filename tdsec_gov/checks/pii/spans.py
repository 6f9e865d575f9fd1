"""Find personal data in one text: candidates by pattern, judged by checksum, form and context.

Overlapping finds are resolved in the order of :data:`~tdsec_gov.checks.pii.kinds.IN_TEXT`. Offsets are those
of the text as given, also where its plain form differs (see ``normal.py``).
"""

# ruff: noqa: E501 - tables of words and patterns
from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tdsec_gov.checks.pii import calling, names, national, secrets
from tdsec_gov.checks.pii import kinds as k
from tdsec_gov.checks.pii import phones as phone
from tdsec_gov.checks.pii.normal import plain
from tdsec_gov.checks.pii.validators import iban_end, is_card, is_email, is_ip, is_mac, is_ssn, luhn

REGIONS = ("US", "GB", "DE", "FR", "ES", "IT")
"""Countries whose local phone numbers are known when the settings name none."""
_BEFORE, _AFTER = 48, 16


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """``text[start:end]`` is of ``kind``; ``detail`` is the country's scheme for national identifiers."""

    start: int
    end: int
    kind: str
    detail: str = ""


_EMAIL = re.compile(
    r"(?<![\w.+-])[\w.!#$%&'*+/=?^`{|}~-]{1,80}@(?:[^\W_](?:[\w-]{0,62})\.)+[^\W\d_]{2,24}(?![\w-])"
)
_SPELT = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64} ?[\[({<] ?(?:at|AT|At) ?[\])}>] ?[\w-]{1,63}"
    r"(?: ?(?:\.|[\[({<] ?(?:dot|DOT|Dot) ?[\])}>]) ?[\w-]{1,63}){1,4}"
)
_USERINFO = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s/:@\"'<>]{1,128}:[^\s/@\"'<>]{1,128}@[\w.\[\]:-]+"
)
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}[0-9]{2}(?:[ -]?[A-Za-z0-9]){8,42}")
_FOURS = re.compile(r"(?:[A-Za-z0-9]{4}[ -])+[A-Za-z0-9]{1,4}")
_CARD = re.compile(
    r"(?<![A-Za-z0-9])(?<![0-9][.,])(?:[1-6][0-9]{11,18}"
    r"|[2-6][0-9]{3}([ ./_-]{1,2})[0-9]{4}\1[0-9]{4}\1[0-9]{1,4}(?:\1[0-9]{3})?"
    r"|[2-6][0-9]{3}[ -]{0,2}[0-9]{4}[ -]{0,2}[0-9]{4}[ -]{0,2}[0-9]{4}"
    r"|[13][0-9]{3}([ ./_-]{1,2})[0-9]{6}\2[0-9]{4,5})(?![A-Za-z0-9])(?!\.[0-9])"
)
_ANY_CARD = re.compile(r"(?<![A-Za-z0-9])(?<![0-9][.,])[0-9](?:[ .-]?[0-9]){11,18}(?![A-Za-z0-9])")
_SSN = re.compile(r"(?<![A-Za-z0-9])(?<![0-9]-)[0-9]{3}([- .])[0-9]{2}\1[0-9]{4}(?![A-Za-z0-9])(?!-[0-9])")
_BARE_SSN = re.compile(r"(?<![A-Za-z0-9.])[0-9]{9}(?![A-Za-z0-9]|\.[0-9])")
_IP4 = re.compile(r"(?<![A-Za-z0-9.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![A-Za-z0-9]|\.[0-9])")
_IP6 = re.compile(
    r"(?<![A-Za-z0-9:.])(?:[0-9A-Fa-f]{1,4}:|:(?=:)){2,8}(?:[0-9A-Fa-f:]{0,39})(?:(?<=:)[0-9]{1,3}(?:\.[0-9]{1,3}){3})?(?![A-Za-z0-9])"
)
_MAC = re.compile(
    r"(?<![A-Za-z0-9:.-])(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}(?![A-Za-z0-9]|[:-][0-9A-Fa-f])"
    r"|(?<![A-Za-z0-9.])(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}(?![A-Za-z0-9.])"
)
_PHONE = re.compile(
    rf"(?<![A-Za-z0-9+])(?:(?=\+){phone.INTERNATIONAL}{phone.EXTENSION}(?![A-Za-z0-9])(?![.:-][0-9])"
    rf"|(?<![0-9][-/,.:])(?<![A-Za-z]-)(?:{phone.INTERNATIONAL}{phone.EXTENSION}|{phone.NANP}{phone.EXTENSION}|{phone.NATIONAL}{phone.EXTENSION}"
    rf"|{phone.LOOSE}{phone.EXTENSION})(?![A-Za-z0-9])(?![,.:-][0-9]))"
)
_NATIONAL = re.compile(
    r"(?<![A-Za-z0-9])(?<![0-9][.-])[A-Za-z0-9](?:[ ./+-]?[A-Za-z0-9]){6,20}(?![A-Za-z0-9])"
)
_TOKEN = re.compile(r"[A-Za-z0-9.+/-]{7,}")
_VERSION = re.compile(
    r"(?:\bv|\bver|\bversion|\brelease|\bbuild|\bfirmware|==|>=|<=|\u00a7|\bsection|\bOID)[ :.#=]*$", re.I
)
_CALL = re.compile(rf"{calling.WORDS}|\b[tmpf]: ?$|(?<![^\s,;|\u00b7])[TMPF] {{1,2}}(?=[+(0])$", re.I)
_CALLED = re.compile(
    r"[ ,]{0,2}[-(\[]?[ ]?(?:office|mobile|cell|home|work|fax|phone|tel|handy)\b(?! ?:)", re.I
)
_CALLED_LATER = re.compile(rf"[^0-9.!?]{{0,24}}(?:{calling.AFTER})", re.I)
_GROUP = re.compile(r"[0-9]+")
_BYTES = re.compile(r"(?: |^)(?:[0-9a-f]{2} ){0,2}(?:[a-f][0-9a-f]|[0-9][a-f])(?: [0-9a-f]{2}){0,2}(?: |$)")
"""Numbers among bytes in hexadecimal digits."""
_MONEY = frozenset("$\u20ac\u00a3%")
_NOT_CALL = re.compile(
    r"(?:order|invoice|account|acct|card|policy|ticket|reference|ref|case|serial|tracking|routing|transaction|isbn|sku|part"
    r"|passport|licen[cs]e|ssn|social security|iban|swift|zip|id|id number|\bno)[ .:#]*(?:number|no|num|nr|code)?[ .:#]*(?:is|was|=)?[ :#]*$",
    re.I,
)
_SOCIAL = re.compile(r"\bssn\b|social.?sec|\bsoc\b|\bss ?#|\btax ?id|\bss number", re.I)
_NOT_SOCIAL = re.compile(
    r"\b(?:case|order|invoice|ticket|ref|reference|account|phone|tel|docket|zip)\b", re.I
)
_PAY = re.compile(
    r"card|credit|debit|visa|master|amex|maestro|diners|discover|jcb|\bcc\b|\bpan\b|kredit|tarjeta|carte|carta",
    re.I,
)


def find_spans(
    text: str, regions: tuple[str, ...] = REGIONS, kinds: frozenset[str] | None = None
) -> list[Span]:
    """All personal data in ``text``, in order and without overlaps; only of ``kinds`` where these are given.

    ``regions`` are ISO 3166 codes whose local phone numbers are known.
    """
    shown, at = plain(text)
    taken: list[Span] = []
    for kind in k.IN_TEXT:
        if kinds is not None and kind not in kinds:
            continue
        for span in _FINDERS[kind](shown, regions):
            if not any(span.start < one.end and one.start < span.end for one in taken):
                taken.append(span)
    return sorted(taken if at is None else [_moved(one, at) for one in taken])


def _moved(span: Span, at: list[int]) -> Span:
    return Span(at[span.start], at[span.end - 1] + 1, span.kind, span.detail)


def _secrets(text: str, _: tuple[str, ...]) -> Iterator[Span]:
    return (Span(*match.span(), k.SECRET) for match in secrets.FINDER.finditer(text))


def _userinfo(text: str, _: tuple[str, ...]) -> Iterator[Span]:
    return (
        (Span(*match.span(), k.USERINFO) for match in _USERINFO.finditer(text)) if "://" in text else iter(())
    )


def _emails(text: str, _: tuple[str, ...]) -> Iterator[Span]:
    if "@" in text:
        for match in _EMAIL.finditer(text):
            start = match.start() + len(match[0]) - len(match[0].lstrip(".'*=/|{`"))
            if is_email(text[start : match.end()]):
                yield Span(start, match.end(), k.EMAIL)
    if re.search(r"[\[({<] ?at ?[\])}>]", text, re.I):
        yield from (Span(*match.span(), k.EMAIL) for match in _SPELT.finditer(text))


def _ibans(text: str, _: tuple[str, ...]) -> Iterator[Span]:
    for match in _IBAN.finditer(text):
        end = iban_end(match[0])
        if end is None or text[match.start() + end : match.start() + end + 1].isalnum():
            continue
        if _in_uuid(text, match.start(), match[0][:end]):
            continue
        yield Span(match.start(), match.start() + end, k.IBAN)


def _in_uuid(text: str, start: int, found: str) -> bool:
    """Groups of hexadecimal digits joined by hyphens, one in 97 of which passes."""
    return "-" in found and (text[start - 1 : start] == "-" or _FOURS.fullmatch(found) is None)


def _cards(text: str, _: tuple[str, ...]) -> Iterator[Span]:
    paid = _PAY.search(text) is not None
    for match in (_ANY_CARD if paid else _CARD).finditer(text):
        near = paid and _near(text, *match.span(), _PAY)
        if _is_card(match[0], near):
            yield Span(*match.span(), k.CARD)


def _is_card(text: str, near: bool) -> bool:
    """Beside a word for paying any number of a card's length with a right check digit is one."""
    if near:
        digits = "".join(one for one in text if one.isdigit())
        return 12 <= len(digits) <= 19 and len(set(digits)) > 1 and luhn(digits)
    return _CARD.fullmatch(text) is not None and is_card(text) and _grouped(text)


def _grouped(text: str) -> bool:
    """Twelve or thirteen digits in one run are an article number (EAN) or a time in milliseconds more often
    than a card: of these lengths only old Visa numbers are told without a word."""
    return not (text.isdigit() and len(text) in (12, 13) and text[0] != "4")


def _ssns(text: str, _: tuple[str, ...]) -> Iterator[Span]:
    for match in _SSN.finditer(text):
        alone = match[1] == "-" or _near(text, *match.span(), _SOCIAL) or match[0] == text.strip()
        if is_ssn(match[0]) and alone and not _goes_on(text, *match.span(), match[1]):
            yield Span(*match.span(), k.SSN)
    if _SOCIAL.search(text):
        for match in _BARE_SSN.finditer(text):
            if is_ssn(match[0]) and _said_of(text, *match.span(), _SOCIAL):
                yield Span(*match.span(), k.SSN)


def _goes_on(text: str, start: int, end: int, mark: str) -> bool:
    """Whether what was found is the middle of a longer number."""
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    return (
        before.endswith("+")
        or (before[-1:] == mark and before[:1].isdigit())
        or (after[:1] == mark and after[1:].isdigit())
    )


def _said_of(text: str, start: int, end: int, words: re.Pattern[str]) -> bool:
    """Whether the word nearest to a bare number is one of ``words``: no other number and noun between them."""
    before = text[max(0, start - _BEFORE) : start]
    ends = [one.end() for one in words.finditer(before)]
    if ends:
        gap = before[ends[-1] :]
        return not any(one.isdigit() for one in gap) and not _NOT_SOCIAL.search(gap)
    return words.search(text, end, min(len(text), end + _AFTER)) is not None


def _ips(text: str, _: tuple[str, ...]) -> Iterator[Span]:
    if text.count(".") > 2:
        for match in _IP4.finditer(text):
            if is_ip(match[0]) and not _VERSION.search(text, max(0, match.start() - 12), match.start()):
                yield Span(*match.span(), k.IP)
    if text.count(":") > 1:
        for match in _IP6.finditer(text):
            found = match[0].rstrip(":") if not match[0].endswith("::") else match[0]
            if is_ip(found) and any(one.isdigit() for one in found) and found.count(":") > 1:
                yield Span(match.start(), match.start() + len(found), k.IP)


def _macs(text: str, _: tuple[str, ...]) -> Iterator[Span]:
    return (Span(*match.span(), k.MAC) for match in _MAC.finditer(text) if is_mac(match[0]))


def _phones(text: str, regions: tuple[str, ...]) -> Iterator[Span]:
    at = 0
    while match := _PHONE.search(text, at):
        start, end = match.start(), match.start() + len(match[0].rstrip(" -./("))
        if match[0].count("(") != match[0].count(")"):
            start += match[0].startswith("(")
        if _is_phone(text, start, end, regions):
            yield Span(start, end, k.PHONE)
            at = match.end()
        else:  # what follows the first group may be a number by itself
            group = _GROUP.search(text, match.start())
            at = group.end() if group else match.end()


def _is_phone(text: str, start: int, end: int, regions: tuple[str, ...]) -> bool:
    digits = sum(one.isdigit() for one in text[start:end])
    if digits < 7 or text[max(0, start - 1) : start] in _MONEY or text[end : end + 1] == "%":
        return False
    called = _CALL.search(text, max(0, start - _BEFORE), start) or _CALLED.match(text, end)
    called = called or _CALLED_LATER.match(text, end)
    if not called and (_BYTES.search(text[max(0, start - 9) : start]) or _BYTES.match(text[end : end + 9])):
        return False
    lenient = called is not None and not _NOT_CALL.search(text[max(0, start - 32) : start])
    return phone.is_phone(text[start:end], regions, lenient=lenient)


def _nationals(text: str, _: tuple[str, ...]) -> Iterator[Span]:
    for match in _NATIONAL.finditer(text):
        if sum(one.isdigit() for one in match[0]) < 5:
            continue
        if scheme := national.scheme_of(match[0], _schemes(text, match.start())):
            yield Span(*match.span(), k.NATIONAL, scheme.name)
            continue
        for token in _TOKEN.finditer(match[0]):
            start = match.start() + token.start()
            if scheme := national.scheme_of(token[0], _schemes(text, start)):
                yield Span(start, start + len(token[0]), k.NATIONAL, scheme.name)


def _schemes(text: str, start: int) -> tuple[national.Scheme, ...]:
    said = names.joins(text[max(0, start - 32) : start])
    return national.STRONG + tuple(one for one in national.SCHEMES if one.words & said)


def card_shaped(text: str) -> bool:
    """Whether something in ``text`` is written like a card number, whatever its checksum says."""
    return _CARD.search(plain(text)[0]) is not None


def _near(text: str, start: int, end: int, words: re.Pattern[str]) -> bool:
    return bool(
        words.search(text, max(0, start - _BEFORE), start)
        or words.search(text, end, min(len(text), end + _AFTER))
    )


_FINDERS: dict[str, Callable[[str, tuple[str, ...]], Iterator[Span]]] = {
    k.SECRET: _secrets,
    k.USERINFO: _userinfo,
    k.EMAIL: _emails,
    k.IBAN: _ibans,
    k.CARD: _cards,
    k.SSN: _ssns,
    k.NATIONAL: _nationals,
    k.IP: _ips,
    k.MAC: _macs,
    k.PHONE: _phones,
}
