"""Old files become plaintext files: planned names, nothing overwritten, one bad file keeps none back."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from tdsec_gov.errors import BackendUnavailable, IntegrityError, SignatureInvalid, TdsecError, UsageError
from tdsec_gov.vault.importing.fernet import Token
from tdsec_gov.vault.importing.fernet_import import Imported, import_files, plan
from tdsec_gov.vault.importing.fernet_key import FernetKey

RAW = Fernet.generate_key()
KEY = FernetKey.parse(RAW, "key")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    folder = tmp_path / "old"
    for name in ("a.csv.enc", "deep/er/b.fernet", "plain"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(Fernet(RAW).encrypt(name.encode()))
    return folder


def run(sources: list[Path], out: Path) -> dict[str, Imported]:
    return {one.item.name: one for one in import_files(plan(sources), out, [KEY])}


def left(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_folder_keeps_its_shape(old: Path, tmp_path: Path) -> None:
    done = run([old], tmp_path / "out")
    assert {name: one.size for name, one in done.items()} == {"a.csv": 9, "deep/er/b": 16, "plain": 5}
    assert left(tmp_path / "out") == ["a.csv", "deep/er/b", "plain"]
    assert (tmp_path / "out/deep/er/b").read_bytes() == b"deep/er/b.fernet"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["old", "out"]


def test_one_bad_file_does_not_lose_the_others(old: Path, tmp_path: Path) -> None:
    damaged = bytearray((old / "a.csv.enc").read_bytes())
    damaged[40] = ord("B" if damaged[40] == ord("A") else "A")
    (old / "a.csv.enc").write_bytes(damaged)
    (old / "cut").write_bytes(bytes(damaged[:-8]))
    (old / "foreign").write_bytes(Fernet(Fernet.generate_key()).encrypt(b"x"))
    (old / "link").symlink_to(old / "plain")
    done = run([old], tmp_path / "out")
    kinds = {name: type(one.error) for name, one in done.items() if one.error}
    assert kinds == {
        "a.csv": SignatureInvalid,
        "cut": IntegrityError,
        "foreign": SignatureInvalid,
        "link": UsageError,
    }
    for name, one in done.items():
        assert one.error is None or (name in one.error.line() and "\n" not in one.error.line())
    assert left(tmp_path / "out") == ["deep/er/b", "plain"]


def test_twice_is_once_and_another_file_stays(old: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run([old], out)
    before = (out / "plain").stat()
    (out / "a.csv").write_bytes(b"mine")
    (out / "deep/er/b").unlink()
    (out / "deep/er/b").mkdir()
    done = run([old], out)
    assert (done["plain"].known, done["plain"].error) == (True, None)
    assert (out / "plain").stat().st_mtime_ns == before.st_mtime_ns
    for name in ("a.csv", "deep/er/b"):
        error = done[name].error
        assert isinstance(error, UsageError) and "it stays" in error.line()
    assert (out / "a.csv").read_bytes() == b"mine"


def test_a_link_in_the_way_is_not_written_through(old: Path, tmp_path: Path) -> None:
    out, outside = tmp_path / "out", tmp_path / "outside"
    out.mkdir()
    (out / "plain").symlink_to(outside)
    assert isinstance(run([old / "plain"], out)["plain"].error, UsageError)
    assert not outside.exists()


def test_where_there_are_no_hard_links(old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    assert run([old / "plain"], tmp_path / "out")["plain"].error is None
    assert left(tmp_path / "out") == ["plain"]


@pytest.mark.parametrize("fault", [KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_nothing_half_written_stays(
    old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: BaseException
) -> None:
    whole: Callable[..., int] = Token.decrypt

    def stop(self: Token, key: FernetKey, write: Callable[[bytes], object]) -> int:
        whole(self, key, write)
        raise fault

    monkeypatch.setattr(Token, "decrypt", stop)
    if isinstance(fault, OSError):
        assert isinstance(run([old / "plain"], tmp_path / "out")["plain"].error, BackendUnavailable)
    else:
        with pytest.raises(KeyboardInterrupt):
            run([old / "plain"], tmp_path / "out")
    assert left(tmp_path) == ["old/a.csv.enc", "old/deep/er/b.fernet", "old/plain"]


def test_names_are_planned_before_anything_is_written(old: Path, tmp_path: Path) -> None:
    (old / "a.csv.token").write_bytes(b"")
    with pytest.raises(UsageError, match=r"same name.*a\.csv"):
        plan([old])
    assert [item.name for item in plan([old], "*.enc")] == ["a.csv"]
    for sources in ([tmp_path / "none"], [tmp_path / "old" / "none"]):
        with pytest.raises(UsageError):
            plan(sources)
    with pytest.raises(UsageError, match="no file"):
        plan([old], "*.nothing")


def test_a_folder_that_cannot_be_read_is_not_left_out(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for somebody who is not root and may not read it."""
    look = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("deep"):
            raise PermissionError(13, "Permission denied")
        return look(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(TdsecError, match="cannot be read"):
        plan([old])
