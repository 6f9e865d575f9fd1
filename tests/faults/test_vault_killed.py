"""kill -9 and a full disk in push and pull: no half object under a final name, and it resumes."""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from workshops import DVC, Workshop

from tdsec_gov.files import WorkTree
from tdsec_gov.keys.loading import load_identity
from tdsec_gov.vault.keyrings.keyring import Keyring, open_keyrings
from tdsec_gov.vault.keyrings.naming import Names
from tdsec_gov.vault.objects import objects

FILES = 24
SIZE = 3_000_000


def big(shop: Workshop) -> dict[str, bytes]:
    """A checked and committed folder that takes a while to move."""
    content = {f"part-{n:02}.bin": random.Random(n).randbytes(SIZE) for n in range(FILES)}
    shop.track("data/big", content)
    assert shop.tdsec("check", "data/big").code == 0
    assert shop.commit("big").code == 0
    return content


def killed_when(arguments: list[str], folder: Path, enough: Callable[[], bool]) -> bool:
    """Start dvc, kill it with all its children as soon as ``enough``; False when it ended before."""
    process = subprocess.Popen(
        [DVC, *arguments],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    while process.poll() is None and not enough():
        time.sleep(0.002)
    if process.poll() is not None:
        return False
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return True


def keyrings(shop: Workshop) -> list[Keyring]:
    me = load_identity()
    return open_keyrings(WorkTree(shop.root), "store", me, {me.keyid: me.verify_key})


def half_objects(shop: Workshop) -> list[Path]:
    """Objects under a name of this vault that do not open as what the name says."""
    rings = keyrings(shop)
    names, bad = Names(rings[0].name_key), []
    for path in shop.objects():
        name = "".join(path.parts[-2:])
        oid = names.to_oid(name)
        if oid is None:
            continue  # a temporary file of the uploader
        digest = hashlib.md5()
        with path.open("rb") as source:
            try:
                objects.unseal(source, digest.update, rings, name)
            except Exception:  # noqa: BLE001 - whatever it is, it is not whole
                bad.append(path)
                continue
        if digest.hexdigest() != oid.removesuffix(".dir"):
            bad.append(path)
    return bad


def half_files(cache: Path) -> list[Path]:
    """Cache objects under a final name whose bytes are others."""
    found = (p for p in (cache / "files" / "md5").rglob("*") if p.is_file() and len(p.parent.name) == 2)
    return [
        p
        for p in found
        if len(p.name.removesuffix(".dir")) == 30
        and hashlib.md5(p.read_bytes()).hexdigest() != p.parent.name + p.name.removesuffix(".dir")
    ]


@pytest.mark.parametrize(
    "after", [1, pytest.param(8, marks=pytest.mark.slow), pytest.param(16, marks=pytest.mark.slow)]
)
def test_push_is_killed_and_resumes(workshop: Workshop, after: int) -> None:
    content = big(workshop)
    struck = killed_when(["push", "-j", "2"], workshop.root, lambda: len(workshop.objects()) >= after)
    assert struck, "dvc push was too quick to be killed"
    assert len(workshop.objects()) < FILES + 1
    assert half_objects(workshop) == []
    sent = workshop.dvc("push")
    assert sent.code == 0, sent.err
    assert half_objects(workshop) == []
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

    assert killed_when(["pull", "-j", "2"], clone, begun), "dvc pull was too quick to be killed"
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
        assert half_objects(workshop) == []
        kept = workshop.base / "kept"
        shutil.copytree(workshop.storage, kept)
    shutil.copytree(kept, workshop.storage, dirs_exist_ok=True)
    assert workshop.dvc("push").code == 0
    assert half_objects(workshop) == [] and len(workshop.objects()) == len(content) + 1


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
