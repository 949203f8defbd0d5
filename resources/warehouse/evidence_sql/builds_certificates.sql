-- One row per certificate of a listed build.
select
    certificate.build_id, certificate.passes, certificate.check_count, certificate.failed_count,
    certificate.missing_count, certificate.expected_hash, certificate.lines_digest,
    certificate.content_hash, certificate.issued_by,
    certificate.issued_at, certificate.voided_at, certificate.void_reason
from ops.certificate as certificate
inner join ops.build as build using (build_id)
where build.as_of_date between %(first)s and %(last)s or build.build_id in (
    select entry.build_id from ledger.entry as entry
    where entry.entity_code = any(%(entities)s)
        and entry.accounting_date between %(first)s and %(last)s)
order by build.started_at, build.build_id
