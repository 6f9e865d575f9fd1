"""moto's S3, a mock beside the real one: its ways differ from Swift's, so both are worth a run."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from servers.place import S3Server
from servers.starting import HOST, free_ports, python, require_module, running


@dataclass(frozen=True)
class MotoServer(S3Server):
    """Its log is werkzeug's, from which the requests are read."""

    def requests(self) -> list[str]:
        return re.findall(r'"([A-Z]+ \S+) HTTP/1\.1"', self.log.read_text())


@contextlib.contextmanager
def moto(folder: Path) -> Iterator[S3Server]:
    """A store in the memory of one process; skips where moto or its server is not installed."""
    require_module("moto", "moto[server]")
    require_module("flask_cors", "moto[server]")
    (port,) = free_ports(1)
    log = folder / "moto.log"
    with running(python("-m", "moto.server", "-H", HOST, "-p", str(port)), port, log):
        server = MotoServer(f"http://{HOST}:{port}", "key", "secret", "us-east-1", log)
        server.make_buckets()
        yield server
