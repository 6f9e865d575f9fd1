"""Who: identities, recipients, age, signatures, DSSE envelopes. Does not know what it signs or wraps."""
