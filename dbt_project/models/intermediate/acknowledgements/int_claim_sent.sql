-- Each claim version sent with its place in the chain of its claim: a replacement or void
-- (frequency 7, 8) follows what it replaces. The last of a chain is the current version.
select
    version_key, file_id, segment, transaction_no, claim_no, entity_code, account_hash, claim_key,
    account_key, payer_id, payer_sequence, frequency_code, charge_amount, content_hash, is_current,
    event_date as sent_date,
    row_number() over chain as version_no,
    lag(version_key) over chain as before_version_key,
    lead(version_key) over chain as after_version_key,
    lead(event_date) over chain as after_sent_date
from {{ ref('int_claim_version') }}
where outcome <> 'exception'
window chain as (
    partition by claim_key, payer_sequence, statement_key
    order by
        event_date,
        case frequency_code when '8' then 2 when '7' then 1 else 0 end,
        content_hash desc
)
