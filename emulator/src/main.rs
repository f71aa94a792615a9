//! `floo-emulator`: the local cloud as a program.
use std::{
    io::{self, Write as _},
    net::{IpAddr, Ipv4Addr},
    process::ExitCode,
    time::Duration,
};

use floo_emulator::{Config, Data, Port, openapi, start};
use tokio::signal::unix::{SignalKind, signal};

const HELP: &str = "\
floo-emulator: a local cloud to develop and test floo-wasm with. Not meant for production.

  --port N          port to listen on, 0 for any free one
                    (default 7700, or the next free one)
  --also-listen N   one more port, which DNS names as a cluster of its own; may be repeated
  --host ADDRESS    address to listen on (default 127.0.0.1)
  --data FILE       data file, created when missing (default .floo/demo.sqlite)
  --memory          keep the data in memory only
  --delivery MODE   notice, eager or mixed: announce new messages, push them, or both
                    (default notice); blind: push them even to devices that missed some
  --fault JSON      fault rules, as for POST /admin/api/faults
  --app JSON        switches of the application, as for POST /admin/api/app
  --dns-socket URL  a long connection that DNS names before this server's own, such as
                    ws://127.0.0.1:9 to have a dead one; may be repeated
  --dns-cluster URL a cluster that DNS names before this server's own; may be repeated
  --high-ids        message ids close to 2^64
  --bots LIST       virtual users: any of echo, assistant, chatty, with commas between
  --chatter SECONDS how often the chatty group talks (default 0, never)
  --openapi         print the OpenAPI document of the HTTP side
  --help            this text

Demo application: floo-demo. Users: amber, basil and clover, password <name>-demo.
A page that shows what happens and makes things go wrong: /admin. State: GET /admin/api/state.
";

enum Command {
    Help,
    OpenApi,
    Run(Box<Config>),
}

fn read_args(mut args: impl Iterator<Item = String>) -> Result<Command, String> {
    let mut config = Config { data: Data::File(".floo/demo.sqlite".into()), ..Config::default() };
    let (mut sockets, mut clusters) = (Vec::new(), Vec::new());
    while let Some(arg) = args.next() {
        let (name, mut inline) = match arg.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (arg, None),
        };
        let mut value = || inline.take().or_else(|| args.next()).ok_or_else(|| format!("{name}: a value is missing"));
        let wrong = |e: &dyn std::fmt::Display| format!("{name}: {e}");
        match name.as_str() {
            "--help" | "-h" => return Ok(Command::Help),
            "--port" => config.port = Port::Exactly(value()?.parse().map_err(|e| wrong(&e))?),
            "--also-listen" => config.also.push(value()?.parse().map_err(|e| wrong(&e))?),
            "--host" => config.host = read_host(&value()?).map_err(|e| wrong(&e))?,
            "--data" => config.data = Data::File(value()?.into()),
            "--memory" => config.data = Data::Memory,
            "--delivery" => config.delivery = value()?.parse().map_err(|e| wrong(&e))?,
            "--fault" => config.faults = Some(value()?),
            "--app" => config.policy = serde_json::from_str(&value()?).map_err(|e| wrong(&e))?,
            "--dns-socket" => sockets.push(value()?),
            "--dns-cluster" => clusters.push(value()?),
            "--openapi" => return Ok(Command::OpenApi),
            "--bots" => {
                let list = value()?;
                let kinds = list.split(',').filter(|name| !name.is_empty()).map(str::parse);
                config.bots = kinds.collect::<Result<_, _>>().map_err(|e: String| wrong(&e))?;
            }
            "--chatter" => config.chatter = Duration::from_secs(value()?.parse().map_err(|e| wrong(&e))?),
            "--high-ids" => config.high_ids = true,
            _ => return Err(format!("{name}: unknown option")),
        }
        if inline.is_some() {
            return Err(format!("{name}: takes no value"));
        }
    }
    // Whatever the order of the options: --app brings lists of its own.
    config.policy.dns_sockets.extend(sockets);
    config.policy.dns_clusters.extend(clusters);
    Ok(Command::Run(Box::new(config)))
}

fn read_host(text: &str) -> Result<IpAddr, String> {
    if text == "localhost" {
        return Ok(Ipv4Addr::LOCALHOST.into());
    }
    text.parse().map_err(|_| format!("{text:?} is not an IP address"))
}

async fn run(config: Config) -> Result<(), Box<dyn std::error::Error>> {
    if !config.host.is_loopback() {
        eprintln!(
            "floo-emulator: warning: {} can be reached from other machines. Anybody there can \
             read and change everything; this server is not meant for production.",
            config.host
        );
    }
    // Before listening, so that a signal is never missed.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let emulator = start(config).await?;
    let mut stdout = io::stdout();
    for address in emulator.addresses() {
        writeln!(stdout, "floo-emulator listening on http://{address}")?;
    }
    stdout.flush()?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    emulator.stop().await?;
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    let config = match read_args(std::env::args().skip(1)) {
        Ok(Command::Run(config)) => config,
        Ok(Command::OpenApi) => {
            return match writeln!(io::stdout(), "{}", openapi()) {
                Ok(()) => ExitCode::SUCCESS,
                // Whoever reads has read enough.
                Err(e) if e.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
                Err(e) => {
                    eprintln!("floo-emulator: {e}");
                    ExitCode::FAILURE
                }
            };
        }
        Ok(Command::Help) => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(e) => {
            eprintln!("floo-emulator: {e}\nTry --help.");
            return ExitCode::from(2);
        }
    };
    match run(*config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("floo-emulator: {e}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_add_up_in_any_order() {
        let mut options = [
            ["--dns-socket", "ws://a"],
            ["--app", r#"{"friends_only":true,"dns_sockets":["ws://b"]}"#],
            ["--dns-cluster", "http://c"],
        ];
        for _ in 0..options.len() {
            options.rotate_left(1);
            let args = options.iter().flatten().map(|arg| (*arg).to_owned());
            let Ok(Command::Run(config)) = read_args(args) else { panic!("not understood") };
            assert!(config.policy.friends_only);
            assert_eq!(config.policy.dns_sockets, ["ws://b", "ws://a"]);
            assert_eq!(config.policy.dns_clusters, ["http://c"]);
        }
    }
}
