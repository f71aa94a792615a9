//! A model of a fleet, without any I/O: a million clients lose their server, or all servers there are, for 30 s.
//! How often they try is decided by the session's own back-off; the clients of before tried after 1 to 10 s, for
//! ever. `make sim-fleet` draws what comes of it into `docs/fleet.svg`.
use std::fmt::Write as _;

use floo_wasm::core::session::backoff::{Rng, delay};

const CLIENTS: u64 = 1_000_000;
/// Nothing answers before that.
const OUTAGE: u64 = 30_000;
/// Until when it is counted, in milliseconds.
const END: u64 = 120_000;
/// How long a refused attempt and an accepted one take.
const REFUSED: u64 = 50;
const LOGIN: u64 = 150;
/// Conversations with news that a client finds when it is back; each is pulled with two requests.
const CONVERSATIONS: u64 = 5;
/// Addresses of the cluster.
const ADDRESSES: u32 = 2;

/// What is out of order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lost {
    /// The one server that all of them were on.
    Server,
    /// All of them.
    Cluster,
}

/// Who the clients are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rules {
    Ours,
    /// 1 to 10 s, no growth, and no other address within a session (xsync 2.4, 2.5).
    Shipped,
}

/// What a client of ours remembers (`rotation.rs`, `keepalive.rs`).
#[derive(Debug, Default, Clone, Copy)]
struct Client {
    failures: u32,
    address: u32,
    on_address: u32,
    tried: u32,
    rounds: u32,
}

impl Client {
    /// An attempt has failed: three for each address, then the next, the first time round without delay.
    fn failed(&mut self) -> u32 {
        self.on_address += 1;
        if self.on_address == 3 {
            self.on_address = 0;
            self.address = (self.address + 1) % ADDRESSES;
            self.tried += 1;
            if self.tried < ADDRESSES {
                return if self.rounds == 0 { 1 } else { self.failures };
            }
            self.tried = 0;
            self.rounds += 1;
        }
        self.failures += 1;
        self.failures
    }
}

/// What the servers see, each second.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Curve {
    attempts: Vec<u64>,
    logins: Vec<u64>,
    pulls: Vec<u64>,
}

impl Curve {
    /// From the loss to the last client that is back.
    fn span(&self) -> usize {
        self.logins.iter().rposition(|n| *n > 0).map_or(1, |last| last + 1)
    }

    fn peak(&self) -> u64 {
        self.attempts.iter().copied().max().unwrap_or(0)
    }

    fn mean(&self) -> f64 {
        self.attempts.iter().sum::<u64>() as f64 / self.span() as f64
    }

    /// The most attempts in a second after everything works again.
    fn after(&self) -> u64 {
        self.attempts.iter().skip((OUTAGE / 1000) as usize).copied().max().unwrap_or(0)
    }

    fn back_by(&self, share: f64) -> usize {
        let mut seen = 0;
        let enough = (CLIENTS as f64 * share) as u64;
        self.logins
            .iter()
            .position(|n| {
                seen += n;
                seen >= enough
            })
            .map_or(self.logins.len(), |at| at + 1)
    }
}

fn simulate(rules: Rules, lost: Lost) -> Curve {
    let mut rng = Rng::new(7);
    let seconds = (END / 1000) as usize;
    let mut curve = Curve { attempts: vec![0; seconds], logins: vec![0; seconds], pulls: vec![0; seconds] };
    let count = |list: &mut Vec<u64>, at: u64| {
        if let Some(second) = list.get_mut((at / 1000) as usize) {
            *second += 1;
        }
    };
    // Clients know nothing of each other, so one after the other will do.
    for _ in 0..CLIENTS {
        let mut client = Client::default();
        let mut failures = 0;
        let mut now = 0;
        loop {
            now += match rules {
                Rules::Ours => delay(failures, &mut rng).as_millis() as u64,
                Rules::Shipped => 1_000 + rng.next() % 9_000,
            };
            count(&mut curve.attempts, now);
            if now >= OUTAGE || (lost == Lost::Server && client.address != 0) {
                break;
            }
            now += REFUSED;
            if rules == Rules::Ours {
                failures = client.failed();
            }
        }
        count(&mut curve.logins, now + LOGIN);
        for pull in 0..2 * CONVERSATIONS {
            count(&mut curve.pulls, now + 2 * LOGIN + 100 * (pull % 2));
        }
    }
    curve
}

