"""Workshop: a real git and DVC repository with tdsec set up in it, and the few moves tests make there."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tdsec_gov.cli.main import main
from tdsec_gov.keys.identity import Identity
from tdsec_gov.keys.loading import save_identity

DVC = Path(sys.executable).with_name("dvc")
ROWS = b"id,word,label\n" + b"".join(b"%d,row-number-%d,%d\n" % (n, n, n % 2) for n in range(400))
FOLDER = {
    "a.csv": b"id,label\n1,0\n2,1\n",
    "same-as-a.csv": b"id,label\n1,0\n2,1\n",
    "empty.txt": b"",
    "deep/er/b.csv": b"id,label\n" + b"3,1\n" * 50_000,
    "un\u00efc\u00f6de \u6f22\u5b57.csv": b"id,label\n4,0\n",
}
POLICY = """\
format: 1
datasets:
  - match: "**"
    source: my-source
    checks: {source: {}}
  - match: "bad/**"
    source: my-source
    checks: {source: {min_trust: internal}}
  - match: "mail/**"
    source: my-source
    checks: {source: {}, pii: {mode: block}}
"""
SOURCES = """\
format: 1
sources:
  - id: my-source
    name: A source
    trust: curated
    personal_data: none
    purpose: testing
    retention: {until: 2999-12-31, basis: kept for tests}
    review: {by: somebody, on: 2020-01-01}
    contact: {name: somebody}
"""
_CLEARED = ("GIT_", "PRE_COMMIT", "TDSEC_", "DVC_", "XDG_", "PANDERA_")


@dataclass(frozen=True)
class Answer:
    """What one command said."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """The lines of standard error that DVC's or tdsec's refusals are on."""
        return [line for line in self.err.splitlines() if line.startswith(("ERROR", "tdsec:"))]


def isolated(base: Path, home: str = "home") -> dict[str, str]:
    """An environment whose every folder lies in ``base``, for the person ``home``."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_CLEARED)}
    return {
        **kept,
        "HOME": str(base / home),
        "TDSEC_HOME": str(base / home / "tdsec"),
        "XDG_CONFIG_HOME": str(base / home / "config"),
        "XDG_CACHE_HOME": str(base / home / "cache"),
        "XDG_DATA_HOME": str(base / home / "data"),
        "DVC_GLOBAL_CONFIG_DIR": str(base / home / "dvc-global"),
        "DVC_SYSTEM_CONFIG_DIR": str(base / home / "dvc-system"),
        "DVC_SITE_CACHE_DIR": str(base / home / "dvc-site"),
        "DVC_NO_ANALYTICS": "1",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Alice A",
        "GIT_AUTHOR_EMAIL": "alice@example.org",
        "GIT_COMMITTER_NAME": "Alice A",
        "GIT_COMMITTER_EMAIL": "alice@example.org",
        "OMP_NUM_THREADS": "1",
    }


def call(
    arguments: list[str | Path], folder: Path, env: Mapping[str, str] | None = None, stdin: str = ""
) -> Answer:
    """Run a command to its end."""
    done = subprocess.run(
        [str(one) for one in arguments],
        cwd=folder,
        env=dict(os.environ if env is None else env),
        input=stdin,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=120,
        start_new_session=True,
    )
    return Answer(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True)
