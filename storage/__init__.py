"""
Keeping and proving: vocabulary, hashing, spool, object stores, ledger, custody, catalog, fixity and verification.

The way in is `storage.custody.Custody.record` for facts and `storage.objects.deposit` for bytes; there is no side door.
"""
