"""Tags by which YAML loaders make objects of any class (CWE-502): of Python, Ruby, Java, Perl, JavaScript.

Sources: PyYAML's constructors (``yaml.unsafe_load``), SnakeYAML (CVE-2022-1471), Psych, js-yaml 3.
Plain ones (``!!python/tuple``) make values, and are left alone.
"""

from __future__ import annotations

import re

from tdsec_gov.checks.files.risk import Risk

_TAGS = re.compile(
    r"(?m)^[^#\n]*?(?:(?:^|[\s\[{,:-])(?:"
    r"!!python/(?:object|name|module|function|class|instance)"
    r"|!python/|!ruby/(?:object|struct|exception|class|module|method|marshalable|hash-with-ivars|array:|hash:)"
    r"|!!(?:javax?|com|org|sun|net|io|groovy|ch|bsh)\.[\w.$]+"
    r"|!!perl/(?:code|ref|hash:|array:)|!!js/function)"
    r"|(?:!<|%TAG\s+\S+\s+)tag:(?:yaml\.org,2002:(?:python/|java)|ruby\.yaml\.org))"
)
CLASSES = Risk("TDS506", "YAML names classes or functions: loading it without care runs code", "serialized")


def yaml_risks(text: str) -> list[Risk]:
    """Whether ``text`` (YAML, or some lines of it) has a tag that makes an object of a class."""
    return [CLASSES] if "!" in text and _TAGS.search(text) else []
