"""Names that both sides of the registration share; imports nothing."""

CONTEXT = "tdsec_context"
