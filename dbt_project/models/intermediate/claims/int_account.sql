-- One row per account with the dimensions of its receivable: they follow the primary payer, so
-- that a secondary payer never moves a balance from one class to another.
with

accounts as (
    select
        account_key, entity_code, account_hash,
        min(facility_code) as facility_code,
        min(service_date) as service_date,
        bool_or(is_ehr) as is_ehr
    from {{ ref('int_claim_account') }}
    group by account_key, entity_code, account_hash
),

covered as (
    select distinct on (encounters.account_key)
        encounters.account_key, coverage.payer_id
    from {{ ref('int_encounter') }} as encounters
    inner join {{ ref('stg_ehr__coverage') }} as coverage
        on encounters.patient_id = coverage.patient_id
        and coverage.status = 'active'
        and encounters.started_date between coalesce(coverage.start_date, '-infinity')
        and coalesce(coverage.end_date, 'infinity')
    order by
        encounters.account_key, coverage.coverage_order, encounters.started_date,
        coverage.coverage_id
),

claimed as (
    select distinct on (account_key) account_key, payer_id
    from {{ ref('int_claim_version') }}
    where is_current
    order by account_key, payer_sequence, content_hash
),

final as (
    select
        accounts.account_key,
        accounts.entity_code,
        accounts.account_hash,
        accounts.facility_code,
        accounts.service_date,
        case
            when covered.account_key is null and claimed.account_key is null then 'self_pay'
            else coalesce(payers.payer_class, 'unknown')
        end as payer_class
    from accounts
    left join covered on accounts.account_key = covered.account_key
    left join claimed on accounts.account_key = claimed.account_key
    left join {{ ref('int_payer_identifier') }} as payers
        on coalesce(covered.payer_id, claimed.payer_id) = payers.payer_id
)

select * from final
