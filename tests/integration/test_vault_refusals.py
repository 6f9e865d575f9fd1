"""What must not get into the vault: data that no verdict vouches for, and bytes that were not judged."""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from workshops import ROWS, Workshop

from tdsec_gov.demo.data import COLLISION
from tdsec_gov.domain.findings import Status
from tdsec_gov.keys.dsse import Envelope
from tdsec_gov.keys.identity import Identity
from tdsec_gov.keys.loading import load_identity
from tdsec_gov.verdicts.statement import from_statement, to_statement
from tdsec_gov.verdicts.verify import format_time

COLLIDING = COLLISION
"""Wang and others (2004): two blocks of 128 bytes with the MD5 79054025255fb1a26e4bc422aef54eb4."""


def refused_push(shop: Workshop, *words: str, targets: tuple[str, ...] = ()) -> str:
    """``dvc push`` says no in one line of ours with these words, and uploads nothing."""
    before = shop.stored()
    sent = shop.dvc("push", *targets)
    assert sent.code != 0
    ours = [line for line in sent.err.splitlines() if "tdsec refused" in line]
    assert len(ours) == 1, sent.err
    for word in words:
        assert word in ours[0]
    assert "Traceback" not in sent.err
    assert shop.stored() == before
    return ours[0]


def the_verdict(shop: Workshop, dataset: str) -> Path:
    (found,) = (shop.root / ".tdsec/verdicts" / dataset).glob("*.intoto.jsonl")
    return found


def accepted(shop: Workshop, name: str = "data/new.csv", data: bytes = b"id\n1\n2\n") -> Path:
    """A dataset with a good verdict that is not pushed; returns the verdict's path."""
    shop.track(name, data)
    checked = shop.tdsec("check", name)
    assert checked.code == 0, checked.out
    return the_verdict(shop, name)


def signed_again(path: Path, signer: Identity, **changes: object) -> None:
    """The same verdict with changes, signed by ``signer``."""
    verdict = from_statement(Envelope.from_bytes(path.read_bytes()).payload)
    changed = dataclasses.replace(verdict, **changes)  # type: ignore[arg-type]
    path.write_bytes(Envelope.sign(to_statement(changed), signer).to_bytes())


def test_unverified_data(pushed: Workshop) -> None:
    pushed.track("data/new.csv", b"id\n1\n2\n")
    refused_push(pushed, "dataset 'data/new.csv'", "no verdict", "run: tdsec check data/new.csv")


def test_failed_data(pushed: Workshop) -> None:
    pushed.track("bad/new.csv", b"id\n1\n2\n")
    assert pushed.tdsec("check", "bad/new.csv").code == 1
    refused_push(pushed, "dataset 'bad/new.csv'", "the gate denied this version", "tdsec check bad/new.csv")


def test_personal_data(pushed: Workshop) -> None:
    pushed.track("mail/new.csv", b"mail\n" + b"".join(b"p%d@example.com\n" % n for n in range(50)))
    denied = pushed.tdsec("check", "mail/new.csv")
    assert denied.code == 1 and "p1@example" not in denied.out + denied.err
    line = refused_push(pushed, "dataset 'mail/new.csv'", "the gate denied this version")
    assert "@example" not in line


def expire(path: Path) -> None:
    past = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=5)
    signed_again(path, load_identity(), expires_at=format_time(past))


def from_the_future(path: Path) -> None:
    later = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    signed_again(path, load_identity(), evaluated_at=format_time(later))


def by_a_stranger(path: Path) -> None:
    signed_again(path, Identity.generate("alice"))


def by_a_stranger_as_alice(path: Path) -> None:
    """A stranger's signature under the trusted keyid."""
    envelope = Envelope.from_bytes(path.read_bytes())
    (_, signature), *_ = Envelope.sign(envelope.payload, Identity.generate("x")).signatures
    forged = dataclasses.replace(envelope, signatures=((load_identity().keyid, signature),))
    path.write_bytes(forged.to_bytes())


