"""Accounts of Dynamics 365 Finance: main account and dimensions in a configured order."""

from dataclasses import replace

import pytest

from billing.ledger.erp import ErpRejected, Reason
from tests.fixtures.erp.dynamics_finance import environment

pytestmark = pytest.mark.promise(
    "Accounts of Dynamics 365 Finance are written and read in the configured order"
)


@pytest.fixture
def d365():
    with environment() as made:
        yield made


@pytest.fixture
def entry(make_entry):
    lines = tuple(
        replace(line, facility="EAST", payer_class="medicare") for line in make_entry().lines
    )
    return replace(make_entry(), lines=lines)


def test_accounts_are_written_in_the_order_of_the_format(d365, entry):
    settings = d365.settings()
    assert settings.account_of("NLH", entry.lines[0]) == "11100-200--MC"
    bare = replace(entry.lines[0], facility="", payer_class="")
    assert settings.account_of("NLH", bare) == "11100---"
    other = d365.settings(account_format=("PayerClass", "MainAccount", "Facility"), delimiter="|")
    assert other.account_of("NLH", entry.lines[0]) == "MC|11100|200"


def test_accounts_are_read_back_also_without_empty_segments_at_the_end(d365):
    read = d365.settings().values_of
    there = {"account": "1110", "facility": "EAST", "payer_class": "medicare"}
    assert read("NLH", "11100-200--MC") == there
    assert read("NLH", "4010") == {"account": "4010", "facility": "", "payer_class": ""}
    assert read("NLH", "4010-200")["facility"] == "EAST"


def test_a_segment_with_the_delimiter_in_it_is_refused(d365, entry):
    for change in ({"delimiter": "1"}, {"account_format": ("MainAccount", "Facility")}):
        with pytest.raises(ErpRejected) as refusal:
            d365.ledger(**change).post(entry)
        assert refusal.value.reason_code == Reason.MAPPING
    assert d365.stub.requests == []
