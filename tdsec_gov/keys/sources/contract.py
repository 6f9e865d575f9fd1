"""The joint: who keeps a secret for me. tests/contract/test_key_sources.py is run by every source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

MAX_SECRET = 4096
"""Largest secret in bytes that every source takes (the limit of AWS KMS)."""


class KeySource(Protocol):
    """A key service or store, and one key in it; made from the key's name.

    No error text, of either function, holds anything of the secret, the blob or the credentials.
    """

    def __init__(self, key: str) -> None:
        """``key``: the key's name there. Raises KeyUnavailable: not a possible name."""
        ...

    def wrap(self, secret: bytes, context: Mapping[str, str]) -> bytes:
        """What :meth:`unwrap` makes ``secret`` (at most 4,096 bytes) of; not secret itself.

        The service authenticates ``context``: the same words must be said to unwrap.

        Raises:
            UsageError: the secret is too large, or the store keeps one under this name already.
            KeyUnavailable: no credentials, refused, no such key, or a key that cannot bind a context.
            BackendUnavailable: not reachable, or out of order. DependencyMissing: package not installed.
        """
        ...

    def unwrap(self, blob: bytes, context: Mapping[str, str]) -> bytes:
        """The secret.

        Raises:
            KeyUnavailable: no credentials, refused, no such key; or ``blob`` was changed, or wrapped
                by another key or in another context, which services do not tell apart.
            BackendUnavailable: not reachable, or out of order. DependencyMissing: package not installed.
        """
        ...
