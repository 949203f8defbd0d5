"""The files of one account, read and landed as they come, in any order: what the marts say."""

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest

from billing.parse import parse_parts
from resources.archive import Archive
from resources.receipt import Receipt
from resources.warehouse.database import connect
from resources.warehouse.landing import land, receive
from tests.marts import claim_story
from tests.marts.claim_story import claim, functional, status

D = Decimal
NOW = datetime(2026, 11, 1, tzinfo=UTC)
HASH_KEY = b"k" * 32
NO_TESTS = ("--exclude-resource-type", "test")
STAGES = (
    "select frequency_code, payer_sequence, version_no, stage, is_rejected, age_days,"
    " transmission_disposition, claim_category_code, paid_amount"
    " from marts.mart_claim_acknowledgement order by payer_sequence, version_no"
)
REJECTED = (
    "select reason_code, amount from intermediate.int_exception_warning"
    " where record_kind in ('claim', 'x12_transaction') order by 1"
)


def _land(warehouse: Any, folder: Any, files: list[tuple[str, bytes]]) -> None:
    archive = Archive(folder)
    with connect(warehouse.settings, "ingest", autocommit=True) as connection:
        for hours, (name, content) in enumerate(files):
            source = "bank" if name.endswith(".bai") else "clearinghouse"
            known_at = NOW + timedelta(hours=hours)
            file = receive(
                connection, archive, Receipt(source, "/in", name, content, None), known_at
            )
            land(connection, file, parse_parts(BytesIO(content), name), known_at, HASH_KEY)


def _clear(warehouse: Any) -> None:
    tables = warehouse.rows(
        "select table_schema || '.' || table_name from information_schema.tables"
        " where table_schema = 'raw' and table_type = 'BASE TABLE'"
    )
    warehouse.connection.execute(f"truncate {', '.join(name for (name,) in tables)}")
    warehouse.connection.execute(
        "truncate ops.exception, ops.file_sighting, ops.received_file cascade"
    )


def _said(warehouse: Any) -> dict[str, str]:
    """Every row of staging and marts; when a file was received is left aside, file ids are not."""
    return warehouse.checksums() | {
        f"staging {table}": checksum
        for table, checksum in warehouse.checksums(schema="staging").items()
    }


@pytest.fixture(scope="module")
def warehouse(make_warehouse: Any) -> Any:
    made = make_warehouse("files")
    made.cut_off(date(2026, 10, 31))
    return made


