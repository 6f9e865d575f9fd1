"""A dataset version in Croissant 1.1 with RAI 1.0: JSON-LD, written by ourselves.

Sources: mlcommons.org/croissant/1.1, mlcommons.org/croissant/RAI/1.0, W3C PROV-O. Files are named relative
to where the document lies, with their SHA-256; what the source record does not state is left out.
Column names that look like values (a table without a header) are left out, too.
"""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import Any

from tdsec_gov.checks.contract import DataFile
from tdsec_gov.compliance.croissant_tables import encoding, idents, record_set
from tdsec_gov.domain.dataset import DatasetVersion, Manifest
from tdsec_gov.domain.provenance import Provenance, provenance_name
from tdsec_gov.errors import TdsecError
from tdsec_gov.files import WorkTree
from tdsec_gov.policy.source_models import Contact, Source
from tdsec_gov.repo.pointers import Pointer
from tdsec_gov.repo.repository import Repository
from tdsec_gov.repo.versions import build_manifest
from tdsec_gov.verdicts.book import VerdictBook

MAX_FILES = 1000
"""A folder with more files is one FileSet: a FileObject each would be slow to read."""
MAX_TABLES = 50
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "prov": "http://www.w3.org/ns/prov#",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def croissant_of(repository: Repository, pointer: Pointer, folder: Path, now: dt.datetime) -> dict[str, Any]:
    """The document on the version that ``pointer`` names, to lie in ``folder``.

    Raises:
        UsageError: the data is not in DVC's cache. PolicyInvalid: no rule matches the dataset.
        Unreadable: a table cannot be read.
    """
    book = VerdictBook.open(WorkTree(repository.root), now)
    policy = book.policies.for_dataset(pointer.name)
    manifest = build_manifest(pointer, repository.cache)
    version = DatasetVersion.of(pointer.name, pointer.oid, manifest)
    number, day = _decided(book, version, now)
    body: dict[str, Any] = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"],
        "name": pointer.name.replace("/", "_"),
        "identifier": f"urn:sha256:{version.root}",
        "version": f"{number}.0.0",
        "datePublished": day,
        "url": f"urn:sha256:{version.root}",
    }
    if policy.source is not None:
        body |= _described(policy.source)
    body["distribution"] = _distribution(repository, version, manifest, folder)
    body["recordSet"] = _records(repository, version, manifest)
    return {**body, **_derived(repository, version, policy.source)}


def _decided(book: VerdictBook, version: DatasetVersion, now: dt.datetime) -> tuple[int, str]:
    """Sequence number and day of the accepted verdict; 0 and today without one."""
    try:
        verdict = book.accepted(version.name, version.root).verdict
    except TdsecError:
        return 0, now.date().isoformat()
    return verdict.sequence, verdict.evaluated_at[:10]


def _described(source: Source) -> dict[str, Any]:
    acquired = source.acquired
    span = [one.isoformat() for one in (acquired.start, acquired.end) if one] if acquired else []
    personal = [source.personal_data] if source.personal_data != "unknown" else []
    texts: dict[str, Any] = {
        "description": source.description or source.name,
        "license": source.license,
        "creator": _agent(source.supplier),
        "publisher": _agent(source.contact),
        "rai:dataCollection": acquired and acquired.agreement,
        "rai:dataCollectionType": acquired and acquired.method,
        "rai:dataCollectionTimeFrame": "/".join(span),
        "rai:dataUseCases": [*source.allowed_uses, *([source.purpose] if source.purpose else [])],
        "rai:personalSensitiveInformation": [*personal, *source.data_categories],
        "rai:dataReleaseMaintenancePlan": source.retention and source.retention.basis,
        "rai:dataManipulationProtocol": source.anonymisation,
        "rai:dataAnnotationProtocol": source.labelling,
        "rai:dataPreprocessingProtocol": source.cleaning,
        "rai:dataBiases": source.known_bias,
        "rai:dataLimitations": source.known_gaps,
        "usageInfo": "; ".join(f"not for: {one}" for one in source.prohibited_uses),
    }
    return {key: value for key, value in texts.items() if value}


def _agent(contact: Contact | None) -> dict[str, str] | None:
    if contact is None:
        return None
    found = {"@type": "sc:Organization", "name": contact.name, "url": contact.url, "email": contact.email}
    return {key: value for key, value in found.items() if value}


def _distribution(
    repository: Repository, version: DatasetVersion, manifest: Manifest, folder: Path
) -> list[dict[str, Any]]:
    base = os.path.relpath(repository.root.resolve() / version.name, folder)
    if len(manifest.entries) > MAX_FILES:
        return [
            {
                "@type": "cr:FileSet",
                "@id": "files",
                "name": "files",
                "encodingFormat": "application/octet-stream",
                "includes": f"{base}/**",
            }
        ]
    keys = _ids(version, manifest)
    return [
        {
            "@type": "cr:FileObject",
            "@id": keys[one.path],
            "name": keys[one.path],
            "contentUrl": f"{base}/{one.path}" if version.is_folder else base,
            "contentSize": f"{one.size} B",
            "encodingFormat": encoding(one.path),
            "sha256": one.sha256,
        }
        for one in manifest.entries
    ]


def _records(repository: Repository, version: DatasetVersion, manifest: Manifest) -> list[dict[str, Any]]:
    if len(manifest.entries) > MAX_FILES:
        return []
    sets: list[dict[str, Any]] = []
    keys = _ids(version, manifest)
    for one in manifest.entries:
        file = DataFile(one.path, repository.cache.location(one.oid), one.size, one.sha256)
        found = record_set(file, keys[one.path]) if len(sets) < MAX_TABLES else None
        sets += [found] if found else []
    return sets


def _derived(repository: Repository, version: DatasetVersion, source: Source | None) -> dict[str, Any]:
    """PROV: versions it was made from, and the collection that brought it."""
    body: dict[str, Any] = {}
    if source is not None and source.derived_from:
        body["prov:wasDerivedFrom"] = [{"@id": f"urn:sha256:{one}"} for one in source.derived_from]
    data = WorkTree(repository.root).read(provenance_name(version.name, version.root))
    if data is not None:
        record = Provenance.from_bytes(data)
        body["prov:wasGeneratedBy"] = {
            "@type": "prov:Activity",
            "prov:endedAtTime": record.collected_at,
            "prov:used": record.location,
            "prov:wasAssociatedWith": record.collector,
        }
    return body


def _ids(version: DatasetVersion, manifest: Manifest) -> dict[str, str]:
    """The identifier of each file, by its path."""
    names = {
        one.path: f"{version.name}/{one.path}" if version.is_folder else version.name
        for one in manifest.entries
    }
    keys = idents(names.values())
    return {path: keys[name] for path, name in names.items()}
