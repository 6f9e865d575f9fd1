"""Place: where a remote really is, however its URL is spelt. Two places with one value are one storage.

Users, passwords and options do not count. Names in ssh_config, DNS aliases and profiles of cloud accounts are
not resolved: two of those that lead to one machine are two places here.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import posixpath
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

_FAMILIES = {
    **dict.fromkeys(("http", "https", "webdav", "webdavs"), "web"),
    **dict.fromkeys(("s3", "s3a"), "s3"),
    **dict.fromkeys(("gs", "gcs"), "gs"),
    **dict.fromkeys(("azure", "abfs", "adl"), "azure"),
}
_PORTS = {"ssh": 22, "http": 80, "https": 443, "webdav": 80, "webdavs": 443}
_AWS = ".amazonaws.com"
_HERE = "localhost"


@dataclass(frozen=True, slots=True)
class Place:
    """``family`` of protocols, ``host`` (with its port, where that is not the usual one), ``path``."""

    family: str
    host: str
    path: str

    @classmethod
    def of(cls, protocol: str, conf: Mapping[str, Any], path: str) -> Place:
        """From what DVC makes of a remote: ``(class.protocol, config, path)``."""
        family = _FAMILIES.get(protocol, protocol)
        if family == "local":
            return cls("local", "", os.path.realpath(path))
        if family == "web":
            return _web(str(conf.get("url") or path), path)
        if family == "ssh":
            host = _with_port(str(conf.get("host") or ""), conf.get("port"), "ssh")
            at = _normal(path)
            return cls("local", "", os.path.realpath(at)) if host == _HERE else cls("ssh", host, at)
        if family == "s3":
            return cls(family, _s3_host(conf), _normal(path))
        given = conf.get("endpointurl") or conf.get("account_name") or conf.get("host") or ""
        return cls(family, _endpoint(str(given)), _normal(path))

    def holds(self, other: Place) -> bool:
        """Whether ``other`` is this place, or lies in it."""
        if (self.family, self.host) != (other.family, other.host):
            return False
        inside = self.path.rstrip("/")
        if other.path == self.path or other.path.startswith(f"{inside}/"):
            return True
        return self.family == "local" and _same_folder(inside, other.path)


def _same_folder(inner: str, path: str) -> bool:
    """Whether ``path`` leads into ``inner`` by a name that only the disk knows (bind mounts, letter case)."""
    for above in (Path(path), *Path(path).parents):
        with contextlib.suppress(OSError):  # not there yet: one of its parents may be
            if above.samefile(inner):
                return True
    return False


def _web(url: str, path: str) -> Place:
    """http and https of one host are one place: which of them a server redirects is its own affair."""
    parts = urlsplit(url)
    inside = "" if "://" in path else path
    whole = _normal(unquote(f"/{parts.path}/{inside}"))
    return Place("web", _with_port(parts.hostname or "", _port_of(url), parts.scheme), whole)


def _s3_host(conf: Mapping[str, Any]) -> str:
    given = conf.get("endpointurl") or os.environ.get("AWS_ENDPOINT_URL_S3")
    host = _endpoint(str(given or os.environ.get("AWS_ENDPOINT_URL") or ""))
    return "" if host.endswith(_AWS) else host  # names of buckets are the same all over AWS


def _endpoint(given: str) -> str:
    if "://" not in given:
        return given.lower()
    parts = urlsplit(given)
    host = _with_port(parts.hostname or "", _port_of(given), parts.scheme)
    return host + _normal(parts.path).rstrip("/")


def _port_of(url: str) -> int | None:
    try:
        return urlsplit(url).port
    except ValueError:
        return None


def _with_port(host: str, port: Any, scheme: str) -> str:
    usual = _PORTS.get(scheme.lower())
    number = str(port) if port not in (None, "") else str(usual)
    return _host(host) if number == str(usual) else f"{_host(host)}:{number}"


def _host(name: str) -> str:
    """One spelling for all those of a host: letter case, a final dot, IDN, any way to write a number."""
    name = name.strip().strip("[]").rstrip(".").lower()
    try:
        address = ipaddress.ip_address(_numeric(name).partition("%")[0])
    except ValueError:
        try:
            name = name.encode("idna").decode() if not name.isascii() else name
        except UnicodeError:
            return name
        here = name in (_HERE, "localhost.localdomain", "ip6-localhost", socket.gethostname().lower())
        return _HERE if here or name.endswith(".localhost") else name
    mapped = getattr(address, "ipv4_mapped", None) or address
    return _HERE if mapped.is_loopback or mapped.is_unspecified else str(mapped)


def _numeric(name: str) -> str:
    """``127.1``, ``0x7f.1`` and ``2130706433`` as the system reads them."""
    try:
        return socket.inet_ntoa(socket.inet_aton(name)) if name and " " not in name else name
    except OSError:
        return name


def _normal(path: str) -> str:
    return posixpath.normpath("/" + str(path).lstrip("/"))
