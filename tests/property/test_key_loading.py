"""Whatever an identity's file, variable or passphrase is turned into: one of our errors, without a secret."""

from __future__ import annotations

import base64
import contextlib
import os
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from tdsec_gov.errors import KeyUnavailable, TdsecError
from tdsec_gov.keys import ssh_identity, unlocked
from tdsec_gov.keys.age import armor, scrypt
from tdsec_gov.keys.age import file as age_file
from tdsec_gov.keys.age.errors import HeaderInvalid
from tdsec_gov.keys.age.header import Stanza
from tdsec_gov.keys.identity import Identity
from tdsec_gov.keys.loading import load_identity
from tdsec_gov.keys.recipients import parse_recipient
from tdsec_gov.keys.sources.wrapped import Wrapped, context_of

WORD = "planted passphrase"
ME = Identity.generate("alice", post_quantum=True)
TEXT = ME.to_text().encode()
SEALED = age_file.encrypt_bytes(TEXT, [scrypt.Recipient(WORD, log_n=2)])
KEY = Ed25519PrivateKey.generate()
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
PKCS8 = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(WORD.encode()))
BLOB = b"planted blob of a key service"
WRAPPED = [
    Wrapped(scheme, "transit/tdsec", context_of("alice"), BLOB).to_bytes()
    for scheme in ("keyring", "vault-transit", "aws-kms", "other")
]
POINTER = f"# name: alice\n# signing-key: ed25519-secret:{base64.b64encode(ME.signing.seed).decode()}\n"
KINDS = [TEXT, SEALED, armor.encode(SEALED), PEM, PKCS8, POINTER.encode() + b"source: ssh:id\n", *WRAPPED]
_CLEARED = ("TDSEC_", "VAULT_", "BAO_", "AWS_", "DBUS_", "PYTHON_KEYRING")


def windows(text: str, size: int = 10) -> set[str]:
    return {text[at : at + size] for at in range(len(text) - size + 1)}


SECRETS = (
    windows(str(ME.age).removeprefix("AGE-SECRET-KEY-1"))
    | windows(str(ME.age_pq).removeprefix("AGE-SECRET-KEY-PQ-1"))
    | windows(base64.b64encode(ME.signing.seed).decode())
    | windows("".join(PEM.decode().splitlines()[3:-1]))
    | windows(base64.b64encode(KEY.private_bytes_raw()).decode())
    | windows(base64.b64encode(BLOB).decode())
    | {"planted"}
)


def check(error: TdsecError) -> None:
    """One line, and nothing secret in it, nor in what a traceback shows."""
    shown = "\n".join(
        [error.line(), repr(error), str(error.as_dict()), *traceback.format_exception_only(error)]
    )
    shown += "".join(
        str(one) for one in (error.__cause__, error.__context__ if error.__cause__ else None) if one
    )
    assert "\n" not in error.line()
    assert not any(one in shown for one in SECRETS)


@contextlib.contextmanager
def place(**env: str) -> Iterator[Path]:
    """A config folder of its own; environment without what would name a service or an identity."""
    before = dict(os.environ)
    with tempfile.TemporaryDirectory() as folder:
        for name in [one for one in os.environ if one.startswith(_CLEARED)]:
            del os.environ[name]
        os.environ.update({"TDSEC_HOME": folder, "AWS_EC2_METADATA_DISABLED": "true", **env})
        unlocked.forget()
        try:
            yield Path(folder) / "identity"
        finally:
            unlocked.forget()
            os.environ.clear()
            os.environ.update(before)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Any kind of identity, with a cut, an overwritten part, a doubled part or two kinds run together."""
    data = draw(st.sampled_from(KINDS))
    start, end = sorted((draw(st.integers(0, len(data))), draw(st.integers(0, len(data)))))
    middle = draw(st.sampled_from([b"", data[start:end] * 2, b"\n", b"#", b"\0"]) | st.binary(max_size=20))
    return data[:start] + middle + data[end:] + draw(st.sampled_from([b"", b"\n", *KINDS]))


@given(damaged(), st.sampled_from([WORD, "planted wrong word", ""]))
@settings(max_examples=150)
def test_damaged_files(data: bytes, word: str) -> None:
    with place() as path:
        path.write_bytes(data)
        path.chmod(0o600)
        try:
            assert load_identity(lambda: word).name
        except TdsecError as error:
            check(error)


@given(damaged())
@settings(max_examples=100)
def test_damaged_variables(data: bytes) -> None:
    text = data.replace(b"\0", b"").decode("utf-8", "surrogateescape")
    with place(TDSEC_IDENTITY=text or "x"):
        try:
            assert load_identity(lambda: WORD).name
        except TdsecError as error:
            check(error)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))
def test_any_variable(text: str) -> None:
    secret = f"planted{text}"
    for value in (secret, f"ssh:{secret}", f"keyring:{secret}", f"~{secret}"):
        with place(TDSEC_IDENTITY=value):
            try:
                load_identity(lambda: WORD)
            except TdsecError as error:
                if not value.startswith("keyring:"):  # the name of an entry is no secret, and may be shown
                    check(error)
            else:
                raise AssertionError("no identity, and yet one was found")


@given(st.binary(max_size=400))
@settings(max_examples=50)
def test_any_bytes(data: bytes) -> None:
    with place() as path:
        path.write_bytes(data)
        path.chmod(0o600)
        try:
            load_identity(lambda: WORD)
        except TdsecError as error:
            check(error)


@given(st.text(min_size=1, max_size=50))
@settings(max_examples=50)
def test_any_wrong_passphrase(word: str) -> None:
    wrong = f"planted {word}"
    for data in (SEALED, PKCS8):
        with place(TDSEC_NAME="alice") as path:
            path.write_bytes(data)
            path.chmod(0o600)
            assert load_identity(lambda: WORD).name == "alice"
            unlocked.forget()
            try:
                load_identity(lambda: wrong)
            except TdsecError as error:
                check(error)
            else:
                assert wrong == WORD


@given(
    st.text(max_size=80)
    | st.sampled_from(["ssh-ed25519 ", "ssh-rsa ", "age1"]).flatmap(
        lambda head: st.text("ABCabc123+/= ", max_size=80).map(lambda tail: head + tail)
    )
)
def test_any_recipient(text: str) -> None:
    try:
        assert parse_recipient(str(parse_recipient(text)))
    except KeyUnavailable as error:
        check(error)


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=300))
@settings(max_examples=50)
def test_any_ssh_seed(seed: bytes, plain: bytes) -> None:
    mine = ssh_identity.Ed25519Identity(seed)
    assert parse_recipient(str(mine.recipient)) == mine.recipient
    assert age_file.decrypt_bytes(age_file.encrypt_bytes(plain, [mine.recipient]), [mine]) == plain


ARGUMENTS = st.text([chr(one) for one in range(33, 127)], min_size=1, max_size=50)
MINE = ssh_identity.Ed25519Identity(bytes(32))
SHARE = MINE.recipient.wrap(bytes(16))[0]


@given(
    st.lists(
        st.builds(
            Stanza,
            st.sampled_from(["ssh-ed25519", "ssh-rsa", "X25519"]),
            st.lists(ARGUMENTS | st.sampled_from([*SHARE.args]), max_size=3).map(tuple),
            st.binary(max_size=40) | st.just(SHARE.body),
        ),
        max_size=3,
    )
)
def test_any_stanzas(stanzas: list[Stanza]) -> None:
    try:
        found = MINE.unwrap(stanzas)
    except HeaderInvalid as error:
        check(error)
    else:
        assert found is None or SHARE in stanzas
