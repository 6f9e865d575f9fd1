"""`tdsec vault gc`: it takes garbage away, and nobody makes data into garbage by taking evidence away."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from servers.contract import AnyServer, live_on
from servers.moto import moto
from servers.sshd import sshd
from servers.swift import swift
from servers.webdav import webdav
from workshops import DVC, FOLDER, ROWS, Answer, Workshop

from tdsec_gov.audit.journal import Journal
from tdsec_gov.errors import BackendUnavailable, TdsecError
from tdsec_gov.repo.repository import Repository
from tdsec_gov.vault.objects.objects import seal_bytes
from tdsec_gov.vault.plugin.wiring import open_storage
from tdsec_gov.vault.storage.storage import Storage
from tdsec_gov.vault.upkeep.gc import collect, look
from tdsec_gov.vault.upkeep.kept import kept

DAY = 86400.0
OLD = time.time() - 3 * DAY
MORE = ROWS + b"9999,more,1\n"


def storage_of(shop: Workshop) -> Storage:
    return open_storage(shop.root, "store")


def place(shop: Workshop, data: bytes) -> Path:
    return Path(storage_of(shop).place_of(hashlib.md5(data).hexdigest()))


def age(*paths: Path) -> None:
    for path in paths:
        os.utime(path, (OLD, OLD))


def gc(shop: Workshop, *options: str, root: Path | None = None) -> tuple[Answer, dict[str, Any]]:
    said = shop.tdsec("--json", "vault", "gc", *options, folder=root)
    return said, json.loads(said.out)


def orphan(shop: Workshop, oid: str = "a" * 32) -> Path:
    """An object of this vault that no verdict names, three days old."""
    storage = storage_of(shop)
    path = Path(storage.place(storage.vault.names.of_oid(oid)))
    path.parent.mkdir(exist_ok=True)
    shutil.copyfile(place(shop, ROWS), path)
    age(path)
    return path


def push(shop: Workshop, name: str, content: bytes | dict[str, bytes]) -> None:
    """A version that is checked and pushed, and nothing committed; three days ago."""
    shop.track(name, content)
    assert shop.tdsec("check", name).code == 0
    assert shop.dvc("push", name).code == 0
    age(*shop.stored())


def events(shop: Workshop) -> list[Any]:
    return [one.event for one in Journal.open(shop.root).log.events(action="vault.gc")]


# -- what goes -----------------------------------------------------------------------------------


def test_nothing_to_do(pushed: Workshop) -> None:
    age(*pushed.stored())
    said, body = gc(pushed, "--yes")
    assert said.code == 0 and body["message"] == "no garbage" and events(pushed) == []


def test_an_orphan_is_listed_and_only_with_yes_removed(pushed: Workshop) -> None:
    path = orphan(pushed)
    before = pushed.stored()
    said, body = gc(pushed)
    assert said.code == 0 and [one["path"] for one in body["garbage"]] == [str(path)]
    assert body["garbage"][0]["oid"] == "a" * 32 and str(path) in said.err
    assert pushed.stored() == before and events(pushed) == []
    said, body = gc(pushed, "--yes")
    assert said.code == 0 and body["removed"] == 1 and body["kinds"]["object"] == 1
    assert set(before) - set(pushed.stored()) == {path}
    (event,) = events(pushed)
    assert event.outcome == "success" and event.details["objects"] == 1
    assert event.details["paths_sha256"] == hashlib.sha256(f"{path}\n".encode()).hexdigest()
    clone = pushed.clone()
    assert pushed.dvc("pull", folder=clone).code == 0


def test_what_is_young_stays(pushed: Workshop) -> None:
    path = orphan(pushed)
    os.utime(path)
    assert gc(pushed, "--yes")[1]["young"] == 1 and path.exists()
    assert gc(pushed, "--yes", "--older-than", "7d")[1]["young"] == 1 and path.exists()
    assert gc(pushed, "--yes", "--older-than", "0")[1]["removed"] == 1 and not path.exists()


def test_leftovers_of_killed_pushes_and_pulls(pushed: Workshop) -> None:
    """Half an upload, one that has not begun, half a pull; beside them what only looks like it."""
    shelf = place(pushed, ROWS).parent
    half, begun = shelf / ".0123456789abcdef.tmp", shelf / ".BBBBBBBBBBBBBBBBBBBBBB.tmp"
    half.write_bytes(place(pushed, ROWS).read_bytes()[:500])
    begun.write_bytes(b"")
    part = pushed.root / ".dvc/cache/files/md5/ab/.tmpname.0011aabb.tdsec-part"
    part.parent.mkdir(exist_ok=True)
    part.write_bytes(b"half a row")
    fetched = part.with_name(".tdsec-abc_12yz") / "object"
    fetched.parent.mkdir()
    fetched.write_bytes(b"age-enc")
    others = [shelf / ".CCCCCCCCCCCCCCCCCCCCCC.tmp", shelf / "notes.tmp", pushed.storage / "x.tmp"]
    (part.with_name(".tdsec-mine1234")).mkdir()
    others += [
        part.with_name(".tdsec-mine1234") / "thesis.txt",
        part.with_name("mine.txt"),
        pushed.root / "data" / ".kept.0011aabb.tdsec-part",
    ]
    for path in others:
        path.write_bytes(b"not ours")
    age(half, begun, part, fetched, fetched.parent, *others, others[3].parent)
    young = shelf / ".DDDDDDDDDDDDDDDDDDDDDD.tmp"
    young.write_bytes(b"age-encryption.org/v1\n")
    said, body = gc(pushed, "--yes")
    assert said.code == 0, said.err
    assert {one["path"] for one in body["garbage"]} == {str(half), str(begun), str(part), str(fetched.parent)}
    assert not fetched.parent.exists() and not half.exists() and not begun.exists() and not part.exists()
    assert all(path.exists() for path in [*others, young]) and body["young"] == 1


def test_a_push_that_was_killed(workshop: Workshop) -> None:
    """kill -9 while an object is on its way: what it left goes, what it had sent stays, and it resumes."""
    workshop.track("data/big", {f"{n}.bin": random.Random(n).randbytes(8_000_000) for n in range(8)})
    assert workshop.tdsec("check", "data/big").code == 0
    process = subprocess.Popen(
        [DVC, "push", "-j", "1"],
        cwd=workshop.root,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    while process.poll() is None and not any(path.suffix == ".tmp" for path in workshop.objects()):
        time.sleep(0.001)
    assert process.poll() is None, "dvc push was too quick to be killed"
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    half = {path for path in workshop.objects() if path.suffix == ".tmp"}
    if not half:  # it was renamed between the look and the kill
        half = {workshop.objects()[0].with_name(".0123456789abcdef.tmp")}
        next(iter(half)).write_bytes(b"age-encryption.org/v1\n")
    before = set(workshop.stored())
    assert gc(workshop, "--yes")[1]["young"] == len(half) and set(workshop.stored()) == before
    age(*workshop.stored())
    said, body = gc(workshop, "--yes")
    assert said.code == 0 and body["kinds"]["unfinished upload"] == body["removed"] == len(half), said.err
    assert set(workshop.stored()) == before - half
    assert workshop.dvc("push").code == 0
    assert workshop.tdsec("vault", "verify", "--strict").code == 0


def test_links_and_names_in_another_spelling_are_not_ours(pushed: Workshop) -> None:
    path = orphan(pushed)
    link = path.with_name("link")
    loud = path.with_name(path.name.upper())
    path.rename(loud)
    link.symlink_to(place(pushed, ROWS))
    path.symlink_to(place(pushed, ROWS))
    said, body = gc(pushed, "--yes", "--older-than", "0")
    assert said.code == 0 and body["garbage"] == [] and body["foreign"] == 3
    assert loud.exists() and link.is_symlink() and path.is_symlink()


def test_an_orphan_manifest_goes_and_a_named_one_stays(pushed: Workshop) -> None:
    storage = storage_of(pushed)
    path = Path(storage.place(storage.vault.names.of_manifest("b" * 64), "manifests"))
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"x")
    age(*pushed.objects("manifests"))
    assert [one["path"] for one in gc(pushed, "--yes")[1]["garbage"]] == [str(path)]
    assert len(pushed.objects("manifests")) == 1


# -- what stays ----------------------------------------------------------------------------------


def committed_on(shop: Workshop, how: str) -> None:
    """A pushed version whose verdict is not in the work tree, but somewhere in git."""
    shop.git("checkout", "-q", "-b", "side")
    push(shop, "data/rows.csv", MORE)
    if how == "stash":
        shop.git("add", "-A")
        assert shop.git("stash", "-q").code == 0
    else:
        assert shop.commit("more").code == 0
    assert shop.git("checkout", "-q", "-f", "main").code == 0
    if how == "tag":
        shop.git("tag", "v2", "side")
    if how in ("tag", "reflog"):
        shop.git("branch", "-D", "side")
    if how == "tag":
        shop.git("reflog", "expire", "--expire=now", "--all")
    assert len([one for one in shop.verdicts() if "rows.csv" in str(one)]) == 1


@pytest.mark.parametrize("how", ["branch", "tag", "stash", "reflog"])
def test_what_any_branch_tag_or_stash_names_stays(pushed: Workshop, how: str) -> None:
    committed_on(pushed, how)
    before = pushed.stored()
    said, body = gc(pushed, "--yes", "--older-than", "0")
    assert said.code == 0 and body["garbage"] == [] and pushed.stored() == before, said.err


def test_workspace_only_looks_at_this_work_tree_alone(pushed: Workshop) -> None:
    committed_on(pushed, "branch")
    said, body = gc(pushed, "--workspace-only")
    assert said.code == 0 and [one["path"] for one in body["garbage"]] == [str(place(pushed, MORE))]


def test_an_expired_or_denied_version_that_was_pushed_stays(pushed: Workshop) -> None:
    """The policy became stricter, so that today nothing may be pulled: that is no reason to delete."""
    policy = pushed.root / "policies/policy.yaml"
    policy.write_text(policy.read_text().replace('"bad/**"', '"data/**"'))
    assert pushed.tdsec("check", "--all").code == 1
    age(*pushed.stored())
    before = pushed.stored()
    for options in ([], ["--workspace-only"]):
        said, body = gc(pushed, "--yes", *options)
        assert said.code == 0 and body["garbage"] == [], said.err
    assert pushed.stored() == before


MODEL = b"weights " * 5000


@pytest.fixture
def exempt(pushed: Workshop) -> Workshop:
    """A vault with a model in it that no verdict covers: a rule exempts it, and alice signed for it."""
    rule = '  - match: "models/**"\n    exempt: we made it ourselves\n'
    with (pushed.root / "policies/policy.yaml").open("a") as policy:
        policy.write(rule)
    push_unchecked(pushed, "models/m.bin", MODEL)
    return pushed


def push_unchecked(shop: Workshop, name: str, content: bytes) -> None:
    shop.track(name, content)
    sent = shop.dvc("push", name)
    assert sent.code == 0, sent.err
    age(*shop.stored())


def test_what_a_rule_exempts_stays_and_is_verified(exempt: Workshop) -> None:
    said, body = gc(exempt, "--yes")
    assert said.code == 0 and body["garbage"] == [] and place(exempt, MODEL).exists(), said.err
    assert exempt.tdsec("vault", "verify").code == 0
    data = bytearray(place(exempt, MODEL).read_bytes())
    data[-30] ^= 1
    place(exempt, MODEL).write_bytes(data)
    said = exempt.tdsec("vault", "verify")
    assert said.code == 10 and "models/m.bin" in said.err


def test_a_writers_word_counts_wherever_the_pointer_is(exempt: Workshop) -> None:
    """On another branch neither pointer nor rule is here: the signed word in the vault is enough."""
    (exempt.root / "models/m.bin.dvc").unlink()
    exempt.git("checkout", "-q", "--", "policies")
    path = orphan(exempt)
    said, body = gc(exempt, "--yes")
    assert said.code == 0 and body["garbage"] == [] and body["unclear"] == 1, said.err
    assert path.exists() and place(exempt, MODEL).exists()
    storage = storage_of(exempt)
    name = storage.vault.names.of_oid("a" * 32)
    path.write_bytes(seal_bytes(b"nobody signed for this", storage.main.keyrings[0], name))
    age(path)
    assert gc(exempt, "--yes")[1]["removed"] == 1 and not path.exists() and place(exempt, MODEL).exists()


# -- attacks: evidence is taken away -------------------------------------------------------------


def no_verdict_on_disk(shop: Workshop) -> None:
    shutil.rmtree(shop.root / ".tdsec/verdicts")


def one_verdict_less_on_disk(shop: Workshop) -> None:
    next(one for one in shop.verdicts() if "rows.csv" in str(one)).unlink()


def verdict_removed_by_a_commit(shop: Workshop) -> None:
    next(one for one in shop.verdicts() if "rows.csv" in str(one)).unlink()
    assert shop.commit("tidy up").code == 0


def rolled_back(shop: Workshop) -> None:
    """The evidence of an older commit in place of today's."""
    assert shop.git("rm", "-r", "-q", "--cached", ".tdsec/verdicts").code == 0
    shutil.rmtree(shop.root / ".tdsec/verdicts")
    assert shop.git("checkout", "-q", "HEAD~1", "--", ".tdsec").code == 0


