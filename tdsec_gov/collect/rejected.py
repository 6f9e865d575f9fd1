"""Rejected: the one answer of a collection that is not "accepted"."""

from __future__ import annotations

from collections.abc import Sequence

from tdsec_gov.domain.findings import CheckResult
from tdsec_gov.errors import Denied


class Rejected(Denied):
    """Data was not collected: its source, its location or its bytes are not what the policy takes."""

    code = "rejected"
    results: Sequence[CheckResult] = ()
    """What the checks said, where they ran."""
