"""
People who sign in: accounts, passwords, one-time links, second factors, sessions.

Whatever happens to an account is an entry about it. A password is kept as a hash and the secret of a second factor sealed, both
in the vault; a body never holds either. When a session was last used and how often somebody guessed wrong is no evidence and
stands in `storage.passing`.
"""
