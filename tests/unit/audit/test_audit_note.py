"""Signed notes, checkpoints and the files that keep them."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tdsec_gov.audit.checkpoints import CheckpointFile, advance
from tdsec_gov.audit.log import AuditLog
from tdsec_gov.audit.note import Checkpoint, sign_note
from tdsec_gov.errors import BackendUnavailable, LogTampered, SignatureInvalid, SignerUntrusted, UsageError
from tdsec_gov.keys.signing import SigningKey

KEY, OTHER = SigningKey(bytes(range(32))), SigningKey(b"\x01" * 32)
KEYS = {KEY.verify_key.keyid: KEY.verify_key}
ROOT = "ab" * 32


def cp(size: int, log: str = "a", root: str = ROOT) -> Checkpoint:
    return Checkpoint(f"tdsec-gov/audit/{log}", size, root)


def test_round_trip() -> None:
    note = cp(7).sign(KEY, "alice")
    assert note.startswith("tdsec-gov/audit/a\n7\n") and note.count("\n") == 5
    assert Checkpoint.verify(note, KEYS) == cp(7)
    both = note + sign_note(cp(7).text, OTHER, "bob").rpartition("\n\n")[2]
    assert Checkpoint.verify(both, KEYS) == cp(7)  # a witness's line does not hurt
    assert Checkpoint.unsafe_read(note) == cp(7)


def test_unknown_signer() -> None:
    with pytest.raises(SignerUntrusted):
        Checkpoint.verify(cp(7).sign(OTHER, "alice"), KEYS)
    with pytest.raises(SignerUntrusted):
        Checkpoint.verify(cp(7).sign(KEY, "alice"), {})


@pytest.mark.parametrize(
    "change",
    [
        lambda n: n.replace("\n7\n", "\n8\n"),
        lambda n: n.replace("audit/a", "audit/b"),
        lambda n: n[:-1],
        lambda n: n + "\n",
        lambda n: n + "x\n",
        lambda n: n.replace("\n\n", "\n"),
        lambda n: n.replace("— ", "- "),
        lambda n: n.replace("— alice", "—  alice"),
        lambda n: n.replace("\n", "\r\n"),
        lambda n: n.split("\n\n")[0] + "\n\n",
        lambda n: n[:-3] + "\n",
        lambda n: "",
        lambda n: n.replace("7", "7\x00"),
    ],
)
def test_changed_notes_are_refused(change: Any) -> None:
    with pytest.raises((SignatureInvalid, SignerUntrusted)):
        Checkpoint.verify(change(cp(7).sign(KEY, "alice")), KEYS)


@pytest.mark.parametrize(
    "text",
    [
        "o\n07\n" + cp(1).text.split("\n")[2] + "\n",
        "o\n-1\n" + cp(1).text.split("\n")[2] + "\n",
        "o\n7\nAAAA\n",
        "o\n7\n",
        "\n7\n" + cp(1).text.split("\n")[2] + "\n",
        cp(7).text + "extension\n",
        "o\n9999999999999999999\n" + cp(1).text.split("\n")[2] + "\n",
    ],
)
def test_signed_but_no_checkpoint(text: str) -> None:
    with pytest.raises(LogTampered):
        Checkpoint.verify(sign_note(text, KEY, "alice"), KEYS)


def test_names_and_texts_that_cannot_be_signed() -> None:
    for name in ("", "a b", "a+b", "a\n"):
        with pytest.raises(UsageError):
            cp(1).sign(KEY, name)
    with pytest.raises(UsageError):
        sign_note("no final newline", KEY, "alice")


def test_file_sorts_replaces_and_never_goes_back(tmp_path: Path) -> None:
    file = CheckpointFile(tmp_path / "new" / "checkpoint")
    assert file.notes() == () and file.checkpoints(KEYS) == ()
    for one in (cp(5, "b"), cp(3, "a"), cp(9, "c"), cp(6, "b")):
        file.put(one.sign(KEY, "alice"))
    assert file.checkpoints(KEYS) == (cp(3, "a"), cp(6, "b"), cp(9, "c"))
    assert file.checkpoints(KEYS, cp(0, "b").origin) == (cp(6, "b"),)
    before = file.path.read_bytes()
    stamp = file.path.stat().st_mtime_ns
    file.put(cp(6, "b").sign(KEY, "alice"))
    assert (file.path.read_bytes(), file.path.stat().st_mtime_ns) == (before, stamp)
    with pytest.raises(LogTampered, match="more events"):
        file.put(cp(5, "b").sign(KEY, "alice"))
    with pytest.raises(LogTampered, match="two roots"):
        file.put(cp(6, "b", "cd" * 32).sign(KEY, "alice"))
    assert file.path.read_bytes() == before
    assert [one.name for one in file.path.parent.iterdir()] == ["checkpoint"]


def test_malformed_files(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    note = cp(1).sign(KEY, "alice")
    for data in (b"x\n", b"<<<<<<< HEAD\n", b"\xff\n", b'"not a note"\n', b"7\n", note.encode()):
        path.write_bytes(data)
        with pytest.raises(LogTampered):
            CheckpointFile(path).checkpoints(KEYS, cp(1).origin)
        with pytest.raises(LogTampered):
            CheckpointFile(path).put(note)
        assert path.read_bytes() == data
    with pytest.raises(BackendUnavailable):
        CheckpointFile(tmp_path).notes()
    with pytest.raises(BackendUnavailable):
        CheckpointFile(path / "below").put(note)


def merge(tmp_path: Path, ours: bytes, base: bytes, theirs: bytes, *options: str) -> int:
    for name, data in (("ours", ours), ("base", base), ("theirs", theirs)):
        (tmp_path / name).write_bytes(data)
    command = ["git", "merge-file", *options, "ours", "base", "theirs"]
    return subprocess.run(command, cwd=tmp_path, check=False, capture_output=True).returncode


def states(tmp_path: Path, *changes: Checkpoint) -> bytes:
    file = CheckpointFile(tmp_path / "state" / "checkpoint")
    file.path.unlink(missing_ok=True)
    for one in changes:
        file.put(one.sign(KEY, "alice"))
    return file.path.read_bytes()


def test_git_merges_two_clones(tmp_path: Path) -> None:
    base = states(tmp_path, cp(1, "a"), cp(1, "b"))
    ours, theirs = states(tmp_path, cp(2, "a"), cp(1, "b")), states(tmp_path, cp(1, "a"), cp(3, "b"))
    assert merge(tmp_path, ours, base, theirs) == 0
    assert CheckpointFile(tmp_path / "ours").checkpoints(KEYS) == (cp(2, "a"), cp(3, "b"))


def test_git_union_merges_two_branches_of_one_clone(tmp_path: Path) -> None:
    base = states(tmp_path, cp(1, "a"))
    ours, theirs = states(tmp_path, cp(2, "a"), cp(4, "b")), states(tmp_path, cp(3, "a"), cp(5, "c"))
    assert merge(tmp_path, ours, base, theirs, "--union") == 0
    merged = CheckpointFile(tmp_path / "ours")
    assert set(merged.checkpoints(KEYS)) == {cp(2, "a"), cp(3, "a"), cp(4, "b"), cp(5, "c")}
    merged.put(cp(6, "b").sign(KEY, "alice"))
    assert merged.checkpoints(KEYS) == (cp(3, "a"), cp(6, "b"), cp(5, "c"))


def test_advance_never_vouches_for_a_rewritten_log(
    log: AuditLog, attacker: Any, event: Any, tmp_path: Path
) -> None:
    committed, private = tmp_path / "checkpoint", tmp_path / "config" / "0123456789abcdef"
    first = advance(log, KEY, "alice", into=[private])
    log.append(event(21))
    second = advance(log, KEY, "alice", into=[private, committed])
    assert (first.size, second.size) == (20, 21)
    assert (
        CheckpointFile(private).checkpoints(KEYS) == CheckpointFile(committed).checkpoints(KEYS) == (second,)
    )
    attacker.sql(
        "UPDATE tdsec_audit_entry SET body=replace(body, 'success', 'denied'), outcome='denied' WHERE seq=2"
    )
    attacker.rehash()
    log.append(event(22))
    private.unlink()
    for places in ({"into": [committed]}, {"into": [private], "against": [committed]}):
        with pytest.raises(LogTampered, match="among the first 21 was rewritten"):
            advance(log, KEY, "alice", **places)
    assert CheckpointFile(committed).checkpoints(KEYS) == (second,)
    assert not private.exists()
