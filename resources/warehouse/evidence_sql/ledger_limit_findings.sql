-- One row per entry of the pack that policy looked at and left to a person.
select finding.entry_id, finding.detail, finding.found_at
from ledger.limit_finding as finding
inner join ledger.entry as entry using (entry_id)
where entry.entity_code = any(%(entities)s)
    and entry.accounting_date between %(first)s and %(last)s
order by finding.entry_id
