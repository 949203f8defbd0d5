-- One row per refusal of a proposal of the pack by a person.
select
    refusal.refusal_id, refusal.entry_id, refusal.content_hash, refusal.disposition,
    refusal.owner, refusal.look_again, refusal.refused_by, refusal.refused_at
from ledger.refusal as refusal
inner join ledger.entry as entry using (entry_id)
where entry.entity_code = any(%(entities)s)
    and entry.accounting_date between %(first)s and %(last)s
order by refusal.refusal_id
