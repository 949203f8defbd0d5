-- The document of an entry may be read again, never replaced by another.
create or replace function ledger.guard_document() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if (new.entry_id, new.erp, new.document_ref) <> (old.entry_id, old.erp, old.document_ref) then
        raise exception 'TIEOUT IMMUTABLE: an entry keeps its document';
    end if;
    return new;
end $$;
