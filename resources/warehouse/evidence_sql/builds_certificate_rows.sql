-- One row per listed certificate and check, as it was when the certificate was issued.
select
    certificate.build_id, certificate.check_id, certificate.kind, certificate.severity,
    certificate.blocking, certificate.status, certificate.left_amount, certificate.right_amount,
    certificate.difference as difference_amount, certificate.failing_count
from ops.certificate_row as certificate
inner join ops.build as build using (build_id)
where build.as_of_date between %(first)s and %(last)s or build.build_id in (
    select entry.build_id from ledger.entry as entry
    where entry.entity_code = any(%(entities)s)
        and entry.accounting_date between %(first)s and %(last)s)
order by build.started_at, build.build_id, certificate.check_id collate "C"
