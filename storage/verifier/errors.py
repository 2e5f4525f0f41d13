"""
What the verifier says when something is not as it was promised.

The verifier runs alone, so it has its own errors and knows nothing of `storage.errors`. A message is a template with its values
beside it, so that one finding can be said in English and in Chinese (`words`).
"""

from __future__ import annotations


class VerificationError(Exception):
    """Something that was to be verified is not true, or is not in the one form it must have."""

    def __init__(self, message: str, **values: object) -> None:
        super().__init__(message.format(**values))
        self.message, self.values = message, values


class SignaturesUncheckable(VerificationError):
    """The package `cryptography` is missing, so no signature was checked: nothing is proved and nothing is disproved."""
