"""Read one stored object to its end, in the very room it lies in, and let it go."""

from __future__ import annotations

from tdsec_gov.domain.dataset import DatasetVersion
from tdsec_gov.errors import TdsecError
from tdsec_gov.repo.manifests import checked
from tdsec_gov.vault.objects.guards import Allowed, PlaintextGuard
from tdsec_gov.vault.objects.padding import ContentOnly
from tdsec_gov.vault.storage.cover import Covered
from tdsec_gov.vault.storage.storage import Storage
from tdsec_gov.vault.upkeep.listing import Stored


def check_object(storage: Storage, one: Stored) -> None:
    """Fetch, decrypt and hash an object; by a writer's word where no verdict covers it.

    A pull takes an object from one room; the copy in another room is looked at here all the same.

    Raises:
        Unverified, IntegrityError, AccessDenied, KeyUnavailable: it is not to be believed.
        FileNotFoundError: it has gone.
    """
    if len(storage.labels) == 1:
        storage.check(one.digest)
        return
    try:
        covered = storage.cover.require(one.digest)
    except TdsecError:
        storage.check(one.digest)
        return
    storage.vault.require("read", one.label)
    _check_covered(storage, one, covered)


def _check_covered(storage: Storage, one: Stored, covered: list[Covered]) -> None:
    room = storage.room(one.label)
    if one.digest.endswith(".dir"):
        data = room.get_text(one.name, "objects")
        for each in covered:
            each.require_listing(data)
        return
    allowed = Allowed({(each.size, each.sha256) for each in covered}, one.digest)
    with PlaintextGuard(allowed) as guard:
        content = ContentOnly(allowed.largest, one.digest, guard, lambda view: None)
        room.get(one.name, content)
        content.finish()
        guard.finish()


def check_manifest(storage: Storage, one: Stored, version: DatasetVersion) -> None:
    """As :func:`check_object`, of a manifest that ``version`` was signed with."""
    storage.vault.require("read", one.label)
    checked(storage.room(one.label).get_text(one.name, "manifests"), version)
