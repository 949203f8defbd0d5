-- Tells whether an entry corrects errors above the policy's threshold. The `exists` keeps the
-- many entries without errors away from the view.
create or replace function ledger.is_material_error(p_entry_id bigint) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
    select exists (select from ledger.entry_line
                   where entry_id = p_entry_id and correction_class = 'error')
       and exists (select from ledger.correction_materiality
                   where entry_id = p_entry_id and is_material)
$$;
