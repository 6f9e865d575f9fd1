"""Where the vault differs from what DVC's own suite expects of a remote: each a counted skip.

The keys are ``CLASS::TEST``, or ``CLASS::TEST[SERVER]`` where it is one server's doing.
"""

from __future__ import annotations

NO_VERSIONS = "the inner remote keeps no versions"

DEVIATIONS: dict[str, str] = {
    "TestImport::test_import_empty_dir": (
        "a vault stores files; a folder without any is nowhere (as in a bucket)"
    ),
    "TestRemoteWorktree::test_deletion": (
        "stock DVC fails it, too, on the same S3 (remote_tests.py line 362); dvc-s3 leaves the class out"
    ),
    "TestRemoteVersionAware::test_dir[moto]": (
        "moto lists keys behind a delete marker when asked with a delimiter; Swift passes"
    ),
}
