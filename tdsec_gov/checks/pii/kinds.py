"""The kinds of personal data we look for, and the words of a source record that declare them."""

from __future__ import annotations

from dataclasses import dataclass

EMAIL = "e-mail address"
PHONE = "phone number"
CARD = "payment card number"
IBAN = "IBAN"
SSN = "US social security number"
IP = "IP address"
MAC = "MAC address"
NATIONAL = "national identifier"
USERINFO = "URL with password"
SECRET = "secret key or token"  # noqa: S105 - the name of a kind
PASSWORD = "password"  # noqa: S105 - the name of a kind
PASSPORT = "passport number"
LICENCE = "driver's licence number"
BIRTH = "date of birth"
PERSON = "person name"
ADDRESS = "postal address"
POSITION = "geographic position"
OWNER = "owner of a photograph"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind. ``declared`` are the words of ``data_categories`` that declare it.

    ``share`` of a column's values must be valid for the column to *be* this kind, ``named_share`` where
    the column's name says so too; ``chance`` of the candidates in free text must be valid before any
    count (one random number in ten passes Luhn). ``by_name`` kinds have no checksum: they are never more
    than likely, by the column's name and the shape of its values.
    """

    name: str
    declared: frozenset[str]
    share: float = 0.8
    named_share: float = 0.5
    chance: float = 0.0
    by_name: bool = False


def _kind(
    name: str,
    declared: str,
    share: float = 0.8,
    named: float = 0.5,
    chance: float = 0.0,
    *,
    shape: bool = False,
) -> Kind:
    return Kind(name, frozenset(declared.split()), share, named, chance, shape)


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        _kind(SECRET, "", 0.5, 0.3),
        _kind(USERINFO, "", 0.5, 0.3),
        _kind(EMAIL, "email e-mail mail contact", 0.5, 0.3),
        _kind(IBAN, "iban bank payment financial", 0.5, 0.3),
        _kind(CARD, "card payment financial", 0.6, 0.5, 0.3),
        _kind(SSN, "ssn social identification national identifier", 0.8, 0.5),
        _kind(NATIONAL, "national identification identifier tax health", 0.9, 0.5),
        _kind(IP, "ip online network", 0.8, 0.5),
        _kind(MAC, "mac device network online", 0.8, 0.5),
        _kind(PHONE, "phone telephone mobile contact", 0.8, 0.5),
        _kind(PASSPORT, "passport identification travel", shape=True),
        _kind(LICENCE, "licence license driver identification", shape=True),
        _kind(BIRTH, "birth birthday birthdate dob age demographic", shape=True),
        _kind(PERSON, "name person contact identity", shape=True),
        _kind(ADDRESS, "address postal contact location", shape=True),
        _kind(POSITION, "location position gps geographic", shape=True),
        _kind(PASSWORD, "", shape=True),
        _kind(OWNER, "name person contact photograph", shape=True),
    )
}
NEVER_DATA = frozenset({SECRET, USERINFO, PASSWORD})
"""No declaration covers these: they are never data."""
IN_TEXT = (SECRET, USERINFO, EMAIL, IBAN, CARD, SSN, NATIONAL, IP, MAC, PHONE)
"""Kinds found in free text, in the order in which overlapping ones win."""
