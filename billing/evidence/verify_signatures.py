"""Signatures and certificates of a pack: who allowed an entry, and on what outcome of the checks.

Part of the stand-alone verifier: standard library only, Python 3.9 and later.
"""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Any

from billing.evidence.verify_chain import audited
from billing.evidence.verify_pack import Check, Row, Tables, by_entry, in_order, money

SIGNED = ("approved", "sending", "unknown", "posted")
SAID = ("approver", "basis", "content_hash", "policy_version", "limit_id", "delegation_id",
        "authority")  # fmt: skip
MEASURES = ("event", "entry", "account_day")
SENT = ("sending", "unknown", "posted")


def check_signatures(tables: Tables, check: Check) -> None:
    """Each signature is the audited one, over the content, by somebody else than the preparer."""
    entries = {row["entry_id"]: row for row in tables.table("ledger/entries.csv")}
    signatures = list(tables.table("ledger/signatures.csv"))
    _check_audited(tables, check, signatures, set(entries))
    for one in signatures:
        name = f"signature {one['approval_id']} of entry {one['entry_id']}"
        entry = entries.get(one["entry_id"])
        check.expect(entry is not None, f"{name}: its entry is not there")
        if entry:
            is_same = one["content_hash"] == entry["content_hash"]
            check.expect(is_same, f"{name} is over another content")
            own = one["delegation_id"] and entry["proposed_by"].endswith(f"_{one['authority']}")
            is_other = one["approver"] != entry["proposed_by"] and not own
            check.expect(is_other, f"{name}: signed by its preparer")
    _check_enough(tables, check, entries, by_entry(signatures))
    _check_limits(tables, check, signatures)


def _check_audited(tables: Tables, check: Check, signatures: list[Row], entries: set[str]) -> None:
    """Signatures are those of the audit chain, no more, no fewer and no others."""
    given, voided = {}, set()
    for row, detail in audited(tables, "sign", "void signature"):
        if row["entry_id"] in entries:
            number = str(detail["approval_id"])
            if row["action"] == "sign":
                said = (*(detail.get(name) for name in SAID), *_audited_measures(detail))
                given[number] = (row["entry_id"], row["actor"], row["seq"], *said)
            else:
                voided.add(number)
    found = {
        one["approval_id"]: (one["entry_id"], one["approver"], one["audit_seq"],
                             *(one[name] for name in SAID), *_measures(one))
        for one in signatures
    }  # fmt: skip
    for number in sorted({*given, *found}, key=in_order):
        is_same = given.get(number) == found.get(number)
        check.expect(is_same, f"signature {number} is not the audited one")
    standing = {one["approval_id"] for one in signatures if one["voided_at"] is None}
    for number in sorted(standing & voided, key=in_order):
        check.expect(False, f"signature {number} was voided")


def _audited_measures(detail: dict[str, Any]) -> tuple[Decimal | None, ...]:
    return tuple(detail.get(f"{what}_amount") for what in MEASURES)


def _measures(one: Row) -> tuple[Decimal | None, ...]:
    found = (one[f"{what}_measure"] for what in MEASURES)
    return tuple(None if text is None else money(text) for text in found)


def _check_enough(
    tables: Tables, check: Check, entries: dict[str, Row], signatures: dict[str, list[Row]]
) -> None:
    """Signed entries have what the policy asked of their class when the last one signed.

    Signatures from before policy was kept in versions count as enough: so they were then.
    """
    classes = {
        (row["policy_id"], row["approval_class"]): row
        for row in tables.table("rules/policy_classes.csv")
    }
    for entry_id, entry in entries.items():
        if entry["state"] not in SIGNED:
            continue
        standing = [one for one in signatures.get(entry_id, []) if one["voided_at"] is None]
        name = f"entry {entry_id}, class {entry['approval_class']}"
        check.expect(bool(standing), f"{name}: no signature")
        under = max((int(one["policy_id"]) for one in standing if one["policy_id"]), default=None)
        if standing and under is not None:
            asked = classes.get((str(under), entry["approval_class"]))
            check.expect(asked is not None, f"{name}: the policy does not know the class")
            if asked:
                count = len(_signers(standing, asked))
                is_enough = count >= int(asked["signatures"])
                check.expect(is_enough, f"{name}: {count} of {asked['signatures']} signatures")


def _signers(standing: list[Row], asked: Row) -> set[str]:
    """Whose power stands behind an entry; where the class asks for people, policy counts not."""
    return {
        one["authority"] or one["approver"]
        for one in standing
        if one["basis"] == "person" or asked["basis"] == "policy"
    }


def _check_limits(tables: Tables, check: Check, signatures: list[Row]) -> None:
    """What was measured at signing is within the limit that the signature names, in force then."""
    limits = {
        (row["policy_id"], row["limit_id"]): row for row in tables.table("rules/policy_limits.csv")
    }
    for one in signatures:
        if one["policy_id"] is None:
            continue
        name = f"signature {one['approval_id']} of entry {one['entry_id']}"
        limit = limits.get((one["policy_id"], one["limit_id"]))
        check.expect(limit is not None, f"{name}: its limit is not there")
        if limit and one["voided_at"] is None:
            is_in_force = _is_in_force(limit, one)
            check.expect(is_in_force, f"{name}: its limit is not for that class and day")
        for what in MEASURES if limit else ():
            allowed = limit[f"{what}_limit"] if limit else None
            is_within = allowed is None or money(one[f"{what}_measure"]) <= money(allowed)
            check.expect(is_within, f"{name}: beyond its {what.replace('_', ' ')} limit")


def _is_in_force(limit: Row, one: Row) -> bool:
    """Whether a limit was for the class of the entry on the day of the signature."""
    classes = (limit["approval_classes"] or one["approval_class"] or "").split()
    last = limit["effective_to"] or "9999-12-31"
    is_class = one["approval_class"] in classes
    return is_class and limit["effective_from"] <= (one["approved_at"] or "")[:10] <= last


def certificate_hash(rows: list[Row], expected_hash: str, lines_digest: str) -> str:
    """The hash of a certificate, over the same text as ops.certificate_hash in the database."""
    texts = []
    for row in sorted(rows, key=lambda row: row["check_id"].encode()):
        parts = [
            row["check_id"], row["severity"], "t" if row["blocking"] == "true" else "f",
            row["status"], row["left_amount"], row["right_amount"], row["difference_amount"],
            row["failing_count"],
        ]  # fmt: skip
        texts.append("|".join(part for part in parts if part is not None))
    texts += [expected_hash, lines_digest]
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def check_certificates(tables: Tables, check: Check) -> None:
    """Each certificate is what its rows say; what was sent had one that passes."""
    rows: dict[str, list[Row]] = {}
    for row in tables.table("builds/certificate_rows.csv"):
        rows.setdefault(row["build_id"], []).append(row)
    passing = set()
    for one in tables.table("builds/certificates.csv"):
        build, held = one["build_id"], rows.pop(one["build_id"], [])
        found = certificate_hash(held, one["expected_hash"] or "", one["lines_digest"] or "")
        is_same = found == one["content_hash"]
        check.expect(is_same, f"certificate of {build} does not have its content hash")
        check.expect(_counts(held) == _said(one), f"certificate of {build}: it is not its rows")
        if one["passes"] == "true":
            passing.add(build)
    check.expect(not rows, f"rows without a certificate: {sorted(rows)[:3]}")
    for entry in tables.table("ledger/entries.csv"):
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
