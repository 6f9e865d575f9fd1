"""kill -9 at any moment of an eager rotation: no half object, no lost key, and it always goes on."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from killing import chance, half_objects, killed_after, killed_when, started, whole_objects
from workshops import Workshop

from tdsec_gov.errors import KeyUnavailable
from tdsec_gov.keys.age import file as age_file
from tdsec_gov.keys.loading import load_identity
from tdsec_gov.vault.keyrings.keyring import Keyring
from tdsec_gov.vault.objects import objects

FILES, SIZE = 16, 1_500_000
JOURNAL, INTENT = ".git/tdsec-rotation", ".git/tdsec-change"


@pytest.fixture(scope="module")
def sealed_template(workshop_template: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """A pushed folder that takes a while to seal anew."""
    from workshops import living_in

    shop = workshop_template.copy_to(tmp_path_factory.mktemp("sealed"))
    with living_in(shop.base):
        content = {f"part-{n:02}.bin": random.Random(n).randbytes(SIZE + n) for n in range(FILES)}
        shop.track("data/big", content)
        assert shop.tdsec("check", "data/big").code == 0 and shop.commit("big").code == 0
        sent = shop.dvc("push")
        assert sent.code == 0, sent.err
    return shop


@pytest.fixture
def sealed(sealed_template: Workshop, workshop: Workshop, tmp_path: Path) -> Workshop:
    return sealed_template.copy_to(tmp_path / "sealed")


def rotating(shop: Workshop) -> list[str]:
    command = [sys.executable, "-m", "tdsec_gov.cli.main", "--repo", str(shop.root)]
    return [*command, "vault", "rotate", "--eager", "-j", "2"]


def killed(shop: Workshop, enough: Callable[[], bool]) -> bool:
    return killed_when(rotating(shop), shop.root, enough)


def keyrings(shop: Workshop) -> list[Keyring]:
    """Every keyring that is anywhere: in the work tree, or among the copies in git's folder."""
    me = load_identity()
    folders = (shop.root / ".tdsec/vaults/store", shop.root / ".git/tdsec-keyrings/store")
    found = {}
    for path in (one for folder in folders if folder.is_dir() for one in folder.glob("keyring-*.age")):
        try:
            ring = Keyring.from_bytes(age_file.decrypt_bytes(path.read_bytes(), me.age_identities))
        except KeyUnavailable:
            pytest.fail(f"{path} does not open")
        found[ring.epoch, str(ring.recipient)] = ring
    return list(found.values())


def require_whole(shop: Workshop, count: int) -> None:
    """Every final name holds a whole object that some keyring opens, and none is missing."""
    rings = keyrings(shop)
    assert half_objects(shop, rings) == []
    assert whole_objects(shop, rings) == count


def epochs_of(shop: Workshop) -> set[int]:
    found = set()
    for path in shop.objects() + shop.objects("manifests"):
        head, name = path.read_bytes()[:4096], "".join(path.parts[-2:])
        found |= {epoch for epoch in range(1, 99) if objects.binding("store", epoch, name).to_bytes() in head}
    return found


def require_resumable(shop: Workshop) -> None:
    """The same command finishes what was begun: one epoch on the storage, and verify agrees."""
    resumed = shop.tdsec("vault", "rotate", "--resume")
    assert resumed.code == 0, resumed.err
    assert not (shop.root / JOURNAL).exists() and not (shop.root / INTENT).exists()
    newest = max(ring.epoch for ring in keyrings(shop))
    status = shop.tdsec("vault", "status")
    assert status.code == 0 and "interrupted" not in status.out
    assert epochs_of(shop) <= {newest, newest - 1} and len(epochs_of(shop)) == 1


@pytest.mark.parametrize("moment", ["journal", "intent", "objects"])
def test_rotation_is_killed_and_resumes(sealed: Workshop, moment: str) -> None:
    count = len(sealed.objects())
    before = {path: path.stat().st_mtime_ns for path in sealed.objects()}

    def renewed(path: Path) -> bool:
        return path.stat().st_mtime_ns != before[path]

    def enough() -> bool:
        if moment == "objects":
            return sum(map(renewed, before)) >= 4
        return (sealed.root / (JOURNAL if moment == "journal" else INTENT)).exists()

    assert killed(sealed, enough), "the rotation was too quick to be killed"
    require_whole(sealed, count)
    if moment == "objects":
        assert epochs_of(sealed) == {1, 2}, "it was in the middle"
    require_resumable(sealed)
    require_whole(sealed, count)
    verified = sealed.tdsec("vault", "verify")
    assert verified.code == 0, verified.err


@pytest.mark.slow
def test_fifty_random_kills(sealed: Workshop) -> None:
    count, dice = len(sealed.objects()), chance()
    began = time.monotonic()
    assert started(rotating(sealed), sealed.root).wait() == 0
    longest = time.monotonic() - began
    struck = 0
    while struck < 50:
        if dice.random() < 0.5:
            hit = killed_after(dice.uniform(0, longest), rotating(sealed), sealed.root)
        else:
            hit = killed(sealed, lambda: (sealed.root / JOURNAL).exists())
            if hit and dice.random() < 0.8:
                hit = killed_after(dice.uniform(0, longest), rotating(sealed), sealed.root)
        struck += hit
        require_whole(sealed, count)
        if dice.random() < 0.3:
            require_resumable(sealed)
            (sealed.root / ".git/index.lock").unlink(missing_ok=True)  # as git tells its users
            assert sealed.commit("rotated", "--no-verify", "--allow-empty").code == 0
    require_resumable(sealed)
    require_whole(sealed, count)
    assert sealed.tdsec("vault", "verify").code == 0
    assert sealed.tdsec("audit", "verify").code == 0
