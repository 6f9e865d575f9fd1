"""Whatever is wrong with what we are given: one line, the documented exit code, nothing lost."""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
from pathlib import Path

import pytest
from workshops import ROWS, Answer, Workshop, call

from tdsec_gov.keys.identity import Identity
from tdsec_gov.keys.loading import save_identity

CHECKS = b"format: 1\ndatasets: [{match: '**', source: my-source, checks: {%s}}]\n"
SOURCE = b"{id: a, name: a, trust: raw}"
JUNK = random.Random(7).randbytes(3000)


def refused(answer: Answer, code: int, *words: str) -> None:
    """One line of ours on standard error, this exit code, these words, no traceback."""
    text = answer.err + answer.out
    assert answer.code == code, text
    assert "Traceback" not in text
    assert len(answer.lines) == 1, answer.err
    for word in words:
        assert word in answer.lines[0], answer.lines[0]


def tdsec(folder: Path, *arguments: str, env: dict[str, str] | None = None) -> Answer:
    """In a process of its own, where the process is part of the question."""
    return call([sys.executable, "-m", "tdsec_gov.cli.main", *arguments], folder, env)


def with_data(shop: Workshop) -> Workshop:
    shop.track("data/rows.csv", ROWS)
    return shop


# -- where we are --------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [("check", "--all"), ("verify", "--all"), ("init", "--vault", "x")])
def test_no_git(workshop: Workshop, tmp_path: Path, command: tuple[str, ...]) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    refused(workshop.tdsec(*command, folder=empty), 12, "not a git repository", "git init")
    assert list(empty.iterdir()) == []


def test_no_dvc(workshop: Workshop, tmp_path: Path) -> None:
    bare = tmp_path / "only-git"
    bare.mkdir()
    workshop.git("init", "-q", folder=bare)
    refused(workshop.tdsec("check", "--all", folder=bare), 12, "not a DVC repository", "dvc init")


