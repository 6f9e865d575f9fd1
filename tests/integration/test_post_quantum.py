"""Post-quantum people and a post-quantum vault, from the first key to a colleague's pull."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from workshops import POLICY, ROWS, SOURCES, Workshop, living_in

from tdsec_gov.keys.dsse import Envelope
from tdsec_gov.keys.loading import load_identity
from tdsec_gov.vault.plugin.filesystem import VaultFs
from tdsec_gov.vault.plugin.wiring import open_storage

ACCESS = """\
format: 1
roles:
  admin: {{read_all: true, write_all: true}}
vaults:
  store: {{readers: [], writers: [], post_quantum: true}}
members:
{member}
"""


BOTH_KINDS = ("age", "signing", "age_pq", "signing_pq")


def identity_file() -> Path:
    return Path(os.environ["TDSEC_HOME"]) / "identity"


def envelopes(shop: Workshop) -> list[Path]:
    return sorted((shop.root / ".tdsec").rglob("*.intoto.jsonl"))


def counted(paths: list[Path]) -> list[int]:
    return [len(Envelope.from_bytes(path.read_bytes()).signatures) for path in paths]


def without(path: Path, size: int) -> bytes:
    """The envelope without its signatures of this length."""
    body = json.loads(path.read_bytes())
    mine = Envelope.from_bytes(path.read_bytes())
    body["signatures"] = [
        one for one, (_, sig) in zip(body["signatures"], mine.signatures, strict=True) if len(sig) != size
    ]
    return (json.dumps(body, separators=(",", ":"), sort_keys=True) + "\n").encode()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    base = tmp_path_factory.mktemp("post-quantum")
    made = Workshop(base, base / "repo")
    made.root.mkdir()
    with living_in(base):
        assert made.git("init", "-q", "-b", "main").code == made.dvc("init", "-q").code == 0
        assert made.tdsec("key", "new", "--name", "alice", "--post-quantum").code == 0
        entry = made.tdsec("key", "show", "--role", "admin").out
        made.write("policies/access.yaml", ACCESS.format(member=entry).encode())
        done = made.tdsec("init", "--vault", made.storage, "--yes")
        assert done.code == 0, done.err
        made.write("policies/policy.yaml", POLICY.encode())
        made.write("policies/sources.yaml", SOURCES.encode())
        assert made.commit("set up").code == 0
    return made


@pytest.fixture
def shop(template: Workshop, tmp_path: Path) -> Iterator[Workshop]:
    """A repository that was post-quantum from the start; its only member is ``alice``."""
    with living_in(tmp_path):
        yield template.copy_to(tmp_path)


def test_check_push_pull(shop: Workshop) -> None:
    """Everything sealed is X-Wing, everything signed has two signatures; a clone gets the bytes back."""
    shop.track("data/rows.csv", ROWS)
    shop.track("data/folder", {"a.csv": b"id\n1\n", "b.csv": b"id\n2\n"})
    checked = shop.tdsec("check", "--all")
    assert checked.code == 0, checked.err
    assert shop.commit("data").code == 0
    sent = shop.dvc("push")
    assert sent.code == 0, sent.err
    sealed = [path for path in shop.stored() if path.read_bytes().startswith(b"age-encryption.org/v1\n")]
    sealed += (shop.root / ".tdsec" / "vaults").rglob("*.age")
    assert len(sealed) >= 6
    for path in sealed:
        head = path.read_bytes().partition(b"\n---")[0]
        assert b"-> mlkem768x25519 " in head and b"-> X25519" not in head
    assert len(envelopes(shop)) == 3 and counted(envelopes(shop)) == [2, 2, 2]
    clone = shop.clone()
    pulled = shop.dvc("pull", folder=clone)
    assert pulled.code == 0, pulled.err
    assert (clone / "data" / "rows.csv").read_bytes() == ROWS
    assert (clone / "data" / "folder" / "b.csv").read_bytes() == b"id\n2\n"


def test_a_stripped_second_signature_stops_everything(shop: Workshop) -> None:
    shop.track("data/rows.csv", ROWS)
    assert shop.tdsec("check", "--all").code == 0
    verdict, whole = shop.verdicts()[0], shop.verdicts()[0].read_bytes()
    for size in (3309, 64):
        verdict.write_bytes(without(verdict, size))
        assert shop.tdsec("verify", "--all").code == 11
        refused = shop.dvc("push")
        assert refused.code != 0 and "only one of the signer's two keys" in refused.err
        assert not shop.objects()
        verdict.write_bytes(whole)
    assert shop.dvc("push").code == 0
    keyring = next((shop.root / ".tdsec" / "vaults").rglob("*.intoto.jsonl"))
    keyring.write_bytes(without(keyring, 3309))
    assert shop.commit("downgraded").code == 0
    refused = shop.dvc("pull", folder=shop.clone())
    assert refused.code != 0 and "only one of the signer's two keys" in refused.err


def test_an_old_copy_of_the_identity_is_told_so(shop: Workshop) -> None:
    """The Ed25519 and X25519 keys alone: it opens nothing and its verdicts would not count."""
    text = identity_file().read_text()
    kept = [one for one in text.splitlines() if "SECRET-KEY-PQ" not in one and "-key-pq" not in one]
    identity_file().write_text("\n".join(kept) + "\n")
    shop.track("data/rows.csv", ROWS)
    refused = shop.tdsec("check", "--all")
    assert refused.code == 11 and "an identity without it" in refused.err
    assert shop.dvc("push").code != 0 and not shop.objects()
    identity_file().write_text(text)
    assert shop.tdsec("check", "--all").code == 0


def test_a_colleague(shop: Workshop) -> None:
    """Sealed to only with both kinds of keys, and then able to pull."""
    shop.track("data/rows.csv", ROWS)
    assert shop.tdsec("check", "--all").code == 0
    with living_in(shop.base / "bobs"):
        assert shop.tdsec("key", "new", "--name", "bob", "--post-quantum").code == 0
        shown = json.loads(shop.tdsec("--json", "key", "show").out)
        bob = dict(os.environ)
    keys = {f"--{name.replace('_', '-')}": shown[name] for name in BOTH_KINDS}
    before = (shop.root / "policies" / "access.yaml").read_bytes()
    classic = [one for name in ("--age", "--signing") for one in (name, keys[name])]
    refused = shop.tdsec("vault", "add-reader", "bob", "--role", "admin", *classic)
    assert refused.code == 12 and "none for bob" in refused.err
    (shop.root / "policies" / "access.yaml").write_bytes(before)
    every = [one for pair in keys.items() for one in pair]
    assert shop.tdsec("vault", "add-reader", "bob", "--role", "admin", *every).code == 0
    assert shop.commit("bob").code == 0 and shop.dvc("push").code == 0
    clone = shop.clone()
    pulled = shop.dvc("pull", folder=clone, env=bob)
    assert pulled.code == 0, pulled.err
    assert (clone / "data" / "rows.csv").read_bytes() == ROWS


def demand_second_signature(shop: Workshop) -> None:
    """Put alice's new entry into policies/access.yaml."""
    path = shop.root / "policies" / "access.yaml"
    head = path.read_text().partition("  - name: alice")[0]
    path.write_text(head + shop.tdsec("key", "show", "--role", "admin").out)


