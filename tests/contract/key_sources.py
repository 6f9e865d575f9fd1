"""What the contract suite needs to know of each source: its service, a key, and how to break things."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from servers.kms import Kms, kms
from servers.openbao import ROOT, Bao, openbao
from servers.secret_service import secret_service
from servers.starting import free_ports


class Bench(Protocol):
    """A source with its service running."""

    scheme: str
    env: Mapping[str, str]
    credentials: tuple[str, ...]

    def new_key(self) -> str:
        """The name of a key that was not used before."""
        ...

    def refused(self) -> Mapping[str, str]:
        """An environment whose credentials the service refuses."""
        ...

    def unreachable(self) -> Mapping[str, str]:
        """An environment in which nobody answers."""
        ...


@dataclass
class BaoBench:
    server: Bao
    scheme: str = "vault-transit"
    credentials: tuple[str, ...] = (ROOT,)
    env: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.env = {"VAULT_ADDR": self.server.address, "VAULT_TOKEN": ROOT}

    def new_key(self) -> str:
        return "transit/" + self.server.key(f"key-{uuid.uuid4().hex}")

    def refused(self) -> Mapping[str, str]:
        return {**self.env, "VAULT_TOKEN": "a-token-that-nobody-gave"}

    def unreachable(self) -> Mapping[str, str]:
        return {**self.env, "VAULT_ADDR": f"http://127.0.0.1:{free_ports(1)[0]}"}


@dataclass
class KmsBench:
    server: Kms
    scheme: str = "aws-kms"
    credentials: tuple[str, ...] = ("key-of-a-test", "secret-of-a-test")
    env: Mapping[str, str] = field(init=False)
    client: Any = field(init=False)

    def __post_init__(self) -> None:
        self.env = self.server.env
        self.client = self.server.client()

    def new_key(self) -> str:
        return str(self.client.create_key()["KeyMetadata"]["Arn"])

    def refused(self) -> Mapping[str, str]:
        self.server.check_credentials(0)
        return self.env

    def unreachable(self) -> Mapping[str, str]:
        return {**self.env, "AWS_ENDPOINT_URL_KMS": f"http://127.0.0.1:{free_ports(1)[0]}"}


@dataclass
class KeyringBench:
    env: Mapping[str, str]
    scheme: str = "keyring"
    credentials: tuple[str, ...] = ("login password",)

    def new_key(self) -> str:
        return f"entry-{uuid.uuid4().hex}"

    def refused(self) -> Mapping[str, str]:
        return self.unreachable()

    def unreachable(self) -> Mapping[str, str]:
        return {**self.env, "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent/bus"}


@contextlib.contextmanager
def bench_of(scheme: str, folder: Path) -> Iterator[Bench]:
    """The service of this scheme, started; skips where it is not installed."""
    if scheme == "vault-transit":
        with openbao(folder) as bao:
            yield BaoBench(bao)
    elif scheme == "aws-kms":
        with kms(folder) as server:
            yield KmsBench(server)
    elif scheme == "keyring":
        with secret_service(folder) as env:
            yield KeyringBench(env)
    else:
        raise LookupError(f"no bench for the source '{scheme}': write one")
