"""Secure collection: from a location on the allowlist through quarantine and the gate's checks into DVC.

Order (:mod:`tdsec_gov.collect.run`): record and trust level, allowlist, bytes into a private folder,
pinned digest, the checks of the policy's rule, and only then the work tree, ``dvc add``, the provenance
record and the audit event. What is rejected or interrupted leaves nothing behind.
:mod:`tdsec_gov.collect.recheck` fetches pinned locations again and stores nothing.
"""
