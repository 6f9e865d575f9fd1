"""National identifiers of many countries, by the checksums of python-stdnum.

``strong`` forms are told anywhere: nothing else looks like them. ``column`` ones are told of a whole column
whatever its name, because nine values in ten would not pass by chance. All others need a word: the column's
name, or one beside the number in a text.
"""

# ruff: noqa: E501 - tables of words and patterns
from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from tdsec_gov.checks.pii import names


@dataclass(frozen=True, slots=True)
class Scheme:
    """One country's number: the form of a value (no checksum), the module that judges, the words that name it."""

    name: str
    form: re.Pattern[str]
    tier: str
    words: frozenset[str]

    def valid(self, text: str) -> bool:
        return _judge(self.name)(text)


def _scheme(name: str, form: str, tier: str, words: str) -> Scheme:
    return Scheme(name, re.compile(form, re.IGNORECASE), tier, frozenset(words.split()))


_DAY = r"(?:0[1-9]|[12][0-9]|3[01])"
_MONTH = r"(?:0[1-9]|1[0-2])"
_YMD = rf"[0-9]{{2}}{_MONTH}{_DAY}"
_DMY = rf"{_DAY}{_MONTH}[0-9]{{2}}"
SCHEMES: tuple[Scheme, ...] = (
    _scheme("it.codicefiscale", r"[A-Z]{6}[0-9LMNP-V]{2}[A-EHLMPRST][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z]",
            "strong", "codicefiscale cf codfiscale fiscalcode"),
    _scheme("mx.curp", rf"[A-Z]{{4}}{_YMD}[HMX][A-Z]{{5}}[0-9A-Z][0-9]", "strong", "curp"),
    _scheme("cn.ric", rf"[1-9][0-9]{{5}}(?:19|20){_YMD}[0-9]{{3}}[0-9X]", "strong", "ric residentid shenfenzheng idcard"),
    _scheme("fi.hetu", rf"{_DMY}[-+A-FU-Y][0-9]{{3}}[0-9A-Y]", "strong", "hetu henkilotunnus ssn"),
    _scheme("kr.rrn", rf"{_YMD}-[0-9]{{7}}", "strong", "rrn residentregistration residentregistrationnumber"),
    _scheme("ch.ssn", r"756[. ]?[0-9]{4}[. ]?[0-9]{4}[. ]?[0-9]{2}", "strong", "ahv avs ahvnummer ssn navs"),
    _scheme("br.cpf", r"[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}", "strong", "cpf cpfnumber"),
    _scheme("be.nn", rf"[0-9]{{2}}\.{_MONTH}\.{_DAY}-[0-9]{{3}}\.[0-9]{{2}}", "strong",
            "nn rrn niss insz rijksregisternummer"),
    _scheme("cl.rut", r"[0-9]{1,2}\.[0-9]{3}\.[0-9]{3}-[0-9K]", "strong", "rut run"),
    _scheme("fr.nir", r"[12378] ?[0-9]{2} ?(?:0[1-9]|1[0-2]|[2-9][0-9]) ?(?:[0-9]{2}|2[AB]) ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}",
            "strong", "nir insee numerosecu secu nss securitesociale"),
    _scheme("se.personnummer", rf"(?:19|20)?{_YMD}[-+][0-9]{{4}}", "column", "personnummer personnr pnr"),
    _scheme("es.dni", r"[0-9]{8}[- ]?[A-HJ-NP-TV-Z]", "column", "dni nif documento documentoidentidad"),
    _scheme("es.nie", r"[XYZ][- ]?[0-9]{7}[- ]?[A-HJ-NP-TV-Z]", "strong", "nie dni nif"),
    _scheme("cz.rc", r"[0-9]{2}(?:0[1-9]|1[0-2]|5[1-9]|6[0-2])(?:0[1-9]|[12][0-9]|3[01])/[0-9]{3,4}", "strong",
            "rc rodnecislo"),
    _scheme("sg.nric", r"[STFGM][0-9]{7}[A-Z]", "column", "nric fin"),
    _scheme("ie.pps", r"[0-9]{7}[A-W][A-IW]?", "column", "pps ppsn ppsnumber"),
    _scheme("gb.nino", r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]", "column",
            "nino nationalinsurance nationalinsurancenumber ninumber nin"),
    _scheme("pl.pesel", r"[0-9]{2}(?:[02468][1-9]|[13579][0-2])[0-3][0-9]{6}", "column", "pesel"),
    _scheme("ee.ik", rf"[1-8]{_YMD}[0-9]{{4}}", "column", "isikukood ik"),
    _scheme("lt.asmens", rf"[1-8]{_YMD}[0-9]{{4}}", "column", "asmenskodas ak"),
    _scheme("no.fodselsnummer", r"[0-7][0-9][0-5][0-9][0-9]{2}[ -]?[0-9]{5}", "column",
            "fodselsnummer fodselsnr fnr personnummer"),
    _scheme("tr.tckimlik", r"[1-9][0-9]{10}", "column", "tckn tckimlik tckimlikno kimlikno"),
    _scheme("ro.cnp", rf"[1-9]{_YMD}[0-9]{{6}}", "column", "cnp"),
    _scheme("si.emso", rf"{_DAY}{_MONTH}[09][0-9]{{8}}", "column", "emso jmbg"),
    _scheme("za.idnr", rf"{_YMD}[0-9]{{7}}", "column", "said idnumber rsaid"),
    _scheme("bg.egn", r"[0-9]{2}(?:[024][1-9]|[135][0-2])[0-3][0-9][0-9]{4}", "word", "egn"),
    _scheme("gr.amka", rf"{_DMY}[0-9]{{5}}", "column", "amka"),
    _scheme("kr.rrn", rf"{_YMD}[1-8][0-9]{{6}}", "column", "rrn"),
    _scheme("th.pin", r"[1-8]-[0-9]{4}-[0-9]{5}-[0-9]{2}-[0-9]", "strong", "thaiid"),
    _scheme("th.pin", r"[1-8][0-9]{12}", "column", "thaiid pin citizenid"),
    _scheme("is_.kennitala", rf"{_DMY}-?[0-9]{{4}}", "column", "kennitala kt"),
    _scheme("dk.cpr", rf"{_DMY}-?[0-9]{{4}}", "word", "cpr cprnummer cprnr"),
    _scheme("in_.aadhaar", r"[2-9][0-9]{3}[ -]?[0-9]{4}[ -]?[0-9]{4}", "column", "aadhaar aadhar uid aadhaarnumber"),
    _scheme("in_.pan", r"[A-Z]{3}[ABCFGHJLPT][A-Z][0-9]{4}[A-Z]", "column", "pan pannumber panno pancard"),
    _scheme("br.cpf", r"[0-9]{11}", "column", "cpf"),
    _scheme("hr.oib", r"[0-9]{11}", "column", "oib"),
    _scheme("de.idnr", r"[1-9][0-9](?: ?[0-9]{3}){3}", "column",
            "idnr steuerid steueridnr taxid steueridentifikationsnummer tin"),
    _scheme("be.nn", r"[0-9]{11}", "column", "nn niss insz rijksregisternummer"),
    _scheme("fr.nif", r"[0-3][0-9]{12}", "word", "nif spi numerofiscal"),
    _scheme("cl.rut", r"[0-9]{7,8}-[0-9K]", "column", "rut run"),
    _scheme("ar.cuit", r"(?:2[0347]|3[0134])-?[0-9]{8}-?[0-9]", "column", "cuit cuil"),
    _scheme("do.cedula", r"[0-9]{3}-?[0-9]{7}-?[0-9]", "word", "cedula"),
    _scheme("ec.ci", r"[0-2][0-9]{9}", "word", "cedula ci"),
    _scheme("pe.cui", r"[0-9]{8}-?[0-9A-K]", "word", "cui dni"),
    _scheme("co.nit", r"[0-9]{8,10}-[0-9]", "word", "nit"),
    _scheme("pk.cnic", r"[0-9]{5}-[0-9]{7}-[0-9]", "strong", "cnic nic"),
    _scheme("my.nric", rf"{_YMD}-[0-9]{{2}}-[0-9]{{4}}", "strong", "mykad nric ic icnumber"),
    _scheme("id.nik", r"[1-9][0-9]{15}", "word", "nik ktp"),
    _scheme("gb.nhs", r"[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{4}", "word", "nhs nhsnumber nhsno"),
    _scheme("nl.bsn", r"[0-9]{9}", "word", "bsn burgerservicenummer sofinummer"),
    _scheme("ca.sin", r"[1-9][0-9]{2}[ -]?[0-9]{3}[ -]?[0-9]{3}", "word", "sin socialinsurance socialinsurancenumber"),
    _scheme("au.tfn", r"[0-9]{3} ?[0-9]{3} ?[0-9]{2,3}", "word", "tfn taxfilenumber"),
    _scheme("il.idnr", r"[0-9]{9}", "word", "teudatzehut idnumber misparzehut"),
    _scheme("at.vnr", rf"[1-9][0-9]{{3}} ?{_DMY}", "word", "svnr vsnr svnummer sozialversicherungsnummer"),
    _scheme("pt.nif", r"[1-9][0-9]{8}", "word", "nif contribuinte numerocontribuinte"),
    _scheme("jp.in_", r"[0-9]{4} ?[0-9]{4} ?[0-9]{4}", "word", "mynumber kojinbango individualnumber"),
    _scheme("us.itin", r"9[0-9]{2}-[5-9][0-9]-[0-9]{4}", "column", "itin taxid tin"),
    _scheme("ru.inn", r"[0-9]{12}", "word", "inn"),
    _scheme("ua.rntrc", r"[1-9][0-9]{9}", "word", "rntrc rnokpp ipn"),
    _scheme("sk.rc", r"[0-9]{9,10}", "word", "rc rodnecislo"),
    _scheme("cz.rc", r"[0-9]{9,10}", "word", "rc rodnecislo"),
    _scheme("se.personnummer", r"(?:19|20)?[0-9]{10}", "word", "personnummer personnr"),
    _scheme("mu.nid", r"[A-Z][0-9]{12}[0-9A-Z]", "word", "nid"),
    _scheme("cr.cpf", r"[0-9]{1,2}-?[0-9]{4}-?[0-9]{4}", "word", "cedula"),
)  # fmt: skip
ANY_FORM = re.compile(r"(?=(?:.*[0-9]){5})[A-Z0-9][A-Z0-9 ./-]{5,20}[A-Z0-9]", re.IGNORECASE)
"""What a number of any country looks like, for columns that only their name tells."""


