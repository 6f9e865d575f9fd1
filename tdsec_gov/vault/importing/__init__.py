"""Files encrypted before tdsec (Fernet) become plaintext that DVC takes."""
