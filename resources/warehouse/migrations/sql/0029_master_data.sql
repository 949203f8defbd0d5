-- The ERP's chart and segments, mirrored, and the gate that refuses what the ERP would refuse.

-- When a mirror was last due, and when one last came to its end. An entity without a row has no
-- ERP yet: nothing is due, and nothing is held for want of it.
create table ledger.erp_mirror (
    entity_code text primary key,
    erp text not null,
    dimensions text[] not null check (dimensions <@ array['facility', 'payer_class']),
    due_at timestamptz not null,
    mirrored_at timestamptz
);
create table ledger.erp_account (
    entity_code text not null,
    account text not null,                    -- by the code that we know it by
    is_active boolean not null,
    mirrored_at timestamptz not null,
    primary key (entity_code, account)
);
create table ledger.erp_segment (
    entity_code text not null,
    dimension text not null check (dimension in ('facility', 'payer_class')),
    value text not null,                      -- ours, mapped back
    is_active boolean not null,
    mirrored_at timestamptz not null,
    primary key (entity_code, dimension, value)
);

-- Who mends what holds an entry.
create table ledger.hold_owner (
    code text primary key,
    owner text not null
);
insert into ledger.hold_owner values
('CERTIFICATE', 'data engineering'), ('APPROVAL', 'approvers'), ('LIMIT', 'approvers'),
('PERIOD', 'accounting'), ('MAPPING', 'accounting'), ('MASTER_DATA_UNKNOWN', 'accounting'),
('PARKED', 'accounting'), ('WAIT', 'nobody, it goes by itself');

-- Committed before the ERP is asked: a mirror that never ends is then told, and holds.
create function ledger.expect_master_data(p_entity text, p_erp text, p_dimensions text[])
returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
    insert into ledger.erp_mirror as known (entity_code, erp, dimensions, due_at)
    values (p_entity, p_erp, p_dimensions, clock_timestamp())
    on conflict (entity_code) do update set
        erp = excluded.erp, dimensions = excluded.dimensions, due_at = excluded.due_at,
        mirrored_at = case when known.erp = excluded.erp then known.mirrored_at end
$$;

-- Of several accounts with one code exactly one may be active: no ERP takes an unclear one.
create function ledger.mirror_master_data(p_entity text, p_accounts jsonb, p_segments jsonb)
returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    is_first boolean;
    altered jsonb;
    altered_count integer;
begin
    select mirrored_at is null into is_first from ledger.erp_mirror
    where entity_code = p_entity for update;
    if not found then
        raise exception 'TIEOUT MASTER_DATA: no mirror of % is due', p_entity;
    elsif jsonb_array_length(p_accounts) = 0 then
        raise exception 'TIEOUT MASTER_DATA: the ERP shows no account of %', p_entity;
    end if;
    with told as (
        select 'account' as kind, account as value, count(*) filter (where is_active) = 1 as active
        from jsonb_to_recordset(p_accounts) as told (account text, is_active boolean)
        group by account
        union all
        select dimension, value, bool_or(is_active)
        from jsonb_to_recordset(p_segments)
            as told (dimension text, value text, is_active boolean)
        group by dimension, value
    ),
    known as (
        select 'account' as kind, account as value, is_active as active
        from ledger.erp_account where entity_code = p_entity
        union all
        select dimension, value, is_active from ledger.erp_segment where entity_code = p_entity
    ),
    compared as (
        select kind, value, told.active from told full join known using (kind, value)
        where told.active is distinct from known.active
    ),
    accounts_gone as (
        delete from ledger.erp_account as old using compared
        where old.entity_code = p_entity and compared.kind = 'account'
          and compared.value = old.account and compared.active is null
    ),
    segments_gone as (
        delete from ledger.erp_segment as old using compared
        where old.entity_code = p_entity and compared.kind = old.dimension
          and compared.value = old.value and compared.active is null
    ),
    accounts_told as (
        insert into ledger.erp_account (entity_code, account, is_active, mirrored_at)
        select p_entity, value, active, clock_timestamp() from told where kind = 'account'
        on conflict (entity_code, account) do update
            set is_active = excluded.is_active, mirrored_at = excluded.mirrored_at
    ),
    segments_told as (
        insert into ledger.erp_segment (entity_code, dimension, value, is_active, mirrored_at)
        select p_entity, kind, value, active, clock_timestamp() from told where kind <> 'account'
        on conflict (entity_code, dimension, value) do update
            set is_active = excluded.is_active, mirrored_at = excluded.mirrored_at
    )
    select count(*), jsonb_agg(jsonb_build_array(kind, value, active))
    into altered_count, altered from compared;
    update ledger.erp_mirror set mirrored_at = clock_timestamp() where entity_code = p_entity;
    if altered_count > 0 then
        perform ledger.write_audit('mirror master data', null, null, null,
            jsonb_build_object('entity_code', p_entity, 'changed_count', altered_count)
            || case when is_first then '{}'::jsonb
                    else jsonb_build_object('changed', altered) end);
    end if;
    return altered_count;