def history_rewritten(shop: Workshop) -> None:
    """Force-pushed away, and even this clone's reflogs are gone."""
    assert shop.git("reset", "-q", "--hard", "HEAD~1").code == 0
    shop.git("reflog", "expire", "--expire=now", "--all")
    shop.git("gc", "-q", "--prune=now")


def one_version_rewritten(shop: Workshop) -> None:
    """The same for the newest version only: other evidence is left and looks sound."""
    push(shop, "data/rows.csv", MORE)
    assert shop.commit("more").code == 0
    history_rewritten(shop)


def a_forged_signature(shop: Workshop) -> None:
    path = next(one for one in shop.verdicts() if "folder" in str(one))
    body = json.loads(path.read_bytes())
    signature = body["signatures"][0]["sig"]
    body["signatures"][0]["sig"] = ("A" if signature[0] != "A" else "B") + signature[1:]
    path.write_text(json.dumps(body, separators=(",", ":"), sort_keys=True) + "\n")


def garbage_for_a_verdict(shop: Workshop) -> None:
    next(one for one in shop.verdicts() if "folder" in str(one)).write_bytes(b"{}")


def manifest_nowhere(shop: Workshop) -> None:
    """Whoever has the bucket takes the manifest away: the folder's files would look like garbage."""
    for path in [*shop.objects("manifests"), *(shop.root / ".tdsec/manifests").iterdir()]:
        path.unlink()
    shutil.rmtree(shop.root / ".dvc/cache")