@cache
def _judge(name: str) -> Callable[[str], bool]:
    own: dict[str, Callable[[str], bool]] = {
        "gb.nino": _is_nino,
        "sg.nric": _is_nric,
        "dk.cpr": _is_date_first,
    }
    if name in own:
        return own[name]
    valid: Callable[[str], bool] = importlib.import_module(f"stdnum.{name}").is_valid
    return valid


def _is_nino(text: str) -> bool:
    """HMRC's rules for prefixes; a National Insurance number has no check digit."""
    return text[:2].upper() not in ("BG", "GB", "NK", "KN", "TN", "NT", "ZZ")


def _is_nric(text: str) -> bool:
    """Singapore's check letter: weights 2 7 6 5 4 3 2, offset 4 for T and G, 3 for M."""
    text = text.upper()
    total = sum(int(one) * weight for one, weight in zip(text[1:8], (2, 7, 6, 5, 4, 3, 2), strict=True))
    total += {"T": 4, "G": 4, "M": 3}.get(text[0], 0)
    letters = {
        "S": "JZIHGFEDCBA",
        "T": "JZIHGFEDCBA",
        "F": "XWUTRQPNMLK",
        "G": "XWUTRQPNMLK",
        "M": "KLJNPQRTUWX",
    }
    place = 10 - total % 11 if text[0] == "M" else total % 11
    return letters[text[0]][place] == text[8]


