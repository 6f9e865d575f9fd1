"""Attacks that once worked: each is played whole, by the commands an attacker or victim would use."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from workshops import Workshop, call

from tdsec_gov.keys.identity import Identity

EVIL = b"id,label\n1,1\n2,0\n"


def refused(shop: Workshop, words: str) -> None:
    """Neither the gate nor the evidence check passes the pointers as they are now."""
    for command in (("check", "--all"), ("verify", "--all")):
        answer = shop.tdsec(*command)
        assert answer.code == 12, (command, answer)
        assert words in answer.err


def server_of(shop: Workshop) -> Path:
    """A bare clone that runs ``tdsec-receive`` before it takes a push, the remote ``server``."""
    bare = shop.base / "server.git"
    assert call(["git", "clone", "-q", "--bare", shop.root, bare], shop.base).code == 0
    hook = bare / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m tdsec_gov.cli.receive\n')
    hook.chmod(0o755)
    assert shop.git("remote", "add", "server", str(bare)).code == 0
    return bare


def test_server_hook_does_not_follow_replaced_commits(pushed: Workshop) -> None:
    """refs/replace/<evil commit> shows the server a good commit; clients would get the evil one."""
    bare = server_of(pushed)
    good = pushed.git("commit-tree", "-m", "good", "-p", "HEAD", "HEAD^{tree}").out.strip()
    pushed.track("data/evil.csv", EVIL)
    pushed.commit("evil")
    evil = pushed.git("rev-parse", "HEAD").out.strip()
    pushed.git("push", "-q", "--no-verify", "server", f"{good}:refs/replace/{evil}")
    answer = pushed.git("push", "-q", "--no-verify", "server", "HEAD:main")
    assert answer.code != 0
    assert "data/evil.csv" in answer.err
    assert call(["git", "rev-parse", "main"], bare).out.strip() != evil


def test_list_of_files_beside_an_approved_checksum(pushed: Workshop) -> None:
    """DVC delivers what ``files:`` lists; the verdict was found by ``md5:``."""
    oid = pushed.store(EVIL)
    pointer = pushed.root / "data" / "folder.dvc"
    with pointer.open("a") as stream:
        stream.write(f"  files:\n  - relpath: a.csv\n    md5: {oid}\n    size: {len(EVIL)}\n")
    refused(pushed, "cloud-versioned")


def test_absolute_path_is_not_passed_over(pushed: Workshop) -> None:
    oid = pushed.store(EVIL)
    text = f"outs:\n- md5: {oid}\n  size: {len(EVIL)}\n  hash: md5\n  path: {pushed.root}/data/evil.csv\n"
    pushed.write("data/evil.csv.dvc", text.encode())
    refused(pushed, "absolute path")


@pytest.mark.parametrize("stage", ["s", "s@one"])
def test_stage_with_a_folder_is_judged_by_the_rule_of_that_folder(pushed: Workshop, stage: str) -> None:
    """Paths in dvc.lock are relative to the stage's wdir, which only dvc.yaml tells."""
    data = b"id,mail\n1,jane.miller@example.com\n"
    oid = pushed.store(data)
    inner = "cmd: 'true', wdir: mail, outs: [new.csv]"
    each = f"{{foreach: [one], do: {{{inner}}}}}" if "@" in stage else f"{{{inner}}}"
    pushed.write("dvc.yaml", f"stages:\n  s: {each}\n".encode())
    outs = [{"path": "new.csv", "hash": "md5", "md5": oid, "size": len(data)}]
    lock = {"schema": "2.0", "stages": {stage: {"cmd": "true", "outs": outs}}}
    pushed.write("dvc.lock", json.dumps(lock).encode())
    answer = pushed.tdsec("check", "--all")
    assert answer.code == 1
    assert "denied: mail/new.csv" in answer.err


