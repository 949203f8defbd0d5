-- Why an entry waits as a correction, null when it does not. A changed rule that works backwards
-- is not new information: a person classifies it first.
create or replace function ledger.correction_problem(p_entry_id bigint) returns text
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select case
        when entry.approval_class = 'restatement' and exists (
            select from ledger.entry_line where entry_id = p_entry_id
              and correction_class = 'new_information')
            then 'a changed rule works on a closed period: its correction class is not decided'
        when ledger.is_material_error(p_entry_id) and not ledger.has_signature(p_entry_id, (
            select error_role from ledger.policy where policy_id = ledger.policy_id()))
            then 'errors of a closed period above the threshold wait for a controller' end
    from ledger.entry as entry where entry.entry_id = p_entry_id
$$;
