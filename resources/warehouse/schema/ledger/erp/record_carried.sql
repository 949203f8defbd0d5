-- Records the ERP's balances before our first entry, to be brought forward; once per entity.
create or replace function ledger.record_carried(
    p_entity text, p_erp text, p_last_day date, p_balances jsonb
)
returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    kept integer;
begin
    perform pg_advisory_xact_lock(7103002);   -- no build proposes an earlier month meanwhile
    if p_last_day is distinct from ledger.carry_day(p_entity) then
        raise exception 'TIEOUT CARRIED: these are not the balances that are to be carried in';
    end if;
    insert into ledger.carry (entity_code, last_day, erp) values (p_entity, p_last_day, p_erp);
    insert into ledger.carried_balance (entity_code, account, balance_amount)
    select p_entity, known.account, told.value::numeric
    from jsonb_each_text(p_balances) as told
    join ledger.account as known on known.account = told.key and known.reaches_erp
    where told.value::numeric <> 0
      and known.account not in (select account from ledger.opening_kind);
    get diagnostics kept = row_count;
    perform ledger.write_audit('carry', null, null, null, jsonb_build_object(
        'entity_code', p_entity, 'last_day', p_last_day, 'erp', p_erp, 'balances', (
            select coalesce(jsonb_object_agg(account, balance_amount::text), '{}')
            from ledger.carried_balance where entity_code = p_entity)));
    return kept;
end $$;
