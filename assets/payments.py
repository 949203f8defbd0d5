"""Card charges, refunds, fees and payouts that the card processor lists, as raw tables."""

from collections.abc import Iterator

import dagster as dg

from assets.receiving import report, source_check, take_in
from assets.specs import TREASURY, raw_specs
from resources import payments
from resources.dagster_resources import Installation, JobRun

SPECS = raw_specs(
    "payments",
    "stripe",
    TREASURY,
    {
        "card_charge": "One row per version of a card charge.",
        "card_refund": "One row per version of a refund.",
        "card_balance_transaction": "One row per movement of the processor's balance, with fee.",
        "card_payout": "One row per version of a payout to the bank.",
    },
)


@dg.multi_asset(
    specs=SPECS, check_specs=source_check(SPECS), name="card_lists", pool=payments.SOURCE
)
def card_lists(
    installation: Installation, build_run: JobRun
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Fetch the processor's lists by month, archive them, read them and load their rows."""
    del build_run  # asked for because it keeps a second build out
    settings = installation.settings.cards
    found = take_in(
        installation,
        payments.SOURCE,
        lambda inbox: payments.receipts(settings, inbox.marks),
        is_configured=settings.is_configured,
    )
    yield from report(SPECS, found, is_configured=settings.is_configured)
