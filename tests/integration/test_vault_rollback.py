"""Old evidence put back over newer: refused, unless git shows that somebody went back on purpose."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
from workshops import ROWS, Workshop

from tdsec_gov.domain.canonical import canonical_bytes
from tdsec_gov.errors import IntegrityError
from tdsec_gov.files import WorkTree
from tdsec_gov.keys.dsse import Envelope
from tdsec_gov.keys.identity import Identity
from tdsec_gov.keys.loading import load_identity
from tdsec_gov.vault.keyrings.keyring import keyring_name, keyring_statement, statement_name
from tdsec_gov.vault.keyrings.opened import OpenedVault
from tdsec_gov.vault.keyrings.seen import Seen

FILES = (keyring_name("store", 1), statement_name("store", 1))
NEW = ROWS + b"400,one-more,1\n"


def let_in(shop: Workshop, name: str, role: str = "reader") -> None:
    who = Identity.generate(name)
    options = ("--age", str(who.age.recipient), "--signing", str(who.verify_key), "--role", role)
    added = shop.tdsec("vault", "add-reader", name, *options)
    assert added.code == 0, added.err
    assert shop.commit(f"{name} reads").code == 0


def saved(shop: Workshop) -> dict[str, bytes]:
    return {name: (shop.root / name).read_bytes() for name in FILES}


def put_back(shop: Workshop, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        (shop.root / name).write_bytes(data)


def send_something(shop: Workshop, name: str = "data/more.csv") -> tuple[int, str]:
    """Approve a new file, commit it, push it."""
    shop.track(name, name.encode() + b"\n1\n")
    assert shop.tdsec("check", name).code == 0
    assert shop.commit(name).code == 0
    sent = shop.dvc("push", name)
    return sent.code, sent.err


def opened(shop: Workshop) -> OpenedVault:
    return OpenedVault("store", WorkTree(shop.root), shop.root)


def reading(shop: Workshop) -> str:
    """What a pull is told about the keyrings; nothing when they open."""
    try:
        assert opened(shop).keyrings
    except IntegrityError as exc:
        return exc.line()
    return ""


def sealing(shop: Workshop) -> str:
    """What a push is told about the keyrings; nothing when it may go on."""
    try:
        opened(shop).require_readers()
    except IntegrityError as exc:
        return exc.line()
    return ""


def fetched(shop: Workshop) -> tuple[int, str]:
    shop.object(shop.store(ROWS)).unlink()
    answer = shop.dvc("fetch", "data/rows.csv")
    return answer.code, answer.err


def test_a_shallow_clone_says_what_it_cannot_know(pushed: Workshop) -> None:
    shallow = pushed.base / "shallow"
    cloned = pushed.git(
        "clone", "-q", "--depth", "1", f"file://{pushed.root}", str(shallow), folder=pushed.base
    )
    assert cloned.code == 0
    pushed.store_at(pushed.base / "elsewhere", shallow)
    for name in (".dvc/cache", "data"):
        shutil.copytree(pushed.root / name, shallow / name, dirs_exist_ok=True)
    sent = pushed.dvc("push", folder=shallow)
    assert sent.code == 0 and sent.err.count("this is a shallow clone") == 1, sent.err
    pushed.store_at(pushed.base / "elsewhere")
    assert "shallow" not in pushed.dvc("push").err


def test_an_old_keyring_over_the_newer_one(pushed: Workshop) -> None:
    """Bob is taken out; somebody puts the keyring back that he can open, with the policy of that time."""
    let_in(pushed, "bob")
    old = saved(pushed) | {"policies/access.yaml": (pushed.root / "policies/access.yaml").read_bytes()}
    before = pushed.git("rev-parse", "HEAD").out.strip()
    access = pushed.root / "policies/access.yaml"
    access.write_text(access.read_text().partition("  - name: bob")[0])
    assert pushed.tdsec("vault", "rewrap").code == 0
    assert pushed.commit("bob is out").code == 0
    assert send_something(pushed)[0] == 0
    seen = Seen(pushed.root).pin("keyring", "store")
    assert seen is not None and seen.sequence == 3

    put_back(pushed, old)
    for code, err in (send_something(pushed, "data/for-bob.csv"), fetched(pushed)):
        assert code != 0 and "is older than the one that this clone has seen" in err
        assert f"git checkout {seen.commit[:12]} -- .tdsec/vaults/store" in err
    assert pushed.git("checkout", "-q", "-f", before).code == 0
    assert fetched(pushed)[0] == 0, "on an older commit the older keyring may open what was sealed then"
    put_back(pushed, old)
    code, err = send_something(pushed, "data/for-bob-2.csv")
    assert code != 0 and "older than the one" in err, "sealing with it is refused on any commit"


def test_a_committed_old_keyring_does_not_help(pushed: Workshop) -> None:
    old = saved(pushed)
    let_in(pushed, "bob")
    assert sealing(pushed) == ""
    put_back(pushed, old)
    assert pushed.commit("back to the first keyring").code == 0
    assert "older than the one" in reading(pushed)
    rewrapped = pushed.tdsec("vault", "rewrap")
    assert rewrapped.code == 10 and "older than the one" in rewrapped.err
    assert pushed.git("revert", "--no-edit", "HEAD").code == 0
    assert reading(pushed) == ""


def test_what_was_never_committed_may_be_thrown_away(pushed: Workshop) -> None:
    who = Identity.generate("bob")
    options = ("--age", str(who.age.recipient), "--signing", str(who.verify_key))
    assert pushed.tdsec("vault", "add-reader", "bob", *options).code == 0
    assert reading(pushed) == ""
    assert pushed.git("checkout", "-q", "-f", "HEAD", "--", ".").code == 0
    assert reading(pushed) == "" and sealing(pushed) == ""


def resigned(shop: Workshop, **changes: object) -> bytes:
    body = json.loads(Envelope.from_bytes((shop.root / FILES[1]).read_bytes()).payload)
    body["predicate"] |= changes
    return Envelope.sign(canonical_bytes(body), load_identity()).to_bytes()


def test_a_sequence_used_twice(pushed: Workshop) -> None:
    let_in(pushed, "bob")
    assert sealing(pushed) == ""
    put_back(pushed, {FILES[1]: resigned(pushed, previous="0" * 64)})
    for line in (reading(pushed), sealing(pushed), pushed.tdsec("vault", "rewrap").err):
        assert "another digest with that sequence" in line
    assert pushed.git("checkout", "-q", "HEAD", "--", FILES[1]).code == 0
    assert reading(pushed) == "" and sealing(pushed) == ""


def test_a_merge_explains_two_keyrings_with_one_number(pushed: Workshop) -> None:
    pushed.git("checkout", "-q", "-b", "side")
    let_in(pushed, "carol")
    theirs = saved(pushed) | {"policies/access.yaml": (pushed.root / "policies/access.yaml").read_bytes()}
    pushed.git("checkout", "-q", "main")
    let_in(pushed, "bob")
    assert reading(pushed) == ""
    pushed.git("merge", "-q", "side")
    put_back(pushed, theirs)
    assert pushed.commit("merged").code == 0
    assert reading(pushed) == ""
    assert "tdsec vault rewrap" in sealing(pushed), "which people are meant is for a writer to say"
    assert pushed.tdsec("vault", "rewrap").code == 0
    assert reading(pushed) == "" and sealing(pushed) == ""


def test_the_first_format_over_the_second(pushed: Workshop) -> None:
    """A well-signed statement from before sequence numbers is older than any with one."""
    assert reading(pushed) == ""
    me, tree = load_identity(), WorkTree(pushed.root)
    said = keyring_statement(tree, "store", 1, {me.keyid: me.verify_key})
    body = json.loads(said.to_payload())
    kept = ("vault", "epoch", "readers", "data_recipient")
    body["predicate"] = {"format": 1, **{key: body["predicate"][key] for key in kept}}
    put_back(pushed, {FILES[1]: Envelope.sign(canonical_bytes(body), me).to_bytes()})
    assert "found sequence 0" in reading(pushed)


def test_a_keyring_folder_that_was_removed_does_not_begin_anew(pushed: Workshop) -> None:
    assert reading(pushed) == ""
    for path in (pushed.root / ".tdsec/vaults/store").iterdir():
        path.unlink()
    answer = pushed.tdsec("vault", "rewrap")
    assert answer.code == 10 and "older than the one" in answer.err


# -- datasets ------------------------------------------------------------------------------------


def grown(shop: Workshop) -> bytes:
    """A second accepted version of data/rows.csv; returns the first pointer's bytes."""
    pointer = shop.root / "data/rows.csv.dvc"
    old = pointer.read_bytes()
    shop.track("data/rows.csv", NEW)
    assert shop.tdsec("check", "data/rows.csv").code == 0
    assert shop.commit("more rows").code == 0
    assert shop.tdsec("verify", "data/rows.csv").code == 0
    return old


