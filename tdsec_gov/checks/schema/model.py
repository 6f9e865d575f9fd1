"""A Python ``DataFrameModel`` as schema. It is code: the caller has compared its digest with the pin."""

from __future__ import annotations

import sys
import types
from typing import Any

from tdsec_gov.checks.schema.rules import Rules, pandera_polars, ready
from tdsec_gov.errors import PolicyInvalid

_MODULE = "tdsec_schema"
_FAULTS = (
    *(SyntaxError, ImportError, NameError, AttributeError, TypeError, ValueError, LookupError),
    *(ArithmeticError, AssertionError, OSError, RuntimeError),
)


def python_schema(text: bytes, name: str) -> Rules:
    """Execute ``text`` and take its one schema: a ``pandera.polars.DataFrameModel`` that no other model of
    the file inherits from, or a ``DataFrameSchema``.

    Raises:
        PolicyInvalid: it does not run, or holds none, several, or one that changes or forgives data.
    """
    pandera = pandera_polars()
    module = types.ModuleType(_MODULE)
    sys.modules[_MODULE] = module  # pandera looks up names of annotations there
    try:
        exec(compile(text, name, "exec"), module.__dict__)  # noqa: S102 - its digest is pinned in the policy
        found = _schemas(module, pandera)
        schemas = [one if isinstance(one, pandera.DataFrameSchema) else one.to_schema() for one in found]
    except (*_FAULTS, pandera.errors.SchemaInitError, pandera.errors.SchemaDefinitionError) as exc:
        raise PolicyInvalid("Python schema does not run", where=name, found=type(exc).__name__) from None
    finally:
        del sys.modules[_MODULE]
    if len(schemas) != 1 or not schemas[0].columns:
        expected = "one DataFrameModel or DataFrameSchema with columns"
        raise PolicyInvalid("not one schema", where=name, expected=expected, found=f"{len(schemas)}")
    return ready(schemas[0], name)


def _schemas(module: types.ModuleType, pandera: Any) -> list[Any]:
    values = list({id(one): one for one in vars(module).values()}.values())
    models = [
        one
        for one in values
        if isinstance(one, type)
        and issubclass(one, pandera.DataFrameModel)
        and one.__module__ == module.__name__
    ]
    outer = [
        one for one in models if not any(other is not one and issubclass(other, one) for other in models)
    ]
    return outer + [one for one in values if isinstance(one, pandera.DataFrameSchema)]
