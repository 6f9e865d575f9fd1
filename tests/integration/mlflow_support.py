"""A git+DVC repository with signed verdicts and MLflow with our plugin, for the lineage tests."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path

from tdsec_gov.audit.journal import Journal
from tdsec_gov.domain.dataset import DatasetVersion
from tdsec_gov.domain.findings import CheckResult, Status
from tdsec_gov.domain.verdict import Verdict
from tdsec_gov.keys.dsse import Envelope
from tdsec_gov.keys.identity import Identity
from tdsec_gov.keys.loading import save_identity
from tdsec_gov.repo.repository import Repository
from tdsec_gov.repo.versions import build_manifest
from tdsec_gov.verdicts.statement import to_statement
from tdsec_gov.verdicts.store import write_verdict
from tdsec_gov.verdicts.verify import format_time

ENTRY_POINTS = """\
[mlflow.run_context_provider]
tdsec = tdsec_gov.lineage.context:TdsecContext
[mlflow.dataset_source]
tdsec = tdsec_gov.lineage.datasource:DvcDatasetSource
[mlflow.tracking_store]
sqlite = tdsec_gov.lineage.store:sql_store
postgresql = tdsec_gov.lineage.store:sql_store
mysql = tdsec_gov.lineage.store:sql_store
mssql = tdsec_gov.lineage.store:sql_store
http = tdsec_gov.lineage.store:rest_store
https = tdsec_gov.lineage.store:rest_store
"""
POLICY = """\
format: 1
datasets:
  - match: "**"
    source: clinic
    checks: {}
    exempt: "lineage tests decide by hand"
    privacy: {epsilon: 8, delta: 1.0e-5}
"""
SOURCES = """\
format: 1
sources:
  - id: clinic
    name: The clinic
    trust: partner
    purpose: "triage model"
    legal_basis: {article: "6(1)(e)"}
"""
ROWS = "a,b,y\n" + "".join(f"{i % 7},{i % 5},{i % 2}\n" for i in range(60))


@dataclass
class Lab:
    """One repository, one identity, one environment, one tracking store."""

    root: Path
    home: Path
    env: dict[str, str]
    identity: Identity

    def sh(self, *command: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=self.root, env=env or self.env, capture_output=True, text=True, timeout=240
        )

    def must(self, *command: str) -> str:
        found = self.sh(*command)
        assert found.returncode == 0, found.stdout + found.stderr
        return found.stdout

    def python(self, script: str, **more: str) -> subprocess.CompletedProcess[str]:
        return self.sh(sys.executable, script, env={**self.env, **more})

    def tdsec(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.sh(sys.executable, "-m", "tdsec_gov.cli.main", *arguments)

    def dvc(self, *arguments: str) -> str:
        return self.must(sys.executable, "-m", "dvc", *arguments)

    def add(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        self.dvc("add", "-q", name)

    def approve(self, name: str, result: Status = Status.PASSED) -> DatasetVersion:
        """Sign a verdict for the version that the pointer on disk names."""
        repository = Repository.discover(self.root)
        pointer = repository.select([name], self.root)[0]
        version = DatasetVersion.of(pointer.name, pointer.oid, build_manifest(pointer, repository.cache))
        now = dt.datetime.now(dt.UTC)
        verdict = Verdict(
            version,
            result,
            format_time(now),
            format_time(now + dt.timedelta(days=30)),
            "tdsec-gov test",
            "0" * 64,
            "**",
            (CheckResult("files", Status.PASSED), CheckResult("schema", Status.PASSED)),
            source="clinic",
        )
        write_verdict(self.root, version, Envelope.sign(to_statement(verdict), self.identity).to_bytes())
        return version

    def events(self, action: str) -> list[dict[str, object]]:
        journal = Journal.open(self.root, self.identity)
        return [one.event.as_json() for one in journal.log.events(action=action)]


def make_lab(folder: Path) -> Lab:
    root, home, site = folder / "repo", folder / "home", folder / "site"
    root.mkdir(parents=True)
    project = str(Path(__file__).resolve().parents[2])
    env = {
        key: value for key, value in os.environ.items() if not key.startswith(("TDSEC_", "MLFLOW_", "DVC_"))
    }
    env |= {
        "HOME": str(home),
        "TDSEC_HOME": str(home / "tdsec"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "PYTHONPATH": os.pathsep.join([project, str(site)]),
        "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "OMP_NUM_THREADS": "1",
        "GIT_CONFIG_GLOBAL": str(home / "gitconfig"),
        "GIT_AUTHOR_NAME": "t",
        "GIT_AUTHOR_EMAIL": "t@example.org",
        "GIT_COMMITTER_NAME": "t",
        "GIT_COMMITTER_EMAIL": "t@example.org",
        "DVC_NO_ANALYTICS": "1",
    }
    (home / "tdsec").mkdir(parents=True, mode=0o700)
    _plugin(site)
    identity = Identity.generate("ana")
    save_identity(identity, home / "tdsec" / "identity")
    lab = Lab(root, home, env, identity)
    lab.must("git", "init", "-q", "-b", "main")
    lab.dvc("init", "-q")
    policies = root / "policies"
    policies.mkdir()
    (policies / "policy.yaml").write_text(POLICY)
    (policies / "sources.yaml").write_text(SOURCES)
    (policies / "access.yaml").write_text(
        "format: 1\nroles: {owner: {read_all: true, write_all: true}}\nmembers:\n"
        f"  - name: ana\n    age: {identity.age.recipient}\n    signing: {identity.verify_key}\n"
        "    roles: [owner]\n"
    )
    return lab


def _plugin(site: Path) -> None:
    """Entry points as an installed tdsec-gov has them, unless this environment has them already."""
    found = [one for one in entry_points(group="mlflow.tracking_store") if "tdsec_gov" in one.value]
    info = site / "tdsec_gov_ep-0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tdsec-gov-ep\nVersion: 0\n")
    (info / "entry_points.txt").write_text("" if found else ENTRY_POINTS)
