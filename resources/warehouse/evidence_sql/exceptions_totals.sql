-- One row per origin, code, severity and whether it is open: records and dollars of the list.
select
    origin, code, severity, closed_at is null as is_open, count(*) as exceptions,
    coalesce(sum(amount), 0) as waiting_amount
from ops.exception
where (entity_code is null or entity_code = any(%(entities)s))
    and (closed_at is null
        or (opened_at at time zone 'UTC')::date between %(first)s and %(last)s
        or (closed_at at time zone 'UTC')::date between %(first)s and %(last)s)
group by 1, 2, 3, 4
order by 1, 2, 3, 4
