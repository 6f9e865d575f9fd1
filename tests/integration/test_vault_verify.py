"""`tdsec vault verify` on real vaults: it names what was tampered with, what is missing, what is foreign."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from workshops import FOLDER, ROWS, Answer, Workshop, living_in

from tdsec_gov.audit.journal import Journal
from tdsec_gov.errors import BackendUnavailable
from tdsec_gov.keys.age import file as age_file
from tdsec_gov.repo.repository import Repository
from tdsec_gov.vault.objects import objects
from tdsec_gov.vault.plugin.wiring import open_storage
from tdsec_gov.vault.storage.storage import Storage
from tdsec_gov.vault.upkeep.inspect import Inspection
from tdsec_gov.vault.upkeep.progress import kept_in
from tdsec_gov.vault.upkeep.trouble import Trouble

DEEP = FOLDER["deep/er/b.csv"]
OBJECTS = 6
"""In the vault of ``pushed``: rows.csv, four different files of the folder, its list of files."""


def oid_of(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


def storage_of(shop: Workshop, root: Path | None = None) -> Storage:
    return open_storage(root or shop.root, "store")


def place(shop: Workshop, data: bytes) -> Path:
    return Path(storage_of(shop).place_of(oid_of(data)))


def verify(shop: Workshop, *options: str, root: Path | None = None) -> tuple[Answer, dict[str, Any]]:
    said = shop.tdsec("--json", "vault", "verify", *options, folder=root)
    assert len(said.out.splitlines()) == 1, said.out + said.err
    return said, json.loads(said.out)


def last_event(shop: Workshop, action: str) -> Any:
    return list(Journal.open(shop.root).log.events(action=action))[-1].event


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-20] ^= 1
    path.write_bytes(data)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-17])


def swap(path: Path) -> None:
    (other,) = [one for one in path.parents[1].rglob("*") if one.is_file() and one.stat().st_size > 100_000]
    path.write_bytes(other.read_bytes())


def empty(path: Path) -> None:
    path.write_bytes(b"")


def plain(path: Path) -> None:
    path.write_bytes(ROWS)


def without_binding(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"-> tdsec-gov/object-v1", b"-> tdsec-gov/object-v2"))


def test_a_whole_vault_holds(pushed: Workshop) -> None:
    said = pushed.tdsec("vault", "verify")
    assert said.code == 0 and "7 objects and manifests hold" in said.out, said.out + said.err
    assert said.err == ""
    event = last_event(pushed, "vault.verify")
    assert event.outcome == "success" and event.details["held"] == OBJECTS + 1 and event.details["finished"]


@pytest.mark.parametrize("attack", [flip, truncate, swap, empty, plain, without_binding])
def test_the_exact_object_is_named(pushed: Workshop, attack: Callable[[Path], None]) -> None:
    path = place(pushed, ROWS)
    attack(path)
    said, body = verify(pushed)
    assert said.code == 10 and body["code"] == "integrity" and body["good"] == OBJECTS
    (bad,) = body["bad"]
    assert bad["oid"] == oid_of(ROWS) and bad["place"] == str(path) and bad["exit"] == 10
    assert (
        bad["datasets"] == ["data/rows.csv"] and bad["paths"] == ["rows.csv"] and bad["signers"] == ["alice"]
    )
    assert "REFUSED" in said.err and str(path) in said.err and "alice" in said.err
    assert "row-number" not in said.err + said.out
    event = last_event(pushed, "vault.verify")
    assert event.outcome == "failure" and event.details["held"] == OBJECTS


def test_a_file_of_a_folder_is_named_with_all_its_paths(pushed: Workshop) -> None:
    flip(place(pushed, FOLDER["a.csv"]))
    said, body = verify(pushed)
    (bad,) = body["bad"]
    assert said.code == 10
    assert bad["datasets"] == ["data/folder"] and bad["paths"] == ["a.csv", "same-as-a.csv"]


def test_a_missing_object(pushed: Workshop) -> None:
    path = place(pushed, DEEP)
    path.unlink()
    said, body = verify(pushed)
    (bad,) = body["bad"]
    assert said.code == 11 and body["code"] == "unverified" and bad["code"] == "missing"
    assert bad["oid"] == oid_of(DEEP) and bad["place"] == str(path)
    assert bad["paths"] == ["deep/er/b.csv"] and bad["signers"] == ["alice"]


def test_a_missing_manifest_is_seen_although_this_clone_has_its_own(pushed: Workshop) -> None:
    (path,) = pushed.objects("manifests")
    path.unlink()
    said, body = verify(pushed)
    assert said.code == 11
    assert [(bad["code"], bad["place"]) for bad in body["bad"]] == [("missing", str(path))]


def test_a_damaged_manifest_is_seen_although_this_clone_has_its_own(pushed: Workshop) -> None:
    (path,) = pushed.objects("manifests")
    flip(path)
    said, body = verify(pushed)
    assert said.code == 10
    assert [(bad["exit"], bad["place"], bad["datasets"]) for bad in body["bad"]] == [
        (10, str(path), ["data/folder"])
    ]


def test_everything_is_gone(pushed: Workshop) -> None:
    shutil.rmtree(pushed.storage)
    said, body = verify(pushed)
    assert said.code == 11 and len(body["bad"]) == OBJECTS + 1 and body["good"] == 0


def test_versions_that_no_pointer_names_count_only_when_asked(pushed: Workshop) -> None:
    pushed.track("data/rows.csv", ROWS + b"9999,more,1\n")
    assert pushed.tdsec("check", "data/rows.csv").code == 0
    assert pushed.dvc("push", "data/rows.csv").code == 0
    old = place(pushed, ROWS)
    kept = old.read_bytes()
    old.unlink()
    assert verify(pushed)[0].code == 0
    said, body = verify(pushed, "--all-versions")
    assert said.code == 11 and [bad["oid"] for bad in body["bad"]] == [oid_of(ROWS)]
    old.write_bytes(kept)
    assert verify(pushed, "--all-versions")[0].code == 0


# -- what is not ours ----------------------------------------------------------------------------


def test_foreign_files_are_notes(pushed: Workshop) -> None:
    base = pushed.storage / "tdsec-v1"
    name = "0" * 64
    strange = [base / "README", base / "objects" / "ab" / name, base / "objects" / "loose"]
    strange += [base / "objects" / "ab" / ".AAAAAAAAAAAAAAAAAAAAAA.tmp"]
    upper = place(pushed, ROWS)
    strange.append(upper.parent / upper.name.upper())
    for path in strange:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"what")
    link = base / "objects" / "ab" / "link"
    link.symlink_to(upper)
    said, body = verify(pushed)
    assert said.code == 0 and body["bad"] == []
    found = {note["place"]: note["code"] for note in body["notes"]}
    assert set(found) == {str(path) for path in [*strange, link]}
    assert sorted(found.values()) == ["foreign"] * 5 + ["unfinished"]
    assert verify(pushed, "--strict")[0].code == 11


def test_an_orphan_is_a_note_with_the_command_that_helps(pushed: Workshop) -> None:
    name = storage_of(pushed).vault.names.of_oid("a" * 32)
    path = Path(storage_of(pushed).place(name))
    path.parent.mkdir(exist_ok=True)
    shutil.copyfile(place(pushed, ROWS), path)
    said, body = verify(pushed)
    assert said.code == 0 and "tdsec vault gc" in body["hint"]
    assert [(note["code"], note["oid"]) for note in body["notes"]] == [("orphan", "a" * 32)]
    assert verify(pushed, "--strict")[0].code == 11


def test_without_verdicts_nothing_is_vouched_for(pushed: Workshop) -> None:
    """Taking the evidence away does not turn a bad object into a harmless orphan."""
    flip(place(pushed, ROWS))
    for path in pushed.verdicts():
        path.unlink()
    said, body = verify(pushed)
    assert said.code == 11 and {bad["code"] for bad in body["bad"]} == {"verdict-missing"}
    assert {bad["datasets"][0] for bad in body["bad"]} == {"data/rows.csv", "data/folder"}


def test_a_forged_verdict_is_an_integrity_failure(pushed: Workshop) -> None:
    (path,) = [one for one in pushed.verdicts() if "rows.csv" in str(one)]
    body = json.loads(path.read_bytes())
    signature = body["signatures"][0]["sig"]
    body["signatures"][0]["sig"] = ("A" if signature[0] != "A" else "B") + signature[1:]
    path.write_text(json.dumps(body, separators=(",", ":"), sort_keys=True) + "\n")
    said, answer = verify(pushed)
    assert said.code == 10 and any(bad["datasets"] == ["data/rows.csv"] for bad in answer["bad"])


def test_an_epoch_that_is_not_here_is_named(pushed: Workshop) -> None:
    """What a colleague sealed after a rotation that this clone has not fetched yet."""
    storage = storage_of(pushed)
    name = storage.vault.names.of_oid(oid_of(ROWS))
    ring = storage.vault.keyrings[0]
    recipient = getattr(ring, "recipient", None) or ring.data.recipient
    stanza = objects.binding(ring.vault, 2, name)
    place(pushed, ROWS).write_bytes(age_file.encrypt_bytes(ROWS, [recipient], [stanza]))
    said, body = verify(pushed)
    assert said.code == 10 and "epoch 2" in body["bad"][0]["line"]


def test_who_may_not_read_is_refused(pushed: Workshop) -> None:
    access = pushed.root / "policies/access.yaml"
    access.write_text(access.read_text().replace("read_all: true", "read_all: false"))
    said = pushed.tdsec("vault", "verify")
    assert said.code == 1 and "may not read" in said.err


# -- interrupted, resumed, and storages that fail ------------------------------------------------


class Counted(Storage):
    """A storage that counts what is fetched, and fails from some fetch on."""

    fetched: list[str]
    fails_after: int = 10**9

    def check(self, oid: str) -> None:
        if len(self.fetched) >= self.fails_after:
            raise ConnectionResetError("reset by peer")
        self.fetched.append(oid)
        super().check(oid)


def counted(shop: Workshop, fails_after: int = 10**9) -> Counted:
    opened = storage_of(shop)
    storage = Counted(opened.vault, opened.inner, opened.base)
    storage.fetched, storage.fails_after = [], fails_after
    return storage


def run(shop: Workshop, storage: Storage, *, resume: bool, stop_after: int = 10**9) -> list[Trouble]:
    inspection = Inspection(storage, Repository.discover(shop.root), jobs=1, all_versions=False)
    found: list[Trouble] = []

    def watch(number: int) -> None:
        if number > stop_after:
            raise KeyboardInterrupt

    with kept_in(shop.root / ".git" / "verify.db", resume=resume) as kept:
        for one in inspection.run(kept, watch):
            found.append(one)
    return found


@pytest.fixture(scope="module")
def many_template(workshop_template: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    shop = workshop_template.copy_to(tmp_path_factory.mktemp("many"))
    with living_in(shop.base):
        shop.track("data/many", {f"{n}.txt": b"text number %d" % n for n in range(29)})
        assert shop.tdsec("check", "--all").code == 0
        assert shop.dvc("push").code == 0
    return shop


@pytest.fixture
def many(many_template: Workshop, tmp_path: Path) -> Iterator[Workshop]:
    """A folder of 29 files, checked and pushed: 30 objects and a manifest."""
    with living_in(tmp_path):
        yield many_template.copy_to(tmp_path)


def test_an_interrupted_verify_goes_on_where_it_stopped(many: Workshop) -> None:
    first = counted(many)
    with pytest.raises(KeyboardInterrupt):
        run(many, first, resume=False, stop_after=20)
    assert 10 < len(first.fetched) < 25
    second = counted(many)
    assert run(many, second, resume=True) == []
    assert len(second.fetched) < 25 and set(first.fetched) | set(second.fetched) == set(
        storage_of(many).oids()
    )
    third = counted(many)
    assert run(many, third, resume=True) == [] and third.fetched == []
    fourth = counted(many)
    assert run(many, fourth, resume=False) == [] and len(fourth.fetched) == 30


def test_resume_does_not_believe_a_changed_object(many: Workshop) -> None:
    assert run(many, counted(many), resume=False) == []
    path = place(many, b"text number 3")
    flip(path)
    again = counted(many)
    found = run(many, again, resume=True)
    assert again.fetched == [oid_of(b"text number 3")]
    assert [(one.exit_code, one.place) for one in found] == [(10, str(path))]
    assert [one.exit_code for one in run(many, counted(many), resume=True)] == [10], "a failure is not kept"


def test_resume_does_not_believe_other_evidence(many: Workshop) -> None:
    assert run(many, counted(many), resume=False) == []
    access = many.root / "policies/access.yaml"
    access.write_text(access.read_text() + "# reviewed\n")
    again = counted(many)
    assert run(many, again, resume=True) == [] and len(again.fetched) == 30


def test_a_storage_that_fails_in_the_middle(many: Workshop) -> None:
    down = counted(many, fails_after=12)
    with pytest.raises(BackendUnavailable) as caught:
        run(many, down, resume=False)
    assert "--resume" in caught.value.line()
    back = counted(many)
    assert run(many, back, resume=True) == []
    assert len(down.fetched) == 12 and len(back.fetched) == 30 - 12


def test_more_than_ten_alike_are_one_line(many: Workshop) -> None:
    for path in many.objects():
        flip(path)
    said, body = verify(many)
    lines = [line for line in said.err.splitlines() if line.startswith("REFUSED")]
    assert said.code == 10 and len(body["bad"]) == 30
    assert len(lines) == 1 and "30 files of dataset data/many" in lines[0] and "alice" in lines[0]


def test_a_single_failing_object_is_named_and_the_rest_goes_on(many: Workshop) -> None:
    path = place(many, b"text number 5")
    path.unlink()
    path.mkdir()
    (path / "x").write_bytes(b"")
    said, body = verify(many)
    assert said.code == 11 and body["good"] == 30
    assert [bad["oid"] for bad in body["bad"]] == [oid_of(b"text number 5")]


def test_progress_is_private_and_names_no_data(many: Workshop) -> None:
    assert many.tdsec("vault", "verify").code == 0
    place_ = many.root / ".git" / "tdsec-verify-store.db"
    assert place_.stat().st_mode & 0o777 == 0o600
    text = place_.read_bytes()
    assert b"text number" not in text and b"many" not in text
    assert not any(oid.encode() in text for oid in storage_of(many).oids())
    assert many.git("status", "--porcelain").out.count("tdsec-verify") == 0


def test_a_broken_progress_file_starts_anew(many: Workshop) -> None:
    (many.root / ".git" / "tdsec-verify-store.db").write_bytes(b"not a database at all" * 500)
    said, body = verify(many, "--resume")
    assert said.code == 0 and body["good"] == 31 and "believed" not in body["counts"]
    said, body = verify(many, "--resume")
    assert said.code == 0 and body["counts"]["believed"] == 31


def test_a_fresh_clone_verifies(pushed: Workshop) -> None:
    said, body = verify(pushed, "--jobs", "1", root=pushed.clone())
    assert said.code == 0 and body["good"] == OBJECTS + 1
