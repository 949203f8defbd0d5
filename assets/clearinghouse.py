"""Claims and remittances (X12) that the clearinghouse leaves on its SFTP server, as raw tables."""

from collections.abc import Iterator

import dagster as dg

from assets.receiving import AT_ONCE, report, source_check, take_in
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
        "x12_level": "One row per hierarchical level (HL) or numbered group (LX).",
        "x12_party": "One row per party (NM1, N1) with address, birth date and taxonomy.",
        "x12_reference": "One row per reference or trace (REF, TRN) that no wider table holds.",
        "x12_date": "One row per date or period (DTM, DTP) that no wider table holds.",
        "x12_amount": "One row per amount for information (AMT).",
        "x12_quantity": "One row per quantity or measurement (QTY, MEA).",
        "x12_code": "One row per diagnosis, procedure, condition, remark or rejection code.",
        "x12_adjustment": "One row per adjustment by another payer (CAS outside the 835).",
        "x12_coverage": "One row per coverage or relationship to it (SBR, PAT, INS, OI).",
        "x12_adjudication": "One row per line as another payer decided it (SVD).",
        "x12_status": "One row per claim or line status (STC) with its three composites.",
        "x12_benefit": "One row per benefit asked for (EQ) or told (EB).",
        "x12_authorisation": "One row per review request (UM) or decision (HCR).",
        "x12_service": "One row per service of an inquiry, a status or an authorisation.",
        "x12_premium": "One row per premium payment, remittance detail or adjustment (820).",
        "x12_acknowledgement": "One row per statement of a 999, 997 or TA1 on what was sent.",
        "x12_contact": "One row per contact (PER, RDM) with its numbers.",
        "x12_currency": "One row per currency (CUR).",
        "x12_delivery": "One row per pattern of delivery of a service (HSD).",
        "x12_note": "One row per note or message in words (NTE, MSG, K3).",
        "x12_attachment": "One row per attachment announced or asked for (PWK).",
        "x12_contract": "One row per contract of a claim or line (CN1).",
        "x12_repricing": "One row per claim or line as a third party priced it (HCP).",
        "x12_purchase": "One row per purchased service (PS1).",
        "x12_drug": "One row per drug of a line (LIN with its CTP).",
        "x12_tooth": "One row per tooth treated (TOO) or its state (DN2).",
        "x12_orthodontics": "One row per orthodontic treatment (DN1).",
        "x12_certification": "One row per need for transport or equipment (CR1, CR3).",
        "x12_form_answer": "One row per answer on a supporting form (FRM).",
        "x12_adjudicated_amounts": "One row per adjudication of a claim (MIA, MOA).",
        "x12_provider_summary": "One row per provider totals of a remittance (TS3, TS2).",
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
        at_once=AT_ONCE,
    )
    yield from report(SPECS, found, is_configured=settings.is_configured)
