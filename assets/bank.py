"""Bank statements (BAI2) and ACH files that the bank leaves on its SFTP server, as raw tables."""

from collections.abc import Iterator

import dagster as dg

from assets.receiving import AT_ONCE, report, source_check, take_in
from assets.specs import TREASURY, raw_specs
from resources import bank
from resources.dagster_resources import Installation, JobRun

SPECS = raw_specs(
    "bank",
    "bai2",
    TREASURY,
    {
        "bank_statement": "One row per account and day of a bank statement (BAI2 03 to 49).",
        "bank_transaction": "One row per transaction on a bank statement (BAI2 16).",
        "ach_entry": "One row per ACH entry (NACHA 6 record) with the trace of its addenda.",
    },
)


@dg.multi_asset(specs=SPECS, check_specs=source_check(SPECS), name="bank_files", pool=bank.SOURCE)
def bank_files(
    installation: Installation, build_run: JobRun
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Fetch stable, complete files, archive them unchanged, read them and load their rows."""
    del build_run  # asked for because it keeps a second build out
    settings = installation.settings.bank
    found = take_in(
        installation,
        bank.SOURCE,
        lambda inbox: bank.receipts(settings, inbox.taken, inbox.tell, inbox.waiting),
        is_configured=settings.is_configured,
        at_once=AT_ONCE,
    )
    yield from report(SPECS, found, is_configured=settings.is_configured)
