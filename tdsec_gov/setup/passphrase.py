"""Is a passphrase good enough for a file that lies in git, where everybody may guess at it for years?"""

from __future__ import annotations

import unicodedata
from itertools import pairwise

from tdsec_gov.errors import UsageError

SHORTEST = 12
"""Characters. Four words of three letters have fifteen with the spaces between them."""
UNFORESEEN = 10
"""How many of them must not follow from the ones before."""
WARNING = (
    "The passphrase seals .tdsec/identity.age. Whoever can read this git repository has that file and can\n"
    "guess at it offline, for as long as they like, at about one guess per second and processor core.\n"
    "Take five or more random words that you use nowhere else. Nobody can open the vault without it."
)
_KNOWN = (
    *("passphrase", "password", "passwort", "passw0rd", "p@ssw0rd", "letmein", "welcome", "iloveyou"),
    *("administrator", "admin", "secret", "changeme", "default", "dragon", "monkey", "master", "login"),
    *("football", "baseball", "sunshine", "princess", "superman", "tdsec", "vault", "dataset", "training"),
)
_ROWS = ("qwertzuiop", "qwertyuiop", "asdfghjkl", "yxcvbnm", "zxcvbnm", "azertyuiop", "1234567890")
_NEXT = {pair for row in _ROWS for pair in (*pairwise(row), *pairwise(row[::-1]))}


def require_strong(passphrase: str, *known: str) -> None:
    """Raises UsageError for a passphrase that is short, or that a guesser tries early.

    ``known`` are words around it: the user's name, the repository's.
    """
    if len(passphrase.strip()) >= SHORTEST and unforeseen(passphrase, *known) >= UNFORESEEN:
        return
    raise UsageError(
        "the passphrase is too weak for a file that everybody with the git repository can guess at offline",
        expected=f"at least {SHORTEST} characters, such as four or more random words, without rows, "
        "repetitions and well-known words",
        hint="take five random words",
    )


def unforeseen(passphrase: str, *known: str) -> int:
    """Characters that do not follow from the one before; a well-known word counts as one character.

    A rough estimate from above: it finds the worst passphrases, and proves nothing good.
    """
    text = unicodedata.normalize("NFKC", passphrase).casefold().strip()
    for word in sorted({*_KNOWN, *(one.casefold() for one in known if len(one) > 2)}, key=len, reverse=True):
        text = text.replace(word, "\0")
    for period in range(1, len(text) // 2 + 1):
        if text == (text[:period] * len(text))[: len(text)]:
            text = text[:period]
            break
    return sum(not _follows(one, two) for one, two in pairwise(text)) + bool(text)


def _follows(one: str, two: str) -> bool:
    return abs(ord(one) - ord(two)) <= 1 or (one, two) in _NEXT
