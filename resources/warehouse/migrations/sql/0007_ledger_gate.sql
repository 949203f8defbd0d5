-- One gate: why an entry that was not sent yet may not go. Everybody asks it, nobody decides
-- for himself. No row means that nothing holds the entry.
create function ledger.has_open_period(p_entity_code text, p_date date) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
    select exists (
        select from ledger.period
        where entity_code = p_entity_code and p_date between period_start and period_end
          and own_status = 'open' and erp_status = 'open')
$$;

create view ledger.hold as
select entry.entry_id, reason.code, reason.detail
from ledger.entry as entry
cross join lateral (
    select 'CERTIFICATE' as code,
        case when certificate.voided_at is not null then 'the certificate was voided'
             when certificate.passes is null then 'the build has no certificate'
             else certificate.failed_count || ' checks failed, '
                  || certificate.missing_count || ' are missing' end as detail
    from (select entry.build_id) as stamped left join ops.certificate as certificate
        using (build_id)
    where entry.state in ('proposed', 'approved', 'rejected')
      and (certificate.passes is not true or certificate.voided_at is not null)
    union all
    select 'APPROVAL',
        case when class.basis is null then 'the approval class is not known: '
                  || entry.approval_class
             when class.basis = 'policy' then 'policy has not approved it'
             else 'class ' || entry.approval_class || ' waits for '
                  || class.signatures - ledger.signatures(entry.entry_id) || ' of '
                  || class.signatures || ' signatures' end
    from (select entry.approval_class) as asked
    left join ledger.approval_class as class using (approval_class)
    where entry.state in ('proposed', 'approved', 'rejected')
      and (class.basis is null or ledger.signatures(entry.entry_id) < class.signatures)
    union all
    select 'PERIOD', 'no open period of ' || entry.entity_code || ' holds '
                     || entry.accounting_date
    where entry.state in ('proposed', 'approved', 'rejected')
      and not ledger.has_open_period(entry.entity_code, entry.accounting_date)
    union all
    select 'LIMIT', finding.detail from ledger.limit_finding as finding
    where finding.entry_id = entry.entry_id and entry.state = 'proposed'
    union all
    select 'LIMIT', 'a document of the ERP takes ' || entry_lines || ' lines'
    from ledger.installation
    where entry.state in ('proposed', 'approved') and entry.line_count > entry_lines
    union all
    select 'MAPPING', 'account ' || line.account || ' is not one that the ERP takes'
    from (select distinct account from ledger.entry_line where entry_id = entry.entry_id) as line
    left join ledger.account as account using (account)
    where entry.state in ('proposed', 'approved', 'rejected')
      and account.reaches_erp is not true
    union all
    select 'MAPPING', 'entity ' || entry.entity_code || ' is not known'
    where entry.state in ('proposed', 'approved', 'rejected')
      and not exists (select from ops.entity where entity_code = entry.entity_code)
    union all
    select 'PARKED', 'refused: ' || refusal.disposition || '; ' || refusal.owner
                     || ' looks again on ' || refusal.look_again
    from ledger.refusal as refusal
    where refusal.entry_id = entry.entry_id and entry.state = 'proposed'
      and refusal.content_hash = entry.content_hash
      and refusal.look_again > (select as_of_date from ops.installation)
    union all
    select 'PARKED', case entry.state
        when 'rejected' then 'the ERP rejected it: ' else 'its outcome is not known: ' end
        || coalesce(entry.state_reason, 'no reason given')
    where entry.state in ('rejected', 'unknown')
) as reason;

create function ledger.hold_reasons(p_entry_id bigint) returns table (code text, detail text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select code, detail from ledger.hold where entry_id = p_entry_id order by code, detail
$$;

create function ledger.sendable(p_limit integer) returns table (entry_id bigint)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select entry.entry_id from ledger.entry as entry
    where entry.state = 'approved'
      and not exists (select from ledger.hold where hold.entry_id = entry.entry_id)
    order by entry.accounting_date, entry.entity_code, entry.entry_id
    limit p_limit
$$;
