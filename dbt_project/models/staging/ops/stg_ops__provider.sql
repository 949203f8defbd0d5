select
    provider.provider_id,
    provider.facility_code,
    facility.entity_code
from {{ source('ops', 'provider') }} as provider
inner join {{ source('ops', 'facility') }} as facility
    on provider.facility_code = facility.facility_code
