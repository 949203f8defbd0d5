-- What a remittance can be matched to: one row per claim key (entity, billing provider, account).
with

sightings as (
    select
        entity_code, facility_code, provider_id, account_hash, started_date as service_date,
        true as is_ehr
    from {{ ref('int_encounter') }}
    where account_hash is not null
    union all
    select
        entity_code, facility_code, provider_id, account_hash,
        coalesce(service_from_date, event_date), false
    from {{ ref('int_claim_version') }}
    where outcome <> 'exception'
),

final as (
    select
        {{ surrogate_key(['entity_code', 'provider_id', 'account_hash']) }} as claim_key,
        {{ surrogate_key(['entity_code', 'account_hash']) }} as account_key,
        entity_code,
        provider_id,
        account_hash,
        min(facility_code) as facility_code,
        min(service_date) as service_date,
        bool_or(is_ehr) as is_ehr
    from sightings
    group by entity_code, provider_id, account_hash
)

select
    final.*,
    count(*) over (partition by account_key) as claim_count
from final
