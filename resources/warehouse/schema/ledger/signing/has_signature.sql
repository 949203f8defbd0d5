-- Tells whether a role signed the present content of an entry. Signatures from before policy had
-- versions count as any role.
create or replace function ledger.has_signature(p_entry_id bigint, p_role text) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
    select exists (
        select from ledger.approval as signature join ledger.entry as entry using (entry_id)
        where signature.entry_id = p_entry_id and signature.voided_at is null
          and signature.content_hash = entry.content_hash and signature.basis = 'person'
          and (signature.policy_id is null
               or ledger.holds_role(signature.policy_id, signature.authority, p_role)))
$$;
