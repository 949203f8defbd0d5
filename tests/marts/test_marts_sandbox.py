"""The sandbox's files through our readers and models, judged by the sandbox's own answer key.

Also the plans of the models, as PostgreSQL would make them for far more claims.
"""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billing.keys import account_hash
from billing.parse import parse
from resources.archive import Archive
from resources.receipt import Receipt
from resources.warehouse.database import connect
from resources.warehouse.landing import land, receive
from sandbox.answers import FILE_NAME
from sandbox.generate import generate
from tests.fixtures.plans import Plan, as_of_claims, indexes, plan_of, table_rows

KNOWN_AT = datetime(2026, 11, 1, tzinfo=UTC)
HASH_KEY = b"k" * 32
CLAIMS = 400


def _receipts(folder: Path) -> Iterator[Receipt]:
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        place = path.relative_to(folder).as_posix()
        if place == FILE_NAME:
            continue
        yield Receipt(_source(place), place.rsplit("/", 1)[0], path.name, _content(path, place),
                      KNOWN_AT)  # fmt: skip


def _source(place: str) -> str:
    if place.startswith("sftp/bank/"):
        return "bank"
    return {"fhir": "ehr", "cards": "payments"}.get(
        place.split("/", maxsplit=1)[0], "clearinghouse"
    )


def _content(path: Path, place: str) -> bytes:
    """The card API serves its lists in an envelope; on disk they are bare."""
    if not place.startswith("cards/"):
        return path.read_bytes()
    page = {"object": "list", "url": f"/v1/{path.stem}", "has_more": False}
    return json.dumps(page | {"data": json.loads(path.read_text())}).encode()


