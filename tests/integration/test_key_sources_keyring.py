"""The OS keyring from the command line: on a real one, on a locked one, and where there is none."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from servers.secret_service import secret_service
from workshops import Answer, call, isolated

from tdsec_gov.keys.identity import Identity

KEEP = """\
import sys
from pathlib import Path
from tdsec_gov.errors import TdsecError
from tdsec_gov.keys.identity import Identity
from tdsec_gov.keys.sources.wrapped import save_wrapped
me = Identity.parse(sys.stdin.read())
try:
    save_wrapped(me, Path(sys.argv[1]), "keyring", me.name)
except TdsecError as error:
    print(error.line(), file=sys.stderr)
    raise SystemExit(error.exit_code)
"""
SHOW = "from tdsec_gov.cli.main import script; script()"


@pytest.fixture
def me() -> Identity:
    return Identity.generate("alice")


@pytest.fixture
def here(tmp_path: Path) -> dict[str, str]:
    env = {name: value for name, value in isolated(tmp_path).items() if "KEYRING" not in name}
    env.pop("DBUS_SESSION_BUS_ADDRESS", None)
    (tmp_path / "home").mkdir()
    return {**env, "XDG_RUNTIME_DIR": str(tmp_path)}


def keep(me: Identity, path: Path, env: dict[str, str]) -> Answer:
    return call([sys.executable, "-c", KEEP, path], path.parent, env, me.to_text())


def show(folder: Path, env: dict[str, str]) -> Answer:
    return call([sys.executable, "-c", SHOW, "key", "show"], folder, env)


@pytest.fixture
def desktop(here: dict[str, str], tmp_path: Path) -> Iterator[dict[str, str]]:
    (tmp_path / "keyrings").mkdir()
    with secret_service(tmp_path / "keyrings") as env:
        yield {**here, "DBUS_SESSION_BUS_ADDRESS": env["DBUS_SESSION_BUS_ADDRESS"]}


def test_kept_and_found(me: Identity, desktop: dict[str, str], tmp_path: Path) -> None:
    """Found by the file that was written, by the environment, and by a line that somebody wrote."""
    path = Path(desktop["TDSEC_HOME"]) / "identity"
    kept = keep(me, tmp_path / "pointer", desktop)
    assert kept.code == 0, kept.err
    again = keep(me, tmp_path / "second", desktop)
    assert again.code == 2 and "already" in again.err and not (tmp_path / "second").exists()
    path.parent.mkdir(parents=True)
    path.write_text("# what tdsec asks\nsource: keyring:alice\n")
    path.chmod(0o600)
    for env in (
        desktop,
        {**desktop, "TDSEC_IDENTITY": "keyring:alice"},
        {**desktop, "TDSEC_IDENTITY": str(tmp_path / "pointer")},
    ):
        shown = show(tmp_path, env)
        assert shown.code == 0 and str(me.verify_key) in shown.out, shown.err
    missing = show(tmp_path, {**desktop, "TDSEC_IDENTITY": "keyring:bob"})
    assert missing.code == 13 and "no such entry" in missing.err
    secret = str(me.age)
    files = [one for one in tmp_path.rglob("*") if one.is_file()]
    assert any(one.suffix == ".keyring" for one in files)
    assert not any(secret.encode() in one.read_bytes() for one in files)


def test_locked(me: Identity, here: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "keyrings").mkdir()
    with secret_service(tmp_path / "keyrings", unlocked=False) as env:
        there = {**here, "DBUS_SESSION_BUS_ADDRESS": env["DBUS_SESSION_BUS_ADDRESS"]}
        kept = keep(me, tmp_path / "pointer", there)
        shown = show(tmp_path, {**there, "TDSEC_IDENTITY": "keyring:alice"})
    for answer in (kept, shown):
        assert answer.code == 13 and "is locked" in answer.err, answer.err
    assert not (tmp_path / "pointer").exists()


@pytest.mark.parametrize(
    "backend",
    [
        None,
        "keyring.backends.fail.Keyring",
        "keyring.backends.null.Keyring",
        "keyring.backends.SecretService.Keyring",
        "keyrings.alt.file.PlaintextKeyring",
        "no.such.Module",
        "keyring.backends.fail.Nothing",
        "nonsense",
    ],
)
def test_headless(me: Identity, here: dict[str, str], tmp_path: Path, backend: str | None) -> None:
    """Refused with exit 13 and what to do; nothing is written anywhere in plain text."""
    pytest.importorskip("keyring")
    env = here if backend is None else {**here, "PYTHON_KEYRING_BACKEND": backend}
    kept = keep(me, tmp_path / "pointer", env)
    shown = show(tmp_path, {**env, "TDSEC_IDENTITY": "keyring:alice"})
    for answer in (kept, shown):
        assert answer.code == 13 and "--passphrase" in answer.err, answer.err
        assert len(answer.err.strip().splitlines()) == 1 and str(me.age) not in answer.err
    assert not (tmp_path / "pointer").exists()
    assert not any(one.is_file() for one in tmp_path.rglob("*"))


def test_without_the_package(here: dict[str, str], tmp_path: Path) -> None:
    hide = "import sys; sys.modules['keyring'] = None; " + SHOW
    env = {**here, "TDSEC_IDENTITY": "keyring:alice"}
    shown = call([sys.executable, "-c", hide, "key", "show"], tmp_path, env)
    assert shown.code == 14 and "pip install 'tdsec-gov[keyring]'" in shown.err, shown.err