/// One panel of the drawing: attempts of both, logins and pulls of ours.
fn panel(svg: &mut String, top: u32, title: &str, ours: &Curve, shipped: &Curve) {
    let (left, width, height, seconds) = (70.0, 620.0, 200.0, 80);
    let most = [ours, shipped].iter().map(|c| c.peak()).max().unwrap_or(1) as f64;
    let y = |n: f64| f64::from(top) + height - (n / most * height).min(height);
    let x = |second: usize| left + width * second as f64 / seconds as f64;
    let mut line = |list: &[u64], scale: f64, style: &str| {
        let points: Vec<_> = list
            .iter()
            .take(seconds)
            .enumerate()
            .map(|(second, n)| format!("{:.1},{:.1}", x(second), y(*n as f64 * scale)))
            .collect();
        let _ = writeln!(svg, r#"<polyline fill="none" {style} points="{}"/>"#, points.join(" "));
    };
    line(&shipped.attempts, 1.0, r##"stroke="#c2410c" stroke-width="2""##);
    line(&ours.attempts, 1.0, r##"stroke="#1d4ed8" stroke-width="2""##);
    line(&ours.logins, 1.0, r##"stroke="#15803d" stroke-width="1.5" stroke-dasharray="5 3""##);
    line(&ours.pulls, 0.1, r##"stroke="#6d28d9" stroke-width="1.5" stroke-dasharray="2 3""##);
    let bottom = f64::from(top) + height;
    let _ = writeln!(
        svg,
        r##"<path d="M{left} {top}V{bottom}H{}" fill="none" stroke="#888"/><text x="{left}" y="{}" font-weight="bold">{title}</text>"##,
        left + width,
        top - 10
    );
    for second in (0..=seconds).step_by(10) {
        let _ = writeln!(
            svg,
            r#"<text x="{:.0}" y="{:.0}" text-anchor="middle">{second} s</text>"#,
            x(second),
            bottom + 16.0
        );
    }
    for share in [0.5, 1.0] {
        let n = most * share;
        let _ = writeln!(
            svg,
            r#"<text x="{}" y="{:.0}" text-anchor="end">{:.0} k/s</text>"#,
            left - 6.0,
            y(n) + 4.0,
            n / 1e3
        );
    }
    let _ = writeln!(
        svg,
        r##"<line x1="{0:.0}" x2="{0:.0}" y1="{top}" y2="{bottom}" stroke="#888" stroke-dasharray="3 3"/>"##,
        x((OUTAGE / 1000) as usize)
    );
}

fn draw(rows: &[(&str, Curve, Curve)]) -> String {
    let mut svg = String::from(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 640" font-family="sans-serif" font-size="12" fill="#333">
<rect width="720" height="640" fill="#fff"/>
<text x="70" y="22"><tspan fill="#1d4ed8">attempts a second</tspan> / <tspan fill="#15803d">logins</tspan> / <tspan fill="#6d28d9">pulls, a tenth of them</tspan> / <tspan fill="#c2410c">attempts of the former clients</tspan></text>
"##,
    );
    for ((title, ours, shipped), top) in rows.iter().zip([70, 370]) {
        panel(&mut svg, top, title, ours, shipped);
    }
    svg.push_str("</svg>\n");
    svg
}

#[test]
fn a_fleet_that_comes_back_does_not_trample_its_servers() {
    let mut rows = Vec::new();
    let cases = [
        (Lost::Server, "A million clients lose their server for 30 s; the cluster has another"),
        (Lost::Cluster, "A million clients lose the whole cluster for 30 s"),
    ];
    for (lost, title) in cases {
        let (ours, shipped) = (simulate(Rules::Ours, lost), simulate(Rules::Shipped, lost));
        for (whose, curve) in [("ours", &ours), ("theirs", &shipped)] {
            println!(
                "{lost:?} {whose:>6}: {} attempts, peak {}/s, mean {:.0}/s ({:.1}x), after recovery at most {}/s; \
                 half are back after {} s, 99 % after {} s, all after {} s",
                curve.attempts.iter().sum::<u64>(),
                curve.peak(),
                curve.mean(),
                curve.peak() as f64 / curve.mean(),
                curve.after(),
                curve.back_by(0.5),
                curve.back_by(0.99),
                curve.span(),
            );
        }
        assert_eq!(ours.logins.iter().sum::<u64>(), CLIENTS, "{lost:?}: everybody comes back");
        assert!(2 * ours.after() <= shipped.after(), "{lost:?}: {} and {}", ours.after(), shipped.after());
        assert!((ours.peak() as f64) < 5.0 * ours.mean(), "{lost:?}: {} of {:.0}", ours.peak(), ours.mean());
        rows.push((title, ours, shipped));
    }
    if let Ok(path) = std::env::var("FLEET_SVG") {
        std::fs::write(&path, draw(&rows)).unwrap();
        println!("drawn into {path}");
    }
}
