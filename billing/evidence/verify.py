"""The verifier of evidence packs: every check by name, a table, and an exit code.

Part of the stand-alone verifier: standard library only, Python 3.9 and later. In a pack it is
verify.py, put together from the parts by verifier.py; `tieout evidence verify` runs the same.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import sys
import tarfile
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from billing.evidence.verify_chain import check_anchors, check_chain
from billing.evidence.verify_entries import (
    check_audited,
    check_balance,
    check_content,
    check_numbers,
)
from billing.evidence.verify_pack import Check, Pack, money
from billing.evidence.verify_requests import check_requests
from billing.evidence.verify_rules import check_rules
from billing.evidence.verify_signatures import check_certificates, check_signatures
from billing.evidence.verify_sums import (
    check_documents,
    check_exceptions,
    check_inputs,
    check_movements,
    check_sample,
    check_subledger,
    check_tie_outs,
)

MANIFEST, HEAD = "MANIFEST.json", "MANIFEST.sha256"
SHOWN = 10  # problems of one check on the screen
UNREADABLE = (KeyError, ValueError, TypeError, ArithmeticError, OSError, csv.Error,
              tarfile.TarError, AttributeError)  # fmt: skip
CHECKS: tuple[tuple[str, Callable[[Pack, Check], None]], ...] = (
    ("audit chain", check_chain),
    ("entries as audited", check_audited),
    ("content of entries", check_content),
    ("balance", check_balance),
    ("entry numbers", check_numbers),
    ("signatures", check_signatures),
    ("requests", check_requests),
    ("certificates", check_certificates),
    ("rules and code", check_rules),
    ("erp documents", check_documents),
    ("movements", check_movements),
    ("sub-ledger and erp", check_subledger),
    ("exceptions", check_exceptions),
    ("tie-outs", check_tie_outs),
    ("inputs", check_inputs),
    ("sample", check_sample),
)


def verify(path: Path, anchors: Sequence[str] = (), head: str | None = None) -> list[Check]:
    """Every check of a pack, in order. Raises OSError or TarError when there is no pack at all."""
    pack = Pack(path)
    found = [_run("files", lambda one, check: check_files(one, check, head), pack)]
    found += [_run(name, look, pack) for name, look in CHECKS]
    if anchors:
        found.append(_run("anchors", lambda one, check: check_anchors(one, check, anchors), pack))
    return found


def _run(name: str, look: Callable[[Pack, Check], None], pack: Pack) -> Check:
    """One check; a pack that cannot be read as it should be fails it."""
    check = Check(name)
    try:
        look(pack, check)
    except UNREADABLE as error:
        check.problems.append(f"cannot be read: {type(error).__name__} {error}")
    return check


def check_files(pack: Pack, check: Check, head: str | None) -> None:
    """Every file is listed, and has its hash, row count and totals; so has the manifest."""
    with pack.open(MANIFEST) as content:
        found = hashlib.sha256(content.read()).hexdigest()
    with pack.open(HEAD) as content:
        said = content.read().decode().split()[0]
    check.expect(found == said, "the manifest does not have its head hash")
    if head:
        is_same = found == head.strip().lower()
        check.expect(is_same, "the head hash is not the one that was given: another pack")
    listed = {one["path"]: one for one in pack.manifest["files"]}
    names = pack.names() - {MANIFEST, HEAD}
    for name in sorted(set(listed) ^ names):
        word = "is not there" if name in listed else "is not in the manifest"
        check.expect(name in listed and name in names, f"{name} {word}")
    for name in sorted(set(listed) & names):
        _check_file(pack, check, listed[name])


def _check_file(pack: Pack, check: Check, listed: dict[str, Any]) -> None:
    name = listed["path"]
    digest, size = hashlib.sha256(), 0
    with pack.open(name) as content:
        for block in iter(lambda: content.read(1 << 20), b""):
            digest.update(block)
            size += len(block)
    check.expect(digest.hexdigest() == listed["sha256"], f"{name} does not have its hash")
    check.expect(size == listed["bytes"], f"{name} does not have its size")
    if listed["rows"] is not None:
        totals = {column: Decimal(0) for column in listed["totals"]}
        rows = 0
        for row in pack.table(name):
            rows += 1
            for column in totals:
                totals[column] += money(row[column])
        check.expect(rows == listed["rows"], f"{name} has {rows} rows, not {listed['rows']}")
        for column, total in totals.items():
            is_same = total == Decimal(listed["totals"][column])
            check.expect(is_same, f"{name}: {column} is {total}, not {listed['totals'][column]}")


def render(found: Iterable[Check]) -> list[str]:
    """The outcome as text: one line per check, then what does not hold."""
    checks = list(found)
    lines = [f"  {'check':<20}{'looked at':>12}{'problems':>10}  outcome"]
    for one in checks:
        word = "FAILS" if one.problems else "holds"
        lines.append(f"  {one.name:<20}{one.looked:>12,}{len(one.problems):>10,}  {word}")
    for one in checks:
        lines += [f"{one.name}: {problem}" for problem in one.problems[:SHOWN]]
        if len(one.problems) > SHOWN:
            lines.append(f"{one.name}: and {len(one.problems) - SHOWN} more")
    failing = [one.name for one in checks if one.problems]
    lines.append(f"FAILS: {', '.join(failing)}" if failing else "everything holds")
    return lines


def facts(path: Path) -> list[str]:
    """What the pack says of itself, in three lines."""
    try:
        stated = Pack(path).manifest
        asked, head = stated["parameters"], stated["audit_head"]
        left_out = stated["tie_outs_left_out"]
        return [
            f"{asked['period_start']} to {asked['period_end']}, {', '.join(asked['entities'])}; "
            f"made {asked['made_at']} by {asked['made_by']}",
            f"audit head {head['seq']}:{head['hash']}",
            f"tie-outs not worked out: {', '.join(left_out)}" if left_out
            else "all tie-outs were worked out",
        ]  # fmt: skip
    except UNREADABLE:
        return ["the manifest cannot be read"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Verify a pack and print the outcome; returns 0 where everything holds, else 1."""
    parser = argparse.ArgumentParser(description="Verify a Tieout evidence pack.")
    here = Path(__file__).resolve().parent
    parser.add_argument("path", nargs="?", type=Path, default=here, help="folder or .tar")
    parser.add_argument(
        "--anchor", action="append", default=[], metavar="SEQ:HASH",
        help="a head of the audit chain that was written down elsewhere; may be repeated",
    )  # fmt: skip
    parser.add_argument("--head", metavar="HASH", help="the head hash that you were given")
    parser.add_argument("--json", action="store_true", help="the outcome as JSON")
    asked = parser.parse_args(arguments)
    try:
        found = verify(asked.path, asked.anchor, asked.head)
    except (OSError, tarfile.TarError) as error:
        parser.error(f"not a pack: {error}")
    lines = [json.dumps([vars(one) for one in found], indent=2)] if asked.json else [
        *facts(asked.path), *render(found)]  # fmt: skip
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if any(one.problems for one in found) else 0


if __name__ == "__main__":
    sys.exit(main())
