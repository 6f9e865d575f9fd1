"""The vault over WebDAV."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from servers.contract import VaultOnServer
from servers.place import DiskServer
from servers.webdav import webdav


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DiskServer]:
    with webdav(tmp_path_factory.mktemp("webdav")) as server:
        yield server


@pytest.mark.xdist_group("webdav")
class TestVaultOverWebdav(VaultOnServer):
    """Everything in the contract."""
