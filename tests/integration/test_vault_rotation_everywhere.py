"""Eager rotation of all kinds of objects, over every kind of inner remote, and into post-quantum keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from servers.contract import live_on
from servers.moto import moto
from servers.place import DiskServer, Place, S3Server
from servers.sshd import sshd
from servers.webdav import webdav
from workshops import FOLDER, POLICY, ROWS, Workshop

from tdsec_gov.files import WorkTree
from tdsec_gov.vault.keyrings.keyring import epochs
from tdsec_gov.vault.objects import objects
from tdsec_gov.vault.upkeep.reencrypt import storage_name

Start = Callable[[Path], AbstractContextManager[DiskServer | S3Server]]
SERVERS: dict[str, Start] = {"webdav": webdav, "ssh": sshd, "s3": moto}
EXEMPT = """\
  - match: "models/**"
    exempt: trained here from accepted data
  - match: "runs/**"
    exempt: "run cache: digests of stages, no rows"
"""


def bound_to(below: str, data: bytes, labels: tuple[str, ...] = ("store",)) -> tuple[str, int] | None:
    """Label and epoch that one stored file is bound to."""
    name = storage_name(below)
    for label in labels:
        for epoch in range(1, 9):
            if name and objects.binding(label, epoch, name).to_bytes() in data[:4096]:
                return label, epoch
    return None


@pytest.fixture(scope="module", params=SERVERS)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DiskServer | S3Server]:
    with SERVERS[request.param](tmp_path_factory.mktemp(request.param)) as started:
        yield started


def test_over_a_server(server: DiskServer | S3Server, pushed: Workshop) -> None:
    place: Place = server.place()
    place.fill(pushed.storage)
    live_on(place, pushed.root)
    before = place.stored()
    turned = pushed.tdsec("vault", "rotate", "--eager")
    assert turned.code == 0, turned.err
    after = place.stored()
    assert after.keys() == before.keys(), "same names, and nothing left beside them"
    assert all(after[name] != before[name] for name in after)
    for name, data in after.items():
        assert bound_to(name.removeprefix("tdsec-v1/"), data) == ("store", 2), name
    again = pushed.tdsec("vault", "rotate", "--resume")
    assert "no rotation to go on with" in again.out and place.stored() == after
    assert pushed.commit("rotated").code == 0
    clone = pushed.clone()
    live_on(place, clone)
    pulled = pushed.dvc("pull", folder=clone)
    assert pulled.code == 0, pulled.err
    assert (clone / "data/rows.csv").read_bytes() == ROWS


def test_every_kind_of_object(workshop: Workshop) -> None:
    """Datasets, manifests, exempt files with their word, run cache by path, a compartment, a remote's sub."""
    access = workshop.root / "policies/access.yaml"
    room = 'compartments: [{name: patients, match: ["data/patients/**"]}]'
    access.write_text(access.read_text().replace("writers: []}", f"writers: [], {room}}}"))
    (workshop.root / "policies/policy.yaml").write_text(POLICY + EXEMPT)
    assert workshop.tdsec("vault", "rewrap").code == 0
    assert workshop.dvc("remote", "modify", "vault", "url", "tdsec://store/team/one").code == 0
    contents = {"data/rows.csv": ROWS, "data/patients/p.csv": b"id\n1\n", "models/m.bin": b"w" * 2_000_000}
    for name, data in contents.items():
        workshop.track(name, data)
    workshop.track("data/folder", FOLDER)
    workshop.write(
        "dvc.yaml",
        b"stages:\n  s:\n    cmd: cp data/rows.csv models/copy\n    deps: [data/rows.csv]\n"
        b"    outs: [models/copy]\n",
    )
    assert workshop.dvc("repro", "-q").code == 0
    assert workshop.tdsec("check", "data/rows.csv", "data/patients/p.csv", "data/folder").code == 0
    assert workshop.commit("all kinds").code == 0
    sent = workshop.dvc("push", "--run-cache")
    assert sent.code == 0, sent.err
    top, labels = workshop.storage / "tdsec-v1", ("store", "store/patients")
    stored = {path.relative_to(top).as_posix(): path.read_bytes() for path in workshop.stored()}
    was = {name: bound_to(name, data, labels) for name, data in stored.items()}
    kinds = {part for name in stored for part in name.split("/") if part in KINDS}
    assert kinds == KINDS and {one[0] for one in was.values() if one} == set(labels)
    assert all(one is not None and one[1] == 1 for one in was.values()), was

    turned = workshop.tdsec("vault", "rotate", "--eager")
    assert turned.code == 0, turned.err
    assert f"{len(stored)} objects sealed anew under store 2, store/patients 2" in turned.out
    for name, one in was.items():
        assert one is not None and bound_to(name, (top / name).read_bytes(), labels) == (one[0], 2), name
    assert workshop.commit("rotated").code == 0
    clone = workshop.clone()
    pulled = workshop.dvc("pull", "--run-cache", folder=clone)
    assert pulled.code == 0, pulled.err
    assert {name: (clone / name).read_bytes() for name in contents} == contents


KINDS = {"objects", "manifests", "placements", "paths"}


def test_into_post_quantum_keys(pushed: Workshop) -> None:
    """Old X25519 objects are sealed anew under X-Wing; the keyring opens with the upgraded identity only."""
    upgraded = pushed.tdsec("key", "upgrade", "--post-quantum")
    assert upgraded.code == 0, upgraded.err
    signed = pushed.tdsec("key", "countersign")
    assert signed.code == 0, signed.err
    shown = pushed.tdsec("key", "show", "--role", "admin").out
    second = "".join(f"{line}\n" for line in shown.splitlines() if "_pq" in line)
    access = pushed.root / "policies/access.yaml"
    text = access.read_text().rstrip("\n") + "\n" + second
    access.write_text(text.replace("writers: []", "writers: [], post_quantum: true"))
    assert pushed.tdsec("vault", "rewrap").code == 0 and pushed.commit("upgraded").code == 0
    pushed.track("data/new.csv", b"id\n3\n")
    assert pushed.tdsec("check", "data/new.csv").code == 0 and pushed.commit("new").code == 0
    refused = pushed.dvc("push", "data/new.csv")
    assert refused.code != 0 and "tdsec vault rotate" in refused.err, (
        "no new object under the old kind of key"
    )
    turned = pushed.tdsec("vault", "rotate", "--eager")
    assert turned.code == 0, turned.err
    assert epochs(WorkTree(pushed.root), "store") == [2, 1]
    assert all(b"\n-> mlkem768x25519 " in path.read_bytes()[:4096] for path in pushed.stored())
    assert "mlkem768x25519" in pushed.tdsec("vault", "status").out
    assert pushed.commit("rotated").code == 0
    sent = pushed.dvc("push")
    assert sent.code == 0, sent.err
    pulled = pushed.dvc("pull", folder=pushed.clone())
    assert pulled.code == 0, pulled.err
