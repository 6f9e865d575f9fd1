"""Names that both sides of the registration share; imports nothing."""

CONTEXT = "tdsec_context"

FOLDER = "tdsec-v1"
"""Name of the vault's own folder on the inner remote."""
