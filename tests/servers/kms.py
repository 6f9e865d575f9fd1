"""AWS KMS as moto emulates it: an emulator, not AWS. It checks credentials where told to."""

from __future__ import annotations

import contextlib
import json
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from servers.starting import HOST, free_ports, python, require_module, running


@dataclass(frozen=True)
class Kms:
    """Its address, and the environment in which boto3 asks it."""

    address: str

    @property
    def env(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL_KMS": self.address,
            "AWS_REGION": "eu-central-1",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "key-of-a-test",
            "AWS_SECRET_ACCESS_KEY": "secret-of-a-test",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/nonexistent",
            "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
        }

    def client(self) -> Any:
        import boto3

        return boto3.client(
            "kms",
            endpoint_url=self.address,
            region_name="eu-central-1",
            aws_access_key_id="key-of-a-test",
            aws_secret_access_key="secret-of-a-test",
        )

    def check_credentials(self, after: int) -> None:
        """From the ``after``-th request on, only known access keys are served; -1 for never."""
        count = "inf" if after < 0 else str(after)
        request = urllib.request.Request(
            f"{self.address}/moto-api/reset-auth",
            data=count.encode(),
            headers={"Content-Type": "text/plain"},
            method="POST",
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            json.load(answer)


@contextlib.contextmanager
def kms(folder: Path) -> Iterator[Kms]:
    """Skips where moto's server or boto3 is not installed."""
    require_module("moto", "moto[server]")
    require_module("flask_cors", "moto[server]")
    require_module("boto3", "boto3")
    (port,) = free_ports(1)
    command = python("-m", "moto.server", "-H", HOST, "-p", str(port))
    with running(command, port, folder / "moto-kms.log"):
        yield Kms(f"http://{HOST}:{port}")
