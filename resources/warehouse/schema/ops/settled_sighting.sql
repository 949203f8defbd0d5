-- Sightings that are settled: their name was taken since, or a file with their size and time came
-- under another name at a later look (all that one look finds is first seen when it began).
create or replace view ops.settled_sighting as
select seen.sighting_id from ops.file_sighting as seen
where exists (
    select from ops.file_sighting as taken
    where taken.source = seen.source and taken.outcome in ('taken', 'duplicate')
      and taken.seen_at >= seen.first_seen_at
      and (taken.location, taken.name) = (seen.location, seen.name))
   or exists (
    select from ops.file_sighting as taken
    where taken.source = seen.source and taken.outcome in ('taken', 'duplicate')
      and taken.first_seen_at > seen.seen_at
      and (taken.size_bytes, taken.modified_at) = (seen.size_bytes, seen.modified_at));
