"""The vault over S3: OpenStack Swift, a real store, and moto, a mock beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from servers.contract import VaultOnServer, clone_of, live_on
from servers.moto import moto
from servers.place import Place, S3Server
from servers.swift import swift
from workshops import Workshop

MANY = {f"part-{n:02}.csv": b"id,word\n%d,word-%d\n" % (n, n) for n in range(40)}


@pytest.fixture(scope="module")
def swift_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with swift(tmp_path_factory.mktemp("swift")) as server:
        yield server


@pytest.fixture(scope="module")
def moto_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with moto(tmp_path_factory.mktemp("moto")) as server:
        yield server


@pytest.mark.xdist_group("swift")
class TestVaultOverSwift(VaultOnServer):
    """Everything in the contract."""

    @pytest.fixture
    def server(self, swift_server: S3Server) -> S3Server:
        return swift_server


@pytest.mark.slow
@pytest.mark.xdist_group("moto")
class TestVaultOverMoto(VaultOnServer):
    """Everything in the contract."""

    @pytest.fixture
    def server(self, moto_server: S3Server) -> S3Server:
        return moto_server


def methods(server: S3Server, since: int) -> Counter[str]:
    """How many requests of each method came in since then."""
    return Counter(request.split()[0] for request in server.requests()[since:])


def cost(server: S3Server, shop: Workshop, place: Place) -> tuple[Counter[str], Counter[str]]:
    """Requests of one push and of one fetch into an empty cache."""
    since = len(server.requests())
    assert (sent := shop.dvc("push")).code == 0, sent.err
    pushed = methods(server, since)
    clone = clone_of(shop, place, f"clone-{place.url[-8:]}")
    since = len(server.requests())
    assert (got := shop.dvc("fetch", folder=clone)).code == 0, got.err
    return pushed, methods(server, since)


@pytest.mark.xdist_group("swift")
def test_no_request_more_per_object_than_stock_dvc(workshop: Workshop, swift_server: S3Server) -> None:
    """40 objects and their list; a vault may cost some requests more in all, not one per object."""
    workshop.track("data/many", MANY)
    assert workshop.tdsec("check", "--all").code == 0
    assert workshop.commit("data").code == 0
    ours = swift_server.place()
    live_on(ours, workshop.root)
    vault = cost(swift_server, workshop, ours)

    assert workshop.dvc("remote", "add", "-d", "-f", "plain", "s3://elsewhere").code == 0
    assert workshop.dvc("remote", "remove", "vault").code == 0
    assert workshop.commit("stock").code == 0
    theirs = swift_server.place()
    plain = Place(theirs.url, theirs.options, theirs.shelf, remote="plain")
    live_on(plain, workshop.root)
    stock = cost(swift_server, workshop, plain)
    for step, our, their in zip(("push", "fetch"), vault, stock, strict=True):
        assert their["PUT" if step == "push" else "GET"] >= len(MANY), (step, their)
        assert our.total() - their.total() < len(MANY) // 2, (step, dict(our), dict(their))
