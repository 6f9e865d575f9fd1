"""Locations that fsspec reads: a store that speaks S3, its folders and globs, and what it refuses."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from servers.moto import moto
from servers.place import Place, S3Server

from tdsec_gov.collect.allowlist import Allowlist
from tdsec_gov.collect.fetch import files_at, opened
from tdsec_gov.collect.location import location
from tdsec_gov.collect.recheck import recheck
from tdsec_gov.collect.rejected import Rejected
from tdsec_gov.errors import BackendUnavailable, UsageError
from tdsec_gov.policy.source_models import Pin, Source


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with moto(tmp_path_factory.mktemp("moto")) as found:
        yield found


@pytest.fixture
def place(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Credentials come from the environment, never from the location."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", server.key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", server.secret)
    monkeypatch.setenv("AWS_DEFAULT_REGION", server.region)
    found = server.place()
    for name in ("a.csv", "deep/b.csv", "deep/c.txt"):
        found.shelf.write(name, name.encode())
    return found


def source(place: Place, *pins: Pin) -> Source:
    return Source(id="s", name="s", trust="raw", allowed_locations=(f"{place.url}/deep/",), locations=pins)


def test_objects_folders_and_globs(place: Place, tmp_path: Path) -> None:
    allow = Allowlist.of(source(place), tmp_path).require
    folder = files_at(location(f"{place.url}/deep", tmp_path), allow)
    assert [one.name for one in folder] == ["b.csv", "c.txt"]
    hits = files_at(location(f"{place.url}/deep/*.csv", tmp_path), allow)
    assert [one.name for one in hits] == ["b.csv"]
    with opened(hits[0].place, allow) as stream:
        assert stream.size == 10 and stream.read(100) == b"deep/b.csv" and stream.read(1) == b""
    [single] = files_at(location(f"{place.url}/deep/c.txt", tmp_path), allow)
    assert (single.name, single.size) == ("", 10)


def test_what_is_not_allowed_or_not_there(place: Place, tmp_path: Path) -> None:
    allow = Allowlist.of(source(place), tmp_path).require
    for text in (place.url, f"{place.url}/a.csv", f"{place.url}/*"):
        with pytest.raises(Rejected):
            files_at(location(text, tmp_path), allow)
    for text in (f"{place.url}/deep/none", f"{place.url}/deep/*.parquet"):
        with pytest.raises(BackendUnavailable):
            files_at(location(text, tmp_path), allow)
    with pytest.raises(UsageError, match="no scheme"):
        files_at(location("nosuch://bucket/a", tmp_path), lambda place, what: None)


def test_recheck(place: Place, tmp_path: Path) -> None:
    digest = hashlib.sha256(b"a.csv").hexdigest()
    record = source(place, Pin(url=f"{place.url}/a.csv", sha256=digest, size=5))
    assert [one.finding for one in recheck(record, tmp_path)] == [None]
    place.shelf.write("a.csv", b"b.csv")
    [changed] = recheck(record, tmp_path)
    assert changed.finding is not None and changed.finding.code == "TDS150"


def test_a_store_out_of_reach_is_told(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()
    record = source(place, Pin(url=f"{place.url}/a.csv", sha256="0" * 64))
    [missed] = recheck(record, tmp_path)
    s3fs.S3FileSystem.clear_instance_cache()
    assert missed.finding is not None and missed.finding.code == "TDS151"
    assert "secret" not in missed.finding.message
