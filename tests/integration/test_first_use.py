"""What a newcomer did, and must not be able to do unwarned."""

from __future__ import annotations

import shutil

from workshops import ROWS, Workshop


def test_a_deleted_tdsec_folder_does_not_get_a_new_keyring(pushed: Workshop) -> None:
    shutil.rmtree(pushed.root / ".tdsec")
    answer = pushed.tdsec("init", "--vault", pushed.storage, "--yes")
    assert answer.code == 10
    assert not (pushed.root / ".tdsec" / "vaults").exists()
    (pushed.root / ".git" / "tdsec-log").unlink()
    answer = pushed.tdsec("init", "--vault", pushed.storage, "--yes")
    assert answer.code == 10
    assert "git checkout HEAD -- .tdsec" in answer.err
    assert not (pushed.root / ".tdsec" / "vaults").exists()


def test_a_storage_in_use_does_not_get_a_new_keyring(pushed: Workshop) -> None:
    other = pushed.base / "other"
    assert pushed.git("init", "-q", str(other)).code == 0
    assert pushed.dvc("init", "-q", folder=other).code == 0
    answer = pushed.tdsec("init", "--vault", pushed.storage, "--yes", folder=other)
    assert answer.code == 10
    assert "whose keyring is not here" in answer.err


def test_verify_names_a_changed_file_in_the_work_tree(pushed: Workshop) -> None:
    changed = pushed.root / "data" / "rows.csv"
    assert pushed.tdsec("verify", "data/rows.csv").code == 0
    changed.unlink()
    changed.write_bytes(ROWS.replace(b",0\n", b",1\n", 1))
    answer = pushed.tdsec("verify", "data/rows.csv")
    assert answer.code == 10
    assert "work tree is not the version" in answer.err
    assert "dvc checkout data/rows.csv" in answer.err


def test_doctor_names_readable_objects_from_before(pushed: Workshop) -> None:
    assert "old plaintext" not in [
        line.split()[1] for line in pushed.tdsec("doctor").out.splitlines() if "BAD" in line
    ]
    old = pushed.storage / "files" / "md5" / "ab"
    old.mkdir(parents=True)
    (old / "cdef").write_bytes(ROWS)
    assert "readable objects from before" in pushed.tdsec("doctor").out
