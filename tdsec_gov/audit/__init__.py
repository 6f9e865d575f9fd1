"""The audit log: append-only events, a hash chain, an RFC 6962 Merkle tree, signed checkpoints.

A walk through the room, downward: ``merkle`` (hashes, frontier, proofs) and ``note`` (C2SP signed
notes and checkpoints) are pure. ``body`` turns an event into the canonical text that is hashed and
back. ``store`` has the SQL of the log and its transactions, over a ``database``: a ``sqlitefile`` or a
PostgreSQL ``server``; ``models`` is the table layout. ``log`` is what the other rooms use: append, read,
prove; ``journal`` is the log of one repository. ``verify`` walks a whole log against checkpoints and
names what was tampered with. ``checkpoints`` keeps the signed heads outside the database.

What it promises: every edit, deletion, reordering or cut of an event that a checkpoint kept
elsewhere covers is noticed. What it does not: that an event nobody logged is missed, or that events
after the last checkpoint cannot be rewritten by whoever owns the database file.

Importing this package imports nothing; SQLAlchemy is loaded for a server or to make the tables, never to
write or read a log in a file.
"""
