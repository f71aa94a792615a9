//! Load on the emulator: many clients that write to each other at a fixed rate, as real ones would,
//! with a login, notices, pulls and confirmations.
//!
//! ```text
//! load EMULATOR [--clients 200] [--rate 1000] [--seconds 30]
//! ```
//! starts that program with an empty data file on loopback, and ends with one line of JSON; exit
//! code 1 when anything was refused, lost, doubled or late beyond reason. A message's time counts
//! from when it was due, so that a client that is held up does not hide it.
#![allow(missing_docs)]
use std::{
    collections::{HashMap, HashSet},
    error::Error,
    fs, io,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicUsize, Ordering},
    },
    time::Duration,
};

use floo_wasm::core::proto::{
    Frame, MessageBody, Meta, Notice, Provision, SyncDl, SyncUl, Xid, frame::Command, message_body, meta::NameSpace,
};
use futures_util::{SinkExt, StreamExt};
use prost::Message;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    process::{Child, Command as Program},
    time::{Instant, sleep_until, timeout},
};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message as WsMessage};

type Failure = Box<dyn Error + Send + Sync>;
type Outcome<T> = Result<T, Failure>;

/// Longest that anything may take before the run, and that the last messages may take after it.
const PATIENCE: Duration = Duration::from_secs(20);
/// Bytes of text in a message.
const TEXT: usize = 100;
/// Clock ticks in a second of `/proc/<pid>/stat`, the same on every Linux.
const TICKS: f64 = 100.0;

#[derive(Debug, Clone, Copy)]
struct Plan {
    clients: usize,
    rate: usize,
    seconds: usize,
}

impl Plan {
    const fn messages(self) -> usize {
        self.rate * self.seconds
    }

    /// When message `n` of all is due, after the start.
    fn due(self, n: usize) -> Duration {
        Duration::from_secs(1) * u32::try_from(n).unwrap_or(u32::MAX) / u32::try_from(self.rate).unwrap_or(1)
    }

    /// Who writes message `n`, and to whom: everybody in turn, to somebody else each time.
    const fn route(self, n: usize) -> (usize, usize) {
        let (from, round) = (n % self.clients, n / self.clients);
        (from, (from + 1 + round % (self.clients - 1)) % self.clients)
    }
}

struct Account {
    uid: u64,
    token: String,
}

/// What all clients fill in.
struct Board {
    plan: Plan,
    accounts: Vec<Account>,
    start: Instant,
    /// How often each message arrived.
    arrived: Vec<AtomicU8>,
    left: AtomicUsize,
}

/// What one client saw.
#[derive(Default)]
struct Report {
    acks: Vec<u32>,
    deliveries: Vec<u32>,
    errors: Vec<String>,
}

fn micros(duration: Duration) -> u32 {
    u32::try_from(duration.as_micros()).unwrap_or(u32::MAX)
}

struct Client {
    me: usize,
    board: Arc<Board>,
    ws: WebSocketStream<MaybeTlsStream<TcpStream>>,
    sn: u32,
    report: Report,
    /// Conversations that are being pulled; true when there is news since.
    pulls: HashMap<u64, bool>,
    /// Messages without an ack.
    waiting: HashSet<usize>,
}

impl Client {
    async fn say(&mut self, command: Command, payload: Vec<u8>) -> Outcome<()> {
        let frame = Frame { command: Some(command.into()), payload: payload.into(), ..Frame::default() };
        Ok(self.ws.send(WsMessage::Binary(frame.encode_to_vec().into())).await?)
    }

    async fn next(&mut self) -> Outcome<Frame> {
        loop {
            match self.ws.next().await {
                Some(Ok(WsMessage::Binary(bytes))) => return Ok(Frame::decode(bytes)?),
                Some(Ok(WsMessage::Ping(_) | WsMessage::Pong(_))) => {}
                Some(Err(e)) => return Err(e.into()),
                other => return Err(format!("the socket ended: {other:?}").into()),
            }
        }
    }

