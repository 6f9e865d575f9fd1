"""DVC's own plugin suite, ``dvc.testing``, unchanged, on vaults over five kinds of inner remote."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from deviations import NO_VERSIONS
from dvc.testing.api_tests import TestAPI  # noqa: F401 - collected here
from dvc.testing.remote_tests import TestRemote, TestRemoteVersionAware, TestRemoteWorktree  # noqa: F401
from dvc.testing.workspace_tests import TestGetUrl, TestImportURLVersionAware, TestLsUrl, TestToRemote  # noqa: F401
from dvc.testing.workspace_tests import TestImport as _TestImport
from servers.moto import moto
from servers.place import DiskServer, Place, S3Server
from servers.sshd import sshd
from servers.swift import swift
from servers.webdav import webdav


@contextlib.contextmanager
def in_a_folder(folder: Path) -> Iterator[DiskServer]:
    """No server at all: a folder."""
    yield DiskServer(str(folder), {}, folder)


Start = Callable[[Path], contextlib.AbstractContextManager[DiskServer | S3Server]]
STARTS: dict[str, Start] = {
    "folder": in_a_folder,
    "ssh": sshd,
    "webdav": webdav,
    "swift": swift,
    "moto": moto,
}


def _slow(name: str) -> object:
    return pytest.param(name, marks=[pytest.mark.slow, pytest.mark.xdist_group(f"suite-{name}")], id=name)


SERVERS = [
    pytest.param("folder", marks=pytest.mark.xdist_group("suite-folder"), id="folder"),
    *map(_slow, ("ssh", "webdav", "swift", "moto")),
]


@pytest.fixture(scope="module", params=SERVERS)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DiskServer | S3Server]:
    with STARTS[request.param](tmp_path_factory.mktemp(request.param)) as running:
        yield running


@pytest.fixture
def place(server: DiskServer | S3Server) -> Place:
    """An empty inner remote for each test; on S3 in the bucket that keeps versions."""
    return server.place(versions=True) if isinstance(server, S3Server) else server.place()


@pytest.fixture
def versions(server: DiskServer | S3Server) -> None:
    if not isinstance(server, S3Server):
        pytest.skip(NO_VERSIONS)


class TestImport(_TestImport):
    """The suite leaves three values to each plugin; ours are those of a plain folder as workspace."""

    @pytest.fixture
    def stage_md5(self) -> str:
        return "7033ee831f78a4dfec2fc71405516067"

    @pytest.fixture
    def dir_md5(self) -> str:
        return "b6dcab6ccd17ca0a8bf4a215a37d14cc.dir"

    @pytest.fixture
    def is_object_storage(self) -> bool:
        return False
