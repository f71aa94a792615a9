//! Switches of the application and what they forbid. Kept in memory: a restart gives the
//! defaults, or what the command line says.
use std::{
    collections::{HashMap, VecDeque},
    sync::Mutex,
};

use serde::{Deserialize, Serialize};

use crate::{clock::Millis, guard, store::Uid};

/// The window of [`Policy::rate_limit`].
const RATE_WINDOW: Millis = 10_000;

/// Whether the application is in service (http-api 6).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum AppStatus {
    #[default]
    Normal,
    Banned,
    Frozen,
    Revoked,
}

/// Which shape the DNS document has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DnsFormat {
    /// Clusters name their long connection `ws`.
    V1,
    /// Clusters name it `webim`, and `ws` beside it.
    #[default]
    V2,
}

/// How upload slots want the bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum UploadMethod {
    /// In a form, behind the fields that let the client in.
    #[default]
    Post,
    /// Alone; the URL lets the client in.
    Put,
}

/// The switches, as in `POST /admin/api/app`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Anything but normal: DNS says so, logins are refused.
    pub app_status: AppStatus,
    /// Only friends may write to each other.
    pub friends_only: bool,
    /// Texts that contain one of these are refused.
    pub banned_words: Vec<String>,
    /// How many devices of an account may be logged in; 0 for any number.
    pub max_devices: u32,
    /// How many metas an account may send within 10 s; 0 for any number.
    pub rate_limit: usize,
    /// Metas in a page of a pull.
    pub page_size: u32,
    /// How many metas of each conversation a new device gets; 0 to start at the end.
    pub first_metas: u32,
    /// Whether anybody may open an account.
    pub open_registration: bool,
    /// How many accounts there may be; 0 for any number.
    pub max_users: usize,
    /// How many groups a user may own; 0 for any number.
    pub max_own_groups: usize,
    /// How many groups a user may be in; 0 for any number.
    pub max_joined_groups: usize,
    /// How many HTTP requests an account may send within 10 s; 0 for any number.
    pub http_rate: usize,
    /// How files are uploaded.
    pub upload_method: UploadMethod,
    /// Largest file, in bytes.
    pub upload_limit: u64,
    /// Shape of the DNS document.
    pub dns_format: DnsFormat,
    /// Long connections in front of this server's own, as URLs.
    pub dns_sockets: Vec<String>,
    /// Clusters in front of this server's own, as URLs.
    pub dns_clusters: Vec<String>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            app_status: AppStatus::default(),
            friends_only: false,
            banned_words: Vec::new(),
            max_devices: 0,
            rate_limit: 0,
            page_size: 50,
            first_metas: 20,
            open_registration: true,
            max_users: 0,
            max_own_groups: 0,
            max_joined_groups: 0,
            http_rate: 5000,
            upload_method: UploadMethod::default(),
            upload_limit: 100 << 20,
            dns_format: DnsFormat::default(),
            dns_sockets: Vec::new(),
            dns_clusters: Vec::new(),
        }
    }
}

impl Policy {
    /// What serde cannot see.
    ///
    /// # Errors
    /// What is wrong, with the name of the field.
    pub fn check(&self) -> Result<(), String> {
        if !(1..=1000).contains(&self.page_size) {
            return Err("page_size: must be from 1 to 1000".to_owned());
        }
        if self.banned_words.iter().any(String::is_empty) {
            return Err("banned_words: an empty word would forbid everything".to_owned());
        }
        for (field, urls) in [("dns_sockets", &self.dns_sockets), ("dns_clusters", &self.dns_clusters)] {
            if let Some(url) = urls.iter().find(|url| Place::read(url).is_none()) {
                return Err(format!("{field}: {url:?} must be http, https, ws or wss, :// and a host"));
            }
        }
        Ok(())
    }

    /// True when a text has a forbidden word in it.
    pub(crate) fn forbids(&self, text: &str) -> bool {
        self.banned_words.iter().any(|word| text.contains(word.as_str()))
    }
}

/// Where a server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place<'a> {
    pub(crate) secure: bool,
    pub(crate) host: &'a str,
}

impl<'a> Place<'a> {
    /// Reads `scheme://host[:port][/]`.
    pub(crate) fn read(url: &'a str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let secure = match scheme {
            "http" | "ws" => false,
            "https" | "wss" => true,
            _ => return None,
        };
        let host = rest.strip_suffix('/').unwrap_or(rest);
        let good = !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ']);
        good.then_some(Self { secure, host })
    }
}

/// Counts what accounts send.
#[derive(Debug, Default)]
pub(crate) struct Rate {
    recent: Mutex<HashMap<Uid, VecDeque<Millis>>>,
}

impl Rate {
    /// Counts one meta; false when it is one too many.
    pub(crate) fn allows(&self, user: Uid, limit: usize, now: Millis) -> bool {
        if limit == 0 {
            return true;
        }
        let mut recent = guard(&self.recent);
        let times = recent.entry(user).or_default();
        // A clock that was set back must not lock anybody out for long.
        times.retain(|time| (now - RATE_WINDOW..=now).contains(time));
        if times.len() >= limit {
            return false;
        }
        times.push_back(now);
        true
    }
}
