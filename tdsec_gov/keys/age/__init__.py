"""age v1 (c2sp.org/age, age-encryption.org/v1): files that stock ``age -d`` opens.

A walk through the room, from the bottom:

- ``errors``     what can be wrong with a file, one class for each layer;
- ``bech32``     how keys are written; ``base64raw`` how stanzas are written;
- ``header``     ``Stanza`` and ``Header``: strict parsing, canonical writing, the MAC;
- ``wrapping``   the one joint: ``Recipient.wrap`` and ``Identity.unwrap``, and their error contract;
- ``x25519``, ``hybrid``, ``scrypt``  the three native kinds of recipient and identity;
- ``identities`` reads the text form of any of them, and identity files;
- ``stream``     the payload: 64 KiB chunks of ChaCha20-Poly1305 and the arithmetic of sizes;
- ``intake``     takes exact runs of bytes from a source that gives short reads;
- ``reader``     ``EncryptReader``: plaintext source in, age file out, in constant memory;
- ``seek``       random access that decrypts only the chunks needed;
- ``armor``      the ASCII form;
- ``file``       what other rooms call.
"""