def run(shop: Workshop) -> tuple[int, str]:
    answer = shop.tdsec("run", "--data", "data/rows.csv", "--", sys.executable, "-c", "pass")
    return answer.code, answer.err


def test_an_old_version_put_back_is_refused_until_it_is_approved_again(pushed: Workshop) -> None:
    old = grown(pushed)
    assert run(pushed)[0] == 0
    (pushed.root / "data/rows.csv.dvc").write_bytes(old)
    (pushed.root / "data/rows.csv").write_bytes(ROWS)
    verified = pushed.tdsec("verify", "data/rows.csv")
    assert verified.code == 10 and "a newer version of this dataset was approved" in verified.err
    assert "tdsec check data/rows.csv" in verified.err
    code, err = run(pushed)
    assert code == 10 and "a newer version of this dataset was approved" in err

    approved = pushed.tdsec("--json", "check", "data/rows.csv")
    assert approved.code == 0 and json.loads(approved.out)["verdicts"][0]["cached"] is False
    assert pushed.tdsec("verify", "data/rows.csv").code == 0 and run(pushed)[0] == 0
    assert json.loads(pushed.tdsec("--json", "check", "data/rows.csv").out)["verdicts"][0]["cached"] is True
    assert pushed.commit("back on purpose").code == 0
    span = pushed.tdsec("verify", "--range", "HEAD~1..HEAD")
    assert span.code == 0, span.err


