"""
The ledger: entries that are appended, never changed, and can be proved to strangers.

A leaf is restricted JCS JSON (`leaf`); leaves make an RFC 6962 tree with SHA-256 (`tree`), kept as C2SP tlog-tiles (`tiles`);
its head is a signed note (`checkpoint`, `keys`), and one entry can be carried away as a tlog-proof (`proof`). Everything that
reads or verifies lives in `storage.verifier`, which runs alone; here is what makes things.

Errors: names that come from `storage.verifier` raise its `VerificationError`, since nothing they are given is trusted. What
is defined here raises `storage.errors.LedgerError` where the ledger contradicts itself, `ValueError` for a wrong value.
"""
