"""The transit engine of OpenBao or HashiCorp Vault, over its HTTP interface.

Tested against a real OpenBao 2.7 server; HashiCorp Vault, from which OpenBao descends and whose
interface it keeps (``/v1/MOUNT/encrypt/NAME`` with ``associated_data``, Vault 1.9 and later), was not run.

The key must be of an AEAD type (``aes256-gcm96``, the default, or ``chacha20-poly1305``) and not
``derived``: the service then authenticates the context. As for its own command line: ``BAO_ADDR`` or
``VAULT_ADDR``, ``BAO_TOKEN`` or ``VAULT_TOKEN``, ``…_NAMESPACE``, ``…_CACERT``.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Mapping

from tdsec_gov.domain.canonical import JsonValue, canonical_bytes
from tdsec_gov.errors import BackendUnavailable, KeyUnavailable, UsageError
from tdsec_gov.keys.sources.contract import MAX_SECRET
from tdsec_gov.keys.sources.http import Endpoint, post

_KEY = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}/){0,4}[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}\Z")
_BLOB = re.compile(rb"[a-z]{1,20}:v[1-9][0-9]{0,8}:[A-Za-z0-9+/=]+\Z")
_TOKEN = re.compile(r"[!-~]{1,4096}\Z")


class VaultTransit:
    """One transit key, ``NAME`` or ``MOUNT/NAME`` (mount ``transit`` unless named)."""

    def __init__(self, key: str) -> None:
        if not _KEY.match(key):
            raise KeyUnavailable("not a name for a transit key", where="vault-transit", expected="MOUNT/NAME")
        mount, _, name = key.rpartition("/")
        self._mount, self._name = mount or "transit", name
        self._where = f"vault-transit:{self._mount}/{name}"

    def wrap(self, secret: bytes, context: Mapping[str, str]) -> bytes:
        """See :meth:`tdsec_gov.keys.sources.contract.KeySource.wrap`."""
        if len(secret) > MAX_SECRET:
            raise UsageError("secret is too large", where=self._where, expected=f"{MAX_SECRET} bytes at most")
        blob = self._call("encrypt", {"plaintext": _coded(secret)}, context, "ciphertext").encode()
        if not _BLOB.match(blob):
            raise BackendUnavailable("the key service answers nonsense", where=self._where)
        return blob

    def unwrap(self, blob: bytes, context: Mapping[str, str]) -> bytes:
        """See :meth:`tdsec_gov.keys.sources.contract.KeySource.unwrap`."""
        if not _BLOB.match(blob):
            raise KeyUnavailable("not what a transit key wraps", where=self._where)
        plain = self._call("decrypt", {"ciphertext": blob.decode()}, context, "plaintext")
        try:
            return base64.b64decode(plain, validate=True)
        except (binascii.Error, ValueError):
            raise BackendUnavailable("the key service answers nonsense", where=self._where) from None

    def _call(self, act: str, body: dict[str, JsonValue], context: Mapping[str, str], wanted: str) -> str:
        body["associated_data"] = _coded(canonical_bytes(dict(context)))
        status, answer = post(self._endpoint(), f"/v1/{self._mount}/{act}/{self._name}", body, self._where)
        if status != 200:
            raise self._refused(status, act)
        data = answer.get("data")
        value = data.get(wanted) if isinstance(data, dict) else None
        if not isinstance(value, str):
            raise BackendUnavailable("the key service answers nonsense", where=self._where)
        return value

    def _refused(self, status: int, act: str) -> KeyUnavailable | BackendUnavailable:
        found = f"HTTP status {status}"
        if status == 403:
            return KeyUnavailable(
                "the key service refuses this token",
                where=self._where,
                found=found,
                hint=f"log in again (bao login), or ask for a policy with update on {self._mount}/{act}",
            )
        if status in (400, 404):
            return KeyUnavailable(
                f"the key service does not {act} with this key"
                + (": other key, other context, or changed" if act == "decrypt" else ""),
                where=self._where,
                found=found,
                expected="an AEAD transit key that exists and is not derived" if act == "encrypt" else None,
            )
        return BackendUnavailable("the key service is out of order or sealed", where=self._where, found=found)

    def _endpoint(self) -> Endpoint:
        address, token = _setting("ADDR"), _setting("TOKEN")
        if not address:
            raise KeyUnavailable("no address of the key service", where=self._where, hint="set VAULT_ADDR")
        if not _TOKEN.match(token):
            raise KeyUnavailable(
                "no usable token for the key service",
                where=self._where,
                hint="set VAULT_TOKEN (bao login, then: bao print token)",
            )
        headers = {"X-Vault-Token": token, "X-Vault-Request": "true"}
        if namespace := _setting("NAMESPACE"):
            headers["X-Vault-Namespace"] = namespace
        return Endpoint(address.rstrip("/"), headers, _setting("CACERT") or None)


def _setting(name: str) -> str:
    return os.environ.get(f"BAO_{name}") or os.environ.get(f"VAULT_{name}", "")


def _coded(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
