"""What a vault does over every inner remote. A test class per server inherits it and starts the server."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest
from workshops import FOLDER, ROWS, Workshop

from servers.place import Place

WORDS = (b"row-number", b"id,word,label", b"rows.csv", b"folder", b"deep", "漢字".encode())
"""What stands in the data, in its paths and in its column names."""


class AnyServer(Protocol):
    def place(self) -> Place: ...


def live_on(place: Place, root: Path) -> None:
    """Tell one clone where the inner remote is and how to log in: DVC's own options, in its own file."""
    (root / ".dvc" / "config.local").write_text(place.config)


def clone_of(shop: Workshop, place: Place, name: str = "clone") -> Path:
    """A fresh clone without cache."""
    target = shop.base / name
    assert shop.git("clone", "-q", str(shop.root), str(target), folder=shop.base).code == 0
    live_on(place, target)
    return target


def files_below(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def objects_of(place: Place) -> list[str]:
    return [name for name in place.shelf.names() if "/objects/" in name]


def by_size(place: Place) -> list[str]:
    """Objects, the largest last: the 200 KB member of ``data/folder``; before it ``data/rows.csv``."""
    return sorted(objects_of(place), key=lambda name: len(place.shelf.read(name)))


def flip(place: Place) -> None:
    """One bit in the middle."""
    name = by_size(place)[-1]
    data = bytearray(place.shelf.read(name))
    data[len(data) // 2] ^= 1
    place.shelf.write(name, bytes(data))


def cut(place: Place) -> None:
    """The last byte is gone."""
    name = by_size(place)[-1]
    place.shelf.write(name, place.shelf.read(name)[:-1])


def swap(place: Place) -> None:
    """Two good objects of the same vault change places."""
    *_, first, second = by_size(place)
    one, other = place.shelf.read(first), place.shelf.read(second)
    place.shelf.write(first, other)
    place.shelf.write(second, one)


class VaultOnServer:
    """Inherit, and give a fixture ``server``."""

    @pytest.fixture
    def place(self, server: AnyServer) -> Place:
        return server.place()

    @pytest.fixture
    def shop(self, workshop: Workshop, place: Place) -> Workshop:
        """A repository whose vault lies on the server, empty."""
        live_on(place, workshop.root)
        return workshop

    @pytest.fixture
    def filled(self, pushed: Workshop, place: Place) -> Workshop:
        """The same with two datasets in the vault: another storage's files were copied to the server."""
        place.fill(pushed.storage)
        shutil.rmtree(pushed.storage)
        live_on(place, pushed.root)
        return pushed

    def test_there_and_back(self, shop: Workshop, place: Place) -> None:
        shop.track("data/rows.csv", ROWS)
        shop.track("data/folder", FOLDER)
        assert shop.tdsec("check", "--all").code == 0
        assert shop.commit("data").code == 0
        sent = shop.dvc("push")
        assert sent.code == 0, sent.err
        stored = place.stored()
        self._tells_nothing(shop, stored)
        again = shop.dvc("push")
        assert again.code == 0 and "up to date" in again.out
        assert place.stored() == stored, "a second push writes nothing"

        clone = clone_of(shop, place)
        pulled = shop.dvc("pull", folder=clone)
        assert pulled.code == 0, pulled.err
        assert (clone / "data/rows.csv").read_bytes() == ROWS
        assert files_below(clone / "data/folder") == FOLDER
        synced = shop.dvc("status", "-c", folder=clone)
        assert synced.code == 0 and "in sync" in synced.out

    def _tells_nothing(self, shop: Workshop, stored: dict[str, bytes]) -> None:
        """No row, path or DVC checksum in a byte or a name; everything in our own folder; nothing twice."""
        oids = [shop.store(content) for content in (ROWS, *FOLDER.values())]
        secrets = [*WORDS]
        for oid in oids:
            secrets += [oid.encode(), oid[2:].encode(), bytes.fromhex(oid)]
        for name, data in stored.items():
            flat = name.replace("/", "").encode()
            assert name.startswith("tdsec-v1/")
            assert not [secret for secret in secrets if secret in data or secret in flat]
        assert len([name for name in stored if "/objects/" in name]) == len(set(oids)) + 1

    def test_gc_takes_the_old_version_only(self, filled: Workshop, place: Place) -> None:
        before = set(objects_of(place))
        old = by_size(place)[-2]
        newer = ROWS + b"400,row-number-400,0\n"
        filled.track("data/rows.csv", newer)
        assert filled.tdsec("check", "data/rows.csv").code == 0
        assert filled.commit("newer").code == 0
        sent = filled.dvc("push", "data/rows.csv")
        assert sent.code == 0 and "1 file pushed" in sent.out, sent.err
        (added,) = set(objects_of(place)) - before
        cleaned = filled.dvc("gc", "-c", "-w", "-f")
        assert cleaned.code == 0, cleaned.err
        assert set(objects_of(place)) == before - {old} | {added}
        clone = clone_of(filled, place)
        pulled = filled.dvc("pull", folder=clone)
        assert pulled.code == 0, pulled.err
        assert (clone / "data/rows.csv").read_bytes() == newer
        assert files_below(clone / "data/folder") == FOLDER

    @pytest.mark.parametrize("tamper", [flip, cut, swap])
    def test_a_changed_object_is_refused(
        self, filled: Workshop, place: Place, tamper: Callable[[Place], None]
    ) -> None:
        tamper(place)
        clone = clone_of(filled, place)
        pulled = filled.dvc("pull", "data/folder", folder=clone)
        assert pulled.code != 0 and "tdsec refused" in pulled.err, pulled.err
        assert "data/folder" in pulled.err, pulled.err
        assert "Traceback" not in pulled.err and "unexpected error" not in pulled.err, pulled.err
        assert not (clone / "data/folder").exists()
        cached = files_below(clone / ".dvc/cache")
        assert FOLDER["deep/er/b.csv"] not in cached.values()
        assert not [name for name in cached if "tdsec-part" in name]

    def test_a_large_object_travels_in_pieces(self, shop: Workshop, place: Place) -> None:
        """Also one that ends where a piece ends; one that was cut or changed late leaves nothing."""
        large = random.Random(11).randbytes(9 << 20)
        shop.track("data/large.bin", large)
        assert shop.tdsec("check", "--all").code == 0
        assert shop.commit("large").code == 0
        sent = shop.dvc("push")
        assert sent.code == 0, sent.err
        (name,) = objects_of(place)
        sealed = place.shelf.read(name)
        assert large[1 << 20 : (1 << 20) + 64] not in sealed
        clone = clone_of(shop, place)
        pulled = shop.dvc("pull", folder=clone)
        assert pulled.code == 0, pulled.err
        assert (clone / "data/large.bin").read_bytes() == large
        changed = bytearray(sealed)
        changed[-2_000_000] ^= 1
        for bad in (sealed[: 8 << 20], bytes(changed)):
            place.shelf.write(name, bad)
            again = clone_of(shop, place, f"again-{len(bad)}")
            refused = shop.dvc("pull", folder=again)
            assert refused.code != 0 and "data/large.bin" in refused.err, refused.err
            assert not (again / "data/large.bin").exists()
            assert not [one for one, data in files_below(again / ".dvc/cache").items() if len(data) > 1 << 20]

    def test_plaintext_does_not_get_in_beside_the_vault(self, filled: Workshop, place: Place) -> None:
        before = place.stored()
        sent = filled.dvc("push", "-r", "store")
        assert sent.code != 0 and "is the storage inside the vault" in sent.err, sent.err
        assert place.stored() == before