def test_upgrade_with_countersignatures_keeps_everything(pushed: Workshop) -> None:
    before = {path: Envelope.from_bytes(path.read_bytes()).payload for path in envelopes(pushed)}
    too_early = pushed.tdsec("key", "countersign")
    assert too_early.code == 13 and "tdsec key upgrade" in too_early.err
    assert pushed.tdsec("key", "upgrade", "--post-quantum").code == 0
    assert pushed.tdsec("key", "countersign").code == 0
    assert counted(envelopes(pushed)) == [2] * len(before)
    again = pushed.tdsec("--json", "key", "countersign")
    assert json.loads(again.out)["files"] == []
    demand_second_signature(pushed)
    assert pushed.tdsec("verify", "--all").code == 0
    assert pushed.commit("post-quantum").code == 0
    clone = pushed.clone()
    pulled = pushed.dvc("pull", folder=clone)
    assert pulled.code == 0, pulled.err
    assert {path: Envelope.from_bytes(path.read_bytes()).payload for path in envelopes(pushed)} == before
    log = json.loads(pushed.tdsec("--json", "audit", "log").out)
    assert "key.countersign" in json.dumps(log)


def test_upgrade_without_them_asks_for_new_verdicts(pushed: Workshop) -> None:
    assert pushed.tdsec("key", "upgrade", "--post-quantum").code == 0
    demand_second_signature(pushed)
    refused = pushed.tdsec("verify", "--all")
    assert refused.code == 11 and "tdsec check" in refused.out + refused.err
    late = pushed.tdsec("key", "countersign")
    assert late.code == 2 and "tdsec check --all" in late.err
    assert counted(envelopes(pushed)) == [1] * len(envelopes(pushed))
    assert pushed.tdsec("check", "--all").code == 0
    assert pushed.tdsec("verify", "--all").code == 0
    assert counted(pushed.verdicts()) == [2] * len(pushed.verdicts())