def test_bare_repository(workshop: Workshop, tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    workshop.git("init", "-q", "--bare", str(bare))
    refused(workshop.tdsec("check", "--all", folder=bare), 12, "bare repository")


def test_git_is_not_installed(workshop: Workshop) -> None:
    env = {**os.environ, "PATH": "/nowhere"}
    refused(tdsec(workshop.root, "check", "--all", env=env), 14, "git is not installed")


def test_folder_that_is_not_there(workshop: Workshop) -> None:
    refused(workshop.tdsec("check", "--all", folder=workshop.base / "nowhere"), 12, "no such folder")
    refused(workshop.tdsec("check", "--all", folder=workshop.root / ".dvc/config"), 12, "not a folder")


def test_current_folder_was_removed(workshop: Workshop) -> None:
    code = (
        "import os,sys;os.mkdir('gone');os.chdir('gone');os.rmdir('../gone');"
        "from tdsec_gov.cli.main import main;sys.exit(main(['check','--all']))"
    )
    answer = call([sys.executable, "-c", code], workshop.base)
    refused(answer, 12)


def test_not_initialised(workshop: Workshop) -> None:
    shutil.rmtree(workshop.root / "policies")
    refused(with_data(workshop).tdsec("check", "--all"), 12, "tdsec init")


def test_detached_head_works(workshop: Workshop) -> None:
    assert workshop.git("checkout", "-q", "--detach").code == 0
    assert with_data(workshop).tdsec("check", "--all").code == 0
    assert workshop.tdsec("verify", "--all").code == 0


def test_path_with_spaces_and_unicode(workshop: Workshop) -> None:
    other = workshop.base / "a b" / "ü 漢字"
    other.parent.mkdir()
    shutil.move(workshop.root, other)
    shop = Workshop(workshop.base, other)
    shop.track("my data/s p ü漢.csv", ROWS)
    assert shop.tdsec("check", "--all").code == 0
    assert shop.tdsec("check", "my data/s p ü漢.csv").code == 0
    assert shop.tdsec("verify", "--all").code == 0
    assert "installed the pre-commit hook" in Answer(0, *hooks_again(shop)).out
    shop.track("my data/other.csv", b"id\n1\n")
    assert shop.git("add", "-A").code == 0
    committed = shop.git("commit", "-q", "-m", "x")
    assert committed.code == 0, committed.err
    assert shop.dvc("push").code == 0 and len(shop.objects()) == 2


def hooks_again(shop: Workshop) -> tuple[str, str]:
    shutil.rmtree(shop.root / ".git/hooks")
    done = shop.tdsec("init")
    return done.out, done.err


def test_repository_whose_name_is_not_utf8(workshop: Workshop) -> None:
    other = Path(os.fsdecode(os.fsencode(workshop.base) + b"/caf\xe9"))
    shutil.move(workshop.root, other)
    shop = Workshop(workshop.base, other)
    shop.track("rows.csv", ROWS)
    assert shop.tdsec("check", "--all").code == 0
    assert shop.tdsec("verify", "--all").code == 0


# -- git history ---------------------------------------------------------------------------------


def test_shallow_clone_and_unknown_range(workshop: Workshop) -> None:
    with_data(workshop).tdsec("check", "--all")
    base = workshop.git("rev-parse", "HEAD").out.strip()
    assert workshop.commit("data").code == 0
    shallow = workshop.base / "shallow"
    url = f"file://{workshop.root}"
    assert workshop.git("clone", "-q", "--depth", "1", url, str(shallow)).code == 0
    refused(workshop.tdsec("verify", "--range", f"{base}..HEAD", folder=shallow), 12, "shallow clone")
    refused(workshop.tdsec("verify", "--range", "HEAD", folder=shallow), 2, "A..B")
    refused(workshop.tdsec("verify", "--range", "--output=x..HEAD", folder=shallow), 12, "no commit")
    assert workshop.tdsec("verify", "--range", f"{base}..HEAD").code == 0


def test_repository_without_a_commit(workshop: Workshop) -> None:
    shutil.rmtree(workshop.root / ".git")
    assert workshop.git("init", "-q").code == 0
    with_data(workshop)
    assert workshop.git("add", "-A").code == 0
    assert workshop.tdsec("check", "--stage", "pre-commit").code == 0
    assert workshop.tdsec("verify", "--all").code == 0


def test_merge_conflict_in_a_pointer(workshop: Workshop) -> None:
    with_data(workshop)
    pointer = workshop.root / "data/rows.csv.dvc"
    text = pointer.read_text()
    pointer.write_text(f"<<<<<<< HEAD\n{text}=======\n{text}>>>>>>> other\n")
    before = pointer.read_bytes()
    refused(workshop.tdsec("check", "--all"), 12, "data/rows.csv.dvc", "broken DVC file")
    assert pointer.read_bytes() == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"outs: [{path: a.csv}]", "no DVC checksum"),
        (b"outs: [{path: a.csv, md5: 0123456789abcdef0123456789abcdef}]", "DVC 2 checksum"),
        (b"outs: [{path: ../../a.csv, md5: 0123456789abcdef0123456789abcdef, hash: md5}]", "outside"),
        (b"outs: 5", "a list of outs"),
        (b"- 1", "a mapping"),
        (b"\xff\xfe", "broken DVC file"),
        (b"outs: [[[[[", "broken DVC file"),
    ],
)
def test_strange_pointer(workshop: Workshop, text: bytes, words: str) -> None:
    workshop.write("a.csv.dvc", text)
    refused(workshop.tdsec("check", "--all"), 12, "a.csv.dvc", words)


def test_pointer_that_is_a_folder(workshop: Workshop) -> None:
    (workshop.root / "a.csv.dvc").mkdir()
    refused(workshop.tdsec("check", "a.csv.dvc"), 2, "not tracked by DVC")


