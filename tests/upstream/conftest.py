"""The fixtures that DVC's own plugin suite asks for, answered with a vault.

Every test lives in a repository that has what ``tdsec init`` makes: an identity at home, policies, a
keyring, an audit log. Its policy exempts everything from the gate, as the suite pushes what it likes.
"""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from deviations import DEVIATIONS
from dvc.testing.fixtures import *  # noqa: F403 - what the suite's tests ask for by name
from servers.place import Place
from vault_cloud import VaultCloud
from workshops import Workshop, living_in

POLICY = """\
format: 1
datasets:
  - match: "**"
    exempt: "DVC's own suite"
"""
COMMITTED = (".tdsec", "policies")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == Path(__file__).parent:
            server = item.callspec.params["server"] if hasattr(item, "callspec") else ""
            owner = getattr(item, "cls", None)
            plain = f"{owner.__name__ if owner else ''}::{item.name.split('[')[0]}"
            for name in (plain, f"{plain}[{server}]"):
                if name in DEVIATIONS:
                    item.add_marker(pytest.mark.skip(reason=DEVIATIONS[name]))


@pytest.fixture(autouse=True)
def inner(
    workshop_template: Workshop,
    place: Place,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Place]:
    """This process at the home of the template's member, whose DVC knows the inner remote by name."""
    base = tmp_path_factory.mktemp("people")
    shutil.copytree(workshop_template.base / "home", base / "home")
    monkeypatch.chdir(base)  # some tests download into wherever they are
    with living_in(base):
        (base / "home" / "dvc-global").mkdir(exist_ok=True)
        (base / "home" / "dvc-global" / "config").write_text(place.config)
        yield place


@pytest.fixture
def with_evidence(workshop_template: Workshop) -> Callable[[Path], None]:
    """Put into a repository what ``tdsec init`` and a reviewer of policies leave there."""

    def put(root: Path) -> None:
        for name in COMMITTED:
            shutil.copytree(workshop_template.root / name, root / name)
        (root / "policies" / "policy.yaml").write_text(POLICY)
        # the suite lists the repository through DVC and expects nothing that it did not put there
        (root / ".dvcignore").write_text("".join(f"/{name}\n" for name in COMMITTED))

    return put


@pytest.fixture
def tmp_dir(
    tmp_path: Path,
    make_tmp_dir: Callable[..., Any],
    with_evidence: Callable[[Path], None],
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> Any:
    """As DVC's fixture, with our evidence in it."""
    monkeypatch.chdir(tmp_path)
    scm, dvc = ("scm" in request.fixturenames, "dvc" in request.fixturenames)
    made = make_tmp_dir(tmp_path, scm=scm, dvc=dvc)
    if dvc:
        with_evidence(Path(tmp_path))
        if scm:
            made.scm_add([str(made / name) for name in (*COMMITTED, ".dvcignore")], commit="evidence")
    return made


@pytest.fixture
def make_tdsec(
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    make_tmp_dir: Callable[..., Any],
    with_evidence: Callable[[Path], None],
    request: pytest.FixtureRequest,
) -> Callable[[], VaultCloud]:
    """New places in the vault; where a test has no repository, one beside it lends its vault."""
    numbers = itertools.count()

    def make() -> VaultCloud:
        bare = "dvc" not in request.fixturenames
        root, url = tmp_path, f"tdsec://store/sub{next(numbers)}"
        if bare:
            root = tmp_path_factory.mktemp("lender")
            lender = make_tmp_dir(root, scm=True, dvc=True)
            lender.add_remote(name="vault", url=url)
            with_evidence(root)
        return VaultCloud.at(url, root, bare)

    return make


@pytest.fixture
def make_tdsec_version_aware(make_tdsec: Callable[[], VaultCloud]) -> Callable[[], VaultCloud]:
    return make_tdsec


@pytest.fixture
def cloud(make_cloud: Callable[[str], Any]) -> Any:
    return make_cloud("tdsec")


@pytest.fixture
def remote(make_remote: Callable[..., Any]) -> Any:
    return make_remote("upstream", typ="tdsec")


@pytest.fixture
def remote_version_aware(versions: None, make_remote_version_aware: Callable[..., Any]) -> Any:
    return make_remote_version_aware("upstream", typ="tdsec")


@pytest.fixture
def remote_worktree(versions: None, make_remote_worktree: Callable[..., Any]) -> Any:
    return make_remote_worktree("upstream", typ="tdsec")


@pytest.fixture
def workspace(make_workspace: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    """The suite also asks DVC for an external cache there; DVC's schema lists those by scheme."""
    from dvc.config import get_compiled_schema
    from dvc.config_schema import SCHEMA

    monkeypatch.setitem(SCHEMA["cache"], "tdsec", str)
    get_compiled_schema.memory.clear()
    return make_workspace("workspace", typ="tdsec")
