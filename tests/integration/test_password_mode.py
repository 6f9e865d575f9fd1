"""A team of one: a fresh clone and a passphrase are all that is needed."""

from __future__ import annotations

import fcntl
import functools
import os
import pty
import select
import shutil
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from workshops import DVC, POLICY, ROWS, SOURCES, Workshop, isolated, living_in

from tdsec_gov.keys import terminal, unlocked
from tdsec_gov.keys.age import scrypt
from tdsec_gov.setup import password

WORDS = "corner violin maple orbit"
OTHER = "quiet harbor ladder pepper"
SEALED = ".tdsec/identity.age"


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    """Seal with little work; test_the_work_of_a_guess looks at the real one."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(scrypt, "Recipient", functools.partial(scrypt.Recipient, log_n=10))
        yield


@pytest.fixture(autouse=True)
def nobody_at_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "at_terminal", lambda prompt="": "")


@pytest.fixture(scope="module")
def sealed_template(quick: None, tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    base = tmp_path_factory.mktemp("sealed")
    shop = Workshop(base, base / "repo")
    shop.root.mkdir()
    with living_in(base):
        os.environ["TDSEC_PASSPHRASE"] = WORDS
        assert shop.git("init", "-q", "-b", "main").code == 0
        assert shop.dvc("init", "-q").code == 0
        made = shop.tdsec("init", "--vault", shop.storage, "--name", "alice", "--password", "--yes")
        assert made.code == 0, made.err
        assert "sealed with your passphrase" in made.out
        (shop.root / "policies" / "policy.yaml").write_text(POLICY)
        (shop.root / "policies" / "sources.yaml").write_text(SOURCES)
        shop.track("data/rows.csv", ROWS)
        checked = shop.tdsec("check", "--all")
        assert checked.code == 0, checked.err
        assert shop.commit("all").code == 0
        sent = shop.dvc("push")
        assert sent.code == 0, sent.err
    unlocked.forget()
    return shop


@pytest.fixture
def sealed(sealed_template: Workshop, tmp_path: Path) -> Iterator[Workshop]:
    """A repository whose vault a passphrase opens, and nobody there who has said it yet."""
    with living_in(tmp_path):
        unlocked.forget()
        yield sealed_template.copy_to(tmp_path)
        unlocked.forget()


@pytest.fixture
def at_home(pushed: Workshop) -> Iterator[Workshop]:
    """A repository whose member ``alice`` has an identity of her own."""
    unlocked.forget()
    yield pushed
    unlocked.forget()


def elsewhere(shop: Workshop, passphrase: str = "") -> dict[str, str]:
    """Another machine: another home, without an identity."""
    return {**isolated(shop.base, "elsewhere"), "TDSEC_PASSPHRASE": passphrase}


def typed(
    command: list[str], folder: Path, env: Mapping[str, str], answers: list[str]
) -> tuple[int, str, str]:
    """Run a command with a terminal of its own but no standard input; answer each prompt for a passphrase.

    Returns the exit code, what stood on the terminal and what on standard output and error.
    """
    master, slave = pty.openpty()

    def take() -> None:
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

    with open(folder.parent / "said", "w+b") as said:  # noqa: PTH123 - one file for both
        child = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
            preexec_fn=take,
            pass_fds=[slave],
        )
        os.close(slave)
        screen, left, deadline = "", list(answers), time.monotonic() + 60
        while child.poll() is None and time.monotonic() < deadline:
            if not select.select([master], [], [], 0.1)[0]:
                continue
            try:
                screen += os.read(master, 1024).decode(errors="replace")
            except OSError:
                break
            if left and screen.count(": ") > len(answers) - len(left):
                os.write(master, f"{left.pop(0)}\n".encode())
        code = child.wait(timeout=30)
        said.seek(0)
        os.close(master)
        return code, screen, said.read().decode(errors="replace")


def test_the_file_in_git_gives_nothing_away(sealed: Workshop) -> None:
    data = (sealed.root / SEALED).read_bytes()
    assert data.startswith(b"age-encryption.org/v1\n-> scrypt ")
    assert b"SECRET" not in data and b"alice" not in data
    assert sealed.git("ls-files", SEALED).out == f"{SEALED}\n"
    assert not (sealed.base / "home" / "tdsec" / "identity").exists()
    check = sealed.git("check-attr", "text", "--", SEALED, ".tdsec/vaults/store/keyring-1.age").out
    assert check.count("text: unset") == 2


def test_the_work_of_a_guess(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scrypt, "Recipient", scrypt.Recipient.func)
    made = password.create(tmp_path / "identity.age", "alice", WORDS)
    assert (tmp_path / "identity.age").read_bytes().splitlines()[1].endswith(b" 18")
    assert password.open_sealed(tmp_path / "identity.age", WORDS) == made


def test_a_clone_and_the_passphrase_are_enough(sealed: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    clone, right = sealed.clone(), elsewhere(sealed, WORDS)
    answer = sealed.dvc("pull", folder=clone, env=right)
    assert answer.code == 0, answer.err
    assert (clone / "data" / "rows.csv").read_bytes() == ROWS
    (clone / "data" / "rows.csv").unlink()
    (clone / "data" / "rows.csv").write_bytes(ROWS + b"400,row-number-400,0\n")
    assert sealed.dvc("add", "data/rows.csv", folder=clone, env=right).code == 0
    for name in ("TDSEC_HOME", "TDSEC_PASSPHRASE"):
        monkeypatch.setenv(name, right[name])
    assert sealed.tdsec("check", "--all", folder=clone).code == 0
    assert sealed.tdsec("verify", "--all", folder=clone).code == 0
    assert sealed.dvc("push", folder=clone, env=right).code == 0
    answer = sealed.tdsec("vault", "verify", folder=clone)
    assert answer.code == 0, answer.err
    assert "key " not in sealed.tdsec("audit", "log", folder=clone).out
    assert not (sealed.base / "elsewhere" / "tdsec" / "identity").exists()


@pytest.mark.parametrize(("passphrase", "words"), [("", "set TDSEC_PASSPHRASE"), (OTHER, "is not the ident")])
def test_without_it_nothing_opens_and_nothing_changes(
    sealed: Workshop, passphrase: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone, env = sealed.clone(), elsewhere(sealed, passphrase)
    answer = sealed.dvc("pull", folder=clone, env=env)
    assert answer.code != 0
    assert any(words in line for line in answer.lines), answer.err
    assert not (clone / "data" / "rows.csv").exists()
    for name in ("TDSEC_HOME", "TDSEC_PASSPHRASE"):
        monkeypatch.setenv(name, env[name])
    source = ["source", "add", "--id", "x", "--name", "x", "--trust", "raw"]
    for command in (["init"], ["init", "--password"], ["vault", "status"], ["key", "show"], source):
        answer = sealed.tdsec(*command, folder=clone)
        assert answer.code == 13, (command, answer.err)
        assert answer.err.count("\n") == 1 and words in answer.err
    assert sealed.git("status", "--short", folder=clone).out == ""
    assert not (sealed.base / "elsewhere" / "tdsec" / "identity").exists()


@pytest.mark.parametrize("answer", [WORDS, OTHER])
def test_dvc_asks_once_at_the_terminal(sealed: Workshop, answer: str) -> None:
    clone = sealed.clone()
    code, screen, said = typed([str(DVC), "pull"], clone, elsewhere(sealed), [answer])
    assert screen.count("Passphrase: ") == 1
    assert answer not in screen + said
    assert (code == 0) == (answer == WORDS) == (clone / "data" / "rows.csv").exists(), said


def test_a_passphrase_is_chosen_at_the_terminal(sealed: Workshop) -> None:
    """Typed twice, after the warning; two that differ, and a weak one, leave nothing behind."""
    other = sealed.base / "other"
    assert sealed.git("init", "-q", str(other)).code == 0
    assert sealed.dvc("init", "-q", folder=other).code == 0
    command = [sys.executable, "-m", "tdsec_gov.cli.main", "init", "--vault", "../storage2", "--password"]
    for answers, expected in (([WORDS, OTHER], 2), (["password1234"] * 2, 2), ([WORDS, WORDS], 0)):
        code, screen, said = typed(command, other, elsewhere(sealed), answers)
        assert code == expected, said
        assert "can\nguess at it offline" in said
        assert (other / SEALED).exists() == (other / "policies").exists() == (expected == 0)
        assert not any(one in screen + said for one in answers)


def test_twice_changes_nothing(sealed: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TDSEC_PASSPHRASE", WORDS)
    before = sealed.git("status", "--short").out
    for options in (["--password"], []):
        answer = sealed.tdsec("init", *options)
        assert (answer.code, "Nothing to do" in answer.out) == (0, True), answer.err
    assert sealed.git("status", "--short").out == before


def test_beside_an_identity_of_ones_own(at_home: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The passphrase becomes a second member; an interrupted run is completed by the next."""
    monkeypatch.setenv("TDSEC_PASSPHRASE", WORDS)

    def stop(*_: object) -> list[str]:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(password, "reseal", stop)
        assert at_home.tdsec("init", "--password", "--name", "alice").code == 130
    answer = at_home.tdsec("init", "--password", "--name", "alice")
    assert answer.code == 0, answer.err
    assert "member 'alice-passphrase' with role admin" in answer.out
    assert at_home.tdsec("init", "--password", "--name", "alice").out.startswith("Nothing to do")
    at_home.git("add", SEALED, "policies")
    assert at_home.commit().code == 0
    clone = at_home.clone()
    assert at_home.dvc("pull", folder=clone, env=elsewhere(at_home, WORDS)).code == 0
    assert (clone / "data" / "rows.csv").read_bytes() == ROWS


