"""Random access to an age file: only the chunks that are needed are read and decrypted."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, BinaryIO

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from tdsec_gov.errors import UsageError
from tdsec_gov.keys.age.errors import PayloadInvalid
from tdsec_gov.keys.age.stream import CHUNK, SEALED, TAG, open_chunk, opened_size

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class SeekableReader(io.RawIOBase):
    """Plaintext of the payload that starts at byte ``start`` of ``source``.

    The last chunk is verified at once, so that the size is as authentic as the content. The source
    must not be used by others in the meantime. Closing does not close it.

    Raises:
        PayloadInvalid: the file was cut or extended, or (when reading) a chunk was changed.
    """

    def __init__(self, source: BinaryIO, cipher: ChaCha20Poly1305, start: int) -> None:
        super().__init__()
        self._source = source
        self._cipher = cipher
        self._start = start
        self._size = opened_size(source.seek(0, io.SEEK_END) - start)
        self._last = max(0, self._size - 1) // CHUNK
        self._at = 0
        self._cached = -1
        self._cache = memoryview(bytearray(min(CHUNK, self._size)))
        self._load(self._last)

    @property
    def size(self) -> int:
        """Bytes of plaintext, verified."""
        return self._size

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        bases = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}
        if whence not in bases or bases[whence] + offset < 0:
            raise UsageError("seek before the start of the file, or from an unknown place")
        self._at = bases[whence] + offset
        return self._at

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill ``buffer``; fewer bytes only at the end. Raises PayloadInvalid for a changed chunk."""
        with memoryview(buffer).cast("B") as view:
            done = 0
            while done < len(view) and self._at < self._size:
                count = self._some(view[done:])
                self._at += count
                done += count
            return done

    def _some(self, view: memoryview) -> int:
        """Bytes of one chunk from the present place on, straight into ``view`` when all of it fits."""
        index, offset = divmod(self._at, CHUNK)
        length = self._length(index)
        count = min(len(view), length - offset)
        if count == length and index != self._cached:
            open_chunk(self._cipher, index, self._sealed(index), view[:count], index == self._last)
            return count
        if index != self._cached:
            self._load(index)
        view[:count] = self._cache[offset : offset + count]
        return count

    def _length(self, index: int) -> int:
        return min(CHUNK, self._size - index * CHUNK)

    def _load(self, index: int) -> None:
        self._cached = -1
        target = self._cache[: self._length(index)]
        open_chunk(self._cipher, index, self._sealed(index), target, index == self._last)
        self._cached = index

    def _sealed(self, index: int) -> bytes:
        self._source.seek(self._start + index * SEALED)
        wanted = self._length(index) + TAG
        data = self._source.read(wanted)
        while len(data) < wanted:
            more = self._source.read(wanted - len(data))
            if not more:
                raise PayloadInvalid("age file became shorter while it was read")
            data += more
        return data
