-- A trigger with a key starts one run, however often and from wherever it is repeated.
create table ops.trigger (
    key text primary key check (length(key) between 1 and 200),
    job text not null,
    run_id text not null unique,
    requested_at timestamptz not null
);
grant insert on ops.trigger to :prefix_transform;
grant select on ops.trigger to
    :prefix_ingest, :prefix_transform, :prefix_preparer, :prefix_approver, :prefix_poster,
    :prefix_auditor;
