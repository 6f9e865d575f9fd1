"""What can be wrong with an age file: one class for each layer, in the one error tree.

::

    IntegrityError (10)
    ├── HeaderInvalid      age-header    the header does not parse, or a stanza breaks the specification
    ├── ArmorInvalid       age-armor     the ASCII form is not strict
    ├── MacInvalid         age-mac       the header was changed after it was written
    └── PayloadInvalid     age-payload   the content was changed, cut, extended or put out of order
    KeyUnavailable (13)
    └── NoMatchingIdentity age-no-match  none of the identities at hand opens this file
"""

from __future__ import annotations

from tdsec_gov.errors import IntegrityError, KeyUnavailable


class HeaderInvalid(IntegrityError):
    """The header of an age file does not parse, or a stanza breaks the specification."""

    code = "age-header"


class ArmorInvalid(IntegrityError):
    """The ASCII armor of an age file is not strict."""

    code = "age-armor"


class MacInvalid(IntegrityError):
    """The header of an age file was changed after it was written."""

    code = "age-mac"


class PayloadInvalid(IntegrityError):
    """The content of an age file was changed, cut, extended or put out of order."""

    code = "age-payload"


class NoMatchingIdentity(KeyUnavailable):
    """None of the identities at hand opens this age file."""

    code = "age-no-match"
    default_hint = "ask a reader of this vault to add your public key"
