-- The rows of a policy version come in its own transaction and never change.
create or replace function ledger.guard_policy_part() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if not exists (select from ledger.policy where policy_id = new.policy_id
                   and made_by_xid = pg_current_xact_id()) then
        raise exception 'TIEOUT IMMUTABLE: a loaded policy gets no further %', tg_table_name;
    end if;
    return new;
end $$;
