-- The hash of an entry's head with the texts of its lines and events.
create or replace function ledger.entry_hash(entity_code text, accounting_date date,
    approval_class text, part integer, lines text, events text) returns text
language sql stable parallel safe as $$
    select encode(sha256(convert_to(concat_ws(chr(29), entity_code, accounting_date::text,
        approval_class, part::text, lines, events), 'UTF8')), 'hex')
$$;
