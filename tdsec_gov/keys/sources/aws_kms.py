"""AWS KMS, through the optional package ``boto3``; the context is KMS's encryption context.

Tested against moto, an *emulator*, and only it: AWS itself was never asked. Region and credentials are
found the way boto3 finds them; the key is a key id, an ARN or ``alias/NAME``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tdsec_gov.errors import BackendUnavailable, KeyUnavailable, UsageError
from tdsec_gov.keys.optional import optional
from tdsec_gov.keys.sources.contract import MAX_SECRET
from tdsec_gov.keys.sources.http import TIMEOUT, require_safe

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9:/_-]{0,2047}\Z")
_TROUBLE = frozenset(
    {
        "DependencyTimeoutException",
        "KMSInternalException",
        "LimitExceededException",
        "RequestTimeout",
        "ServiceUnavailable",
        "Throttling",
        "ThrottlingException",
    }
)


class AwsKms:
    """One KMS key. See :class:`~tdsec_gov.keys.sources.contract.KeySource`."""

    def __init__(self, key: str) -> None:
        if not _KEY.match(key):
            raise KeyUnavailable(
                "not a name for a KMS key", where="aws-kms", expected="id, ARN or alias/NAME"
            )
        self._key = key
        self._where = f"aws-kms:{key}"

    def wrap(self, secret: bytes, context: Mapping[str, str]) -> bytes:
        """See :meth:`tdsec_gov.keys.sources.contract.KeySource.wrap`."""
        if len(secret) > MAX_SECRET:
            raise UsageError("secret is too large", where=self._where, expected=f"{MAX_SECRET} bytes at most")
        with self._asking() as client:
            answer = client.encrypt(KeyId=self._key, Plaintext=secret, EncryptionContext=dict(context))
        return bytes(answer["CiphertextBlob"])

    def unwrap(self, blob: bytes, context: Mapping[str, str]) -> bytes:
        """See :meth:`tdsec_gov.keys.sources.contract.KeySource.unwrap`."""
        with self._asking() as client:
            answer = client.decrypt(KeyId=self._key, CiphertextBlob=blob, EncryptionContext=dict(context))
        return bytes(answer["Plaintext"])

    @contextmanager
    def _asking(self) -> Iterator[Any]:
        boto3 = optional("boto3", "aws-kms", self._where)
        config = optional("botocore.config", "aws-kms", self._where).Config(
            connect_timeout=TIMEOUT, read_timeout=TIMEOUT, retries={"total_max_attempts": 2}
        )
        errors = optional("botocore.exceptions", "aws-kms", self._where)
        try:
            client = boto3.client("kms", config=config)
            require_safe(client.meta.endpoint_url, self._where)
            yield client
        except errors.ClientError as exc:
            raise self._refused(exc.response) from None
        except (errors.HTTPClientError, errors.ConnectionError) as exc:
            raise BackendUnavailable(
                "the key service cannot be reached", where=self._where, found=type(exc).__name__
            ) from None
        except (errors.BotoCoreError, ValueError) as exc:
            raise KeyUnavailable(
                "AWS is not set up here, or the request is malformed",
                where=self._where,
                found=type(exc).__name__,
                hint="set AWS_REGION and credentials (aws configure)",
            ) from None

    def _refused(self, response: Mapping[str, Any]) -> KeyUnavailable | BackendUnavailable:
        """KMS's error code is shown, its text is not."""
        code = str(response.get("Error", {}).get("Code", ""))
        status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        if status >= 500 or code in _TROUBLE:
            return BackendUnavailable("the key service is out of order", where=self._where, found=code)
        return KeyUnavailable(
            "the key service refuses: no right, no such key, other context, or changed",
            where=self._where,
            found=code,
        )
