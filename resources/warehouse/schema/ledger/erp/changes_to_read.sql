-- Changed documents whose lines are to be read: third-party ones, unless the last reading had
-- them with the same change.
create or replace function ledger.changes_to_read(p_entity text, p_erp text, p_changes jsonb)
    returns table (reference text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select change.reference
    from jsonb_to_recordset(p_changes) as change (reference text, key text, changed_at timestamptz)
    where not exists (
        select from ledger.entry as entry join ledger.erp_document as document using (entry_id)
        where entry.erp_key = change.key and entry.entity_code = p_entity
          and document.document_ref = change.reference and document.erp = p_erp)
      and not exists (
        select from (
            select reading.overlap from ledger.foreign_read as reading
            where reading.entity_code = p_entity and reading.erp = p_erp
            order by reading.read_id desc limit 1) as last,
            jsonb_to_recordset(last.overlap) as known (reference text, changed_at timestamptz)
        where (known.reference, known.changed_at) = (change.reference, change.changed_at))
$$;
