create table ledger.audit (
    seq bigint primary key,
    at timestamptz not null,
    actor text not null,
    action text not null,
    entry_id bigint,
    from_state text,
    to_state text,
    detail jsonb not null,
    prev_hash text not null,
    hash text not null,
    -- the login that authenticated, where the server tells it
    authenticated text
);
create index audit_entry_id_idx on ledger.audit (entry_id);

create table ledger.audit_head (
    only_row boolean default true primary key check (only_row),
    seq bigint not null,
    hash text not null
);
