"""The waivers that lie in .tdsec/waivers, believed only as far as they verify under the policy."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from tdsec_gov.domain.tree import Tree
from tdsec_gov.domain.verdict import Verdict
from tdsec_gov.domain.waiver import UsedWaiver, Waiver
from tdsec_gov.errors import IntegrityError, PolicyInvalid, Unverified
from tdsec_gov.keys.dsse import INTOTO_PAYLOAD_TYPE, Envelope
from tdsec_gov.policy.load import Policies
from tdsec_gov.policy.models import Waivers
from tdsec_gov.verdicts.trust import member_keys
from tdsec_gov.verdicts.waivers.rules import State, by_others, covering, judged
from tdsec_gov.verdicts.waivers.statement import from_statement
from tdsec_gov.verdicts.waivers.store import FOLDER, folder_of, revocation_name, waiver_name, waiver_names


@dataclass(frozen=True, slots=True)
class Filed:
    """One waiver file: what it says (None where nobody's signature holds), and whether it can be built on."""

    name: str
    dataset: str
    root: str
    waiver: Waiver | None
    state: State
    why: str = ""


@dataclass(frozen=True, slots=True)
class WaiverBook:
    """Reads waivers of ``evidence``; ``policies`` decide who may waive what, ``now`` when they end."""

    evidence: Tree
    policies: Policies
    now: dt.datetime

    def filed(self, dataset: str | None = None, root: str = "") -> list[Filed]:
        """Every waiver file: of one version, of one dataset, or of all."""
        folder = FOLDER if dataset is None else folder_of(dataset, root).rstrip("/")
        found = [self._read(*one) for one in waiver_names(self.evidence, folder)]
        return [one for one in found if dataset in (None, one.dataset)]

    def holding(self, dataset: str, root: str) -> list[Waiver]:
        """The waivers of one version that can be built on now."""
        filed = self.filed(dataset, root)
        return [one.waiver for one in filed if one.waiver is not None and one.state is State.HOLDS]

    def require(self, verdict: Verdict, signers: Iterable[str]) -> None:
        """Raises Unverified unless every waiver that an accepted verdict stands on holds, and every result in
        it that denies is waived. ``signers`` (keyids) signed the verdict."""
        denied = [one for one in verdict.results if one.status.denies]
        if not denied and not verdict.waivers:
            return
        named = [self._named(verdict, used) for used in verdict.waivers]
        rules = self._rules(verdict.version.name)
        counted = by_others(named, rules, set(signers))
        for result in denied:
            if covering(result, counted, rules, self.now) is None:
                raise Unverified(
                    f"check '{result.check}' failed, and no waiver that holds covers it",
                    where=verdict.version.short,
                    expected=f"{rules.threshold} waiver{'s' if rules.threshold > 1 else ''} by somebody else",
                    found=len(counted),
                    hint=f"run: tdsec check {verdict.version.name}",
                )

    def _named(self, verdict: Verdict, used: UsedWaiver) -> Waiver:
        version = verdict.version
        name = waiver_name(version.name, version.root, used.digest)
        if self.evidence.read(name) is None:
            one = Filed(name, version.name, version.root, None, State.REFUSED, "it is not there")
        else:
            one = self._read(name, version.name, version.root, used.digest)
        if one.state is not State.HOLDS or one.waiver is None or UsedWaiver.of(one.waiver) != used:
            why = one.why or "it says something else"
            raise Unverified(
                f"the waiver of '{used.check}' that the verdict stands on does not hold: {why}",
                where=name,
                hint=f"mend the data or waive it anew, then run: tdsec check {version.name}",
            )
        return one.waiver

    def _read(self, name: str, dataset: str, root: str, digest: str) -> Filed:
        try:
            waiver = self._verified(self.evidence.read(name) or b"")
        except (IntegrityError, Unverified) as exc:
            return Filed(name, dataset, root, None, State.REFUSED, exc.message)
        if (waiver.dataset, waiver.root, waiver.digest) != (dataset, root, digest):
            return Filed(name, dataset, root, None, State.REFUSED, "it lies under another waiver's name")
        if self.evidence.read(revocation_name(waiver)) is not None:
            return Filed(name, dataset, root, waiver, State.REVOKED, "it was revoked")
        try:
            rules = self._rules(dataset)
        except PolicyInvalid as exc:
            return Filed(name, dataset, root, waiver, State.REFUSED, exc.message)
        approvers = {one.keyid for one in self.policies.access.in_roles(rules.roles)}
        return Filed(name, dataset, root, waiver, *judged(waiver, rules, approvers, self.now))

    def _verified(self, data: bytes) -> Waiver:
        envelope = Envelope.from_bytes(data)
        if envelope.payload_type != INTOTO_PAYLOAD_TYPE:
            raise IntegrityError("envelope holds another payload type")
        signers = envelope.verified_by(member_keys(self.policies.access.file.members))
        if len(signers) != 1:
            raise IntegrityError(
                "a waiver is one person's word", expected="one signature", found=len(signers)
            )
        return from_statement(envelope.payload, next(iter(signers)))

    def _rules(self, dataset: str) -> Waivers:
        return self.policies.for_dataset(dataset).waivers
