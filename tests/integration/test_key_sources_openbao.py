"""Rights, rotation and trouble of a real OpenBao server, from the command line where a person meets them."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from servers.openbao import ROOT, Bao, openbao
from workshops import Answer, call, isolated

from tdsec_gov.errors import BackendUnavailable, KeyUnavailable
from tdsec_gov.keys import unlocked
from tdsec_gov.keys.identity import Identity
from tdsec_gov.keys.loading import load_identity
from tdsec_gov.keys.sources.vault_transit import VaultTransit
from tdsec_gov.keys.sources.wrapped import save_wrapped

CONTEXT = {"name": "alice", "use": "tdsec-identity"}
READS = 'path "transit/decrypt/tdsec" { capabilities = ["update"] }'


@pytest.fixture
def bao(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bao]:
    for name in ("TDSEC_IDENTITY", "TDSEC_PASSPHRASE", "BAO_ADDR", "BAO_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    unlocked.forget()
    with openbao(tmp_path) as server:
        monkeypatch.setenv("VAULT_ADDR", server.address)
        monkeypatch.setenv("VAULT_TOKEN", ROOT)
        server.key("tdsec")
        yield server
    unlocked.forget()


def tdsec_key(tmp_path: Path, *words: str, **more: str) -> Answer:
    main = "from tdsec_gov.cli.main import script; script()"
    env = {**isolated(tmp_path), "TDSEC_HOME": str(tmp_path / "cfg"), **more}
    return call([sys.executable, "-c", main, "--json", "key", *words], tmp_path, env)


def show(tmp_path: Path, **more: str) -> Answer:
    return tdsec_key(tmp_path, "show", **more)


def test_the_command(bao: Bao, tmp_path: Path) -> None:
    env = {"VAULT_ADDR": bao.address, "VAULT_TOKEN": ROOT}
    for words in (["--keep", "paper"], ["--keep", "vault-transit"], ["--keep", "keyring", "--passphrase"]):
        refused = tdsec_key(tmp_path, "new", "--name", "alice", *words, **env)
        assert refused.code == 2 and not (tmp_path / "cfg").exists(), refused.err
    made = tdsec_key(tmp_path, "new", "--name", "alice", "--keep", "vault-transit:tdsec", **env)
    assert made.code == 0, made.err
    file = tmp_path / "cfg" / "identity"
    before = file.read_bytes()
    assert json.loads(before)["key"] == "tdsec" and b"AGE-SECRET" not in before
    assert json.loads(show(tmp_path, **env).out)["keyid"] == json.loads(made.out)["keyid"]
    again = tdsec_key(tmp_path, "new", "--name", "bob", "--keep", "vault-transit:tdsec", **env)
    assert again.code == 2 and "already" in again.err
    words = {"TDSEC_PASSPHRASE": "x", "TDSEC_NEW_PASSPHRASE": "correct horse battery staple gun"}
    assert tdsec_key(tmp_path, "upgrade", "--post-quantum", **env).code == 2
    assert tdsec_key(tmp_path, "change-passphrase", "--private", **env, **words).code != 0
    assert file.read_bytes() == before, "the secret left the service, or the file was changed"


def test_rights(bao: Bao, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose token may decrypt with one key reads with it, and can do nothing else."""
    me = Identity.generate("alice")
    save_wrapped(me, tmp_path / "cfg" / "identity", "vault-transit", "tdsec")
    narrow = {"VAULT_ADDR": bao.address, "VAULT_TOKEN": bao.token(READS)}
    shown = show(tmp_path, **narrow)
    assert shown.code == 0 and json.loads(shown.out)["keyid"] == me.keyid, shown.err
    monkeypatch.setenv("VAULT_TOKEN", narrow["VAULT_TOKEN"])
    with pytest.raises(KeyUnavailable, match="403"):
        VaultTransit("tdsec").wrap(b"x", CONTEXT)
    with pytest.raises(KeyUnavailable, match="403"):
        VaultTransit("other").unwrap(b"vault:v1:AAAA", CONTEXT)
    for token, code, text in (("wrong", 13, "refuses this token"), ("", 13, "VAULT_TOKEN")):
        refused = show(tmp_path, **{**narrow, "VAULT_TOKEN": token})
        assert refused.code == code and text in refused.err, refused.err


def test_a_token_runs_out(bao: Bao, monkeypatch: pytest.MonkeyPatch) -> None:
    blob = VaultTransit("tdsec").wrap(b"secret", CONTEXT)
    monkeypatch.setenv("VAULT_TOKEN", bao.token(READS, ttl="1s"))
    source = VaultTransit("tdsec")
    for _ in range(100):
        try:
            source.unwrap(blob, CONTEXT)
        except KeyUnavailable as error:
            assert "403" in error.line()
            break
        time.sleep(0.1)
    else:
        pytest.fail("the token still works after ten times its life")


def test_rotation_and_retirement(bao: Bao) -> None:
    source = VaultTransit("tdsec")
    old = source.wrap(b"secret", CONTEXT)
    bao.call("POST", "transit/keys/tdsec/rotate", x=1)
    new = source.wrap(b"secret", CONTEXT)
    assert (old[:9], new[:9]) == (b"vault:v1:", b"vault:v2:")
    assert source.unwrap(old, CONTEXT) == source.unwrap(new, CONTEXT) == b"secret"
    with pytest.raises(KeyUnavailable):
        source.unwrap(old.replace(b":v1:", b":v2:"), CONTEXT)
    bao.call("POST", "transit/keys/tdsec/config", min_decryption_version=2)
    with pytest.raises(KeyUnavailable):
        source.unwrap(old, CONTEXT)
    bao.call("POST", "transit/keys/tdsec/config", deletion_allowed=True)
    bao.call("DELETE", "transit/keys/tdsec")
    with pytest.raises(KeyUnavailable):
        source.unwrap(new, CONTEXT)


@pytest.mark.parametrize("settings", [{"type": "rsa-2048"}, {"type": "aes256-gcm96", "derived": True}])
def test_keys_that_cannot_bind_a_context(bao: Bao, settings: dict[str, object]) -> None:
    bao.key("unfit", **settings)
    with pytest.raises(KeyUnavailable, match="AEAD"):
        VaultTransit("unfit").wrap(b"secret", CONTEXT)


def test_another_aead(bao: Bao) -> None:
    source = VaultTransit("transit/" + bao.key("chacha", type="chacha20-poly1305"))
    assert source.unwrap(source.wrap(b"secret", CONTEXT), CONTEXT) == b"secret"


def test_sealed(bao: Bao, tmp_path: Path) -> None:
    save_wrapped(Identity.generate("alice"), tmp_path / "cfg" / "identity", "vault-transit", "tdsec")
    bao.call("PUT", "sys/seal")
    refused = show(tmp_path, VAULT_ADDR=bao.address, VAULT_TOKEN=ROOT)
    assert refused.code == 14 and "503" in refused.err and ROOT not in refused.err + refused.out


def test_gone(bao: Bao, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TDSEC_HOME", str(tmp_path / "cfg"))
    save_wrapped(Identity.generate("alice"), tmp_path / "cfg" / "identity", "vault-transit", "tdsec")
    assert load_identity().name == "alice"
    unlocked.forget()
    monkeypatch.setenv("VAULT_ADDR", "http://127.0.0.1:1")
    with pytest.raises(BackendUnavailable, match="cannot be reached"):
        load_identity()