end $$;

-- The one gate, whole: what 0007, 0025 and 0027 said, and the master data of the ERP.
create or replace view ledger.hold as
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
    select 'APPROVAL', 'waits for the signature of a ' || ledger.missing_role(entry.entry_id)
    where entry.state = 'proposed' and ledger.missing_role(entry.entry_id) is not null
    union all
    select 'CORRECTION', ledger.correction_problem(entry.entry_id)
    where entry.state = 'proposed' and ledger.correction_problem(entry.entry_id) is not null
    union all
    select 'PERIOD', 'no open period of ' || entry.entity_code || ' holds '
                     || entry.accounting_date
    where entry.state in ('proposed', 'approved', 'rejected')
      and not ledger.period_takes(entry.entry_id, entry.entity_code, entry.accounting_date,
                                  entry.approval_class)
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
    select 'MAPPING', 'account ' || line.account || case
        when known.account is null then ' is not in the chart of the ERP'
        else ' is not active in the ERP' end
    from (select distinct account from ledger.entry_line where entry_id = entry.entry_id) as line
    join ledger.account as own on own.account = line.account and own.reaches_erp
    join ledger.erp_mirror as mirror
        on mirror.entity_code = entry.entity_code and mirror.mirrored_at is not null
    left join ledger.erp_account as known
        on known.entity_code = entry.entity_code and known.account = line.account
    where entry.state in ('proposed', 'approved', 'rejected') and known.is_active is not true
    union all
    select 'MAPPING', line.dimension || ' ' || line.value || ' has no active segment in the ERP'
    from ledger.erp_mirror as mirror
    cross join lateral (
        select distinct named.dimension, named.value
        from ledger.entry_line as line cross join lateral (values
            ('facility', line.facility_code), ('payer_class', line.payer_class)
        ) as named (dimension, value)
        where line.entry_id = entry.entry_id and named.dimension = any(mirror.dimensions)
          and named.value <> ''
    ) as line
    left join ledger.erp_segment as known
        on known.entity_code = entry.entity_code and known.dimension = line.dimension
        and known.value = line.value
    where mirror.entity_code = entry.entity_code and mirror.mirrored_at is not null
      and entry.state in ('proposed', 'approved', 'rejected') and known.is_active is not true
    union all
    select 'MASTER_DATA_UNKNOWN', 'the accounts of ' || entry.entity_code
        || ' in the ERP were asked for on ' || mirror.due_at::date || ' and never came'
    from ledger.erp_mirror as mirror
    where mirror.entity_code = entry.entity_code and mirror.mirrored_at is null
      and entry.state in ('proposed', 'approved', 'rejected')
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
    union all
    select 'WAIT', 'the ERP took nothing of it and is asked again later'
    from ledger.sending as lease
    where lease.entry_id = entry.entry_id and entry.state = 'approved'
      and lease.not_before > clock_timestamp()
) as reason;

grant select on ledger.erp_mirror, ledger.erp_account, ledger.erp_segment, ledger.hold_owner
    to :prefix_transform, :prefix_preparer, :prefix_approver, :prefix_poster, :prefix_auditor;
revoke all on function ledger.expect_master_data(text, text, text[]),
    ledger.mirror_master_data(text, jsonb, jsonb) from public;
grant execute on function ledger.expect_master_data(text, text, text[]),
    ledger.mirror_master_data(text, jsonb, jsonb) to :prefix_poster;
