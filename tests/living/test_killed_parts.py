"""Parts of the platform are killed while files arrive: it returns by itself to the same books.

A run, the code server and the database are killed once each; `test_killed_every_part.py` kills all
parts at the moments of several seeds.
"""

import pytest

from tests.fixtures.living import DOUBTFUL, TWICE, Platform
from tests.living.conftest import LEDGER, Undisturbed

pytestmark = pytest.mark.xdist_group("living")
PARTS = ("run", "code", "database")


@pytest.fixture(scope="module")
def survived(platform: Platform) -> Platform:
    """The platform after each of the parts was killed while its share of the days arrived."""
    platform.outlive(PARTS, seed=1, share=platform.held)
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
def test_the_erp_has_the_balances_of_an_undisturbed_run(
    survived: Platform, undisturbed: Undisturbed
) -> None:
    assert survived.rows(LEDGER, role="bi_reader") == undisturbed.balances


@pytest.mark.promise("After killed parts every mart is that of an undisturbed life.")
def test_every_mart_is_the_one_of_an_undisturbed_run(
    survived: Platform, undisturbed: Undisturbed
) -> None:
    found, wanted = survived.checksums(), undisturbed.checksums
    assert len(wanted) > 100
    assert {name for name in wanted if found.get(name) != wanted[name]} == set()
