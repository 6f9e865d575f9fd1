"""Schema and drift: TDS200 to TDS299."""

from __future__ import annotations

TABLE: dict[str, tuple[str, str, str]] = {
    "TDS200": (
        "No table",
        "The policy asks for a schema and the dataset holds no CSV, TSV, JSON lines, Parquet or Arrow file.",
        "Take the schema check out of the policy for this dataset, or convert the data.",
    ),
    "TDS201": (
        "Unexpected column",
        "The table has a column that the schema does not know.",
        "Remove the column, or declare it in the schema (or set strict: false).",
    ),
    "TDS202": (
        "Missing column",
        "A column of the schema is not in the table.",
        "Add it, or set required: false.",
    ),
    "TDS203": (
        "Wrong type",
        "A column has another type than the schema says.",
        "Convert the column, or correct dtype in the schema.",
    ),
    "TDS204": (
        "Empty values",
        "A column that must not be empty has empty values.",
        "Fill or drop the rows, set nullable: true, or tolerate a share with max_failure_share.",
    ),
    "TDS205": (
        "Repeated values",
        "A column, or several together, must be unique and is not.",
        "Remove the duplicates, or take unique out of the schema.",
    ),
    "TDS206": (
        "Values fail a rule",
        "Values of a column fail a rule of the schema; row numbers are given, values never.",
        "Look at the rows named, mend the data or the rule, or tolerate a share with max_failure_share.",
    ),
    "TDS207": (
        "A rule cannot be applied",
        "A rule of the schema does not fit the column's type, so nothing was checked by it.",
        "Correct dtype or the rule in policies/schemas/.",
    ),
    "TDS208": (
        "Columns out of order",
        "The schema asks for an order of columns.",
        "Reorder, or set ordered: false.",
    ),
    "TDS209": (
        "Too few rows",
        "The dataset has fewer rows than min_rows.",
        "Complete the data, or lower min_rows.",
    ),
    "TDS210": (
        "Row count jumped",
        "The number of rows differs from the last accepted version by more than max_row_change.",
        "Find out why; if it is right, raise max_row_change for it, reviewed.",
    ),
    "TDS211": (
        "Last accepted version unreadable",
        "The rows of the last accepted version cannot be counted.",
        "Run dvc fetch for that version and check it with tdsec verify.",
    ),
}
