-- The newest version wins; of two equally new ones the smaller content identifier. A table, since
-- of the rows of a `distinct on` in a view the planner knows nothing.
{{ config(materialized='table', post_hook='analyze {{ this }}') }}

select distinct on (coverage_id)
    coverage_id,
    patient_id,
    nullif(trim(payer_id), '') as payer_id,
    coalesce(coverage_order, 1) as coverage_order,
    status,
    start_date,
    end_date,
    file_id
from {{ source('raw', 'ehr_coverage') }}
order by coverage_id, updated_at desc nulls last, file_id, segment
