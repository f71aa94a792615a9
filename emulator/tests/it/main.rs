//! The emulator in process on a free port, seen through HTTP and WebSocket only.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod accounts;
mod chat;
mod client;
mod contract;
mod faults;
mod files;
mod handed_over;
mod notices;
mod persistence;
mod rest;
mod rules;
mod schema;
mod session;
mod virtual_users;
