-- Replaces the last reported ERP balances of an entity, for compared accounts only.
create or replace function ledger.record_erp_balance(
    p_entity text, p_as_of date, p_balances jsonb
) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    recorded integer;
begin
    delete from ledger.erp_balance where entity_code = p_entity;
    insert into ledger.erp_balance (entity_code, account, balance_amount, as_of_date, read_at)
    select p_entity, known.account, told.value::numeric, p_as_of, clock_timestamp()
    from jsonb_each_text(p_balances) as told
    join ledger.compared_account as known
        on known.account = told.key and known.entity_code = p_entity;
    get diagnostics recorded = row_count;
    return recorded;
end $$;
