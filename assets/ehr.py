"""Patients, encounters, coverages and charges that the EHR exports (FHIR), as raw tables."""

from collections.abc import Iterator

import dagster as dg

from assets.receiving import report, source_check, take_in
from assets.specs import ENGINEERING, raw_specs
from resources import ehr
from resources.dagster_resources import Installation, JobRun

SPECS = raw_specs(
    "ehr",
    "fhir",
    ENGINEERING,
    {
        "ehr_patient": "One row per version of a patient received.",
        "ehr_encounter": "One row per version of an encounter, with its account's keyed hash.",
        "ehr_coverage": "One row per version of a patient's coverage by a payer.",
        "ehr_charge": "One row per version of a charge (ChargeItem).",
    },
)


@dg.multi_asset(specs=SPECS, check_specs=source_check(SPECS), name="ehr_exports", pool=ehr.SOURCE)
def ehr_exports(
    installation: Installation, build_run: JobRun
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Ask for a bulk export, archive its files unchanged, read them and load their rows."""
    del build_run  # asked for because it keeps a second build out
    settings = installation.settings.fhir
    found = take_in(
        installation,
        ehr.SOURCE,
        lambda inbox: ehr.receipts(settings, inbox.marks),
        is_configured=settings.is_configured,
    )
    yield from report(SPECS, found, is_configured=settings.is_configured)
