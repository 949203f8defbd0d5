-- A third-party line is found once and gone once; its content never changes.
create or replace function ledger.guard_foreign_line() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    moves text[] := array['seen_at', 'gone_at', 'code'];
begin
    if (to_jsonb(new) - moves) <> (to_jsonb(old) - moves) then
        raise exception 'TIEOUT IMMUTABLE: a line of the ERP stays as it was read';
    end if;
    return new;
end $$;
