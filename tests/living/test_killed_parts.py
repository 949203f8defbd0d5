"""Parts of the platform are killed while files arrive: it returns by itself to the same books.

TIEOUT_FAULT_SEEDS names how many seeds are tried (default 2); each kills every part once, in an
order and at moments of its own, while its share of the held-back days is dropped.
"""

import os
import random
import time

import pytest

from tests.fixtures.living import Platform

SEEDS = range(1, int(os.environ.get("TIEOUT_FAULT_SEEDS", "2")) + 1)
PARTS = ("pages", "daemon", "code", "run", "erp", "sandbox", "database")
TWICE = "select erp_key from ledger.entry where state = 'posted' group by 1 having count(*) > 1"
DOUBTFUL = "select count(*) from ledger.entry where state in ('unknown', 'sending', 'rejected')"
LEDGER = """
select entity_code, account, erp_balance_amount from marts.mart_ledger_reconciliation
where erp_balance_amount <> 0 order by 1, 2
"""


@pytest.fixture(scope="module")
def survived(platform: Platform) -> Platform:
    """The platform after every part was killed at the moments of every seed."""
    shares = [platform.held[index :: len(SEEDS)] for index in range(len(SEEDS))]
    for seed, share in zip(SEEDS, shares, strict=True):
        moments = random.Random(seed)
        parts = list(PARTS)
        moments.shuffle(parts)
        for index, part in enumerate(parts):
            for held in share[index :: len(parts)]:
                platform.until(lambda held=held: platform.drop(held) is None)
            time.sleep(moments.uniform(0.5, 12.0))
            platform.kill(part)
        platform.until(lambda share=share: platform.has_landed(*share))
        platform.until(platform.is_settled)
    platform.until(platform.has_all_movements)
    platform.until(platform.is_settled)
    return platform


@pytest.mark.promise("Every file that comes while parts are killed lands once.")
def test_every_file_that_came_meanwhile_has_landed_once(survived: Platform) -> None:
    assert survived.has_landed(*survived.held)


@pytest.mark.promise("Killed parts leave nothing posted twice and nothing in doubt.")
def test_nothing_is_posted_twice_or_left_in_doubt(survived: Platform) -> None:
    assert survived.rows(TWICE) == []
    assert survived.rows(DOUBTFUL) == [(0,)]


@pytest.mark.promise("After killed parts the ERP has the balances of an undisturbed life.")
def test_the_erp_has_the_balances_of_an_undisturbed_life(
    survived: Platform, undisturbed: Platform
) -> None:
    assert survived.rows(LEDGER, role="bi_reader") == undisturbed.rows(LEDGER, role="bi_reader")


@pytest.mark.promise("After killed parts every mart is that of an undisturbed life.")
def test_every_mart_is_the_one_of_an_undisturbed_life(
    survived: Platform, undisturbed: Platform
) -> None:
    found, wanted = survived.checksums(), undisturbed.checksums()
    assert len(wanted) > 100
    assert {name for name in wanted if found.get(name) != wanted[name]} == set()
