-- Tells whether the lines that the ERP returned equal the entry's, one by one.
create or replace function ledger.lines_match(p_entry_id bigint, p_lines jsonb) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
    select not exists (
        select from (select line_no, account, debit_amount, credit_amount
                     from ledger.entry_line where entry_id = p_entry_id) as ours
        full join jsonb_to_recordset(p_lines)
            as theirs (line_no integer, account text, debit numeric, credit numeric)
            using (line_no)
        where (ours.account, ours.debit_amount, ours.credit_amount)
            is distinct from (theirs.account, theirs.debit, theirs.credit))
$$;
