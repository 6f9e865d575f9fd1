"""Looking after a vault: listing, verify, garbage, and sealing anew."""
