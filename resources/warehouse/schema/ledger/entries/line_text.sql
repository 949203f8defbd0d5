-- The text of a line that enters the content hash of its entry. It is `stable` as its casts are,
-- so that the planner can inline it; declared immutable it was a call for each line.
create or replace function ledger.line_text(line_no integer, rule text, account text,
    facility_code text, payer_class text, original_period date, debit_amount numeric,
    credit_amount numeric, correction_class text) returns text
language sql stable parallel safe as $$
    select concat_ws(chr(31), line_no::text, rule, account, coalesce(facility_code, chr(30)),
        coalesce(payer_class, chr(30)), original_period::text, debit_amount::text,
        credit_amount::text, coalesce(correction_class, chr(30)))
$$;
