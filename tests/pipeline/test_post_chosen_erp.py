"""A run posts to the ERP that TIEOUT_ERP names, in that ERP's own names, and ties out with it."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestration.definitions import build_defs, own_resources
from resources.dagster_resources import Erp, Installation
from resources.erp_choice import shipped_segments
from resources.mirror import mirror_master_data
from resources.outbox import Outbox
from tests.fixtures.erp.chosen import CHOSEN, Chosen
from tests.fixtures.installed import Pipeline, failed_steps

LINES = """
select entity_code, account, facility_code, payer_class, sum(debit_amount - credit_amount)
from ledger.entry_line join ledger.entry using (entry_id) where state = 'posted'
group by 1, 2, 3, 4 having sum(debit_amount - credit_amount) <> 0
"""
pytestmark = pytest.mark.xdist_group("story")


@contextmanager
def named(kind: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Chosen]:
    """Have an ERP of the sandbox, named by the environment as a hospital would."""
    with CHOSEN[kind](folder) as made:
        for name, value in {"TIEOUT_ERP": kind, **made.variables}.items():
            monkeypatch.setenv(name, value)
        yield made


@pytest.fixture(params=sorted(CHOSEN))
def chosen(
    request: Any, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Chosen]:
    with named(request.param, tmp_path_factory.mktemp("erp"), monkeypatch) as made:
        yield made


def send(pipeline: Pipeline) -> None:
    """Mirror what the chosen ERP has and send what may go, as the post job does."""
    erp = Erp(installation=Installation())
    with pipeline.database.connect("poster", autocommit=False) as connection:
        mirror_master_data(connection, erp.ledger(), "NLH")
        Outbox(connection, erp.ledger(), "NLH").run()


def in_the_books(chosen: Chosen) -> dict[tuple[str, ...], Decimal]:
    """Sum what the ERP's own books have, by entity, account and segments."""
    sums: Counter[tuple[str, ...]] = Counter()
    for entity, company in chosen.companies.items():
        for _, line in company.posted_lines():
            segments = tuple(sorted(value for _, value in line.segments if value))
            sums[entity, line.account, *segments] += line.debit - line.credit
    return {key: amount for key, amount in sums.items() if amount}


def demanded(pipeline: Pipeline) -> dict[tuple[str, ...], Decimal]:
    """Sum the posted entries of the ledger in the ERP's names."""
    names = shipped_segments()
    sums: Counter[tuple[str, ...]] = Counter()
    for entity, account, facility, payer_class, amount in pipeline.rows(LINES):
        values = {"facility": facility, "payer_class": payer_class}
        segments = sorted(names.segment(entity, d, v) for d, v in values.items() if v)
        sums[entity, names.account(entity, account), *segments] += amount
    return {key: amount for key, amount in sums.items() if amount}


@pytest.mark.promise(
    "An entry is posted to the chosen ERP under that ERP's own accounts and segments"
)
@pytest.mark.usefixtures("approved_entry")
def test_an_entry_stands_in_the_chosen_erp_by_its_own_names(
    pipeline: Pipeline, chosen: Chosen
) -> None:
    send(pipeline)
    chosen.run_batch()  # where posting is the ERP's own later act
    send(pipeline)
    assert pipeline.rows("select code, detail from ledger.hold") == []
    assert pipeline.states() == {"posted": 1}
    assert in_the_books(chosen) == {
        ("NLH", "1110", "100", "CO"): Decimal("100.00"),
        ("NLH", "4010", "100", "CO"): Decimal("-100.00"),
    }


@pytest.mark.promise("An entry whose segment the ERP does not have is held before anything is sent")
@pytest.mark.usefixtures("approved_entry")
def test_a_value_without_a_segment_in_the_erp_is_held_before_anything_is_sent(
    pipeline: Pipeline, chosen: Chosen
) -> None:
    for company in chosen.companies.values():
        for values in company.segments.values():
            values.pop("CO", None)
    chosen.run_batch()  # a person lays new lists where lists are files
    send(pipeline)
    assert pipeline.rows("select code, detail from ledger.hold") == [
        ("MAPPING", "payer_class commercial has no active segment in the ERP")
    ]
    assert in_the_books(chosen) == {}


@pytest.mark.promise("After the post job the chosen ERP's books equal the posted ledger")
def test_the_post_job_ties_out_with_the_chosen_erp(
    built: Pipeline, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    with named("netsuite", tmp_path_factory.mktemp("erp"), monkeypatch) as chosen:
        made = build_defs(built.installation.dbt.manifest_path, own_resources(Installation()))
        result = made.resolve_job_def("post").execute_in_process(
            instance=built.instance, raise_on_error=False
        )
    assert failed_steps(result) == []
    assert built.rows("select erp, entity_code from ledger.erp_mirror order by 2") == [
        ("netsuite", "NLH"), ("netsuite", "NPG"),
    ]  # fmt: skip
    assert set(built.states()) == {"posted"}
    assert in_the_books(chosen) == demanded(built) != {}
    (tied,) = [c for c in result.get_asset_check_evaluations() if c.check_name == "T9"]
    assert tied.passed
