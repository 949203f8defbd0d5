-- One row per entry of the pack with the build, the rules and the code that proposed it, and the
-- logins that released those; an entry of a build that did not say has none.
select
    made.entry_id, made.build_id, made.rule_set_hash, made.code_hash, released.release_id,
    released.author, released.approver, released.deployer
from ledger.entry_provenance as made
inner join ledger.entry as entry using (entry_id)
left join ledger.released_rules as released using (rule_set_hash, code_hash)
where entry.entity_code = any(%(entities)s)
    and entry.accounting_date between %(first)s and %(last)s
order by made.entry_id
