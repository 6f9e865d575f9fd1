"""A vault remote with a folder of its own, ``tdsec://NAME/sub``: the same as one without."""

from __future__ import annotations

from workshops import ROWS, Workshop


def test_all_datasets_are_pushed_and_pulled(workshop: Workshop) -> None:
    """DVC keys its index by the remote's identity, and a slash in that once hid all but one dataset."""
    contents = {f"data/part-{n}.csv": ROWS + b"%d\n" % n for n in range(3)}
    for name, content in contents.items():
        workshop.track(name, content)
    assert workshop.tdsec("check", "--all").code == 0
    assert workshop.dvc("remote", "modify", "vault", "url", "tdsec://store/team/one").code == 0
    assert workshop.commit("data").code == 0
    sent = workshop.dvc("push")
    assert sent.code == 0 and "3 files pushed" in sent.out, sent.out + sent.err
    clone = workshop.clone()
    pulled = workshop.dvc("pull", folder=clone)
    assert pulled.code == 0, pulled.err
    assert {name: (clone / name).read_bytes() for name in contents} == contents
    assert not [path for path in workshop.stored() if b"team" in path.read_bytes() or "team" in str(path)]
