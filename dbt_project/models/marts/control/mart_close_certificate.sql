{{ config(materialized='view') }}

-- The certificate is a database function over recorded checks: it is there even when checks fail.
select
    build_id,
    as_of_date,
    check_id,
    kind,
    severity,
    blocking as is_blocking,
    status,
    cast(left_amount as numeric(18, 2)) as left_amount,
    cast(right_amount as numeric(18, 2)) as right_amount,
    cast(difference as numeric(18, 2)) as difference_amount,
    cast(failing_count as bigint) as failing_count
from ops.close_certificate_rows()
