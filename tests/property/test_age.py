"""age under random sizes, damage and rubbish, and against an independent implementation."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdsec_gov.errors import IntegrityError, KeyUnavailable, TdsecError
from tdsec_gov.keys.age import armor, bech32, file, hybrid, scrypt, x25519
from tdsec_gov.keys.age.header import Header, Stanza, end_of
from tdsec_gov.keys.age.identities import parse_identity, parse_identity_file, parse_recipient
from tdsec_gov.keys.age.intake import Intake

try:
    import pyrage as _pyrage
except ImportError:
    _pyrage = None
pyrage: Any = _pyrage
needs_pyrage = pytest.mark.skipif(pyrage is None, reason="3 differential tests not run: install pyrage")

ME = x25519.Identity(b"\x01" * 32)
EXTRA = Stanza("tdsec-gov.dev/object-v1", ("A" * 43,), b"")
CHUNK = 65536
EDGES = [0, 1, *(edge * CHUNK + near for edge in (1, 2, 16, 17, 18) for near in (-1, 0, 1))]
sizes = st.sampled_from(EDGES) | st.integers(0, 3 * CHUNK)
VISIBLE = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20)


def pattern(size: int) -> bytes:
    return (b"0123456789abcdefg" * (size // 17 + 1))[:size]


SMALL = file.encrypt_bytes(pattern(150), [ME.recipient], [EXTRA])
LARGE = file.encrypt_bytes(pattern(3 * CHUNK + 100), [ME.recipient], [EXTRA])
HEAD = file.header_length([ME.recipient], [EXTRA])
PAYLOAD = HEAD + 16


def refused(data: bytes) -> bool:
    """Whether both readers refuse ``data``; what is released before must be a true prefix."""
    released = bytearray()
    faults = 0
    try:
        file.decrypt_stream(io.BytesIO(data), released.extend, [ME])
    except (IntegrityError, KeyUnavailable):
        faults += 1
    assert pattern(3 * CHUNK + 100).startswith(released)
    try:
        file.open_seekable(io.BytesIO(data), [ME]).read()
    except (IntegrityError, KeyUnavailable):
        faults += 1
    return faults == 2


@given(size=sizes, step=st.integers(1, 200_000))
@settings(max_examples=60, deadline=None)
def test_round_trip(size: int, step: int) -> None:
    plain = pattern(size)
    reader = file.EncryptReader(io.BytesIO(plain), [ME.recipient], [EXTRA])
    sealed = bytearray(reader.read(1))
    step = step if size <= CHUNK else max(step, 997)
    while part := reader.read(step):
        assert len(part) <= step
        sealed += part
    assert len(sealed) == file.ciphertext_size(size, HEAD)
    assert file.plaintext_size(len(sealed), HEAD) == size
    assert file.decrypt_bytes(bytes(sealed), [ME]) == plain


@given(size=st.integers(0, 1 << 50), length=st.integers(0, 5000))
def test_sizes_invert(size: int, length: int) -> None:
    assert file.plaintext_size(file.ciphertext_size(size, length), length) == size


@given(size=st.integers(-100, 5 * CHUNK))
def test_only_possible_sizes_are_accepted(size: int) -> None:
    try:
        plain = file.plaintext_size(size, HEAD)
    except IntegrityError:
        return
    assert file.ciphertext_size(plain, HEAD) == size


@given(moves=st.lists(st.tuples(st.integers(0, 3 * CHUNK + 200), st.integers(-1, 2 * CHUNK)), max_size=12))
@settings(max_examples=40, deadline=None)
def test_seekable_reader_is_like_a_file(moves: list[tuple[int, int]]) -> None:
    plain = io.BytesIO(pattern(3 * CHUNK + 100))
    view = file.open_seekable(io.BytesIO(LARGE), [ME])
    for place, count in moves:
        assert view.seek(place) == plain.seek(place)
        assert view.read(count) == plain.read(count)
        assert view.tell() == plain.tell()


@given(mask=st.integers(1, 255))
@settings(max_examples=8, deadline=None)
def test_any_changed_byte_of_a_small_file_is_refused(mask: int) -> None:
    for at in range(len(SMALL)):
        assert refused(SMALL[:at] + bytes([SMALL[at] ^ mask]) + SMALL[at + 1 :]), at


@given(at=st.integers(0, len(LARGE) - 1), mask=st.integers(1, 255))
@settings(max_examples=60, deadline=None)
def test_any_changed_byte_of_a_large_file_is_refused(at: int, mask: int) -> None:
    assert refused(LARGE[:at] + bytes([LARGE[at] ^ mask]) + LARGE[at + 1 :])


def test_a_small_file_cut_anywhere_is_refused() -> None:
    assert not refused(SMALL)
    for end in range(len(SMALL)):
        assert refused(SMALL[:end]), end


CUTS = [PAYLOAD + chunk * (CHUNK + 16) + near for chunk in range(4) for near in (-1, 0, 1, 15, 16, 17)]


@given(end=st.sampled_from(CUTS) | st.integers(0, len(LARGE) - 1))
@settings(max_examples=60, deadline=None)
def test_a_large_file_cut_anywhere_is_refused(end: int) -> None:
    assert refused(LARGE[:end])


@given(more=st.binary(min_size=1, max_size=100) | st.sampled_from([b"\n", LARGE, SMALL, bytes(CHUNK + 16)]))
@settings(max_examples=40, deadline=None)
def test_an_extended_file_is_refused(more: bytes) -> None:
    full = file.encrypt_bytes(pattern(2 * CHUNK), [ME.recipient])
    for data in (SMALL, LARGE, full):
        assert refused(data + more)


@given(order=st.permutations(range(3)))
@settings(max_examples=6, deadline=None)
def test_chunks_in_another_order_are_refused(order: list[int]) -> None:
    pieces = [LARGE[PAYLOAD + one * (CHUNK + 16) : PAYLOAD + (one + 1) * (CHUNK + 16)] for one in range(3)]
    moved = LARGE[:PAYLOAD] + b"".join(pieces[one] for one in order) + LARGE[PAYLOAD + 3 * (CHUNK + 16) :]
    assert refused(moved) is (list(order) != [0, 1, 2])


def test_payload_of_another_file_is_refused() -> None:
    other = file.encrypt_bytes(pattern(150), [ME.recipient], [EXTRA])
    assert len(other) == len(SMALL)
    assert refused(SMALL[:HEAD] + other[HEAD:])
    assert refused(SMALL[:PAYLOAD] + other[PAYLOAD:])


stanzas = st.builds(Stanza, VISIBLE, st.lists(VISIBLE, max_size=3).map(tuple), st.binary(max_size=200))


@given(many=st.lists(stanzas, min_size=1, max_size=4), key=st.binary(min_size=16, max_size=16))
def test_headers_round_trip(many: list[Stanza], key: bytes) -> None:
    head = Header.seal(many, key)
    data = head.to_bytes()
    assert end_of(data + b"payload") == len(data)
    assert Header.from_bytes(data) == head
    head.verify(key)


HEADERS = [
    SMALL[:HEAD],
    Header.seal([Stanza("a", ("b",), bytes(96)), Stanza("c", (), b"")], bytes(16)).to_bytes(),
]
PIECES = [b"\n", b" ", b"-> x\n\n", b"A", b"A" * 64 + b"\n", b"AAAA", b"=", b"\r", b"-> ", b"---", b"\x80"]


@given(st.sampled_from(HEADERS), st.integers(0, 600), st.integers(0, 66), st.sampled_from(PIECES))
@settings(max_examples=600, deadline=None)
def test_a_header_that_parses_is_written_as_it_was_read(good: bytes, at: int, cut: int, piece: bytes) -> None:
    """The MAC is taken over the written form: a second form of the same header would be malleable."""
    at %= len(good)
    front, rest = good[:at], good[at + cut :]
    for data in (front + piece + good[at:], front + rest, front + piece + rest):
        try:
            head = Header.from_bytes(data)
        except IntegrityError:
            continue
        assert head.to_bytes() == data


PARSERS: list[Callable[[bytes], object]] = [
    Header.from_bytes,
    end_of,
    lambda data: Intake(io.BytesIO(data)).read_header(),
    armor.decode,
    lambda data: file.decrypt_bytes(data, [ME, scrypt.Identity("x", 4)], allow_armor=True),
    lambda data: file.open_seekable(io.BytesIO(data), [ME]),
    lambda data: bech32.decode(data.decode("latin-1")),
    lambda data: parse_identity(data.decode("latin-1")),
    lambda data: parse_recipient(data.decode("utf-8", "surrogateescape")),
    lambda data: parse_identity_file(data.decode("latin-1")),
]
SEEDS = [
    SMALL,
    SMALL[:HEAD],
    armor.encode(SMALL),
    str(ME).encode(),
    str(ME.recipient).encode(),
    file.encrypt_bytes(b"x", [scrypt.Recipient("x", 2)]),
]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A good input with a piece cut out and another put in."""
    seed = draw(st.sampled_from(SEEDS))
    start = draw(st.integers(0, len(seed)))
    end = draw(st.integers(start, min(len(seed), start + 40)))
    words = [b"\n", b"\r\n", b"-> x\n", b"--- ", b" ", b"=", b"\n\n"]
    piece = draw(st.binary(max_size=20) | st.sampled_from(words))
    return seed[:start] + piece + seed[end:]


