"""One file over http or https: a single GET, whose every redirect is judged before it is followed.

Python's own client is used rather than fsspec's: that one asks several times (the file could change in
between) and follows redirects by itself.
"""

from __future__ import annotations

import http.client
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from pathlib import Path
from typing import IO

from tdsec_gov import __version__
from tdsec_gov.collect.location import WEB, Location, location
from tdsec_gov.collect.rejected import Rejected
from tdsec_gov.collect.stream import Allow, Stream
from tdsec_gov.errors import BackendUnavailable, UsageError

_TIMEOUT = 60.0


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows a redirect only where the allowlist has its target."""

    def __init__(self, allow: Allow) -> None:
        self._allow = allow

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        try:
            target = location(newurl, Path("/"))
        except UsageError as exc:
            raise Rejected(f"redirected to where {exc.message}", where=_shown(req.full_url)) from None
        if target.scheme not in WEB or (req.type == "https" and target.scheme != "https"):
            raise Rejected("redirected from https to another scheme", where=_shown(req.full_url))
        self._allow(target, "the target of a redirect")
        return super().redirect_request(req, fp, code, msg, headers, target.url)


@contextmanager
def opened(place: Location, allow: Allow) -> Iterator[Stream]:
    """The bytes at a web address as they arrive.

    Raises:
        Rejected: redirected to where ``allow`` says no, in circles, or to another scheme.
        BackendUnavailable: no answer, another answer than 200, or one that ends too early.
    """
    context = ssl.create_default_context()
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(context=context),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _Redirects(allow),
    ):
        opener.add_handler(handler)
    headers = {"User-Agent": f"tdsec-gov/{__version__}", "Accept-Encoding": "identity"}
    request = urllib.request.Request(place.url, headers=headers)  # noqa: S310 - http or https only
    try:
        with opener.open(request, timeout=_TIMEOUT) as answer:
            if answer.status != 200:
                raise BackendUnavailable("the server did not send the file", where=place.shown)
            if answer.headers.get("Content-Encoding", "identity") != "identity":
                raise BackendUnavailable("the server sent another encoding than asked for", where=place.shown)
            yield Stream(answer.read, _length(answer.headers))
    except urllib.error.HTTPError as exc:
        if 300 <= exc.code < 400:
            raise Rejected("a redirect leads nowhere that is followed", where=place.shown) from None
        found = f"HTTP status {exc.code}"
        raise BackendUnavailable("the server did not send the file", where=place.shown, found=found) from None
    except (
        urllib.error.URLError,
        http.client.HTTPException,
        TimeoutError,
        ConnectionError,
        ssl.SSLError,
    ) as e:
        reason = getattr(e, "reason", e)
        found = getattr(reason, "strerror", None) or type(reason).__name__
        raise BackendUnavailable("the server cannot be reached", where=place.shown, found=found) from None


def _length(headers: Message) -> int | None:
    text = headers.get("Content-Length", "")
    return int(text) if text.isdecimal() and text.isascii() else None


def _shown(url: str) -> str:
    return url.partition("?")[0]
