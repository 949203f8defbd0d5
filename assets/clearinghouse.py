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
        "x12_header": "One row per beginning of a hierarchical X12 transaction (BHT).",
        "x12_level": "One row per hierarchical level (HL).",
        "x12_party": "One row per party (NM1, N1) with its address, birth date and taxonomy.",
        "x12_reference": "One row per reference or trace (REF, TRN) that no wider table holds.",
        "x12_date": "One row per date or period (DTM, DTP) that no wider table holds.",
        "x12_amount": "One row per amount for information (AMT).",
        "x12_quantity": "One row per quantity (QTY).",
        "x12_code": "One row per diagnosis, procedure, condition, remark or rejection code.",
        "x12_adjustment": "One row per adjustment by another payer (CAS outside the 835).",
        "x12_coverage": "One row per coverage by another payer (SBR).",
        "x12_adjudication": "One row per line as another payer decided it (SVD).",
        "x12_status": "One row per claim or line status (STC) with its three composites.",
        "x12_benefit": "One row per benefit asked for (EQ) or told (EB).",
        "x12_authorisation": "One row per review request (UM) or decision (HCR).",
        "x12_service": "One row per service of an inquiry, a status or an authorisation.",
        "x12_premium": "One row per premium payment, remittance detail or adjustment (820).",
        "x12_acknowledgement": "One row per statement of a 999, 997 or TA1 on what was sent.",
        "x12_drug": "One row per drug of a service line (LIN, CTP).",
        "x12_attachment": "One row per paperwork that follows a claim (PWK).",
        "x12_adjudicated_amounts": "One row per pricing of a claim by its payer (MIA, MOA).",
        "x12_provider_summary": "One row per provider and its totals in a remittance (TS3).",
        "x12_segment": "One row per segment that no other table took, as it stands.",
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
