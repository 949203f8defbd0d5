"""Which of Dagster's runs may go: old ones beyond the newest that always stay."""

import pytest

from sensors.purging import KEEP_RUNS, KEEP_SECONDS, EndedRun, to_delete

pytestmark = pytest.mark.promise("Dagster's old runs are purged; the newest always stay")

OLD, YOUNG = KEEP_SECONDS + 1, KEEP_SECONDS - 1


def test_an_old_run_goes_when_enough_newer_ones_stay() -> None:
    assert to_delete([EndedRun("a", OLD), EndedRun("b", YOUNG)], KEEP_RUNS + 2) == ["a"]


def test_the_newest_runs_stay_however_old_they_are() -> None:
    assert to_delete([EndedRun("a", OLD)], KEEP_RUNS) == []
    assert to_delete([EndedRun("a", OLD), EndedRun("b", OLD)], KEEP_RUNS + 1) == ["a"]
