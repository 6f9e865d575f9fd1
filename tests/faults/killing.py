"""Kill a command with all its children at a moment, and look at what it left in storage and cache."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from workshops import Workshop

from tdsec_gov.errors import TdsecError
from tdsec_gov.vault.keyrings.keyring import Keyring
from tdsec_gov.vault.keyrings.naming import Names
from tdsec_gov.vault.objects import objects


def started(command: Sequence[str | Path], folder: Path) -> subprocess.Popen[bytes]:
    """The command in a session of its own, so that its children die with it."""
    return subprocess.Popen(
        [str(one) for one in command],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def killed_when(command: Sequence[str | Path], folder: Path, enough: Callable[[], bool]) -> bool:
    """Start ``command``, kill it as soon as ``enough``; False when it ended before."""
    process = started(command, folder)
    while process.poll() is None and not enough():
        time.sleep(0.001)
    if process.poll() is not None:
        return False
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return True


def killed_after(seconds: float, command: Sequence[str | Path], folder: Path) -> bool:
    """As :func:`killed_when`, some seconds after the start."""
    until = time.monotonic() + seconds
    return killed_when(command, folder, lambda: time.monotonic() > until)


def chance() -> random.Random:
    """Random moments; the seed is printed, and ``TDSEC_SEED`` repeats it."""
    seed = int(os.environ.get("TDSEC_SEED") or random.SystemRandom().randrange(1 << 32))
    print(f"TDSEC_SEED={seed}")
    return random.Random(seed)


def half_objects(shop: Workshop, rings: Sequence[Keyring]) -> list[Path]:
    """Objects under a name of this vault that do not open as what the name says."""
    return [path for path, whole in _looked_at(shop, rings) if not whole]


def whole_objects(shop: Workshop, rings: Sequence[Keyring]) -> int:
    """How many are whole."""
    return sum(whole for _, whole in _looked_at(shop, rings))


def _looked_at(shop: Workshop, rings: Sequence[Keyring]) -> list[tuple[Path, bool]]:
    names, found = Names(rings[0].name_key), []
    for path in shop.objects():
        name = "".join(path.parts[-2:])
        oid = names.to_oid(name)
        if oid is None:
            assert path.name.endswith(".tmp"), f"neither an object nor an unfinished upload: {path}"
            continue
        digest = hashlib.md5()
        try:
            with path.open("rb") as source:
                objects.unseal(source, digest.update, rings, name)
        except TdsecError:
            found.append((path, False))
        else:
            found.append((path, digest.hexdigest() == oid.removesuffix(".dir")))
    return found


def half_files(cache: Path) -> list[Path]:
    """Cache objects under a final name whose bytes are others."""
    found = (p for p in (cache / "files" / "md5").rglob("*") if p.is_file() and len(p.parent.name) == 2)
    return [
        p
        for p in found
        if len(p.name.removesuffix(".dir")) == 30
        and hashlib.md5(p.read_bytes()).hexdigest() != p.parent.name + p.name.removesuffix(".dir")
    ]


def leftovers(folder: Path) -> list[Path]:
    """Our parts of downloads that nobody will finish. (DVC's own ``.tmp`` files stay in its cache until
    ``dvc gc``, with any remote.)"""
    names = ("*.tdsec-part", ".tdsec-*")
    return sorted({path for name in names for path in folder.rglob(name) if path.is_file()})
