"""Every finding code in plain words: title, what it means, how to fix it (``tdsec explain CODE``).

The table is closed: a test fails when a code that stands anywhere in the package is missing here, and
when one stands here that nothing uses.
"""

from __future__ import annotations

from typing import NamedTuple

from tdsec_gov.checks.explain_poisoning import POISONING


class Explanation(NamedTuple):
    """What a person needs to know about one code."""

    title: str
    meaning: str
    fix: str


_SOURCE_FIX = "Complete the record in policies/sources.yaml and have it reviewed."
_TABLE = {
    # the gate itself
    "TDS001": (
        "A check could not run",
        "The check crashed, ran out of memory or was refused its settings. A check that did not "
        "finish denies.",
        "Read the message, mend the settings in policies/policy.yaml or the data, and run: tdsec "
        "check TARGET",
    ),
    "TDS002": (
        "A check took too long",
        "The check was stopped at its time limit. What was not examined is denied.",
        "Raise time_limit for this dataset in policies/policy.yaml, or split the dataset.",
    ),
    "TDS003": (
        "The last accepted version is not at hand",
        "Checks compare with the last accepted version, whose files are not in the DVC cache as signed.",
        "Run dvc fetch at the commit that holds the accepted version, then run the gate again.",
    ),
    "TDS004": (
        "No such check",
        "The policy asks for a check that this version of tdsec-gov does not have.",
        "Correct the name in policies/policy.yaml, or update tdsec-gov.",
    ),
    "TDS010": (
        "The dataset holds no files",
        "Nothing can be examined, and nothing is not the same as clean.",
        "Add files to the dataset (dvc add), or take it out of the policy.",
    ),
    "TDS011": (
        "A file cannot be read",
        "The file is empty, damaged, not UTF-8, ragged, or not what its suffix promises, so it was "
        "not examined.",
        "Write the file again in the format that its suffix names; text must be UTF-8 and rows of "
        "equal length.",
    ),
    # source
    "TDS100": (
        "No source on record",
        "Nobody wrote down where this dataset is from and who may use it.",
        "Run: tdsec source add, and name the source for this dataset in policies/policy.yaml.",
    ),
    "TDS101": (
        "Trust level too low",
        "The source is trusted less than the policy asks for this dataset (internal > partner > "
        "curated > raw).",
        "Raise the source's trust after a review, or lower min_trust for this dataset, with a reason.",
    ),
    "TDS102": (
        "Trust level unknown",
        "The source's trust level is 'unknown' or not a level at all. Unknown sources are always denied.",
        _SOURCE_FIX,
    ),
    "TDS103": (
        "No legal basis",
        "There is personal data, or nobody said there is none, and no legal basis is on record (GDPR "
        "Art. 6).",
        "Add legal_basis {article, evidence} to the source record, or state personal_data: none if "
        "that is true.",
    ),
    "TDS104": (
        "Personal data not stated",
        "The source record does not say whether the dataset holds personal data.",
        "Set personal_data to none, personal or special in policies/sources.yaml.",
    ),
    "TDS105": (
        "Legal basis without evidence",
        "A legal basis is named, and nothing says where its evidence is kept.",
        "Add legal_basis.evidence: the contract, consent form or assessment by its reference.",
    ),
    "TDS106": (
        "Legal basis not recognised",
        "The article is none of GDPR Art. 6(1)(a) to (f) or Art. 9(2).",
        "Write the article as 6(1)(f), or keep the warning where another law applies.",
    ),
    "TDS107": (
        "Special categories without an exception",
        "Special categories of personal data may be processed only under an exception of GDPR Art. 9(2).",
        "Name the exception in legal_basis.article, for example 9(2)(a), with its evidence.",
    ),
    "TDS108": (
        "No retention on record",
        "Nobody wrote down how long the data may be kept (GDPR Art. 5(1)(e)).",
        "Add retention {until, basis} to the source record.",
    ),
    "TDS109": (
        "Retention is over",
        "The data should have been erased by now.",
        "Erase the data, or extend the retention with a documented basis.",
    ),
    "TDS110": ("Never reviewed", "Nobody has confirmed the source record.", "Add review {by, on, expires}."),
    "TDS111": (
        "Review expired",
        "The last review of the source record is out of date; after the days of grace this denies.",
        "Review the record again.",
    ),
    "TDS112": (
        "No purpose on record",
        "Personal data is collected for a stated purpose only (GDPR Art. 5(1)(b)).",
        "Add purpose to the source record.",
    ),
    "TDS113": (
        "No data categories",
        "The record does not say which kinds of personal data there are (GDPR Art. 30(1)(c)).",
        "Add data_categories; the pii check compares them with what it finds.",
    ),
    "TDS114": ("Malformed date", "A date in the source record cannot be read.", "Write dates as YYYY-MM-DD."),
    "TDS115": (
        "Review in the future",
        "A review cannot have happened tomorrow.",
        "Correct review.on, or this machine's clock.",
    ),
    "TDS116": ("No contact", "Nobody is named whom one could ask about this source.", _SOURCE_FIX),
    # schema
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
    # pii
    "TDS300": (
        "Column is personal data (confirmed)",
        "Most values of the column are of this kind, by exact validation (checksum, number plan).",
        "Declare it in data_categories of the source record, or remove the column.",
    ),
    "TDS301": (
        "Column is personal data (likely)",
        "The column's name and the shape of its values say so, the checksums do not.",
        "Look at the column; declare it, remove it, or rename it if it is something else.",
    ),
    "TDS302": (
        "Column contains personal data",
        "Some values of the column (often free text) hold this kind of personal data.",
        "Redact the rows named, or declare the kind in data_categories.",
    ),
    "TDS303": (
        "Declared personal data",
        "The dataset holds personal data that its source record declares. It is recorded.",
        "Nothing to do, unless the policy's mode is block.",
    ),
    "TDS304": (
        "Secret in the data",
        "A key or token with a well-known prefix stands in the data.",
        "Revoke the secret first, then remove it; whoever has the data has the secret.",
    ),
    "TDS305": (
        "Text contains personal data",
        "Lines of a text file hold this kind of personal data.",
        "Redact the lines named, or declare the kind in data_categories.",
    ),
    "TDS306": (
        "The record says there is none",
        "The source record states personal_data: none, and personal data was found.",
        "Correct the record (and its legal basis), or remove the data.",
    ),
    "TDS307": (
        "Header is data",
        "A column's name is itself personal data: most likely the file has no header row.",
        "Add a header row with names of columns.",
    ),
    # files
    "TDS500": (
        "Pickle",
        "Loading a pickle can run any code. Told by content, whatever the file is called.",
        "Convert to Parquet, Arrow, .npy without objects or safetensors; or allow: [pickle] with care.",
    ),
    "TDS501": (
        "Compressed pickle",
        "A joblib file or a squeezed pickle: loading it can run code.",
        "As TDS500.",
    ),
    "TDS502": (
        "PyTorch archive",
        "A .pt file holds a pickle: loading it can run code.",
        "Convert to safetensors, or allow: [torch].",
    ),
    "TDS503": (
        "NumPy array of objects",
        "Arrays of objects are stored as pickles.",
        "Save with a plain dtype, or allow: [npy-object].",
    ),
    "TDS504": ("Program", "A native program or library is no data.", "Remove it, or allow: [executable]."),
    "TDS505": ("Script", "The file begins with an interpreter line.", "Remove it, or allow: [script]."),
    "TDS506": (
        "Serialized objects",
        "Files of R, Java or Lua that run code when loaded.",
        "Convert to a plain format, or allow: [serialized].",
    ),
    "TDS507": (
        "HDF5",
        "HDF5 can link to other files of the machine that opens it, and hold pickles; its insides "
        "are not examined.",
        "Convert to Parquet or .npy, or allow: [hdf5].",
    ),
    "TDS508": (
        "Archive leads outside",
        "Names with '..', absolute paths, drives or backslashes write outside of the folder on extraction.",
        "Build the archive again with relative names.",
    ),
    "TDS509": ("Archive holds links", "Links and devices can lead anywhere.", "Pack regular files only."),
    "TDS510": (
        "Decompression bomb",
        "The archive grows out of proportion, or its members overlap.",
        "Store the data unpacked, or in a columnar format.",
    ),
    "TDS511": (
        "Damaged archive or array",
        "It cannot be looked into, so it is denied.",
        "Write the file again, as zip, tar or a whole .npy.",
    ),
    "TDS512": (
        "Encrypted members",
        "They cannot be looked into.",
        "Store them unencrypted; the vault encrypts.",
    ),
    "TDS513": (
        "Content and suffix differ",
        "The bytes are not what the suffix promises.",
        "Rename the file, or find out who made it look like something else.",
    ),
    "TDS514": (
        "Bytes after the end",
        "Something follows the end of the image or table, for example a zip archive: two files in one.",
        "Write the file again with a tool you trust.",
    ),
    "TDS515": (
        "Hidden characters",
        "Direction-changing, tag or invisible characters make people and models read different texts.",
        "Remove them, or set hidden_characters: warn where the language needs them.",
    ),
    "TDS516": (
        "Spreadsheet formulas",
        "A spreadsheet would run these cells when somebody opens the file.",
        "Prefix the cells with an apostrophe, or drop them.",
    ),
    "TDS517": (
        "Archive inside an archive",
        "Only one level is looked into.",
        "Unpack the inner archive, or allow: [nested-archive].",
    ),
    "TDS518": (
        "Not a regular file",
        "A link, a device, or a file whose size is not the one in the manifest.",
        "Run dvc add again on regular files.",
    ),
    "TDS519": ("Empty file", "The file has no bytes.", "Remove it, or complete it."),
}
EXPLANATIONS: dict[str, Explanation] = {
    code: Explanation(*words) for code, words in sorted({**_TABLE, **POISONING}.items())
}
