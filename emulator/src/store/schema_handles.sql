-- The phone a name was verified by; several accounts may share one.
ALTER TABLE users ADD COLUMN verified_mobile TEXT;
-- echo, assistant or chatty; empty for people.
ALTER TABLE users ADD COLUMN bot TEXT NOT NULL DEFAULT '';

-- kind: 0 iOS app, 1 mini-program, 2 Android app.
CREATE TABLE openids (
    openid  TEXT PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users (id),
    kind    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX openids_by_user ON openids (user_id);

CREATE TABLE push_tokens (
    user_id  INTEGER NOT NULL REFERENCES users (id),
    sn       INTEGER NOT NULL,
    notifier TEXT NOT NULL,
    token    TEXT NOT NULL,
    PRIMARY KEY (user_id, sn)
) STRICT, WITHOUT ROWID;

-- The digest only, as for tokens.
CREATE TABLE group_codes (
    digest     TEXT PRIMARY KEY,
    group_id   INTEGER NOT NULL REFERENCES groups (id),
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
