"""A hostile storage: whatever it does to its objects, a pull refuses and nothing gets its final name.

The twin without tdsec shows which of these attacks stock DVC lets through.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from workshops import FOLDER, ROWS, Workshop

from tdsec_gov.files import WorkTree
from tdsec_gov.keys.age import file as age_file
from tdsec_gov.keys.age import x25519
from tdsec_gov.keys.loading import load_identity
from tdsec_gov.vault.keyrings.keyring import Keyring, keyring_statement, open_keyrings
from tdsec_gov.vault.keyrings.naming import Names
from tdsec_gov.vault.objects import objects

FLIPPED = ROWS.replace(b",0\n", b",2\n").replace(b",1\n", b",0\n").replace(b",2\n", b",1\n")
BIG = FOLDER["deep/er/b.csv"]
CHUNK = 65536 + 16


def keyring(shop: Workshop) -> Keyring:
    me = load_identity()
    return open_keyrings(WorkTree(shop.root), "store", me, {me.keyid: me.verify_key})[0]


def place(shop: Workshop, data: bytes) -> Path:
    name = Names(keyring(shop).name_key).of_oid(hashlib.md5(data).hexdigest())
    return shop.storage / "tdsec-v1" / "objects" / name[:2] / name[2:]


def listing(shop: Workshop) -> Path:
    (oid,) = [
        line.split()[-1]
        for line in (shop.root / "data/folder.dvc").read_text().splitlines()
        if "md5:" in line
    ]
    name = Names(keyring(shop).name_key).of_oid(oid)
    return shop.storage / "tdsec-v1" / "objects" / name[:2] / name[2:]


def flip_a_bit(shop: Workshop) -> None:
    path = place(shop, ROWS)
    data = bytearray(path.read_bytes())
    data[-40] ^= 1
    path.write_bytes(data)


def flip_a_bit_of_the_header(shop: Workshop) -> None:
    path = place(shop, ROWS)
    data = bytearray(path.read_bytes())
    data[80] ^= 1
    path.write_bytes(data)


def cut_at_a_chunk(shop: Workshop) -> None:
    path = place(shop, BIG)
    data = path.read_bytes()
    start = objects.header_length(keyring(shop)) + 16
    assert len(data) > start + 2 * CHUNK
    path.write_bytes(data[: start + CHUNK])


def swap_two(shop: Workshop) -> None:
    one, two = place(shop, ROWS), place(shop, BIG)
    first = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(first)


def plaintext(shop: Workshop) -> None:
    place(shop, ROWS).write_bytes(FLIPPED)


def sealed_by_an_attacker(shop: Workshop) -> None:
    """Who has git has the public recipient: an object with the right binding and other content."""
    me = load_identity()
    tree = WorkTree(shop.root)
    public = keyring_statement(tree, "store", 1, {me.keyid: me.verify_key}).data_recipient
    path = place(shop, ROWS)
    name = "".join(path.parts[-2:])
    stanza = objects.binding("store", 1, name)
    path.write_bytes(age_file.encrypt_bytes(FLIPPED, [x25519.Recipient.parse(public)], [stanza]))


def sealed_without_binding(shop: Workshop) -> None:
    public = keyring(shop).recipient
    place(shop, ROWS).write_bytes(age_file.encrypt_bytes(ROWS, [public]))


def empty(shop: Workshop) -> None:
    place(shop, ROWS).write_bytes(b"")


def gone(shop: Workshop) -> None:
    place(shop, ROWS).unlink()


def listing_replaced(shop: Workshop) -> None:
    """A list of files that leaves one out, sealed with the right binding by somebody with the key."""
    path = listing(shop)
    name = "".join(path.parts[-2:])
    ring = keyring(shop)
    items = b'[{"md5": "%s", "relpath": "a.csv"}]' % hashlib.md5(FOLDER["a.csv"]).hexdigest().encode()
    stanza = objects.binding("store", 1, name)
    path.write_bytes(age_file.encrypt_bytes(items, [ring.data.recipient], [stanza]))


def manifest_gone(shop: Workshop) -> None:
    for path in shop.objects("manifests"):
        path.unlink()


def manifest_of_an_object(shop: Workshop) -> None:
    (path,) = shop.objects("manifests")
    shutil.copyfile(place(shop, ROWS), path)


ATTACKS = [
    (flip_a_bit, "data/rows.csv", "damaged"),
    (flip_a_bit_of_the_header, "data/rows.csv", ""),
    (cut_at_a_chunk, "data/folder", ""),
    (swap_two, "data/rows.csv", "belongs to another place"),
    (plaintext, "data/rows.csv", ""),
    (sealed_by_an_attacker, "data/rows.csv", "not what the gate checked"),
    (sealed_without_binding, "data/rows.csv", "belongs to another place"),
    (empty, "data/rows.csv", ""),
    (listing_replaced, "data/folder", "not the one that was signed"),
    (manifest_gone, "data/folder", "manifest of this version is neither here nor in the vault"),
    (manifest_of_an_object, "data/folder", ""),
]


@pytest.mark.parametrize(("attack", "target", "words"), ATTACKS, ids=[one[0].__name__ for one in ATTACKS])
def test_pull_refuses(pushed: Workshop, attack: Callable[[Workshop], None], target: str, words: str) -> None:
    clone = pushed.clone()
    attack(pushed)
    pulled = pushed.dvc("pull", target, folder=clone)
    assert pulled.code != 0
    assert "tdsec refused" in pulled.err and words in pulled.err, pulled.err
    assert "Traceback" not in pulled.err and "row-number" not in pulled.err
    if target == "data/rows.csv":
        assert not (clone / target).exists()
        assert not [p for p in (clone / ".dvc/cache/files").rglob("*") if p.is_file()]
    else:
        whole = {p.relative_to(clone / target).as_posix() for p in (clone / target).rglob("*") if p.is_file()}
        assert whole != set(FOLDER)
    assert not list(clone.rglob("*.tdsec-part"))


def test_missing_object_is_an_error(pushed: Workshop) -> None:
    clone = pushed.clone()
    gone(pushed)
    pulled = pushed.dvc("pull", "data/rows.csv", folder=clone)
    assert pulled.code != 0 and not (clone / "data/rows.csv").exists()


def test_get_leaves_no_file_behind(pushed: Workshop) -> None:
    """`dvc get` hands us the user's own file name: a refused object must not appear there."""
    flip_a_bit(pushed)
    assert pushed.publish_storage().code == 0
    away = pushed.base / "away"
    away.mkdir()
    got = pushed.dvc("get", "--rev", "main", str(pushed.root), "data/rows.csv", "-o", "mine.csv", folder=away)
    assert got.code != 0 and "damaged" in got.err
    assert [p.name for p in away.rglob("*") if p.is_file()] == []


