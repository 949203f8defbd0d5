select
    bank_account,
    entity_code
from {{ source('ops', 'bank_account') }}
