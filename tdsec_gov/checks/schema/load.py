"""Find the schema that the policy names: YAML (data), or Python whose SHA-256 the policy pins (code)."""

from __future__ import annotations

import hmac
import re
from pathlib import Path

from tdsec_gov.checks.schema.rules import Rules
from tdsec_gov.domain.canonical import sha256_hex
from tdsec_gov.errors import PolicyInvalid

_DIGEST = re.compile(r"[0-9a-f]{64}\Z")


def read_schema(policies: Path, name: str, pin: str) -> bytes:
    """The bytes of ``policies/schemas/<name>``, which have the digest ``pin`` (empty: not pinned).

    Raises:
        PolicyInvalid: outside of that folder, missing, a Python file without a pin, or not the pinned one.
    """
    folder = (policies / "schemas").resolve()
    path = (folder / name).resolve()
    if not path.is_relative_to(folder) or path.suffix not in (".yaml", ".yml", ".py"):
        raise PolicyInvalid(
            "schema lies outside of policies/schemas", expected="NAME.yaml or NAME.py", found=repr(name)[:80]
        )
    try:
        text = path.read_bytes()
    except OSError as exc:
        raise PolicyInvalid("schema cannot be read", where=name, found=exc.strerror) from None
    digest = sha256_hex(text)
    if path.suffix == ".py" and not pin:
        hint = f"read {name}, then write sha256: {digest} beside schema:"
        raise PolicyInvalid("a Python schema runs as code and is not pinned", where=name, hint=hint)
    if pin and not (_DIGEST.match(pin) and hmac.compare_digest(pin, digest)):
        hint = "read what changed; if it is right, write the new digest into the policy"
        raise PolicyInvalid(
            "schema is not the pinned one", where=name, expected=pin[:64], found=digest, hint=hint
        )
    return text


def compile_schema(text: bytes, name: str) -> Rules:
    """The rules in ``text``: YAML, or for ``.py`` Python code, which is executed now.

    Raises:
        PolicyInvalid: not a schema.
    """
    if name.endswith(".py"):
        from tdsec_gov.checks.schema.model import python_schema

        return python_schema(text, name)
    from tdsec_gov.checks.schema.declared import parse_schema

    return parse_schema(text, name)


def load_schema(policies: Path, name: str, pin: str = "") -> Rules:
    """Both at once. Raises PolicyInvalid as they do."""
    return compile_schema(read_schema(policies, name, pin), name)