def test_a_stranger_cannot_let_a_passphrase_in(at_home: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    clone = at_home.clone()
    monkeypatch.setenv("TDSEC_PASSPHRASE", WORDS)
    monkeypatch.setenv("TDSEC_HOME", str(at_home.base / "nobody"))
    assert at_home.tdsec("init", "--password", folder=clone).code == 13
    assert at_home.git("status", "--short", folder=clone).out == ""


def test_a_second_member_makes_it_a_team(sealed: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TDSEC_HOME", str(sealed.base / "bob" / "tdsec"))
    assert sealed.tdsec("key", "new", "--name", "bob").code == 0
    shown = [line.split(": ")[1] for line in sealed.tdsec("key", "show").out.splitlines() if ": " in line]
    monkeypatch.delenv("TDSEC_HOME")
    monkeypatch.setenv("TDSEC_PASSPHRASE", WORDS)
    added = sealed.tdsec("vault", "add-reader", "bob", "--age", shown[1], "--signing", shown[2])
    assert added.code == 0, added.err
    assert sealed.commit("bob").code == 0
    clone = sealed.clone()
    assert sealed.dvc("pull", folder=clone, env=isolated(sealed.base, "bob")).code == 0


def test_change_passphrase(sealed: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    path = sealed.root / SEALED
    before = path.read_bytes()
    for old, new, code in (
        (OTHER, OTHER, 13),
        (WORDS, WORDS, 2),
        (WORDS, "password1234", 2),
        ("", OTHER, 13),
    ):
        monkeypatch.setenv("TDSEC_PASSPHRASE", old)
        monkeypatch.setenv("TDSEC_NEW_PASSPHRASE", new)
        answer = sealed.tdsec("key", "change-passphrase")
        assert (answer.code, len(answer.lines)) == (code, 1), answer.err
        assert ("guess at it offline" in answer.err) == (code == 2)
        assert path.read_bytes() == before
    monkeypatch.setenv("TDSEC_PASSPHRASE", WORDS)
    monkeypatch.setenv("TDSEC_NEW_PASSPHRASE", OTHER)
    answer = sealed.tdsec("key", "change-passphrase")
    assert answer.code == 0, answer.err
    assert "The old file stays in git's history" in answer.out
    assert sealed.git("diff", "--cached", "--name-only").out == f"{SEALED}\n"
    assert WORDS not in answer.out + answer.err and OTHER not in answer.out + answer.err
    assert sealed.tdsec("key", "show").code == 13
    monkeypatch.setenv("TDSEC_PASSPHRASE", OTHER)
    assert "name: alice" in sealed.tdsec("key", "show").out
    assert "alice may read and write\n" in sealed.tdsec("vault", "status").out


def test_change_passphrase_of_ones_own_file(at_home: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path(os.environ["TDSEC_HOME"]) / "identity"
    plain = path.read_bytes()
    monkeypatch.setenv("TDSEC_NEW_PASSPHRASE", WORDS)
    answer = at_home.tdsec("key", "change-passphrase", "--private")
    assert answer.code == 0, answer.err
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_bytes().startswith(b"age-encryption.org/v1\n") and b"SECRET" not in path.read_bytes()
    monkeypatch.setenv("TDSEC_PASSPHRASE", WORDS)
    assert at_home.tdsec("key", "show").code == 0
    assert password._open(path, WORDS) == plain
    shutil.rmtree(path.parent)
    assert at_home.tdsec("key", "change-passphrase", "--private").code == 13


def test_in_a_post_quantum_vault(sealed: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The passphrase's identity gets the keys that the vault asks of its members."""
    other = sealed.base / "other"
    assert sealed.git("init", "-q", str(other)).code == 0
    assert sealed.dvc("init", "-q", folder=other).code == 0
    assert sealed.tdsec("key", "new", "--post-quantum", "--name", "carol", folder=other).code == 0
    made = sealed.tdsec("init", "--vault", sealed.base / "storage2", folder=other)
    assert made.code == 0, made.err
    access = other / "policies" / "access.yaml"
    access.write_text(access.read_text().replace("writers: []}", "writers: [], post_quantum: true}"))
    assert sealed.tdsec("vault", "rotate", folder=other).code == 0
    monkeypatch.setenv("TDSEC_PASSPHRASE", WORDS)
    answer = sealed.tdsec("init", "--password", "--name", "carol", folder=other)
    assert answer.code == 0, answer.err
    assert access.read_text().count("age_pq: age1pq1") == 2
    unlocked.forget()
    monkeypatch.setenv("TDSEC_HOME", str(sealed.base / "nobody"))
    assert "carol-passphrase may read and write" in sealed.tdsec("vault", "status", folder=other).out
