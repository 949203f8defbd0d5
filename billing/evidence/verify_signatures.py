"""Signatures and certificates of a pack: who allowed an entry, and on what outcome of the checks.

Part of the stand-alone verifier: standard library only, Python 3.9 and later.
"""

from __future__ import annotations

import hashlib

from billing.evidence.verify_chain import audited
from billing.evidence.verify_pack import Check, Pack, Row, by_entry

SIGNED = ("approved", "sending", "unknown", "posted")
SENT = ("sending", "unknown", "posted")


def check_signatures(pack: Pack, check: Check) -> None:
    """Each signature is the audited one, over the content, by somebody else than the preparer."""
    entries = {row["entry_id"]: row for row in pack.table("ledger/entries.csv")}
    signatures = list(pack.table("ledger/signatures.csv"))
    _check_audited(pack, check, signatures, set(entries))
    for one in signatures:
        name = f"signature {one['approval_id']} of entry {one['entry_id']}"
        entry = entries.get(one["entry_id"])
        check.expect(entry is not None, f"{name}: its entry is not there")
        if entry:
            is_same = one["content_hash"] == entry["content_hash"]
            check.expect(is_same, f"{name} is over another content")
            check.expect(one["approver"] != entry["proposed_by"], f"{name}: signed by its preparer")
    _check_enough(pack, check, entries, by_entry(signatures))


def _check_audited(pack: Pack, check: Check, signatures: list[Row], entries: set[str]) -> None:
    """Signatures are those of the audit chain, no more, no fewer and no others."""
    given, voided = {}, set()
    for row, detail in audited(pack, "sign", "void signature"):
        if row["entry_id"] in entries:
            number = str(detail["approval_id"])
            if row["action"] == "sign":
                given[number] = (row["entry_id"], row["actor"], detail["approver"],
                                 detail["basis"], detail["content_hash"], row["seq"])  # fmt: skip
            else:
                voided.add(number)
    found = {
        one["approval_id"]: (one["entry_id"], one["approver"], one["approver"], one["basis"],
                             one["content_hash"], one["audit_seq"])
        for one in signatures
    }  # fmt: skip
    for number in sorted({*given, *found}, key=int):
        is_same = given.get(number) == found.get(number)
        check.expect(is_same, f"signature {number} is not the audited one")
    standing = {one["approval_id"] for one in signatures if one["voided_at"] is None}
    for number in sorted(standing & voided, key=int):
        check.expect(False, f"signature {number} was voided")


def _check_enough(
    pack: Pack, check: Check, entries: dict[str, Row], signatures: dict[str, list[Row]]
) -> None:
    """Signed entries have the signatures that the policy in the pack asks of their class."""
    classes = {row["approval_class"]: row for row in pack.table("rules/approval_classes.csv")}
    for entry_id, entry in entries.items():
        if entry["state"] not in SIGNED:
            continue
        asked = classes.get(entry["approval_class"])
        name = f"entry {entry_id}, class {entry['approval_class']}"
        check.expect(asked is not None, f"{name}: the policy does not know the class")
        if asked:
            signers = {
                one["approver"]
                for one in signatures.get(entry_id, [])
                if one["voided_at"] is None and one["approver"] != entry["proposed_by"]
                and (one["basis"] == "person" or asked["basis"] == "policy")
            }  # fmt: skip
            is_enough = len(signers) >= int(asked["signatures"])
            check.expect(is_enough, f"{name}: {len(signers)} of {asked['signatures']} signatures")


def certificate_hash(rows: list[Row]) -> str:
    """The hash of a certificate, over the same text as ops.issue_certificate in the database."""
    texts = []
    for row in sorted(rows, key=lambda row: row["check_id"].encode()):
        parts = [
            row["check_id"], row["severity"], "t" if row["blocking"] == "true" else "f",
            row["status"], row["left_amount"], row["right_amount"], row["difference_amount"],
            row["failing_count"],
        ]  # fmt: skip
        texts.append("|".join(part for part in parts if part is not None))
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def check_certificates(pack: Pack, check: Check) -> None:
    """Each certificate is what its rows say; what was sent had one that passes."""
    rows: dict[str, list[Row]] = {}
    for row in pack.table("builds/certificate_rows.csv"):
        rows.setdefault(row["build_id"], []).append(row)
    passing = set()
    for one in pack.table("builds/certificates.csv"):
        build, held = one["build_id"], rows.pop(one["build_id"], [])
        is_same = certificate_hash(held) == one["content_hash"]
        check.expect(is_same, f"certificate of {build} does not have its content hash")
        check.expect(_counts(held) == _said(one), f"certificate of {build}: it is not its rows")
        if one["passes"] == "true":
            passing.add(build)
    check.expect(not rows, f"rows without a certificate: {sorted(rows)[:3]}")
    for entry in pack.table("ledger/entries.csv"):
        if entry["state"] in SENT:
            is_covered = entry["build_id"] in passing
            check.expect(is_covered, f"entry {entry['entry_id']} went out without a certificate")


def _counts(rows: list[Row]) -> tuple[bool, int, int, int]:
    blocking = [row for row in rows if row["blocking"] == "true" and row["severity"] == "error"]
    passes = bool(rows) and all(row["status"] == "passed" for row in blocking)
    failed = sum(1 for row in rows if row["status"] == "failed")
    missing = sum(1 for row in rows if row["status"] == "missing")
    return passes, len(rows), failed, missing


def _said(one: Row) -> tuple[bool, int, int, int]:
    counts = [int(one[name]) for name in ("check_count", "failed_count", "missing_count")]
    return one["passes"] == "true", counts[0], counts[1], counts[2]
