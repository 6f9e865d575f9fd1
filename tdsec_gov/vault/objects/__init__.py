"""One object as bytes: sealed, padded, guarded, carried to a storage and back."""
