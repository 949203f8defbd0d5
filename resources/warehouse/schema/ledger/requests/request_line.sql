-- One row per line of a manual entry: debit positive, its keys, and a memo that stays in this
-- database.
create or replace view ledger.request_line as
select request.request_id, request.entity_code, line.line_no, line.account, line.facility_code,
       line.payer_class, line.signed_amount, line.claim_key, line.account_key, line.control_key,
       line.memo
from ledger.request as request cross join lateral jsonb_to_recordset(request.lines) as line (
    line_no integer, account text, facility_code text, payer_class text,
    signed_amount numeric(14, 2), claim_key text, account_key text, control_key text, memo text);
