-- Records the third-party lines of changed documents; counts all that stand, and the new and
-- gone ones of this reading. `is_missing_some`: the ERP's balances moved by more than was read,
-- so everything is to be read.
create or replace function ledger.record_foreign_changes(p_entity text, p_erp text, p_since date,
    p_is_complete boolean, p_changes jsonb, p_references text[], p_lines jsonb)
    returns table (foreign_count integer, new_count integer, gone_count integer,
                   is_missing_some boolean)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    last_totals jsonb;
begin
    select stored.new_count, stored.gone_count into new_count, gone_count
    from ledger.store_foreign_lines(p_entity, p_erp, p_since, p_lines,
        case when not p_is_complete then p_references end) as stored;
    select count(*) into foreign_count from ledger.foreign_line as line
    where line.entity_code = p_entity and line.erp = p_erp and line.gone_at is null
      and line.accounting_date >= p_since;
    select reading.unexplained_totals into last_totals from ledger.foreign_read as reading
    where reading.entity_code = p_entity and reading.erp = p_erp
    order by reading.read_id desc limit 1;
    perform ledger.keep_reading(p_entity, p_erp, p_since, p_is_complete,
        jsonb_array_length(p_lines), p_changes);
    is_missing_some := not p_is_complete
        and ledger.unexplained_totals(p_entity) is distinct from last_totals;
    return next;
end $$;
