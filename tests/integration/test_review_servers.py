"""Review requests over inner remotes that are no folder: sent, taken, answered, fetched, closed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from reviewing import Team, prepare
from servers.contract import AnyServer, live_on
from servers.moto import moto
from servers.sshd import sshd
from servers.webdav import webdav
from workshops import FOLDER, Workshop, living_in

SERVERS = {"ssh": sshd, "webdav": webdav, "s3": moto}


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AnyServer]:
    with ExitStack() as stack:
        yield stack.enter_context(SERVERS[request.param](tmp_path_factory.mktemp(request.param)))


@pytest.mark.xdist_group("sshd")
def test_there_and_back(server: AnyServer, workshop_template: Workshop, tmp_path: Path) -> None:
    with living_in(tmp_path):
        team, place = Team(prepare(workshop_template.copy_to(tmp_path))), server.place()
        shop = team.shop
        for root in (shop.root, team.clone("carol")):
            live_on(place, root)
        shop.track("two/f", FOLDER)
        assert shop.tdsec("check", "two/f").code == 0
        id = team.send("two/f")
        names = [name for name in place.shelf.names() if f"/review/{id}/" in name]
        assert len(names) == 2 and not [name for name in place.shelf.names() if name.endswith(".tmp")]
        assert id in team.as_("carol", "review", "list").out
        taken = team.as_("carol", "--json", "review", "take", id)
        assert taken.code == 0, taken.err
        at = Path(json.loads(taken.out)["files_at"])
        assert {p.relative_to(at).as_posix(): p.read_bytes() for p in at.rglob("*") if p.is_file()} == FOLDER
        assert team.as_("carol", "cosign", "--review", id).code == 0
        assert shop.tdsec("review", "fetch-answers").code == 0
        looked = json.loads(shop.tdsec("--json", "vault", "verify").out)
        assert looked["counts"]["review"] == 3
        assert shop.dvc("push").code == 0
        assert shop.tdsec("review", "close", id).code == 0
        assert not [name for name in place.shelf.names() if "/review/" in name]
        assert "no review request" in team.as_("carol", "review", "list").out