def manifest_swapped(shop: Workshop) -> None:
    manifest_nowhere_but = shop.objects("manifests")[0]
    manifest_nowhere_but.write_bytes(place(shop, ROWS).read_bytes())
    shutil.rmtree(shop.root / ".tdsec/manifests")


def shallow(shop: Workshop) -> None:
    (shop.root / ".git/shallow").write_text(shop.git("rev-parse", "HEAD").out)


def grafted(shop: Workshop) -> None:
    (shop.root / ".git/info").mkdir(exist_ok=True)
    (shop.root / ".git/info/grafts").write_text(shop.git("rev-parse", "HEAD").out)


def remote_has_more(shop: Workshop) -> None:
    """A colleague has pushed a branch that was not fetched here."""
    assert shop.git("clone", "-q", "--bare", str(shop.root), str(shop.base / "hub.git")).code == 0
    shop.git("remote", "add", "origin", str(shop.base / "hub.git"))
    other = shop.base / "other"
    shop.git("clone", "-q", str(shop.base / "hub.git"), str(other))
    shop.git("commit", "-q", "--allow-empty", "--no-verify", "-m", "theirs", folder=other)
    assert shop.git("push", "-q", "--no-verify", "origin", "HEAD:theirs", folder=other).code == 0


def remote_away(shop: Workshop) -> None:
    shop.git("remote", "add", "origin", str(shop.base / "nowhere.git"))


