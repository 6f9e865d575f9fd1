"""Who can open a vault: keyrings, their signed statements, names on the storage, pins, rotation."""
