"""Location: an address in one form only, so that what the allowlist judges is what is fetched.

Two kinds: a *path* on this machine (also written ``file:///...``), real and absolute, and a *URL* of
RFC 3986 with a lower-case scheme and host. Whatever different programs might read differently is refused:
credentials, ``..`` however encoded, control characters, backslashes, names in other scripts, chained
fsspec addresses.
"""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes, urlsplit

from tdsec_gov.errors import UsageError

WEB = ("http", "https")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*\Z")
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?\Z")
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_UNFIT = re.compile(r"[\x00-\x20\x7f-\xa0\\\u2028\u2029\ufeff\ud800-\udfff]")
_BRACKETS = re.compile(r"\[[0-9A-Fa-f:.]*\]")
_DEFAULT_PORT = {"http": 80, "https": 443}
_REWIRING = ("data", "blockcache", "filecache", "simplecache", "cached", "reference", "dir", "memory", "dask")
"""fsspec's filesystems that are wrappers, or hold nothing that somebody else could look at."""


@dataclass(frozen=True, slots=True)
class Location:
    """``scheme`` is empty for a path on this machine; ``host`` is a bucket for object stores.

    ``path`` begins with ``/`` (a URL's is percent-decoded); ``query`` is what a web address had behind
    ``?`` and is never shown or recorded.
    """

    scheme: str
    host: str
    path: str
    port: int | None = None
    query: str = ""

    @property
    def is_path(self) -> bool:
        return not self.scheme

    @property
    def shown(self) -> str:
        """For people and records: without query."""
        return self.path if self.is_path else self._address()

    @property
    def url(self) -> str:
        """What is fetched."""
        return self.path if self.is_path else self._address() + (f"?{self.query}" if self.query else "")

    @property
    def name(self) -> str:
        return self.path.rstrip("/").rpartition("/")[2]

    def _address(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port is None else f":{self.port}"
        path = quote(self.path, safe="/:@!$&'()*+,;=~-._") if self.scheme in WEB else self.path
        return f"{self.scheme}://{host}{port}{path}"

    @property
    def is_loopback(self) -> bool:
        """Whether a web address is on this machine."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def below(self, name: str) -> Location:
        """What lies at ``name`` (relative, checked by the caller) in this folder."""
        return replace(self, path=f"{self.path.rstrip('/')}/{name}")

    def beside(self, name: str) -> Location:
        """The file ``name`` (relative, checked by the caller) in this location's folder."""
        return replace(self, path=f"{self.path.rpartition('/')[0]}/{name}")


def location(text: str, folder: Path) -> Location:
    """The one form of ``text``; a relative path is taken from ``folder``, links on the way are followed.

    Raises:
        UsageError: it could be read in more than one way, or holds credentials.
    """
    scheme, found, rest = text.partition("://")
    if not found:
        return _path(text, folder)
    if scheme.lower() == "file":
        return _path(_file_url(rest, text), folder)
    return _url(scheme.lower(), text)


def _path(text: str, folder: Path) -> Location:
    if not text or re.search(r"[\x00-\x1f\x7f]", text):
        raise _refused("is no path", "a path without control characters")
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", text) and not (folder / text).exists():
        raise _refused("has a scheme without '//'", "https://host/path, s3://bucket/key or a path")
    return Location("", "", os.path.realpath(folder / text))


def _file_url(rest: str, text: str) -> str:
    host, slash, path = rest.partition("/")
    if host.lower() not in ("", "localhost") or not slash:
        raise _refused("names a file on another host", "file:///path")
    if "?" in path or "#" in path or _UNFIT.search(text):
        raise _refused("has characters that no file address may have", "file:///path")
    return "/" + _decoded(path)


def _url(scheme: str, text: str) -> Location:
    if not _SCHEME.match(scheme) or "::" in _BRACKETS.sub("", text) or scheme in _REWIRING:
        raise _refused("has a scheme that is not collected from", "one plain address")
    if _UNFIT.search(text) or "#" in text:
        raise _refused("has characters that no address may have", "a plain URL")
    try:
        parts = urlsplit(text)
    except ValueError:
        raise _refused("is no URL", "scheme://host/path") from None
    if "@" in parts.netloc:
        raise _refused(
            "holds a user name or password",
            "an address without credentials",
            "give them as fsspec takes them: by environment or configuration",
        )
    web = scheme in WEB
    query = parts.query if web else ""
    if parts.query and not web:
        raise _refused("has a query", f"{scheme}://bucket/key")
    path = parts.path or "/"
    port = _port(parts.netloc)
    port = None if port == _DEFAULT_PORT.get(scheme) else port
    return Location(scheme, _host(parts.netloc, web), _clean(path, web), port, query)


def _host(netloc: str, web: bool) -> str:
    host = netloc if netloc.startswith("[") and netloc.endswith("]") else re.sub(r":[0-9]*\Z", "", netloc)
    if host.startswith("["):
        try:
            return ipaddress.IPv6Address(host[1:-1]).compressed
        except ValueError:
            raise _refused("names no host", "scheme://host/path") from None
    name = host.lower().removesuffix(".") if web else host
    if not host.isascii() or not _HOST.match(name.lower()) or ".." in name:
        raise _refused(
            "names a host in characters that can look like others",
            "a host name in ASCII",
            "write an international name in its xn-- form",
        )
    return name


def _port(netloc: str) -> int | None:
    found = re.search(r"(?<=[\]\w.-]):([0-9]*)\Z", netloc)
    if found is None or not found[1]:
        return None
    port = int(found[1]) if len(found[1]) <= 5 else 0
    if not 0 < port < 65536:
        raise _refused("has no port of a host", "a number from 1 to 65535")
    return port


def _clean(path: str, web: bool) -> str:
    plain = _decoded(path) if web else path
    if any(step.partition(";")[0] in (".", "..") for step in plain.split("/")):
        raise _refused("climbs out of its folder", "a path without '.' and '..', encoded or not")
    return plain


def _decoded(path: str) -> str:
    """Percent-decoded once. Raises UsageError where a second reading would be another path."""
    if re.search(r"%(2[fF]|5[cC]|00)|%(?![0-9A-Fa-f]{2})", path):
        raise _refused("hides a separator", "a path whose separators are written out")
    try:
        plain = unquote_to_bytes(path).decode("utf-8")
    except UnicodeDecodeError:
        raise _refused("is not UTF-8", "a path in UTF-8") from None
    if _ESCAPE.search(plain) or re.search(r"[\x00-\x1f\x7f\\]", plain):
        raise _refused("is encoded twice", "a path that is encoded once")
    return plain


def _refused(what: str, expected: str, hint: str = "write the location in its plain form") -> UsageError:
    return UsageError(f"the location {what}", where="LOCATION", expected=expected, hint=hint)
