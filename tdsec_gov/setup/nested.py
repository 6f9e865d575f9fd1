"""What lies inside this repository and is another one: which of it is guarded here, and which is not."""

from __future__ import annotations

from collections.abc import Iterator

from tdsec_gov.repo.nested import dvc_repositories, is_dvc_repository, nested_repositories, pointer_files_in
from tdsec_gov.repo.repository import Repository
from tdsec_gov.setup.symptom import Symptom


def nested_symptoms(repository: Repository) -> Iterator[Symptom]:
    """Nothing where there is nothing inside; else git repositories with pointers, DVC repositories."""
    inside = nested_repositories(repository.git)
    holding = [one for one in inside if pointer_files_in(repository.git, [one])]
    if holding:
        text = f"{_few(holding)}: DVC pushes what their pointers name, so it is judged here under their path"
        yield Symptom("git repositories inside", True, f"{text}; the git server and CI cannot look into them")
    own = sorted({*dvc_repositories(repository.git), *_dvc_ones(repository, inside)})
    if own:
        fix = "give each a git repository of its own and run `tdsec init` there"
        yield Symptom(
            "DVC repositories inside", False, f"{_few(own)}: what they push is not guarded here", fix
        )


def _dvc_ones(repository: Repository, folders: list[str]) -> list[str]:
    """Those of ``folders`` that DVC takes for repositories of its own, and tdsec does not guard either."""
    return [
        one
        for one in folders
        if is_dvc_repository(repository.root, one)
        and not (repository.root / one / "policies" / "policy.yaml").is_file()
    ]


def _few(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
