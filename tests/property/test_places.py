"""One storage, however it is spelt: no other spelling gets round the guard; another host is another place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from dvc.fs import get_cloud_fs
from hypothesis import given
from hypothesis import strategies as st

from tdsec_gov.vault.plugin.place import Place

HOSTS = ["vault.example.org", "10.1.2.3", "fe80::7", "localhost"]
OTHERS = ["vault.example.com", "10.1.2.4", "fe80::8", "ault.example.org", "vault.example.org.evil.net"]
LOOPBACK = [
    "localhost",
    "LOCALHOST",
    "127.0.0.1",
    "127.1",
    "127.9.8.7",
    "0x7f.0.0.1",
    "2130706433",
    "0.0.0.0",
]
LOOPBACK += ["::1", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1", "localhost."]
PORTS = {"ssh": 22, "webdav": 80, "webdavs": 443}
segments = st.lists(st.text("abcXYZ09-_", min_size=1, max_size=6), min_size=1, max_size=4)


def place(url: str, **options: Any) -> Place:
    """As the guard sees it: through DVC's own reading of a remote."""
    cls, conf, path = get_cloud_fs(None, url=url, **options)
    return Place.of(cls.protocol, conf, path)


@st.composite
def respelt_host(draw: st.DrawFn, host: str) -> str:
    if host == "localhost":
        host = draw(st.sampled_from(LOOPBACK))
    elif ":" in host:
        host = draw(st.sampled_from([host, "fe80:0:0:0:0:0:0:7", "FE80::0007"]))
    elif host[0].isdigit():
        host = draw(st.sampled_from([host, "10.1.515", "0xa.1.2.3", "167838211"]))
    else:
        host = draw(st.sampled_from([host, host.upper(), host.title(), f"{host}."]))
    return f"[{host}]" if ":" in host else host


@st.composite
def respelt_path(draw: st.DrawFn, parts: list[str]) -> str:
    out = []
    for part in parts:
        out += [*draw(st.sampled_from([[], ["."], ["x", ".."], [""]])), part]
    return "/".join(out) + draw(st.sampled_from(["", "/", "/.", "/below", "/below/er"]))


@given(
    st.data(), st.sampled_from(sorted(PORTS)), st.sampled_from(HOSTS), segments, st.sampled_from([0, 2222])
)
def test_no_other_spelling_gets_round(
    data: st.DataObject, scheme: str, host: str, parts: list[str], port: int
) -> None:
    at, theirs = f"[{host}]" if ":" in host else host, data.draw(respelt_host(host))

    def with_port(name: str) -> str:
        """DVC reads an IPv6 address without a port as another host, which it cannot reach."""
        needed = "[" in name or port != PORTS[scheme] or data.draw(st.booleans())
        return f"{name}:{port}" if needed else name

    port = port or PORTS[scheme]
    inner = place(f"{scheme}://{with_port(at)}/{'/'.join(parts)}")
    user = data.draw(st.sampled_from(["", "bob@", "bob:word@"]))
    ours = with_port(theirs)
    same = place(f"{scheme}://{user}{ours}/{data.draw(respelt_path(parts))}", user="carol")
    assert inner.holds(same), (inner, same)


@given(st.sampled_from(sorted(PORTS)), st.sampled_from(OTHERS), segments)
def test_another_host_or_port_or_path_is_another_place(scheme: str, other: str, parts: list[str]) -> None:
    path = "/".join(parts)
    inner = place(f"{scheme}://vault.example.org/{path}")
    at = f"[{other}]" if ":" in other else other
    assert not inner.holds(place(f"{scheme}://{at}/{path}"))
    assert not inner.holds(place(f"{scheme}://vault.example.org:4711/{path}"))
    assert not inner.holds(place(f"{scheme}://vault.example.org/{path}-beside"))
    assert not inner.holds(place(f"s3://vault.example.org/{path}"))


@given(segments, st.data())
def test_buckets_at_their_endpoints(parts: list[str], data: st.DataObject) -> None:
    key = "/".join(parts)
    inner = place(f"s3://bucket/{key}", endpointurl="https://s3.example.org")
    spelt = data.draw(
        st.sampled_from(["https://S3.EXAMPLE.org/", "https://s3.example.org:443", "https://s3.example.org./"])
    )
    below = data.draw(respelt_path(parts))
    assert inner.holds(place(f"s3://bucket/{below}", endpointurl=spelt, profile="other", region="eu-west-1"))
    for other in ("https://s3.example.com", "https://s3.example.org:9000"):
        assert not inner.holds(place(f"s3://bucket/{key}", endpointurl=other))
    assert not inner.holds(place(f"s3://bucket/{key}"))
    assert not inner.holds(place(f"s3://bucket2/{key}", endpointurl=spelt))


@pytest.mark.parametrize("named", ["https://s3.amazonaws.com", "https://s3.eu-west-1.amazonaws.com:443/"])
def test_all_endpoints_of_aws_have_the_same_buckets(named: str) -> None:
    assert place("s3://bucket/a").holds(place("s3://bucket/a/b", endpointurl=named))


def test_an_endpoint_out_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    inner = place("s3://bucket/a", endpointurl="https://s3.example.org")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "https://s3.example.org")
    assert inner.holds(place("s3://bucket/a"))


def test_a_folder_by_another_name(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    inner = place(str(tmp_path / "real"))
    for other in ("link", "link/below", "x/../real", "real/below/er"):
        assert inner.holds(place(str(tmp_path / other))), other
    assert inner.holds(place(f"ssh://alice@127.0.0.1/{tmp_path}/link"))
    assert not inner.holds(place(str(tmp_path / "really")))
    assert not inner.holds(place(str(tmp_path)))


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_text_is_some_place(host: str, path: str) -> None:
    one = Place.of("ssh", {"host": host, "port": "22"}, path.replace("\0", ""))
    assert one.holds(one)
