-- One row per cut-off of the entities.
select entity_code, cutoff_date, known_at_watermark, recorded_by, recorded_at
from ledger.cutoff
where entity_code = any(%(entities)s)
order by entity_code, cutoff_date
