-- The lines of an approved manual entry, with sides exchanged.
create or replace function ledger.reversed_lines(asked ledger.request) returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    original record;
begin
    perform pg_advisory_xact_lock(7103006, asked.reverses_request_id::integer);
    select * into original from ledger.request_state
    where request_id = asked.reverses_request_id;
    if original.lines is null or original.state <> 'approved'
       or original.entity_code <> asked.entity_code then
        raise exception 'TIEOUT REVERSAL: request % is no approved manual entry of %',
            asked.reverses_request_id, asked.entity_code;
    elsif original.is_auto_reversed or original.reverses_request_id is not null then
        raise exception 'TIEOUT REVERSAL: request % is or has a reversal already',
            asked.reverses_request_id;
    elsif asked.accounting_date < original.accounting_date then
        raise exception 'TIEOUT DATE: a reversal is not dated before what it reverses';
    elsif exists (
        select from ledger.request_state where reverses_request_id = original.request_id
        and state in ('open', 'approved')) then
        raise exception 'TIEOUT DUPLICATE: the reversal of request % was asked for',
            original.request_id;
    end if;
    return (select jsonb_agg(jsonb_set(line, '{signed_amount}',
                to_jsonb(-(line ->> 'signed_amount')::numeric)) order by line -> 'line_no')
            from jsonb_array_elements(original.lines) as line);
end $$;