def test_moving_a_stage_to_another_folder_is_a_change_of_its_data(pushed: Workshop) -> None:
    data = b"id,mail\n1,jane.miller@example.com\n"
    outs = [{"path": "new.csv", "hash": "md5", "md5": pushed.store(data), "size": len(data)}]
    pushed.write("dvc.yaml", b"stages: {s: {cmd: 'true', outs: [new.csv]}}\n")
    lock = {"schema": "2.0", "stages": {"s": {"cmd": "true", "outs": outs}}}
    pushed.write("dvc.lock", json.dumps(lock).encode())
    pushed.git("add", "-A")
    assert pushed.git("commit", "-q", "-m", "lax rule").code == 0
    pushed.write("dvc.yaml", b"stages: {s: {cmd: 'true', wdir: mail, outs: [new.csv]}}\n")
    pushed.git("add", "-A")
    answer = pushed.git("commit", "-q", "-m", "moved")
    assert answer.code != 0
    assert "mail/new.csv" in answer.err


def test_templated_folder_of_a_stage_is_refused(pushed: Workshop) -> None:
    pushed.write("dvc.yaml", b"stages: {s: {cmd: 'true', wdir: '${where}', outs: [new.csv]}}\n")
    pushed.write("dvc.lock", b"schema: '2.0'\nstages: {s: {cmd: 'true', outs: []}}\n")
    refused(pushed, "template")


@pytest.mark.parametrize("hidden", ["white space", "a key given twice", "a further key", "escapes"])
def test_nothing_hides_in_the_list_of_a_folder(pushed: Workshop, hidden: str) -> None:
    """A .dir object is uploaded as it is, and no check looks at more than names and checksums."""
    items = f'[{{"md5": "{pushed.store(EVIL)}", "relpath": "a.csv"}}]'
    text = {
        "white space": items.replace(", ", "," + " \t" * 500),
        "a key given twice": items.replace('"relpath"', '"relpath": "jane.miller@example.com", "relpath"'),
        "a further key": items.replace('"relpath"', '"other": "jane.miller@example.com", "relpath"'),
        "escapes": items.replace("a.csv", "\\u0061.csv"),
    }[hidden]
    pushed.point("data/hidden", pushed.store(text.encode(), ".dir"))
    before = pushed.stored()
    answer = pushed.tdsec("check", "data/hidden")
    assert answer.code == 10
    assert "not a list of files" in answer.err
    assert pushed.dvc("push", "data/hidden").code != 0
    assert pushed.stored() == before


def test_init_runs_nothing_that_lies_in_the_repository(workshop: Workshop) -> None:
    mark = workshop.base / "ran"
    for name in ("pre_commit.py", "dvc.py", "yaml.py"):
        workshop.write(name, f"open({str(mark)!r}, 'w').close()\n".encode())
    workshop.write(".pre-commit-config.yaml", b"repos: []\n")
    for stage in ("pre-commit", "pre-push"):
        (workshop.root / ".git" / "hooks" / stage).unlink(missing_ok=True)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    tool = [sys.executable, "-P", "-m", "tdsec_gov.cli.main", "init"]
    assert call(tool, workshop.root, environment).code == 0
    assert not mark.exists()


def test_merge_keys_that_grow_tenfold_per_line(workshop: Workshop) -> None:
    lines = ["a0: &a0 {k: 1}"]
    lines += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}" for n in range(1, 12)]
    workshop.write("bomb.dvc", "\n".join([*lines, "outs: []", ""]).encode())
    refused(workshop, "bomb.dvc: broken DVC file")


def test_brackets_that_overflow_the_stack(workshop: Workshop) -> None:
    workshop.write("deep.dvc", b"x: " + b"[" * 200_000 + b"]" * 200_000)
    tool = [sys.executable, "-P", "-m", "tdsec_gov.cli.main", "check", "--all"]
    answer = call(tool, workshop.root)
    assert answer.code == 12
    assert "deep.dvc: broken DVC file" in answer.err


