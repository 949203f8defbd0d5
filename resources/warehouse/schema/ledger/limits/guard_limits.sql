-- Refuses signatures beyond their limit, all signatures of a statement together, so that many
-- small ones count as one. Sessions that sign wait for each other.
create or replace function ledger.guard_limits() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    wrong record;
begin
    perform pg_advisory_xact_lock(7103003);
    with signed as materialized (
        select added.*, entry.proposed_by, entry.entity_code, entry.approval_class,
               entry.gross_amount
        from added join ledger.entry as entry using (entry_id)
    ),
    total as (
        select signed.approval_id, day.account_day_amount as day_amount
        from (select approval_id, row_number() over (order by approval_id) as place
              from signed) as signed
        join ledger.running_days(array(select entry_id from signed order by approval_id)) as day
            using (place)
    ),
    allowed as materialized (
        select class.approval_class, rule.*
        from (select distinct approval_class from signed) as class
        cross join lateral ledger.limits_of(session_user, class.approval_class, ledger.today())
            as rule
    )
    select signed.entry_id, case
        when allowed.limit_id is null then 'RULE'
        when signed.event_amount is distinct from ledger.event_amount(signed.entry_id)
          or signed.entry_amount is distinct from signed.gross_amount
          or signed.account_day_amount is null
          or signed.account_day_amount < total.day_amount then 'MEASURE'
        else 'LIMIT' end as code
    into wrong
    from signed join total using (approval_id)
    left join allowed on allowed.approval_class = signed.approval_class
        and allowed.limit_id = signed.limit_id
        and allowed.delegation_id is not distinct from signed.delegation_id
    where allowed.limit_id is null
       or signed.event_amount is distinct from ledger.event_amount(signed.entry_id)
       or signed.entry_amount is distinct from signed.gross_amount
       or signed.account_day_amount is null or signed.account_day_amount < total.day_amount
       or ledger.limit_problem(signed.event_amount, signed.entry_amount,
           signed.account_day_amount, allowed.event_amount, allowed.entry_amount,
           allowed.account_day_amount) is not null
    limit 1;
    if found then
        raise exception 'TIEOUT LIMIT: entry % is beyond the limit that was named (%)',
            wrong.entry_id, wrong.code;
    end if;
    return null;
end $$;
