"""Our reader of Fernet tokens beside ``cryptography.fernet``, which wrote them."""

from __future__ import annotations

import base64
import io
import random

import pytest
from cryptography.fernet import Fernet
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tdsec_gov.errors import DataTampered, IntegrityError, TdsecError
from tdsec_gov.vault.importing import fernet
from tdsec_gov.vault.importing.fernet import Token
from tdsec_gov.vault.importing.fernet_key import FernetKey

RAW = base64.urlsafe_b64encode(bytes(range(32)))
OTHER = base64.urlsafe_b64encode(bytes(range(1, 33)))
KEY, STRANGER = FernetKey.parse(RAW, "key"), FernetKey.parse(OTHER, "other key")
STEP = fernet._STEP // 4 * 3
EDGES = [0, 1, 15, 16, 17, 31, 32, 33, 47, 48, 49]


def noise(size: int, seed: int = 0) -> bytes:
    return random.Random(seed).randbytes(size)


def read(text: bytes, *keys: FernetKey) -> bytes:
    token, out = Token(io.BytesIO(text), "token"), bytearray()
    assert token.decrypt(token.authenticate(keys or (KEY,)), out.extend) == len(out)
    return bytes(out)


sizes = st.one_of(
    st.sampled_from(EDGES),
    st.integers(0, 4096),
    st.integers(STEP - 130, STEP + 50),
    st.integers(0, 1 << 20),
)


@settings(max_examples=120)
@given(sizes, st.sampled_from([b"", b"\n", b"\r\n"]))
@example(1 << 20, b"")
def test_reads_what_cryptography_wrote(size: int, ending: bytes) -> None:
    data = noise(size)
    assert read(Fernet(RAW).encrypt(data) + ending) == data


@settings(max_examples=150)
@given(st.binary(max_size=80), st.data())
def test_any_changed_character_is_refused(data: bytes, draw: st.DataObject) -> None:
    token = bytearray(Fernet(RAW).encrypt(data))
    at = draw.draw(st.integers(0, len(token) - 1))
    token[at] = draw.draw(st.integers(0, 255).filter(lambda one: one != token[at]))
    with pytest.raises(IntegrityError):
        read(bytes(token))


@settings(max_examples=100)
@given(st.binary(max_size=80), st.data())
def test_any_cut_and_any_addition_is_refused(data: bytes, draw: st.DataObject) -> None:
    token = Fernet(RAW).encrypt(data)
    with pytest.raises(IntegrityError):
        read(token[: draw.draw(st.integers(0, len(token) - 1))])
    more = draw.draw(st.binary(min_size=1, max_size=200).filter(lambda one: one not in (b"\n", b"\r\n")))
    with pytest.raises(IntegrityError):
        read(token + more)
    with pytest.raises(IntegrityError):
        read(token + token)


@settings(max_examples=200)
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused_in_our_words(text: bytes) -> None:
    for candidate in (text, b"gAAAAA" + text, base64.urlsafe_b64encode(b"\x80" + text)):
        with pytest.raises(TdsecError):
            read(candidate)


@pytest.mark.parametrize("where", [60, 64, 76, 1000])
@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
def test_line_breaks_are_named(where: int, ending: bytes) -> None:
    token = Fernet(RAW).encrypt(noise(fernet._STEP))
    wrapped = token[:where] + ending + token[where:] + b"x" * (-len(ending) % 4)
    with pytest.raises(IntegrityError, match=r"has line breaks.* tr -d"):
        read(wrapped)


def test_several_keys_and_none() -> None:
    token = Fernet(RAW).encrypt(b"rows")
    assert read(token, STRANGER, KEY) == b"rows"
    with pytest.raises(IntegrityError, match="under none of the keys"):
        read(token, STRANGER)


def test_a_passphrase_as_the_guide_derives_it() -> None:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

    kdf = PBKDF2HMAC(algorithm=hashes.SHA256(), length=32, salt=b"salt", iterations=1000)
    token = Fernet(base64.urlsafe_b64encode(kdf.derive("Größe".encode()))).encrypt(b"rows")
    assert read(token, FernetKey.derive("Größe", b"salt", 1000)) == b"rows"
    for other in (("Grösse", b"salt", 1000), ("Größe", b"salt\n", 1000), ("Größe", b"salt", 1001)):
        with pytest.raises(IntegrityError):
            read(token, FernetKey.derive(*other))


class Turncoat(io.BytesIO):
    """A file that is another one from the second reading on."""

    def __init__(self, first: bytes, then: bytes) -> None:
        super().__init__(first)
        self.then = then

    def turn(self) -> None:
        self.seek(0)
        self.truncate()
        self.write(self.then)


def test_a_line_break_far_inside_is_refused() -> None:
    token = Fernet(RAW).encrypt(noise(fernet._STEP))
    with pytest.raises(IntegrityError, match="line breaks"):
        read(token[: -(1 << 16)] + b"\r\n" * 32 + token[-(1 << 16) :])


@pytest.mark.parametrize("size", [0, 100])
def test_a_file_that_changes_between_the_two_readings(size: int) -> None:
    first = Fernet(RAW).encrypt(noise(100))
    stream = Turncoat(first, Fernet(OTHER).encrypt(noise(size, 1)))
    token = Token(stream, "token")
    assert token.authenticate([KEY]) is KEY
    stream.turn()
    with pytest.raises(DataTampered if size else IntegrityError):
        token.decrypt(KEY, lambda _: None)


def test_keys_never_show() -> None:
    assert RAW.decode()[:8] not in repr(KEY) and "\\x01" not in repr(KEY)
