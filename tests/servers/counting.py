"""A WSGI filter for Swift's proxy: one line per request that came in, its method and path."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any


class Counting:
    """Appends ``METHOD PATH?QUERY`` to a file and lets the request through."""

    def __init__(self, app: Callable[..., Iterable[bytes]], file: str) -> None:
        self._app = app
        self._sink = Path(file).open("a", buffering=1)  # noqa: SIM115 - lives as long as the proxy

    def __call__(self, env: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        query = f"?{env['QUERY_STRING']}" if env.get("QUERY_STRING") else ""
        self._sink.write(f"{env['REQUEST_METHOD']} {env['PATH_INFO']}{query}\n")
        return self._app(env, start_response)


def filter_factory(global_conf: dict[str, str], **conf: str) -> Callable[..., Counting]:
    """What paste.deploy calls; ``file`` is the setting."""
    return lambda app: Counting(app, conf["file"])