    async fn log_in(&mut self) -> Outcome<()> {
        let account = &self.board.accounts[self.me];
        let ask = Provision {
            xid: Some(xid(account.uid)),
            token: account.token.clone(),
            os_type: 6,
            sdk_vsn: "2.0.0".to_owned(),
            device_guid: format!("load-{}", self.me),
            ..Provision::default()
        };
        self.say(Command::Provision, ask.encode_to_vec()).await?;
        let reply = Provision::decode(self.next().await?.payload)?;
        match (&reply.status, &reply.xid) {
            (Some(status), Some(xid)) if status.code == 1 => self.sn = xid.device_sn,
            _ => return Err(format!("login refused: {reply:?}").into()),
        }
        Ok(())
    }

    /// Sends what is due and takes what comes, until every message of all clients has arrived.
    async fn run(&mut self) -> Outcome<()> {
        let board = Arc::clone(&self.board);
        let mut mine = (self.me..board.plan.messages()).step_by(board.plan.clients).peekable();
        let end = board.start + board.plan.due(board.plan.messages()) + PATIENCE;
        let mut tick = tokio::time::interval(Duration::from_millis(100));
        loop {
            let due = mine.peek().map_or(end, |n| board.start + board.plan.due(*n));
            tokio::select! {
                frame = self.next() => self.take(&frame?).await?,
                () = sleep_until(due), if mine.peek().is_some() => {
                    if let Some(n) = mine.next() {
                        self.send_message(n).await?;
                    }
                }
                _ = tick.tick() => {
                    let idle = mine.peek().is_none() && self.waiting.is_empty() && self.pulls.is_empty();
                    if idle && board.left.load(Ordering::Relaxed) == 0 || Instant::now() > end {
                        return Ok(());
                    }
                }
            }
        }
    }

    async fn send_message(&mut self, n: usize) -> Outcome<()> {
        let to = xid(self.board.accounts[self.board.plan.route(n).1].uid);
        let body = MessageBody {
            r#type: message_body::Type::Chat.into(),
            content: format!("{n:<TEXT$}"),
            ..MessageBody::default()
        };
        let meta = Meta {
            id: n as u64 + 1,
            from: Some(Xid { uid: self.board.accounts[self.me].uid, device_sn: self.sn }),
            to: Some(to),
            timestamp: 1,
            ns: NameSpace::Message.into(),
            payload: body.encode_to_vec().into(),
        };
        self.waiting.insert(n);
        self.say(Command::Sync, SyncUl { meta: Some(meta), ..SyncUl::default() }.encode_to_vec()).await
    }

    async fn pull(&mut self, conv: u64, key: u64) -> Outcome<()> {
        self.say(Command::Sync, SyncUl { xid: Some(xid(conv)), key, ..SyncUl::default() }.encode_to_vec()).await
    }

    async fn take(&mut self, frame: &Frame) -> Outcome<()> {
        let payload = frame.payload.clone();
        match Command::try_from(frame.command.unwrap_or(0)) {
            Ok(Command::Notice) => {
                let conv = Notice::decode(payload)?.xid.map_or(0, |xid| xid.uid);
                match self.pulls.get_mut(&conv) {
                    Some(again) => *again = true,
                    None => {
                        self.pulls.insert(conv, false);
                        self.pull(conv, 0).await?;
                    }
                }
            }
            Ok(Command::Sync) => {
                let sync = SyncDl::decode(payload)?;
                let code = sync.status.as_ref().map_or(0, |status| status.code);
                if code != 1 {
                    self.report.errors.push(format!("refused: {:?}", sync.status));
                }
                if sync.client_mid > 0 {
                    let n = usize::try_from(sync.client_mid - 1)?;
                    self.waiting.remove(&n);
                    self.report.acks.push(self.late(n));
                } else {
                    self.take_page(&sync).await?;
                }
            }
            other => self.report.errors.push(format!("unexpected {other:?}")),
        }
        Ok(())
    }