def test_aliases_in_the_settings_of_a_check(workshop: Workshop) -> None:
    lines = ["      a0: &a0 [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]"]
    lines += [f"      a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    head = "format: 1\ndatasets:\n  - match: '**'\n    checks:\n     source:\n"
    (workshop.root / "policies/policy.yaml").write_text(head + "\n".join(lines) + "\n")
    answer = workshop.tdsec("check", "--all")
    workshop.track("data/a.csv", EVIL)
    answer = workshop.tdsec("check", "--all")
    assert answer.code == 12
    assert "policies/policy.yaml" in answer.err


def test_glob_with_many_ways_to_fit(workshop: Workshop) -> None:
    policy = workshop.root / "policies/policy.yaml"
    policy.write_text(policy.read_text().replace('"bad/**"', f'"{"**a" * 30}b"'))
    workshop.track("data/" + "a" * 200, EVIL)
    assert workshop.tdsec("check", "--all").code == 0


@pytest.mark.parametrize("name", ["\ud800.csv", "a\x1b[2K.csv", "a\nOK      data/x.csv"])
def test_file_names_that_speak_to_the_terminal(pushed: Workshop, name: str) -> None:
    items = [{"md5": pushed.store(EVIL), "relpath": name}]
    pushed.point("data/names", pushed.store(json.dumps(items).encode(), ".dir"))
    answer = pushed.tdsec("check", "data/names")
    assert answer.code == 10
    assert answer.err == "tdsec: manifest holds an unsafe path\n"


def test_keyring_of_another_repository(pushed: Workshop) -> None:
    """Both repositories call their vault 'store' and trust alice; mallory reads only the other one."""
    theirs = Workshop(pushed.base / "theirs", pushed.base / "theirs" / "repo")
    theirs.root.mkdir(parents=True)
    assert theirs.git("init", "-q", "-b", "main").code == 0
    assert theirs.dvc("init", "-q").code == 0
    assert theirs.tdsec("init", "--vault", theirs.storage, "--yes").code == 0
    mallory = Identity.generate("mallory")
    keys = ("--age", str(mallory.age.recipient), "--signing", str(mallory.verify_key))
    assert theirs.tdsec("vault", "add-reader", "mallory", *keys).code == 0
    for name in ("keyring-1.age", "keyring-1.intoto.jsonl"):
        place = Path(".tdsec/vaults/store") / name
        (pushed.root / place).write_bytes((theirs.root / place).read_bytes())
    pushed.track("data/new.csv", EVIL)
    assert pushed.tdsec("check", "data/new.csv").code == 0
    before = pushed.stored()
    answer = pushed.dvc("push", "data/new.csv")
    assert answer.code != 0
    assert "mallory" in answer.err
    assert pushed.stored() == before


def test_a_reader_who_was_taken_out_stops_pushes_until_the_keyring_is_sealed_anew(pushed: Workshop) -> None:
    bob = Identity.generate("bob")
    keys = ("--age", str(bob.age.recipient), "--signing", str(bob.verify_key))
    access = pushed.root / "policies/access.yaml"
    without = access.read_text()
    assert pushed.tdsec("vault", "add-reader", "bob", *keys).code == 0
    access.write_text(without)
    pushed.track("data/new.csv", EVIL)
    assert pushed.tdsec("check", "data/new.csv").code == 0
    answer = pushed.dvc("push", "data/new.csv")
    assert answer.code != 0
    assert "tdsec vault rewrap" in answer.err
    assert pushed.tdsec("vault", "rewrap").code == 0
    assert pushed.dvc("push", "data/new.csv").code == 0


def test_folder_whose_name_is_not_utf8(workshop: Workshop) -> None:
    folder = Path(os.fsdecode(os.fsencode(workshop.root) + b"/\xff"))
    folder.mkdir()
    oid = workshop.store(EVIL)
    (folder / "x.csv.dvc").write_text(f"outs:\n- md5: {oid}\n  hash: md5\n  path: x.csv\n")
    refused(workshop, "characters that no name may have")


def test_metrics_that_dvc_does_not_store_need_no_verdict(pushed: Workshop) -> None:
    outs = [{"path": "m.json", "hash": "md5", "md5": "0" * 32, "size": 8}]
    lock = {"schema": "2.0", "stages": {"s": {"cmd": "true", "outs": outs}}}
    pushed.write("dvc.lock", json.dumps(lock).encode())
    pushed.write("dvc.yaml", b"stages: {s: {cmd: 'true', metrics: [{m.json: {cache: false}}]}}\n")
    assert pushed.tdsec("check", "--all").code == 0
    pushed.write("dvc.yaml", b"stages: {s: {cmd: 'true', metrics: [m.json]}}\n")
    assert pushed.tdsec("check", "--all").code == 2
    both = b"stages: {s: {cmd: 'true', outs: [./m.json], metrics: [{m.json: {cache: false}}]}}\n"
    pushed.write("dvc.yaml", both)
    assert pushed.tdsec("check", "--all").code == 2
