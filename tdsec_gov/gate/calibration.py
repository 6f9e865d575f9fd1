"""Making, signing and citing what a dataset's detectors would have caught."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tdsec_gov import __version__
from tdsec_gov.audit.journal import Journal
from tdsec_gov.checks.contract import DataFile
from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.domain.dataset import DatasetVersion
from tdsec_gov.gate.evaluate import Gate
from tdsec_gov.keys.dsse import Envelope
from tdsec_gov.keys.identity import Identity
from tdsec_gov.verdicts.calibration import Calibration, digest_of, to_statement, write_calibration
from tdsec_gov.verdicts.verify import format_time

Study = Callable[[str, Sequence[DataFile], Mapping[str, JsonValue]], dict[str, JsonValue]]


@dataclass(frozen=True, slots=True)
class CalibrationDesk:
    """Where the record is made and signed: one repository, one person, one moment."""

    gate: Gate
    journal: Journal
    identity: Identity

    def calibrate(
        self,
        version: DatasetVersion,
        files: Sequence[DataFile],
        params: Mapping[str, JsonValue],
        study: Study,
    ) -> tuple[Calibration, str]:
        """Run ``study`` on an accepted version, sign what it says and store it. Returns it and its path.

        Raises:
            SignerUntrusted: my signature would not count. As ``study`` raises.
        """
        self.gate.require_signer(version.name, self.identity, counting=True)
        body = study(version.name, files, params)
        created = format_time(self.gate.now)
        told = {"created": created, "tool": f"tdsec-gov {__version__}", "settings": digest_of(params)}
        one = Calibration(version.name, version.root, {**told, **body})
        name = write_calibration(
            self.gate.repository.root, one, Envelope.sign(to_statement(one), *self.identity.signers)
        )
        details: dict[str, JsonValue] = {"sha256": version.root, "attacks": len(one.attacks)}
        self.journal.record("calibrate", "success", version.name, details=details)
        self.journal.publish()
        return one, name
