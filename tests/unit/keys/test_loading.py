"""Where an identity is found and how it is opened: every kind of file, and every refusal."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tdsec_gov.errors import KeyUnavailable, TdsecError, UsageError
from tdsec_gov.keys import unlocked
from tdsec_gov.keys.age import armor, scrypt
from tdsec_gov.keys.age import file as age_file
from tdsec_gov.keys.identity import Identity
from tdsec_gov.keys.loading import config_home, load_identity, save_identity

WORD = "open sesame"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name in ("TDSEC_IDENTITY", "TDSEC_PASSPHRASE", "TDSEC_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TDSEC_HOME", str(tmp_path / "cfg"))
    unlocked.forget()
    yield tmp_path / "cfg"
    unlocked.forget()


def write(path: Path, data: bytes | str, mode: int = 0o600) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    path.chmod(mode)
    return path


def sealed(identity: Identity, word: str = WORD) -> bytes:
    return age_file.encrypt_bytes(identity.to_text().encode(), [scrypt.Recipient(word, log_n=10)])


class Asked:
    """Answers with a passphrase, and counts how often it was asked."""

    def __init__(self, answer: str = WORD) -> None:
        self.answer, self.times = answer, 0

    def __call__(self) -> str:
        self.times += 1
        return self.answer


def test_environment_wins_as_text_and_as_path(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_identity(Identity.generate("disk"), home / "identity")
    ci = Identity.generate("ci")
    monkeypatch.setenv("TDSEC_IDENTITY", ci.to_text())
    assert load_identity() == ci
    save_identity(ci, home / "ci")
    monkeypatch.setenv("TDSEC_IDENTITY", str(home / "ci"))
    assert load_identity() == ci


def test_passphrase(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    me = Identity.generate("alice")
    save_identity(me, home / "identity", WORD)
    assert b"alice" not in (home / "identity").read_bytes()
    with pytest.raises(KeyUnavailable, match="needs its passphrase"):
        load_identity()
    with pytest.raises(KeyUnavailable, match="not the identity's passphrase"):
        load_identity(lambda: "wrong")
    monkeypatch.setenv("TDSEC_PASSPHRASE", WORD)
    assert load_identity() == me


def test_a_passphrase_is_asked_once_per_process(home: Path) -> None:
    me = Identity.generate("alice")
    write(home / "identity", sealed(me))
    ask = Asked()
    assert [load_identity(ask), load_identity(ask), load_identity()] == [me] * 3 and ask.times == 1
    unlocked.forget()
    with pytest.raises(KeyUnavailable):
        load_identity()


def test_a_wrong_passphrase_is_not_remembered(home: Path) -> None:
    me = Identity.generate("alice")
    write(home / "identity", sealed(me))
    with pytest.raises(KeyUnavailable):
        load_identity(lambda: "wrong")
    assert load_identity(lambda: WORD) == me


def test_a_changed_file_is_opened_anew(home: Path) -> None:
    for person in (Identity.generate("alice"), Identity.generate("bob")):
        write(home / "identity", sealed(person))
        ask = Asked()
        assert load_identity(ask) == person and ask.times == 1


def test_armored_text_in_the_environment(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    me = Identity.generate("alice")
    monkeypatch.setenv("TDSEC_IDENTITY", armor.encode(sealed(me)).decode())
    assert load_identity(lambda: WORD) == me


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o606, 0o660, 0o602, 0o601])
@pytest.mark.parametrize("kind", ["plain", "sealed", "wrapped", "pointer"])
def test_readable_by_others(home: Path, kind: str, mode: int) -> None:
    me = Identity.generate("alice")
    data = {"plain": me.to_text().encode(), "sealed": sealed(me), "wrapped": b"{}"}
    write(home / "identity", data.get(kind, b"source: keyring:alice\n"), mode)
    with pytest.raises(KeyUnavailable, match="readable by others"):
        load_identity(lambda: WORD)


def test_nothing_there(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(KeyUnavailable, match="tdsec key new"):
        load_identity()
    save_identity(Identity.generate("alice"), home / "identity")
    for text in ("/nonexistent/file", "~nobody-of-this-name/x", "x" * 5000, "ssh:/nonexistent", str(home)):
        monkeypatch.setenv("TDSEC_IDENTITY", text)
        with pytest.raises(KeyUnavailable) as caught:
            load_identity()
        assert text not in caught.value.line()


def test_a_huge_file_is_not_read(home: Path) -> None:
    path = write(home / "identity", b"")
    with path.open("r+b") as stream:
        stream.truncate(1 << 30)
    with pytest.raises(KeyUnavailable, match="not a tdsec identity"):
        load_identity()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "{",
        '{"format":"tdsec-identity-wrapped/v1"}',
        '{"format":"tdsec-identity-wrapped/v2","scheme":"keyring","key":"a","context":{"name":"a",'
        '"use":"tdsec-identity"},"blob":""}',
        '{"format":"tdsec-identity-wrapped/v1","scheme":"os.system","key":"a","context":{"name":"a",'
        '"use":"tdsec-identity"},"blob":""}',
        '{"format":"tdsec-identity-wrapped/v1","scheme":"keyring","key":"a","context":{"name":"a",'
        '"use":"other"},"blob":""}',
        '{"format":"tdsec-identity-wrapped/v1","scheme":"keyring","key":"a","context":{"name":1,'
        '"use":"tdsec-identity"},"blob":""}',
        '{"format":"tdsec-identity-wrapped/v1","scheme":"keyring","key":["a"],"context":{"name":"a",'
        '"use":"tdsec-identity"},"blob":""}',
        '{"format":"tdsec-identity-wrapped/v1","scheme":"keyring","key":"a","context":{"name":"a",'
        '"use":"tdsec-identity"},"blob":"!"}',
        '{"format":"tdsec-identity-wrapped/v1","scheme":"keyring","key":"a","context":{"name":"a",'
        '"use":"tdsec-identity"},"blob":"","more":1}',
        "source: ssh:/nonexistent\n",
        "source: keyring:../x\n",
        "source: vault:x\n",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
        "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n",
    ],
    ids=range(16),
)
def test_what_is_no_identity(home: Path, text: str) -> None:
    write(home / "identity", text)
    with pytest.raises(KeyUnavailable):
        load_identity()


def test_two_identities_in_one_file(home: Path) -> None:
    text = Identity.generate("alice").to_text()
    for more in (text + "source: keyring:alice\n", "source: keyring:alice\nsource: ssh:~/.ssh/id_ed25519\n"):
        write(home / "identity", more)
        with pytest.raises(KeyUnavailable, match="more than one identity"):
            load_identity()


def test_threads_ask_once(home: Path) -> None:
    me = Identity.generate("alice")
    write(home / "identity", sealed(me))
    ask, start = Asked(), threading.Barrier(8)

    def load(_: int) -> Identity:
        start.wait()
        return load_identity(ask)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(load, range(8))) == [me] * 8
    assert ask.times == 1


def test_committed_is_tried_last(home: Path, tmp_path: Path) -> None:
    team, own = Identity.generate("team"), Identity.generate("own")
    place = write(tmp_path / "repo" / ".tdsec" / "identity.age", sealed(team), 0o644)
    assert load_identity(lambda: WORD, committed=place) == team
    write(home / "identity", own.to_text())
    assert load_identity(lambda: WORD, committed=place) == own
    (home / "identity").unlink()
    with pytest.raises(KeyUnavailable, match="tdsec key new"):
        load_identity(committed=tmp_path / "nothing")


def test_committed_does_not_replace_a_named_one(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = write(tmp_path / "identity.age", sealed(Identity.generate("team")))
    monkeypatch.setenv("TDSEC_IDENTITY", "/nonexistent")
    with pytest.raises(KeyUnavailable):
        load_identity(lambda: WORD, committed=place)


@pytest.mark.parametrize("kind", ["plain", "pointer", "wrapped", "armored"])
def test_only_a_protected_identity_may_be_committed(home: Path, tmp_path: Path, kind: str) -> None:
    me = Identity.generate("team")
    data = {"plain": me.to_text().encode(), "pointer": b"source: keyring:team\n", "wrapped": b"{}"}
    place = write(tmp_path / "identity.age", data.get(kind) or armor.encode(sealed(me)))
    with pytest.raises(KeyUnavailable, match="must be protected"):
        load_identity(lambda: WORD, committed=place)


def test_never_overwritten(home: Path) -> None:
    save_identity(Identity.generate("alice"), home / "identity")
    before = (home / "identity").read_bytes()
    with pytest.raises(UsageError):
        save_identity(Identity.generate("bob"), home / "identity")
    assert (home / "identity").read_bytes() == before


def test_where_the_config_folder_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TDSEC_HOME", "/x/y")
    assert config_home() == Path("/x/y")
    monkeypatch.delenv("TDSEC_HOME")
    monkeypatch.setenv("XDG_CONFIG_HOME", "/x/config")
    assert config_home() == Path("/x/config/tdsec")


def test_unlocked_keeps_what_was_opened_and_no_failure() -> None:
    unlocked.forget()
    calls: list[int] = []

    def fail() -> int:
        calls.append(1)
        raise KeyUnavailable("no")

    for _ in range(2):
        with pytest.raises(TdsecError):
            unlocked.once("kind", b"bytes", fail)
    assert len(calls) == 2
    assert [unlocked.once("kind", b"bytes", lambda: 7), unlocked.once("kind", b"bytes", lambda: 8)] == [7, 7]
    assert unlocked.once("other kind", b"bytes", lambda: 9) == 9
    unlocked.forget()
    assert unlocked.once("kind", b"bytes", lambda: 10) == 10
    unlocked.forget()
