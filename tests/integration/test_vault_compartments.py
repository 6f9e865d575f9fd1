"""Compartments: datasets of one vault with keys, readers and writers of their own."""

from __future__ import annotations

import os

import pytest
from workshops import FOLDER, ROWS, Workshop, isolated, person, vaults

from tdsec_gov.keys.loading import identity_path

PATIENTS = {"one.csv": b"id,label\n1,0\n" * 9, "two.csv": b"id,label\n2,1\n", "shared.csv": FOLDER["a.csv"]}


@pytest.fixture
def divided(workshop: Workshop) -> tuple[Workshop, dict[str, dict[str, str]]]:
    """bob reads the vault, carol its patients, dave may only bring patients in."""
    people = {name: person(workshop, name) for name in ("bob", "carol", "dave")}
    vaults(
        workshop,
        "  store:\n    readers: [bob]\n    compartments:\n"
        "      - {name: patients, match: ['data/patients/**'], readers: [carol], writers: [dave]}",
    )
    sealed = workshop.tdsec("vault", "rewrap")
    assert sealed.code == 0, sealed.err
    workshop.track("data/rows.csv", ROWS)
    workshop.track("data/folder", FOLDER)
    workshop.track("data/patients/2026", PATIENTS)
    checked = workshop.tdsec("check", "--all")
    assert checked.code == 0, checked.out + checked.err
    assert workshop.commit("data").code == 0
    sent = workshop.dvc("push")
    assert sent.code == 0, sent.err
    return workshop, people


def test_each_reads_what_is_theirs(divided: tuple[Workshop, dict[str, dict[str, str]]]) -> None:
    shop, people = divided
    for name, mine, others in (
        ("bob", ("data/rows.csv", "data/folder"), "data/patients/2026"),
        ("carol", ("data/patients/2026",), "data/rows.csv"),
    ):
        clone = shop.clone(f"clone-{name}")
        pulled = shop.dvc("pull", *mine, folder=clone, env=people[name])
        assert pulled.code == 0, (name, pulled.err)
        refused = shop.dvc("pull", others, folder=clone, env=people[name])
        assert refused.code != 0 and not (clone / others).is_file(), (name, refused.err)
        assert f"'{name}' may not read vault 'store" in refused.err, refused.err
        assert "Traceback" not in refused.err
    everything = shop.clone("clone-alice")
    assert shop.dvc("pull", folder=everything).code == 0
    assert (everything / "data/patients/2026/one.csv").read_bytes() == PATIENTS["one.csv"]


def test_rooms_share_no_object_and_no_name(divided: tuple[Workshop, dict[str, dict[str, str]]]) -> None:
    """The file that is in both rooms lies there twice, each under keys and a name of its own."""
    shop, _ = divided
    rooms = [path for path in (shop.storage / "tdsec-v1").iterdir() if (path / "objects").is_dir()]
    assert len(rooms) == 1 and "patients" not in rooms[0].name
    inside = sorted(path for path in (rooms[0] / "objects").rglob("*") if path.is_file())
    assert len(inside) == len(PATIENTS) + 1
    assert not {p.name for p in inside} & {p.name for p in shop.objects()}
    again = shop.dvc("push")
    assert again.code == 0 and "up to date" in again.out
    assert "in sync" in shop.dvc("status", "-c").out


def test_a_room_that_lacks_an_object_gets_it(divided: tuple[Workshop, dict[str, dict[str, str]]]) -> None:
    """That another room holds the same bytes does not make this room complete."""
    shop, people = divided
    room = next(path for path in (shop.storage / "tdsec-v1").iterdir() if (path / "objects").is_dir())
    before = {path: path.stat().st_size for path in room.rglob("*") if path.is_file()}
    for path in before:
        path.unlink()
    assert "deleted" in shop.dvc("status", "-c").out or "new" in shop.dvc("status", "-c").out
    assert shop.dvc("push").code == 0
    assert {p.name for p in room.rglob("*") if p.is_file()} == {p.name for p in before}
    clone = shop.clone("again")
    assert shop.dvc("pull", "data/patients/2026", folder=clone, env=people["carol"]).code == 0


def test_who_may_only_write_brings_in_and_reads_nothing(
    divided: tuple[Workshop, dict[str, dict[str, str]]],
) -> None:
    shop, people = divided
    dave = shop.clone("daves")
    os.environ.update(people["dave"])
    try:
        away = Workshop(shop.base, dave)
        away.track("data/patients/2027", {"new.csv": b"id,label\n7,1\n"})
        assert identity_path().is_file()
        checked = away.tdsec("check", "data/patients/2027")
        assert checked.code == 0, checked.err
        assert away.commit("new patients").code == 0
        sent = away.dvc("push", "data/patients/2027")
        assert sent.code == 0, sent.err
        refused = away.dvc("pull", "data/patients/2026")
        assert refused.code != 0 and "Traceback" not in refused.err
        assert not (dave / "data/patients/2026").exists()
        elsewhere = away.dvc("push", "data/rows.csv")
        assert "Traceback" not in elsewhere.err
    finally:
        os.environ.update(isolated(shop.base))
    carol = shop.clone("carols")
    assert shop.git("pull", "-q", str(dave), "main", folder=carol).code == 0
    pulled = shop.dvc("pull", "data/patients/2027", folder=carol, env=people["carol"])
    assert pulled.code == 0, pulled.err
    assert (carol / "data/patients/2027/new.csv").read_bytes() == b"id,label\n7,1\n"


def test_gc_leaves_what_the_other_room_needs(divided: tuple[Workshop, dict[str, dict[str, str]]]) -> None:
    shop, _ = divided
    (shop.root / "data/folder.dvc").unlink()
    assert shop.dvc("gc", "-c", "-w", "-f").code == 0
    clone = shop.clone("after-gc")
    pulled = shop.dvc("pull", "data/patients/2026.dvc", "data/rows.csv.dvc", folder=clone)
    assert pulled.code == 0, pulled.err
    assert (clone / "data/patients/2026/shared.csv").read_bytes() == FOLDER["a.csv"]
