"""Source and collection: TDS100 to TDS199."""

from __future__ import annotations

_SOURCE_FIX = "Complete the record in policies/sources.yaml and have it reviewed."
TABLE: dict[str, tuple[str, str, str]] = {
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
    "TDS117": (
        "Required field not stated",
        "The policy asks sources of this trust level to state this field (required_raw and the like).",
        "Add the field to the record in policies/sources.yaml; tdsec source show ID lists what is missing.",
    ),
    "TDS118": (
        "Retention without a beginning",
        "The record gives a retention period, and nothing says when the data was acquired.",
        "Add acquired.to (or acquired.from) to the source record, or give retention.until as a day.",
    ),
    "TDS119": (
        "Opt-out not checked",
        "The data was scraped, and nobody wrote down that they looked for a reservation against text and "
        "data mining (Directive (EU) 2019/790 Art. 4(3)).",
        "Look for it (robots.txt, terms, headers), then add copyright.tdm_opt_out_checked with the day.",
    ),
    "TDS120": (
        "Provenance record malformed",
        "The file in .tdsec/provenance for this version is not one that tdsec collect wrote.",
        "Restore it from git history, or collect the data again.",
    ),
    "TDS121": (
        "Provenance record does not fit",
        "The provenance record is about other bytes than the ones it lies beside.",
        "Restore it from git history, or collect the data again.",
    ),
    "TDS122": (
        "Collected under another source",
        "The provenance record names one source, the policy's rule another.",
        "Name the right source in policies/policy.yaml, or collect the data again under the new one.",
    ),
    "TDS123": (
        "Not collected",
        "The policy takes only data that came through tdsec collect (collected_only), and this version "
        "has no provenance record.",
        "Run: tdsec collect SOURCE LOCATION --out PATH",
    ),
    "TDS124": (
        "Prohibited use",
        "The purpose on record is among the uses that the source prohibits.",
        "Do not use the data for this; or correct purpose or prohibited_uses with the supplier's consent.",
    ),
    "TDS125": (
        "Use not among the allowed ones",
        "The record lists allowed uses, and its purpose is not one of them, word for word.",
        "Add the purpose to allowed_uses when the agreement covers it, or change the purpose.",
    ),
    "TDS126": (
        "Transfer without a safeguard",
        "Personal data goes to another country, and nothing says what protects it there (GDPR Art. 44-49).",
        "Add transfers[].safeguard: an adequacy decision or standard contractual clauses by reference.",
    ),
    "TDS127": (
        "Collected in the future",
        "The provenance record says that the version was collected after today.",
        "Correct this machine's clock, or collect the data again.",
    ),
    "TDS150": (
        "Pinned location changed",
        "What lies at a pinned location is not what the record's digest names.",
        "Find out why with the supplier; collect the new bytes under a new digest, never just edit the pin.",
    ),
    "TDS151": (
        "Pinned location unreachable",
        "A pinned location could not be read, so nobody knows whether it still holds the pinned bytes.",
        "Check address, network and credentials, then run: tdsec source recheck ID",
    ),
    "TDS152": (
        "Pinned listing malformed",
        "A pinned list of digests is not in the form of sha256sum, or names files outside its folder.",
        "Pin the files one by one, or have the supplier mend the list.",
    ),
}
