"""What a test knows of a server: DVC's settings for a place on it, and the bytes that it stored there."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol


class Shelf(Protocol):
    """The server's own storage, looked at from behind: by disk or by the server's plain client."""

    def names(self) -> list[str]:
        """Every stored file below this place, relative to it, sorted."""

    def read(self, name: str) -> bytes:
        """Bytes of one file."""

    def write(self, name: str, data: bytes) -> None:
        """Put bytes there, over what was."""


@dataclass(frozen=True)
class Place:
    """A fresh place on a server: the DVC remote's ``url`` and other options, and what lies there."""

    url: str
    options: Mapping[str, str]
    shelf: Shelf
    remote: str = "store"
    """DVC's name of the remote: the inner one of the vault ``tdsec://store``."""

    @property
    def config(self) -> str:
        """A section of ``.dvc/config.local``."""
        lines = [f"    {name} = {value}\n" for name, value in {"url": self.url, **self.options}.items()]
        return f"['remote \"{self.remote}\"']\n{''.join(lines)}"

    def stored(self) -> dict[str, bytes]:
        return {name: self.shelf.read(name) for name in self.shelf.names()}

    def fill(self, folder: Path) -> None:
        """Copy a folder's files there without DVC: what another storage held."""
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                self.shelf.write(path.relative_to(folder).as_posix(), path.read_bytes())


@dataclass(frozen=True)
class Disk:
    """A shelf that is a folder on this machine."""

    folder: Path

    def names(self) -> list[str]:
        found = (path for path in self.folder.rglob("*") if path.is_file())
        return sorted(path.relative_to(self.folder).as_posix() for path in found)

    def read(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def write(self, name: str, data: bytes) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


@dataclass(frozen=True)
class DiskServer:
    """A server that keeps files in ``folder`` and answers under ``url``."""

    url: str
    options: Mapping[str, str]
    folder: Path

    def place(self) -> Place:
        name = uuid.uuid4().hex[:8]
        (self.folder / name).mkdir()
        return Place(f"{self.url}/{name}", self.options, Disk(self.folder / name))


@dataclass(frozen=True)
class S3Server:
    """An S3 endpoint, one key pair, one plain bucket and one that keeps versions."""

    endpoint: str
    key: str
    secret: str
    region: str
    log: Path
    """One line per request that the server answered, its method first."""
    bucket: str = "plain"
    versioned: str = "versions"

    @property
    def options(self) -> dict[str, str]:
        return {
            "endpointurl": self.endpoint,
            "access_key_id": self.key,
            "secret_access_key": self.secret,
            "region": self.region,
            "read_timeout": "20",
        }

    @cached_property
    def client(self) -> Any:
        """boto3, with the few retries that a server on loopback needs."""
        import boto3
        from botocore.config import Config

        return boto3.client("s3", **self.boto, config=Config(retries={"max_attempts": 3}))

    @property
    def boto(self) -> dict[str, str]:
        """boto3's words for :attr:`options`."""
        return {
            "endpoint_url": self.endpoint,
            "aws_access_key_id": self.key,
            "aws_secret_access_key": self.secret,
            "region_name": self.region,
        }

    def make_buckets(self) -> None:
        for bucket in (self.bucket, self.versioned):
            self.client.create_bucket(Bucket=bucket)
        self.client.put_bucket_versioning(
            Bucket=self.versioned, VersioningConfiguration={"Status": "Enabled"}
        )

    def place(self, versions: bool = False) -> Place:
        """A fresh place, on request in the bucket that keeps versions."""
        name, bucket = uuid.uuid4().hex[:8], self.versioned if versions else self.bucket
        return Place(f"s3://{bucket}/{name}", self.options, Bucket(self.client, bucket, f"{name}/"))

    def requests(self) -> list[str]:
        """``METHOD PATH`` of every request so far."""
        return self.log.read_text().splitlines()


@dataclass(frozen=True)
class Bucket:
    """A shelf that is a prefix in a bucket."""

    client: Any = field(repr=False)
    bucket: str
    prefix: str

    def _keys(self) -> Iterator[str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self.prefix)
        for page in pages:
            for entry in page.get("Contents", ()):
                yield entry["Key"]

    def names(self) -> list[str]:
        return sorted(key.removeprefix(self.prefix) for key in self._keys())

    def read(self, name: str) -> bytes:
        body: bytes = self.client.get_object(Bucket=self.bucket, Key=self.prefix + name)["Body"].read()
        return body

    def write(self, name: str, data: bytes) -> None:
        self.client.put_object(Bucket=self.bucket, Key=self.prefix + name, Body=data)