def test_stock_dvc_takes_the_same_attacks(pushed: Workshop) -> None:
    """Labels flipped and two objects swapped on a plain remote: pulled, and called up to date."""
    twin = pushed.base / "twin"
    twin.mkdir()
    remote = pushed.base / "plain"
    assert pushed.git("init", "-q", folder=twin).code == 0
    assert pushed.dvc("init", "-q", folder=twin).code == 0
    assert pushed.dvc("remote", "add", "-d", "plain", str(remote), folder=twin).code == 0
    (twin / "rows.csv").write_bytes(ROWS)
    (twin / "big.csv").write_bytes(BIG)
    assert pushed.dvc("add", "-q", "rows.csv", "big.csv", folder=twin).code == 0
    assert pushed.dvc("push", "-q", folder=twin).code == 0
    for data, wrong in ((ROWS, FLIPPED), (BIG, ROWS)):
        oid = hashlib.md5(data).hexdigest()
        stored = remote / "files/md5" / oid[:2] / oid[2:]
        stored.chmod(0o644)
        stored.write_bytes(wrong)
        stored.chmod(0o444)
        (twin / ("rows.csv" if data == ROWS else "big.csv")).unlink()
    shutil.rmtree(twin / ".dvc/cache")
    shutil.rmtree(twin / ".dvc/tmp")
    pulled = pushed.dvc("pull", folder=twin)
    assert pulled.code == 0
    assert (twin / "rows.csv").read_bytes() == FLIPPED
    assert (twin / "big.csv").read_bytes() == ROWS
    assert "up to date" in pushed.dvc("status", folder=twin).out


def test_swapped_keyring_is_refused(pushed: Workshop) -> None:
    """Somebody who can write git but may not write the vault slips in a keyring of his own."""
    clone = pushed.clone()
    mine = Keyring.generate("store")
    me = load_identity()
    sealed = age_file.encrypt_bytes(mine.to_bytes(), [me.age.recipient])
    (clone / ".tdsec/vaults/store/keyring-1.age").write_bytes(sealed)
    pulled = pushed.dvc("pull", folder=clone)
    assert pulled.code != 0 and "keyring is not the one that was signed" in pulled.err
