"""kill -9 and a full disk in push and pull: no half object under a final name, and it resumes."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from killing import (
    chance,
    half_files,
    half_objects,
    killed_after,
    killed_when,
    leftovers,
    started,
    whole_objects,
)
from workshops import DVC, Workshop

from tdsec_gov.files import WorkTree
from tdsec_gov.keys.loading import load_identity
from tdsec_gov.vault.keyrings.keyring import Keyring, open_keyrings

FILES = 24
SIZE = 3_000_000


def big(shop: Workshop) -> dict[str, bytes]:
    """A checked and committed folder that takes a while to move."""
    content = {f"part-{n:02}.bin": random.Random(n).randbytes(SIZE) for n in range(FILES)}
    shop.track("data/big", content)
    assert shop.tdsec("check", "data/big").code == 0
    assert shop.commit("big").code == 0
    return content


def keyrings(shop: Workshop) -> list[Keyring]:
    me = load_identity()
    return open_keyrings(WorkTree(shop.root), "store", me, {me.keyid: me.verify_key})


@pytest.mark.parametrize(
    "after", [1, pytest.param(8, marks=pytest.mark.slow), pytest.param(16, marks=pytest.mark.slow)]
)
def test_push_is_killed_and_resumes(workshop: Workshop, after: int) -> None:
    content = big(workshop)
    struck = killed_when([DVC, "push", "-j", "2"], workshop.root, lambda: len(workshop.objects()) >= after)
    assert struck, "dvc push was too quick to be killed"
    assert len(workshop.objects()) < FILES + 1
    assert half_objects(workshop, keyrings(workshop)) == []
    sent = workshop.dvc("push")
    assert sent.code == 0, sent.err
    assert half_objects(workshop, keyrings(workshop)) == []
    clone = workshop.clone()
    pulled = workshop.dvc("pull", folder=clone)
    assert pulled.code == 0, pulled.err
    assert {p.name: p.read_bytes() for p in (clone / "data/big").iterdir()} == content
    assert workshop.tdsec("audit", "verify").code == 0


@pytest.mark.parametrize(
    "after", [1, pytest.param(8, marks=pytest.mark.slow), pytest.param(16, marks=pytest.mark.slow)]
)
def test_pull_is_killed_and_resumes(workshop: Workshop, after: int) -> None:
    content = big(workshop)
    assert workshop.dvc("push").code == 0
    clone = workshop.clone()
    cache = clone / ".dvc" / "cache"

    def begun() -> bool:
        return sum(1 for p in cache.rglob("*") if p.is_file()) >= after

    assert killed_when([DVC, "pull", "-j", "2"], clone, begun), "dvc pull was too quick to be killed"
    assert half_files(cache) == []
    assert not (clone / "data/big").exists() or not any(
        p.read_bytes() != content[p.name] for p in (clone / "data/big").glob("part-*.bin")
    )
    pulled = workshop.dvc("pull", folder=clone)
    assert pulled.code == 0, pulled.err
    assert half_files(cache) == []
    assert {p.name: p.read_bytes() for p in (clone / "data/big").iterdir()} == content


@contextlib.contextmanager
def small_disk(at: Path, size: str) -> Iterator[None]:
    """A tmpfs of this size, where one may be mounted."""
    at.mkdir(parents=True, exist_ok=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", at], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("tmpfs cannot be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", at], check=True)


def test_storage_is_full(workshop: Workshop) -> None:
    """The storage takes a few objects, then nothing: what it has is whole, and later it goes on."""
    content = big(workshop)
    with small_disk(workshop.storage, "20m"):
        sent = workshop.dvc("push")
        assert sent.code != 0 and "Traceback" not in sent.err
        assert half_objects(workshop, keyrings(workshop)) == []
        kept = workshop.base / "kept"
        shutil.copytree(workshop.storage, kept)
    shutil.copytree(kept, workshop.storage, dirs_exist_ok=True)
    assert workshop.dvc("push").code == 0
    assert half_objects(workshop, keyrings(workshop)) == [] and len(workshop.objects()) == len(content) + 1


def test_disk_of_the_puller_is_full(workshop: Workshop) -> None:
    big(workshop)
    assert workshop.dvc("push").code == 0
    clone = workshop.clone()
    cache = clone / ".dvc" / "cache"
    with small_disk(cache, "20m"):
        pulled = workshop.dvc("pull", folder=clone)
        assert pulled.code != 0 and "Traceback" not in pulled.err
        assert half_files(cache) == []
        assert not list(cache.rglob("*.tdsec-part"))
    assert not list((clone / "data").glob("big/*"))


KILLS = int(os.environ.get("TDSEC_KILLS") or 50)


def seconds_of(shop: Workshop, *arguments: str, folder: Path) -> float:
    """How long a command takes that nobody kills."""
    began = time.monotonic()
    assert started([DVC, *arguments], folder).wait() == 0
    return time.monotonic() - began


def moments(longest: float, count: int) -> list[float]:
    """Random moments, most of them when DVC has loaded its modules."""
    dice = chance()
    return [dice.uniform(0 if dice.random() < 0.2 else longest / 3, longest) for _ in range(count)]


@pytest.mark.slow
def test_push_survives_fifty_random_kills(workshop: Workshop) -> None:
    """After each kill whole objects only, the same keyring, and now and then a second run that completes."""
    content = big(workshop)
    rings = keyrings(workshop)
    longest = seconds_of(workshop, "push", folder=workshop.root)
    struck = completed = 0
    for number, moment in enumerate(moments(longest, 4 * KILLS)):
        if struck == KILLS:
            break
        if number % 5 == 0:
            shutil.rmtree(workshop.storage)
            shutil.rmtree(os.environ["DVC_SITE_CACHE_DIR"], ignore_errors=True)  # DVC's list of what is there
            workshop.storage.mkdir()
        struck += killed_after(moment, [DVC, "push"], workshop.root)
        assert half_objects(workshop, rings) == []
        assert keyrings(workshop) == rings
        if number % 5 == 4:
            sent = workshop.dvc("push")
            assert sent.code == 0, sent.err
            assert half_objects(workshop, rings) == []
            assert whole_objects(workshop, rings) == len(content) + 1
            completed += 1
    assert struck == KILLS and completed >= KILLS // 5
    assert workshop.dvc("push").code == 0
    clone = workshop.clone()
    assert (pulled := workshop.dvc("pull", folder=clone)).code == 0, pulled.err
    assert {p.name: p.read_bytes() for p in (clone / "data/big").iterdir()} == content
    assert workshop.tdsec("vault", "verify").code == 0
    assert workshop.tdsec("audit", "verify").code == 0


@pytest.mark.slow
def test_pull_survives_fifty_random_kills(workshop: Workshop) -> None:
    """After each kill whole files only; the next pull completes and leaves no part of a download behind."""
    content = big(workshop)
    assert workshop.dvc("push").code == 0
    clone = workshop.clone()
    cache = clone / ".dvc/cache"
    longest = seconds_of(workshop, "pull", folder=clone)
    struck = completed = 0
    for number, moment in enumerate(moments(longest, 4 * KILLS)):
        if struck == KILLS:
            break
        if number % 5 == 0:
            shutil.rmtree(cache)
            shutil.rmtree(clone / "data/big", ignore_errors=True)
        struck += killed_after(moment, [DVC, "pull"], clone)
        assert half_files(cache) == []
        assert all(p.read_bytes() == content[p.name] for p in (clone / "data/big").glob("part-??.bin"))
        if number % 5 == 4:
            pulled = workshop.dvc("pull", folder=clone)
            assert pulled.code == 0, pulled.err
            assert {p.name: p.read_bytes() for p in (clone / "data/big").iterdir()} == content
            assert leftovers(cache) == [] and half_files(cache) == []
            completed += 1
    assert struck == KILLS and completed >= KILLS // 5
    assert (pulled := workshop.dvc("pull", "--force", folder=clone)).code == 0, pulled.err
    assert leftovers(cache) == []
    assert workshop.tdsec("audit", "verify", folder=clone).code == 0
