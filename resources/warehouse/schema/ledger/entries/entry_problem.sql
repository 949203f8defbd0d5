-- What is wrong with a stored entry; null when nothing is.
create or replace function ledger.entry_problem(p_entry_id bigint) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    held ledger.entry;
    line_total record;
begin
    select * into held from ledger.entry where entry_id = p_entry_id;
    select count(*) as lines, sum(debit_amount) as debits, sum(credit_amount) as credits
    into line_total from ledger.entry_line where entry_id = p_entry_id;
    if line_total.debits is distinct from line_total.credits then
        return 'UNBALANCED';
    elsif line_total.lines <> held.line_count or line_total.debits <> held.gross_amount then
        return 'TOTALS';
    elsif exists (
        select from (
            select line_no, rule, account, facility_code, payer_class, original_period,
                   debit_amount - credit_amount as amount
            from ledger.entry_line where entry_id = p_entry_id
        ) as line full join (
            select line_no, rule, account, facility_code, payer_class, entity_code,
                   date_trunc('month', original_date)::date as original_period,
                   sum(signed_amount) as amount
            from ledger.entry_event where entry_id = p_entry_id
            group by line_no, rule, account, facility_code, payer_class, entity_code, 7
        ) as events using (line_no)
        where (line.rule, line.account, line.facility_code, line.payer_class,
               line.original_period, line.amount, held.entity_code)
            is distinct from (events.rule, events.account, events.facility_code,
               events.payer_class, events.original_period, events.amount, events.entity_code)
    ) then
        return 'EVIDENCE';
    elsif ledger.content_hash_of(p_entry_id) is distinct from held.content_hash then
        return 'CONTENT';
    end if;
    return null;
end $$;
