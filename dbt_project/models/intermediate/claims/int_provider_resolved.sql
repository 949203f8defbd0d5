-- Where a billing or payee identifier belongs: the provider map, else the tax number, else the
-- installation's default entity. Nothing is dropped for want of a mapping.
with

seen as (
    select coalesce(billing_npi, '') as npi, coalesce(billing_tin, '') as tin
    from {{ ref('stg_clearinghouse__claim') }}
    union
    select coalesce(payee_npi, ''), coalesce(payee_tin, '')
    from {{ ref('stg_clearinghouse__remittance') }}
    union
    select coalesce(provider_npi, ''), ''
    from {{ ref('stg_ehr__encounter') }}
),

entities as (
    select tin, min(entity_code) as entity_code
    from {{ ref('stg_ops__entity') }}
    where tin is not null
    group by tin
),

final as (
    select
        seen.npi,
        seen.tin,
        coalesce(nullif(seen.npi, ''), seen.tin) as provider_id,
        coalesce(
            provider.entity_code, entities.entity_code, installation.default_entity_code
        ) as entity_code,
        coalesce(provider.facility_code, installation.default_facility_code) as facility_code,
        provider.provider_id is not null as is_mapped
    from seen
    cross join {{ ref('stg_ops__installation') }} as installation
    left join {{ ref('stg_ops__provider') }} as provider on seen.npi = provider.provider_id
    left join entities on seen.tin = entities.tin
)

select * from final
