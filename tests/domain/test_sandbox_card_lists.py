"""The processor's lists find by place what a walk through the whole list finds."""

from operator import eq, ge, gt, le, lt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.card_lists import CardList

PROMISE = "The sandbox's processor answers as one that walks through its whole list would"
COMPARE = {"gt": gt, "gte": ge, "lt": lt, "lte": le, "is": eq}
_items = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from("ab"), st.sampled_from("xy")), max_size=12
).map(
    lambda rows: [
        {"id": f"i{number}", "created": created, "type": kind, "source": source}
        for number, (created, kind, source) in enumerate(sorted(rows, key=lambda row: -row[0]))
    ]
)
_wanted = st.dictionaries(st.sampled_from(["type", "source"]), st.sampled_from("abxy"))


@pytest.mark.promise(PROMISE)
@given(_items, st.sampled_from(sorted(COMPARE)), st.integers(-1, 6), _wanted)
def test_window_and_filter_find_what_a_walk_finds(items, comparison, created, wanted):
    kept = CardList(items, ["type", "source"])
    found = [items[place] for place in kept.places(kept.within(comparison, created), wanted)]
    assert found == [
        item
        for item in items
        if COMPARE[comparison](item["created"], created)
        and all(item[name] == value for name, value in wanted.items())
    ]
    assert [kept.place(item["id"]) for item in items] == list(range(len(items)))


@pytest.mark.promise(PROMISE)
def test_list_in_another_order_is_refused():
    with pytest.raises(ValueError, match="newest first"):
        CardList([{"id": "a", "created": 1}, {"id": "b", "created": 2}])