def blob_missing(shop: Workshop) -> None:
    name = next(one for one in shop.verdicts() if "folder" in str(one)).relative_to(shop.root)
    blob = shop.git("rev-parse", f"HEAD:{name}").out.strip()
    (shop.root / ".git/objects" / blob[:2] / blob[2:]).unlink()


ATTACKS = [
    (no_verdict_on_disk, 10, "shortened"),
    (one_verdict_less_on_disk, 10, "shortened"),
    (verdict_removed_by_a_commit, 10, "shortened"),
    (rolled_back, 10, "shortened"),
    (history_rewritten, 11, "no verdict at all"),
    (one_version_rewritten, 10, "no evidence is left"),
    (a_forged_signature, 10, "signature"),
    (garbage_for_a_verdict, 10, "cannot be read"),
    (manifest_nowhere, 11, "neither here nor in the vault"),
    (manifest_swapped, 10, ""),
    (shallow, 11, "shallow"),
    (grafted, 11, "grafts"),
    (remote_has_more, 11, "not here"),
    (remote_away, 11, "does not answer"),
    (blob_missing, None, ""),
]


@pytest.mark.parametrize(("attack", "code", "words"), ATTACKS, ids=[one[0].__name__ for one in ATTACKS])
def test_missing_evidence_never_deletes(
    pushed: Workshop, attack: Callable[[Workshop], None], code: int | None, words: str
) -> None:
    attack(pushed)
    path = orphan(pushed)
    age(*pushed.stored())
    before = pushed.stored()
    for options in (["--yes"], ["--yes", "--older-than", "0"], ["--yes", "--workspace-only"]):
        said, body = gc(pushed, *options)
        assert said.code == code if code is not None else said.code in (10, 11, 12), said.err
        assert words in said.err and "Traceback" not in said.err and not body["ok"], said.err
    assert pushed.stored() == before and path.exists()
    assert {event.outcome for event in events(pushed)} == {"denied"}


