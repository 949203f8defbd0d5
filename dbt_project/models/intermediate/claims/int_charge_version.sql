-- Each reading of an EHR charge with its account and its outcome; only the newest version posts.
with

coverage as (
    select patient_id, start_date, end_date
    from {{ ref('stg_ehr__coverage') }}
    where status = 'active'
),

ranked as (
    select
        *,
        row_number() over (
            partition by charge_id
            order by updated_at desc nulls last, status, amount, posted_date, file_id, segment
        ) as version_rank,
        row_number() over (
            partition by charge_id, updated_at, status, amount, posted_date, encounter_id
            order by file_id, segment
        ) as copy_no
    from {{ ref('stg_ehr__charge') }}
),

located as (
    select
        ranked.*,
        provider.provider_id,
        provider.entity_code,
        provider.facility_code,
        encounter.account_hash,
        encounter.patient_id,
        greatest(cast(ranked.updated_at at time zone 'UTC' as date), ranked.posted_date)
            as reversed_date,
        installation.as_of_date,
        installation.default_entity_code
    from ranked
    cross join {{ ref('stg_ops__installation') }} as installation
    left join {{ ref('stg_ehr__encounter') }} as encounter
        on ranked.encounter_id = encounter.encounter_id
    left join {{ ref('int_provider_resolved') }} as provider
        on coalesce(encounter.provider_npi, '') = provider.npi and provider.tin = ''
        and encounter.encounter_id is not null
),

covered as (
    select distinct located.file_id, located.segment
    from located
    inner join coverage
        on located.patient_id = coverage.patient_id
        and coalesce(located.service_date, located.posted_date)
            between coalesce(coverage.start_date, '-infinity')
            and coalesce(coverage.end_date, 'infinity')
),

final as (
    select
        located.file_id, located.segment, located.known_at, located.charge_id, located.status,
        located.amount, located.service_date, located.posted_date, located.reversed_date,
        coalesce(located.entity_code, located.default_entity_code) as entity_code,
        located.facility_code, located.provider_id, located.account_hash,
        {{ surrogate_key(['located.entity_code', 'located.provider_id', 'located.account_hash']) }}
            as claim_key,
        {{ surrogate_key(['located.entity_code', 'located.account_hash']) }} as account_key,
        covered.file_id is not null as is_covered,
        located.status = 'entered-in-error' as is_reversed,
        located.reversed_date > located.as_of_date as is_reversed_after_as_of,
        case
            when located.copy_no > 1 then 'DUPLICATE_RECORD'
            when located.version_rank > 1 then 'SUPERSEDED_VERSION'
            when located.status not in ('billable', 'billed', 'entered-in-error')
                or located.amount = 0 then 'NOT_A_POSTING'
            when located.account_hash is null then 'UNKNOWN_ACCOUNT'
            when located.posted_date is null then 'DATE_MISSING'
            when located.posted_date > located.as_of_date then 'DATED_AFTER_AS_OF'
            when entity.charge_source = 'claims' then 'CLAIMS_ARE_CHARGES'
        end as reason_code
    from located
    left join covered using (file_id, segment)
    left join {{ ref('stg_ops__entity') }} as entity
        on coalesce(located.entity_code, located.default_entity_code) = entity.entity_code
)

select
    *,
    case
        when reason_code is null then 'posted'
        when reason_code in (
            'DUPLICATE_RECORD', 'SUPERSEDED_VERSION', 'NOT_A_POSTING', 'CLAIMS_ARE_CHARGES'
        ) then 'memo'
        else 'exception'
    end as outcome
from final
