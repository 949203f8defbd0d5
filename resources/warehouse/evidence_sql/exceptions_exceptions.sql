-- One row per record that waits, or that began or ended to wait in the period: place, rule and
-- dollars, never a value of it. Those without an entity are in every pack.
select
    exception_id, origin, code, severity, rule, source, record_kind, file_id, segment,
    entity_code, amount as waiting_amount, opened_at, closed_at
from ops.exception
where (entity_code is null or entity_code = any(%(entities)s))
    and (closed_at is null
        or (opened_at at time zone 'UTC')::date between %(first)s and %(last)s
        or (closed_at at time zone 'UTC')::date between %(first)s and %(last)s)
order by exception_id
