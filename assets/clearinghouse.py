"""Claims and remittances (X12) that the clearinghouse leaves on its SFTP server, as raw tables."""

from collections.abc import Iterator

import dagster as dg

from assets.receiving import report, source_check, take_in
from assets.specs import ENGINEERING, raw_specs
from resources import clearinghouse
from resources.dagster_resources import Installation, JobRun

SPECS = raw_specs(
    "clearinghouse",
    "x12",
    ENGINEERING,
    {
        "x12_transaction": "One row per X12 transaction set (ST to SE), whatever its kind.",
        "claim": "One row per claim sent (837 CLM).",
        "claim_line": "One row per service line of a claim sent.",
        "remittance": "One row per remittance (835 transaction) with its payment.",
        "remittance_claim": "One row per claim payment (835 CLP).",
        "remittance_line": "One row per service payment (835 SVC).",
        "claim_adjustment": "One row per claim adjustment (835 CAS triplet), of claim or line.",
        "provider_adjustment": "One row per provider-level adjustment (835 PLB).",
    },
)


@dg.multi_asset(
    specs=SPECS,
    check_specs=source_check(SPECS),
    name="clearinghouse_files",
    pool=clearinghouse.SOURCE,
)
def clearinghouse_files(
    installation: Installation, build_run: JobRun
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Fetch stable, complete files, archive them unchanged, read them and load their rows."""
    del build_run  # asked for because it keeps a second build out
    settings = installation.settings.clearinghouse
    found = take_in(
        installation,
        clearinghouse.SOURCE,
        lambda inbox: clearinghouse.receipts(settings, inbox.taken, inbox.tell, inbox.waiting),
        is_configured=settings.is_configured,
    )
    yield from report(SPECS, found, is_configured=settings.is_configured)