def test_countersigning_touches_only_what_is_mine_and_holds(pushed: Workshop) -> None:
    """Somebody else's statement, and one of mine that was changed, stay as they are."""
    first, second = pushed.verdicts()
    whole = first.read_bytes()
    shutil.copy(identity_file(), identity_file().with_name("alice"))
    identity_file().unlink()
    assert pushed.tdsec("key", "new", "--name", "bob").code == 0
    envelope = Envelope.from_bytes(whole)
    first.write_bytes(Envelope.sign(envelope.payload, *load_identity().signers).to_bytes())
    forged = Envelope(envelope.payload_type, b"{}", Envelope.from_bytes(second.read_bytes()).signatures)
    second.write_bytes(forged.to_bytes())
    shutil.move(identity_file().with_name("alice"), identity_file())
    kept = first.read_bytes(), second.read_bytes()
    assert pushed.tdsec("key", "upgrade", "--post-quantum").code == 0
    assert pushed.tdsec("key", "countersign").code == 0
    assert (first.read_bytes(), second.read_bytes()) == kept


def test_sizes_of_files_from_before_the_upgrade(pushed: Workshop) -> None:
    """After a lazy rotation, objects of both kinds of key lie side by side: each keeps its own size."""
    policy = pushed.root / "policies/policy.yaml"
    policy.write_text(policy.read_text() + '  - {match: "shared/**", exempt: files that others import}\n')
    assert pushed.commit("exempt").code == 0
    VaultFs(open_storage(pushed.root, "store"), "store").put_file(
        str(pushed.write("outside/old", ROWS)), "store/shared/old"
    )
    assert pushed.tdsec("key", "upgrade", "--post-quantum").code == 0
    assert pushed.tdsec("key", "countersign").code == 0
    demand_second_signature(pushed)
    access = pushed.root / "policies/access.yaml"
    access.write_text(access.read_text().replace("writers: []", "writers: [], post_quantum: true"))
    rotated = pushed.tdsec("vault", "rotate")
    assert rotated.code == 0, rotated.err
    fs = VaultFs(open_storage(pushed.root, "store"), "store")
    fs.put_file(str(pushed.write("outside/new", ROWS)), "store/shared/new")
    assert {fs.info(f"store/shared/{name}")["size"] for name in ("old", "new")} == {len(ROWS)}
    assert [one["size"] for one in fs.ls("store/shared")] == [len(ROWS)] * 2


def test_key_show_has_all_four(shop: Workshop) -> None:
    me = load_identity()
    shown = json.loads(shop.tdsec("--json", "key", "show").out)
    assert me.age_pq is not None and me.signing_pq is not None
    assert shown["age_pq"] == str(me.age_pq.recipient) and shown["signing_pq"] == str(
        me.signing_pq.verify_key
    )
    text = shop.tdsec("key", "show").out
    assert shown["age_pq"] in text and shown["signing_pq"] in text and "SECRET" not in text
