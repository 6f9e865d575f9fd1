"""Where the vault differs from what DVC's own suite expects of a remote: each a counted skip.

The keys are the suite's test names; a name may be followed by ``[SERVER]``.
"""

from __future__ import annotations

NO_VERSIONS = "the inner remote keeps no versions"

DEVIATIONS: dict[str, str] = {
    "test_import_empty_dir": "a vault stores files; a folder without any is nowhere (as in a bucket)",
}
