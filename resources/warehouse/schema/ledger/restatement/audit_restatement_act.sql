-- Writes each decision on a restatement order to the audit.
create or replace function ledger.audit_restatement_act() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform ledger.write_audit('decide restatement', null, 'open', new.act,
        to_jsonb(new) - 'acted_at');
    return null;
end $$;