def edited_payload(path: Path) -> None:
    envelope = Envelope.from_bytes(path.read_bytes())
    verdict = from_statement(envelope.payload)
    payload = to_statement(dataclasses.replace(verdict, sequence=verdict.sequence + 1))
    path.write_bytes(dataclasses.replace(envelope, payload=payload).to_bytes())


def another_payload_type(path: Path) -> None:
    envelope = Envelope.from_bytes(path.read_bytes())
    path.write_bytes(Envelope.sign(envelope.payload, load_identity(), payload_type="text/plain").to_bytes())


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def without_signatures(path: Path) -> None:
    body = json.loads(path.read_bytes())
    path.write_text(json.dumps({**body, "signatures": []}))


@pytest.mark.parametrize(
    ("forge", "words"),
    [
        (expire, "expired"),
        (from_the_future, "dated in the future"),
        (by_a_stranger, "signed by nobody trusted"),
        (by_a_stranger_as_alice, "signature does not verify"),
        (edited_payload, "signature does not verify"),
        (another_payload_type, "another payload type"),
        (cut_short, "no verdict covers this version"),
        (emptied, "no verdict covers this version"),
        (without_signatures, "no verdict covers this version"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_forged_verdict(pushed: Workshop, forge: Callable[[Path], None], words: str) -> None:
    forge(accepted(pushed))
    line = refused_push(pushed, "dataset 'data/new.csv'", words)
    assert "tdsec check" in line


def test_verdict_moved_to_another_dataset(pushed: Workshop) -> None:
    """The verdict of accepted bytes laid under a denied dataset's name."""
    pushed.track("bad/new.csv", b"id\n1\n2\n3\n")
    assert pushed.tdsec("check", "bad/new.csv").code == 1
    denied = the_verdict(pushed, "bad/new.csv")
    good = the_verdict(pushed, "data/rows.csv")
    denied.write_bytes(good.read_bytes())
    refused_push(pushed, "dataset 'bad/new.csv'")


def test_accepted_verdict_turned_to_another_oid(pushed: Workshop) -> None:
    """Only the unsigned way would work: a signed verdict cannot speak of another oid."""
    path = accepted(pushed)
    oid = pushed.track("bad/new.csv", b"id\n4\n")
    envelope = Envelope.from_bytes(path.read_bytes())
    payload = envelope.payload.replace(pushed.store(b"id\n1\n2\n").encode(), oid.encode())
    assert payload != envelope.payload
    body = {**json.loads(path.read_bytes()), "payload": base64.b64encode(payload).decode()}
    path.write_text(json.dumps(body))
    refused_push(pushed, "dataset 'bad/new.csv'", targets=("bad/new.csv",))


def test_failed_verdict_flipped_to_passed_by_a_stranger(pushed: Workshop) -> None:
    pushed.track("bad/new.csv", b"id\n1\n2\n3\n")
    assert pushed.tdsec("check", "bad/new.csv").code == 1
    path = the_verdict(pushed, "bad/new.csv")
    signed_again(path, Identity.generate("alice"), result=Status.PASSED, reasons=())
    refused_push(pushed, "dataset 'bad/new.csv'", "signed by nobody trusted")


def test_refused_folder_of_300_files_is_one_line(pushed: Workshop) -> None:
    pushed.track("bad/many", {f"part-{n:03}.csv": b"id\n%d\n" % n for n in range(300)})
    assert pushed.tdsec("check", "bad/many").code == 1
    refused_push(pushed, "dataset 'bad/many'", "denied", targets=("bad/many",))


def test_one_refused_dataset_does_not_hold_back_the_others(pushed: Workshop) -> None:
    accepted(pushed)
    pushed.track("bad/new.csv", b"id\n1\n2\n3\n")
    before = len(pushed.objects())
    sent = pushed.dvc("push")
    assert sent.code != 0 and sent.err.count("tdsec refused") == 1
    assert len(pushed.objects()) == before + 1


@pytest.mark.parametrize(
    "swapped",
    [b"id\n7\n2\n", b"id\n1\n", b"", b"id\n1\n2\n3\n4\n5\n", b"x" * 3_000_000],
    ids=["same-size", "shorter", "empty", "longer", "much-longer"],
)
def test_cache_object_swapped_after_the_gate(pushed: Workshop, swapped: bytes) -> None:
    """Mode restored to 0444, which DVC trusts: plain DVC uploads it (checked by the twin below)."""
    accepted(pushed)
    place = pushed.object(pushed.store(b"id\n1\n2\n"))
    place.chmod(0o644)
    place.write_bytes(swapped)
    place.chmod(0o444)
    line = refused_push(pushed, "data/new.csv", "content is not what the gate checked")
    assert "tdsec check" in line
    place.chmod(0o644)
    place.write_bytes(b"id\n1\n2\n")
    place.chmod(0o444)
    sent = pushed.dvc("push")
    assert sent.code == 0 and "1 file pushed" in sent.out, "a refused object must not count as uploaded"


def test_folder_member_swapped_after_the_gate(pushed: Workshop) -> None:
    content = {"one.csv": b"id\n1\n", "two.csv": b"id\n2\n"}
    pushed.track("data/pair", content)
    assert pushed.tdsec("check", "data/pair").code == 0
    place = pushed.object(pushed.store(content["two.csv"]))
    place.chmod(0o644)
    place.write_bytes(b"id\n3\n")
    place.chmod(0o444)
    before = len(pushed.objects())
    sent = pushed.dvc("push", "data/pair")
    assert sent.code != 0 and sent.err.count("tdsec refused") == 1
    assert len(pushed.objects()) == before + 1, "the good member only, and no folder list"
    assert pushed.tdsec("verify", "data/pair").code == 10


def test_md5_collision_after_the_gate(pushed: Workshop) -> None:
    """Both halves have one MD5, which is all that DVC looks at; the verdict looks at SHA-256."""
    tail = b"\nid,label\n" + b"1,0\n" * 100
    good, evil = (block + tail for block in COLLIDING)
    assert good != evil and pushed.store(good) == pushed.store(evil)
    accepted(pushed, "data/new.bin", good)
    oid = pushed.store(good)
    place = pushed.object(oid)
    place.chmod(0o644)
    place.write_bytes(evil)
    place.chmod(0o444)
    refused_push(pushed, "data/new.bin", "content is not what the gate checked")
    assert pushed.tdsec("verify", "data/new.bin").code == 10
    assert pushed.dvc("remote", "add", "--local", "plain", str(pushed.base / "plain")).code == 0
    assert pushed.dvc("push", "-r", "plain", "data/new.bin").code == 0, "stock DVC takes it"
    assert (pushed.base / "plain/files/md5" / oid[:2] / oid[2:]).read_bytes() == evil


def test_pushing_an_old_commit_needs_its_verdict(pushed: Workshop) -> None:
    """`dvc push -a` reaches versions that no pointer on disk names: they are refused all the same."""
    pushed.track("data/rows.csv", ROWS + b"400,never checked,0\n")
    assert pushed.commit("unchecked").code == 0
    pushed.track("data/rows.csv", ROWS)
    assert pushed.commit("back").code == 0
    before = pushed.stored()
    sent = pushed.dvc("push", "--all-commits")
    assert sent.code != 0 and "no verdict" in sent.err
    assert pushed.stored() == before


def test_policy_gone_refuses(pushed: Workshop) -> None:
    accepted(pushed)
    (pushed.root / "policies/policy.yaml").unlink()
    before = pushed.stored()
    sent = pushed.dvc("push")
    assert sent.code != 0 and "policies/policy.yaml: file is missing" in sent.err
    assert "Traceback" not in sent.err and pushed.stored() == before
