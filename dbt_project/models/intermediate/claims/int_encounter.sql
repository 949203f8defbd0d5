-- Each encounter with where its provider belongs and the keys of its claim and account.
select
    encounter.encounter_id,
    encounter.patient_id,
    encounter.account_hash,
    encounter.started_date,
    provider.provider_id,
    provider.entity_code,
    provider.facility_code,
    {{ surrogate_key(['provider.entity_code', 'encounter.account_hash']) }} as account_key
from {{ ref('stg_ehr__encounter') }} as encounter
-- Every provider that was seen is there; an inner join would be planned for a few rows.
left join {{ ref('int_provider_resolved') }} as provider
    on coalesce(encounter.provider_npi, '') = provider.npi and provider.tin = ''
