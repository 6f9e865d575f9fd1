"""Who may read and write which vault, and whose signature on a verdict counts."""

from __future__ import annotations

from dataclasses import dataclass

from tdsec_gov.errors import PolicyInvalid
from tdsec_gov.policy.models import AccessFile, Member, Signers


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
        for member in file.members:
            faults += [f"role '{r}' is not defined" for r in member.roles if r not in file.roles]
        for vault, grant in file.vaults.items():
            unknown = [one for one in (*grant.readers, *grant.writers) if one not in names]
            faults += [f"vault '{vault}': member '{one}' is not defined" for one in unknown]
        if faults:
            raise PolicyInvalid("; ".join(faults), where=where)
        return cls(file)

    def member(self, keyid: str) -> Member | None:
        """The member who signs with this keyid."""
        return next((m for m in self.file.members if m.keyid == keyid), None)

    def may_read(self, member: Member, vault: str) -> bool:
        grant = self.file.vaults.get(vault)
        listed = grant is not None and member.name in grant.readers
        return listed or any(self.file.roles[role].read_all for role in member.roles)

    def may_write(self, member: Member, vault: str | None = None) -> bool:
        """Whether the member may write ``vault``, or any vault when None."""
        grants = self.file.vaults if vault is None else {vault: self.file.vaults.get(vault)}
        listed = any(grant is not None and member.name in grant.writers for grant in grants.values())
        return listed or any(self.file.roles[role].write_all for role in member.roles)

    def readers(self, vault: str) -> tuple[Member, ...]:
        return tuple(member for member in self.file.members if self.may_read(member, vault))

    def signing_members(self, signers: Signers) -> tuple[Member, ...]:
        """Whose verdicts count: members in ``signers.roles``, or every writer where none is named."""
        if signers.roles:
            return tuple(m for m in self.file.members if set(m.roles) & set(signers.roles))
        return tuple(member for member in self.file.members if self.may_write(member))

    def name_of(self, keyid: str) -> str:
        """The member's name, or the first digits of the keyid for a stranger."""
        member = self.member(keyid)
        return member.name if member else f"key {keyid[:12]}"
