"""Every check says in words what it holds the data to."""

import pytest

from assets.check_words import words_of
from assets.runbook import advice

pytestmark = pytest.mark.promise(
    "Every check says in words what it holds the data to",
    "The runbook says what to do about every hold",
)


def node(kind: str, **arguments):
    return {"name": "a_test", "test_metadata": {"name": kind, "kwargs": arguments}}


@pytest.mark.parametrize(
    ("test", "words"),
    [
        (node("unique", column_name="event_id"), "No two rows have the same event_id."),
        (node("not_null", column_name="rule"), "Every row has a rule."),
        (
            node("unique_combination", columns=["file_id", "segment"]),
            "The grain: no two rows share file_id, segment.",
        ),
        (
            node("accepted_range", column_name="rate", min_value=0, max_value=1),
            "rate is at least 0 and at most 1.",
        ),
        (node("accepted_range", column_name="count", min_value=1), "count is at least 1."),
        (
            node("relationships", column_name="account", field="account", to="ref('chart')"),
            "Every account is found in chart.",
        ),
        (
            node(
                "ties_to", to="ref('fct')", keys=["entity_code"], amount="a", to_amount="b",
                to_where="c = 1",
            ),
            "Per entity_code: the sum of a equals the sum of b in fct where c = 1.",
        ),
        ({"name": "what_waits_posts_nothing"}, "What waits posts nothing."),
        ({"name": "x", "description": "Said by its author."}, "Said by its author."),
    ],
)  # fmt: skip
def test_a_test_is_described_by_its_kind_and_arguments_or_by_its_author(test, words):
    assert words_of(test) == words


def test_the_runbook_says_what_to_do_about_every_hold_and_where_to_look_for_the_rest():
    for code in ("CERTIFICATE", "APPROVAL", "PERIOD", "LIMIT", "MAPPING", "PARKED", "failed check"):
        assert advice(code) != advice("no such code")
    assert advice("no such code") == "see docs/runbook.md"
