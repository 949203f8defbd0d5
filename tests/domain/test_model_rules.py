"""Rules over rows: which tests of dbt are taken for one, and the query that counts them all."""

from types import SimpleNamespace
from typing import Any

import pytest

from resources.model_rules import query, take_rules

PLAIN = {
    "where": None,
    "limit": None,
    "fail_calc": "count(*)",
    "warn_if": "!= 0",
    "error_if": "!= 0",
}
ONE_PASS = "the rules of a model are counted in one pass, and each is still a check of its own"
KINDS = {
    "holds": {"expression": "a = b"},
    "not_null": {"column_name": "a"},
    "accepted_range": {"column_name": "a", "min_value": 0, "max_value": 1},
    "accepted_values": {"column_name": "a", "values": ["x", "y"]},
    "unique": {"column_name": "a"},
    "unique_combination": {"columns": ["a", "b"]},
}
EXPECTED = (
    "select rule_0, rule_1, rule_2, rule_3, rule_4, rule_5 from (select"
    " count(*) filter (where not coalesce((a = b), false)) as rule_0,"
    " count(*) filter (where a is null) as rule_1,"
    " count(*) filter (where a < 0 or a > 1) as rule_2,"
    " count(distinct a) filter (where a not in ('x', 'y')) as rule_3"
    " from marts.one) as of_rows"
    " cross join (select count(*) as rule_4 from (select from marts.one where a is not null"
    " group by a having count(*) > 1) as repeated) as key_4"
    " cross join (select count(*) as rule_5 from (select from marts.one"
    " group by a, b having count(*) > 1) as repeated) as key_5"
)


def _test(kind: str, kwargs: dict[str, Any], **config: Any) -> SimpleNamespace:
    metadata = SimpleNamespace(name=kind, namespace=None, kwargs={**kwargs, "model": "{{ this }}"})
    return SimpleNamespace(
        unique_id=f"test.{kind}",
        name=kind,
        attached_node="model.one",
        test_metadata=metadata,
        config=SimpleNamespace(**{**PLAIN, **config}),
    )


def _manifest(*tests: SimpleNamespace) -> SimpleNamespace:
    model = SimpleNamespace(unique_id="model.one", relation_name="marts.one", config=None)
    return SimpleNamespace(nodes={node.unique_id: node for node in (model, *tests)})


@pytest.mark.promise(ONE_PASS)
def test_rules_of_a_model_are_one_query() -> None:
    manifest = _manifest(*(_test(kind, kwargs) for kind, kwargs in KINDS.items()))
    ruled = take_rules(manifest)["model.one"]
    assert [rule.name for rule in ruled.rules] == list(KINDS)
    assert list(manifest.nodes) == ["model.one"]
    assert query(ruled.relation, ruled.rules) == EXPECTED


@pytest.mark.promise(ONE_PASS)
def test_tests_that_need_dbt_stay_with_dbt() -> None:
    compared = _test("ties_to", {"to": "ref('two')"})
    narrowed = _test("not_null", {"column_name": "a"}, where="b > 0")
    rendered = _test("holds", {"expression": "a > {{ var('least') }}"})
    for test in (compared, narrowed, rendered):
        manifest = _manifest(test)
        assert take_rules(manifest) == {}
        assert len(manifest.nodes) == 2
