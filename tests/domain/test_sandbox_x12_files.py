"""The rendered X12: remittances balance except where planted, and pyx12 accepts what is clean."""

from __future__ import annotations

import io
import json
import logging
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import pyx12.params
import pyx12.x12n_document

from sandbox.generate import generate

pytestmark = pytest.mark.promise(
    "The sandbox's X12 balances except where planted, and others can read it"
)

AS_OF = date(2026, 10, 31)
CENT = Decimal("0.01")
OFF_BALANCE = ("REMITTANCE_OFF_BALANCE", "CLAIM_OFF_BALANCE", "LINE_OFF_BALANCE")

Segment = list[str]


@dataclass
class Sums:
    """Charge, payment and adjustments of one claim or line."""

    account: str
    charge: Decimal
    paid: Decimal
    cuts: list[Decimal] = field(default_factory=list)

    @property
    def is_off(self) -> bool:
        return self.charge - sum(self.cuts) != self.paid


def balances(transaction: list[Segment]) -> dict[str, list[str]]:
    """Check one 835 transaction on its three levels; returns the places that are off."""
    claims: list[Sums] = []
    lines: list[Sums] = []
    has_line = False
    for segment in transaction:
        if segment[0] == "CLP":
            claims.append(Sums(segment[1], Decimal(segment[3]), Decimal(segment[4])))
            has_line = False
        elif segment[0] == "SVC":
            lines.append(Sums(claims[-1].account, Decimal(segment[2]), Decimal(segment[3])))
            has_line = True
        elif segment[0] == "CAS":
            for level in (claims, lines) if has_line else (claims,):
                level[-1].cuts += map(Decimal, segment[3::3])
    off: dict[str, list[str]] = defaultdict(list)
    for code, level in (("CLAIM_OFF_BALANCE", claims), ("LINE_OFF_BALANCE", lines)):
        for sums in level:
            if sums.is_off:
                off[code].append(sums.account)
    plb = sum(Decimal(text) for item in transaction if item[0] == "PLB" for text in item[4::2])
    payment = next(Decimal(item[2]) for item in transaction if item[0] == "BPR")
    if difference := sum(claim.paid for claim in claims) - plb - payment:
        off["REMITTANCE_OFF_BALANCE"].append(str(difference))
    return off


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("sandbox files")
    generate(20261031, 900, AS_OF, made)
    return made


@pytest.fixture(scope="module")
def key(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "answer_key.json").read_text("utf-8"))
    return found


def segments(path: Path) -> list[Segment]:
    text = path.read_text("ascii")
    return [part.strip().split("*") for part in text.split("~") if part.strip()]


def transactions(path: Path) -> Iterator[list[Segment]]:
    current: list[Segment] = []
    for segment in segments(path):
        if segment[0] == "ST":
            current = []
        current.append(segment)
        if segment[0] == "SE":
            yield current


def remittance_files(folder: Path) -> list[Path]:
    return sorted((folder / "sftp/clearinghouse/remittances").glob("*835_*"))


def errors_of(key: dict[str, Any], code: str) -> dict[str, Any]:
    (found,) = (item for item in key["planted_errors"] if item["expected_code"] == code)
    return dict(found)


def test_remittances_balance_on_three_levels_except_where_planted(
    folder: Path, key: dict[str, Any]
) -> None:
    found = [
        (path.name, number, code, places)
        for path in remittance_files(folder)
        for number, transaction in enumerate(transactions(path), 1)
        for code, places in balances(transaction).items()
    ]
    planted = {code: errors_of(key, code) for code in OFF_BALANCE}
    assert sorted((name, number, code) for name, number, code, _ in found) == sorted(
        (item["file_name"], item["transaction_no"], code) for code, item in planted.items()
    )
    for _, _, code, places in found:
        expected = planted[code]["account"] or str(CENT)
        assert places == [expected]


