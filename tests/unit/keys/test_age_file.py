"""EncryptReader, decrypt_stream, the seekable reader and the arithmetic of sizes."""

from __future__ import annotations

import hashlib
import io
import tracemalloc

import pytest

from tdsec_gov.errors import IntegrityError, InternalError, UsageError
from tdsec_gov.keys.age import armor, file, hybrid, x25519
from tdsec_gov.keys.age.errors import (
    ArmorInvalid,
    HeaderInvalid,
    MacInvalid,
    NoMatchingIdentity,
    PayloadInvalid,
)
from tdsec_gov.keys.age.header import Header, Stanza

ME = x25519.Identity(b"\x01" * 32)
EXTRA = Stanza("tdsec-gov.dev/object-v1", ("A" * 43,), b"")
CHUNK = 65536
MIB = 1 << 20


class Slow(io.RawIOBase):
    """Gives at most ``step`` bytes at a time, through ``read`` only when ``plain``."""

    def __init__(self, data: bytes, step: int) -> None:
        self._data, self._step = io.BytesIO(data), step

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        part = self._data.read(min(self._step, len(buffer)))
        buffer[: len(part)] = part
        return len(part)


class ReadOnly:
    """A source that has ``read`` and nothing else."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def read(self, size: int, /) -> bytes:
        return self._data.read(min(size, 70_001))


class Breaking(io.RawIOBase):
    """Fails once in the middle, then goes on as if nothing had happened."""

    def __init__(self) -> None:
        self._calls = 0

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        self._calls += 1
        if self._calls == 3:
            raise OSError("connection lost")
        if self._calls > 5:
            return 0
        buffer[:] = bytes(len(buffer))
        return len(buffer)


def pattern(size: int) -> bytes:
    return (b"0123456789abcdefg" * (size // 17 + 1))[:size]


def test_header_of_one_recipient_has_a_constant_length() -> None:
    assert file.X25519_HEADER_LENGTH == 168
    assert file.header_length([ME.recipient]) == 168
    fixed = file.header_length([ME.recipient], [EXTRA])
    for _ in range(5):
        reader = file.EncryptReader(io.BytesIO(b""), [ME.recipient], [EXTRA])
        assert reader.header_length == fixed == 168 + len(EXTRA.to_bytes())
    pq = hybrid.Identity(b"\x03" * 32)
    assert file.EncryptReader(io.BytesIO(b""), [pq.recipient]).header_length == 1627
    assert file.header_length([pq.recipient]) == 1627


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 17 * CHUNK, 17 * CHUNK + 1, 3 * MIB + 5])
@pytest.mark.parametrize("source", [io.BytesIO, ReadOnly, lambda data: Slow(data, 50_000)])
def test_streams(size: int, source: type[io.BytesIO]) -> None:
    plain = pattern(size)
    reader = file.EncryptReader(source(plain), [ME.recipient], [EXTRA])
    parts = list(iter(lambda: reader.read(MIB), b""))
    assert all(len(part) == MIB for part in parts[:-1]), "a short read means the end"
    assert (reader.read(10), reader.read(), reader.readinto(bytearray(5))) == (b"", b"", 0)
    sealed = b"".join(parts)
    assert reader.plaintext_size == size
    assert len(sealed) == file.ciphertext_size(size, reader.header_length)
    assert file.plaintext_size(len(sealed), reader.header_length) == size
    back = bytearray()
    assert file.decrypt_stream(source(sealed), back.extend, [ME]) == size
    assert back == plain
    assert file.open_seekable(io.BytesIO(sealed), [ME]).read() == plain


def test_reader_is_a_file_object() -> None:
    plain = pattern(2 * MIB)
    with file.EncryptReader(io.BytesIO(plain), [ME.recipient]) as reader:
        assert reader.readable()
        assert not reader.seekable()
        assert reader.read(0) == b""
        sealed = io.BufferedReader(reader).read()
    assert file.decrypt_bytes(sealed, [ME]) == plain


def test_encryption_that_broke_cannot_be_resumed() -> None:
    """Otherwise a retry after a lost connection would upload a file with a hole, sealed as good."""
    reader = file.EncryptReader(Breaking(), [ME.recipient])
    with pytest.raises(OSError, match="connection lost"):
        while reader.read(MIB):
            pass
    for _ in range(2):
        with pytest.raises(InternalError):
            reader.read(1)


def test_non_blocking_sources_are_refused() -> None:
    class NonBlocking(io.RawIOBase):
        def readinto(self, buffer: memoryview, /) -> None:  # type: ignore[override]
            return None

    with pytest.raises(UsageError):
        file.EncryptReader(NonBlocking(), [ME.recipient]).read(1000)


def test_memory_is_constant() -> None:
    class Zeros(io.RawIOBase):
        left = 48 * MIB

        def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
            count = min(self.left, len(buffer))
            self.left -= count
            return count

    released = 0

    def count(view: memoryview) -> None:
        nonlocal released
        released += len(view)

    tracemalloc.start()
    try:
        reader = file.EncryptReader(Zeros(), [ME.recipient])
        assert file.decrypt_stream(reader, count, [ME]) == released == 48 * MIB
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 * MIB


def test_header_is_checked_after_its_mac_and_before_any_plaintext() -> None:
    data = file.encrypt_bytes(pattern(100), [ME.recipient], [EXTRA])
    order: list[str] = []

    def require_binding(head: Header) -> None:
        order.append("check")
        if head.of_type(EXTRA.type) != (EXTRA,):
            raise IntegrityError("object is not bound to this name")

    def sink(view: memoryview) -> None:
        order.append("plaintext")

    file.decrypt_stream(io.BytesIO(data), sink, [ME], require_binding)
    assert order == ["check", "plaintext"]
    unbound = file.encrypt_bytes(pattern(100), [ME.recipient])
    order.clear()
    with pytest.raises(IntegrityError):
        file.decrypt_stream(io.BytesIO(unbound), sink, [ME], require_binding)
    with pytest.raises(IntegrityError):
        file.open_seekable(io.BytesIO(unbound), [ME], require_binding)
    with pytest.raises(IntegrityError):
        file.decrypt_bytes(unbound, [ME], require_binding)
    assert order == ["check"] * 3
    order.clear()
    forged = data.replace(b"A" * 43, b"B" * 42 + b"A")
    with pytest.raises(MacInvalid):
        file.decrypt_stream(io.BytesIO(forged), sink, [ME], require_binding)
    assert order == []


def test_same_plaintext_twice_differs() -> None:
    assert file.encrypt_bytes(b"x", [ME.recipient]) != file.encrypt_bytes(b"x", [ME.recipient])


def test_wrong_identity() -> None:
    data = file.encrypt_bytes(b"x", [ME.recipient])
    other = x25519.Identity(b"\x02" * 32)
    with pytest.raises(NoMatchingIdentity) as refusal:
        file.decrypt_bytes(data, [other])
    assert refusal.value.exit_code == 13
    assert "SECRET" not in refusal.value.line()


def test_decrypt_bytes_guards_its_size_and_armor() -> None:
    data = file.encrypt_bytes(b"keyring", [ME.recipient])
    assert file.decrypt_bytes(data, [ME], max_size=len(data)) == b"keyring"
    with pytest.raises(PayloadInvalid):
        file.decrypt_bytes(data, [ME], max_size=len(data) - 1)
    text = armor.encode(data)
    assert file.decrypt_bytes(text, [ME], allow_armor=True) == b"keyring"
    assert file.decrypt_bytes(data, [ME], allow_armor=True) == b"keyring"
    with pytest.raises(HeaderInvalid):
        file.decrypt_bytes(text, [ME])
    with pytest.raises(ArmorInvalid):
        file.decrypt_bytes(text + b"x", [ME], allow_armor=True)


@pytest.mark.parametrize("size", [-5, 0, 15, 184, 199, 168 + 16 + 65552 + 16, 168 + 16 + 65552 + 3])
def test_impossible_sizes(size: int) -> None:
    with pytest.raises(PayloadInvalid):
        file.plaintext_size(size, 168)


def test_seekable_reader_trusts_no_size_before_the_last_chunk() -> None:
    data = file.encrypt_bytes(pattern(3 * CHUNK), [ME.recipient])
    for end in (CHUNK + 16, 2 * (CHUNK + 16)):
        with pytest.raises(PayloadInvalid):
            file.open_seekable(io.BytesIO(data[:-end]), [ME])


def test_seekable_reader_reads_only_what_it_needs() -> None:
    plain = pattern(40 * CHUNK + 7)
    data = file.encrypt_bytes(plain, [ME.recipient])

    class Counting(io.BytesIO):
        taken = 0

        def read(self, size: int | None = -1, /) -> bytes:
            part = super().read(size)
            self.taken += len(part)
            return part

    source = Counting(data)
    view = file.open_seekable(source, [ME])
    source.taken = 0
    assert view.seek(-100, io.SEEK_END) == len(plain) - 100
    assert view.read() == plain[-100:]
    view.seek(20 * CHUNK - 50)
    assert view.read(100) == plain[20 * CHUNK - 50 : 20 * CHUNK + 50]
    assert source.taken <= 4 * (CHUNK + 16)


def test_seekable_reader_never_leaves_unverified_bytes() -> None:
    data = bytearray(file.encrypt_bytes(pattern(3 * CHUNK), [ME.recipient]))
    data[168 + 16 + CHUNK + 16 + 5] ^= 1
    view = file.open_seekable(io.BytesIO(bytes(data)), [ME])
    target = bytearray(3 * CHUNK)
    with pytest.raises(PayloadInvalid):
        view.readinto(target)
    assert target[CHUNK:] == bytes(2 * CHUNK)
    for place in (2 * CHUNK, 0, 0, 2 * CHUNK + 3):
        view.seek(place)
        assert view.read(10) == pattern(3 * CHUNK)[place : place + 10]
        for _ in range(2):
            view.seek(CHUNK + 1)
            with pytest.raises(PayloadInvalid):
                view.read(10)


def test_seekable_reader_begins_at_the_front_wherever_the_source_is() -> None:
    source = io.BytesIO(file.encrypt_bytes(pattern(10), [ME.recipient]))
    source.seek(50)
    assert file.open_seekable(source, [ME]).read() == pattern(10)


@pytest.mark.parametrize(("offset", "whence"), [(-1, 0), (-4, 1), (-11, 2), (0, 7)])
def test_seekable_reader_refuses_impossible_places(offset: int, whence: int) -> None:
    view = file.open_seekable(io.BytesIO(file.encrypt_bytes(pattern(10), [ME.recipient])), [ME])
    view.seek(3)
    with pytest.raises(UsageError):
        view.seek(offset, whence)
    assert view.tell() == 3


class Remembering(io.BytesIO):
    """Looks at what it filled one call later, as a source that hashes on another thread does."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.digest = hashlib.sha256()
        self.waiting: memoryview | None = None

    def readinto(self, buffer: memoryview) -> int:
        count = super().readinto(buffer)
        if self.waiting is not None:
            self.digest.update(self.waiting)
        self.waiting = memoryview(buffer)[:count]
        return count


@pytest.mark.parametrize("size", [0, 1, CHUNK + 1, 16 * CHUNK, 17 * CHUNK + 1, 3 * MIB + 5])
def test_what_was_read_and_what_was_written_stays_for_one_more_call(size: int) -> None:
    plain = pattern(size)
    source = Remembering(plain)
    sealed = b"".join(map(bytes, file.EncryptReader(source, [ME.recipient]).pieces()))
    source.digest.update(source.waiting or b"")
    assert source.digest.digest() == hashlib.sha256(plain).digest()

    late, kept = hashlib.sha256(), [memoryview(b"")]

    def sink(view: memoryview) -> None:
        late.update(kept[0])
        kept[0] = view

    assert file.decrypt_stream(io.BytesIO(sealed), sink, [ME]) == size
    late.update(kept[0])
    assert late.digest() == hashlib.sha256(plain).digest()
