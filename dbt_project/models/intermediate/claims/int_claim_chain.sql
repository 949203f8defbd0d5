-- Which bill of its account each claim version belongs to. A replacement or void (7, 8) of an
-- account with interim bills belongs to the bill whose payer claim number it names (REF*F8), else
-- to the one of its statement period, else to the only one that it overlaps.
with

versions as (
    select
        file_id, claim_no, claim_key, payer_sequence, account_hash, frequency_code, kind_rank,
        original_reference, charge_amount, service_from_date, service_to_date,
        case
            when frequency_code in ('2', '3', '4') then coalesce(
                'period ' || service_from_date || ' ' || coalesce(service_to_date::text, ''),
                'content ' || content_hash
            )
            when frequency_code = '5' then 'late ' || content_hash
            else ''
        end as own_bill
    from {{ ref('int_claim_located') }}
    where barred_reason is null
),

bills as (
    select
        *,
        bool_or(own_bill not like 'late%' and own_bill <> '') over (
            partition by claim_key, payer_sequence
        ) as has_interim
    from versions
    where kind_rank = 2
),

fits as (
    select
        later.file_id, later.claim_no, bills.own_bill,
        min(case
            when named.payer_claim_number is not null then 1
            when later.service_from_date = bills.service_from_date
                and later.service_to_date = bills.service_to_date then 2
            when later.service_from_date = bills.service_from_date then 3
            when later.service_to_date = bills.service_to_date then 4
            when later.service_from_date <= bills.service_to_date
                and later.service_to_date >= bills.service_from_date then 5
        end) as fit
    from versions as later
    inner join bills
        on later.claim_key = bills.claim_key and later.payer_sequence = bills.payer_sequence
        and bills.has_interim and bills.own_bill not like 'late%'
    left join {{ ref('stg_clearinghouse__remittance_claim') }} as named
        on later.account_hash = named.account_hash
        and later.original_reference = named.payer_claim_number
        and case
            when named.service_from_date is null then named.charge_amount = bills.charge_amount
            else named.service_from_date = bills.service_from_date
        end
    where later.kind_rank < 2
    group by later.file_id, later.claim_no, bills.own_bill
),

fitted as (
    select
        file_id, claim_no, own_bill, fit,
        row_number() over (partition by file_id, claim_no order by fit nulls last, own_bill)
            as choice,
        count(*) over (partition by file_id, claim_no, fit) as rivals
    from fits
)

select
    versions.file_id,
    versions.claim_no,
    coalesce(fitted.own_bill, versions.own_bill) as bill_key,
    fitted.file_id is null or (fitted.fit is not null and fitted.rivals = 1) as is_known
from versions
left join fitted
    on versions.file_id = fitted.file_id and versions.claim_no = fitted.claim_no
    and fitted.choice = 1
