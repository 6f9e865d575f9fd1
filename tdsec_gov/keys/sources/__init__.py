"""Where an identity is kept besides a file: the OS keyring, or wrapped by a key service.

A walk through the room:

- ``contract``       ``KeySource``: two functions and their errors, which every source keeps;
- ``registry``       the closed table of schemes; a source is imported when it is asked for;
- ``os_keyring``     the keyring of the operating system;
- ``vault_transit``  OpenBao's or HashiCorp Vault's transit engine;
- ``aws_kms``        AWS KMS;
- ``wrapped``        the small file that names source, key and context, and holds what was wrapped.
"""
