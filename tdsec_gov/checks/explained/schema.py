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
        "A column has another type than the schema says; in CSV and JSON lines: some values do not fit it.",
        "Convert the column, or correct dtype in the schema.",
    ),
    "TDS204": (
        "Empty values",
        "A column that must not be empty has empty values.",
        "Fill or drop the rows, set nullable: true, or tolerate a share with max_failure_share.",
    ),
    "TDS205": (
        "Repeated values",
        "A column, or several together, must be unique and is not (with one_table: over all files).",
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
    "TDS212": (
        "Empty values drifted",
        "The share of empty values of a column differs from the last accepted version by more than "
        "max_null_change and more than chance explains.",
        "Find out what stopped or started filling the column; if it is right, accept it, or raise the limit.",
    ),
    "TDS213": (
        "New categories",
        "A column with few distinct values has some that the last accepted version had not, in more rows than"
        " chance explains. The values are not named here.",
        "Look at the distinct values of the column; if they are right, add them to the schema's isin.",
    ),
    "TDS214": (
        "Categories vanished",
        "Values that were common in the last accepted version do not occur any more.",
        "Find out whether part of the data is missing; drift: off silences the comparison.",
    ),
    "TDS215": (
        "Categories shifted",
        "The shares of a column's categories moved by more than max_category_change and more than chance "
        "explains (total variation distance).",
        "Find out why the mix changed; if it is right, accept it, or raise max_category_change.",
    ),
    "TDS216": (
        "Data is stale",
        "The newest date of a column named in date_columns is older than max_age_days.",
        "Bring newer data, or raise max_age_days.",
    ),
    "TDS217": (
        "Dates in the future",
        "The newest date of a column named in date_columns is more than a day ahead of the clock.",
        "Correct the dates, or the clock of this machine.",
    ),
    "TDS218": (
        "No dates",
        "A column named in date_columns is missing or holds no date that can be read.",
        "Name another column in date_columns, or write dates as 2026-11-23.",
    ),
}
