"""Who may read and write which vault, and whose signature on a verdict counts."""

from __future__ import annotations

from dataclasses import dataclass

from tdsec_gov.errors import PolicyInvalid
from tdsec_gov.policy.access_models import AccessFile, Compartment, Member, VaultAccess
from tdsec_gov.policy.globs import matches
from tdsec_gov.policy.models import Signers


@dataclass(frozen=True, slots=True)
class Access:
    """policies/access.yaml with its cross-references checked."""

    file: AccessFile

    @classmethod
    def of(cls, file: AccessFile, where: str) -> Access:
        """Raises PolicyInvalid listing every undefined or doubled name ."""
        names = [member.name for member in file.members]
        keys = [member.keyid for member in file.members]
        faults = [f"member '{one}' stands twice" for one in sorted({n for n in names if names.count(n) > 1})]
        faults += ["a signing key belongs to two members"] if len(set(keys)) < len(keys) else []
        second = [member.signing_pq for member in file.members if member.signing_pq is not None]
        faults += ["a post-quantum key belongs to two members"] if len(set(second)) < len(second) else []
        for member in file.members:
            faults += [f"role '{r}' is not defined" for r in member.roles if r not in file.roles]
        for vault, grant in file.vaults.items():
            for label, one in _labelled(vault, grant):
                unknown = [who for who in (*one.readers, *one.writers) if who not in names]
                faults += [f"vault '{label}': member '{who}' is not defined" for who in unknown]
            rooms = [one.name for one in grant.compartments]
            twice = sorted({n for n in rooms if rooms.count(n) > 1})
            faults += [f"vault '{vault}': compartment '{n}' stands twice" for n in twice]
        if faults:
            raise PolicyInvalid("; ".join(faults), where=where)
        return cls(file)

    def member(self, keyid: str) -> Member | None:
        """The member who signs with this keyid."""
        return next((m for m in self.file.members if m.keyid == keyid), None)

    def label(self, vault: str, dataset: str) -> str:
        """Which keys seal ``dataset`` in ``vault``: ``vault`` itself, or ``vault/compartment``."""
        grant = self.file.vaults.get(vault)
        for one in grant.compartments if grant else ():
            if any(matches(pattern, dataset) for pattern in one.match):
                return f"{vault}/{one.name}"
        return vault

    def labels(self, vault: str) -> tuple[str, ...]:
        """The vault and all its compartments."""
        grant = self.file.vaults.get(vault)
        return (vault, *(f"{vault}/{one.name}" for one in (grant.compartments if grant else ())))

    def settings(self, label: str) -> VaultAccess:
        """How the vault that ``label`` lies in seals."""
        return self.file.vaults.get(label.partition("/")[0], VaultAccess())

    def _grant(self, label: str) -> VaultAccess | Compartment | None:
        vault, _, room = label.partition("/")
        grant = self.file.vaults.get(vault)
        if grant is None or not room:
            return grant
        return next((one for one in grant.compartments if one.name == room), None)

    def may_read(self, member: Member, label: str) -> bool:
        """Whether the member may read a vault, or a compartment (``vault/name``): the vault's own
        readers do not read its compartments, roles that read all do."""
        grant = self._grant(label)
        listed = grant is not None and member.name in grant.readers
        return listed or any(self.file.roles[role].read_all for role in member.roles)

    def may_write(self, member: Member, label: str | None = None) -> bool:
        """As :meth:`may_read`; any vault or compartment when None."""
        if label is None:
            every = [one for vault in self.file.vaults for one in self.labels(vault)]
            listed = any(self._listed_writer(member, one) for one in every)
        else:
            listed = self._listed_writer(member, label)
        return listed or any(self.file.roles[role].write_all for role in member.roles)

    def _listed_writer(self, member: Member, label: str) -> bool:
        grant = self._grant(label)
        return grant is not None and member.name in grant.writers

    def readers(self, label: str) -> tuple[Member, ...]:
        return tuple(member for member in self.file.members if self.may_read(member, label))

    def writers(self, label: str) -> tuple[Member, ...]:
        return tuple(member for member in self.file.members if self.may_write(member, label))

    def keepers(self, label: str) -> tuple[Member, ...]:
        """Members who may write and read: whose keyrings count."""
        return tuple(member for member in self.readers(label) if self.may_write(member, label))

    def signing_members(self, signers: Signers) -> tuple[Member, ...]:
        """Whose signatures on a verdict count: members in the roles named, or every writer where none is."""
        wanted = {
            m.keyid for parts in signers.alternatives for part in parts for m in self.in_roles(part.roles)
        }
        return tuple(member for member in self.file.members if member.keyid in wanted)

    def in_roles(self, roles: tuple[str, ...]) -> tuple[Member, ...]:
        """Members in one of ``roles``, or every writer where none is named."""
        if roles:
            return tuple(m for m in self.file.members if set(m.roles) & set(roles))
        return tuple(member for member in self.file.members if self.may_write(member))

    def by_git_name(self, name: str, email: str) -> Member | None:
        """The member who goes by this name or address in git commits: as listed in ``git``, or by name.

        Anybody can write any name into a commit: good for finding who must not decide, not for who may.
        """
        given = {one.casefold() for one in (name, email, email.partition("@")[0]) if one}
        for member in self.file.members:
            if given & {one.casefold() for one in (member.name, *member.git)}:
                return member
        return None

    def name_of(self, keyid: str) -> str:
        """The member's name, or the first digits of the keyid for a stranger."""
        member = self.member(keyid)
        return member.name if member else f"key {keyid[:12]}"


def _labelled(vault: str, grant: VaultAccess) -> list[tuple[str, VaultAccess | Compartment]]:
    return [(vault, grant), *((f"{vault}/{one.name}", one) for one in grant.compartments)]
