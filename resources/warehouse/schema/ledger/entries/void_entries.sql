-- Voids entries together with the signatures on them; returns how many.
create or replace function ledger.void_entries(p_entry_ids bigint[]) returns integer
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    voided integer;
begin
    update ledger.approval set voided_at = clock_timestamp()
    where voided_at is null and entry_id = any(p_entry_ids);
    update ledger.entry set state = 'void' where entry_id = any(p_entry_ids);
    get diagnostics voided = row_count;
    return voided;
end $$;
