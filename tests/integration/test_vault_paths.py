"""What the gate does not check: exempt outputs, run cache, imports by path, --to-remote. And padding."""

from __future__ import annotations

import shutil

import pytest
from workshops import FOLDER, POLICY, ROWS, Workshop, content

from tdsec_gov.vault.objects.objects import header_length
from tdsec_gov.vault.objects.padding import padme
from tdsec_gov.vault.plugin.wiring import open_storage

EXEMPT = """\
  - match: "models/**"
    exempt: trained here from accepted data, reviewed in the registry
  - match: "runs/**"
    exempt: "run cache: digests of stages, no rows"
  - match: "shared/**"
    exempt: files that other repositories import
"""
MODEL = b"weights " * 400_000


def exempting(shop: Workshop) -> None:
    (shop.root / "policies/policy.yaml").write_text(POLICY + EXEMPT)
    assert shop.commit("exempt models").code == 0


def test_exempt_outputs_need_no_check(workshop: Workshop) -> None:
    exempting(workshop)
    workshop.track("models/model.bin", MODEL)
    workshop.track("models/parts", FOLDER)
    assert workshop.commit("model").code == 0
    sent = workshop.dvc("push")
    assert sent.code == 0, sent.err
    assert len(workshop.objects("placements")) == len(workshop.objects())
    clone = workshop.clone()
    pulled = workshop.dvc("pull", folder=clone)
    assert pulled.code == 0, pulled.err
    assert (clone / "models/model.bin").read_bytes() == MODEL
    assert (clone / "models/parts/deep/er/b.csv").read_bytes() == FOLDER["deep/er/b.csv"]
    assert b"weights" not in b"".join(path.read_bytes() for path in workshop.stored())


def test_an_exemption_is_no_way_round_the_gate(workshop: Workshop) -> None:
    """The same bytes, brought in as a model, do not become the dataset."""
    exempting(workshop)
    workshop.track("models/model.bin", ROWS)
    assert workshop.dvc("push").code == 0
    workshop.track("data/rows.csv", ROWS)
    assert workshop.commit("both").code == 0
    clone = workshop.clone()
    pulled = workshop.dvc("pull", "data/rows.csv", folder=clone)
    assert pulled.code != 0 and "no verdict covers" in pulled.err
    assert not (clone / "data/rows.csv").exists()


def test_no_longer_exempt(workshop: Workshop) -> None:
    exempting(workshop)
    workshop.track("models/model.bin", MODEL)
    assert workshop.commit("model").code == 0 and workshop.dvc("push").code == 0
    (workshop.root / "policies/policy.yaml").write_text(POLICY)
    assert workshop.commit("no exemption").code == 0
    pulled = workshop.dvc("pull", folder=workshop.clone())
    assert pulled.code != 0 and "no verdict covers" in pulled.err


def test_swapped_or_unsigned_model_is_refused(workshop: Workshop) -> None:
    exempting(workshop)
    workshop.track("models/a.bin", MODEL)
    workshop.track("models/b.bin", MODEL[::-1])
    assert workshop.commit("models").code == 0 and workshop.dvc("push").code == 0
    for path in workshop.objects("placements"):
        path.unlink()
    pulled = workshop.dvc("pull", folder=workshop.clone())
    assert pulled.code != 0 and "no writer signed for this object" in pulled.err
    assert "Traceback" not in pulled.err


def test_import_and_get_by_path(workshop: Workshop) -> None:
    exempting(workshop)
    storage = open_storage(workshop.root, "store")
    from tdsec_gov.vault.plugin.filesystem import VaultFs

    fs = VaultFs(storage, "store")
    for name, data in (("shared/words.csv", ROWS), ("shared/deep/er.bin", MODEL)):
        source = workshop.write(f"outside/{name}", data)
        fs.put_file(str(source), f"store/{name}")
    listed = workshop.dvc("ls-url", "tdsec://store/shared", "--recursive")
    assert listed.code == 0 and {"words.csv", "deep/er.bin"} <= set(listed.out.split()), listed.err
    got = workshop.dvc("get-url", "tdsec://store/shared/deep", "got")
    assert got.code == 0, got.err
    assert (workshop.root / "got/er.bin").read_bytes() == MODEL
    imported = workshop.dvc("import-url", "tdsec://store/shared/words.csv", "words.csv")
    assert imported.code == 0, imported.err
    assert (workshop.root / "words.csv").read_bytes() == ROWS
    assert "up to date" in workshop.dvc("status", "words.csv.dvc").out
    names = " ".join(str(path.relative_to(workshop.storage)) for path in workshop.stored())
    assert "words" not in names and "shared" not in names and "deep" not in names


