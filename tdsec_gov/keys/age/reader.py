"""EncryptReader: pulls plaintext from a source and yields the age file, in constant memory."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from tdsec_gov.errors import InternalError
from tdsec_gov.keys.age.header import FILE_KEY_SIZE, Stanza
from tdsec_gov.keys.age.intake import Intake, Source
from tdsec_gov.keys.age.stream import BATCH, CHUNK, NONCE_SIZE, payload_cipher, seal, sealed_size
from tdsec_gov.keys.age.wrapping import Recipient, wrap_all

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class EncryptReader(io.RawIOBase):
    """The age file of ``source`` for ``recipients``, as a readable file object.

    File key and nonce are fresh from the system's generator, by design without a way to inject them.
    What ``source.readinto`` has filled stays as it is until the call after the next one, so that a
    source may look at it on another thread meanwhile. Closing does not close ``source``.

    Raises:
        UsageError, KeyUnavailable: see :func:`tdsec_gov.keys.age.wrapping.wrap_all`.
    """

    def __init__(
        self,
        source: Source,
        recipients: Sequence[Recipient],
        extra_stanzas: Iterable[Stanza] = (),
    ) -> None:
        super().__init__()
        file_key, nonce = os.urandom(FILE_KEY_SIZE), os.urandom(NONCE_SIZE)
        header = wrap_all(file_key, recipients, extra_stanzas).to_bytes()
        self.header_length = len(header)
        self.plaintext_size = 0
        self._intake = Intake(source)
        self._cipher = payload_cipher(file_key, nonce)
        self._index = 0
        self._carry = 0  # 1 when the byte that proved "more follows" waits at the front of the buffer
        self._state = "ready"  # "ready", "ended", or "broken" while and after a step that did not finish
        self._pending = memoryview(header + nonce)
        self._chunks = 1
        self._plain, self._spare, self._sealed, self._sealed_spare = _buffers(1)

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        """Exactly ``size`` bytes, fewer only at the end; everything for -1.

        Raises:
            InternalError: an earlier read failed half way; what follows would have a hole.
        """
        if size is None or size < 0:
            return self.readall()
        parts: list[memoryview | bytes] = []
        wanted = size
        while wanted > len(self._pending):
            part = bytes(self._pending)  # the buffer behind it is used again by the next step
            wanted -= len(part)
            parts.append(part)
            if not self._step():
                return b"".join(parts)
        parts.append(self._pending[:wanted])
        self._pending = self._pending[wanted:]
        return b"".join(parts)

    def readall(self) -> bytes:
        parts = []
        while True:
            parts.append(bytes(self._pending))
            if not self._step():
                return b"".join(parts)

    def pieces(self) -> Iterator[memoryview]:
        """The rest of the file, without copying; each piece is good until the one after the next."""
        while True:
            piece, self._pending = self._pending, memoryview(b"")
            if piece:
                yield piece
            if not self._step():
                return

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill ``buffer``; fewer bytes only at the end."""
        with memoryview(buffer).cast("B") as view:
            done = 0
            while done < len(view):
                if not self._pending and not self._step():
                    break
                count = min(len(view) - done, len(self._pending))
                view[done : done + count] = self._pending[:count]
                self._pending = self._pending[count:]
                done += count
            return done

    def _grow(self) -> None:
        """From one chunk, which keeps small files cheap, to a whole run."""
        first = self._plain[:1]
        self._chunks = BATCH
        self._plain, self._spare, self._sealed, self._sealed_spare = _buffers(BATCH)
        self._plain[:1] = first

    def _step(self) -> bool:
        """Encrypt the next run of chunks; False at the end."""
        self._pending = memoryview(b"")
        if self._state == "ended":
            return False
        if self._state == "broken":
            raise InternalError("encryption stopped half way and cannot be resumed", hint="start again")
        self._state = "broken"
        if self._index and self._chunks < BATCH:
            self._grow()
        have = self._carry + self._intake.fill(self._plain[self._carry :])
        whole = self._chunks * CHUNK
        final = have <= whole
        plain = self._plain[: min(have, whole)]
        written = seal(self._cipher, self._index, plain, self._sealed, final)
        self._index += self._chunks
        self.plaintext_size += len(plain)
        if not final:
            self._spare[:1] = self._plain[whole : whole + 1]
            self._plain, self._spare = self._spare, self._plain
            self._carry = 1
        self._pending = self._sealed[:written].toreadonly()
        self._sealed, self._sealed_spare = self._sealed_spare, self._sealed
        self._state = "ended" if final else "ready"
        return True


def _buffers(chunks: int) -> tuple[memoryview, memoryview, memoryview, memoryview]:
    """Twice room for the plaintext of ``chunks`` chunks and one byte more, twice for their ciphertext."""
    plain, sealed = chunks * CHUNK + 1, sealed_size(chunks * CHUNK)
    one, two, three, four = (memoryview(bytearray(size)) for size in (plain, plain, sealed, sealed))
    return one, two, three, four