@given(data=st.binary(max_size=400) | mutated())
@settings(max_examples=400, deadline=None)
def test_rubbish_gives_only_errors_of_the_tree(data: bytes) -> None:
    for parse in PARSERS:
        try:
            parse(data)
        except TdsecError as error:
            assert "\n" not in error.line()


@given(prefix=VISIBLE.map(str.lower), data=st.binary(max_size=100))
def test_bech32_round_trip(prefix: str, data: bytes) -> None:
    text = bech32.encode(prefix, data)
    assert bech32.decode(text) == (prefix, data)
    assert bech32.decode(text.upper()) == (prefix.upper(), data)


@given(st.binary(min_size=1, max_size=60), st.integers(0, 10_000), st.sampled_from("qpzry9x8gf2tvdw0"))
def test_bech32_notices_any_changed_character(data: bytes, at: int, letter: str) -> None:
    text = bech32.encode("age", data)
    place = len("age1") + at % (len(text) - len("age1"))
    if text[place] == letter:
        return
    with pytest.raises(KeyUnavailable):
        bech32.decode(text[:place] + letter + text[place + 1 :])


@given(seed=st.binary(min_size=32, max_size=32))
@settings(max_examples=20, deadline=None)
def test_keys_round_trip(seed: bytes) -> None:
    for identity in (x25519.Identity(seed), hybrid.Identity(seed)):
        assert parse_identity(str(identity)) == identity
        assert parse_recipient(str(identity.recipient)) == identity.recipient
        data = file.encrypt_bytes(seed, [identity.recipient])
        assert file.decrypt_bytes(data, [identity]) == seed


