//! The world: virtual time, the network with its faults, and what befalls devices. One seed decides everything.
use std::cmp::Reverse;
use std::collections::BinaryHeap;

use floo_wasm::core::session::{Input, RequestId, Signal, State};
use floo_wasm::ports::{HttpError, Request, Response};

use crate::cloud::{Answers, Cloud, GROUP, is_history};
use crate::device::{Device, Trouble, Wish};
use crate::{Mutant, Rng};

/// How long the application acts and everything goes wrong, in milliseconds, at least and at most.
const WAR: (u64, u64) = (30_000, 150_000);
/// How long it takes until everything has settled: heartbeats, back-off, receipts.
const PEACE: u64 = 200_000;
/// Clocks jump by this.
const JUMP: i64 = 600_000;

/// Something that will happen.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    /// A process starts.
    Start(usize),
    /// A timer rings, unless another was set since.
    Ring {
        device: usize,
        wake: u64,
    },
    /// The store is done, in that process.
    Stored {
        device: usize,
        epoch: u32,
    },
    /// An HTTP answer, in that process.
    Answer {
        device: usize,
        epoch: u32,
        id: RequestId,
        body: Option<String>,
    },
    /// A connection is open, has a frame for the device, or is gone, as the device sees it.
    Open(usize),
    Down(usize, Vec<u8>),
    Gone(usize),
    /// The same as the server sees it.
    Up(usize, Vec<u8>),
    Left(usize),
    /// The user does something.
    Act(usize),
    /// Something goes wrong.
    Chaos,
    /// A device can write again, is looked at again, or has a network again.
    Room(usize),
    Resume(usize),
    Network(usize),
}

/// What a host does with attempts to connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Host {
    Answers,
    Refuses,
    /// Says nothing at all.
    Swallows,
}

/// How often frames are mistreated, one in so many; 0 for never.
#[derive(Debug, Default, Clone, Copy)]
struct Faults {
    drop: u64,
    twice: u64,
    late: u64,
    http: u64,
    crash: u64,
    /// How often disasters come, in milliseconds.
    chaos: u64,
}

#[derive(Debug)]
struct Conn {
    device: usize,
    epoch: u32,
    generation: u32,
    /// Open at the server, and at the device.
    server: bool,
    client: bool,
    /// Nothing passes any more, and nobody has noticed.
    dead: bool,
    /// Arrival of the last frame, up and down: a stream keeps its order.
    last: (u64, u64),
}

/// Around one device.
#[derive(Debug, Default, Clone, Copy)]
struct Around {
    conn: Option<usize>,
    wake: u64,
    /// Frozen until then.
    suspended: u64,
    offline: bool,
}

pub struct World {
    pub rng: Rng,
    pub now: u64,
    order: u64,
    due: BinaryHeap<Reverse<(u64, u64, Due)>>,
    pub devices: Vec<Device>,
    around: Vec<Around>,
    pub cloud: Cloud,
    conns: Vec<Conn>,
    faults: Faults,
    hosts: [Host; 4],
    /// What the DNS document lists.
    listed: Vec<usize>,
    /// The server is down until then.
    down: u64,
    peace: bool,
    pub trace: Option<String>,
}

impl World {
    pub fn new(seed: u64, mutant: Option<Mutant>, trace: bool) -> Self {
        let mut rng = Rng::new(seed);
        let users: Vec<u64> = (0..2 + rng.below(3)).map(|n| 6_600_000_000_100 + n).collect();
        let count = users.len().max(2 + rng.below(4) as usize);
        let receipts = rng.one_in(2);
        let devices: Vec<_> = (0..count)
            .map(|number| Device::new(number, users[number % users.len()], receipts, mutant, trace))
            .collect();
        let mut rate = |often: u64| if rng.one_in(3) { 0 } else { often + rng.below(4 * often) };
        let faults = Faults {
            drop: rate(15),
            twice: rate(15),
            late: rate(8),
            http: rate(3),
            crash: rate(25),
            chaos: 1_000 + rate(2_000),
        };
        let cloud = Cloud::new(users, &mut rng);
        Self {
            rng,
            now: 0,
            order: 0,
            due: BinaryHeap::new(),
            around: vec![Around::default(); devices.len()],
            devices,
            cloud,
            conns: Vec::new(),
            faults,
            hosts: [Host::Answers; 4],
            listed: vec![0, 1],
            down: 0,
            peace: false,
            trace: trace.then(String::new),
        }
    }

