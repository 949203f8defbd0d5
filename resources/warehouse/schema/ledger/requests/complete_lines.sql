-- Completes all lines of a manual entry: they balance, and no two are the same.
create or replace function ledger.complete_lines(
    p_entity text, p_reason_code text, asked jsonb
) returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    made jsonb;
begin
    if jsonb_typeof(asked) is distinct from 'array'
       or jsonb_array_length(asked) not between 2 and 500 then
        raise exception 'TIEOUT LINES: an entry has 2 to 500 lines';
    end if;
    select jsonb_agg(ledger.complete_line(p_entity, p_reason_code, no, line) order by no) into made
    from jsonb_array_elements(asked) with ordinality as given (line, no);
    if (select sum((line ->> 'signed_amount')::numeric)
        from jsonb_array_elements(made) as line) <> 0 then
        raise exception 'TIEOUT UNBALANCED: debits and credits differ';
    elsif exists (
        select from jsonb_array_elements(made) as line
        group by line - 'line_no' - 'signed_amount' - 'memo' having count(*) > 1) then
        raise exception 'TIEOUT LINES: two lines name the same account, dimensions and key';
    end if;
    return made;
end $$;
