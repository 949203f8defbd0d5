-- Trigger of the desired lines: a statement that changes them in place removes their digest.
create or replace function ledger.forget_digest() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    delete from marts.fct_ledger_digest;
    return null;
end $$;