    async fn take_page(&mut self, sync: &SyncDl) -> Outcome<()> {
        for meta in &sync.metas {
            let n: usize = MessageBody::decode(meta.payload.clone())?.content.trim_end().parse()?;
            self.report.deliveries.push(self.late(n));
            match self.board.arrived.get(n).map(|count| count.fetch_add(1, Ordering::Relaxed)) {
                Some(0) => drop(self.board.left.fetch_sub(1, Ordering::Relaxed)),
                _ => self.report.errors.push(format!("message {n} came twice")),
            }
        }
        let conv = sync.xid.as_ref().map_or(0, |xid| xid.uid);
        if sync.next_key > 0 {
            return self.pull(conv, sync.next_key).await;
        }
        if self.pulls.remove(&conv) == Some(true) {
            self.pulls.insert(conv, false);
            self.pull(conv, 0).await?;
        }
        Ok(())
    }

    fn late(&self, n: usize) -> u32 {
        micros(Instant::now().saturating_duration_since(self.board.start + self.board.plan.due(n)))
    }
}

const fn xid(uid: u64) -> Xid {
    Xid { uid, device_sn: 0 }
}

async fn post(address: &str, path: &str, body: &Value) -> Outcome<Value> {
    let mut tcp = TcpStream::connect(address).await?;
    let body = body.to_string();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\napp_id: floo-demo\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    tcp.write_all((head + &body).as_bytes()).await?;
    let mut answer = String::new();
    tcp.read_to_string(&mut answer).await?;
    let json: Value = serde_json::from_str(answer.split_once("\r\n\r\n").ok_or("no answer")?.1)?;
    if json["code"] == 200 { Ok(json["data"].clone()) } else { Err(format!("{path}: {}", json["message"]).into()) }
}

async fn account(address: &str, n: usize) -> Outcome<Account> {
    let (username, password) = (format!("load_{n}"), format!("load-{n}-pw"));
    post(address, "/user/register/v2", &json!({ "username": username, "password": password })).await?;
    let data = post(address, "/token/user", &json!({ "name": username, "password": password })).await?;
    let (uid, token) = (data["user_id"].as_u64(), data["token"].as_str());
    Ok(Account { uid: uid.ok_or("no user_id")?, token: token.ok_or("no token")?.to_owned() })
}

/// The emulator on an empty file.
struct Server {
    child: Child,
    address: String,
    folder: std::path::PathBuf,
}

impl Server {
    async fn start(program: &str) -> Outcome<Self> {
        let folder = std::env::temp_dir().join(format!("floo-load-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let mut child = Program::new(program)
            .args(["--port", "0", "--data"])
            .arg(folder.join("load.sqlite"))
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut line = String::new();
        let stdout = child.stdout.take().ok_or("no output")?;
        timeout(PATIENCE, BufReader::new(stdout).read_line(&mut line)).await??;
        let address = line.trim_end().strip_prefix("floo-emulator listening on http://");
        let address = address.ok_or_else(|| format!("it said {line:?}"))?.to_owned();
        Ok(Self { child, address, folder })
    }

    /// Seconds of processor time, and the most memory it had, in MiB.
    fn used(&self) -> Outcome<(f64, f64)> {
        let pid = self.child.id().ok_or("the emulator has ended")?;
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        let peak =
            status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
        Ok((processor(&pid.to_string())?, peak.map_or(0.0, |kib: f64| kib / 1024.0)))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Err(e) = self.child.start_kill() {
            eprintln!("load: {e}");
        }
        if let Err(e) = fs::remove_dir_all(&self.folder) {
            eprintln!("load: {}: {e}", self.folder.display());
        }
    }
}

fn processor(pid: &str) -> Outcome<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name of the program may have blanks in it.
    let fields: Vec<_> = stat.rsplit_once(')').ok_or("an unknown /proc")?.1.split(' ').collect();
    let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<f64>().ok()).ok_or("an unknown /proc");
    Ok((ticks(12)? + ticks(13)?) / TICKS)
}

fn quantiles(mut times: Vec<u32>) -> Value {
    times.sort_unstable();
    let at = |thousandths: usize| {
        let index = (times.len() * thousandths / 1000).min(times.len().saturating_sub(1));
        f64::from(times.get(index).copied().unwrap_or(0)) / 1000.0
    };
    json!({ "p50": at(500), "p95": at(950), "p99": at(990), "max": at(1000) })
}