    fn note(&mut self, what: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.push_str(&format!("{:>8} {}\n", self.now, what()));
        }
    }

    fn later(&mut self, wait: u64, due: Due) {
        self.at(self.now + wait, due);
    }

    fn at(&mut self, at: u64, due: Due) {
        self.order += 1;
        self.due.push(Reverse((at.max(self.now), self.order, due)));
    }

    fn chance(&mut self, one_in: u64) -> bool {
        one_in != 0 && self.rng.one_in(one_in)
    }

    /// Everything, from the first start to silence.
    pub fn run(&mut self) {
        for device in 0..self.devices.len() {
            let wait = self.rng.below(5_000);
            self.later(wait, Due::Start(device));
            self.later(wait + 1_000, Due::Act(device));
        }
        self.later(self.faults.chaos, Due::Chaos);
        let war = WAR.0 + self.rng.below(WAR.1 - WAR.0);
        self.until(war);
        self.make_peace();
        self.until(war + PEACE);
    }

    pub fn until(&mut self, end: u64) {
        while let Some(Reverse((at, ..))) = self.due.peek()
            && *at <= end
            && let Some(Reverse((at, _, due))) = self.due.pop()
        {
            self.now = at;
            self.cloud.tick(at);
            self.happen(due);
        }
        self.now = end;
    }

    fn make_peace(&mut self) {
        self.note(|| "--- peace".into());
        self.peace = true;
        self.faults = Faults::default();
        self.cloud.relent();
        self.hosts = [Host::Answers; 4];
        self.restart_server(0);
        for device in 0..self.devices.len() {
            self.around[device].suspended = 0;
            self.around[device].offline = false;
            self.devices[device].trouble = Trouble::None;
            if self.devices[device].session.is_none() {
                self.later(0, Due::Start(device));
            }
            self.later(1_000, Due::Resume(device));
            self.later(1_000, Due::Network(device));
            self.later(5_000, Due::Act(device));
        }
    }

    fn happen(&mut self, due: Due) {
        if let Some(device) = self.frozen(&due) {
            return self.at(self.around[device].suspended, due);
        }
        let now = self.now;
        match due {
            Due::Start(device) => {
                if self.devices[device].session.is_none() {
                    let seed = self.rng.next();
                    self.note(|| format!("d{device} starts"));
                    self.devices[device].start(now, seed);
                    self.settle(device);
                }
            }
            Due::Ring { device, wake } => {
                if self.around[device].wake == wake {
                    self.feed(device, Input::Tick);
                }
            }
            Due::Stored { device, epoch } => {
                if self.devices[device].epoch != epoch || self.devices[device].session.is_none() {
                    return;
                }
                if self.chance(self.faults.crash) {
                    let kept = self.rng.one_in(2);
                    return self.crash(device, kept);
                }
                self.devices[device].stored(now);
                self.settle(device);
            }
            Due::Answer { device, epoch, id, body } => {
                if self.devices[device].epoch == epoch {
                    let answer = body.map(|body| Response { status: 200, body });
                    self.feed(device, Input::Answer(id, answer.ok_or_else(|| HttpError("no answer".into()))));
                }
            }
            Due::Open(conn) => self.tell_device(conn, Input::Opened),
            Due::Down(conn, bytes) => {
                if !self.conns[conn].dead {
                    self.tell_device(conn, Input::Frame(&bytes));
                }
            }
            Due::Gone(conn) => {
                if std::mem::take(&mut self.conns[conn].client) {
                    self.conns[conn].client = true;
                    self.tell_device(conn, Input::Closed("gone"));
                    self.conns[conn].client = false;
                }
            }
            Due::Up(conn, bytes) => {
                // Of a connection that was given up nobody would hear the answer to a login; one that comes
                // too late must not look like a second device.
                let late = !self.conns[conn].client && !self.cloud.knows(conn);
                if self.conns[conn].dead || !self.conns[conn].server || late {
                    return;
                }
                match self.cloud.hear(conn, &bytes, &mut self.rng) {
                    Some(answers) => self.pass_on(answers),
                    None => self.cut(conn),
                }
            }
            Due::Left(conn) => {
                self.conns[conn].server = false;
                self.cloud.closed(conn);
            }
            Due::Act(device) => {
                if self.peace {
                    // Whoever has given up a login tries again.
                    if self.devices[device].session.as_ref().is_some_and(|s| s.state() == State::Idle) {
                        self.devices[device].log_in(now);
                        self.settle(device);
                    }
                    return self.later(10_000, Due::Act(device));
                }
                self.devices[device].act(now, &mut self.rng, &self.cloud);
                self.settle(device);
                let pause = 100 + self.rng.below(6_000);
                self.later(pause, Due::Act(device));
            }
            Due::Chaos => {
                if !self.peace {
                    self.chaos();
                    let pause = self.faults.chaos / 2 + self.rng.below(self.faults.chaos.max(1) * 2);
                    self.later(pause, Due::Chaos);
                }
            }
            Due::Room(device) => self.devices[device].trouble = Trouble::None,
            Due::Resume(device) => self.signal(device, Signal::Foreground),
            Due::Network(device) => {
                self.around[device].offline = false;
                self.signal(device, Signal::Online);
            }
        }
    }

    /// The device that something is for, if it is frozen now.
    fn frozen(&self, due: &Due) -> Option<usize> {
        let device = match due {
            Due::Start(device)
            | Due::Act(device)
            | Due::Network(device)
            | Due::Ring { device, .. }
            | Due::Stored { device, .. }
            | Due::Answer { device, .. } => *device,
            Due::Open(conn) | Due::Down(conn, _) | Due::Gone(conn) => self.conns[*conn].device,
            _ => return None,
        };
        (self.around[device].suspended > self.now).then_some(device)
    }

    fn feed(&mut self, device: usize, input: Input<'_>) {
        if self.devices[device].session.is_some() {
            let now = self.now;
            self.note(|| format!("d{device}"));
            self.devices[device].feed(now, input);
            self.settle(device);
        }
    }

    fn signal(&mut self, device: usize, signal: Signal) {
        self.feed(device, Input::Signal(signal));
    }

    fn tell_device(&mut self, conn: usize, input: Input<'_>) {
        let Conn { device, epoch, generation, client, .. } = self.conns[conn];
        let there = &self.devices[device];
        if client && there.epoch == epoch && there.generation == generation && self.around[device].conn == Some(conn) {
            self.feed(device, input);
        }
    }

    /// Does what a device wants.
    fn settle(&mut self, device: usize) {
        if let (Some(all), Some(own)) = (&mut self.trace, &mut self.devices[device].trace) {
            all.push_str(&std::mem::take(own));
        }
        for wish in std::mem::take(&mut self.devices[device].wishes) {
            let epoch = self.devices[device].epoch;
            match wish {
                Wish::Connect { generation, url } => self.connect(device, generation, &url),
                Wish::Send { generation, frame } => {
                    if let Some(conn) = self.around[device].conn
                        && self.conns[conn].generation == generation
                        && self.conns[conn].client
                    {
                        self.send(conn, frame, true);
                    }
                }
                Wish::Disconnect => self.leave(device),
                Wish::Ask(id, request) => {
                    let wait = 20 + self.rng.below(200);
                    let lost = self.around[device].offline || self.chance(self.faults.http);
                    let body = if lost { None } else { Some(self.rest(&request)) };
                    self.later(wait, Due::Answer { device, epoch, id, body });
                }
                Wish::Store => {
                    let most = if self.rng.one_in(20) { 400 } else { 8 };
                    let wait = self.rng.below(most);
                    self.later(wait, Due::Stored { device, epoch });
                }
                Wish::Wake(at) => {
                    self.around[device].wake += 1;
                    let wake = self.around[device].wake;
                    if let Some(at) = at {
                        // Timers of a platform do not follow its clock.
                        let wait = self.devices[device].until(self.now, at);
                        self.later(wait, Due::Ring { device, wake });
                    }
                }
            }
        }
    }

    fn connect(&mut self, device: usize, generation: u32, url: &str) {
        self.leave(device);
        let host = url.strip_prefix("ws://h").and_then(|rest| rest.split('/').next()?.parse::<usize>().ok());
        let host = host.and_then(|host| self.hosts.get(host).copied()).unwrap_or(Host::Refuses);
        let conn = self.conns.len();
        let epoch = self.devices[device].epoch;
        let (dead, wait) = (self.around[device].offline || host == Host::Swallows, 10 + self.rng.below(100));
        let refused = host == Host::Refuses || self.down > self.now;
        let server = !dead && !refused;
        self.conns.push(Conn { device, epoch, generation, server, client: true, dead, last: (0, 0) });
        self.around[device].conn = Some(conn);
        if server {
            self.later(wait, Due::Open(conn));
        } else if !dead {
            self.later(wait, Due::Gone(conn));
        }
    }

    /// The device closes its connection.
    fn leave(&mut self, device: usize) {
        if let Some(conn) = self.around[device].conn.take() {
            self.conns[conn].client = false;
            if !self.conns[conn].dead {
                let wait = 5 + self.rng.below(100);
                self.later(wait, Due::Left(conn));
            }
        }
    }

    /// The server closes a connection.
    fn cut(&mut self, conn: usize) {
        self.conns[conn].server = false;
        self.cloud.closed(conn);
        if !self.conns[conn].dead {
            let at = self.conns[conn].last.1.max(self.now + 5);
            self.at(at, Due::Gone(conn));
        }
    }

    fn pass_on(&mut self, answers: Answers) {
        for (conn, bytes) in answers {
            self.send(conn, bytes, false);
        }
        for conn in std::mem::take(&mut self.cloud.replaced) {
            self.cut(conn);
        }
    }

    /// A frame on its way.
    fn send(&mut self, conn: usize, bytes: Vec<u8>, up: bool) {
        if self.conns[conn].dead {
            return;
        }
        let drop = self.chance(self.faults.drop);
        // A first try that is refused as a second one would have been somebody else's.
        let twice = self.chance(self.faults.twice) && (!up || self.cloud.repeats_answers());
        // A page of history does not say what it answers, so that a second one is taken for the next answer.
        let twice = twice && !is_history(&bytes);
        let late = self.chance(self.faults.late);
        if drop {
            return self.note(|| format!("a frame of c{conn} is lost"));
        }
        let mut at = self.now + 5 + self.rng.below(60);
        let last = &mut self.conns[conn].last;
        let last = if up { &mut last.0 } else { &mut last.1 };
        if late {
            at += self.rng.below(4_000); // others overtake it
        } else {
            at = at.max(*last + 1);
            *last = at;
        }
        let due = |bytes| if up { Due::Up(conn, bytes) } else { Due::Down(conn, bytes) };
        if twice {
            let again = at + self.rng.below(3_000);
            self.at(again, due(bytes.clone()));
        }
        self.at(at, due(bytes));
    }

    /// The HTTP API, as much as is asked of it.
    fn rest(&self, Request { url, body, .. }: &Request) -> String {
        let list = |ids: &[u64]| format!("{{\"code\":200,\"data\":{ids:?}}}");
        match url.strip_prefix("http://").and_then(|rest| rest.split_once('/')).map_or("", |(_, path)| path) {
            path if path.starts_with("app_dns") => {
                let hosts: Vec<_> =
                    self.listed.iter().map(|n| format!(r#"{{"protocol":"http","host":"h{n}"}}"#)).collect();
                format!(
                    r#"{{"code":200,"data":{{"dns_list":[{{"group_level":0,"clusters":[{{
                        "ratel":[{{"protocol":"http","host":"rest.test"}}],"webim":[{}]}}]}}]}}}}"#,
                    hosts.join(",")
                )
            }
            "token/user" => {
                let name = body.as_deref().and_then(|body| body.split('"').find(|part| part.starts_with("66")));
                let uid = name.unwrap_or("0");
                format!(r#"{{"code":200,"data":{{"token":"token-{uid}","user_id":{uid}}}}}"#)
            }
            "roster/list" if body.is_none() => list(&self.cloud.users),
            "group/user_joined" => list(&[GROUP]),
            "group/info/batch" => format!(r#"{{"code":200,"data":[{{"group_id":{GROUP},"name":"Team"}}]}}"#),
            _ => r#"{"code":200,"data":[]}"#.into(),
        }
    }

    fn crash(&mut self, device: usize, kept: bool) {
        self.note(|| format!("d{device} crashes"));
        self.devices[device].die(kept);
        self.leave(device);
        self.around[device].wake += 1;
        self.settle(device);
        let wait = self.rng.below(10_000);
        self.later(wait, Due::Start(device));
    }

    fn restart_server(&mut self, down: u64) {
        self.note(|| format!("the server restarts, {down} ms"));
        self.down = self.now + down;
        for conn in 0..self.conns.len() {
            if self.conns[conn].server {
                self.cut(conn);
                self.conns[conn].dead |= !self.peace && self.rng.one_in(3);
            }
        }
    }

    fn chaos(&mut self) {
        let device = self.rng.below(self.devices.len() as u64) as usize;
        let now = self.now;
        match self.rng.below(9) {
            0 => {
                let kept = self.rng.one_in(2);
                if self.devices[device].session.is_some() {
                    self.crash(device, kept);
                }
            }
            1 => {
                if let Some(conn) = self.around[device].conn {
                    self.note(|| format!("c{conn} of d{device} is half-open"));
                    self.conns[conn].dead = true;
                }
            }
            2 => {
                let down = self.rng.below(30_000);
                self.restart_server(down);
            }
            3 => {
                // Other addresses: those of before are switched off, or worse.
                let first = self.rng.below(4) as usize;
                let off = if self.rng.one_in(2) { Host::Swallows } else { Host::Refuses };
                self.listed = vec![first, (first + 1) % 4];
                let live = if self.rng.one_in(2) { first } else { (first + 1) % 4 };
                for (number, host) in self.hosts.iter_mut().enumerate() {
                    *host =
                        if number == live || (number == first && off == Host::Refuses) { Host::Answers } else { off };
                }
                self.note(|| format!("addresses change, h{live} is good"));
                if self.rng.one_in(2) {
                    let answers = self.cloud.addresses_changed();
                    self.pass_on(answers);
                }
            }
            4 => {
                let jump = if self.rng.one_in(2) { JUMP } else { -JUMP };
                self.note(|| format!("the clock of d{device} jumps by {jump}"));
                self.devices[device].clock += jump;
            }
            5 => {
                let trouble =
                    *self.rng.pick(&[Trouble::Broken, Trouble::Full, Trouble::Tight, Trouble::Tight]).unwrap();
                self.note(|| format!("the store of d{device}: {trouble:?}"));
                self.devices[device].trouble = trouble;
                let wait = self.rng.below(15_000);
                self.later(wait, Due::Room(device));
            }
            6 => {
                let wait = self.rng.below(100_000);
                self.note(|| format!("d{device} is frozen for {wait}"));
                if !self.rng.one_in(3) {
                    self.signal(device, Signal::Background);
                    self.at(now + wait, Due::Resume(device));
                }
                self.around[device].suspended = now + wait;
            }
            7 => {
                let wait = self.rng.below(40_000);
                self.note(|| format!("d{device} has no network for {wait}"));
                self.around[device].offline = true;
                if let Some(conn) = self.around[device].conn {
                    self.conns[conn].dead = true;
                }
                if !self.rng.one_in(3) {
                    self.signal(device, Signal::Offline);
                }
                self.later(wait, Due::Network(device));
            }
            _ => {
                if let Some(conn) = self.around[device].conn
                    && self.conns[conn].server
                {
                    self.note(|| format!("the server closes c{conn}"));
                    self.cut(conn);
                }
            }
        }
    }

    /// Lets a device do something and everybody take the time it needs.
    pub fn ask(&mut self, device: usize, how: impl FnOnce(&mut Device, u64)) {
        let now = self.now;
        how(&mut self.devices[device], now);
        self.settle(device);
        self.until(now + 2_000);
    }
}