class Workshop:
    """A repository at ``base/repo`` with its storage at ``base/storage``."""

    base: Path
    root: Path

    @property
    def storage(self) -> Path:
        return self.base / "storage"

    def tdsec(self, *arguments: str | Path, folder: Path | None = None, stdin: str = "") -> Answer:
        """``tdsec ARGUMENTS`` in this process."""
        out, err, before = io.StringIO(), io.StringIO(), sys.stdin
        sys.stdin = io.StringIO(stdin)
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = main(["--repo", str(folder or self.root), *map(str, arguments)])
        finally:
            sys.stdin = before
        return Answer(code, out.getvalue(), err.getvalue())

    def dvc(
        self, *arguments: str, folder: Path | None = None, env: Mapping[str, str] | None = None
    ) -> Answer:
        return call([DVC, *arguments], folder or self.root, env)

    def git(
        self, *arguments: str, folder: Path | None = None, env: Mapping[str, str] | None = None
    ) -> Answer:
        """``git ARGUMENTS``. ``commit --no-verify`` here goes round every hook: alone it leaves the guard."""
        around = arguments[:1] == ("commit",) and "--no-verify" in arguments
        hooks = ["-c", "core.hooksPath=/dev/null"] if around else []
        return call(["git", *hooks, *arguments], folder or self.root, env)

    def write(self, name: str, data: bytes) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def object(self, oid: str) -> Path:
        return self.root / ".dvc" / "cache" / "files" / "md5" / oid[:2] / oid[2:]

    def store(self, data: bytes, suffix: str = "") -> str:
        """Put bytes into DVC's cache as ``dvc add`` does; returns the oid."""
        oid = hashlib.md5(data).hexdigest() + suffix
        place = self.object(oid)
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.exists():
            place.write_bytes(data)
            place.chmod(0o444)
        return oid

    def track(self, name: str, content: bytes | Mapping[str, bytes]) -> str:
        """What ``dvc add`` leaves behind, in a millisecond (test_track.py compares the two)."""
        if isinstance(content, bytes):
            self.write(name, content)
            oid = self.store(content)
            size = f"  size: {len(content)}\n"
        else:
            listed = [(path, data) for path, data in sorted(content.items())]
            for path, data in listed:
                self.write(f"{name}/{path}", data)
            items = [{"md5": self.store(data), "relpath": path} for path, data in listed]
            oid = self.store(json.dumps(items).encode(), ".dir")
            size = f"  size: {sum(len(data) for _, data in listed)}\n  nfiles: {len(listed)}\n"
        self.point(name, oid, size)
        return oid

    def point(self, name: str, oid: str, size: str = "") -> Path:
        """Write the pointer file of dataset ``name``, and keep its data out of git."""
        folder, _, base = name.rpartition("/")
        ignore = self.root / folder / ".gitignore"
        ignored = ignore.read_text() if ignore.exists() else ""
        if f"/{base}\n" not in ignored:
            ignore.parent.mkdir(parents=True, exist_ok=True)
            ignore.write_text(f"{ignored}/{base}\n")
        path = json.dumps(base, ensure_ascii=False)
        text = f"outs:\n- md5: {oid}\n{size}  hash: md5\n  path: {path}\n"
        return self.write(f"{name}.dvc", text.encode())

    def commit(self, message: str = "change", *options: str) -> Answer:
        self.git("add", "-A")
        return self.git("commit", "-q", "-m", message, *(options or ("--no-verify",)))

    def store_at(self, storage: Path, root: Path | None = None) -> None:
        """Point the inner remote elsewhere, privately to this clone."""
        text = f"['remote \"store\"']\n    url = {storage}\n"
        ((root or self.root) / ".dvc" / "config.local").write_text(text)

    def publish_storage(self) -> Answer:
        """Commit where the storage is, for those who read the repository by git; forget data and cache."""
        (self.root / ".dvc/config.local").unlink()
        config = self.root / ".dvc/config"
        lines = config.read_text().splitlines()
        config.write_text(
            "\n".join(f"    url = {self.storage}" if "= /" in one else one for one in lines) + "\n"
        )
        shutil.rmtree(self.root / ".dvc/cache")
        shutil.rmtree(self.root / "data" / "folder")
        (self.root / "data" / "rows.csv").unlink()
        return self.commit("storage moved")

    def clone(self, name: str = "clone") -> Path:
        """A fresh clone without cache, that knows where the storage is."""
        target = self.base / name
        assert self.git("clone", "-q", str(self.root), str(target), folder=self.base).code == 0
        self.store_at(self.storage, target)
        return target

    def verdicts(self) -> list[Path]:
        return sorted((self.root / ".tdsec" / "verdicts").rglob("*.intoto.jsonl"))

    def objects(self, kind: str = "objects") -> list[Path]:
        """Every file of one kind in the storage."""
        return sorted(path for path in (self.storage / "tdsec-v1" / kind).rglob("*") if path.is_file())

    def stored(self) -> list[Path]:
        """Every file in the storage, whatever it is."""
        return sorted(path for path in self.storage.rglob("*") if path.is_file())

    def copy_to(self, base: Path) -> Workshop:
        shutil.copytree(self.base, base, symlinks=True, dirs_exist_ok=True)
        copy = Workshop(base, base / self.root.name)
        copy.store_at(copy.storage)
        return copy


@contextlib.contextmanager
def living_in(base: Path) -> Iterator[None]:
    """This process, for a while, in the isolated environment of ``base``."""
    before, inside = dict(os.environ), isolated(base)
    os.environ.clear()
    os.environ.update(inside)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextlib.contextmanager
def living_as(env: Mapping[str, str]) -> Iterator[None]:
    """This process, for a while, with somebody's environment on top of its own."""
    before = dict(os.environ)
    os.environ.update(env)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def person(shop: Workshop, name: str) -> dict[str, str]:
    """A member without roles; returns their environment."""
    env = isolated(shop.base, name)
    identity = Identity.generate(name)
    path = Path(env["TDSEC_HOME"]) / "identity"
    path.parent.mkdir(parents=True)
    save_identity(identity, path)
    access = shop.root / "policies/access.yaml"
    keys = f"    age: {identity.age.recipient}\n    signing: {identity.verify_key}\n"
    access.write_text(access.read_text().rstrip("\n") + f"\n  - name: {name}\n{keys}    roles: []\n")
    return env


def vaults(shop: Workshop, text: str) -> None:
    """Let ``text`` stand for the vault ``store`` in policies/access.yaml."""
    access = shop.root / "policies/access.yaml"
    kept = [line for line in access.read_text().splitlines() if not line.startswith("  store:")]
    at = kept.index("vaults:")
    access.write_text("\n".join([*kept[: at + 1], text, *kept[at + 1 :]]) + "\n")


def content(data: bytes) -> Callable[[], contextlib.AbstractContextManager[io.BytesIO]]:
    """An opener of bytes in memory, as the vault's filesystem takes it."""
    return lambda: contextlib.nullcontext(io.BytesIO(data))
