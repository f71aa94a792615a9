-- What pushes are sent to by: a JSON array of tags, an alias; and the number on the application's icon.
ALTER TABLE users ADD COLUMN push_tags TEXT NOT NULL DEFAULT '[]';
ALTER TABLE users ADD COLUMN push_alias TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN push_badge INTEGER NOT NULL DEFAULT 0;