# -- policies ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("policy", b"format: 1\n\tdatasets: []\n", "broken YAML"),
        ("policy", b"format: 1\nsurprise: true\n", "surprise"),
        ("policy", b"format: 1\nformat: 1\n", "duplicate key"),
        ("policy", b"format: 2\n", "format"),
        ("policy", b"", "holds no settings"),
        ("policy", b"\xff\xfe\x00", "not UTF-8"),
        ("policy", b"format: 1\n---\nformat: 1\n", "broken YAML"),
        ("policy", CHECKS % b"source: {x: !!python/name:os.system }", "broken YAML"),
        ("policy", CHECKS % b"source: {min_trust: 2020-01-01}", "not a valid JSON value"),
        ("policy", CHECKS % b"source: {grace: .nan}", "finite"),
        ("policy", CHECKS % b"source: {grace: .inf}", "finite"),
        ("policy", CHECKS % b"source: {grace: !!binary aGk=}", "not a valid JSON value"),
        ("policy", CHECKS % b"source: {grace: {1: 2}}", "a valid string"),
        ("policy", CHECKS % b"source: {grace: 99999999999999999999}", "2**53"),
        ("policy", CHECKS % b"schema: {schema: ../../x.yaml}", "outside"),
        ("policy", CHECKS % b"schema: {schema: gone.yaml}", "missing"),
        ("policy", b"format: 1\ndatasets: [{match: 'x'}]\n", "no rule matches"),
        ("policy", b"format: 1\ndatasets: [{match: '**'}, {match: '**'}]\n", "two rules"),
        ("sources", b"format: 1\nsources: [%s, %s]\n" % (SOURCE, SOURCE), "twice"),
        ("access", b"format: 1\nmembers: [{name: a, age: b, signing: c}]\n", "2 faults"),
    ],
)
def test_policy_file(workshop: Workshop, name: str, text: bytes, words: str) -> None:
    with_data(workshop)
    path = workshop.root / "policies" / f"{name}.yaml"
    path.write_bytes(text)
    refused(workshop.tdsec("check", "--all"), 12, "policies/", words)
    assert path.read_bytes() == text and workshop.verdicts() == []


def test_policy_is_a_folder(workshop: Workshop) -> None:
    (workshop.root / "policies/sources.yaml").unlink()
    (workshop.root / "policies/sources.yaml").mkdir()
    refused(with_data(workshop).tdsec("check", "--all"), 12, "policies/sources.yaml")


def test_unknown_check_denies(workshop: Workshop) -> None:
    with_data(workshop)
    text = CHECKS % b"source: {}, no-such-check: {}"
    workshop.write("policies/policy.yaml", text)
    assert workshop.tdsec("check", "--all").code == 1


def test_unknown_setting_of_a_check_denies(workshop: Workshop) -> None:
    with_data(workshop)
    text = CHECKS % b"source: {surprise: 1}"
    workshop.write("policies/policy.yaml", text)
    answer = workshop.tdsec("check", "--all")
    assert answer.code == 1 and "surprise" in answer.out


# -- data ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"",
        JUNK,
        "name\ngr\u00fc\u00df\n".encode("latin-1"),
        b"\0" * 5000,
        {},
        b"\xef\xbb\xbfa,b\n1\n",
    ],
    ids=["zero-bytes", "junk", "not-utf8", "zeros", "empty-folder", "ragged"],
)
def test_data_that_cannot_be_judged_is_denied_not_crashed(workshop: Workshop, content: object) -> None:
    workshop.track("mail/x.csv", content)
    answer = workshop.tdsec("check", "--all")
    text = answer.out + answer.err
    assert "Traceback" not in text and "crashed" not in text and "unexpected error" not in text, text
    assert answer.code in (0, 1)
    if content in (b"", {}):
        assert answer.code == 1, text


def test_data_is_not_in_the_cache(workshop: Workshop) -> None:
    oid = workshop.track("data/rows.csv", ROWS)
    workshop.object(oid).unlink()
    refused(workshop.tdsec("check", "--all"), 2, "not in the DVC cache", "dvc fetch data/rows.csv")


