-- state: 0 normal, 1 banned (may not send), 2 frozen (may not log in), 3 deleted. `last_sn` is the
-- highest device serial ever given, so that the serial of a removed device never comes back.
ALTER TABLE users ADD COLUMN state INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN last_sn INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN group_confirm INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN auto_download INTEGER NOT NULL DEFAULT 1;
ALTER TABLE users ADD COLUMN no_push INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN no_push_detail INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN no_push_start_hour INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN no_push_end_hour INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN no_sounds INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN vibratory INTEGER NOT NULL DEFAULT 1;
ALTER TABLE users ADD COLUMN push_nick_name TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN push_token TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN silence_start_time INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN silence_end_time INTEGER NOT NULL DEFAULT 0;
UPDATE users SET last_sn = (SELECT coalesce(max(sn), 0) FROM devices WHERE user_id = users.id);

-- The digest of the token the device logged in with; logged_in 0 after it was kicked.
ALTER TABLE devices ADD COLUMN token TEXT NOT NULL DEFAULT '';
ALTER TABLE devices ADD COLUMN logged_in INTEGER NOT NULL DEFAULT 1;

-- relation gets a fourth value, 2 stranger: a row for an alias or a block without friendship.
ALTER TABLE roster ADD COLUMN blocked INTEGER NOT NULL DEFAULT 0;
UPDATE roster SET blocked = 1, relation = 0 WHERE relation = 3;
CREATE INDEX roster_by_friend ON roster (friend_id);

-- status of applications and invitations: 0 open, 1 accepted, 2 declined.
CREATE TABLE roster_applications (
    user_id      INTEGER NOT NULL REFERENCES users (id),
    applicant_id INTEGER NOT NULL REFERENCES users (id),
    reason       TEXT NOT NULL,
    status       INTEGER NOT NULL DEFAULT 0,
    expired_time INTEGER NOT NULL,
    PRIMARY KEY (user_id, applicant_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE group_applications (
    group_id     INTEGER NOT NULL REFERENCES groups (id),
    applicant_id INTEGER NOT NULL REFERENCES users (id),
    reason       TEXT NOT NULL,
    status       INTEGER NOT NULL DEFAULT 0,
    expired_time INTEGER NOT NULL,
    PRIMARY KEY (group_id, applicant_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE group_invitations (
    group_id     INTEGER NOT NULL REFERENCES groups (id),
    invitee_id   INTEGER NOT NULL REFERENCES users (id),
    inviter_id   INTEGER NOT NULL REFERENCES users (id),
    reason       TEXT NOT NULL,
    status       INTEGER NOT NULL DEFAULT 0,
    expired_time INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    PRIMARY KEY (invitee_id, group_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE group_blocked (
    group_id   INTEGER NOT NULL REFERENCES groups (id),
    user_id    INTEGER NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (group_id, user_id)
) STRICT, WITHOUT ROWID;

-- banned_until: 0 may speak, -1 muted for ever, otherwise muted until then.
ALTER TABLE group_members ADD COLUMN banned_until INTEGER NOT NULL DEFAULT 0;
ALTER TABLE group_members ADD COLUMN msg_mute_mode INTEGER NOT NULL DEFAULT 0;
ALTER TABLE group_members ADD COLUMN msg_push_mode INTEGER NOT NULL DEFAULT 0;

CREATE TABLE announcements (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    group_id   INTEGER NOT NULL REFERENCES groups (id),
    author     INTEGER NOT NULL REFERENCES users (id),
    title      TEXT NOT NULL,
    content    TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX announcements_by_group ON announcements (group_id);

CREATE TABLE pins (
    user_id INTEGER NOT NULL REFERENCES users (id),
    conv    INTEGER NOT NULL,
    PRIMARY KEY (user_id, conv)
) STRICT, WITHOUT ROWID;

-- What the list of conversations is sorted by: operations do not move a conversation up.
ALTER TABLE conversations ADD COLUMN last_message INTEGER NOT NULL DEFAULT 0;
UPDATE conversations SET last_message = last_id;

-- The stored messages of a group, for members who join later.
CREATE INDEX metas_by_target ON metas (to_uid) WHERE is_message = 1;
