"""tdsec fix pii: a new version without the data, its derivation in the log, nothing else changed."""

from __future__ import annotations

import hashlib
import hmac
import io
import json

import polars
import pytest
from workshops import Workshop

MAILS = [f"jane.canary{i}@example.org" for i in range(30)]
CSV = (
    "id,mail,note\r\n" + "".join(f'{i:03},{mail},"a, ""b"" {i}"\r\n' for i, mail in enumerate(MAILS))
).encode()


def ready(shop: Workshop, name: str, data: bytes) -> None:
    shop.track(name, data)
    assert shop.commit("data").code == 0


def events(shop: Workshop) -> str:
    return shop.tdsec("--json", "audit", "log").out


def test_hmac_keeps_rows_and_other_columns(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    ready(workshop, "data/t.csv", CSV)
    monkeypatch.setenv("PII_KEY", "k" * 32)
    done = workshop.tdsec(
        "fix", "pii", "data/t.csv", "--column", "mail", "--how", "hmac", "--key-env", "PII_KEY"
    )
    assert done.code == 0, done.err
    digests = [hmac.new(b"k" * 32, mail.encode(), "sha256").hexdigest() for mail in MAILS]
    rows = "".join(f'{i:03},{digest},"a, ""b"" {i}"\r\n' for i, digest in enumerate(digests))
    assert (workshop.root / "data/t.csv").read_bytes() == ("id,mail,note\r\n" + rows).encode()
    pointer = (workshop.root / "data/t.csv.dvc").read_text()
    assert hashlib.md5((workshop.root / "data/t.csv").read_bytes()).hexdigest() in pointer
    log = events(workshop)
    assert "fix.pii" in log and "derived_from" in log
    said = done.out + done.err + log
    assert "canary" not in said and "kkkk" not in said and not any(one in said for one in digests)
    assert "git commit" in done.err


def test_drop_and_mask_in_parquet(workshop: Workshop) -> None:
    buffer = io.BytesIO()
    frame = polars.DataFrame(
        {"n": range(30), "mail": MAILS, "note": [f"write to {one} now" for one in MAILS]}
    )
    frame.write_parquet(buffer, compression="zstd")
    ready(workshop, "data/t.parquet", buffer.getvalue())
    assert workshop.tdsec("fix", "pii", "data/t.parquet", "--column", "mail", "--how", "drop").code == 0
    done = workshop.tdsec("fix", "pii", "data/t.parquet", "--column", "note", "--how", "mask", "--force")
    assert done.code == 0, done.err
    after = polars.read_parquet(workshop.root / "data/t.parquet")
    assert after.columns == ["n", "note"] and after["n"].equals(frame["n"])
    assert set(after["note"]) == {"write to [e-mail address] now"}
    assert b"canary" not in (workshop.root / "data/t.parquet").read_bytes()


def test_a_folder_of_json_lines_and_texts(workshop: Workshop) -> None:
    lines = "".join(json.dumps({"n": i, "who": {"mail": one}}) + "\n" for i, one in enumerate(MAILS))
    text = f"hello\nmy card is 4111 1111 1111 1111, {MAILS[0]}\n".encode()
    workshop.track("data/f", {"a.jsonl": lines.encode(), "b.txt": text, "c.csv": b"x,y\n1,2\n"})
    assert workshop.commit("data").code == 0
    assert workshop.tdsec("fix", "pii", "data/f", "--column", "who", "--how", "mask").code == 0
    done = workshop.tdsec("fix", "pii", "data/f", "--how", "mask", "--force")
    assert done.code == 0, done.err
    folder = workshop.root / "data/f"
    assert json.loads((folder / "a.jsonl").read_text().splitlines()[3]) == {
        "n": 3,
        "who": {"mail": "[e-mail address]"},
    }
    expected = "hello\nmy card is [payment card number], [e-mail address]\n"
    assert (folder / "b.txt").read_text() == expected
    assert (folder / "c.csv").read_bytes() == b"x,y\n1,2\n"


def test_work_that_dvc_does_not_know_is_not_lost(workshop: Workshop) -> None:
    ready(workshop, "data/t.csv", CSV)
    workshop.write("data/t.csv", b"id,mail\n1,new@example.org\n")
    refused = workshop.tdsec("fix", "pii", "data/t.csv", "--column", "mail", "--how", "drop")
    assert refused.code == 12 and "--force" in refused.err
    assert (workshop.root / "data/t.csv").read_bytes() == b"id,mail\n1,new@example.org\n"


def test_refusals_say_what_helps(workshop: Workshop) -> None:
    ready(workshop, "data/t.csv", CSV)
    call = ("fix", "pii", "data/t.csv")
    assert workshop.tdsec(*call, "--column", "nope", "--how", "drop").code == 2
    assert workshop.tdsec(*call, "--how", "drop").code == 2
    assert workshop.tdsec(*call, "--column", "mail", "--how", "mask", "--key-env", "X").code == 2
    assert workshop.tdsec(*call, "--column", "mail", "--how", "hmac", "--key-env", "NOT_THERE").code == 13
    assert (workshop.root / "data/t.csv").read_bytes() == CSV


def test_the_private_key_is_made_once_and_never_shown(workshop: Workshop) -> None:
    ready(workshop, "data/t.csv", CSV)
    done = workshop.tdsec("fix", "pii", "data/t.csv", "--column", "mail", "--how", "hmac")
    assert done.code == 0, done.err
    keys = list(workshop.base.rglob("pii-hmac.key"))
    assert len(keys) == 1 and keys[0].stat().st_mode & 0o777 == 0o600
    key = keys[0].read_text()
    assert key not in done.out + done.err + events(workshop)
    digest = hmac.new(key.encode(), MAILS[0].encode(), "sha256").hexdigest()
    assert digest in (workshop.root / "data/t.csv").read_text()
