-- The limits that a login may use for a class on a day: its own, and those delegated to it.
-- Where rows name the person, rows of its roles do not count.
create or replace function ledger.limits_of(p_login name, p_class text, p_on date)
returns table (limit_id text, delegation_id text, authority text, event_amount numeric,
               entry_amount numeric, account_day_amount numeric)
language sql stable set search_path = pg_catalog, pg_temp as $$
    with own as (select ledger.policy_id() as policy_id, ledger.short_login(p_login) as login),
    power as (
        select null::text as delegation_id, own.login, own.policy_id from own
        union all
        select given.delegation_id, given.from_login, own.policy_id
        from own join ledger.policy_delegation as given using (policy_id)
        where given.to_login = own.login and p_class = any(given.approval_classes)
          and p_on between given.effective_from and given.effective_to
          and ledger.basis_of(ledger.full_login(given.from_login)) = 'person'
          and not ledger.in_conflict(own.policy_id,
              ledger.roles_of(own.policy_id, own.login)
              || ledger.roles_of(own.policy_id, given.from_login))
    ),
    standing as (
        select allowed.*, power.delegation_id, power.login
        from power join ledger.policy_limit as allowed using (policy_id)
        where (allowed.person = power.login
               or ledger.holds_role(power.policy_id, power.login, allowed.role))
          and (allowed.approval_classes is null or p_class = any(allowed.approval_classes))
          and p_on >= allowed.effective_from
          and p_on <= coalesce(allowed.effective_to, 'infinity'::date)
          -- The policy login is a member of the approvers to reach their tables, not their limits.
          and (allowed.role is not distinct from 'policy') = (power.login = 'policy')
    )
    select row.limit_id, row.delegation_id, row.login, row.event_amount, row.entry_amount,
           row.account_day_amount
    from standing as row
    where row.person is not null or not exists (
        select from standing as named
        where named.login = row.login and named.person is not null)
$$;
