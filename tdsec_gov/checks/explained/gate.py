"""The gate itself: TDS001 to TDS099."""

from __future__ import annotations

TABLE: dict[str, tuple[str, str, str]] = {
    "TDS001": (
        "A check could not run",
        "The check crashed, ran out of memory or was refused its settings. A check that did not "
        "finish denies. Each process of a check may take memory_limit MiB of its own (4096 unless the "
        "policy says more).",
        "Read the message, mend the settings in policies/policy.yaml or the data, and run: tdsec "
        "check TARGET. Where it ran out of memory, raise memory_limit in the dataset's rule there (such as "
        "memory_limit: 8192), or split the dataset into smaller files.",
    ),
    "TDS002": (
        "A check took too long",
        "The check was stopped at its time limit. What was not examined is denied.",
        "Raise time_limit for this dataset in policies/policy.yaml, or split the dataset.",
    ),
    "TDS003": (
        "The last accepted version is not at hand",
        "Checks compare with the last accepted version, whose files are not in the DVC cache as signed.",
        "Run dvc fetch at the commit that holds the accepted version, then run the gate again.",
    ),
    "TDS004": (
        "No such check",
        "The policy asks for a check that this version of tdsec-gov does not have.",
        "Correct the name in policies/policy.yaml, or update tdsec-gov.",
    ),
    "TDS005": (
        "A waiver has expired",
        "Somebody let a check fail for a while, and that while is over. What stood on the waiver is not "
        "accepted any more.",
        "Mend the data, or ask somebody who may waive: tdsec waive TARGET CHECK --reason ... --until DATE",
    ),
    "TDS006": (
        "A waiver is orphaned",
        "The waiver names a version that has no verdict here, or a check that the policy no longer asks for, "
        "so nothing stands on it.",
        "Run tdsec check on the version if it is still wanted, or take the waiver back: tdsec waive TARGET "
        "CHECK --revoke --reason ...",
    ),
    "TDS007": (
        "A waiver does not count",
        "It was signed by nobody who may waive this check under today's policy, was given by whoever "
        "brought the change, runs longer than the policy allows, or its signature does not hold.",
        "Ask somebody whose role stands under waivers: in policies/policy.yaml to waive it, or take the file "
        "away.",
    ),
    "TDS010": (
        "The dataset holds no files",
        "Nothing can be examined, and nothing is not the same as clean.",
        "Add files to the dataset (dvc add), or take it out of the policy.",
    ),
    "TDS011": (
        "A file cannot be read",
        "The file is empty, damaged, not UTF-8, ragged, or not what its suffix promises, so it was "
        "not examined.",
        "Write the file again in the format that its suffix names; text must be UTF-8 and rows of "
        "equal length.",
    ),
}
