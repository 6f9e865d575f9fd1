"""Secrets with a form of their own: tokens with a fixed prefix, private key blocks, signed web tokens.

Forms as their issuers document them; RE2 and Python read them alike.
"""

from __future__ import annotations

import re

_TOKENS = (
    r"\b(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b",
    r"gh[pousr]_[A-Za-z0-9]{36}",
    r"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}",
    r"gl(?:pat|ptt|dt|rt|soat|agent|cbt|imt|oas|ffct)-[A-Za-z0-9_-]{20}",
    r"xox[abeoprs]-[A-Za-z0-9-]{10,}",
    r"xapp-[0-9]-[A-Z0-9]+-[0-9]+-[a-z0-9]+",
    r"hooks\.slack\.com/services/T[A-Za-z0-9_]+/B[A-Za-z0-9_]+/[A-Za-z0-9_]{16,}",
    r"(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,}",
    r"whsec_[A-Za-z0-9]{24,}",
    r"sk-(?:proj-|ant-|svcacct-|or-v1-)[A-Za-z0-9_-]{20,}",
    r"\bsk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}",
    r"AIza[A-Za-z0-9_-]{35}",
    r"GOCSPX-[A-Za-z0-9_-]{28}",
    r"ya29\.[A-Za-z0-9_-]{20,}",
    r"npm_[A-Za-z0-9]{36}",
    r"pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{40,}",
    r"hf_[A-Za-z]{34}",
    r"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}",
    r"key-[0-9a-f]{32}\b",
    r"\bSK[0-9a-f]{32}\b",
    r"do[opr]_v1_[a-f0-9]{64}",
    r"dapi[a-f0-9]{32}\b",
    r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}",
    r"\bhv[sbr]\.[A-Za-z0-9_-]{24,}",
    r"glsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}",
    r"\b[0-9]{8,10}:AA[A-Za-z0-9_-]{33}",
    r"sq0(?:atp|csp)-[A-Za-z0-9_-]{22,43}",
    r"AccountKey=[A-Za-z0-9+/]{86}==",
    r"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}",
    r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY",
    r"PuTTY-User-Key-File-[23]",
    r"AGE-SECRET-KEY-(?:PQ-)?1[0-9A-Z]{58}",
)
HINT = (
    r"A3T|AKIA|ASIA|ABIA|ACCA|gh[pousr]_|github_pat_|gl[a-z]{2,5}-|xox[abeoprs]-|xapp-|hooks\.slack|k_live_|k_test_"
    r"|whsec_|sk-[pasoA-Z0-9]|AIza|GOCSPX|ya29|npm_|pypi-A|hf_|SG\.|key-[0-9a-f]{4}|SK[0-9a-f]{8}|do[opr]_v1|dapi[a-f0-9]"
    r"|shp[a-z]{2}_|hv[sbr]\.|glsa_|:AA|sq0|AccountKey|eyJ|PRIVATE KEY|PuTTY-|AGE-SECRET"
)
"""A cheap superset for a first pass."""
PATTERN = "|".join(_TOKENS)
FINDER = re.compile(PATTERN)