def test_cache_object_is_a_folder(workshop: Workshop) -> None:
    oid = workshop.track("data/rows.csv", ROWS)
    workshop.object(oid).unlink()
    workshop.object(oid).mkdir()
    refused(workshop.tdsec("check", "--all"), 2, "not in the DVC cache")


@pytest.mark.parametrize("listing", [b"", b"[", b"{}", b"[1]", b'[{"md5":"x","relpath":"a"}]', b"[" * 5000])
def test_broken_folder_object(workshop: Workshop, listing: bytes) -> None:
    oid = workshop.store(listing, ".dir")
    workshop.point("data/set", oid)
    refused(workshop.tdsec("check", "--all"), 10, ".dir object is not a list of files")


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a//b", "a/./b", ""])
def test_folder_object_with_an_unsafe_path(workshop: Workshop, path: str) -> None:
    listing = json.dumps([{"md5": workshop.store(b"x"), "relpath": path}]).encode()
    workshop.point("data/set", workshop.store(listing, ".dir"))
    refused(workshop.tdsec("check", "--all"), 10, "unsafe path")


def test_target_outside_and_unknown(workshop: Workshop) -> None:
    refused(workshop.tdsec("check", "/etc/passwd"), 2, "outside the repository")
    refused(workshop.tdsec("check", "nothing.csv"), 2, "not tracked by DVC", "dvc add")
    refused(workshop.tdsec("check"), 2, "--all")
    refused(workshop.tdsec("check", "--surprise"), 2, "--help")


# -- identity ------------------------------------------------------------------------------------


def identity_file() -> Path:
    return Path(os.environ["TDSEC_HOME"]) / "identity"


def test_identity_is_missing(workshop: Workshop) -> None:
    identity_file().unlink()
    refused(with_data(workshop).tdsec("check", "--all"), 13, "no identity", "tdsec key new")
    assert workshop.verdicts() == []


def test_identity_is_readable_by_others(workshop: Workshop) -> None:
    identity_file().chmod(0o640)
    refused(with_data(workshop).tdsec("check", "--all"), 13, "0640", "chmod 600")


@pytest.mark.parametrize("text", ["", "AGE-SECRET-KEY-1QQQ\n", "\0\0", "age-encryption.org/v1\nx"])
def test_identity_is_broken(workshop: Workshop, text: str) -> None:
    identity_file().write_text(text)
    answer = tdsec(with_data(workshop).root, "check", "--all")
    refused(answer, 13)
    assert "QQQ" not in answer.err


