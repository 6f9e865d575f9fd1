"""Who vouches for an object: accepted verdicts, or a writer's word where the policy exempts it."""

from __future__ import annotations

import contextlib
import copy
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

from tdsec_gov.errors import (
    ConfigurationError,
    TdsecError,
    Unverified,
    VerdictMissing,
)
from tdsec_gov.vault.keyrings.opened import OpenedVault
from tdsec_gov.vault.storage.addresses import virtual
from tdsec_gov.vault.storage.rooms import Rooms

if TYPE_CHECKING:
    from tdsec_gov.domain.dataset import DatasetVersion, Manifest
    from tdsec_gov.repo.manifests import LocalManifests
    from tdsec_gov.repo.pointers import Pointer
    from tdsec_gov.vault.storage.cover import Cover, Covered
    from tdsec_gov.vault.storage.owners import Owners
    from tdsec_gov.vault.storage.placing import Placing


class Vouched(Rooms):
    """Rooms, and the evidence about what lies in them."""

    def __init__(self, vault: OpenedVault, inner: Any, top: str, sub: str = "") -> None:
        super().__init__(vault, inner, top, sub)
        self._said: dict[Pointer, TdsecError | None] = {}

    @cached_property
    def cover(self) -> Cover:
        from tdsec_gov.vault.storage.cover import Cover

        return Cover(self.vault.book, self.manifest)

    @cached_property
    def local(self) -> LocalManifests | None:
        from tdsec_gov.repo.manifests import LocalManifests

        return LocalManifests(self.vault.clone) if self.vault.clone else None

    @cached_property
    def owners(self) -> Owners:
        from tdsec_gov.vault.storage.owners import Owners

        return Owners(self.vault.tree, self.vault.root, self.vault.clone)

    @cached_property
    def placing(self) -> Placing:
        from tdsec_gov.vault.storage.placing import Placing

        return Placing(self.vault, self.cover)

    def covered(self, oid: str, *, sealing: bool = False) -> list[Covered] | None:
        """What verdicts vouch for, None where policy exempts all that the oid belongs to. Of an oid that
        nobody here knows, a writer's word will have to say what it belongs to.

        Raises:
            Unverified, GateDenied, IntegrityError: neither.
        """
        try:
            covered = self.cover.require(oid, everywhere=self.vault.divided)
        except Unverified:
            if self.vault.exempts:
                self.owners.require_readable()
            names = self.names_of(oid) if sealing else self.owners.names(oid)
            if sealing and self.vault.divided and not self.owners.names(oid):
                raise
            if self.placing.exempt(names) or not (names or not self.vault.exempts):
                return None
            raise
        named = self.owners.outputs(oid)
        if not named:
            self.owners.require_readable()
        accepted = sorted({one.version.name for one in covered})
        for name in {*named} & {*accepted}:
            self.vault.require_current(name, oid)
        if named and not set(named) & set(accepted):
            if self.placing.exempt(named):
                return None
            raise VerdictMissing(
                "these bytes were accepted under another name only",
                where=named[0],
                found=", ".join(accepted[:3]),
                hint=f"run: tdsec check {named[0]}",
            )
        return covered

    def names_of(self, oid: str) -> list[str]:
        """Datasets that ``oid`` belongs to; its own path when nobody knows."""
        return self.owners.names(oid) or [virtual("", oid)]

    def current(self, covered: list[Covered]) -> list[Covered]:
        """Those whose verdict was given under today's policy. Raises VerdictExpired: none was."""
        from tdsec_gov.verdicts.verify import require_policy

        current: list[Covered] = []
        failure: TdsecError | None = None
        for one in covered:
            try:
                require_policy(one.verified, self.vault.policy_digest(one.version.name))
                current.append(one)
            except TdsecError as exc:
                failure = exc
        if failure is not None and not current:
            raise failure
        return current

    def manifest(self, version: DatasetVersion) -> Manifest | None:
        """The manifest of a version: private copy, else the vault, else rebuilt from DVC's cache."""
        from tdsec_gov.repo.manifests import checked

        found = self.local.load(version) if self.local else None
        if found is not None:
            return found
        for room in self.rooms_of([version.name]):
            with contextlib.suppress(FileNotFoundError):
                data = room.get_text(room.names.of_manifest(version.root), "manifests")
                found = checked(data, version)
        if found is None and self.local:
            found = self.local.rebuild(version)
        if found is not None and version.is_folder and self.local:
            self.local.save(found)
        return found

    # -- refusals ------------------------------------------------------------------------------

    def refuse(self, action: str, oid: str, error: TdsecError) -> NoReturn:
        """Name the dataset, record the refusal once, raise again."""
        pointer = self.owners.pointer(oid)
        if pointer is not None and isinstance(error, VerdictMissing):
            error = self._said_of_folder(pointer) or error
        known = pointer.name if pointer else self._accepted_as(oid)
        name = known or f"object {oid}"
        if error.code != "access-denied":
            with contextlib.suppress(TdsecError):
                self.vault.note(action, "denied", name, reason=error.code)
        if known is not None and not isinstance(error, ConfigurationError):
            error.where = f"dataset '{name}'"
            error.hint = error.hint.replace(f"tdsec check {oid}", f"tdsec check {name}").replace(
                "tdsec check --all", f"tdsec check {name}"
            )
        error.args = (error.line(),)
        raise error

    def _accepted_as(self, oid: str) -> str | None:
        """A dataset whose verdict covers ``oid``: a fresh clone gets the list of a folder's files last."""
        with contextlib.suppress(TdsecError):
            return self.cover.require(oid)[0].version.name
        return None

    def _said_of_folder(self, pointer: Pointer) -> TdsecError | None:
        """Why the whole dataset is refused: that says more than that nothing covers one of its files."""
        if pointer not in self._said:
            self._said[pointer] = None
            try:
                self.vault.book.for_oid(pointer.name, pointer.oid)
            except TdsecError as exc:
                self._said[pointer] = exc
        return copy.copy(self._said[pointer])
