"""How an entry's key is written into Business Central, whose fields are shorter than a key.

Three names come of a key. `journal_code` and `document_number` are digests of fixed length, so
nothing is ever cut; `marked` puts the whole key behind each description, to be read back.
"""

import base64
import hashlib
import re

from billing.ledger.erp import ErpRejected, Reason

DESCRIPTION = 100  # characters that a G/L entry keeps
PLAIN = 36  # a key of up to this length is written as it is
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_HEX = re.compile(r"[0-9a-f]{40}")
_MARK = re.compile(r"(?:(?P<text>.*) )?(?:\[(?P<plain>[^\[\]]+)\]|\{(?P<packed>[\w-]{27})\})")


def journal_code(key: str) -> str:
    """Return the code of the key's journal: ten letters, the length of the field.

    No digits: a template may be set to count a name that ends in one upwards after each posting.
    47 bits do not make it certain that two keys differ, so the journal's name holds the whole key.
    """
    number = int.from_bytes(hashlib.sha256(key.encode()).digest())
    code = ""
    for _ in range(10):
        number, place = divmod(number, len(LETTERS))
        code += LETTERS[place]
    return code


def document_number(key: str) -> str:
    """Return the key's document number: 20 characters of capitals and digits, 100 bits of it."""
    digest = hashlib.sha256(f"document {key}".encode()).digest()
    return base64.b32encode(digest)[:20].decode()


def marked(description: str, key: str) -> str:
    """Return a line's description with the key behind it. Raises ErpRejected (TOO_LARGE).

    A key of forty hexadecimal digits is written in 27 characters, so that both fit.
    """
    text = f"{description} {_mark(key)}".strip()
    if len(text) > DESCRIPTION:
        raise ErpRejected(Reason.TOO_LARGE, "a description is longer than the ERP keeps")
    return text


def unmarked(text: str) -> tuple[str, str]:
    """Return description and key of a line that was read; the key is empty where none is."""
    found = _MARK.fullmatch(text)
    if found is None:
        return text, ""
    packed = found["packed"]
    key = found["plain"] or base64.urlsafe_b64decode(packed + "=").hex()
    return found["text"] or "", key


def _mark(key: str) -> str:
    if _HEX.fullmatch(key):
        packed = base64.urlsafe_b64encode(bytes.fromhex(key)).decode().rstrip("=")
        return f"{{{packed}}}"
    if len(key) > PLAIN or "[" in key or "]" in key:
        raise ErpRejected(Reason.TOO_LARGE, "the key is longer than the ERP keeps")
    return f"[{key}]"
