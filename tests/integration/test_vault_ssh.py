"""The vault over OpenSSH's sshd."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from servers.contract import VaultOnServer
from servers.place import DiskServer
from servers.sshd import sshd


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DiskServer]:
    with sshd(tmp_path_factory.mktemp("sshd")) as server:
        yield server


@pytest.mark.xdist_group("sshd")
class TestVaultOverSsh(VaultOnServer):
    """Everything in the contract."""
