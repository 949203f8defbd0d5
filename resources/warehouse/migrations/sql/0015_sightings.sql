-- Remote files that are seen and not taken, and sources that cannot be used, as open exceptions.
alter table ops.file_sighting add column first_seen_at timestamptz;  -- by our own clock
update ops.file_sighting set first_seen_at = seen_at;
alter table ops.file_sighting alter column first_seen_at set not null;
create index on ops.file_sighting (source, size_bytes, modified_at)
    where outcome in ('taken', 'duplicate');

alter table ops.exception add column sighting_id bigint references ops.file_sighting;
create index on ops.exception (sighting_id) where sighting_id is not null;

insert into ops.reason_code values
('STILL_CHANGING', 'a file is taken when two looks find the same size and time',
 'the file changed while it was looked at; the next look tries again'),
('INCOMPLETE', 'a file is taken when its last record is there, or when it stays as it is for long',
 'the record that closes the file is not there yet'),
('TEMPORARY_NAME', 'a file is taken under its final name',
 'the name is that of an upload under way'),
('VANISHED', 'a file that is listed can be read',
 'the file was gone before it was taken, and nothing of its size and time has come since'),
('NOT_READABLE', 'a file that is listed can be read',
 'the server refuses to let the file be read'),
('READ_BROKE_OFF', 'a file can be read to its end',
 'the connection broke twice while the file was read; it is tried again after all others'),
('TOO_LARGE', 'a file has at most 512 MB',
 'the file is larger than the limit; nothing of it was read'),
('NOT_A_REGULAR_FILE', 'links, pipes and devices are not followed',
 'the name is not that of a regular file'),
('NAME_NOT_USABLE', 'a name is one step of a path',
 'the server lists a name that leads to another folder'),
('FOLDER_MISSING', 'the folders of a source exist',
 'the server has no such folder'),
('FOLDER_NOT_READABLE', 'the folders of a source can be listed',
 'the server refuses to list the folder'),
('SOURCE_FAILED', 'a source can be used', 'the source cannot be used'),
('SOURCE_OUT_OF_REACH', 'a source can be reached', 'the server cannot be reached'),
('SOURCE_NAME_UNKNOWN', 'the host of a source has an address', 'the name is not known'),
('SOURCE_NO_ANSWER', 'a source answers', 'the server accepts and does not answer'),
('SOURCE_BROKE_OFF', 'a connection stands until its end', 'the connection broke off'),
('SOURCE_HOST_KEY', 'a server shows the host key that is pinned',
 'the server shows another host key; nothing was sent to it'),
('SOURCE_LOGIN', 'a source lets us in', 'the server refuses the login'),
('SOURCE_TLS', 'a server shows a certificate that is trusted', 'the certificate is not trusted'),
('SOURCE_ANSWER', 'a source answers as its interface says',
 'the answer is an error, or has another shape'),
('SOURCE_SETTING', 'the settings of a source can be used', 'a setting cannot be used'),
('ARCHIVE_NOT_WRITABLE', 'received bytes are archived before anything reads them',
 'the archive cannot be written; what is not archived is not taken and waits at its source')
on conflict (code) do nothing;