@pytest.fixture(scope="module")
def judged(make_warehouse: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A sandbox, loaded and built, with its answer key beside it."""
    folder = tmp_path_factory.mktemp("sandbox")
    warehouse = make_warehouse("sandbox")
    generate(seed=7, claims=CLAIMS, as_of=datetime(2026, 10, 31, tzinfo=UTC).date(), out=folder)
    archive = Archive(tmp_path_factory.mktemp("archive"))
    with connect(warehouse.settings, "ingest", autocommit=True) as connection:
        for receipt in _receipts(folder):
            file = receive(connection, archive, receipt, KNOWN_AT)
            if file.needs_landing:
                parsed = parse(receipt.content, receipt.name)
                land(connection, file, parsed, KNOWN_AT, HASH_KEY)
    warehouse.cut_off(datetime(2026, 10, 31, tzinfo=UTC).date())
    warehouse.first_build = warehouse.build()
    warehouse.key = json.loads((folder / FILE_NAME).read_text())
    return warehouse


@pytest.mark.promise("The synthetic hospital group passes every data test")
def test_every_data_test_passes_on_the_sandbox(judged):
    assert [test.name for test in judged.first_build.tests if not test.has_passed] == []
    assert judged.first_build.broken == ()


@pytest.mark.promise(
    "Sub-ledger, receivables and credits equal the independent answer key to the cent"
)
def test_the_sub_ledger_is_the_answer_keys_general_ledger(judged):
    found = {
        (entity, account): amount
        for entity, account, amount in judged.rows(
            "select entity_code, account, sum(signed_amount) from marts.fct_ledger_line"
            " where event <> 'credit.reclass.patient' group by 1, 2"
        )
        if amount
    }
    expected = {
        (entity, account): Decimal(amount)
        for entity, accounts in judged.key["general_ledger"].items()
        for account, amount in accounts.items()
        if Decimal(amount)
    }
    assert found == expected


@pytest.mark.promise(
    "Sub-ledger, receivables and credits equal the independent answer key to the cent"
)
def test_every_account_owes_what_the_answer_key_says(judged):
    found = {
        hashed: (payer, patient)
        for hashed, payer, patient in judged.rows(
            "select a.account_hash,"
            " coalesce(sum(signed_amount) filter (where account = '1110'), 0),"
            " coalesce(sum(signed_amount) filter (where account = '1120'"
            "  and event <> 'credit.reclass.patient'), 0)"
            " from marts.fct_ledger_line l join intermediate.int_account a using (account_key)"
            " where l.account in ('1110', '1120') group by a.account_hash"
        )
    }
    expected = {
        account_hash(account, HASH_KEY): (Decimal(owed["payer"]), Decimal(owed["patient"]))
        for account, owed in judged.key["receivables"].items()
    }
    zero = (Decimal(0), Decimal(0))
    assert {k: v for k, v in found.items() if v != zero} == {
        k: v for k, v in expected.items() if v != zero
    }


@pytest.mark.promise(
    "Sub-ledger, receivables and credits equal the independent answer key to the cent"
)
def test_credits_of_patients_wait_as_the_answer_key_says(judged):
    found = judged.rows(
        "select entity_code, amount from marts.fct_billing_event"
        " where event = 'credit.reclass.patient' order by 1, 2"
    )
    expected = [(one["entity"], Decimal(one["amount"])) for one in judged.key["waiting"]]
    assert found == sorted(expected)


@pytest.mark.promise("Every planted error is found with its code and dollars, and nothing else is")
def test_every_planted_error_is_found_and_nothing_else(judged):
    found = judged.rows(
        "select reason_code, record_kind, count(*), sum(amount)"
        " from intermediate.int_record_outcome where outcome = 'exception' group by 1, 2"
        " union all select reason_code, record_kind, count(*), sum(amount)"
        " from intermediate.int_exception_warning group by 1, 2"
    )
    expected = [
        (one["expected_code"], one["record_kind"], one["record_count"], Decimal(one["amount"]))
        for one in judged.key["planted_errors"]
        if one["expected_code"] != "DUPLICATE_FILE"
    ]
    assert sorted(found) == sorted(expected)


@pytest.mark.promise("Initial denials equal the independent answer key")
def test_initial_denials_are_the_answer_keys(judged):
    found = judged.rows(
        "select to_char(period_month, 'YYYY-MM'), entity_code, payer_code,"
        " sum(remitted_claims_count), sum(initial_denied_claims_count), sum(initial_denied_amount)"
        " from marts.mart_denial_month group by 1, 2, 3 having sum(remitted_claims_count) > 0"
    )
    expected = [
        (
            one["month"],
            one["entity"],
            one["payer"],
            one["decided_claims"],
            one["denied_claims"],
            Decimal(one["denied_amount"]),
        )
        for one in judged.key["initial_denials"]
    ]
    assert sorted(found) == sorted(expected)


@pytest.mark.promise("Every settled remittance finds its deposit")
def test_every_settled_remittance_finds_its_deposit(judged):
    found = judged.rows(
        "select r.trace_number, d.event_date::text, d.amount"
        " from intermediate.int_deposit_matched m"
        " join intermediate.int_deposit d using (bank_line_key)"
        " join intermediate.int_remittance r on r.payment_key = m.payment_key"
        "  and r.payment_rank = 1"
    )
    expected = {
        (one["trace"], one["value_date"], Decimal(one["amount"]))
        for one in judged.key["reassociation"]
        if one["value_date"]
    }
    assert set(found) == expected


@pytest.mark.promise("Forecast bands are scored over every past forecast")
def test_bands_of_the_forecast_are_scored_over_every_origin(judged):
    found = judged.rows(
        "select forecast_count, band_count, coverage80, coverage90"
        " from marts.mart_cash_forecast_accuracy where stream = 'TOTAL' and horizon_weeks = 0"
    )
    (forecasts, bands, coverage80, coverage90) = found[0]
    assert forecasts > bands > 50
    assert Decimal("0.5") < coverage80 <= coverage90 <= 1


@pytest.mark.promise("Every claim is acknowledged, and exactly the planted ones are rejected")
def test_claims_are_acknowledged_and_the_rejected_ones_are_those_of_the_answer_key(judged):
    rejected = {
        account_hash(error["account"], HASH_KEY)
        for error in judged.key["planted_errors"]
        if error["expected_code"] == "CLAIM_REJECTED"
    }
    assert rejected
    found = judged.rows(
        "select account_hash from intermediate.int_claim_acknowledgement"
        " where stage = 'claim_rejected'"
    )
    assert {one for (one,) in found} == rejected
    ((stages, unanswered),) = judged.rows(
        "select array_agg(distinct stage order by stage), count(*)"
        " filter (where transmission_disposition is null and sent_date < date '2026-10-30')"
        " from marts.mart_claim_acknowledgement"
    )
    assert "adjudicated" in stages
    assert unanswered == 0
    assert judged.rows("select count(*) from marts.mart_transmission where is_rejected") == [(0,)]


def _compiled(warehouse: Any) -> dict[str, str]:
    """The select of each model of a build, as dbt compiled it, in whichever database it is run."""
    manifest_path = warehouse.runner.manifest_path
    models = [
        node
        for node in json.loads(manifest_path.read_text())["nodes"].values()
        if node["resource_type"] == "model" and "post" not in node["tags"]
    ]
    folder = manifest_path.parent / "compiled"
    texts = {
        node["name"]: (folder / node["package_name"] / node["original_file_path"]).read_text()
        for node in models
    }
    return {name: re.sub(r'"\w+"\.("\w+"\.)', r"\1", text) for name, text in texts.items()}


def _outgrowths(connection: Any, queries: dict[str, str], claims: int) -> dict[str, list[str]]:
    """What outgrows its input in the plans of queries, by name; those without are left out."""
    with as_of_claims(connection, claims):
        rows, orders = table_rows(connection), indexes(connection)
        plans = {name: Plan(plan_of(connection, q), rows, orders) for name, q in queries.items()}
        found = {name: plan.outgrowths() for name, plan in plans.items()}
    return {name: said for name, said in found.items() if said}


@pytest.mark.promise("no model's plan grows faster than its input")
@pytest.mark.parametrize("claims", [20_000, 50_000, 1_000_000])
def test_no_plan_grows_faster_than_its_input(judged, claims):
    models = _compiled(judged)
    assert len(models) > 80
    assert _outgrowths(judged.connection, models, claims) == {}


OUTGROWING = {
    "loop": "select from intermediate.int_account as a join marts.fct_billing_event as e"
    " on e.account_key in (a.account_key, a.account_hash)",
    "alternatives": "select from intermediate.int_account as a"
    " join intermediate.int_remittance_claim as c on a.entity_code = c.entity_code"
    " and c.account_key in (a.account_key, a.account_hash)",
    "each": "select (select count(*) from marts.fct_ledger_line as l"
    " where l.payer_class = a.payer_class) from intermediate.int_account as a",
}
# How accounts found their coverage when 50,000 claims did not come to an end.
UNPLANNED = """
select distinct on (encounter.account_hash) encounter.account_hash, coverage.payer_id
from (select distinct on (encounter_id) * from raw.ehr_encounter order by encounter_id) as encounter
join intermediate.int_provider_resolved as provider
    on coalesce(nullif(trim(encounter.provider_npi), ''), '') = provider.npi and provider.tin = ''
join (select distinct on (coverage_id) * from raw.ehr_coverage order by coverage_id) as coverage
    on encounter.patient_id = coverage.patient_id and coverage.status = 'active'
    and cast(encounter.started_at as date) between coalesce(coverage.start_date, '-infinity')
    and coalesce(coverage.end_date, 'infinity')
order by encounter.account_hash, coverage.coverage_order
"""
# What the planner believes of a table that was loaded a moment ago.
FEW_ROWS = """
select pg_restore_relation_stats('schemaname', 'raw', 'relname', relname::text, 'version', 180000,
    'relpages', (pg_relation_size(oid) / 8192)::integer, 'reltuples', 1::real)
from pg_class where oid in ('raw.ehr_encounter'::regclass, 'raw.ehr_coverage'::regclass)
"""


@pytest.mark.promise("no model's plan grows faster than its input")
def test_queries_that_outgrow_their_input_are_found(judged):
    found = _outgrowths(judged.connection, OUTGROWING, 1_000_000)
    assert {name for name, said in found.items() if name in said[0]} == set(OUTGROWING)


@pytest.mark.promise("no model's plan grows faster than its input")
def test_a_join_planned_for_too_few_rows_is_found(judged):
    connection = judged.connection
    with as_of_claims(connection, 1_000_000):
        rows, orders = table_rows(connection), indexes(connection)
        connection.execute(FEW_ROWS)
        found = Plan(plan_of(connection, UNPLANNED), rows, orders).outgrowths()
    assert {said.partition(" over ")[0] for said in found} == {"a loop"}
