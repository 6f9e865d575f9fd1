"""Read a YAML file strictly: UTF-8, safe tags only, no duplicate keys, one document."""

from __future__ import annotations

import re
from typing import Any, ClassVar, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from tdsec_gov.domain.tree import Tree
from tdsec_gov.domain.yamlguard import refuse_bomb
from tdsec_gov.errors import PolicyInvalid

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Model = TypeVar("Model", bound=BaseModel)


_BOOL, _FLOAT = "tag:yaml.org,2002:bool", "tag:yaml.org,2002:float"


class _StrictLoader(_Base):  # type: ignore[misc]
    """SafeLoader that refuses a key given twice, and reads words and numbers as YAML 1.2 does.

    In YAML 1.1, PyYAML's dialect, the key ``on`` is the boolean true and ``1e-5`` is text.
    """

    yaml_implicit_resolvers: ClassVar[dict[str, list[Any]]] = {
        first: [(tag, pattern) for tag, pattern in known if tag != _BOOL]
        for first, known in _Base.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key_node, _ in node.value:
            key = str(getattr(key_node, "value", ""))
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, "duplicate key", key_node.start_mark)
            seen.add(key)
        result: dict[Any, Any] = super().construct_mapping(node, deep)
        return result


_StrictLoader.add_implicit_resolver(
    _BOOL, re.compile("(?:true|True|TRUE|false|False|FALSE)\\Z"), list("tTfF")
)
_StrictLoader.add_implicit_resolver(
    _FLOAT, re.compile(r"[-+]?[0-9]+(?:\.[0-9]*)?[eE][-+]?[0-9]+\Z"), list("-+0123456789")
)


def parse_yaml(text: bytes, where: object) -> Any:
    """The one document in ``text``.

    Raises:
        PolicyInvalid: not UTF-8, not YAML, a duplicate key; with the line, never with the content.
    """
    try:
        decoded = text.decode("utf-8")
        refuse_bomb(decoded)
        return yaml.load(decoded, Loader=_StrictLoader)  # noqa: S506 - a SafeLoader
    except UnicodeDecodeError as exc:
        raise PolicyInvalid("not UTF-8 text", where=where, found=f"byte {exc.start}") from None
    except (yaml.YAMLError, RecursionError, ValueError) as exc:
        mark = getattr(exc, "problem_mark", None)
        line = f"{where}:{mark.line + 1}" if mark is not None else where
        problem = getattr(exc, "problem", None) or type(exc).__name__
        raise PolicyInvalid("broken YAML", where=line, found=problem, hint="mend the file") from None


def read_model(tree: Tree, path: str, model: type[Model]) -> Model:
    """Read ``path`` of ``tree`` into ``model``, listing all faults at once.

    Raises:
        PolicyInvalid: missing, broken YAML, unknown keys, wrong types.
    """
    text = tree.read(path)
    if text is None:
        raise PolicyInvalid("file is missing", where=path, hint="run: tdsec init")
    return model_in(text, path, model)


def model_in(text: bytes, path: str, model: type[Model]) -> Model:
    """As :func:`read_model`, of bytes that would lie at ``path``."""
    body = parse_yaml(text, path)
    if not isinstance(body, dict):
        raise PolicyInvalid("holds no settings", where=path, expected="a mapping with 'format: 1'")
    try:
        return model.model_validate(body)
    except ValidationError as exc:
        raise PolicyInvalid(_faults(exc), where=path, hint="see docs/policy.md") from None


def _faults(exc: ValidationError) -> str:
    faults = [f"{'.'.join(map(str, error['loc'])) or 'file'}: {error['msg']}" for error in exc.errors()]
    return f"{len(faults)} fault{'s' if len(faults) > 1 else ''}: " + "; ".join(faults)
