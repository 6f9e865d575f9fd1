"""tdsec collect: what is allowed arrives under DVC with its provenance; what is not leaves nothing behind."""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from workshops import Answer, Workshop

from tdsec_gov.collect.quarantine import leftovers
from tdsec_gov.domain.provenance import Provenance
from tdsec_gov.repo.repository import Repository

TABLE = b"id,label\n" + b"".join(b"%d,%d\n" % (n, n % 2) for n in range(200))
PICKLE = b"\x80\x04\x8c\x05posix\x94\x8c\x06system\x94\x93\x94\x8c\x02id\x94\x85\x94R\x94."
Reply = Callable[[http.server.BaseHTTPRequestHandler], None]


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Web:
    """A real server on loopback: what to answer by path, and what was asked."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes | str | Reply] = {}
        self.asked: list[str] = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                page = outer.pages.get(self.path)
                if callable(page):
                    page(self)
                elif isinstance(page, str):
                    self.send_response(302)
                    self.send_header("Location", page)
                    self.end_headers()
                elif page is None:
                    self.send_error(404)
                else:
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(page)))
                    self.end_headers()
                    self.wfile.write(page)

            def log_message(self, *args: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.base = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def web() -> Iterator[Web]:
    server = Web()
    yield server
    server.server.shutdown()
    server.server.server_close()


@pytest.fixture
def incoming(tmp_path: Path) -> Path:
    folder = tmp_path / "incoming"
    folder.mkdir()
    return folder


def record(shop: Workshop, *allowed: str, pins: str = "", more: str = "") -> None:
    """Source ``my-source`` with these allowed locations."""
    path = shop.root / "policies/sources.yaml"
    text = path.read_text().rstrip("\n")
    lines = "".join(f"\n      - {json.dumps(one)}" for one in allowed)
    path.write_text(
        text
        + (f"\n    allowed_locations:{lines}" if allowed else "")
        + (f"\n    locations: {pins}" if pins else "")
        + more
        + "\n"
    )
    assert shop.commit("allow").code == 0


def check_files(shop: Workshop) -> None:
    """Let the rule require the check of files, too."""
    path = shop.root / "policies/policy.yaml"
    path.write_text(path.read_text().replace("{source: {}}", "{source: {}, files: {}}", 1))


def state(shop: Workshop) -> dict[str, bytes]:
    """Every file of the work tree and of DVC's cache, without logs and git's own."""
    skipped = (".git/", ".dvc/tmp/", ".tdsec/audit.db", ".tdsec/manifests", ".tdsec/checkpoint")
    found = {}
    for path in shop.root.rglob("*"):
        name = path.relative_to(shop.root).as_posix()
        if path.is_file() and not name.startswith(skipped):
            found[name] = path.read_bytes()
    return found


def nothing_left(shop: Workshop, before: dict[str, bytes]) -> None:
    assert state(shop) == before
    assert leftovers(Repository.discover(shop.root)) == []


def events(shop: Workshop) -> list[dict[str, object]]:
    answer = shop.tdsec("--json", "audit", "log")
    return [one for one in json.loads(answer.out)["events"] if one["action"] == "collect"]


def collect(shop: Workshop, location: object, *options: object, out: str = "data/new.csv") -> Answer:
    return shop.tdsec("collect", "my-source", str(location), "--out", out, *map(str, options))


def test_a_file_arrives_with_provenance_that_the_verdict_signs(workshop: Workshop, incoming: Path) -> None:
    record(workshop, f"{incoming}/**")
    check_files(workshop)
    (incoming / "a.csv").write_bytes(TABLE)
    done = collect(workshop, incoming / "a.csv", "--sha256", digest(TABLE))
    assert done.code == 0, done.err
    assert (workshop.root / "data/new.csv").read_bytes() == TABLE and digest(TABLE) in done.out
    assert leftovers(Repository.discover(workshop.root)) == []
    [path] = (workshop.root / ".tdsec/provenance/data/new.csv").glob("*.json")
    found = Provenance.from_bytes(path.read_bytes())
    assert (found.content, found.location, found.pinned) == (digest(TABLE), str(incoming / "a.csv"), True)
    staged = workshop.git("diff", "--cached", "--name-only").out.split()
    assert {"data/new.csv.dvc", "data/.gitignore", path.relative_to(workshop.root).as_posix()} <= set(staged)
    assert workshop.dvc("status", "data/new.csv.dvc").out.startswith("Data and pipelines are up to date")
    checked = workshop.tdsec("--json", "check", "data/new.csv")
    [verdict] = json.loads(checked.out)["verdicts"]
    facts = next(one["facts"] for one in verdict["checks"] if one["check"] == "source")
    assert facts["collected_from"] == str(incoming / "a.csv") and facts["collected_sha256"] == digest(TABLE)
    assert facts["collected_source_sha256"] == facts["source_sha256"]
    [event] = events(workshop)
    assert event["outcome"] == "success" and event["details"]["sha256"] == path.stem  # type: ignore[index]


def test_a_provenance_record_that_does_not_fit_denies(workshop: Workshop, incoming: Path) -> None:
    record(workshop, f"{incoming}/")
    (incoming / "a.csv").write_bytes(TABLE)
    assert collect(workshop, incoming / "a.csv").code == 0
    [path] = (workshop.root / ".tdsec/provenance/data/new.csv").glob("*.json")
    good = path.read_bytes()
    for bad, code in (
        (good.replace(digest(TABLE).encode(), b"0" * 64), "TDS121"),
        (good.replace(b'"files":1', b'"files":2'), "TDS121"),
        (good.replace(b"my-source", b"your-source"), "TDS122"),
        (good + b"\n", "TDS120"),
        (good.replace(b'"collected_at":"2', b'"collected_at":"3'), "TDS127"),
    ):
        path.write_bytes(bad)
        answer = workshop.tdsec("check", "--force", "data/new.csv")
        assert answer.code == 1 and code in answer.out, (code, answer.out)
    path.write_bytes(good)
    assert workshop.tdsec("check", "--force", "data/new.csv").code == 0


def test_only_collected_data_where_the_policy_says_so(workshop: Workshop, incoming: Path) -> None:
    record(workshop, f"{incoming}/**")
    policy = workshop.root / "policies/policy.yaml"
    policy.write_text(policy.read_text().replace("{source: {}}", "{source: {collected_only: true}}", 1))
    (incoming / "a.csv").write_bytes(TABLE)
    assert collect(workshop, incoming / "a.csv").code == 0
    assert workshop.tdsec("check", "data/new.csv").code == 0
    workshop.track("data/other.csv", TABLE)
    refused = workshop.tdsec("check", "data/other.csv")
    assert refused.code == 1 and "TDS123" in refused.out


@pytest.mark.parametrize(
    ("data", "options", "word"),
    [
        (TABLE, ["--sha256", "0" * 64], "not the pinned ones"),
        (TABLE, ["--max-size", "1K"], "larger than allowed"),
        (PICKLE, [], "TDS5"),
    ],
)
def test_what_is_rejected_leaves_nothing_behind(
    workshop: Workshop, incoming: Path, data: bytes, options: list[str], word: str
) -> None:
    record(workshop, f"{incoming}/**")
    check_files(workshop)
    (incoming / "a.csv").write_bytes(data)
    before = state(workshop)
    done = collect(workshop, incoming / "a.csv", *options)
    assert done.code == 1 and word in done.err, done.err
    nothing_left(workshop, before)
    [event] = events(workshop)
    assert event["outcome"] == "denied" and event["reason"]


def test_the_source_must_hold_up_before_anything_is_fetched(workshop: Workshop, web: Web) -> None:
    record(workshop, f"{web.base}/")
    web.pages["/a.csv"] = TABLE
    before = state(workshop)
    low = collect(workshop, f"{web.base}/a.csv", out="bad/a.csv")
    assert low.code == 1 and "TDS101" in low.err
    other = workshop.tdsec("collect", "your-source", f"{web.base}/a.csv", "--out", "data/a.csv")
    assert other.code == 12 and "names another source" in other.err
    assert web.asked == []
    nothing_left(workshop, before)


def test_folders_and_globs(workshop: Workshop, incoming: Path) -> None:
    record(workshop, f"{incoming}/")
    (incoming / "deep").mkdir()
    for name in ("a.csv", "b.txt", "deep/c.csv"):
        (incoming / name).write_bytes(name.encode())
    assert collect(workshop, incoming, out="data/all").code == 0
    assert (workshop.root / "data/all/deep/c.csv").read_bytes() == b"deep/c.csv"
    [path] = (workshop.root / ".tdsec/provenance/data/all").glob("*.json")
    assert Provenance.from_bytes(path.read_bytes()).files == 3
    assert collect(workshop, f"{incoming}/**/*.csv", out="data/some").code == 0
    kept = sorted(
        p.relative_to(workshop.root / "data/some").as_posix()
        for p in (workshop.root / "data/some").rglob("*.csv")
    )
    assert kept == ["a.csv", "deep/c.csv"]
    checked = workshop.tdsec("--json", "check", "data/all")
    facts = json.loads(checked.out)["verdicts"][0]["checks"][0]["facts"]
    assert facts["collected_sha256"] == path.stem


@pytest.mark.parametrize("kind", ["file", "folder", "inside", "pipe"])
def test_links_do_not_lead_out_of_the_allowlist(workshop: Workshop, incoming: Path, kind: str) -> None:
    secret = workshop.base / "secret"
    secret.mkdir()
    (secret / "x.csv").write_bytes(TABLE)
    record(workshop, f"{incoming}/")
    location: Path = incoming / "link"
    if kind == "file":
        location.symlink_to(secret / "x.csv")
    elif kind == "folder":
        (incoming / "way").symlink_to(secret)
        location = incoming / "way" / "x.csv"
    elif kind == "inside":
        (incoming / "sub").mkdir()
        (incoming / "sub" / "l").symlink_to(secret / "x.csv")
        location = incoming / "sub"
    else:
        os.mkfifo(location)
    before = state(workshop)
    done = collect(workshop, location)
    assert done.code == 1, done.err
    nothing_left(workshop, before)


def test_web_addresses_and_redirects(workshop: Workshop, web: Web) -> None:
    elsewhere = Web()
    record(workshop, f"{web.base}/open/**")
    web.pages |= {"/open/a.csv": TABLE, "/open/moved": "/open/a.csv", "/shut/a.csv": TABLE}
    elsewhere.pages["/open/a.csv"] = TABLE
    assert collect(workshop, f"{web.base}/open/moved", out="data/ok.csv").code == 0
    before = state(workshop)
    targets = {
        "host": f"{elsewhere.base}/open/a.csv",
        "folder": "/shut/a.csv",
        "climb": "/open/../shut/a.csv",
        "user": f"http://u:p@127.0.0.1:{web.port}/open/a.csv",
        "file": "file:///etc/passwd",
        "ftp": "ftp://127.0.0.1/open/a.csv",
        "alike": f"http://localhost:{web.port}/open/a.csv",
        "loop": "/open/loop",
    }
    for name, target in targets.items():
        web.pages[f"/open/{name}"] = target
        done = collect(workshop, f"{web.base}/open/{name}", out="data/no.csv")
        assert done.code == 1 and "u:p" not in done.err, (name, done.err)
    assert elsewhere.asked == [] and "/shut/a.csv" not in web.asked
    elsewhere.server.shutdown()
    nothing_left(workshop, before)


def test_what_breaks_off_or_is_not_there_is_a_failure(workshop: Workshop, web: Web) -> None:
    record(workshop, f"{web.base}/")

    def short(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(TABLE)))
        handler.end_headers()
        handler.wfile.write(TABLE[:50])

    web.pages["/short"] = short
    before = state(workshop)
    for name in ("short", "none"):
        assert collect(workshop, f"{web.base}/{name}").code == 14
    nothing_left(workshop, before)
    assert {one["outcome"] for one in events(workshop)} == {"failure"}


def test_the_digest_of_what_was_read_counts(workshop: Workshop, web: Web) -> None:
    """A location that gives other bytes each time: the second look finds it, the first never mixes."""
    answers = [TABLE, TABLE.replace(b"1,1", b"1,0")]

    def turn(handler: http.server.BaseHTTPRequestHandler) -> None:
        page = answers.pop(0)
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(page)))
        handler.end_headers()
        handler.wfile.write(page)

    web.pages["/t.csv"] = turn
    record(workshop, pins=f"[{{url: '{web.base}/t.csv', sha256: {digest(TABLE)}}}]")
    assert collect(workshop, f"{web.base}/t.csv").code == 0
    assert (workshop.root / "data/new.csv").read_bytes() == TABLE
    again = collect(workshop, f"{web.base}/t.csv", out="data/again.csv")
    assert again.code == 1 and "not the pinned ones" in again.err
    assert web.asked == ["/t.csv", "/t.csv"]


def test_what_is_there_is_not_lost(workshop: Workshop, incoming: Path) -> None:
    record(workshop, f"{incoming}/")
    (incoming / "a.csv").write_bytes(TABLE)
    workshop.track("data/new.csv", b"old,1\n")
    assert collect(workshop, incoming / "a.csv").code == 2
    (workshop.root / "data/new.csv").write_bytes(b"edited,1\n")
    before = state(workshop)
    lost = collect(workshop, incoming / "a.csv", "--force")
    assert lost.code == 1 and "would be lost" in lost.err
    nothing_left(workshop, before)
    (workshop.root / "data/new.csv").write_bytes(b"old,1\n")
    done = collect(workshop, incoming / "a.csv", "--force")
    assert done.code == 0 and "replaces" in done.out
    assert (workshop.root / "data/new.csv").read_bytes() == TABLE
    untracked = workshop.write("data/mine.csv", b"mine")
    assert collect(workshop, incoming / "a.csv", "--force", out="data/mine.csv").code == 1
    assert untracked.read_bytes() == b"mine"


def test_a_failing_dvc_add_is_taken_back(
    workshop: Workshop, incoming: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(workshop, f"{incoming}/")
    (incoming / "a.csv").write_bytes(TABLE)
    workshop.track("data/new.csv", b"old,1\n")
    (workshop.root / ".dvcignore").write_text("/data/other\n")
    before = state(workshop)
    failed = collect(workshop, incoming / "a.csv", out="data/other")
    assert failed.code in (10, 14), failed.err
    nothing_left(workshop, before)
    (workshop.root / ".dvc/cache/files/md5").chmod(0o500)
    try:
        blocked = collect(workshop, incoming / "a.csv", "--force")
    finally:
        (workshop.root / ".dvc/cache/files/md5").chmod(0o700)
    if os.geteuid() != 0:
        assert blocked.code == 14
        nothing_left(workshop, before)


@pytest.mark.parametrize(
    "out", ["../x.csv", ".git/x", ".tdsec/x", "policies/x", "x.dvc", "/etc/x", "data/folder/x"]
)
def test_places_that_are_not_for_data(pushed: Workshop, tmp_path: Path, out: str) -> None:
    assert collect(pushed, tmp_path / "a.csv", out=out).code == 2


def test_recheck(workshop: Workshop, web: Web, incoming: Path) -> None:
    (incoming / "a.csv").write_bytes(TABLE)
    (incoming / "b.csv").write_bytes(b"b")
    listing = f"{digest(TABLE)}  a.csv\n{digest(b'b')} *./b.csv\n".encode()
    (incoming / "SHA256SUMS").write_bytes(listing)
    web.pages["/a.csv"] = TABLE
    pins = (
        f"[{{url: '{web.base}/a.csv', sha256: {digest(TABLE)}, size: {len(TABLE)}}}, "
        f"{{url: '{incoming}/SHA256SUMS', sha256: {digest(listing)}, listing: true}}]"
    )
    record(workshop, pins=pins)
    before = state(workshop)
    good = workshop.tdsec("source", "recheck")
    assert good.code == 0 and "4 pinned: 4 as pinned" in good.out, good.out + good.err
    assert collect(workshop, f"{incoming}/SHA256SUMS", out="data/listed").code == 0
    assert (workshop.root / "data/listed/b.csv").read_bytes() == b"b"
    shutil.rmtree(workshop.root / ".tdsec/provenance")
    (incoming / "b.csv").write_bytes(b"c")
    changed = workshop.tdsec("--json", "source", "recheck", "my-source")
    body = json.loads(changed.out)
    assert changed.code == 1 and [one["finding"]["code"] for one in body["locations"] if one["finding"]] == [
        "TDS150"
    ]
    assert collect(workshop, f"{incoming}/SHA256SUMS", out="data/again").code == 1
    (incoming / "b.csv").write_bytes(b"b")
    del web.pages["/a.csv"]
    assert workshop.tdsec("source", "recheck", "my-source").code == 14
    (incoming / "SHA256SUMS").write_bytes(listing + b"\n")
    assert workshop.tdsec("source", "recheck", "my-source").code == 1
    assert before.keys() >= {"policies/sources.yaml"}


def test_an_interrupt_takes_everything_back(workshop: Workshop, web: Web) -> None:
    record(workshop, f"{web.base}/")

    def interrupting(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "9999999")
        handler.end_headers()
        with contextlib.suppress(OSError):
            handler.wfile.write(TABLE)
        os.kill(os.getpid(), 2)
        with contextlib.suppress(OSError):  # no end of the file before the reader has heard the signal
            for _ in range(500):
                handler.wfile.write(TABLE[:100])
                time.sleep(0.02)

    web.pages["/a.csv"] = interrupting
    before = state(workshop)
    assert collect(workshop, f"{web.base}/a.csv").code == 130
    nothing_left(workshop, before)