def test_an_older_file_put_back_is_refused(workshop: Workshop) -> None:
    exempting(workshop)
    from tdsec_gov.vault.plugin.filesystem import VaultFs

    def put(data: bytes) -> None:
        source = workshop.write("outside/words.csv", data)
        fs = VaultFs(open_storage(workshop.root, "store"), "store")
        fs.put_file(str(source), "store/shared/words.csv")

    put(ROWS)
    old = workshop.base / "old"
    shutil.copytree(workshop.storage, old)
    put(ROWS[::-1])
    new = workshop.dvc("get-url", "tdsec://store/shared/words.csv", "new.csv")
    assert new.code == 0 and (workshop.root / "new.csv").read_bytes() == ROWS[::-1]
    shutil.rmtree(workshop.storage)
    old.rename(workshop.storage)
    back = workshop.dvc("get-url", "tdsec://store/shared/words.csv", "back.csv")
    assert back.code != 0 and "older than the one that this clone has seen" in back.err, back.err
    assert not (workshop.root / "back.csv").exists()


def test_to_remote_is_refused_where_nothing_exempts_it(workshop: Workshop) -> None:
    exempting(workshop)
    source = workshop.base / "rows.csv"
    source.write_bytes(ROWS)
    added = workshop.dvc("add", "--to-remote", str(source), "-o", "data/rows.csv")
    assert added.code != 0 and "Traceback" not in added.err
    assert not workshop.objects()


def test_run_cache(workshop: Workshop) -> None:
    exempting(workshop)
    workshop.write("in.txt", b"7\n")
    stage = b"{cmd: cp in.txt models/out.txt, deps: [in.txt], outs: [models/out.txt]}"
    workshop.write("dvc.yaml", b"stages:\n  one: " + stage + b"\n")
    (workshop.root / "models").mkdir()
    ran = workshop.dvc("repro")
    assert ran.code == 0, ran.err
    assert workshop.commit("stage").code == 0
    sent = workshop.dvc("push", "--run-cache")
    assert sent.code == 0, sent.err
    clone = workshop.clone()
    pulled = workshop.dvc("pull", "--run-cache", folder=clone)
    assert pulled.code == 0, pulled.err
    assert any(path.is_file() for path in (clone / ".dvc/cache/runs").rglob("*"))


def test_padded_sizes(workshop: Workshop) -> None:
    access = workshop.root / "policies/access.yaml"
    access.write_text(access.read_text().replace("store: {", "store: {padding: padme, "))
    assert "padme" in access.read_text()
    content = {f"{n}.bin": bytes([n]) * (1000 + 3 * n) for n in range(9)} | {"big.bin": MODEL}
    workshop.track("data/folder", content)
    assert workshop.tdsec("check", "--all").code == 0
    assert workshop.commit("data").code == 0
    sent = workshop.dvc("push")
    assert sent.code == 0, sent.err
    room = open_storage(workshop.root, "store").main
    sizes = {room.size(path.stat().st_size, str(path)) for path in workshop.objects()}
    assert all(size == padme(size) for size in sizes) and padme(len(MODEL)) in sizes
    assert header_length(room.keyrings[0]) > 0
    clone = workshop.clone()
    pulled = workshop.dvc("pull", folder=clone)
    assert pulled.code == 0, pulled.err
    assert {p.name: p.read_bytes() for p in (clone / "data/folder").iterdir()} == content
    assert "in sync" in workshop.dvc("status", "-c").out


def test_an_older_version_of_a_dataset_by_its_version_id(pushed: Workshop) -> None:
    """What a version-aware remote keeps of an older version is no way round the newer verdict."""
    from tdsec_gov.vault.plugin.filesystem import VaultFs
    from tdsec_gov.vault.plugin.refusal import VaultRefusal

    def fs() -> VaultFs:
        storage = open_storage(pushed.root, "store")
        storage.inner.join_version = lambda place, version: f"{place}.{version}"  # keeps versions beside it
        return VaultFs(storage, "store")

    fs().store("store/data/rows.csv", content(ROWS))
    (kept,) = pushed.objects("paths")
    kept.rename(kept.with_name(f"{kept.name}.old"))
    there = pushed.base / "there.csv"
    fs().get_file("store/data/rows.csv?versionId=old", str(there))
    assert there.read_bytes() == ROWS
    there.unlink()
    pushed.track("data/rows.csv", ROWS + b"400,one more,1\n")
    assert pushed.tdsec("check", "data/rows.csv").code == 0 and pushed.commit("newer").code == 0
    with pytest.raises(VaultRefusal, match="a newer version of this dataset was approved"):
        fs().get_file("store/data/rows.csv?versionId=old", str(there))
    assert not there.exists()