def _is_ric(text: str) -> bool:
    """GB 11643: the check digit alone; area codes that were abolished still stand in valid numbers."""
    from stdnum.iso7064 import mod_11_2

    return bool(mod_11_2.is_valid(text.upper()))


def _is_date_first(text: str) -> bool:
    from stdnum.dk import cpr

    try:
        return cpr.get_birth_date(cpr.compact(text)) is not None
    except cpr.ValidationError:
        return False


def schemes_named(column: str) -> tuple[Scheme, ...]:
    """Schemes that a column's name speaks of; all when it names a national identifier of no country."""
    said = names.joins(column)
    own = tuple(scheme for scheme in SCHEMES if scheme.words & said)
    return own or (SCHEMES if names.is_national(column) else ())


_CLEAR = frozenset(["rrn", "egn", "cnp", "cpf", "cpr", "bsn", "dni", "nif", "oib", "pps", "tfn", "nss"])
"""Short words that are hardly anything else's."""


def named_plainly(column: str) -> bool:
    """Whether the name says so in a word that means nothing else (``ic`` and ``run`` mean much)."""
    said = {word for word in names.joins(column) if len(word) > 3 or word in _CLEAR}
    return names.is_national(column) or any(scheme.words & said for scheme in SCHEMES)


def scheme_of(text: str, among: tuple[Scheme, ...]) -> Scheme | None:
    """The first scheme whose form and checksum ``text`` has."""
    text = text.strip()
    return next((one for one in among if one.form.fullmatch(text) and one.valid(text)), None)


STRONG = tuple(scheme for scheme in SCHEMES if scheme.tier == "strong")
COLUMN = tuple(scheme for scheme in SCHEMES if scheme.tier in ("strong", "column"))
