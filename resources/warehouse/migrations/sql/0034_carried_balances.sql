-- What the ERP held on our accounts before the first month of ours: read once per entity, then
-- kept as it is. Whoever changes the ERP's books of before makes a difference in T9. Receivables
-- and credits are not carried: a list says them item by item (0031), or T9 fails.

create table ledger.carry (
    entity_code text primary key references ops.entity,
    last_day date not null,                   -- the day before our first month
    erp text not null,
    read_at timestamptz not null default clock_timestamp(),
    made_by_xid xid8 not null default pg_current_xact_id()
);
create table ledger.carried_balance (
    entity_code text not null references ledger.carry,
    account text not null,                    -- stays when the chart drops it, as in entries
    balance_amount numeric(14, 2) not null check (balance_amount <> 0),   -- debit positive
    primary key (entity_code, account)
);
create trigger keep before update or delete or truncate on ledger.carry
    for each statement execute function ops.refuse_change();
create trigger keep before update or delete or truncate on ledger.carried_balance
    for each statement execute function ops.refuse_change();
create function ledger.guard_carried() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if not exists (select from ledger.carry where entity_code = new.entity_code
                   and made_by_xid = pg_current_xact_id()) then
        raise exception 'TIEOUT IMMUTABLE: what was carried in is read once';
    end if;
    return new;
end $$;
create trigger guard before insert on ledger.carried_balance
    for each row execute function ledger.guard_carried();

-- The day whose balances are to be carried in; null before our first entry, and once it was done.
create function ledger.carry_day(p_entity text) returns date
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select (date_trunc('month', min(accounting_date)) - interval '1 day')::date
    from ledger.entry
    where entity_code = p_entity
      and not exists (select from ledger.carry where entity_code = p_entity)
$$;

create function ledger.record_carried(p_entity text, p_erp text, p_last_day date, p_balances jsonb)
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

-- What differs from the word of it in the audit: nothing, unless somebody went around the function.
create function ledger.verify_carried() returns table (entity_code text, problem text)
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

-- The accounts whose balance in the ERP is compared with ours: the ERP has others, and what lies on
-- them is no affair of patient billing. Before our first month there is the opening list to
-- compare, and nothing else.
create view ledger.compared_account as
select entity.entity_code, known.account
from ops.entity as entity cross join ledger.account as known
where known.reaches_erp and (
    exists (select from ledger.carry where carry.entity_code = entity.entity_code)
    or (known.account in (select account from ledger.opening_kind) and exists (
        select from ledger.opening_line as line
        join ledger.opening_state as list using (list_id)
        where line.entity_code = entity.entity_code and list.state = 'approved')));

-- As before (0010), but of these alone.
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

-- As before (0029); what was carried in holds the lines of the days up to it, whoever made them.
create or replace function ledger.foreign_since(p_entity text) returns date
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select greatest(own.first_day, least(
        (select min(period_start) from ledger.period
         where entity_code = p_entity and erp_status = 'open'),
        (select open_from from ledger.foreign_read where entity_code = p_entity
         order by read_id desc limit 1)))
    from (select coalesce(
              (select last_day + 1 from ledger.carry where entity_code = p_entity),
              (select min(date_trunc('month', accounting_date))::date
               from ledger.entry where entity_code = p_entity)) as first_day) as own
    where own.first_day is not null
$$;

revoke all on function ledger.carry_day(text), ledger.guard_carried(), ledger.verify_carried(),
    ledger.record_carried(text, text, date, jsonb) from public;
grant execute on function ledger.carry_day(text), ledger.record_carried(text, text, date, jsonb)
    to :prefix_poster;
grant execute on function ledger.verify_carried() to :prefix_transform, :prefix_auditor,
    :prefix_preparer, :prefix_approver, :prefix_poster;
grant select on ledger.carry, ledger.carried_balance, ledger.compared_account
    to :prefix_transform, :prefix_auditor, :prefix_poster, :prefix_approver, :prefix_preparer;
