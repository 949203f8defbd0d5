-- Entries of a period that block its hard close: unsent, held, rejected, of unknown outcome, and
-- refused ones above the tolerance of the policy.
create or replace function ledger.entry_blocker(p_entity text, p_start date)
returns table (code text, item text, amount numeric, detail text)
language sql stable set search_path = pg_catalog, pg_temp as $$
    with unsettled as (
        select entry.*, exists (
            select from ledger.refusal join ops.installation on true
            where refusal.entry_id = entry.entry_id and entry.state = 'proposed'
              and refusal.content_hash = entry.content_hash
              and refusal.look_again > installation.as_of_date) as is_refused
        from ledger.entry as entry join ledger.period as period using (entity_code)
        where period.entity_code = p_entity and period.period_start = p_start
          and entry.accounting_date between period.period_start and period.period_end
          and entry.state in ('proposed', 'approved', 'rejected', 'sending', 'unknown')
    )
    select case when state in ('sending', 'unknown') then 'UNKNOWN'
                when state = 'rejected' then 'REJECTED'
                when is_refused then 'REFUSED'
                when exists (select from ledger.hold where hold.entry_id = unsettled.entry_id)
                    then 'HELD' else 'UNSENT' end,
           entry_id::text, gross_amount,
           'entry ' || entry_id || ' is ' || state || coalesce(' (' || (
               select string_agg(distinct hold.code, ' ') from ledger.hold
               where hold.entry_id = unsettled.entry_id) || ')', '')
    from unsettled
    where not is_refused or gross_amount > (
        select refused_tolerance from ledger.policy where policy_id = ledger.policy_id())
$$;
