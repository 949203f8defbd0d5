select distinct
    entity_code,
    cutoff_date
from {{ source('ledger', 'cutoff') }}
