"""The stories of a small hand-made world: a few accounts, with what each leaves worked out."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

MAIN, CLIN, STRANGER = "1234567893", "1003000126", "1987654328"
MCR, BLU, WRK = "1520000001", "1520000003", "1520000006"
BANK = {"NLH": "4410001001", "NPG": "4410001002"}
D = Decimal


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class World:
    """Tells stories in the words of the domain; each becomes raw rows of one file or several."""

    def __init__(self, rows: Any) -> None:
        self.rows = rows

    def encounter(self, account: str, payers: tuple[str, ...], charge: str, *, day: str) -> None:
        ehr = self.rows.file(f"ehr {account}", "ehr", "fhir_ndjson")
        add = self.rows.add
        add("ehr_encounter", ehr, encounter_id=f"e-{account}", patient_id=f"p-{account}",
            account_number=account, account_hash=account, provider_npi=MAIN, status="finished",
            started_at=at(day), updated_at=at(day))  # fmt: skip
        for order, payer in enumerate(payers, 1):
            add("ehr_coverage", ehr, coverage_id=f"v-{account}-{order}", patient_id=f"p-{account}",
                payer_id=payer, coverage_order=order, status="active",
                start_date=date(2026, 1, 1))  # fmt: skip
        self.charge(account, charge, day=day)

    def charge(self, account: str, amount: str, *, day: str, **values: Any) -> None:
        file_id = self.rows.file(f"charge {account} {values}", "ehr", "fhir_ndjson")
        self.rows.add("ehr_charge", file_id, **{
            "charge_id": f"c-{account}", "encounter_id": f"e-{account}",
            "patient_id": f"p-{account}", "status": "billable", "amount": D(amount),
            "service_date": date.fromisoformat(day), "posted_date": date.fromisoformat(day),
            "updated_at": at(day)} | values)  # fmt: skip

    def remittance(
        self, trace: str, payer: str, day: str, claims: list[dict[str, Any]], *,
        plb: tuple[tuple[str, str], ...] = (), npi: str = MAIN, envelope: str = "first",
        **values: Any,
    ) -> None:  # fmt: skip
        file_id = self.rows.file(f"835 {trace} {envelope}")
        paid = sum((D(claim["paid"]) for claim in claims), D(0)) - sum(
            (D(amount) for _, amount in plb), D(0)
        )
        self.rows.add("remittance", file_id, **{
            "transaction_no": 1, "payer_id": payer, "trace_number": trace, "payment_method": "ACH",
            "payment_amount": paid, "payment_date": date.fromisoformat(day), "payee_npi": npi,
            "claim_count": len(claims), "content_hash": f"{trace} {claims}"} | values)  # fmt: skip
        for claim_no, claim in enumerate(claims, 1):
            self.rows.add("remittance_claim", file_id, transaction_no=1, claim_no=claim_no,
                claim_number=claim["account"], account_hash=claim["account"],
                claim_status_code=claim.get("status", "1"), charge_amount=D(claim["charge"]),
                paid_amount=D(claim["paid"]), finding_code=claim.get("finding"))  # fmt: skip
            for number, (group, reason, amount) in enumerate(claim.get("cas", ()), 1):
                self.rows.add("claim_adjustment", file_id, transaction_no=1, claim_no=claim_no,
                    adjustment_no=number, group_code=group, reason_code=reason,
                    amount=D(amount))  # fmt: skip
        for number, (code, amount) in enumerate(plb, 1):
            self.rows.add("provider_adjustment", file_id, transaction_no=1, adjustment_no=number,
                reason_code=code, amount=D(amount))  # fmt: skip

    def statement(self, entity: str, day: str, *lines: tuple[str, str, str, str | None],
                  copy: str = "first") -> None:  # fmt: skip
        file_id = self.rows.file(f"bai2 {entity} {day} {copy}", "bank", "bai2")
        self.rows.add("bank_statement", file_id, statement_no=1, bank_account=BANK[entity],
            as_of_date=date.fromisoformat(day), content_hash=f"{entity} {day} {lines}")  # fmt: skip
        for number, (code, amount, text, trace) in enumerate(lines, 1):
            direction = "debit" if code in ("698", "475") else "credit"
            self.rows.add("bank_transaction", file_id, statement_no=1, transaction_no=number,
                type_code=code, direction=direction, amount=D(amount), description=text,
                value_date=date.fromisoformat(day), trace_number=trace)  # fmt: skip

    def card(self, charge_id: str, account: str, amount: str, fee: str, *, day: str) -> None:
        file_id = self.rows.file(f"card {charge_id}", "payments", "card_list")
        self.rows.add("card_charge", file_id, charge_id=charge_id, account_number=account,
            account_hash=account, merchant="NLH", amount=D(amount), currency="usd",
            status="succeeded", captured_at=at(day))  # fmt: skip
        self.rows.add("card_balance_transaction", file_id, balance_transaction_id=f"t-{charge_id}",
            type="charge", source_id=charge_id, merchant="NLH", amount=D(amount),
            fee_amount=D(fee), currency="usd", created_at=at(day))  # fmt: skip

    def claim(self, account: str, frequency: str, amount: str, *, day: str, **values: Any) -> None:
        file_id = self.rows.file(f"837 {account} {frequency} {amount} {values}")
        self.rows.add("claim", file_id, **{
            "transaction_no": 1, "claim_no": 1, "claim_kind": "837P", "claim_number": account,
            "account_hash": account, "billing_npi": CLIN, "payer_id": "BLU01",
            "payer_sequence": "P", "frequency_code": frequency, "charge_amount": D(amount),
            "service_from_date": date.fromisoformat(day), "submitted_date": date.fromisoformat(day),
            "content_hash": f"{account} {frequency} {amount}"} | values)  # fmt: skip
        self.rows.add("claim_line", file_id, transaction_no=1, claim_no=1, line_no=1,
            charge_amount=D(amount))  # fmt: skip


def tell(world: World) -> None:
    """The stories. Amounts in the comments are what each leaves, debit positive."""
    # PLAIN, all settled: 1010 +120 +19, 4010 -200, 4510 +60, 6210 +1.
    world.encounter("PLAIN", ("MCR01",), "200.00", day="2026-09-01")
    cas = [("CO", "45", "60.00"), ("PR", "1", "20.00")]
    plain = {"account": "PLAIN", "charge": "200.00", "paid": "120.00", "cas": cas}
    world.remittance("T1", MCR, "2026-09-20", [plain])
    world.card("ch1", "PLAIN", "20.00", "1.00", day="2026-10-01")
    # The same payment in another envelope is nobody's second payment.
    world.remittance("T1", MCR, "2026-09-20", [plain], envelope="second")
    # TWO payers: the primary's 30.00 share is the secondary's to settle; 5.00 stays with the
    # patient. 1050 +95 (no deposit yet), 1120 +5, 4010 -150, 4510 +50.
    world.encounter("TWO", ("MCR01", "BLU01"), "150.00", day="2026-09-02")
    forwarded = [("CO", "45", "50.00"), ("PR", "2", "30.00")]
    world.remittance("T2", MCR, "2026-09-21", [
        {"account": "TWO", "status": "19", "charge": "150.00", "paid": "70.00",
         "cas": forwarded}])  # fmt: skip
    second = [("OA", "23", "120.00"), ("PR", "2", "5.00")]
    world.remittance("T3", BLU, "2026-09-28", [
        {"account": "TWO", "status": "2", "charge": "150.00", "paid": "25.00",
         "cas": second}])  # fmt: skip
    # DENIED, then reversed and paid, with money deferred: 1050 +80 -0, 4010 -80.
    world.encounter("DENIED", ("MCR01",), "80.00", day="2026-09-03")
    world.remittance("T4", MCR, "2026-09-22", [
        {"account": "DENIED", "charge": "80.00", "paid": "0.00",
         "cas": [("CO", "197", "80.00")]}], payment_method="NON")  # fmt: skip
    world.remittance("T5", MCR, "2026-10-05", [
        {"account": "DENIED", "status": "22", "charge": "-80.00", "paid": "0.00",
         "cas": [("CO", "197", "-80.00")]},
        {"account": "DENIED", "charge": "80.00", "paid": "80.00"}],
        plb=(("L6", "-2.00"), ("WO", "7.00"), ("ZZ", "1.00")))  # fmt: skip
    # T5: 1050 +2 -7 -1, 4910 -2, 2130 +7, 9010 +1.
    # UNKNOWN code: the claim waits whole: 1110 +90, 4010 -90.
    world.encounter("UNKNOWN", ("WRK01",), "90.00", day="2026-09-04")
    world.remittance("T6", WRK, "2026-10-06", [
        {"account": "UNKNOWN", "charge": "90.00", "paid": "40.00", "cas": [("CO", "999", "50.00")]},
        {"account": "NOBODY", "charge": "60.00", "paid": "35.00", "cas": [("CO", "45", "25.00")]},
        {"account": "UNKNOWN", "charge": "90.00", "paid": "10.00",
         "finding": "CLAIM_OFF_BALANCE"}])  # fmt: skip
    # NOBODY: 1050 +35, 2110 -35.
    world.remittance("T7", WRK, "2026-10-07", [
        {"account": "UNKNOWN", "charge": "90.00", "paid": "66.00"}],
        finding_code="TRUNCATED")  # fmt: skip
    world.remittance("T8", WRK, "2026-11-02", [
        {"account": "UNKNOWN", "charge": "90.00", "paid": "90.00"}])  # fmt: skip
    # SELF pays too much: 4010 -50, 1055 +70 -2 fee, 6210 +2, 1120 0, 2125 -20.
    world.encounter("SELF", (), "50.00", day="2026-09-05")
    world.card("ch2", "SELF", "70.00", "2.00", day="2026-10-02")
    world.card("ch3", "STRANGE", "11.00", "0.00", day="2026-10-02")  # 1055 +11, 2115 -11
    # WRONG was a mistake, withdrawn: nothing is left of it.
    world.encounter("WRONG", ("MCR01",), "33.00", day="2026-09-06")
    world.charge("WRONG", "33.00", day="2026-09-06", status="entered-in-error",
                 updated_at=at("2026-09-09"))  # fmt: skip
    # The bank: T1's deposit, T7's (explained, though T7 waits), one that nothing explains, a
    # payout, a fee and a cheque that has no treatment. 1010 +120 +66 +44 +19 -15,
    # 6230 +15, 1050 -120 -66 -44 +44, 2110 -44, 1055 -19.
    lines = (("142", "120.00", "HCCLAIMPMT", "T1"), ("142", "66.00", "HCCLAIMPMT", None),
             ("142", "44.00", "HCCLAIMPMT", "T99"), ("142", "19.00", "CARD PAYOUT PO1", None),
             ("698", "15.00", "FEE", None), ("475", "8.00", "CHEQUE", None))  # fmt: skip
    world.statement("NLH", "2026-10-08", *lines)
    world.statement("NLH", "2026-10-08", *lines, copy="second")
    payout = world.rows.file("payouts", "payments", "card_list")
    world.rows.add("card_payout", payout, payout_id="po1", merchant="NLH", amount=D("19.00"),
                   currency="usd", status="paid", arrival_date=date(2026, 10, 8),
                   trace_number="PO1")  # fmt: skip
    # The clinic has no charge feed: its claims are the charges, the replacement in force.
    # NPG 1110 +75, 4010 -75.
    world.claim("CLAIMED", "1", "70.00", day="2026-09-07")
    world.claim("CLAIMED", "7", "75.00", day="2026-09-17")
    world.claim("CLAIMED", "1", "70.00", day="2026-09-07", payer_sequence="S", payer_id="MCD01")
    # A provider nobody mapped belongs to the default entity, whose charges come from the EHR.
    world.claim("LOST", "1", "64.00", day="2026-09-08", billing_npi=STRANGER)