def test_a_verdict_moved_out_of_sight_still_counts(pushed: Workshop) -> None:
    """Renamed by a commit so that no path of a verdict leads to it, and its dataset is given up."""
    old = next(one for one in pushed.verdicts() if "rows.csv" in str(one))
    old.rename(old.with_name("old.txt"))
    (pushed.root / "data/rows.csv.dvc").unlink()
    assert pushed.commit("rename").code == 0
    age(*pushed.stored())
    said, body = gc(pushed, "--yes")
    assert said.code == 0 and body["garbage"] == [] and place(pushed, ROWS).exists(), said.err
    assert gc(pushed, "--yes", "--workspace-only")[0].code == 10 and place(pushed, ROWS).exists()


def test_a_dataset_that_was_given_up_keeps_its_versions_while_history_names_them(pushed: Workshop) -> None:
    shutil.rmtree(pushed.root / ".tdsec/verdicts/data/rows.csv")
    (pushed.root / "data/rows.csv.dvc").unlink()
    assert pushed.commit("give rows up").code == 0
    age(*pushed.stored())
    said, body = gc(pushed, "--yes")
    assert said.code == 0 and body["garbage"] == [] and place(pushed, ROWS).exists(), said.err


def test_a_version_may_be_given_up_by_name(pushed: Workshop) -> None:
    """The branch is deleted on purpose: the refusal says how to say so, and the log keeps it."""
    one_version_rewritten(pushed)
    said, _ = gc(pushed, "--yes")
    root = said.err.split("--unsafe-forget ")[1].split()[0]
    said, body = gc(pushed, "--yes", "--unsafe-forget", root)
    assert said.code == 0 and body["removed"] == 1, said.err
    assert not place(pushed, MORE).exists() and place(pushed, ROWS).exists()
    assert events(pushed)[-1].details["unsafe_forget"] == [root]
    assert gc(pushed, "--unsafe-forget", "x")[0].code == 2


def test_an_accepted_version_cannot_be_forgotten_from_under_its_pointer(pushed: Workshop) -> None:
    roots = [one.name.partition(".")[0] for one in pushed.verdicts()]
    age(*pushed.stored())
    before = pushed.objects()
    said, body = gc(pushed, "--yes", *[word for root in roots for word in ("--unsafe-forget", root)])
    assert said.code == 0 and pushed.objects() == before, said.err
    assert body["garbage"] == []


def test_a_manifest_that_is_lost_for_good_may_be_given_up(pushed: Workshop) -> None:
    """Nobody has it: its version is named, and its files go, as far as no other version has them."""
    manifest_nowhere(pushed)
    age(*pushed.stored())
    said, _ = gc(pushed)
    root = said.err.split("--unsafe-forget ")[1].split()[0]
    assert root in next(str(one) for one in pushed.verdicts() if "folder" in str(one))
    said, body = gc(pushed, "--yes", "--unsafe-forget", root)
    assert said.code == 0 and body["removed"] == 4 and place(pushed, ROWS).exists(), said.err


