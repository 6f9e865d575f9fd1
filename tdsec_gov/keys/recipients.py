"""Whom a keyring can be sealed to: every kind of recipient that policies/access.yaml may hold."""

from __future__ import annotations

from typing import Protocol

from tdsec_gov.errors import KeyUnavailable
from tdsec_gov.keys.age import wrapping
from tdsec_gov.keys.age.identities import parse_recipient as parse_native


class Recipient(wrapping.Recipient, Protocol):
    """An age recipient; ``str()`` gives the text that :func:`parse_recipient` reads."""

    def __str__(self) -> str: ...


def parse_recipient(text: str) -> Recipient:
    """Read ``age1…``, ``age1pq1…``, ``ssh-ed25519 AAAA…`` or ``ssh-rsa AAAA…``.

    What is read has one spelling: ``str(parse_recipient(text)) == text``, but for the comment of an
    SSH key, which is dropped.

    Raises:
        KeyUnavailable: none of these; the text is not quoted.
    """
    if text.startswith("ssh-"):
        from tdsec_gov.keys import ssh

        return ssh.parse_recipient(text)
    if not text.startswith("age1"):
        raise KeyUnavailable(
            "not a recipient", expected="age1…, age1pq1…, ssh-ed25519 AAAA… or ssh-rsa AAAA…"
        )
    return parse_native(text)
