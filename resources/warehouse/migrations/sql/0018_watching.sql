-- What watching remembers: the newest look at each source, and one row per condition to tell of.
create table ops.source_look (
    source text primary key,
    looked_at timestamptz not null,
    outcome text not null check (outcome in ('ok', 'failed', 'not_set_up')),
    code text,                                    -- why it failed
    files_waiting integer not null default 0,
    failing_since timestamptz,
    last_ok_at timestamptz,
    check ((outcome = 'failed') = (failing_since is not null))
);
grant insert, update on ops.source_look to :prefix_ingest;

create table ops.alert (
    alert_id bigint generated always as identity primary key,
    kind text not null,
    subject text not null,                        -- a source, a job or an entity; never a person
    severity text not null check (severity in ('error', 'warning')),
    message text not null,
    advice text not null,                         -- where the runbook says what to do
    opened_at timestamptz not null,
    closed_at timestamptz,
    webhook_at timestamptz,                       -- when a sink had taken it
    email_at timestamptz
);
-- One open row per condition, however many look.
create unique index on ops.alert (kind, subject) where closed_at is null;
grant insert, update on ops.alert to :prefix_transform;

grant select on ops.source_look, ops.alert to
    :prefix_ingest, :prefix_transform, :prefix_preparer, :prefix_approver, :prefix_poster,
    :prefix_auditor;

-- The newest receipt of a source is asked for every half minute.
create index on ops.received_file (source, received_at desc);