def test_offline_on_purpose(pushed: Workshop) -> None:
    remote_away(pushed)
    path = orphan(pushed)
    said, _ = gc(pushed, "--yes", "--unsafe-offline")
    assert said.code == 0 and not path.exists()
    assert events(pushed)[-1].details["unsafe_offline"] is True


def test_who_may_not_write_is_refused_and_that_is_recorded(pushed: Workshop) -> None:
    path = orphan(pushed)
    access = pushed.root / "policies/access.yaml"
    access.write_text(access.read_text().replace("write_all: true", "write_all: false"))
    said = pushed.tdsec("vault", "gc", "--yes")
    assert said.code == 1 and "may not write" in said.err and path.exists()
    denied = [one.event for one in Journal.open(pushed.root).log.events(outcome="denied")]
    assert [event.reason for event in denied] == ["access-denied"]


# -- faults --------------------------------------------------------------------------------------


def test_evidence_first(pushed: Workshop) -> None:
    """A log that cannot be written stops the removal before it begins."""
    path = orphan(pushed)
    log = pushed.root / ".tdsec/audit.db"
    kept_log = log.read_bytes()
    log.write_bytes(b"")
    said = pushed.tdsec("vault", "gc", "--yes")
    assert said.code in (10, 12, 14) and path.exists()
    log.write_bytes(kept_log)


def test_a_storage_that_fails_while_removing(pushed: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left is garbage as before, and the log says how far it came."""
    paths = [orphan(pushed, digit * 32) for digit in "abc"]
    storage, repository = storage_of(pushed), Repository.discover(pushed.root)
    keep = kept(storage, repository)
    found = look(storage, repository, keep, now=time.time(), older_than=DAY)
    assert {one.path for one in found.garbage} == {str(path) for path in paths}
    really, calls = storage.inner.fs.rm_file, []

    def fails(path: str) -> None:
        calls.append(path)
        if len(calls) == 2:
            raise ConnectionResetError("reset by peer")
        really(path)

    monkeypatch.setattr(storage.inner.fs, "rm_file", fails)
    with pytest.raises(BackendUnavailable):
        collect(storage, repository, found, {})
    assert sum(path.exists() for path in paths) == 2
    assert [event.outcome for event in events(pushed)] == ["success", "failure"]
    assert events(pushed)[-1].details["removed"] == 1
    monkeypatch.undo()
    assert gc(pushed, "--yes")[1]["removed"] == 2


def test_an_object_that_was_written_again_since_stays(pushed: Workshop) -> None:
    """Somebody pushes the very object between the listing and the removal."""
    path = orphan(pushed)
    storage, repository = storage_of(pushed), Repository.discover(pushed.root)
    found = look(storage, repository, kept(storage, repository), now=time.time(), older_than=DAY)
    os.utime(path)
    assert collect(storage, repository, found, {}) == (0, 1) and path.exists()


def test_a_storage_without_dates_gives_nothing_away(
    pushed: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = orphan(pushed)
    monkeypatch.setattr("tdsec_gov.vault.upkeep.listing.changed", lambda info: None)
    said, body = gc(pushed, "--yes")
    assert said.code == 0 and body["undated"] == 1 and path.exists()
    assert gc(pushed, "--yes", "--older-than", "0")[1]["removed"] == 1


def test_a_storage_that_cannot_be_listed(pushed: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    storage, repository = storage_of(pushed), Repository.discover(pushed.root)

    def down(*arguments: object, **options: object) -> None:
        raise ConnectionResetError("reset by peer")

    monkeypatch.setattr(os, "walk", down)
    with pytest.raises(TdsecError) as caught:
        look(storage, repository, kept(storage, repository), now=time.time(), older_than=DAY)
    assert caught.value.exit_code == 14


def test_the_folder_keeps_all_its_files(pushed: Workshop) -> None:
    """A fresh clone without cache or private manifests knows the files from the vault's manifest."""
    clone = pushed.clone()
    age(*pushed.stored())
    before = pushed.stored()
    said, body = gc(pushed, "--yes", "--unsafe-offline", root=clone)
    assert said.code == 0 and body["garbage"] == [] and pushed.stored() == before, said.err
    assert pushed.dvc("pull", folder=clone).code == 0
    assert (clone / "data/folder/a.csv").read_bytes() == FOLDER["a.csv"]


# -- compartments, and storages that are no disk -------------------------------------------------


def test_a_compartment(workshop: Workshop) -> None:
    """Objects of a compartment lie in a folder of their own, under names of their own."""
    access = workshop.root / "policies/access.yaml"
    room = "{name: patients, match: [data/folder], readers: [alice], writers: [alice]}"
    access.write_text(access.read_text().replace("writers: []}", f"writers: [], compartments: [{room}]}}"))
    assert workshop.tdsec("vault", "rewrap").code == 0
    workshop.track("data/folder", FOLDER)
    workshop.track("open", {"a.csv": FOLDER["a.csv"], "more.csv": b"id,label\n9,1\n"})
    assert workshop.tdsec("check", "--all").code == 0
    assert workshop.commit("data").code == 0
    assert workshop.dvc("push", "data/folder").code == 0
    assert workshop.dvc("push", "open").code == 0
    storage = storage_of(workshop)
    inner = storage.room("store/patients")
    shared = hashlib.md5(FOLDER["a.csv"]).hexdigest()
    storage.main.put_bytes(FOLDER["a.csv"], storage.main.names.of_oid(shared))
    path = Path(inner.place(inner.names.of_oid("a" * 32)))
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"x")
    age(*workshop.stored())
    before = set(workshop.stored())
    assert workshop.tdsec("vault", "verify").code == 0
    assert workshop.tdsec("vault", "verify", "--strict").code == 11
    said, body = gc(workshop, "--yes")
    assert said.code == 0 and body["removed"] == 1 and before - set(workshop.stored()) == {path}, said.err
    victim = Path(inner.place(inner.names.of_oid(shared)))
    victim.write_bytes(victim.read_bytes()[:-1])
    said = workshop.tdsec("vault", "verify")
    assert said.code == 10 and str(victim) in said.err and "same-as-a.csv" in said.err
    assert said.err.count("REFUSED") == 1, "the copy outside the compartment holds"
    manifests = [path for path in workshop.stored() if "/manifests/" in str(path)]
    assert len(manifests) == 2
    for path in manifests:
        whole = path.read_bytes()
        path.write_bytes(whole[:-1])
        assert str(path) in workshop.tdsec("vault", "verify").err
        path.write_bytes(whole)


