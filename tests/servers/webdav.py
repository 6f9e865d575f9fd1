"""WsgiDAV behind cheroot, in a thread of this process, with one user."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

from servers.place import DiskServer
from servers.starting import HOST, require_module

_USER, _PASSWORD = "somebody", "on loopback only"


@contextlib.contextmanager
def webdav(folder: Path) -> Iterator[DiskServer]:
    """A server whose files lie in ``folder``; skips where WsgiDAV is not installed."""
    require_module("wsgidav", "wsgidav")
    require_module("cheroot", "cheroot")
    from cheroot.wsgi import Server
    from wsgidav.wsgidav_app import WsgiDAVApp

    app = WsgiDAVApp(
        {
            "provider_mapping": {"/": str(folder)},
            "simple_dc": {"user_mapping": {"*": {_USER: {"password": _PASSWORD}}}},
            "http_authenticator": {"accept_basic": True, "accept_digest": False, "default_to_digest": False},
            "logging": {"enable": False},
            "verbose": 0,
        }
    )
    server = Server((HOST, 0), app, numthreads=16)
    server.prepare()
    thread = threading.Thread(target=server.serve, name="webdav", daemon=True)
    thread.start()
    try:
        port = server.bind_addr[1]
        yield DiskServer(f"webdav://{HOST}:{port}", {"user": _USER, "password": _PASSWORD}, folder)
    finally:
        server.stop()
        thread.join(10)
