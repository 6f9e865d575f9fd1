"""One JSON request to a key service: TLS verified, no redirects, bounded in time and size."""

from __future__ import annotations

import http.client
import json
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from tdsec_gov.domain.canonical import JsonValue, parse_object
from tdsec_gov.errors import BackendUnavailable, ConfigurationError, IntegrityError

TIMEOUT = 15.0
"""Seconds without an answer."""

_LARGEST = 1 << 20
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True, repr=False)
class Endpoint:
    """Base address, headers (they hold a token), and a file of CA certificates in place of the system's."""

    address: str
    headers: Mapping[str, str]
    ca_file: str | None = None


def post(
    endpoint: Endpoint, path: str, body: dict[str, JsonValue], where: str
) -> tuple[int, dict[str, JsonValue]]:
    """HTTP status and JSON answer; the answer of any status but 200 is dropped unread.

    Raises:
        ConfigurationError: the address is not https (http only to this machine), or the CA file is bad.
        BackendUnavailable: not reachable, not trusted, too slow, or the answer is no JSON object.
    """
    local = require_safe(endpoint.address, where)
    handlers: list[urllib.request.BaseHandler] = [_NoRedirect()]
    if local:
        handlers.append(urllib.request.ProxyHandler({}))
    if endpoint.address.lower().startswith("https:"):
        handlers.append(urllib.request.HTTPSHandler(context=_trust(endpoint.ca_file, where)))
    opener = urllib.request.build_opener(*handlers)
    try:
        request = urllib.request.Request(  # noqa: S310
            endpoint.address + path,
            data=json.dumps(body).encode(),
            headers={**endpoint.headers, "Content-Type": "application/json"},
            method="POST",
        )
        with opener.open(request, timeout=TIMEOUT) as answer:
            status, data = answer.status, answer.read(_LARGEST + 1)
    except urllib.error.HTTPError as exc:
        exc.close()
        return exc.code, {}
    except (OSError, http.client.HTTPException, ValueError) as exc:
        reason = exc.reason if isinstance(exc, urllib.error.URLError) else exc
        raise BackendUnavailable(
            "the key service cannot be reached", where=where, found=_kind(reason)
        ) from None
    if status != 200 or len(data) > _LARGEST:
        return (status, {}) if status != 200 else _nonsense(where)
    try:
        return status, parse_object(data, "answer")
    except IntegrityError:
        return _nonsense(where)


def require_safe(address: str, where: str) -> bool:
    """Whether ``address`` is this machine; raises ConfigurationError when secrets may not go there."""
    try:
        parts = urllib.parse.urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host, parts = "", urllib.parse.urlsplit("")
    local = host in _LOOPBACK
    if (
        not host
        or parts.username is not None
        or not (parts.scheme == "https" or (parts.scheme == "http" and local))
    ):
        raise ConfigurationError(
            "the key service's address is not usable",
            where=where,
            expected="https://HOST (http only to this machine), without a user name",
        )
    return local


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the token elsewhere: its status is the answer."""

    def redirect_request(self, *_: object) -> None:
        return None


def _trust(ca_file: str | None, where: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError):
        raise ConfigurationError("the key service's CA file cannot be used", where=where) from None


def _kind(reason: object) -> str:
    if isinstance(reason, ssl.SSLCertVerificationError):
        return "a certificate that is not trusted"
    return type(reason).__name__


def _nonsense(where: str) -> NoReturn:
    raise BackendUnavailable("the key service answers nonsense", where=where)