def test_an_old_pointer_in_a_commit_is_refused_by_the_range(pushed: Workshop) -> None:
    old = grown(pushed)
    (pushed.root / "data/rows.csv.dvc").write_bytes(old)
    assert pushed.commit("quietly back").code == 0
    span = pushed.tdsec("verify", "--range", "HEAD~1..HEAD")
    assert span.code == 10 and "put back" in span.err


def test_the_newer_verdict_taken_away_as_well(pushed: Workshop) -> None:
    """Nothing in the tree tells of the newer version any more; this clone remembers."""
    first = pushed.git("rev-parse", "HEAD").out.strip()
    grown(pushed)
    seen = Seen(pushed.root).pin("dataset", "data/rows.csv")
    assert seen is not None and seen.sequence == 2
    assert pushed.git("checkout", "-q", first, "--", "data", ".tdsec").code == 0
    for path in (pushed.root / ".tdsec/verdicts/data/rows.csv").glob("*.jsonl"):
        if pushed.git("cat-file", "-e", f"{first}:{path.relative_to(pushed.root)}").code != 0:
            path.unlink()
    (pushed.root / "data/rows.csv").write_bytes(ROWS)
    assert pushed.commit("rolled back").code == 0
    verified = pushed.tdsec("verify", "data/rows.csv")
    assert verified.code == 10 and "older than the one that this clone has seen" in verified.err
    assert run(pushed)[0] == 10
    assert pushed.git("checkout", "-q", "-f", first).code == 0
    assert pushed.tdsec("verify", "data/rows.csv").code == 0, "an older commit is an explanation"
    assert run(pushed)[0] == 0


# -- the file of pins ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[1]", b'{"format":2}', b'{"format":1,"dataset":{"a":{"sequence":"1"}}}', b"\xff"]
)
def test_a_broken_file_of_pins_is_not_forgotten(workshop: Workshop, data: bytes) -> None:
    seen = Seen(workshop.root)
    seen.path.write_bytes(data)
    with pytest.raises(IntegrityError, match="cannot be read"):
        seen.require("path", "models/m.bin", 1, "0" * 64)


def test_pins_of_paths_grow_and_never_shrink(workshop: Workshop) -> None:
    seen, key = Seen(workshop.root), "models/m.bin"
    seen.note("path", key, 5, "a" * 64)
    seen.note("path", key, 3, "b" * 64)
    Seen(workshop.root).note("dataset", key, 1, "c" * 64)
    for fresh in (seen, Seen(workshop.root)):
        fresh.require("path", key, 5, "a" * 64)
        fresh.require("path", key, 6, "d" * 64)
        for sequence, digest in ((4, "a" * 64), (5, "b" * 64)):
            with pytest.raises(IntegrityError):
                fresh.require("path", key, sequence, digest)
    assert seen.path.stat().st_mode & 0o777 == 0o600


def test_a_folder_without_git_has_no_pins(tmp_path: Path) -> None:
    seen = Seen(tmp_path)
    seen.note("path", "a", 5, "a" * 64)
    seen.require("path", "a", 1, "b" * 64)
    assert not seen.path.exists()