def test_the_truncated_file_ends_inside_its_last_readable_claim(
    folder: Path, key: dict[str, Any]
) -> None:
    item = errors_of(key, "TRUNCATED")
    path = folder / "sftp/clearinghouse/remittances" / item["file_name"]
    text = path.read_text("ascii")
    assert not text.rstrip().endswith("~")
    assert "IEA*" not in text
    last = text[text.rindex("ST*835*") :].split("~")
    assert sum(part.strip().startswith("CLP*") for part in last) == item["record_count"]


def test_a_copy_has_the_same_bytes_and_a_new_envelope_the_same_body(
    folder: Path, key: dict[str, Any]
) -> None:
    root = folder / "sftp/clearinghouse/remittances"
    copy = errors_of(key, "DUPLICATE_FILE")
    assert (root / copy["file_name"]).read_bytes() == (root / copy["other_file_name"]).read_bytes()
    again = errors_of(key, "DUPLICATE_REMITTANCE")
    one, two = segments(root / again["other_file_name"]), segments(root / again["file_name"])
    envelope = {"ISA", "GS", "ST", "SE", "GE", "IEA"}
    assert [item for item in one if item[0] not in envelope] == [
        item for item in two if item[0] not in envelope
    ]
    for name, place in (("ISA", 13), ("GS", 6), ("ST", 2)):
        (first, *_), (second, *_) = (
            [item[place] for item in found if item[0] == name] for found in (one, two)
        )
        assert first != second


def test_interest_of_the_claims_equals_the_provider_adjustment(folder: Path) -> None:
    seen = 0
    for path in remittance_files(folder):
        for transaction in transactions(path):
            claims = sum(
                (Decimal(item[2]) for item in transaction if item[:2] == ["AMT", "I"]), Decimal(0)
            )
            plb = sum(
                Decimal(item[place + 1])
                for item in transaction
                if item[0] == "PLB"
                for place in range(3, len(item), 2)
                if item[place].startswith("L6:")
            )
            assert claims + plb == 0
            seen += claims > 0
    assert seen


def test_claims_as_sent_add_up_to_their_lines(folder: Path) -> None:
    for path in sorted((folder / "sftp/clearinghouse/sent").iterdir()):
        place = 2 if path.name.startswith("837P") else 3
        for transaction in transactions(path):
            totals, lines = [], []
            for segment in transaction:
                if segment[0] == "CLM":
                    totals.append(Decimal(segment[2]))
                    lines.append(Decimal(0))
                elif segment[0] in ("SV1", "SV2"):
                    lines[-1] += Decimal(segment[place])
            assert totals == lines
            assert totals


def accepts(path: Path) -> bool:
    logging.getLogger("pyx12").setLevel(logging.CRITICAL)
    return bool(
        pyx12.x12n_document.x12n_document(
            param=pyx12.params.params(), src_file=str(path), fd_997=io.StringIO(),
            fd_html=None, fd_xmldoc=None, xslt_files=None,
        )
    )  # fmt: skip


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param("sent/837P_*", marks=pytest.mark.long),
        pytest.param("sent/837I_*", marks=pytest.mark.long),
        "remittances/835_*",
    ],
)
def test_pyx12_accepts_a_sample_of_each_kind(
    folder: Path, key: dict[str, Any], pattern: str
) -> None:
    planted = {item["file_name"] for item in key["planted_errors"]}
    paths = [
        path
        for path in sorted((folder / "sftp/clearinghouse").glob(pattern))
        if path.name not in planted
    ]
    largest = sorted(paths, key=lambda path: path.stat().st_size)[-3:]
    for path in [*largest, *paths[:: max(len(paths) // 10, 1)]]:
        assert accepts(path), path.name


def test_pyx12_refuses_the_truncated_file(folder: Path, key: dict[str, Any]) -> None:
    name = errors_of(key, "TRUNCATED")["file_name"]
    assert not accepts(folder / "sftp/clearinghouse/remittances" / name)
