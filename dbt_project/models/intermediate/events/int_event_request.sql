-- What people decided: approved requests, each the evidence of one event of the posting rules.
with

claims as (
    select claim_key, account_key
    from {{ ref('int_claim_account') }}
),

placed as (
    select
        request.*,
        case request.subject when 'claim' then request.subject_key end as claim_key,
        case request.subject
            when 'account' then request.subject_key
            when 'claim' then claims.account_key
        end as account_key
    from {{ ref('stg_ledger__request') }} as request
    left join claims
        on request.subject = 'claim' and request.subject_key = claims.claim_key
)

select
    placed.event,
    'request|' || placed.request_id as business_key,
    placed.entity_code,
    coalesce(account.facility_code, 'NONE') as facility_code,
    coalesce(account.payer_class, 'none') as payer_class,
    placed.claim_key,
    placed.account_key,
    case placed.subject
        when 'reference' then placed.subject_key
        else 'request ' || placed.request_id
    end as control_key,
    placed.amount,
    placed.decided_date as event_date,
    cast(null as uuid) as file_id,
    cast(null as integer) as segment,
    placed.decided_at as known_at
from placed
left join {{ ref('int_account') }} as account on placed.account_key = account.account_key
