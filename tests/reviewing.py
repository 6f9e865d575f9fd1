"""Reviews: a team of four, each in a clone of one workshop, and the moves of tests about review requests."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

from workshops import POLICY, Answer, Workshop, isolated, living_as, living_in, person

BEFORE = """\
  - match: "bad/**"
    source: my-source
    checks: {source: {min_trust: internal}}
"""
RULES = """\
  - match: "bad/**"
    source: my-source
    checks: {source: {min_trust: internal}}
    waivers: {checks: [source], roles: [steward], max_days: 30, not_by_committer: true}
  - match: "two/**"
    source: my-source
    checks: {source: {}}
    signers: {all: [{roles: [admin]}, {roles: [second]}]}
"""
BAD = b"id,label\n1,0\n2,1\n"
REASON = "accepted until the contract is signed"
SOON = (dt.datetime.now(dt.UTC) + dt.timedelta(days=7)).date().isoformat()


def prepare(shop: Workshop) -> Workshop:
    """Alice (admin) brings data; bob is steward, carol second; dave is a member who may read nothing."""
    with living_in(shop.base):
        for name, role in (("bob", "steward"), ("carol", "second"), ("dave", "guest")):
            person(shop, name)
            access = shop.root / "policies/access.yaml"
            text = access.read_text().replace("roles: []\n", f"roles: [{role}]\n")
            access.write_text(text.replace("roles:\n", f"roles:\n  {role}: {{}}\n", 1))
        (shop.root / "policies/policy.yaml").write_text(POLICY.replace(BEFORE, RULES))
        assert shop.commit("people").code == 0
    return shop


class Team:
    """One workshop, where alice lives, and a clone of it for each colleague."""

    def __init__(self, shop: Workshop) -> None:
        self.shop = shop

    def clone(self, name: str) -> Path:
        place = self.shop.base / f"clone-{name}"
        return place if place.exists() else self.shop.clone(place.name)

    def as_(self, name: str, *words: str | Path) -> Answer:
        """``tdsec WORDS`` by a colleague in their own clone."""
        who = {"NAME": name, "EMAIL": f"{name}@example.org"}
        git = {f"GIT_{act}_{what}": text for act in ("AUTHOR", "COMMITTER") for what, text in who.items()}
        folder = self.clone(name)
        with living_as({**isolated(self.shop.base, name), **git}):
            return self.shop.tdsec(*words, folder=folder)

    def send(self, target: str, *more: str) -> str:
        sent = self.shop.tdsec("--json", "review", "send", target, *more)
        assert sent.code == 0, sent.err
        return str(json.loads(sent.out)["request"])

    def denied(self) -> str:
        """``bad/x.csv``, denied and sent; the request's name."""
        self.shop.track("bad/x.csv", BAD)
        assert self.shop.tdsec("check", "bad/x.csv").code == 1
        return self.send("bad/x.csv")

    def request(self, id: str) -> Path:
        return self.shop.storage / "tdsec-v1/review" / id

    def waive(self, id: str, name: str = "bob") -> Answer:
        words = ("bad/x.csv", "source", "--review", id, "--reason", REASON, "--until", SOON)
        return self.as_(name, "waive", *words)
