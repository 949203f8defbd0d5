"""Posting under faults, seeded: exactly once; and the naive variant, which shows that it bites.

`make faults SEED= BATCHES=` fights longer; the figures of recorded runs are in docs/posting.md.
"""

from dataclasses import replace

import pytest

from tests.faults.arena import Fight, run, summary
from tests.faults.stage import prepared

SEED = 20261031
SEEDS = (SEED, pytest.param(4711, marks=pytest.mark.long))
BATCHES = 40


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    """One PostgreSQL, with a database for each run."""
    folder = tmp_path_factory.mktemp("ground")
    with prepared(folder / "postgres") as made:
        yield made


@pytest.fixture(scope="module", params=SEEDS)
def fought(request, ground):
    """A fight and the same batches undisturbed."""
    fight = Fight(request.param, BATCHES)
    return fight, run(fight, ground=ground), run(fight.undisturbed(), ground=ground)


@pytest.mark.promise(
    "Under faults, kills and database stops every batch is in the ERP exactly once."
)
def test_every_batch_is_in_the_erp_exactly_once(fought):
    _, outcome, _ = fought
    assert (outcome.verdict.duplicates, outcome.verdict.missing) == (0, 0)


@pytest.mark.promise(
    "Under faults the ledger and the ERP come to what an undisturbed run comes to."
)
def test_the_ledger_and_the_erp_say_what_an_undisturbed_run_says(fought):
    fight, outcome, undisturbed = fought
    assert outcome.verdict.checksums == undisturbed.verdict.checksums
    assert summary(fight, outcome, undisturbed)["checksum_equal"]


@pytest.mark.promise("Under faults the audit chain and every entry verify.")
def test_the_audit_chain_and_all_entries_verify(fought):
    assert fought[1].verdict.problems == []


@pytest.mark.promise("The fault run fights: faults, kills and database stops happen.")
def test_it_was_a_fight(fought):
    fight, outcome, undisturbed = fought
    assert outcome.faults > 0
    assert sum(outcome.kills.values()) > 0
    assert outcome.database_stops == fight.database_stops
    assert (undisturbed.faults, undisturbed.database_stops) == (0, 0)


@pytest.mark.promise("The fault run bites: a poster that asks again at once posts twice.")
def test_asking_again_at_once_posts_twice(ground):
    naive = run(replace(Fight(SEED, BATCHES), is_naive=True), ground=ground)
    assert naive.verdict.duplicates > 0
    assert naive.verdict.over_posted > 0
