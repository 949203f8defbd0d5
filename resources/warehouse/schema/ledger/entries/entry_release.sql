-- Each entry with the rules and code that made it and who released them; nulls where none are
-- stated or released.
create or replace view ledger.entry_release as
select
    entry.entry_id, made.build_id, made.rule_set_hash, made.code_hash, released.release_id,
    released.author, released.approver, released.deployer, released.approved_at,
    released.release_id is not null as is_released
from ledger.entry as entry
left join ledger.entry_provenance as made using (entry_id)
left join ledger.released_rules as released using (rule_set_hash, code_hash);
