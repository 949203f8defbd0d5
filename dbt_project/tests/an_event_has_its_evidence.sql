-- An event without an archived file is a decision of people, and no other.
select events.event_id
from {{ ref('fct_billing_event') }} as events
where events.file_id is null
    and events.event not in (
        select rules.event from {{ ref('posting_rules') }} as rules
        where rules.accounting_date = 'decided_date'
    )
