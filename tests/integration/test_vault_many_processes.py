"""Several processes push into one vault, and pull from it, at the same moment."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from servers.contract import files_below
from workshops import DVC, Workshop

PEOPLE = 3
SHARED = {f"part-{n:02}.csv": b"id,word\n" + b"%d,shared\n" % n * 40 for n in range(60)}


def at_once(folders: Sequence[Path], *arguments: str) -> list[tuple[int, str]]:
    """``dvc ARGUMENTS`` in all folders at the same time; exit code and what was said of each."""
    processes = [
        subprocess.Popen(
            [DVC, *arguments],
            cwd=folder,
            env={**os.environ, "DVC_SITE_CACHE_DIR": str(folder / ".site")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for folder in folders
    ]
    said = [process.communicate(timeout=120)[0] for process in processes]
    return [(process.returncode, text) for process, text in zip(processes, said, strict=True)]


def with_data(shop: Workshop) -> list[Path]:
    """Clones that hold the same accepted data in their caches, none of which was pushed."""
    shop.track("data/shared", SHARED)
    for number in range(PEOPLE):
        shop.track(f"data/own-{number}.csv", b"id\n%d\n" % number * 5000)
    checked = shop.tdsec("check", "--all")
    assert checked.code == 0, checked.err
    assert shop.commit("data").code == 0
    clones = [shop.clone(f"clone-{number}") for number in range(PEOPLE)]
    for clone in clones:
        shutil.copytree(shop.root / ".dvc/cache", clone / ".dvc/cache")
    return clones


def test_same_objects_pushed_by_all(workshop: Workshop) -> None:
    """Each pushes everything: they race for every object, and whoever is last leaves a good one."""
    clones = with_data(workshop)
    answers = at_once(clones, "push")
    assert [code for code, _ in answers] == [0] * PEOPLE, answers
    assert len(workshop.objects()) == len(SHARED) + 1 + PEOPLE
    assert len(workshop.objects("manifests")) == 1
    assert not [path for path in workshop.stored() if path.suffix in (".tmp", ".part")]
    verified = workshop.tdsec("vault", "verify")
    assert verified.code == 0, verified.err
    fresh = workshop.clone("fresh")
    pulled = workshop.dvc("pull", folder=fresh)
    assert pulled.code == 0, pulled.err
    assert files_below(fresh / "data/shared") == SHARED


def test_each_pushes_its_own_and_all_pull_all(workshop: Workshop) -> None:
    clones = with_data(workshop)
    processes = [
        subprocess.Popen([DVC, "push", f"data/own-{number}.csv", "data/shared"], cwd=clone)
        for number, clone in enumerate(clones)
    ]
    assert [process.wait(120) for process in processes] == [0] * PEOPLE
    for clone in clones:
        shutil.rmtree(clone / ".dvc/cache")
    answers = at_once(clones, "pull")
    assert [code for code, _ in answers] == [0] * PEOPLE, answers
    for clone in clones:
        assert files_below(clone / "data/shared") == SHARED
        for number in range(PEOPLE):
            assert (clone / f"data/own-{number}.csv").read_bytes() == b"id\n%d\n" % number * 5000
