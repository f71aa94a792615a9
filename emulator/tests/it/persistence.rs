use std::{
    fs,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command as Process, Stdio},
};

use floo_emulator::{Config, Data, start};
use serde_json::Value;

use crate::client::{Account, Device, assert_ok, body_to, http, server_with, texts, world};

/// A folder that is removed at the end.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("floo-emulator-{name}-{}", std::process::id()));
        if path.exists() {
            fs::remove_dir_all(&path).unwrap();
        }
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn file(&self) -> PathBuf {
        self.0.join("data").join("demo.sqlite")
    }

    pub fn config(&self) -> Config {
        Config { data: Data::File(self.file()), ..Config::default() }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(e) = fs::remove_dir_all(&self.0) {
            eprintln!("{}: {e}", self.0.display());
        }
    }
}

#[tokio::test]
async fn messages_and_tokens_survive_a_restart() {
    let folder = Folder::new("restart");
    let server = server_with(folder.config()).await;
    let w = world(&server).await;
    let mut amber = Device::login(&server, &w.amber, "a").await;
    let mut basil = Device::login(&server, &w.basil, "b").await;
    let sn = basil.sn;
    basil.pull_all(w.amber.uid).await;
    drop(basil);
    let meta = amber.meta(1, w.basil.uid, &body_to(w.basil.uid, "while you were away"));
    let ack = amber.send_meta(meta.clone()).await;
    assert_ok(&ack);
    server.stop().await.unwrap();
    drop(amber);

    let server = server_with(folder.config()).await;
    let mut basil = Device::login(&server, &w.basil, "b").await;
    assert_eq!(basil.sn, sn);
    assert_eq!(basil.unread(w.amber.uid).await, Some(1));
    assert_eq!(texts(&basil.pull_all(w.amber.uid).await), ["while you were away"]);
    // The client that never saw its ack sends again and gets the same one.
    let mut amber = Device::login(&server, &w.amber, "a").await;
    assert_eq!(amber.send_meta(meta).await, ack);
    assert!(basil.pull_all(w.amber.uid).await.is_empty());
    // The demo is created once.
    let state = http(&server, "GET", "/admin/api/state", &[], Value::Null).await;
    assert_eq!(state.data()["counts"]["users"], 3);
    assert_eq!(state.data()["counts"]["groups"], 1);
    server.stop().await.unwrap();
}

/// The real program.
struct Program {
    child: Child,
    address: String,
}

impl Program {
    fn start(folder: &Folder) -> Self {
        let mut child = Process::new(env!("CARGO_BIN_EXE_floo-emulator"))
            .args(["--port", "0", "--data"])
            .arg(folder.file())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line
            .trim_end()
            .strip_prefix("floo-emulator listening on http://")
            .unwrap_or_else(|| panic!("first line: {line:?}"))
            .to_owned();
        Self { child, address }
    }

    /// SIGKILL: no chance to tidy up.
    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if self.child.try_wait().unwrap().is_none() {
            self.kill();
        }
    }
}

#[tokio::test]
async fn what_was_acked_survives_kill_9() {
    let folder = Folder::new("kill");
    let mut program = Program::start(&folder);
    let amber = Account::login_at(&program.address, "amber").await;
    let basil = Account::login_at(&program.address, "basil").await;
    let mut sent = Vec::new();
    for round in 0..3 {
        let mut device = Device::login_at(&program.address, &amber, "a").await;
        for n in 0..20 {
            let text = format!("{round}-{n}");
            device.text(round * 100 + n + 1, basil.uid, &text).await;
            sent.push(text);
        }
        program.kill();
        program = Program::start(&folder);
    }
    let mut device = Device::login_at(&program.address, &basil, "b").await;
    let page = device.history(amber.uid, 0, 100).await;
    let mut got = texts(&page.metas);
    got.reverse();
    assert_eq!(got[got.len() - 60..], sent);
}

