select
    entity_code,
    nullif(trim(tin), '') as tin,
    accounting_basis,
    charge_source,
    reserve_method
from {{ source('ops', 'entity') }}
