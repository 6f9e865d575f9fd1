"""One suite for every key source, each against a running service: what whoever writes one must keep.

``vault-transit`` runs against a real OpenBao server, ``keyring`` against GNOME's keyring on a real bus,
``aws-kms`` against moto, an emulator.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from key_sources import Bench, bench_of

from tdsec_gov.errors import BackendUnavailable, KeyUnavailable, TdsecError, UsageError
from tdsec_gov.keys import unlocked
from tdsec_gov.keys.identity import Identity
from tdsec_gov.keys.loading import load_identity
from tdsec_gov.keys.sources.contract import MAX_SECRET, KeySource
from tdsec_gov.keys.sources.registry import SOURCES, key_source
from tdsec_gov.keys.sources.wrapped import Wrapped, save_wrapped

SECRET = b"AGE-SECRET-KEY-1 planted, must not show"
CONTEXT = {"name": "alice", "use": "tdsec-identity"}
_TESTED_AGAINST = {"aws-kms": "aws-kms on moto, an emulator", "vault-transit": "vault-transit on OpenBao"}
_OURS = ("VAULT_", "BAO_", "AWS_", "TDSEC_", "DBUS_", "PYTHON_KEYRING")


@pytest.fixture(
    scope="module", params=sorted(SOURCES), ids=[_TESTED_AGAINST.get(one, one) for one in sorted(SOURCES)]
)
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with bench_of(request.param, tmp_path_factory.mktemp("service")) as bench:
        yield bench


@pytest.fixture
def bench(service: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Bench]:
    for name in [one for one in os.environ if one.startswith(_OURS)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TDSEC_HOME", str(tmp_path / "cfg"))
    switch(service.env, monkeypatch)
    unlocked.forget()
    yield service
    unlocked.forget()
    if hasattr(service, "server") and hasattr(service.server, "check_credentials"):
        service.server.check_credentials(-1)


def switch(env: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    if "PYTHON_KEYRING_BACKEND" in env:
        import keyring.core

        monkeypatch.setattr(keyring.core, "_keyring_backend", None)  # looked for again at the next use


@pytest.fixture
def source(bench: Bench) -> KeySource:
    return key_source(bench.scheme, bench.new_key())


def refuse(bench: Bench, error: type[TdsecError], act: Callable[[], object]) -> TdsecError:
    """``act()`` is refused with this error, on one line that holds no secret and no credential."""
    with pytest.raises(error) as caught:
        act()
    shown = caught.value.line() + repr(caught.value) + str(caught.value.as_dict())
    assert "\n" not in caught.value.line() and "planted" not in shown
    assert not any(word in shown for word in bench.credentials)
    return caught.value


@pytest.mark.parametrize("size", [1, 32, 500, MAX_SECRET])
def test_what_was_wrapped_is_unwrapped(source: KeySource, size: int) -> None:
    secret = (SECRET * 200)[:size] if size > 1 else b"\0"
    assert source.unwrap(source.wrap(secret, CONTEXT), CONTEXT) == secret


def test_every_byte_survives(source: KeySource) -> None:
    secret = bytes(range(256))
    assert source.unwrap(source.wrap(secret, CONTEXT), CONTEXT) == secret


def test_another_instance_unwraps(bench: Bench) -> None:
    key = bench.new_key()
    blob = key_source(bench.scheme, key).wrap(SECRET, CONTEXT)
    assert key_source(bench.scheme, key).unwrap(blob, CONTEXT) == SECRET


def test_the_blob_does_not_show_the_secret(source: KeySource) -> None:
    import base64

    blob = source.wrap(SECRET, CONTEXT)
    assert SECRET not in blob and base64.b64encode(SECRET)[:20] not in blob


def test_too_large(bench: Bench, source: KeySource) -> None:
    refuse(bench, UsageError, lambda: source.wrap(b"x" * (MAX_SECRET + 1), CONTEXT))


@pytest.mark.parametrize(
    "other",
    [{}, {"name": "alice"}, {**CONTEXT, "name": "eve"}, {**CONTEXT, "more": "x"}, {**CONTEXT, "use": ""}],
    ids=["none", "less", "other", "more", "emptied"],
)
def test_another_context_is_refused(bench: Bench, source: KeySource, other: dict[str, str]) -> None:
    blob = source.wrap(SECRET, CONTEXT)
    refuse(bench, KeyUnavailable, lambda: source.unwrap(blob, other))
    assert source.unwrap(blob, CONTEXT) == SECRET


def changed(blob: bytes) -> list[bytes]:
    flips = [blob[:at] + bytes([blob[at] ^ 1]) + blob[at + 1 :] for at in range(0, len(blob), 7)]
    return [
        *flips,
        blob + b"A",
        blob + b"x" * 64,
        *([blob[:-1], blob[: len(blob) // 2], b""] if blob else []),
    ]


def test_a_changed_blob_is_refused(bench: Bench, source: KeySource) -> None:
    blob = source.wrap(SECRET, CONTEXT)
    for other in changed(blob):
        refuse(bench, KeyUnavailable, lambda other=other: source.unwrap(other, CONTEXT))


def test_another_key_does_not_unwrap(bench: Bench, source: KeySource) -> None:
    blob = source.wrap(SECRET, CONTEXT)
    refuse(bench, KeyUnavailable, lambda: key_source(bench.scheme, bench.new_key()).unwrap(blob, CONTEXT))


def test_a_key_that_is_not_there(bench: Bench, source: KeySource) -> None:
    blob = source.wrap(SECRET, CONTEXT)
    refuse(bench, KeyUnavailable, lambda: key_source(bench.scheme, "no-such-key").unwrap(blob, CONTEXT))


@pytest.mark.parametrize("name", ["", " ", "../x", "a b", "x\n", "/x", "x/../y", "é", "x" * 5000, "a?b", "#"])
def test_impossible_names(bench: Bench, name: str) -> None:
    refuse(bench, KeyUnavailable, lambda: key_source(bench.scheme, name))


def test_refused_credentials(bench: Bench, source: KeySource, monkeypatch: pytest.MonkeyPatch) -> None:
    blob = source.wrap(SECRET, CONTEXT)
    switch(bench.refused(), monkeypatch)
    assert refuse(bench, KeyUnavailable, lambda: source.unwrap(blob, CONTEXT)).exit_code == 13
    assert refuse(bench, KeyUnavailable, lambda: source.wrap(SECRET, CONTEXT)).exit_code == 13


def test_nobody_answers(bench: Bench, source: KeySource, monkeypatch: pytest.MonkeyPatch) -> None:
    blob = source.wrap(SECRET, CONTEXT)
    switch(bench.unreachable(), monkeypatch)
    expected = KeyUnavailable if bench.scheme == "keyring" else BackendUnavailable
    refuse(bench, expected, lambda: source.unwrap(blob, CONTEXT))
    refuse(bench, expected, lambda: source.wrap(SECRET, CONTEXT))


def test_an_identity_is_kept_and_found(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    me = Identity.generate("alice", post_quantum=True)
    path = tmp_path / "cfg" / "identity"
    save_wrapped(me, path, bench.scheme, bench.new_key())
    assert path.stat().st_mode & 0o777 == 0o600 and path.parent.stat().st_mode & 0o777 == 0o700
    assert b"AGE-SECRET" not in path.read_bytes() and b"ed25519-secret" not in path.read_bytes()
    assert load_identity() == me
    refuse(bench, UsageError, lambda: save_wrapped(me, path, bench.scheme, bench.new_key()))
    unlocked.forget()
    monkeypatch.setenv("TDSEC_IDENTITY", path.read_text())
    assert load_identity() == me
    monkeypatch.setenv("TDSEC_IDENTITY", str(path))
    assert load_identity() == me


def test_the_service_is_asked_once(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    me = Identity.generate("alice")
    save_wrapped(me, tmp_path / "cfg" / "identity", bench.scheme, bench.new_key())
    assert load_identity() == me
    switch(bench.unreachable(), monkeypatch)
    assert load_identity() == me
    unlocked.forget()
    with pytest.raises((KeyUnavailable, BackendUnavailable)):
        load_identity()


def test_the_file_cannot_name_somebody_else(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "cfg" / "identity"
    wrapped = save_wrapped(Identity.generate("alice"), path, bench.scheme, bench.new_key())
    forged = Wrapped(wrapped.scheme, wrapped.key, {**wrapped.context, "name": "eve"}, wrapped.blob)
    path.write_bytes(forged.to_bytes())
    refuse(bench, KeyUnavailable, load_identity)


def test_another_identity_in_its_place_is_refused(bench: Bench, tmp_path: Path) -> None:
    """Whoever may wrap, wraps their own identity in the context of alice's."""
    key = bench.new_key()
    blob = key_source(bench.scheme, key).wrap(Identity.generate("eve").to_text().encode(), CONTEXT)
    path = tmp_path / "cfg" / "identity"
    path.parent.mkdir()
    path.write_bytes(Wrapped(bench.scheme, key, CONTEXT, blob).to_bytes())
    path.chmod(0o600)
    error = refuse(bench, KeyUnavailable, load_identity)
    assert "not the one" in error.message