@needs_pyrage
@given(size=sizes, extra=st.booleans())
@settings(max_examples=30, deadline=None)
def test_pyrage_opens_ours_and_we_open_theirs(size: int, extra: bool) -> None:
    plain = pattern(size)
    other = x25519.Identity(b"\x02" * 32)
    theirs = [pyrage.x25519.Identity.from_str(str(one)) for one in (ME, other)]
    ours = file.encrypt_bytes(plain, [ME.recipient, other.recipient], [EXTRA] if extra else [])
    for one in theirs:
        assert pyrage.decrypt(ours, [one]) == plain
    sealed = pyrage.encrypt(plain, [one.to_public() for one in theirs])
    for identity in (ME, other):
        assert file.decrypt_bytes(sealed, [identity]) == plain


@needs_pyrage
def test_pyrage_agrees_on_keys_and_passphrases() -> None:
    for _ in range(5):
        ours = x25519.Identity.generate()
        theirs = pyrage.x25519.Identity.generate()
        assert str(pyrage.x25519.Identity.from_str(str(ours)).to_public()) == str(ours.recipient)
        assert str(x25519.Identity.parse(str(theirs)).recipient) == str(theirs.to_public())
    sealed = file.encrypt_bytes(b"identity file", [scrypt.Recipient("correct horse ñ", 10)])
    assert pyrage.passphrase.decrypt(sealed, "correct horse ñ") == b"identity file"


@needs_pyrage
@given(at=st.integers(0, len(SMALL) - 1), mask=st.integers(1, 255))
@settings(max_examples=200, deadline=None)
def test_pyrage_refuses_the_same_damage(at: int, mask: int) -> None:
    damaged = SMALL[:at] + bytes([SMALL[at] ^ mask]) + SMALL[at + 1 :]
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(damaged, [pyrage.x25519.Identity.from_str(str(ME))])
    assert refused(damaged)
