select
    as_of_date,
    default_entity_code,
    default_facility_code
from {{ source('ops', 'installation') }}
