"""One form for each location, and an allowlist that nothing talks its way around."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdsec_gov.collect.allowlist import Allowlist
from tdsec_gov.collect.location import location
from tdsec_gov.collect.rejected import Rejected
from tdsec_gov.errors import PolicyInvalid, TdsecError, UsageError
from tdsec_gov.policy.source_models import Pin, Source

HERE = Path("/nowhere/repo")
ALLOWED = (
    "https://example.org/data/**",
    "https://*.example.net",
    "http://plain.example.org/",
    "https://signed.example.org/x/*?*",
    "s3://bucket/x/*",
    "/nowhere/in/**",
    "incoming/",
)


def allowlist(*allowed: str, pins: tuple[Pin, ...] = ()) -> Allowlist:
    return Allowlist.of(
        Source(id="a", name="a", trust="raw", allowed_locations=allowed, locations=pins), HERE
    )


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("https://example.org/data/a.csv", "https://example.org/data/a.csv"),
        ("HTTPS://EXAMPLE.org.:443/data/a%20b.csv", "https://example.org/data/a%20b.csv"),
        ("https://example.org:/data/%61.csv", "https://example.org/data/a.csv"),
        ("https://a.b.example.net/x", "https://a.b.example.net/x"),
        ("https://plain.example.org/d/y", "https://plain.example.org/d/y"),
        ("http://plain.example.org:80/d", "http://plain.example.org/d"),
        ("https://signed.example.org/x/a?X-Sig=%2Fabc", "https://signed.example.org/x/a?X-Sig=%2Fabc"),
        ("s3://bucket/x/a%2e", "s3://bucket/x/a%2e"),
        ("/nowhere/in/deep/a.csv", "/nowhere/in/deep/a.csv"),
        ("file:///nowhere/in/a%20b", "/nowhere/in/a b"),
        ("file://localhost/nowhere/in/a", "/nowhere/in/a"),
        ("FILE:///nowhere/in/../in/a", "/nowhere/in/a"),
        ("incoming/a.csv", "/nowhere/repo/incoming/a.csv"),
    ],
)
def test_allowed_in_its_one_form(text: str, plain: str) -> None:
    place = location(text, HERE)
    assert place.url == plain
    allowlist(*ALLOWED).require(place)
    assert "?" not in place.shown


@pytest.mark.parametrize(
    "text",
    [
        "https://example.org/other/a",
        "https://example.org.evil.example/data/a",
        "https://evilexample.org/data/a",
        "https://example.org:444/data/a",
        "http://example.org/data/a",
        "https://example.net/x",
        "https://evilexample.net/x",
        "https://example.org/data/a?x=1",
        "https://signed.example.org/x/y/z?q=1",
        "https://example.org/DATA/a",
        "s3://bucket/x/y/z",
        "s3://Bucket/x/y",
        "s3://bucket2/x/y",
        "gs://bucket/x/y",
        "/nowhere/in",
        "/nowhere/in/../out/a",
        "/nowhere/inside",
        "file:///nowhere/out",
        "incoming/../policies/access.yaml",
        "https://127.0.0.1/data/a",
    ],
)
def test_not_on_the_list(text: str) -> None:
    with pytest.raises(Rejected):
        allowlist(*ALLOWED).require(location(text, HERE))


@pytest.mark.parametrize(
    "text",
    [
        "https://user@example.org/data/a",
        "https://user:pw@example.org/data/a",
        "https://example.org@evil.example/data/a",
        "https://example.org%40evil.example/data/a",
        "https://example.org\\@evil.example/data/a",
        "https://ex\u0430mple.org/data/a",
        "https://example\u3002org/data/a",
        "https://example.org/data/../secret",
        "https://example.org/data/%2e%2e/secret",
        "https://example.org/data/.%2E/secret",
        "https://example.org/data/%252e%252e/secret",
        "https://example.org/data/..;/secret",
        "https://example.org/data%2f..%2fsecret",
        "https://example.org/data/%5c..%5csecret",
        "https://example.org/data/a%00.csv",
        "https://example.org/data/a#https://evil.example",
        "https://example.org/data/a\nHost: evil",
        "https://example.org/data/ a",
        "https://example..org/data/a",
        "https://example.org:99999/data/a",
        "https://example.org:0/data/a",
        "https:example.org/data/a",
        "https:///data/a",
        "https://[/data/a",
        "https://[::1/data/a",
        "file://evil.example/nowhere/in/a",
        "file:///nowhere/in/%2e%2e%2fout",
        "simplecache::https://example.org/data/a",
        "zip://a.csv::https://evil.example/x.zip",
        "memory://x",
        "data://x",
        "s3://key:secret@bucket/x/a",
        "s3://bucket/x/../y",
        "",
        "/nowhere/in/a\x00b",
    ],
)
def test_refused_because_it_could_be_read_in_two_ways(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        location(text, HERE)
    assert "pw" not in caught.value.line().split() and "secret@" not in caught.value.line()


def test_nothing_is_allowed_where_nothing_is_listed() -> None:
    with pytest.raises(Rejected, match="any allowed_locations"):
        allowlist().require(location("https://example.org/a", HERE))


def test_a_pin_allows_its_own_location_only() -> None:
    listed = allowlist(pins=(Pin(url="https://example.org/a?v=1", sha256="0" * 64),))
    listed.require(location("https://EXAMPLE.org/a?v=1", HERE))
    for other in ("https://example.org/a", "https://example.org/a?v=2", "https://example.org/b?v=1"):
        with pytest.raises(Rejected):
            listed.require(location(other, HERE))


@pytest.mark.parametrize(
    "pattern",
    [
        "https://u@example.org/",
        "https://example.org/../x",
        "https://example.org/a?b=c",
        "../x",
        "zip::https://x/",
        "",
    ],
)
def test_broken_patterns_are_faults_of_the_policy(pattern: str) -> None:
    with pytest.raises(PolicyInvalid):
        allowlist(pattern)


def test_links_are_followed_before_the_allowlist_is_asked(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "secret").write_text("x")
    (tmp_path / "in" / "link").symlink_to(tmp_path / "secret")
    (tmp_path / "mounted").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "a").write_text("x")
    with pytest.raises(Rejected):
        allowlist(f"{tmp_path}/in/**").require(location(f"{tmp_path}/in/link", tmp_path))
    allowlist(f"{tmp_path}/mounted/**").require(location(f"{tmp_path}/mounted/a", tmp_path))


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_text_is_one_place_or_refused(host: str, rest: str) -> None:
    try:
        place = location(f"https://{host}/{rest}", HERE)
    except TdsecError:
        return
    assert location(place.url, HERE) == place
    parts = urlsplit(place.url)
    assert (parts.hostname or "") == place.host and "@" not in parts.netloc
    try:
        allowlist("https://example.org/data/**").require(place)
    except Rejected:
        return
    assert place.host == "example.org" and place.path.startswith("/data/")
