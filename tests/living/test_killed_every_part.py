"""Every part of the platform is killed, in the order and at the moments of several seeds.

TIEOUT_FAULT_SEEDS names how many seeds are tried (default 2); each kills every part once while its
share of the held-back days is dropped.
"""

import os
from collections.abc import Iterator

import pytest

from tests.fixtures.living import DOUBTFUL, TWICE, Platform
from tests.living.conftest import LEDGER, Undisturbed, living_platform

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("living")]
SEEDS = range(1, int(os.environ.get("TIEOUT_FAULT_SEEDS", "2")) + 1)
PARTS = ("pages", "daemon", "code", "run", "erp", "sandbox", "database")


@pytest.fixture(scope="module")
def survived(
    undisturbed: Undisturbed, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Platform]:
    """A platform after every part was killed at the moments of every seed."""
    home = tmp_path_factory.mktemp("killed") / "state"
    with living_platform(home, undisturbed.models) as platform:
        for index, seed in enumerate(SEEDS):
            platform.outlive(PARTS, seed, platform.held[index :: len(SEEDS)])
        platform.until(platform.has_all_movements)
        platform.until(platform.is_settled)
        yield platform


@pytest.mark.promise("Every file that comes while parts are killed lands once.")
def test_every_file_has_landed_once(survived: Platform) -> None:
    assert survived.has_landed(*survived.held)


@pytest.mark.promise("Killed parts leave nothing posted twice and nothing in doubt.")
def test_nothing_is_posted_twice_or_in_doubt(survived: Platform) -> None:
    assert survived.rows(TWICE) == []
    assert survived.rows(DOUBTFUL) == [(0,)]


@pytest.mark.promise("After killed parts the ERP has the balances of an undisturbed life.")
def test_the_erp_has_undisturbed_balances(survived: Platform, undisturbed: Undisturbed) -> None:
    assert survived.rows(LEDGER, role="bi_reader") == undisturbed.balances


@pytest.mark.promise("After killed parts every mart is that of an undisturbed life.")
def test_every_mart_is_undisturbed(survived: Platform, undisturbed: Undisturbed) -> None:
    found, wanted = survived.checksums(), undisturbed.checksums
    assert len(wanted) > 100
    assert {name for name in wanted if found.get(name) != wanted[name]} == set()
