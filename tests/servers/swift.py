"""OpenStack Swift with its S3 interface: a real S3 store of one replica, with versioned buckets."""

from __future__ import annotations

import contextlib
import getpass
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from servers.place import S3Server
from servers.starting import HOST, free_ports, python, require_module, running

_KEY, _SECRET, _REGION = "test:tester", "on-loopback-only", "us-east-1"
_SWIFT = """\
[swift-hash]
swift_hash_path_prefix = start
swift_hash_path_suffix = end

[storage-policy:0]
name = one
default = yes
"""
_DEFAULT = """\
[DEFAULT]
bind_ip = {host}
bind_port = {port}
user = {user}
swift_dir = {folder}
devices = {folder}/devices
mount_check = false
workers = 0
disable_fallocate = true
fallocate_reserve = 0
"""
_STORAGE = """
[pipeline:main]
pipeline = {kind}-server

[app:{kind}-server]
use = egg:swift#{kind}
"""
_PROXY = """
[pipeline:main]
pipeline = catch_errors gatekeeper count proxy-logging cache listing_formats bulk s3api tempauth \
copy slo dlo versioned_writes symlink proxy-server

[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true

[filter:count]
paste.filter_factory = servers.counting:filter_factory
file = {folder}/requests

[filter:cache]
use = egg:swift#memcache
memcache_servers = {host}:9

[filter:s3api]
use = egg:swift#s3api
location = {region}
dns_compliant_bucket_names = false

[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = {secret} .admin

[filter:versioned_writes]
use = egg:swift#versioned_writes
allow_versioned_writes = true
allow_object_versioning = true
"""
_PLAIN_FILTERS = (
    *("catch_errors", "gatekeeper", "listing_formats", "bulk", "copy", "slo", "dlo", "symlink"),
    "proxy-logging",
)
_KINDS = ("account", "container", "object")


@contextlib.contextmanager
def swift(folder: Path) -> Iterator[S3Server]:
    """A store whose data lie in ``folder``; skips where Swift is not installed.

    The filesystem must have user extended attributes (ext4, xfs, a tmpfs of Linux 6.6).
    """
    require_module("swift", "swift")
    ports = dict(zip((*_KINDS, "proxy"), free_ports(4), strict=True))
    _configure(folder, ports)
    with contextlib.ExitStack() as started:
        for kind in (*_KINDS, "proxy"):
            command = python(
                "-c", f"import sys; from swift.{_module(kind)}.server import main; sys.exit(main())"
            )
            started.enter_context(
                running(
                    [*command, folder / f"{kind}.conf", "-v"], ports[kind], folder / f"{kind}.log", _env()
                )
            )
        server = S3Server(f"http://{HOST}:{ports['proxy']}", _KEY, _SECRET, _REGION, folder / "requests")
        server.make_buckets()
        yield server


def _module(kind: str) -> str:
    return "obj" if kind == "object" else kind


def _env() -> dict[str, str]:
    """The proxy imports ``servers.counting``; Swift reads no settings of the person who tests."""
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), "PYTHONWARNINGS": "ignore"}


def _configure(folder: Path, ports: dict[str, int]) -> None:
    """Settings of the four servers, and a ring of one device for each kind of thing."""
    (folder / "devices" / "d1").mkdir(parents=True)
    (folder / "requests").touch()
    (folder / "swift.conf").write_text(_SWIFT)
    words = {"host": HOST, "user": getpass.getuser(), "folder": folder, "region": _REGION, "secret": _SECRET}
    filters = "".join(
        f"\n[filter:{one}]\nuse = egg:swift#{one.replace('-', '_')}\n" for one in _PLAIN_FILTERS
    )
    for kind, port in ports.items():
        body = _PROXY + filters if kind == "proxy" else _STORAGE
        (folder / f"{kind}.conf").write_text((_DEFAULT + body).format(kind=kind, port=port, **words))
    for kind in _KINDS:
        _ring(folder / f"{kind}.builder", ports[kind])


def _ring(builder: Path, port: int) -> None:
    steps = (["create", "4", "1", "0"], ["add", f"r1z1-{HOST}:{port}/d1", "1"], ["rebalance"])
    for step in steps:
        command = python("-m", "swift.cli.ringbuilder", builder, *step)
        done = subprocess.run([str(word) for word in command], capture_output=True, env=_env(), check=False)
        if done.returncode != 0:
            raise RuntimeError(f"swift-ring-builder {step}: {done.stdout!r} {done.stderr!r}")
