"""Changesets of OData: several requests in one, done as a whole or not at all, and their answers.

Only the format (`multipart/mixed` around `application/http`); what is sent is told by the caller.
"""

import email
import email.policy
import json
from collections.abc import Sequence
from typing import Any

from billing.ledger.erp import ErpUnknown, Reason
from resources.erp.exact_json import exact_json

BATCH, CHANGES = "batch_tieout", "changeset_tieout"
CONTENT_TYPE = f"multipart/mixed; boundary={BATCH}"
END = "\r\n"


def changeset(path: str, contents: Sequence[Any]) -> bytes:
    """Return a batch that creates all contents at one path, in one changeset."""
    parts = [f"--{BATCH}", f"Content-Type: multipart/mixed; boundary={CHANGES}", ""]
    for number, content in enumerate(contents, start=1):
        parts += [
            f"--{CHANGES}",
            "Content-Type: application/http",
            "Content-Transfer-Encoding: binary",
            f"Content-ID: {number}",
            "",
            f"POST {path} HTTP/1.1",
            "Content-Type: application/json; type=entry",
            "Accept: application/json",
            "",
            exact_json(content).decode(),
        ]
    return END.join([*parts, f"--{CHANGES}--", f"--{BATCH}--", ""]).encode()


def answers(content_type: str, body: bytes) -> list[tuple[int, Any]]:
    """Return status and body of each answer in a batch's answer, in order. Raises ErpUnknown."""
    if not content_type.lower().startswith("multipart/mixed"):
        raise ErpUnknown(Reason.UNREADABLE_ANSWER)
    whole = f"Content-Type: {content_type}{END}{END}".encode() + body
    found = email.message_from_bytes(whole, policy=email.policy.HTTP)
    inner = [part for part in found.walk() if part.get_content_type() == "application/http"]
    if not inner:
        raise ErpUnknown(Reason.UNREADABLE_ANSWER)
    return [_answer(part.get_payload(decode=True)) for part in inner]


def _answer(content: Any) -> tuple[int, Any]:
    head, _, body = bytes(content).replace(b"\r\n", b"\n").partition(b"\n\n")
    try:
        status = int(head.split(b" ", 2)[1])
        return status, json.loads(body, parse_float=str) if body.strip() else {}
    except (IndexError, ValueError):
        raise ErpUnknown(Reason.UNREADABLE_ANSWER) from None
