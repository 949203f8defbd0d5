-- An event without an archived file is a decision of people, an estimate of a recorded run or an
-- opening balance of an approved list, and no other.
select events.event_id
from {{ ref('fct_billing_event') }} as events
where events.file_id is null
    and events.rule <> 'MANUAL'
    and events.event not in (
        select rules.event from {{ ref('posting_rules') }} as rules
        where rules.accounting_date in ('decided_date', 'cutover_date')
    )
    and events.control_key is distinct from 'estimate ' || events.event_date
    and events.control_key is distinct from 'estimate ' || events.event_date - 1