def test_identity_of_the_environment_is_broken(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken TDSEC_IDENTITY is not a reason to make another identity, nor to take the one on disk."""
    monkeypatch.setenv("TDSEC_IDENTITY", str(workshop.base / "nowhere"))
    refused(with_data(workshop).tdsec("check", "--all"), 13, "TDSEC_IDENTITY")
    identity_file().unlink()
    refused(workshop.tdsec("init"), 13, "TDSEC_IDENTITY")
    assert not identity_file().exists()


def test_protected_identity(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    from tdsec_gov.keys.loading import load_identity

    me = load_identity()
    identity_file().unlink()
    save_identity(me, identity_file(), "correct horse")
    monkeypatch.setenv("TDSEC_PASSPHRASE", "wrong")
    answer = with_data(workshop).tdsec("check", "--all")
    refused(answer, 13)
    monkeypatch.setenv("TDSEC_PASSPHRASE", "correct horse")
    assert workshop.tdsec("check", "--all").code == 0


def test_verdict_of_a_stranger_does_not_count(workshop: Workshop) -> None:
    identity_file().unlink()
    save_identity(Identity.generate("eve"), identity_file())
    refused(with_data(workshop).tdsec("check", "--all"), 11, "does not count", "tdsec key show")
    assert workshop.verdicts() == []


def test_key_new_never_overwrites(workshop: Workshop) -> None:
    before = identity_file().read_bytes()
    refused(workshop.tdsec("key", "new", "--name", "x"), 2, "an identity already")
    refused(workshop.tdsec("key", "new", "--name", "no such name!"), 2, "not a usable name")
    assert identity_file().read_bytes() == before


# -- disk ----------------------------------------------------------------------------------------


def test_no_space_for_the_verdict(workshop: Workshop) -> None:
    """RLIMIT_FSIZE plays the full disk: writes fail with EFBIG, an old verdict stays as it was."""
    with_data(workshop)
    assert workshop.tdsec("check", "--all").code == 0
    before = {path: path.read_bytes() for path in workshop.verdicts()}
    code = (
        "import resource,signal,sys;signal.signal(signal.SIGXFSZ,signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE,(700,700));"
        "from tdsec_gov.cli.main import main;sys.exit(main(['check','--all','--force']))"
    )
    answer = call([sys.executable, "-c", code], workshop.root)
    refused(answer, 14, "no space left")
    assert {path: path.read_bytes() for path in workshop.verdicts()} == before
    assert not list((workshop.root / ".tdsec").rglob("*.tmp"))
    assert workshop.tdsec("check", "--all", "--force").code == 0


def test_evidence_folder_is_a_file(workshop: Workshop) -> None:
    shutil.rmtree(workshop.root / ".tdsec/verdicts", ignore_errors=True)
    (workshop.root / ".tdsec/verdicts").write_text("in the way")
    answer = with_data(workshop).tdsec("check", "--all")
    assert answer.code in (12, 14) and len(answer.lines) == 1 and "Traceback" not in answer.err
    assert (workshop.root / ".tdsec/verdicts").read_text() == "in the way"


def test_dvc_config_is_broken(workshop: Workshop) -> None:
    (workshop.root / ".dvc/config").write_text("[[[")
    refused(with_data(workshop).tdsec("check", "--all"), 12, "broken DVC config")


# -- the one JSON document -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("check", "--all"), 0),
        (("verify", "--all"), 0),
        (("key", "list"), 0),
        (("key", "show"), 0),
        (("init",), 0),
        (("check", "bad"), 1),
        (("check", "nothing"), 2),
        (("check",), 2),
        (("verify", "--range", "x..y"), 12),
        (("check", "--range", "x..y"), 12),
        (("verify", "--range", "HEAD...HEAD"), 2),
        (("check", "--range", "HEAD...HEAD"), 2),
        (("surprise",), 2),
        (("check", "--surprise"), 2),
        (("check", "--stage", "pre-push"), 0),
        (("check", "--stage", "pre-commit"), 0),
    ],
)
def test_json_is_one_document(workshop: Workshop, arguments: tuple[str, ...], code: int) -> None:
    workshop.track("data/rows.csv", ROWS)
    if code == 0:
        assert workshop.tdsec("check", "--all").code == 0
    workshop.track("bad/rows.csv", ROWS) if code == 1 else None
    answer = workshop.tdsec("--json", *arguments)
    assert answer.code == code, answer.err
    body = json.loads(answer.out)
    assert answer.out.count("\n") == 1
    assert body["exit"] == code and body["ok"] is (code == 0)
    assert {"code", "message", "hint"} <= set(body)


def test_format_json_answers_in_json_when_it_fails(workshop: Workshop) -> None:
    answer = workshop.tdsec("check", "nothing", "--format", "json")
    assert answer.code == 2 and json.loads(answer.out)["code"] == "usage"


# -- twice ---------------------------------------------------------------------------------------


def test_init_twice_changes_nothing(workshop: Workshop) -> None:
    def state() -> dict[str, bytes]:
        kept = (p for p in workshop.root.rglob("*") if p.is_file() and ".dvc/tmp" not in p.as_posix())
        return {p.as_posix(): p.read_bytes() for p in kept if p.name != "index"}

    before, home = state(), identity_file().read_bytes()
    again = workshop.tdsec("init", "--vault", "../elsewhere", "--yes")
    assert again.code == 0 and "Nothing to do" in again.out
    assert state() == before and identity_file().read_bytes() == home
    assert workshop.git("status", "--short").out == ""
