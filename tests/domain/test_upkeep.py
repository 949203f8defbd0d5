"""When `tieout up` starts a part again: the pure decisions."""

import pytest

from orchestration.upkeep import (
    LONGEST_PAUSE_SECONDS,
    MOST_FAILED_PROBES,
    PROBE_SECONDS,
    STEADY_SECONDS,
    Upkeep,
    after_fall,
    after_probe,
    after_start,
    next_action,
)

pytestmark = pytest.mark.promise(
    "A part of `tieout up` is restarted with growing pauses, only when it is to blame"
)


def test_a_part_that_never_ran_is_started_as_soon_as_what_it_needs_is_there() -> None:
    assert next_action(Upkeep(), 0.0, is_alive=False, may_start=False) == "leave"
    assert next_action(Upkeep(), 0.0, is_alive=False, may_start=True) == "start"


def test_a_part_that_fell_waits_for_its_pause() -> None:
    fell = after_fall(after_start(Upkeep(), 0.0), 10.0)
    assert next_action(fell, 10.1, is_alive=False, may_start=True) == "leave"
    assert next_action(fell, 10.5, is_alive=False, may_start=True) == "start"


def test_the_pause_doubles_with_each_fall_and_has_an_end() -> None:
    part, pauses = Upkeep(), []
    for moment in range(10):
        part = after_fall(part, float(moment))
        pauses.append(part.wait_until - moment)
    assert pauses[:4] == pytest.approx([0.5, 1.0, 2.0, 4.0])
    assert pauses[-1] == LONGEST_PAUSE_SECONDS


def test_a_part_that_ran_steadily_starts_with_the_shortest_pause_again() -> None:
    part = after_fall(after_fall(Upkeep(), 0.0), 1.0)
    part = after_fall(after_start(part, 2.0), 2.0 + STEADY_SECONDS)
    assert part.wait_until - (2.0 + STEADY_SECONDS) == pytest.approx(0.5)
    assert part.restarts == 3


def test_a_living_part_is_probed_now_and_then_and_otherwise_left_alone() -> None:
    part = after_start(Upkeep(), 100.0)
    assert next_action(part, 101.0, is_alive=True, may_start=True) == "leave"
    assert next_action(part, 100.0 + PROBE_SECONDS, is_alive=True, may_start=True) == "probe"


def test_a_part_that_lives_and_does_not_answer_is_replaced_after_several_probes() -> None:
    part = after_start(Upkeep(), 0.0)
    for _ in range(MOST_FAILED_PROBES - 1):
        part = after_probe(part, 1.0, answers=False)
        assert next_action(part, 1.0, is_alive=True, may_start=True) == "leave"
        assert part.word == "not answering"
    part = after_probe(part, 1.0, answers=False)
    assert next_action(part, 1.0, is_alive=True, may_start=True) == "replace"


def test_a_part_that_does_not_answer_while_what_it_needs_is_away_is_not_to_blame() -> None:
    part = after_start(Upkeep(), 0.0)
    for _ in range(MOST_FAILED_PROBES):
        part = after_probe(part, 1.0, answers=False)
    assert next_action(part, 1.0, is_alive=True, may_start=False) == "leave"


def test_one_answer_makes_good_what_was_not_answered() -> None:
    part = after_probe(after_start(Upkeep(), 0.0), 1.0, answers=False)
    assert after_probe(part, 2.0, answers=True).failed_probes == 0