fn read_args() -> Outcome<(String, Plan)> {
    let mut plan = Plan { clients: 200, rate: 1000, seconds: 30 };
    let mut program = None;
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let field = match arg.as_str() {
            "--clients" => &mut plan.clients,
            "--rate" => &mut plan.rate,
            "--seconds" => &mut plan.seconds,
            _ if program.is_none() && !arg.starts_with('-') => {
                program = Some(arg);
                continue;
            }
            _ => return Err(format!("{arg}: unknown").into()),
        };
        *field = args.next().ok_or_else(|| format!("{arg}: a value is missing"))?.parse()?;
    }
    for (name, value, most) in
        [("clients", plan.clients, 1000), ("rate", plan.rate, 20_000), ("seconds", plan.seconds, 300)]
    {
        if value < 2 || value > most {
            return Err(format!("--{name}: must be from 2 to {most}").into());
        }
    }
    Ok((program.ok_or("which emulator?")?, plan))
}

async fn run(program: &str, plan: Plan) -> Outcome<(Value, Vec<String>)> {
    let server = Server::start(program).await?;
    let mut accounts = Vec::new();
    for n in 0..plan.clients {
        accounts.push(timeout(PATIENCE, account(&server.address, n)).await??);
    }
    // Time for everybody to connect.
    let start = Instant::now() + Duration::from_secs(3);
    let count = plan.messages();
    let board = Arc::new(Board {
        plan,
        accounts,
        start,
        arrived: (0..count).map(|_| AtomicU8::new(0)).collect(),
        left: AtomicUsize::new(count),
    });
    let mut clients = Vec::new();
    for me in 0..plan.clients {
        let (ws, _) = timeout(PATIENCE, connect_async(format!("ws://{}/", server.address))).await??;
        let board = Arc::clone(&board);
        let (report, pulls, waiting) = <(Report, HashMap<_, _>, HashSet<_>)>::default();
        let mut client = Client { me, board, ws, sn: 0, report, pulls, waiting };
        timeout(PATIENCE, client.log_in()).await??;
        clients.push(client);
    }
    if Instant::now() > start {
        return Err("connecting took too long".into());
    }
    sleep_until(start).await;
    let before = (server.used()?.0, processor("self")?);
    let running: Vec<_> = clients
        .into_iter()
        .map(|mut client| {
            tokio::spawn(async move {
                if let Err(e) = client.run().await {
                    client.report.errors.push(e.to_string());
                }
                for n in &client.waiting {
                    client.report.errors.push(format!("message {n} was not acknowledged"));
                }
                client.report
            })
        })
        .collect();
    let (mut acks, mut deliveries, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    for task in running {
        let report = task.await?;
        acks.extend(report.acks);
        deliveries.extend(report.deliveries);
        errors.extend(report.errors);
    }
    let elapsed = start.elapsed().as_secs_f64();
    let (used, peak) = server.used()?;
    for n in (0..count).filter(|n| board.arrived[*n].load(Ordering::Relaxed) == 0) {
        errors.push(format!("message {n} did not arrive"));
    }
    let share = |seconds: f64| (seconds / elapsed * 100.0).round();
    let result = json!({
        "clients": plan.clients,
        "rate": plan.rate,
        "seconds": plan.seconds,
        "messages": count,
        "acknowledged": acks.len(),
        "delivered": deliveries.len(),
        "errors": errors.len(),
        "elapsed_s": (elapsed * 10.0).round() / 10.0,
        "ack_ms": quantiles(acks),
        "delivery_ms": quantiles(deliveries),
        "emulator_cpu_percent": share(used - before.0),
        "clients_cpu_percent": share(processor("self")? - before.1),
        "emulator_peak_mib": peak.round(),
    });
    Ok((result, errors))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<()> {
    let (program, plan) = read_args()?;
    let (result, errors) = run(&program, plan).await?;
    for error in errors.iter().take(10) {
        eprintln!("load: {error}");
    }
    println!("{result}");
    if errors.is_empty() { Ok(()) } else { Err(io::Error::other(format!("{} errors", errors.len())).into()) }
}
