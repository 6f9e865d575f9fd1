"""What a policy says about a schema check, read once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from tdsec_gov.checks.schema.rules import Rules


@dataclass(frozen=True)
class Settings:
    """Settings of one run; ``text`` holds the bytes of the schema file called ``schema``."""

    schema: str
    text: bytes
    sha256: str
    one_table: bool
    share: float
    least: int
    row_change: float | None
    null_change: float
    category_change: float
    drift: str
    date_columns: tuple[str, ...]
    max_age: float | None

    @cached_property
    def rules(self) -> Rules:
        """The compiled schema; pandera has just refused what it must. Raises PolicyInvalid, InternalError."""
        from tdsec_gov.checks.schema.engine import prove
        from tdsec_gov.checks.schema.load import compile_schema

        rules = compile_schema(self.text, self.schema)
        prove(rules)
        return rules

    def prove(self) -> None:
        """Once more, after the rules have spoken; what is remembered needs none. Raises InternalError."""
        from tdsec_gov.checks.schema.engine import prove

        if "rules" in vars(self):
            prove(self.rules)
