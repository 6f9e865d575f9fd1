"""Shared fixtures: a real git and DVC repository with tdsec set up in it, quick because it is copied.

``workshop`` is such a repository, empty of data; ``pushed`` one with a file and a folder dataset that
the gate accepted, committed and pushed into its vault. Nothing outside ``tmp_path`` is read or written.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from workshops import FOLDER, POLICY, ROWS, SOURCES, Workshop, living_in

os.environ.setdefault("OMP_NUM_THREADS", "1")
"""One worker for a core: two threads each would wait for one another. Children inherit it."""

settings.register_profile("loaded-machine", deadline=None)
settings.load_profile("loaded-machine")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # started in the background of a shell: tests send it
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def workshop_template(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    base = tmp_path_factory.mktemp("workshop")
    shop = Workshop(base, base / "repo")
    shop.root.mkdir()
    with living_in(base):
        (base / "home").mkdir()
        assert shop.git("init", "-q", "-b", "main").code == 0
        assert shop.dvc("init", "-q").code == 0
        assert shop.dvc("config", "core.analytics", "false").code == 0
        made = shop.tdsec("init", "--vault", shop.storage, "--name", "alice", "--yes")
        assert made.code == 0, made.err
        (shop.root / "policies" / "policy.yaml").write_text(POLICY)
        (shop.root / "policies" / "sources.yaml").write_text(SOURCES)
        assert shop.commit("set up").code == 0
    return shop


@pytest.fixture(scope="session")
def pushed_template(workshop_template: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    shop = workshop_template.copy_to(tmp_path_factory.mktemp("pushed"))
    with living_in(shop.base):
        shop.track("data/rows.csv", ROWS)
        shop.track("data/folder", FOLDER)
        checked = shop.tdsec("check", "--all")
        assert checked.code == 0, checked.out + checked.err
        assert shop.commit("data").code == 0
        sent = shop.dvc("push")
        assert sent.code == 0, sent.err
    return shop


@pytest.fixture
def workshop(workshop_template: Workshop, tmp_path: Path) -> Iterator[Workshop]:
    """A repository with tdsec set up and committed, whose member and admin is ``alice``."""
    with living_in(tmp_path):
        yield workshop_template.copy_to(tmp_path)


@pytest.fixture
def pushed(pushed_template: Workshop, tmp_path: Path) -> Iterator[Workshop]:
    """As ``workshop``, with ``data/rows.csv`` and ``data/folder`` accepted, committed and pushed."""
    with living_in(tmp_path):
        yield pushed_template.copy_to(tmp_path)
