-- The newest version wins; of two equally new ones the smaller content identifier. A table, since
-- of the rows of a `distinct on` in a view the planner knows nothing.
{{ config(materialized='table', post_hook='analyze {{ this }}') }}

select distinct on (encounter_id)
    encounter_id,
    patient_id,
    account_hash,
    nullif(trim(provider_npi), '') as provider_npi,
    cast(started_at as date) as started_date,
    file_id,
    segment
from {{ source('raw', 'ehr_encounter') }}
order by encounter_id, updated_at desc nulls last, file_id, segment
