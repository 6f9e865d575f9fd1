"""No setting of DVC's lets plaintext into the storage, and no commit is judged by a policy it leaves out."""

from __future__ import annotations

from workshops import ROWS, Workshop


def test_a_cache_inside_the_storage_is_refused(workshop: Workshop) -> None:
    workshop.dvc("config", "--local", "cache.dir", str(workshop.storage / "cache"))
    (workshop.root / "data").mkdir(exist_ok=True)
    (workshop.root / "data" / "new.csv").write_bytes(ROWS)
    added = workshop.dvc("add", "data/new.csv")
    assert added.code != 0
    assert "cache lies inside the storage" in added.err
    assert not any(ROWS[20:60] in path.read_bytes() for path in workshop.storage.rglob("*") if path.is_file())


def test_init_refuses_a_storage_that_holds_the_repository(workshop: Workshop) -> None:
    workshop.dvc("remote", "remove", "vault")
    for storage in (workshop.root, workshop.base):
        answer = workshop.tdsec("init", "--vault", storage, "--yes")
        assert answer.code == 2, answer.err
        assert "plaintext" in answer.err


def test_a_commit_that_leaves_policy_changes_out_is_stopped(workshop: Workshop) -> None:
    policy = workshop.root / "policies" / "policy.yaml"
    workshop.track("data/rows.csv", ROWS)
    policy.write_text(policy.read_text() + "# a remark\n")
    workshop.git("add", "data/rows.csv.dvc")
    stopped = workshop.git("commit", "-m", "data")
    assert stopped.code != 0
    assert "git add policies" in stopped.err
    workshop.git("add", "policies")
    assert workshop.git("commit", "-m", "data and policy").code == 0
