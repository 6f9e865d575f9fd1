"""``tdsec doctor``: every way a set-up can be wrong that we know of, each with its fix."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from importlib import metadata

from tdsec_gov.audit.journal import DATABASE, Journal, require_first
from tdsec_gov.errors import TdsecError
from tdsec_gov.files import WorkTree
from tdsec_gov.keys.committed import identity_of
from tdsec_gov.policy.load import policies_from
from tdsec_gov.repo.repository import Repository
from tdsec_gov.setup.doctor_checks import check_symptoms, quarantine_symptoms
from tdsec_gov.setup.doctor_hooks import hook_symptoms
from tdsec_gov.setup.nested import nested_symptoms
from tdsec_gov.setup.remotes import remotes, vault_remote
from tdsec_gov.setup.symptom import Symptom
from tdsec_gov.vault.keyrings.keyring import epochs
from tdsec_gov.vault.plugin.wiring import open_storage


def examine(repository: Repository) -> list[Symptom]:
    """Look at everything; a look that fails is a symptom, never an exception."""
    found: list[Symptom] = []
    for name, look in _LOOKS.items():
        try:
            found += look(repository)
        except TdsecError as exc:
            found.append(Symptom(name, False, exc.line(), exc.hint))
    return found


def _plugin(repository: Repository) -> Iterator[Symptom]:
    armed = "tdsec_gov.vault.plugin.boot" in sys.modules
    text = "DVC of this Python knows tdsec://" if armed else "tdsec_gov_boot.pth is not loaded by this Python"
    yield Symptom("dvc plugin", armed, text, "pip install tdsec-gov into the environment that dvc runs in")
    named = [entry.value for entry in metadata.entry_points(group="mlflow.tracking_store")]
    mine = [value for value in named if value.startswith("tdsec_gov.")]
    others = [value for value in named if not value.startswith("tdsec_gov.")]
    if importlib.util.find_spec("mlflow") is not None:
        clash = f"; another plugin wraps stores too: {', '.join(others)}" if others else ""
        yield Symptom(
            "mlflow plugin",
            bool(mine),
            f"{len(mine)} store schemes wrapped{clash}",
            "pip install -U tdsec-gov",
        )


def _identity(repository: Repository) -> Iterator[Symptom]:
    identity = identity_of(repository.root)
    yield Symptom("identity", True, f"{identity.name}, key {identity.keyid[:12]}")
    member = policies_from(WorkTree(repository.root)).access.member(identity.keyid)
    text = f"a member with roles {', '.join(member.roles)}" if member else "not in policies/access.yaml"
    yield Symptom(
        "membership",
        member is not None,
        text,
        "give the output of `tdsec key show` to somebody who may write",
    )


def _policies(repository: Repository) -> Iterator[Symptom]:
    policies = policies_from(WorkTree(repository.root))
    yield Symptom(
        "policies", True, f"{len(policies.policy.datasets)} rules, {len(policies.sources.sources)} sources"
    )
    for pointer in repository.work_tree():
        policies.for_dataset(pointer.name)


def _vault(repository: Repository) -> Iterator[Symptom]:
    found = vault_remote(repository)
    if found is None:
        yield Symptom("vault", False, "no DVC remote is a vault", "tdsec init --vault STORAGE")
        return
    inner = found[1] in remotes(repository)
    yield Symptom(
        "vault", inner, f"remote '{found[0]}' = tdsec://{found[1]}", f"dvc remote add {found[1]} URL"
    )
    ready = bool(epochs(WorkTree(repository.root), found[1]))
    yield Symptom("keyring", ready, f"vault '{found[1]}' has {'a' if ready else 'no'} keyring", "tdsec init")
    recovery = policies_from(WorkTree(repository.root)).access.settings(found[1]).recovery is not None
    lost = "none: where every reader loses their key, the data is lost (tdsec init --recovery RECIPIENT)"
    yield Symptom("recovery key", True, "every keyring is sealed to it" if recovery else lost)
    yield _old_plaintext(repository, found[1])


def _old_plaintext(repository: Repository, vault: str) -> Symptom:
    """Objects that stock DVC pushed before the vault was there lie beside it, readable."""
    storage = open_storage(repository.root, vault)
    left = storage.inner.exists(storage.inner.join(storage.inner.parent(storage.base), "files", "md5"))
    text = (
        "readable objects from before the vault lie on its storage" if left else "nothing readable beside it"
    )
    fix = f"after dvc push to the vault, remove files/md5 on the storage of '{vault}' with its own tools"
    return Symptom("old plaintext", not left, text, fix)


def _audit(repository: Repository) -> Iterator[Symptom]:
    place = repository.root / DATABASE
    if not place.is_file():
        require_first(repository.root)
        yield Symptom("audit log", True, "none yet in this clone; it begins with the first act")
        return
    head = Journal.open(repository.root).head()
    yield Symptom("audit log", True, f"{head.size} events; `tdsec audit verify` checks them all")


_LOOKS: dict[str, Callable[[Repository], Iterator[Symptom]]] = {
    "plugins": _plugin,
    "identity": _identity,
    "policies": _policies,
    "checks": check_symptoms,
    "quarantine": quarantine_symptoms,
    "vault": _vault,
    "audit log": _audit,
    "hooks": hook_symptoms,
    "repositories inside": nested_symptoms,
}
