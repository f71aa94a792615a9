//! What the cloud tells about users and groups.

/// A user.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct User {
    /// Id.
    pub id: u64,
    /// Login name.
    pub username: String,
    /// Name chosen by the user.
    pub nickname: String,
    /// Name given by the logged-in user.
    pub alias: String,
    /// URL of the picture.
    pub avatar: String,
    /// In the contact list.
    pub is_contact: bool,
    /// The logged-in user wants no signal for their messages.
    pub muted: bool,
}

impl User {
    /// The name to show.
    pub fn display_name(&self) -> &str {
        [&self.alias, &self.nickname, &self.username].into_iter().find(|s| !s.is_empty()).map_or("", String::as_str)
    }
}

/// A group of the logged-in user.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Group {
    /// Id.
    pub id: u64,
    /// Name.
    pub name: String,
    /// URL of the picture.
    pub avatar: String,
    /// Owner.
    pub owner: u64,
    /// How many members it has.
    pub count: u32,
    /// The logged-in user wants no signal for its messages.
    pub muted: bool,
}
