"""The commented files that ``tdsec init`` writes."""

POLICY = """\
# What every dataset must pass before it is committed, pushed, trained on. Reviewed like code.
# Every key is described in docs/policy.md; an unknown key is an error, an empty policy denies.
format: 1

# true: a dataset whose source states no legal basis is denied.
legal_basis_required: true

datasets:
  # The most specific 'match' wins, and it alone: rules do not add up.
  # '*' stays within a folder, '**' crosses folders.
  - match: "**"
    # The record in sources.yaml; describe it with: tdsec source add --id my-source
    source: my-source
    checks:
      source: {min_trust: curated}   # internal > partner > curated > raw > unknown
      files: {}                      # executable and unsafe formats are denied by content
      pii: {mode: warn}              # or block_undeclared, or block
    time_limit: 300                  # seconds per check; longer is ERROR, and ERROR denies
    verdict_days: 365                # after that the version must be checked again
    # signers: {roles: [steward], threshold: 1}   # whose verdict counts; default: any writer
    # privacy: {epsilon: 3.0, delta: 0.00001}     # spent by all training runs together

  # A table to train on, with everything:
  # - match: "data/train.csv"
  #   source: my-source
  #   checks:
  #     source: {min_trust: curated}
  #     files: {}
  #     pii: {mode: warn}
  #     schema: {schema: train.yaml}   # write it with: tdsec schema init data/train.csv
  #     poisoning: {label: target}  # wrong labels and triggers, against the last accepted version
  #
  # Images or sound in folders, decoded whole (pip install 'tdsec-gov[images]'); a corpus of texts:
  # - match: "images/**"
  #   source: my-source
  #   checks: {source: {min_trust: curated}, files: {}, media: {}}
  # - match: "texts/**"
  #   source: my-source
  #   checks: {source: {min_trust: curated}, files: {}, media: {}, pii: {mode: warn}}
  #
  # In any rule, where a clamd runs with AlertExceedsMax yes (apt-get install clamav-daemon):
  #     malware: {}                    # {decoded: true} looks inside Parquet and compressed files, too

# Which checks may be let fail for a while (tdsec waive), and by whom. Without this, none.
# waivers: {checks: [pii, schema], roles: [steward], max_days: 90}
"""

SOURCES = """\
# Where data comes from and why we may use it. Add records with: tdsec source add
format: 1
sources: []
"""

ACCESS = """\
# Who may read and write which vault, and whose signature counts. Reviewed like code:
# whoever can change this file on the main branch decides who is trusted.
format: 1

roles:
  admin: {{read_all: true, write_all: true}}
  reader: {{read_all: true}}

vaults:
  {vault}: {{readers: [], writers: []}}   # members by name, besides those whose role allows it

# Public keys only; a new colleague prints this entry with: tdsec key show
members:
{member}"""

MEMBER = """\
  - name: {name}
    age: {age}
    signing: {signing}
    roles: [{role}]
"""

MEMBER_PQ = """\
    age_pq: {age_pq}
    signing_pq: {signing_pq}
"""

GITIGNORE = """\
# Private to this clone: the audit log's database and unsealed manifests.
/audit.db*
/manifests/
"""

PRE_COMMIT_TYPES = """\
default_install_hook_types: [pre-commit, pre-merge-commit, prepare-commit-msg, pre-push, post-checkout]
"""

PRE_COMMIT_BLOCK = """\
- repo: local  # tdsec: keep it before DVC's hooks, or dvc-pre-push uploads what the gate refused
  hooks:
    - id: tdsec-check
      name: tdsec dataset gate
      entry: tdsec-check
      language: system
      always_run: true  # a push is judged by its commits, which the files of its last state do not show
      pass_filenames: false
      require_serial: true
      fail_fast: true
      stages: [pre-commit, pre-merge-commit, pre-push, manual]
    - id: tdsec-guard
      name: tdsec guard of the commit
      entry: tdsec-check --stage prepare-commit-msg
      language: system
      always_run: true
      pass_filenames: false
      require_serial: true
      fail_fast: true
      stages: [prepare-commit-msg]  # git runs it with --no-verify, too
    - id: tdsec-reminder
      name: tdsec reminder
      entry: tdsec-check --stage post-checkout
      language: system
      always_run: true
      pass_filenames: false
      require_serial: true
      verbose: true  # pre-commit shows what a passing hook says only then
      stages: [post-checkout]
"""

KEEP_MARK = "# keeps all pushed refs"
KEEP_REFS = f"""\
{KEEP_MARK} for the dataset gate: pre-commit, which runs it next, tells of the first one only
gate_refs=$(cat)
printf '%s\\n' "$PPID" "$gate_refs" > "$(git rev-parse --git-path gate-push)" || exit $?
exec <<GATE_REFS
$gate_refs
GATE_REFS
"""
