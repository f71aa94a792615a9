CREATE TABLE sequence (name TEXT PRIMARY KEY, next INTEGER NOT NULL) STRICT;
CREATE TABLE apps (app_id TEXT PRIMARY KEY) STRICT;

CREATE TABLE users (
    id            INTEGER PRIMARY KEY,
    username      TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    mobile        TEXT UNIQUE,
    nick_name     TEXT NOT NULL DEFAULT '',
    avatar        TEXT NOT NULL DEFAULT '',
    email         TEXT NOT NULL DEFAULT '',
    description   TEXT NOT NULL DEFAULT '',
    public_info   TEXT NOT NULL DEFAULT '',
    private_info  TEXT NOT NULL DEFAULT '',
    auth_mode     INTEGER NOT NULL DEFAULT 0,
    auth_question TEXT NOT NULL DEFAULT '',
    auth_answer   TEXT NOT NULL DEFAULT '',
    created_at    INTEGER NOT NULL
) STRICT;

-- The digest only: who reads the file cannot log in with it.
CREATE TABLE tokens (
    digest     TEXT PRIMARY KEY,
    user_id    INTEGER NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX tokens_by_user ON tokens (user_id);

CREATE TABLE devices (
    user_id    INTEGER NOT NULL REFERENCES users (id),
    sn         INTEGER NOT NULL,
    guid       TEXT NOT NULL,
    os_type    INTEGER NOT NULL,
    info       TEXT NOT NULL,
    last_login INTEGER NOT NULL,
    PRIMARY KEY (user_id, sn),
    UNIQUE (user_id, guid)
) STRICT, WITHOUT ROWID;

-- relation: 0 friend, 1 deleted, 3 blocked; no row: stranger.
CREATE TABLE roster (
    user_id   INTEGER NOT NULL REFERENCES users (id),
    friend_id INTEGER NOT NULL REFERENCES users (id),
    relation  INTEGER NOT NULL DEFAULT 0,
    alias     TEXT NOT NULL DEFAULT '',
    ext       TEXT NOT NULL DEFAULT '',
    mute      INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (user_id, friend_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE groups (
    id               INTEGER PRIMARY KEY,
    name             TEXT NOT NULL,
    avatar           TEXT NOT NULL DEFAULT '',
    description      TEXT NOT NULL DEFAULT '',
    ext              TEXT NOT NULL DEFAULT '',
    owner_id         INTEGER NOT NULL REFERENCES users (id),
    type             INTEGER NOT NULL DEFAULT 0,
    status           INTEGER NOT NULL DEFAULT 0,
    capacity         INTEGER NOT NULL DEFAULT 500,
    apply_approval   INTEGER NOT NULL DEFAULT 0,
    member_invite    INTEGER NOT NULL DEFAULT 1,
    member_modify    INTEGER NOT NULL DEFAULT 0,
    read_ack         INTEGER NOT NULL DEFAULT 0,
    history_visible  INTEGER NOT NULL DEFAULT 1,
    hide_member_info INTEGER NOT NULL DEFAULT 0,
    ban_expire_time  INTEGER NOT NULL DEFAULT 0,
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL
) STRICT;

-- role: 0 member, 1 admin, 2 owner.
CREATE TABLE group_members (
    group_id        INTEGER NOT NULL REFERENCES groups (id),
    user_id         INTEGER NOT NULL REFERENCES users (id),
    role            INTEGER NOT NULL DEFAULT 0,
    display_name    TEXT NOT NULL DEFAULT '',
    join_time       INTEGER NOT NULL,
    PRIMARY KEY (group_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX groups_by_member ON group_members (user_id);

-- Every meta once, as it is delivered. `folded` is what history shows after edits.
CREATE TABLE metas (
    id         INTEGER PRIMARY KEY,
    from_uid   INTEGER NOT NULL,
    from_sn    INTEGER NOT NULL,
    to_uid     INTEGER NOT NULL,
    timestamp  INTEGER NOT NULL,
    ns         INTEGER NOT NULL,
    payload    BLOB NOT NULL,
    folded     BLOB,
    is_message INTEGER NOT NULL,
    edited_at  INTEGER NOT NULL DEFAULT 0,
    recalled   INTEGER NOT NULL DEFAULT 0
) STRICT;

-- One stream per (account, conversation). `origin_sn` is the owner's device that sent the meta,
-- 0 when it came from elsewhere. status: 0 unread, 1 delivered, 2 read.
CREATE TABLE stream (
    owner     INTEGER NOT NULL,
    conv      INTEGER NOT NULL,
    id        INTEGER NOT NULL REFERENCES metas (id),
    origin_sn INTEGER NOT NULL,
    status    INTEGER NOT NULL DEFAULT 0,
    deleted   INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (owner, conv, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX stream_by_meta ON stream (id, owner);

-- kind: 0 system, 1 chat, 2 group chat.
CREATE TABLE conversations (
    owner   INTEGER NOT NULL,
    conv    INTEGER NOT NULL,
    kind    INTEGER NOT NULL,
    last_id INTEGER NOT NULL,
    PRIMARY KEY (owner, conv)
) STRICT, WITHOUT ROWID;

-- Left out of the unread list until something new arrives; sn 0 = on every device.
CREATE TABLE hidden_conversations (
    owner INTEGER NOT NULL,
    conv  INTEGER NOT NULL,
    sn    INTEGER NOT NULL,
    PRIMARY KEY (owner, conv, sn)
) STRICT, WITHOUT ROWID;

CREATE TABLE positions (
    owner    INTEGER NOT NULL,
    sn       INTEGER NOT NULL,
    conv     INTEGER NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (owner, sn, conv)
) STRICT, WITHOUT ROWID;

-- What was accepted under which client id, to answer a repeated send with the same ack.
CREATE TABLE sent (
    owner      INTEGER NOT NULL,
    client_mid INTEGER NOT NULL,
    digest     TEXT NOT NULL,
    conv       INTEGER NOT NULL,
    server_mid INTEGER NOT NULL,
    time       INTEGER NOT NULL,
    edited_at  INTEGER NOT NULL,
    PRIMARY KEY (owner, client_mid)
) STRICT, WITHOUT ROWID;
