"""What the code says, as rows and texts for the documentation's blocks."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Any

import click
from click.testing import CliRunner
from doc_blocks import PACKAGE, ROOT, Row, Rows, Text, cell, keyed, table

from tdsec_gov.checks.explain import EXPLANATIONS
from tdsec_gov.checks.poisoning import settings
from tdsec_gov.checks.registry import CHECKS
from tdsec_gov.checks.schema import words as schema_file
from tdsec_gov.cli.main import cli
from tdsec_gov.domain import events
from tdsec_gov.domain.dataset import DatasetVersion, FileEntry
from tdsec_gov.domain.findings import CheckResult, Finding
from tdsec_gov.errors import TdsecError
from tdsec_gov.policy import access_models, models, source_models
from tdsec_gov.policy.strict import Strict
from tdsec_gov.vault.keyrings.statement import KeyringStatement
from tdsec_gov.verdicts import statement

WIDTH = 80
RANGES = {
    "gate": range(100),
    "source": range(100, 200),
    "schema": range(200, 300),
    "pii": range(300, 400),
    "poisoning": range(400, 500),
    "files": range(500, 600),
    "malware": range(600, 700),
    "media": range(700, 750),
}


def code(text: object) -> str:
    return f"`{text}`"


# -- commands ------------------------------------------------------------------------------------


def commands() -> dict[str, click.Command]:
    """Every command, groups included, by what the user types (``tdsec vault status``)."""
    return dict(_below("tdsec", cli))


def _below(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                yield from _below(f"{path} {name}", inner)


def help_text(path: str) -> str:
    """What ``path --help`` prints on a terminal of 80 columns, as a fenced block."""
    arguments = [*path.split()[1:], "--help"]
    answer = CliRunner().invoke(cli, arguments, prog_name="tdsec", terminal_width=WIDTH)
    if answer.exit_code != 0:
        raise ValueError(f"{path} --help ends with {answer.exit_code}")
    lines = [line.rstrip() for line in answer.output.strip().splitlines()]
    return "```text\n" + "\n".join(lines) + "\n```\n"


# -- errors and findings -------------------------------------------------------------------------


def error_classes() -> list[type[TdsecError]]:
    """Every public class of the error tree that a module of the package defines, depth first."""
    for module in _modules_with_errors():
        importlib.import_module(module)
    return [TdsecError, *_tree(TdsecError)]


def _modules_with_errors() -> list[str]:
    """Modules with a class that names one of the known error classes as a base (read, not imported)."""
    known, found = {"TdsecError"}, set()
    trees = {path: ast.parse(path.read_text("utf-8")) for path in PACKAGE.rglob("*.py")}
    grown = True
    while grown:
        grown = False
        for path, tree in trees.items():
            for node in tree.body:
                bases = {ast.unparse(one) for one in node.bases} if isinstance(node, ast.ClassDef) else set()
                if isinstance(node, ast.ClassDef) and bases & known and node.name not in known:
                    known.add(node.name)
                    found.add(".".join(path.relative_to(ROOT).with_suffix("").parts))
                    grown = True
    return sorted(found)


def _tree(kind: type[TdsecError]) -> Iterator[type[TdsecError]]:
    for one in sorted(kind.__subclasses__(), key=_room):  # not in the order tests happened to import them
        if one.__module__.startswith("tdsec_gov.") and not one.__name__.startswith("_"):
            yield one
            yield from _tree(one)


def _room(kind: type[TdsecError]) -> tuple[bool, str]:
    return kind.__module__ != "tdsec_gov.errors", kind.__module__


def errors_table(_: str) -> str:
    rows = []
    for kind in error_classes():
        depth = len([one for one in kind.__mro__ if issubclass(one, TdsecError)]) - 1
        title = (inspect.getdoc(kind) or "").split("\n")[0]
        rows.append(
            (f"{'&emsp;' * depth}{code(kind.__name__)}", code(kind.code), str(kind.exit_code), cell(title))
        )
    return table(("class", "code", "exit", "when"), rows)


def findings_table(_: str) -> str:
    rows = [(name, *(cell(part) for part in words)) for name, words in EXPLANATIONS.items()]
    return table(("code", "title", "what it means", "how to fix it"), rows)


def codes_table(check: str) -> str:
    named = {name: one for name, one in EXPLANATIONS.items() if int(name[3:]) in RANGES[check]}
    return table(("code", "title"), [(name, cell(one.title)) for name, one in named.items()])


# -- policy files --------------------------------------------------------------------------------


def _models() -> dict[str, type[Strict]]:
    """Every model of policies/*.yaml."""
    found = [one for module in (models, source_models, access_models) for one in vars(module).values()]
    kinds = [one for one in found if inspect.isclass(one) and issubclass(one, Strict) and one is not Strict]
    return {one.__name__: one for one in kinds}


def model_names() -> list[str]:
    return sorted(_models())


def model_rows(name: str) -> tuple[Row, Iterable[Row]]:
    body = _models()[name].model_json_schema()
    needed = body.get("required", [])
    rows = []
    for key, spec in body["properties"].items():
        default = "required" if key in needed else _default(spec.get("default"))
        rows.append((code(key), _value(spec), default))
    return ("key", "value", "default"), rows


def _default(value: Any) -> str:
    if isinstance(value, dict) or value in (None, [], ""):
        return "-"
    return code(value if isinstance(value, str) else json.dumps(value))


def _value(spec: dict[str, Any]) -> str:
    """A JSON Schema in a few words."""
    if "$ref" in spec:
        name = spec["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in spec:
        return " or ".join(_value(one) for one in spec["anyOf"] if one != {"type": "null"})
    if "enum" in spec or "const" in spec:
        return ", ".join(code(one) for one in spec.get("enum", [spec.get("const")]))
    kind = spec.get("type")
    if kind == "array":
        return f"list of: {_value(spec['items'])}"
    if kind == "object":
        inner = next(iter(spec.get("patternProperties", {}).values()), None)
        named = isinstance(inner, dict) and "$ref" in inner
        return f"mapping of name to: {_value(inner)}" if named else "mapping of name to mapping"
    if kind == "string":
        return _text(spec)
    return {"boolean": "true or false"}.get(str(kind)) or _number(str(kind), spec)


def _text(spec: dict[str, Any]) -> str:
    if spec.get("format") == "date":
        return "date, `YYYY-MM-DD`"
    starts = {"^[A-Za-z0-9]": "name", "^(age1": "`age1...` or `ssh-...`", "^age1pq1": "`age1pq1...`"}
    starts |= {"^ed25519:": "`ed25519:...`", "^ml-dsa-65:": "`ml-dsa-65:...`"}
    if "pattern" in spec:
        return next((word for start, word in starts.items() if spec["pattern"].startswith(start)), "text")
    return f"text, {spec['minLength']} or more characters" if spec.get("minLength", 1) > 1 else "text"


def _number(kind: str, spec: dict[str, Any]) -> str:
    words = {"exclusiveMinimum": "above", "minimum": "from", "exclusiveMaximum": "below", "maximum": "to"}
    limits = [f"{word} {spec[key]:g}" for key, word in words.items() if key in spec]
    return " ".join(["whole number" if kind == "integer" else "number", *limits])


def param_rows(check: str) -> tuple[Row, Iterable[Row]]:
    rows = list(_poisoning() if check == "poisoning" else _params(check))
    return ("setting", "value", "default"), rows


def _poisoning() -> Iterator[Row]:
    default = settings.Settings.parse({})
    for key in (field.name for field in fields(settings.Settings)):
        value = getattr(default, key)
        if key in settings._WORDS:
            words = "`warn`, `deny`"
        elif key == "labels_from":
            words = "`column`, `folder`"
        elif key in settings._SHARES:
            words = "number above 0 to 0.2" if key == "alpha" else "number from 0 to 1"
        else:
            words = {str: "text", bool: "true or false", int: "whole number", frozenset: "list of: text"}[
                type(value)
            ]
        shown = (
            value if isinstance(value, str) else json.dumps(value) if isinstance(value, int | float) else ""
        )
        yield code(key), words, code(shown) if shown else "-"


def _params(check: str) -> Iterator[Row]:
    """The ``params.choice(...)`` and like calls of a check, evaluated in the module that reads them."""
    module = importlib.import_module(CHECKS[check].partition(":")[0])
    if "params.done()" not in inspect.getsource(module):
        module = importlib.import_module(f"{module.__package__}.settings")
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        call = node.func if isinstance(node, ast.Call) else None
        if not isinstance(call, ast.Attribute) or ast.unparse(call.value) != "params" or call.attr == "done":
            continue
        values = [eval(ast.unparse(one), vars(module)) for one in node.args]
        yield _param(call.attr, *values)


OPTIONAL = ("sha256",)
"""Texts that are asked for only where they stand."""


def _param(kind: str, name: str, *rest: Any) -> Row:
    if kind == "choice":
        return code(name), ", ".join(map(code, rest[0])), code(rest[1])
    if kind == "number":
        default = "-" if rest[0] is None else code(f"{rest[0]:g}")
        return code(name), f"number from {rest[1]:g} to {rest[2]:g}", default
    if kind == "share":
        return code(name), "number from 0 to 1", code(f"{rest[0]:g}")
    if kind == "flag":
        return code(name), "true or false", code(json.dumps(rest[0]))
    if kind == "text":
        return code(name), "text", "-" if name in OPTIONAL else "required"
    if kind == "records":
        return code(name), f"list of: {{{', '.join(rest[0])}}}", "-"
    options = rest[1] if len(rest) > 1 else ()
    words = f"list of: {', '.join(map(code, options))}" if 0 < len(options) <= 20 else "list of names"
    return code(name), words, ", ".join(rest[0] if rest else ()) or "-"


def schema_rows(part: str) -> tuple[Row, Iterable[Row]]:
    if part == "file":
        return ("key",), [(code(key),) for key in sorted(schema_file.TOP)]
    if part == "column":
        return ("key",), [(code(key),) for key in sorted(schema_file.COLUMN)]
    short = {name: alias for alias, name in schema_file.ALIASES.items()}
    rows = []
    for name, shape in schema_file.CHECKS.items():
        keywords = ", ".join(map(code, sorted(schema_file.KEYWORDS.get(name, ()))))
        rows.append((code(name), code(short[name]) if name in short else "-", keywords or f"a {shape}"))
    return ("rule", "short", "value"), rows


# -- everything else -----------------------------------------------------------------------------


def variables() -> list[str]:
    """Environment variables of ours that the package names."""
    trees = (ast.parse(path.read_text("utf-8")) for path in PACKAGE.rglob("*.py"))
    texts = (node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return sorted({one for one in texts if isinstance(one, str) and re.fullmatch(r"TDSEC_[A-Z]+", one)})


def exit_rows(_: str) -> tuple[Row, Iterable[Row]]:
    by_exit: dict[int, list[str]] = {0: [], 130: []}
    for kind in error_classes():
        named = by_exit.setdefault(kind.exit_code, [])
        named += [] if code(kind.code) in named else [code(kind.code)]
    return ("exit", "codes"), [(str(one), ", ".join(by_exit[one]) or "-") for one in sorted(by_exit)]


def json_rows(which: str) -> tuple[Row, Iterable[Row]]:
    if which == "error":
        keys = list(TdsecError("x").as_dict())
    else:
        answer = CliRunner().invoke(cli, ["--json", "explain", "TDS001"], prog_name="tdsec")
        keys = [
            key for key in json.loads(answer.output) if key not in ("explained", "title", "meaning", "fix")
        ]
    return ("key",), [(code(key),) for key in keys]


def room_rows(_: str) -> tuple[Row, Iterable[Row]]:
    names = [f"{one.name}/" for one in PACKAGE.iterdir() if (one / "__init__.py").is_file()]
    names += [one.name for one in PACKAGE.glob("*.py") if one.name != "__init__.py"]
    return ("room",), [(code(name),) for name in sorted(names)]


def layers(_: str) -> str:
    contract = _pyproject()["tool"]["importlinter"]["contracts"][0]
    return "```text\n" + "\n".join(contract["layers"]) + "\n```\n"


def _pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def field_rows(of: str) -> tuple[Row, Iterable[Row]]:
    """Fields of a format as it is written to disk."""
    digest, oid = "0" * 64, "0" * 32
    written: dict[str, Iterable[str]] = {
        "manifest": FileEntry("a", 1, digest, oid).as_json(),
        "dataset": DatasetVersion("a", digest, oid, 1, 1, digest).as_json(),
        "verdict": sorted(statement._KEYS),
        "check": CheckResult.from_findings("a", []).as_json(),
        "finding": Finding("TDS001", Finding.from_json(_finding()).severity, "a").as_json(),
        "event": ["format", "seq", *events.AuditEvent("", "gate", "success", "-", "a").as_json()],
        "action": events.ACTIONS,
        "keyring": _keyring_fields(),
    }
    return ("action" if of == "action" else "field",), [(code(key),) for key in written[of]]


def _finding() -> Any:
    keys: dict[str, Any] = {"code": "TDS001", "severity": "note", "message": "a", "rows": []}
    return {**keys, "file": None, "column": None, "count": None}


def _keyring_fields() -> list[str]:
    """Keys of the signed predicate of a keyring."""
    said = KeyringStatement("store", 1, {}, {}, "").to_payload()
    return sorted(json.loads(said)["predicate"])


TEXTS: dict[str, Text] = {
    "help": help_text,
    "errors": errors_table,
    "findings": findings_table,
    "codes": codes_table,
    "layers": layers,
}
TABLES: dict[str, Rows] = {
    "model": model_rows,
    "params": param_rows,
    "schema": schema_rows,
    "environment": lambda _: (("variable",), [(code(one),) for one in variables()]),
    "exit-codes": exit_rows,
    "json": json_rows,
    "rooms": room_rows,
    "fields": field_rows,
}


def required() -> set[str]:
    """The blocks that the documentation must have, each once."""
    fixed = {"errors", "findings", "layers", "environment", "exit-codes", "rooms", "json ok", "json error"}
    formats = ("manifest", "dataset", "verdict", "check", "finding", "event", "action")
    return {
        *fixed,
        *(f"help {path}" for path in commands()),
        *(f"model {name}" for name in model_names()),
        *(f"params {name}" for name in CHECKS),
        *(f"codes {name}" for name in RANGES),
        *(f"schema {part}" for part in ("file", "column", "rules")),
        *(f"fields {name}" for name in (*formats, "keyring")),
    }


def wanted(name: str, body: str) -> str:
    """What block ``name`` must hold, given what it holds. Raises KeyError: no such kind of block."""
    kind, _, argument = name.partition(" ")
    if kind in TEXTS:
        return TEXTS[kind](argument)
    header, rows = TABLES[kind](argument)
    return keyed(header, rows, body)
