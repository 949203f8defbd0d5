create table ledger.erp_document (
    entry_id bigint primary key references ledger.entry,
    erp text not null,
    document_ref text not null,
    document_number text,
    state text not null,
    posted_on date,
    read_at timestamptz not null,
    -- line by line, as the ERP gave it back
    matches boolean not null,
    unique (erp, document_ref)
);
create index erp_document_read_at_idx on ledger.erp_document (read_at);

create table ledger.erp_document_line (
    entry_id bigint references ledger.erp_document,
    line_no integer,
    account text not null,
    debit_amount numeric(14,2) not null,
    credit_amount numeric(14,2) not null,
    description text,
    primary key (entry_id, line_no)
);

-- The newest balances that the ERP reported.
create table ledger.erp_balance (
    entity_code text,
    account text,
    -- debit positive
    balance_amount numeric(14,2) not null,
    as_of_date date not null,
    read_at timestamptz not null,
    primary key (entity_code, account)
);

create table ledger.sending (
    entry_id bigint primary key references ledger.entry,
    -- rises with each attempt; an older one is void
    fence bigint not null check (fence >= 1),
    attempts integer not null check (attempts >= 1),
    holder text not null,
    holder_pid integer not null,
    -- no first byte after this
    leased_until timestamptz not null,
    quiet_seconds numeric not null check (quiet_seconds >= 0),
    -- no effect in the ERP after this
    quiet_until timestamptz not null,
    -- the ERP asked to come later
    not_before timestamptz
);

-- A document that was found beside the one that an entry already has: posted twice, and told.
create table ledger.second_document (
    entry_id bigint not null references ledger.entry,
    erp text,
    document_ref text,
    found_at timestamptz not null default clock_timestamp(),
    primary key (erp, document_ref)
);

-- When a mirror was last due, and when one last came to its end. An entity without a row has no
-- ERP yet: nothing is due, and nothing is held for want of it.
create table ledger.erp_mirror (
    entity_code text primary key,
    erp text not null,
    dimensions text[] not null check (dimensions <@ ARRAY['facility', 'payer_class']),
    due_at timestamptz not null,
    mirrored_at timestamptz
);

create table ledger.erp_account (
    entity_code text,
    -- by the code that we know it by
    account text,
    is_active boolean not null,
    mirrored_at timestamptz not null,
    primary key (entity_code, account)
);

create table ledger.erp_segment (
    entity_code text,
    dimension text check (dimension in ('facility', 'payer_class')),
    -- ours, mapped back
    value text,
    is_active boolean not null,
    mirrored_at timestamptz not null,
    primary key (entity_code, dimension, value)
);

create table ledger.foreign_line (
    foreign_line_id bigint generated always as identity primary key,
    entity_code text not null,
    erp text not null,
    document_ref text not null,
    account text not null,
    accounting_date date not null,
    debit_amount numeric(14,2) not null,
    credit_amount numeric(14,2) not null,
    -- among equal lines of one document
    ordinal integer not null check (ordinal >= 1),
    code text not null check (code in ('ERP_MANUAL_ENTRY', 'ERP_KEY_REUSED')),
    found_at timestamptz not null default clock_timestamp(),
    seen_at timestamptz not null default clock_timestamp(),
    gone_at timestamptz,
    constraint foreign_line_entity_code_erp_document_ref_account_accountin_key unique (entity_code,
        erp, document_ref, account, accounting_date, debit_amount, credit_amount, ordinal)
);

create table ledger.foreign_judgement (
    judgement_id bigint generated always as identity primary key,
    foreign_line_id bigint not null references ledger.foreign_line,
    decision text not null check (decision in ('accepted', 'withdrawn')),
    reason text not null check (btrim(reason) <> ''),
    judged_by text not null default SESSION_USER,
    judged_at timestamptz not null default clock_timestamp()
);
create index foreign_judgement_foreign_line_id_idx on ledger.foreign_judgement (foreign_line_id);

create table ledger.foreign_read (
    read_id bigint generated always as identity primary key,
    entity_code text not null,
    erp text not null,
    since date not null,
    -- the first open period then: what may have moved
    open_from date not null,
    line_count integer not null,
    read_at timestamptz not null default clock_timestamp(),
    is_complete boolean not null default true,
    newest_change timestamptz,
    overlap jsonb not null default '[]' check (jsonb_typeof(overlap) = 'array'),
    unexplained_totals jsonb
);
create index foreign_read_entity_code_read_id_idx on ledger.foreign_read (entity_code, read_id);

create table ledger.carry (
    entity_code text primary key references ops.entity,
    -- the day before our first month
    last_day date not null,
    erp text not null,
    read_at timestamptz not null default clock_timestamp(),
    made_by_xid xid8 not null default pg_current_xact_id()
);

create table ledger.carried_balance (
    entity_code text references ledger.carry,
    -- stays when the chart drops it, as in entries
    account text,
    -- debit positive
    balance_amount numeric(14,2) not null check (balance_amount <> 0),
    primary key (entity_code, account)
);

-- One head of the audit per entity and day (UTC), for the text of the first document whose sending
-- begins on that day. It is fixed before the first byte goes out and never changes, as the document
-- must be the same whenever it is sent again.
create table ledger.document_anchor (
    entry_id bigint primary key references ledger.entry,
    entity_code text not null,
    anchored_on date not null,
    seq bigint not null,
    hash text not null,
    unique (entity_code, anchored_on)
);
