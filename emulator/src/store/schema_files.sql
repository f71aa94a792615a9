-- Bytes on disk, named by `object`. An upload slot is a row whose size is still missing: who shows
-- key (the object), policy and signature before `expires_at` may fill it.
CREATE TABLE files (
    object       TEXT PRIMARY KEY,
    owner        INTEGER NOT NULL REFERENCES users (id),
    policy       TEXT NOT NULL,
    signature    TEXT NOT NULL,
    expires_at   INTEGER NOT NULL,
    name         TEXT NOT NULL DEFAULT '',
    content_type TEXT NOT NULL DEFAULT '',
    size         INTEGER
) STRICT;
CREATE INDEX files_awaited ON files (expires_at) WHERE size IS NULL;

-- What a download URL names. to_type: 0 everybody (avatars), 1 the user to_id, 2 the group to_id;
-- and always the owner. shared 1: made for the list of a group, goes with the entry there.
CREATE TABLE file_links (
    sign    TEXT PRIMARY KEY,
    object  TEXT NOT NULL REFERENCES files (object),
    owner   INTEGER NOT NULL REFERENCES users (id),
    to_type INTEGER NOT NULL,
    to_id   INTEGER NOT NULL,
    shared  INTEGER NOT NULL
) STRICT;
CREATE INDEX links_by_object ON file_links (object);

CREATE TABLE group_files (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    group_id   INTEGER NOT NULL REFERENCES groups (id),
    uploader   INTEGER NOT NULL REFERENCES users (id),
    name       TEXT NOT NULL,
    size       INTEGER NOT NULL,
    type       TEXT NOT NULL,
    url        TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX group_files_by_group ON group_files (group_id);
