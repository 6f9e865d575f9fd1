"""How a refusal of ours reaches DVC's user: as one line, without a traceback."""

from __future__ import annotations

from dvc.exceptions import DvcException

from tdsec_gov.errors import TdsecError


class VaultRefusal(DvcException):  # type: ignore[misc]
    """A TdsecError in the form that DVC prints as one line. ``error`` is the TdsecError."""

    def __init__(self, error: TdsecError) -> None:
        super().__init__(f"tdsec refused: {error.line()}")
        self.error = error
