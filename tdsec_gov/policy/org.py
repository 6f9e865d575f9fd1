"""Org policies: what every repository must ask at least. One in the repository, one from outside.

From outside (``TDSEC_ORG_POLICY``, or ``tdsec.orgPolicy`` in git's configuration) a policy can only add:
whoever sets the variable on their machine makes their own gate stricter, never looser.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tdsec_gov.domain.canonical import sha256_hex
from tdsec_gov.domain.tree import Tree
from tdsec_gov.errors import PolicyInvalid
from tdsec_gov.policy.globs import most_specific
from tdsec_gov.policy.models import OrgFile, OrgRule
from tdsec_gov.policy.yamlfile import model_in

VARIABLE, GIT_KEY = "TDSEC_ORG_POLICY", "tdsec.orgPolicy"
_POLICY = "policies/policy.yaml"


@dataclass(frozen=True, slots=True)
class OrgPolicy:
    """An org policy, where it came from, and the SHA-256 of its bytes."""

    file: OrgFile
    where: str
    sha256: str

    @classmethod
    def parse(cls, data: bytes, where: str) -> OrgPolicy:
        """Raises PolicyInvalid."""
        return cls(model_in(data, where, OrgFile), where, sha256_hex(data))

    def rule(self, dataset: str) -> OrgRule | None:
        """The most specific rule for ``dataset``, if there is one. Raises PolicyInvalid: two fit alike."""
        return most_specific(self.file.datasets, dataset, self.where)


def extended(tree: Tree, name: str) -> OrgPolicy:
    """The org policy that policy.yaml ``extends``.

    Raises:
        PolicyInvalid: it lies outside policies/, is missing, or broken.
    """
    parts = PurePosixPath(name).parts
    if parts[:1] != ("policies",) or ".." in parts or len(parts) < 2:
        raise PolicyInvalid("extends: a path below policies/ is expected", where=_POLICY, found=name)
    data = tree.read(name)
    if data is None:
        raise PolicyInvalid(
            "the org policy is missing", where=name, hint=f"add it, or mend extends in {_POLICY}"
        )
    return OrgPolicy.parse(data, name)


def outside(folder: Path | None) -> OrgPolicy | None:
    """The org policy that this machine names, if it names one; git is asked in ``folder``.

    Raises:
        PolicyInvalid: it is named and cannot be read, or is broken.
    """
    named = os.environ.get(VARIABLE) or (_configured(folder) if folder is not None else None)
    if not named:
        return None
    try:
        data = Path(named).expanduser().read_bytes()
    except (OSError, ValueError):
        raise PolicyInvalid(
            "the org policy that this machine names cannot be read",
            where=named,
            hint=f"mend {VARIABLE} or: git config {GIT_KEY} PATH",
        ) from None
    return OrgPolicy.parse(data, named)


def _configured(folder: Path) -> str | None:
    try:
        asked = ["git", "config", "--type=path", "--get", GIT_KEY]
        done = subprocess.run(asked, cwd=folder, capture_output=True, check=False)
    except OSError:
        return None
    if done.returncode not in (0, 1):  # 1: it is not set; anything else: what it is cannot be told
        raise PolicyInvalid(
            "git cannot say which org policy this machine names",
            where=GIT_KEY,
            hint=f"see what is wrong: git config --get {GIT_KEY}",
        )
    return os.fsdecode(done.stdout.rstrip(b"\n")) if done.returncode == 0 else None
