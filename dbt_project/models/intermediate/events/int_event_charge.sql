-- Charges: from the EHR where the entity has a charge feed, else the lines of the current version
-- of each claim chain. The identity of a line is its claim and number, so a replacement changes it.
with

ehr as (
    select
        charge.*,
        account.payer_class
    from {{ ref('int_charge_version') }} as charge
    inner join {{ ref('int_account') }} as account on charge.account_key = account.account_key
    where charge.outcome = 'posted'
),

claims as (
    select
        claim.*,
        account.payer_class,
        coalesce(line.line_no, 0) as line_no,
        coalesce(line.charge_amount, claim.charge_amount) as line_amount,
        coalesce(line.segment, claim.segment) as line_segment
    from {{ ref('int_claim_version') }} as claim
    inner join {{ ref('int_account') }} as account on claim.account_key = account.account_key
    left join {{ ref('stg_clearinghouse__claim_line') }} as line
        on claim.file_id = line.file_id and claim.claim_no = line.claim_no
    where claim.outcome = 'posted'
)

select
    case when is_covered then 'charge.posted' else 'charge.posted.selfpay' end as event,
    'ehr|' || charge_id as business_key,
    entity_code, facility_code, payer_class, claim_key, account_key,
    cast(null as text) as control_key, amount, posted_date as event_date,
    file_id, segment, known_at
from ehr
union all
select
    case when is_covered then 'charge.reversed' else 'charge.reversed.selfpay' end,
    'ehr|' || charge_id,
    entity_code, facility_code, payer_class, claim_key, account_key,
    null, amount, reversed_date,
    file_id, segment, known_at
from ehr
where is_reversed and not is_reversed_after_as_of
union all
select
    'charge.posted',
    'claim|' || claim_key || '|' || statement_key || line_no,
    entity_code, facility_code, payer_class, claim_key, account_key,
    null, line_amount, event_date,
    file_id, line_segment, known_at
from claims
