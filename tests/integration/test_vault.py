"""The vault as DVC's users meet it: push, pull, fetch, status, gc, get, api, second clones and people."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from workshops import FOLDER, ROWS, Workshop, call, isolated

from tdsec_gov.errors import TdsecError
from tdsec_gov.files import WorkTree
from tdsec_gov.keys.identity import Identity
from tdsec_gov.keys.loading import save_identity
from tdsec_gov.vault.keyrings.keyring import Keyring
from tdsec_gov.vault.keyrings.naming import Names
from tdsec_gov.verdicts.book import VerdictBook


def files_below(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_second_clone_of_the_same_person(pushed: Workshop) -> None:
    clone = pushed.clone()
    assert pushed.dvc("status", "-c", folder=clone).code == 0
    pulled = pushed.dvc("pull", folder=clone)
    assert pulled.code == 0, pulled.err
    assert (clone / "data/rows.csv").read_bytes() == ROWS
    assert files_below(clone / "data/folder") == FOLDER
    synced = pushed.dvc("status", "-c", folder=clone)
    assert "in sync" in synced.out and synced.code == 0
    assert pushed.tdsec("verify", "--all", folder=clone).code == 0


def test_fetch_fills_the_cache_only(pushed: Workshop) -> None:
    clone = pushed.clone()
    assert pushed.dvc("fetch", "data/rows.csv", folder=clone).code == 0
    assert not (clone / "data/rows.csv").exists()
    assert any(p.read_bytes() == ROWS for p in (clone / ".dvc/cache").rglob("*") if p.is_file())


def test_push_again_uploads_nothing(pushed: Workshop) -> None:
    before = {path: path.stat().st_mtime_ns for path in pushed.stored()}
    again = pushed.dvc("push")
    assert again.code == 0 and "up to date" in again.out
    assert {path: path.stat().st_mtime_ns for path in pushed.stored()} == before


def test_storage_tells_nothing(pushed: Workshop) -> None:
    """No row, no path and no DVC checksum in any byte or name, and equal files are stored once."""
    secrets = [b"row-number", b"id,word,label", b"rows.csv", b"folder", b"deep", "漢字".encode()]
    for content in (ROWS, *FOLDER.values()):
        oid = pushed.store(content)
        secrets += [oid.encode(), bytes.fromhex(oid), oid[2:].encode()]
    assert len(pushed.objects()) == len({ROWS, *FOLDER.values()}) + 1
    assert len(pushed.objects("manifests")) == 1
    for path in pushed.stored():
        name = path.relative_to(pushed.storage).as_posix()
        body = path.read_bytes()
        assert not [one for one in secrets if one in body or one in name.replace("/", "").encode()]


def test_gc_takes_what_no_pointer_names(pushed: Workshop) -> None:
    before = len(pushed.objects())
    (pushed.root / "data/folder.dvc").unlink()
    cleaned = pushed.dvc("gc", "-c", "-w", "-f")
    assert cleaned.code == 0, cleaned.err
    assert (before, len(pushed.objects())) == (len({ROWS, *FOLDER.values()}) + 1, 1)
    clone = pushed.clone()
    assert pushed.dvc("pull", "data/rows.csv", folder=clone).code == 0
    assert (clone / "data/rows.csv").read_bytes() == ROWS


def test_get_and_api_from_another_folder(pushed: Workshop) -> None:
    away = pushed.base / "away"
    away.mkdir()
    assert pushed.publish_storage().code == 0
    got = pushed.dvc("get", "--rev", "main", str(pushed.root), "data/folder", "-o", "out", folder=away)
    assert got.code == 0, got.err
    assert files_below(away / "out") == FOLDER
    code = (
        "import dvc.api,sys;"
        f"sys.stdout.buffer.write(dvc.api.read('data/rows.csv',repo={str(pushed.root)!r},rev='main',mode='rb'))"
    )
    read = subprocess.run([sys.executable, "-c", code], cwd=away, capture_output=True, check=False)
    assert read.stdout == ROWS, read.stderr[-500:]


def add_member(shop: Workshop, name: str, role: str) -> dict[str, str]:
    """A second person: own home, listed in access.yaml, and a reader of the keyring."""
    env = isolated(shop.base, name)
    Path(env["HOME"]).mkdir()
    identity = Identity.generate(name)
    save_identity(identity, Path(env["TDSEC_HOME"]) / "identity")
    access = shop.root / "policies/access.yaml"
    shown = call([sys.executable, "-m", "tdsec_gov.cli.main", "key", "show", "--role", role], shop.root, env)
    assert shown.code == 0, shown.err
    access.write_text(f"{access.read_text().rstrip()}\n{shown.out.rstrip()}\n")
    return env


def let_in(shop: Workshop) -> None:
    """Encrypt the keyring to everybody who may read now, as ``tdsec vault add-reader`` does."""
    assert shop.tdsec("vault", "rewrap").code == 0
    assert shop.commit("let in").code == 0


def test_second_member_reads_and_may_not_write(pushed: Workshop) -> None:
    env = add_member(pushed, "bob", "reader")
    let_in(pushed)
    clone = pushed.clone()
    assert pushed.dvc("pull", folder=clone, env=env).code == 0
    assert files_below(clone / "data/folder") == FOLDER
    for path in pushed.objects():
        path.unlink()
    refused = pushed.dvc("push", folder=clone, env=env)
    assert refused.code != 0 and "'bob' may not write vault 'store'" in refused.err
    assert pushed.objects() == []
    collected = pushed.dvc("gc", "-c", "-w", "-f", folder=clone, env=env)
    assert collected.code == 0 or "may not write" in collected.err


def test_member_whose_verdict_does_not_count_cannot_push(pushed: Workshop) -> None:
    """A reader signs for himself: the gate says that it does not count, and writes nothing."""
    env = add_member(pushed, "bob", "reader")
    let_in(pushed)
    pushed.track("data/new.csv", b"id\n1\n")
    before = pushed.verdicts()
    answer = call([sys.executable, "-m", "tdsec_gov.cli.main", "check", "data/new.csv"], pushed.root, env)
    assert answer.code == 11 and "does not count" in answer.err and len(answer.lines) == 1
    assert pushed.verdicts() == before


@pytest.mark.parametrize("listed", [False, True], ids=["not-a-member", "member-without-keyring"])
def test_stranger_gets_nothing(pushed: Workshop, listed: bool) -> None:
    env = isolated(pushed.base, "eve")
    if listed:
        env = add_member(pushed, "eve", "reader")
        assert pushed.commit("listed").code == 0
    else:
        save_identity(Identity.generate("eve"), Path(env["TDSEC_HOME"]) / "identity")
    clone = pushed.clone()
    refused = pushed.dvc("pull", folder=clone, env=env)
    assert refused.code != 0 and "tdsec refused" in refused.err
    assert "cannot open vault 'store'" in refused.err or "may not read vault 'store'" in refused.err
    assert not (clone / "data/rows.csv").exists()
    assert not [p for p in (clone / ".dvc/cache").rglob("*") if p.is_file()]


def test_no_identity_at_all(pushed: Workshop) -> None:
    clone = pushed.clone()
    refused = pushed.dvc("pull", folder=clone, env=isolated(pushed.base, "nobody"))
    assert refused.code != 0 and "no identity" in refused.err and "tdsec key new" in refused.err
    assert not (clone / "data/rows.csv").exists()


def test_stock_age_recovers_the_data(pushed: Workshop) -> None:
    """The two steps in the docstring of vault/keyrings/keyring.py, with the age command alone."""
    identity = Path(os.environ["TDSEC_HOME"]) / "identity"
    keyring = pushed.root / ".tdsec/vaults/store/keyring-1.age"
    opened = subprocess.run(["age", "-d", "-i", identity, keyring], capture_output=True, check=True)
    secret = pushed.base / "k"
    secret.write_bytes(opened.stdout)
    secret.chmod(0o600)
    found = {
        subprocess.run(["age", "-d", "-i", secret, path], capture_output=True, check=True).stdout
        for path in pushed.objects()
    }
    assert {ROWS, *FOLDER.values()} < found
    names = Names(Keyring.from_bytes(opened.stdout).name_key)
    assert names.of_oid(pushed.store(ROWS)) in {"".join(p.parts[-2:]) for p in pushed.objects()}


def test_without_the_plugin_nothing_leaves(pushed: Workshop) -> None:
    """DVC started without its .pth files: no site processing, modules found by PYTHONPATH alone."""
    pushed.track("data/late.csv", b"id\n77\n")
    before = pushed.stored()
    site = next(path for path in sys.path if path.endswith("site-packages"))
    env = {**os.environ, "PYTHONPATH": site}
    sent = call([sys.executable, "-S", "-m", "dvc", "push"], pushed.root, env)
    assert sent.code != 0 and "Unsupported URL type tdsec://" in sent.err
    assert pushed.stored() == before
    assert not list(pushed.root.glob("tdsec:*"))


@pytest.mark.parametrize(
    "way",
    ["by-name", "same-url", "sub-folder", "remote-reference", "hardlinks", "symlinked-url", "to-remote"],
)
def test_inner_remote_cannot_be_written(pushed: Workshop, way: str) -> None:
    """Plaintext does not get into the storage beside the vault."""
    before = pushed.stored()
    name = "other"
    add = ["remote", "add", "--local", name]
    if way == "same-url":
        assert pushed.dvc(*add, str(pushed.storage)).code == 0
    elif way == "sub-folder":
        assert pushed.dvc(*add, str(pushed.storage / "sub" / "folder")).code == 0
    elif way == "remote-reference":
        assert pushed.dvc(*add, "remote://store/sub").code == 0
    elif way == "symlinked-url":
        (pushed.base / "link").symlink_to(pushed.storage)
        assert pushed.dvc(*add, str(pushed.base / "link" / "x")).code == 0
    else:
        name = "store"
    if way == "hardlinks":
        assert pushed.dvc("config", "--local", "cache.type", "hardlink,symlink").code == 0
    if way == "to-remote":
        pushed.write("outside/new.csv", b"id\n5\n")
        sent = pushed.dvc("add", "--to-remote", "-r", name, "outside/new.csv")
    else:
        sent = pushed.dvc("push", "-r", name)
    assert sent.code != 0, sent.out
    assert "is the storage inside the vault" in sent.err
    assert pushed.stored() == before


def test_plain_objects_from_before_can_still_be_fetched(workshop: Workshop) -> None:
    """A storage that served DVC before tdsec keeps serving; the guard is against writing only."""
    oid = workshop.track("data/old.csv", b"id\n9\n")
    old = workshop.storage / "files" / "md5" / oid[:2] / oid[2:]
    old.parent.mkdir(parents=True)
    workshop.object(oid).rename(old)
    (workshop.root / "data/old.csv").unlink()
    pulled = workshop.dvc("pull", "-r", "store", "data/old.csv")
    assert pulled.code == 0, pulled.err
    assert (workshop.root / "data/old.csv").read_bytes() == b"id\n9\n"


def test_to_remote_of_unknown_data_is_refused(pushed: Workshop) -> None:
    before = pushed.stored()
    pushed.write("outside/new.csv", b"id\n5\n")
    sent = pushed.dvc("add", "--to-remote", "outside/new.csv")
    assert sent.code != 0
    assert pushed.stored() == before


def test_run_cache_is_not_uploaded(pushed: Workshop) -> None:
    pushed.write(
        "dvc.yaml",
        b"stages:\n  s:\n    cmd: cp data/rows.csv out.csv\n    deps: [data/rows.csv]\n    outs: [out.csv]\n",
    )
    assert pushed.dvc("repro", "-q").code == 0
    before = pushed.stored()
    pushed.dvc("push", "--run-cache", "data/rows.csv")
    assert pushed.stored() == before


def test_empty_vault_url_and_missing_inner(pushed: Workshop) -> None:
    assert pushed.dvc("remote", "add", "--local", "ghost", "tdsec://nowhere").code == 0
    sent = pushed.dvc("push", "-r", "ghost")
    assert sent.code != 0 and "'nowhere' doesn't exist" in sent.err and "Traceback" not in sent.err


def test_verdict_book_reads_what_check_wrote(pushed: Workshop) -> None:
    from datetime import UTC, datetime

    book = VerdictBook.open(WorkTree(pushed.root), datetime.now(UTC))
    assert book.datasets() == ["data/folder", "data/rows.csv"]
    assert book.for_oid("data/rows.csv", pushed.store(ROWS)).verdict.version.content is not None
    with pytest.raises(TdsecError):
        book.for_oid("data/folder", pushed.store(ROWS))