@pytest.fixture(scope="module")
def told(warehouse: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The story, landed in the order of its days, with every data test."""
    _land(warehouse, tmp_path_factory.mktemp("archive"), list(claim_story.story().items()))
    warehouse.first_build = warehouse.build()
    warehouse.said = _said(warehouse)
    warehouse.stages, warehouse.rejected = warehouse.rows(STAGES), warehouse.rows(REJECTED)
    warehouse.reversals = warehouse.rows(
        "select reversed_paid_amount, corrected_paid_amount, net_paid_amount, original_date,"
        " correction_date from marts.mart_claim_reversal"
    )
    warehouse.remitted = warehouse.outcomes("remittance_claim")
    return warehouse


@pytest.mark.promise("A claim's files from first sending to last payment pass every data test")
def test_the_story_passes_every_data_test(told: Any) -> None:
    assert told.first_build.broken == ()
    assert [test.name for test in told.first_build.tests if not test.has_passed] == []


@pytest.mark.promise("Each version of a claim shows how far it came")
def test_each_claim_version_says_how_far_it_came(told: Any) -> None:
    assert told.stages == [
        ("1", "P", 1, "claim_rejected", True, 54, "A", "A3", None),
        ("7", "P", 2, "adjudicated", False, 30, "A", "A2", D("230.00")),
        ("1", "S", 1, "adjudicated", False, 6, None, None, D("20.00")),
    ]
    assert told.rejected == []


@pytest.mark.promise("A remittance that arrives twice counts once")
def test_the_remittance_that_came_twice_counts_once(told: Any) -> None:
    assert told.remitted[None] == (4, D("150.00"))
    assert told.remitted["DUPLICATE_REMITTANCE"] == (1, D("100.00"))


@pytest.mark.promise("A reversal is linked to its original and its correction")
def test_the_reversal_knows_its_original_and_its_correction(told: Any) -> None:
    day = date(2026, 10, 15)
    expected = (D("-100.00"), D("130.00"), D("30.00"), date(2026, 10, 1), day)
    assert told.reversals == [expected]


@pytest.mark.promise("The same files in any order give the same rows in staging and marts")
@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in (1, 2, 3))]
)
def test_any_order_of_arrival_gives_the_same_rows(told: Any, tmp_path: Any, seed: int) -> None:
    files = list(claim_story.story().items())
    random.Random(seed).shuffle(files)
    _clear(told)
    _land(told, tmp_path, files)
    told.build(*NO_TESTS)
    assert _said(told) == told.said


@pytest.mark.promise(
    "A rejected claim is an exception until it is settled, and again when rejected again"
)
def test_a_rejected_claim_is_an_exception_until_it_is_settled_and_again_when_rejected_again(
    warehouse: Any, told: Any, tmp_path: Any
) -> None:
    """Rejected: open, also when replaced. That accepted: closed. That rejected: open again."""
    del told
    _clear(warehouse)
    steps = [
        ([("a", claim(1, "20260905", "120")), ("b", status(11, "20260907", "A3", "120"))],
         [("CLAIM_REJECTED", D("120.00"))]),
        ([("c", claim(2, "20260910", "150", "7"))], [("CLAIM_REJECTED", D("120.00"))]),
        ([("d", status(12, "20260912", "A2", "150"))], []),
        ([("e", status(13, "20260915", "A7", "150"))], [("CLAIM_REJECTED", D("150.00"))]),
        ([("f", claim_story.remittance(31, "20260925", "T9", [("1", "150", "100", "50")]))], []),
    ]  # fmt: skip
    for files, expected in steps:
        _land(warehouse, tmp_path, files)
        warehouse.rebuild("int_exception_warning")
        assert warehouse.rows(REJECTED) == expected


@pytest.mark.promise(
    "A rejected transmission holds its claims; an answer to nothing is an exception"
)
def test_a_rejected_transmission_holds_its_claims_and_an_answer_to_nothing_is_told(
    warehouse: Any, told: Any, tmp_path: Any
) -> None:
    del told
    _clear(warehouse)
    files = [
        ("a", claim(1, "20260905", "120")),
        ("b", functional(11, "20260905", 1, "R")),
        ("c", functional(12, "20260906", 77, "A")),
    ]
    _land(warehouse, tmp_path, files)
    warehouse.rebuild("int_exception_warning", "mart_transmission")
    assert {reason for reason, _ in warehouse.rows(REJECTED)} == {
        "TRANSMISSION_REJECTED", "ACKNOWLEDGEMENT_UNMATCHED",
    }  # fmt: skip
    assert warehouse.rows(
        "select disposition, is_rejected, claim_count, rejected_amount, waiting_count"
        " from marts.mart_transmission"
    ) == [("R", True, 1, D("120.00"), 0)]


@pytest.mark.promise("Each version of a claim shows how far it came")
@pytest.mark.promise(
    "A rejected claim is an exception until it is settled, and again when rejected again"
)
def test_a_rejected_claim_that_is_corrected_and_sent_as_an_original_is_the_next_version(
    warehouse: Any, told: Any, tmp_path: Any
) -> None:
    del told
    _clear(warehouse)
    files = [
        ("a", claim(1, "20260905", "120")),
        ("b", status(11, "20260907", "A3", "120")),
        ("c", claim(2, "20260910", "150")),
        ("d", status(12, "20260912", "A2", "150")),
    ]
    _land(warehouse, tmp_path, files)
    warehouse.rebuild("int_exception_warning", "mart_claim_acknowledgement")
    found = [(row[0], row[2], row[3]) for row in warehouse.rows(STAGES)]
    assert found == [("1", 1, "claim_rejected"), ("1", 2, "claim_accepted")]
    assert warehouse.rows(REJECTED) == []


def _split(number: int, claims: list[tuple[str, str, str, str]], total: str) -> bytes:
    whole = claim_story.remittance(number, "20261001", "T5", claims)
    paid = sum(float(one[2]) for one in claims)
    return whole.replace(f"BPR*I*{paid:.2f}*".encode(), f"BPR*I*{total}*".encode())


@pytest.mark.promise("A payment that is split over two files is held and never added up")
def test_a_payment_split_over_two_files_is_held_and_never_summed(
    warehouse: Any, told: Any, tmp_path: Any
) -> None:
    """Each part tells the whole payment of 300.00; one part comes twice."""
    del told
    _clear(warehouse)
    one = _split(1, [("1", "150", "100", "50")], "300.00")
    other = _split(2, [("1", "250", "200", "50")], "300.00")
    again = one.replace(b"000000001", b"000000009")
    _land(warehouse, tmp_path, [("a", one), ("b", other), ("c", again)])
    warehouse.rebuild("int_record_outcome")
    assert warehouse.outcomes("remittance_claim") == {
        "SPLIT_REMITTANCE": (2, D("300.00")), "DUPLICATE_REMITTANCE": (1, D("100.00")),
    }  # fmt: skip
