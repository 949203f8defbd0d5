-- Every reason why an entry that is not posted may not be sent, one row per entry and reason.
-- The gate: sensor, poster, status and approval page read it, and `ledger.guard_step` asks it
-- again in the transaction that moves the entry to `sending`.
create or replace view ledger.hold as
select entry.entry_id, 'CERTIFICATE' as code, case
    when certificate.voided_at is not null then 'the certificate was voided'
    when certificate.passes is null then 'the build has no certificate'
    else certificate.failed_count || ' checks failed, ' || certificate.missing_count
         || ' are missing' end as detail
from ledger.entry as entry left join ops.certificate as certificate using (build_id)
where entry.state in ('proposed', 'approved', 'rejected')
  and (certificate.passes is not true or certificate.voided_at is not null)
union all
select entry.entry_id, 'APPROVAL', case
    when class.basis is null then 'the approval class is not known: ' || entry.approval_class
    when class.basis = 'policy' then 'policy has not approved it'
    else 'class ' || entry.approval_class || ' waits for '
         || (class.signatures - signed.signature_count) || ' of ' || class.signatures
         || ' signatures' end
from ledger.entry as entry
left join ledger.approval_class as class using (approval_class)
cross join lateral (
    select count(*) as signature_count from ledger.counted_signature as signature
    where signature.entry_id = entry.entry_id) as signed
where entry.state in ('proposed', 'approved', 'rejected')
  and (class.basis is null or signed.signature_count < class.signatures)
union all
-- Only a class that includes a role, or a correction of an error, waits for a certain role.
select entry.entry_id, 'APPROVAL', 'waits for the signature of a ' || wanted.role
from ledger.entry as entry
left join ledger.approval_class as class using (approval_class)
cross join lateral (
    select ledger.missing_role(entry.entry_id) as role
    where class.includes_role is not null or exists (
        select from ledger.entry_line as line
        where line.entry_id = entry.entry_id and line.correction_class = 'error')) as wanted
where entry.state = 'proposed' and wanted.role is not null
union all
select entry.entry_id, 'CORRECTION', correction.problem
from ledger.entry as entry cross join lateral (
    select ledger.correction_problem(entry.entry_id) as problem
    where exists (
        select from ledger.entry_line as line
        where line.entry_id = entry.entry_id
          and line.correction_class in ('error', 'new_information')
          and (line.correction_class = 'error' or entry.approval_class = 'restatement'))
    ) as correction
where entry.state = 'proposed' and correction.problem is not null
union all
-- An open period takes every class; whether a soft one does is asked of its rule.
select entry.entry_id, 'PERIOD',
       'no open period of ' || entry.entity_code || ' holds ' || entry.accounting_date
from ledger.entry as entry
where entry.state in ('proposed', 'approved', 'rejected')
  and case when exists (
        select from ledger.period as period
        where period.entity_code = entry.entity_code
          and entry.accounting_date between period.period_start and period.period_end
          and period.own_status = 'open' and period.erp_status = 'open') then false
      else not ledger.period_takes(entry.entry_id, entry.entity_code, entry.accounting_date,
          entry.approval_class) end
union all
select entry.entry_id, 'LIMIT', finding.detail
from ledger.entry as entry join ledger.limit_finding as finding using (entry_id)
where entry.state = 'proposed'
union all
select entry.entry_id, 'LIMIT',
       'a document of the ERP takes ' || installation.entry_lines || ' lines'
from ledger.entry as entry cross join ledger.installation as installation
where entry.state in ('proposed', 'approved')
  and entry.line_count > installation.entry_lines
union all
select distinct entry.entry_id, 'MAPPING',
       'account ' || line.account || ' is not one that the ERP takes'
from ledger.entry as entry
join ledger.entry_line as line using (entry_id)
left join ledger.account as account using (account)
where entry.state in ('proposed', 'approved', 'rejected') and account.reaches_erp is not true
union all
select entry.entry_id, 'MAPPING', 'entity ' || entry.entity_code || ' is not known'
from ledger.entry as entry
where entry.state in ('proposed', 'approved', 'rejected')
  and not exists (select from ops.entity as entity where entity.entity_code = entry.entity_code)
union all
select distinct entry.entry_id, 'MAPPING', 'account ' || line.account || case
    when known.account is null then ' is not in the chart of the ERP'
    else ' is not active in the ERP' end
from ledger.entry as entry
join ledger.erp_mirror as mirror using (entity_code)
join ledger.entry_line as line on line.entry_id = entry.entry_id
join ledger.account as own on own.account = line.account and own.reaches_erp
left join ledger.erp_account as known
    on known.entity_code = entry.entity_code and known.account = line.account
where entry.state in ('proposed', 'approved', 'rejected')
  and mirror.mirrored_at is not null and known.is_active is not true
union all
select distinct entry.entry_id, 'MAPPING',
       named.dimension || ' ' || named.value || ' has no active segment in the ERP'
from ledger.entry as entry
join ledger.erp_mirror as mirror using (entity_code)
join ledger.entry_line as line on line.entry_id = entry.entry_id
cross join lateral (values ('facility', line.facility_code), ('payer_class', line.payer_class))
    as named (dimension, value)
left join ledger.erp_segment as known on known.entity_code = entry.entity_code
    and known.dimension = named.dimension and known.value = named.value
where entry.state in ('proposed', 'approved', 'rejected')
  and mirror.mirrored_at is not null and cardinality(mirror.dimensions) > 0
  and named.dimension = any(mirror.dimensions) and named.value <> ''
  and known.is_active is not true
union all
select entry.entry_id, 'MASTER_DATA_UNKNOWN', 'the accounts of ' || entry.entity_code
       || ' in the ERP were asked for on ' || mirror.due_at::date || ' and never came'
from ledger.entry as entry join ledger.erp_mirror as mirror using (entity_code)
where entry.state in ('proposed', 'approved', 'rejected') and mirror.mirrored_at is null
union all
select entry.entry_id, 'PARKED', 'refused: ' || refusal.disposition || '; ' || refusal.owner
       || ' looks again on ' || refusal.look_again
from ledger.entry as entry join ledger.refusal as refusal using (entry_id)
where entry.state = 'proposed' and refusal.content_hash = entry.content_hash
  and refusal.look_again > (select as_of_date from ops.installation)
union all
select entry.entry_id, 'PARKED', case entry.state
    when 'rejected' then 'the ERP rejected it: '
    else 'its outcome is not known: ' end || coalesce(entry.state_reason, 'no reason given')
from ledger.entry as entry
where entry.state in ('rejected', 'unknown')
union all
select entry.entry_id, 'WAIT', 'the ERP took nothing of it and is asked again later'
from ledger.entry as entry join ledger.sending as lease using (entry_id)
where entry.state = 'approved' and lease.not_before > clock_timestamp()
union all
select entry.entry_id, 'RELEASE', case
    when build.rule_set_hash is null then 'the build does not say which rules and code it ran'
    else 'rules ' || left(build.rule_set_hash, 12) || ' with code ' || left(build.code_hash, 12)
         || ' are not released' end
from ledger.entry as entry join ops.build as build using (build_id)
where entry.state in ('proposed', 'approved', 'rejected')
  and (select is_required from ledger.release_requirement)
  and not exists (
    select from ledger.released_rules as released
    where (released.rule_set_hash, released.code_hash) = (build.rule_set_hash, build.code_hash));
