"""Jobs that ask for evidence again where nobody can skip a hook: on GitHub and GitLab."""

from __future__ import annotations

from tdsec_gov.files import write_atomic
from tdsec_gov.repo.repository import Repository

SCRIPT = """\
case "$BEFORE" in *[!0]*) ;; *) BEFORE= ;; esac  # a new branch has no commit before it
git cat-file -e "$BEFORE^{commit}" 2>/dev/null || BEFORE=  # nor has a forced push
tdsec verify --range "$BEFORE..$AFTER"
"""
"""Needs no keys and no data; fails the job with tdsec's own exit code."""

SIGN = """\
# To let CI run the checks again and sign, too (policies/policy.yaml: signers), pull the data first, give
# the job an identity in the secret TDSEC_IDENTITY, and run: tdsec check --range "$BEFORE..$AFTER" --sign
"""

GITHUB = f"""\
# Every dataset version that a push or pull request brings needs a verdict that holds (tdsec init --ci).
name: tdsec
on: [push, pull_request]
permissions: {{contents: read}}
jobs:
  verify:
    runs-on: ubuntu-latest
    steps:
    - uses: actions/checkout@v4
      with: {{fetch-depth: 0}}  # the whole history: verdicts stand in it
    - uses: actions/setup-python@v5
      with: {{python-version: "3.11"}}
    - run: pip install tdsec-gov
    - name: tdsec verify
      env:
        BEFORE: ${{{{ github.event.pull_request.base.sha || github.event.before }}}}
        AFTER: ${{{{ github.event.pull_request.head.sha || github.sha }}}}
      run: |
{"".join(f"        {line}" + chr(10) for line in SCRIPT.splitlines())}{SIGN}"""

GITLAB = f"""\
# Every dataset version that a push or merge request brings needs a verdict that holds (tdsec init --ci).
# In .gitlab-ci.yml: include: .gitlab/tdsec.yml
tdsec:
  image: python:3.11
  rules:
  - if: $CI_PIPELINE_SOURCE == "merge_request_event"
  - if: $CI_COMMIT_BRANCH
  variables:
    GIT_DEPTH: 0  # the whole history: verdicts stand in it
  script:
  - pip install tdsec-gov
  - BEFORE="${{CI_MERGE_REQUEST_DIFF_BASE_SHA:-$CI_COMMIT_BEFORE_SHA}}"; AFTER="$CI_COMMIT_SHA"
  - |
{"".join(f"    {line}" + chr(10) for line in SCRIPT.splitlines())}{SIGN}"""

PLACES = {"github": (".github/workflows/tdsec.yml", GITHUB), "gitlab": (".gitlab/tdsec.yml", GITLAB)}
"""Per host: where the job goes, and its text."""


def write_job(repository: Repository, host: str) -> list[str]:
    """Write the job for ``host`` where there is none yet; what was done, one line each."""
    name, text = PLACES[host]
    if (repository.root / name).exists():
        return []
    write_atomic(repository.root / name, text.encode())
    repository.git.stage(name)
    told = " (include it in .gitlab-ci.yml)" if host == "gitlab" else ""
    return [f"{name}{told}"]
