-- The stricter of both statuses counts. A period that the ERP never told us of is not open.
create table ledger.period (
    entity_code text,
    period_start date,
    period_end date not null,
    own_status text not null default 'open' check (own_status in ('open', 'soft', 'closed')),
    erp_status text not null check (erp_status in ('open', 'closed')),
    erp_period_ref text,
    mirrored_at timestamptz not null default clock_timestamp(),
    check (period_start <= period_end),
    primary key (entity_code, period_start)
);

-- Time enters a rule only as a recorded cut-off, so that a replay sees the same clock.
create table ledger.cutoff (
    entity_code text,
    cutoff_date date,
    known_at_watermark timestamptz not null,
    recorded_by text not null default SESSION_USER,
    recorded_at timestamptz not null default clock_timestamp(),
    primary key (entity_code, cutoff_date)
);

create table ledger.period_act (
    act_id bigint generated always as identity primary key,
    -- null: it is a request itself
    request_id bigint references ledger.period_act,
    step text not null check (step in ('request', 'approve', 'refuse')),
    act text not null check (act in ('soft_close', 'close', 'reopen')),
    entity_code text not null,
    period_start date not null,
    from_status text not null,
    to_status text not null,
    reason text not null check (reason <> ''),
    -- whose certificate a close stands on
    build_id text references ops.build,
    -- which it stands on, too
    waivers bigint[] not null default '{}',
    actor text not null,
    acted_at timestamptz not null,
    made_by_xid xid8 not null,
    check ((step = 'request') = (request_id is null)),
    foreign key (entity_code, period_start) references ledger.period
);
create unique index one_decision on ledger.period_act (request_id);
create index period_act_entity_code_period_start_idx on ledger.period_act (entity_code,
    period_start);

-- What blocks a close and may stand all the same: who says so, why, which item, until when.
create table ledger.close_waiver (
    waiver_id bigint generated always as identity primary key,
    entity_code text not null,
    period_start date not null,
    code text not null,
    item text not null,
    reason text not null check (reason <> ''),
    expires_on date not null,
    waived_by text not null,
    waived_at timestamptz not null,
    foreign key (entity_code, period_start) references ledger.period
);

create table ledger.reconciliation (
    reconciliation_id bigint generated always as identity primary key,
    entity_code text not null,
    account text not null,
    as_of_date date not null,
    content_hash text not null,
    balance_amount numeric(14,2) not null,
    items_amount numeric(14,2) not null,
    unexplained_amount numeric(14,2) not null,
    explanation text not null,
    preparer text not null default SESSION_USER,
    prepared_at timestamptz not null default clock_timestamp(),
    check (unexplained_amount = 0 or btrim(explanation) <> ''),
    unique (entity_code, account, content_hash)
);

create table ledger.reconciliation_review (
    reconciliation_id bigint primary key references ledger.reconciliation,
    reviewer text not null default SESSION_USER,
    reviewed_at timestamptz not null default clock_timestamp()
);

create table ledger.review (
    review_id bigint generated always as identity primary key,
    subject text not null check (btrim(subject) <> ''),
    content_hash text not null check (content_hash ~ '^[0-9a-f]{64}$'),
    note text not null,
    reviewer text not null default SESSION_USER,
    reviewed_at timestamptz not null default clock_timestamp()
);
create index review_subject_review_id_idx on ledger.review (subject, review_id);

-- Acts on the as-of date: one person asks to move it back, another decides.
create table ledger.as_of_act (
    act_id bigint generated always as identity primary key,
    step text not null check (step in ('ask', 'approve', 'refuse')),
    request_id bigint unique references ledger.as_of_act,
    from_date date not null,
    to_date date not null check (to_date < from_date),
    reason text not null check (length(btrim(reason)) >= 10 and length(btrim(reason)) <= 500),
    actor text not null,
    acted_at timestamptz not null,
    made_by_xid xid8 not null,
    check ((step = 'ask') = (request_id is null))
);
