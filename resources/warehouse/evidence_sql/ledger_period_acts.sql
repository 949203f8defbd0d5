-- One row per act on a period of the entities: who asked, who decided, on which certificate.
select
    act_id, request_id, step, act, entity_code, period_start, from_status, to_status, reason,
    build_id, array_to_string(waivers, ' ') as waivers, actor, acted_at
from ledger.period_act
where entity_code = any(%(entities)s)
order by act_id
