-- Balances brought forward that differ from their audit row; none unless the function was
-- bypassed.
create or replace function ledger.verify_carried() returns table (entity_code text, problem text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    with kept as (
        select carry.entity_code, jsonb_build_object(
            'entity_code', carry.entity_code, 'last_day', carry.last_day, 'erp', carry.erp,
            'balances', (select coalesce(jsonb_object_agg(account, balance_amount::text), '{}')
                         from ledger.carried_balance as line
                         where line.entity_code = carry.entity_code)) as said
        from ledger.carry as carry
    ),
    told as (
        select detail ->> 'entity_code' as entity_code, detail as said
        from ledger.audit where action = 'carry'
    )
    select coalesce(kept.entity_code, told.entity_code),
           'carried balances are not those that the audit has'
    from kept full join told using (entity_code, said)
    where kept.said is null or told.said is null
$$;