#[cfg(unix)]
#[tokio::test]
async fn a_signal_stops_the_program_cleanly() {
    let folder = Folder::new("signal");
    let mut program = Program::start(&folder);
    let amber = Account::login_at(&program.address, "amber").await;
    let _device = Device::login_at(&program.address, &amber, "a").await;
    let pid = program.child.id().to_string();
    assert!(Process::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert!(program.child.wait().unwrap().success());
    // Everything is in the one file.
    assert!(!folder.file().with_extension("sqlite-wal").exists());
}

#[tokio::test]
async fn files_that_are_not_ours_are_named_and_left_alone() {
    let folder = Folder::new("foreign");
    let file = folder.file();
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let foreign = folder.0.join("other.sqlite");
    rusqlite::Connection::open(&foreign)
        .unwrap()
        .execute_batch("CREATE TABLE t (x); INSERT INTO t VALUES (1)")
        .unwrap();
    let newer = folder.0.join("newer.sqlite");
    rusqlite::Connection::open(&newer)
        .unwrap()
        .execute_batch("CREATE TABLE t (x); PRAGMA application_id = 0x464C4F4F; PRAGMA user_version = 99")
        .unwrap();
    // A file of ours with its second half overwritten.
    let broken = {
        let server = server_with(folder.config()).await;
        server.stop().await.unwrap();
        let mut bytes = fs::read(&file).unwrap();
        let half = bytes.len() / 20;
        bytes[half..].fill(0x5a);
        bytes
    };
    for (bytes, word) in [
        (b"hello".to_vec(), "too short"),
        (vec![b'x'; 5000], "no SQLite header"),
        (fs::read(&foreign).unwrap(), "another program"),
        (fs::read(&newer).unwrap(), "newer"),
        (broken, "broken"),
    ] {
        fs::write(&file, &bytes).unwrap();
        let error = match start(Config { port: floo_emulator::Port::Exactly(0), ..folder.config() }).await {
            Ok(_) => panic!("{word}: started"),
            Err(e) => e.to_string(),
        };
        assert!(error.contains("demo.sqlite") && error.contains(word), "{error}");
        assert_eq!(fs::read(&file).unwrap(), bytes, "{word}: changed");
        let around = fs::read_dir(file.parent().unwrap()).unwrap().count();
        assert_eq!(around, 1, "{word}: files left beside it");
    }
}

/// Everything that the first schema has room for, copied out of a new file into an old one.
fn make_first_schema(new: &std::path::Path, old: &std::path::Path) {
    let db = rusqlite::Connection::open(old).unwrap();
    db.execute_batch("PRAGMA foreign_keys = OFF; PRAGMA application_id = 0x464C4F4F; PRAGMA user_version = 1").unwrap();
    db.execute_batch(include_str!("../../src/store/schema_1.sql")).unwrap();
    db.execute("ATTACH ?1 AS new", [new.to_str().unwrap()]).unwrap();
    let names = |query: &str| -> Vec<String> {
        let mut statement = db.prepare(query).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    for table in names("SELECT name FROM main.sqlite_schema WHERE type = 'table'") {
        let columns = names(&format!("SELECT name FROM pragma_table_info('{table}', 'main')")).join(", ");
        db.execute_batch(&format!("INSERT INTO main.{table} ({columns}) SELECT {columns} FROM new.{table}")).unwrap();
    }
    db.close().unwrap();
}

#[tokio::test]
async fn a_file_of_the_first_schema_is_brought_up_to_date() {
    let folder = Folder::new("upgrade");
    let server = server_with(folder.config()).await;
    let w = world(&server).await;
    let mut amber = Device::login(&server, &w.amber, "a").await;
    let mut basil = Device::login(&server, &w.basil, "b").await;
    basil.pull_all(w.amber.uid).await;
    let mid = amber.text(1, w.basil.uid, "from the old days").await;
    let sn = basil.sn;
    server.stop().await.unwrap();

    let new = folder.0.join("new.sqlite");
    fs::rename(folder.file(), &new).unwrap();
    make_first_schema(&new, &folder.file());
    let db = rusqlite::Connection::open(folder.file()).unwrap();
    let ids = [w.amber.uid, w.clover.uid].map(|uid| i64::try_from(uid).unwrap());
    db.execute("UPDATE roster SET relation = 3 WHERE user_id = ?1 AND friend_id = ?2", ids).unwrap();
    db.close().unwrap();

    let server = server_with(folder.config()).await;
    let mut basil = Device::login(&server, &w.basil, "b").await;
    assert_eq!(basil.sn, sn, "devices and tokens are known");
    assert_eq!(texts(&basil.pull_all(w.amber.uid).await), ["from the old days"]);
    let kinds: Vec<_> = basil.unread_list().await.unread.iter().map(|row| row.r#type).collect();
    assert_eq!(kinds, [1, 2], "in the same order");
    assert_eq!(Device::login(&server, &w.basil, "another").await.sn, sn + 1);
    let mut amber = Device::login(&server, &w.amber, "a").await;
    assert_eq!(amber.text(1, w.basil.uid, "from the old days").await, mid, "sends are remembered");
    let blocked = w.amber.call(&server, "GET", "/roster/blocked_list", Value::Null).await;
    assert_eq!(blocked.data(), &serde_json::json!([w.clover.uid]));
    let settings = w.amber.call(&server, "GET", "/user/settings", Value::Null).await;
    assert_eq!(settings.data()["vibratory"], true);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn two_servers_cannot_share_a_file() {
    let folder = Folder::new("shared");
    let server = server_with(folder.config()).await;
    let second = start(Config { port: floo_emulator::Port::Exactly(0), ..folder.config() }).await;
    let error = second.err().expect("refused").to_string();
    assert!(error.contains("demo.sqlite") && error.contains("in use"), "{error}");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_corrupted_row_is_skipped_and_counted() {
    let folder = Folder::new("row");
    let server = server_with(folder.config()).await;
    let w = world(&server).await;
    let mut amber = Device::login(&server, &w.amber, "a").await;
    let mut basil = Device::login(&server, &w.basil, "b").await;
    basil.pull_all(w.amber.uid).await;
    let mut mids = Vec::new();
    for mid in 1..=120 {
        mids.push(amber.text(mid, w.basil.uid, &format!("{mid}")).await);
    }
    server.stop().await.unwrap();
    let db = rusqlite::Connection::open(folder.file()).unwrap();
    // A whole page of broken rows, and one more.
    for mid in mids[..60].iter().chain(&mids[99..100]) {
        db.execute("UPDATE metas SET payload = x'ff' WHERE id = ?1", [i64::try_from(*mid).unwrap()]).unwrap();
    }
    db.close().unwrap();

    let server = server_with(folder.config()).await;
    let mut basil = Device::login(&server, &w.basil, "b").await;
    let expected: Vec<_> = (61..=120).filter(|n| *n != 100).map(|n| n.to_string()).collect();
    assert_eq!(texts(&basil.pull_all(w.amber.uid).await), expected);
    let past = basil.history(w.amber.uid, 0, 30).await;
    assert_eq!(past.metas.len(), 29);
    assert_ne!(past.next_key, 0);
    let state = http(&server, "GET", "/admin/api/state", &[], Value::Null).await;
    assert_eq!(state.data()["counts"]["corrupt_rows"], 61);
    server.stop().await.unwrap();
}

#[test]
fn the_command_line_says_what_is_wrong() {
    let run = |args: &[&str]| {
        let out = Process::new(env!("CARGO_BIN_EXE_floo-emulator")).args(args).output().unwrap();
        (out.status.code(), String::from_utf8(out.stdout).unwrap() + &String::from_utf8(out.stderr).unwrap())
    };
    let (code, text) = run(&["--help"]);
    assert_eq!(code, Some(0));
    for option in [
        "--port",
        "--data",
        "--memory",
        "--host",
        "--fault",
        "--delivery",
        "--app",
        "--dns-socket",
        "--dns-cluster",
        "--also-listen",
        "--high-ids",
    ] {
        assert!(text.contains(option));
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for (args, code, word) in [
        (&["--prot", "1"][..], 2, "--prot"),
        (&["--port", "many"], 2, "--port"),
        (&["--port"], 2, "--port"),
        (&["--memory=yes"], 2, "--memory"),
        (&["--host", "nowhere"], 2, "--host"),
        (&["--delivery", "pigeon"], 2, "--delivery"),
        (&["--app", r#"{"frends_only":true}"#], 2, "frends_only"),
        (&["--memory", "--port", "0", "--app", r#"{"page_size":0}"#], 1, "page_size"),
        (&["--memory", "--port", "0", "--dns-socket", "here"], 1, "dns_sockets"),
        (&["--memory", "--port", &port], 1, "cannot listen"),
        (&["--memory", "--port", "0", "--fault", r#"{"rules":[{"action":"explode"}]}"#], 1, "explode"),
        (&["--memory", "--port", "0", "--fault", "{"], 1, "--fault"),
    ] {
        let (status, text) = run(args);
        assert_eq!(status, Some(code), "{args:?}: {text}");
        assert!(text.contains(word), "{args:?}: {text}");
    }
}
