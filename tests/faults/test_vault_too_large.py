"""A storage that gives more than it should: the download ends early, whatever size it names before."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from dvc_objects.fs.memory import MemoryFileSystem
from hypothesis import given
from hypothesis import strategies as st

from tdsec_gov.errors import DataTampered
from tdsec_gov.vault.keyrings.keyring import Keyring
from tdsec_gov.vault.objects.carriers import RemoteCarrier
from tdsec_gov.vault.objects.objects import most_sealed, seal, sealed_size

MEGABYTE = 1 << 20
LARGE = 48 * MEGABYTE


class Endless(io.RawIOBase):
    """An object of :data:`LARGE` bytes that says it has ``said``; how many were taken of it."""

    def __init__(self, said: int | None) -> None:
        self.size, self.taken = said, 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        piece = min(size, LARGE - self.taken)
        self.taken += piece
        return bytes(piece)


def lying(said: int | None) -> tuple[Any, Endless]:
    """A filesystem of DVC over a storage that lies about the size of its only object."""
    inner, endless = MemoryFileSystem(global_store=False), Endless(said)
    inner.fs.open = lambda *_, **__: endless
    inner.fs.blocksize = MEGABYTE
    inner.fs.isdir = lambda *_: False
    return inner, endless


@pytest.mark.parametrize("said", [LARGE, 2 * MEGABYTE, 10, 0, None])
def test_no_more_is_taken_than_may_be(tmp_path: Path, said: int | None) -> None:
    inner, endless = lying(said)
    most = most_sealed(MEGABYTE)
    with (
        pytest.raises(DataTampered, match="too large"),
        RemoteCarrier(inner).receive("/vault/object", tmp_path, most=most),
    ):
        pytest.fail("it was handed on")
    assert endless.taken <= most + (16 << 20), "a piece more than allowed at the most"
    if said is not None and said > most:
        assert endless.taken == 0, "its own word was enough"
    assert not list(tmp_path.iterdir()), "nothing stays"


def test_what_may_be_passes(tmp_path: Path) -> None:
    inner = MemoryFileSystem(global_store=False)
    inner.fs.pipe_file("/object", bytes(1000))
    with RemoteCarrier(inner).receive("/object", tmp_path, most=1000) as stream:
        assert stream.read() == bytes(1000)
    with pytest.raises(DataTampered), RemoteCarrier(inner).receive("/object", tmp_path, most=999):
        pytest.fail("it was handed on")


@given(st.integers(0, 300_000), st.booleans())
def test_no_honest_object_is_too_large(size: int, post_quantum: bool) -> None:
    ring = RINGS[post_quantum]
    sealed = sum(len(piece) for piece in seal(io.BytesIO(bytes(size)), ring, "ab" * 33).pieces())
    assert sealed == sealed_size(size, ring) <= most_sealed(size)


RINGS = {quantum: Keyring.generate("store", post_quantum=quantum) for quantum in (False, True)}