@pytest.mark.slow
@pytest.mark.parametrize("start", [sshd, webdav, swift, moto])
def test_on_real_servers(
    workshop: Workshop,
    tmp_path: Path,
    start: Callable[[Path], AbstractContextManager[AnyServer]],
) -> None:
    (tmp_path / "server").mkdir()
    with start(tmp_path / "server") as server:
        there = server.place()
        live_on(there, workshop.root)
        workshop.track("data/rows.csv", ROWS)
        workshop.track("data/folder", FOLDER)
        assert workshop.tdsec("check", "--all").code == 0
        assert workshop.commit("data").code == 0
        assert (sent := workshop.dvc("push")).code == 0, sent.err
        said = workshop.tdsec("vault", "verify")
        assert said.code == 0 and "7 objects and manifests hold" in said.out, said.err
        storage = storage_of(workshop)
        storage.main.put_bytes(b"x", storage.main.names.of_oid("a" * 32))
        storage.main.carrier.send(b"strange", f"{storage.base}/objects/loose")
        storage.main.carrier.send(b"strange", f"{storage.base}/other/deep/er/file")
        before = there.shelf.names()
        body = gc(workshop, "--yes")[1]
        assert (body["removed"], body["young"], body["foreign"]) == (0, 1, 2)
        body = gc(workshop, "--yes", "--older-than", "0")[1]
        assert body["removed"] == 1 and len(before) - len(there.shelf.names()) == 1
        victim = next(one for one in there.shelf.names() if "/manifests/" in one)
        there.shelf.write(victim, there.shelf.read(victim)[:-1])
        said = workshop.tdsec("vault", "verify", "--resume")
        assert said.code == 10 and victim[-60:] in said.err and "6 of them by an earlier" in said.out
