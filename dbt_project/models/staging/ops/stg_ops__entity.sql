select
    entity_code,
    nullif(trim(tin), '') as tin
from {{ source('ops', 'entity') }}
