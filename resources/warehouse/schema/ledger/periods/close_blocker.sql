-- Everything that blocks a hard close, with the waiver that covers it, if any. A waiver by the
-- login that asks for the close does not count. An entry blocks once, by its first reason.
create or replace function ledger.close_blocker(
    p_entity text, p_start date, p_asked_by text default null
)
returns table (code text, item text, amount numeric, detail text, waiver_id bigint)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    with period as (
        select * from ledger.period where entity_code = p_entity and period_start = p_start
    ),
    blocker (code, item, amount, detail) as (
        select * from ledger.entry_blocker(p_entity, p_start)
        union all
        select 'SUSPENSE', line.account, sum(line.debit_amount - line.credit_amount),
               'account ' || line.account || ' is not zero'
        from ledger.entry as entry join period using (entity_code)
        join ledger.entry_line as line using (entry_id)
        join ledger.account as account using (account)
        where account.must_clear and entry.accounting_date <= period.period_end
          and entry.state in ('approved', 'sending', 'unknown', 'posted')
        group by line.account
        having sum(line.debit_amount - line.credit_amount) <> 0
        union all
        select 'CERTIFICATE', coalesce(build.build_id, 'none'), null,
               case when build.build_id is null then 'no build saw the end of the period'
                    when certificate.build_id is null then 'the newest build has no certificate'
                    when certificate.voided_at is not null then 'the certificate is void'
                    else 'the certificate does not pass' end
        from period
        left join ops.build as build
            on build.build_id = ledger.closing_build(period.entity_code, period.period_start)
        left join ops.certificate as certificate on certificate.build_id = build.build_id
        where certificate.passes is not true or certificate.voided_at is not null
        union all
        select 'RECONCILIATION', open.item, open.amount, open.detail
        from ledger.open_reconciliation as open join period using (entity_code, period_start)
    )
    select blocker.code, blocker.item, blocker.amount, blocker.detail, (
        select max(waiver.waiver_id) from ledger.close_waiver as waiver
        where (waiver.entity_code, waiver.period_start, waiver.code, waiver.item)
              = (p_entity, p_start, blocker.code, blocker.item)
          and waiver.expires_on >= ledger.today()
          and waiver.waived_by is distinct from p_asked_by)
    from blocker order by blocker.code, blocker.item
$$;
