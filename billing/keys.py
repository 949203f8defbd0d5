"""Keyed hashes of account numbers and of other identifiers: what a number is called outside `raw`.

The key stays outside of the database. Nothing here reads a file or a table.
"""

import hashlib
import hmac

HASH_DIGITS = 32
_FINGERPRINT_OF = "tieout: fingerprint of the hash key"


def account_hash(number: str | None, key: bytes) -> str | None:
    """Return the keyed hash of an account number, blanks and case aside; None for none."""
    normal = (number or "").strip().upper()
    if not normal:
        return None
    return keyed_hash(normal, key)


def key_fingerprint(key: bytes) -> str:
    """Return what tells one key from another and says nothing of either."""
    return keyed_hash(_FINGERPRINT_OF, key)


def keyed_hash(text: str, key: bytes) -> str:
    """Return the keyed hash of a name or another text, just as it is."""
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:HASH_DIGITS]


def account_key(entity_code: str, account_number: str, key: bytes) -> str:
    """Return the key that the books know a patient account by; the number goes nowhere.

    The models compute the same by `surrogate_key`, of entity and keyed hash.
    """
    hashed = account_hash(account_number, key) or ""
    return hashlib.md5(f"{entity_code}|{hashed}".encode(), usedforsecurity=False).hexdigest()
