-- One row per conversion list and control account of the entities: both sides, who loaded it.
select
    list.list_id, tie.entity_code, tie.account, tie.listed_amount, tie.stated_amount,
    tie.difference_amount, list.state, list.approvals, list.file_sha256, list.content_hash,
    list.loaded_by, list.loaded_at, list.approved_at
from ledger.opening_tie as tie
inner join ledger.opening_state as list using (list_id)
where tie.entity_code = any(%(entities)s)
order by list.list_id, tie.entity_code, tie.account
