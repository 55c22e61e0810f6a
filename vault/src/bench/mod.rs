//! The command `pointlock vault-bench`: how many requests a second a vault answers, how long they take and what memory it has, beside a bare
//! handler of the same framework in the same run.
//!
//! The vault and the bare handler are processes of their own; the load comes from this one, over loopback, in a closed loop: each connection asks
//! again when it has its answer. So what is measured shares the machine with what measures it, for both alike.

mod load;
mod stock;

use std::error::Error;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::str::FromStr;
use std::time::Duration;

use axum::Router;
use axum::http::header;
use axum::routing::get;
use serde::Serialize;

use self::load::{Load, Measured};
use self::stock::Stock;

/// How much is asked for.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Receivers, each with a static invoice
    #[arg(long, default_value_t = 10_000, value_parser = at_least_one::<u32>)]
    receivers: u32,
    /// Requests at once
    #[arg(long, default_value_t = 1_000, value_parser = at_least_one::<usize>)]
    in_flight: usize,
    /// For how long each is measured
    #[arg(long, default_value_t = 10, value_parser = at_least_one::<u64>)]
    seconds: u64,
    /// A PostgreSQL database besides, which has to be empty: postgres://…
    #[arg(long, value_name = "URL")]
    postgres: Option<String>,
    /// Prints a line of JSON for each row
    #[arg(long)]
    json: bool,
    /// The bare handler, with an answer of so many bytes
    #[arg(long, hide = true)]
    bare: Option<usize>,
}

/// For the command line: of nothing there is nothing to measure.
fn at_least_one<T: FromStr + PartialOrd + From<u8>>(text: &str) -> Result<T, String> {
    let number = text.parse().ok().filter(|number| *number >= T::from(1));
    number.ok_or_else(|| "expected a whole number of 1 or more".to_owned())
}

/// What is printed of each.
#[derive(Debug, Serialize)]
struct Row {
    name: String,
    requests_per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    p999_ms: f64,
    memory_mib: f64,
    /// Of the bare handler's throughput.
    of_bare: Option<f64>,
    failed: u64,
}

/// Measures and prints.
///
/// # Errors
///
/// What keeps it from measuring.
pub fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    if let Some(length) = args.bare {
        return runtime.block_on(bare(length));
    }
    let folder = std::env::temp_dir().join(format!("pointlock-vault-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let result = runtime.block_on(measure(args, &folder));
    let _ = std::fs::remove_dir_all(&folder);
    result
}

async fn measure(args: &Args, folder: &Path) -> Result<(), Box<dyn Error>> {
    let say = |row: &Row| print(args.json, row);
    if !args.json {
        writeln!(
            std::io::stdout(),
            "{:<18} {:>10} {:>9} {:>9} {:>9} {:>9} {:>8}",
            "",
            "requests/s",
            "p50 ms",
            "p99 ms",
            "p99.9 ms",
            "MiB",
            "of bare"
        )?;
    }
    let sqlite = crate::store::Store::sqlite_url(&folder.join("vault.db"));
    let mut bare_throughput = None;
    for (kind, database) in [("sqlite", Some(sqlite)), ("postgres", args.postgres.clone())] {
        let Some(database) = database else { continue };
        let data = folder.join(kind);
        std::fs::create_dir_all(&data)?;
        let stock = Stock::fill(&database, &data, args.receivers).await?;
        if bare_throughput.is_none() {
            let length = stock.fetch_length();
            let server = Server::start(&["vault-bench", "--bare", &length.to_string()]).await?;
            let load = Load {
                address: server.address,
                connections: args.in_flight,
                seconds: args.seconds,
            };
            let measured =
                load.run(|_| b"GET /x HTTP/1.1\r\nHost: bare\r\n\r\n".to_vec(), 200).await?;
            bare_throughput = Some(measured.per_second());
            say(&row("bare".to_owned(), &measured, &server, None))?;
        }
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let server = Server::vault(&data, &database, port).await?;
        let load =
            Load { address: server.address, connections: args.in_flight, seconds: args.seconds };
        let origin = format!("http://{port}");
        let measured = load.run(|number| stock.fetch(number), 200).await?;
        let of_bare = bare_throughput.map(|bare| measured.per_second() / bare);
        say(&row(format!("fetch/{kind}"), &measured, &server, of_bare))?;
        let measured = load.run(|number| stock.callback(number), 200).await?;
        say(&row(format!("hand_out/{kind}"), &measured, &server, None))?;
        let uploads = stock.uploads(&origin, args.seconds);
        let measured = load.once(uploads, 204).await?;
        say(&row(format!("upload/{kind}"), &measured, &server, None))?;
    }
    Ok(())
}

fn row(name: String, measured: &Measured, server: &Server, of_bare: Option<f64>) -> Row {
    Row {
        name,
        requests_per_second: measured.per_second(),
        p50_ms: measured.quantile(0.5),
        p99_ms: measured.quantile(0.99),
        p999_ms: measured.quantile(0.999),
        memory_mib: server.memory_mib(),
        of_bare,
        failed: measured.failed,
    }
}

fn print(json: bool, row: &Row) -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string(row)?)?;
        return Ok(out.flush()?);
    }
    let of_bare = row.of_bare.map_or(String::new(), |ratio| format!("{ratio:.2}"));
    writeln!(
        out,
        "{:<18} {:>10.0} {:>9.1} {:>9.1} {:>9.1} {:>9.0} {of_bare:>8}{}",
        row.name,
        row.requests_per_second,
        row.p50_ms,
        row.p99_ms,
        row.p999_ms,
        row.memory_mib,
        if row.failed > 0 { format!("  ({} failed)", row.failed) } else { String::new() }
    )?;
    Ok(out.flush()?)
}

/// What is measured, in a process of its own.
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    async fn start(arguments: &[&str]) -> Result<Self, Box<dyn Error>> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(arguments)
            // What fails is counted.
            .env("RUST_LOG", "off")
            .stdout(Stdio::piped())
            .spawn()?;
        let output = child.stdout.take().ok_or("no output of the server")?;
        // It says where it listens: the last word of a line that begins so.
        let mut server = Self { child, address: SocketAddr::from(([127, 0, 0, 1], 0)) };
        let said = tokio::task::spawn_blocking(move || {
            let mut lines = BufReader::new(output).lines().map_while(Result::ok);
            let found = lines.find_map(|line| {
                let address = line.split("http://").nth(1)?.split_whitespace().next()?;
                address.parse::<SocketAddr>().ok()
            });
            // What it says besides is read, so that it is not held up.
            std::thread::spawn(move || lines.for_each(drop));
            found
        });
        server.address = said.await?.ok_or("the server ended, or did not say where it listens")?;
        Ok(server)
    }

    async fn vault(data: &Path, database: &str, at: SocketAddr) -> Result<Self, Box<dyn Error>> {
        let (data, at): (PathBuf, String) = (data.to_owned(), at.to_string());
        let data = data.to_string_lossy();
        let lsp = format!("--lsp-key={data}/lsp.key");
        let arguments = [
            "vault",
            "--data",
            &data,
            "--database",
            database,
            "--chain=regtest",
            "--listen",
            &at,
            &lsp,
            "--address-rate=100000000",
            "--receiver-rate=100000000",
            "--connections=10000",
        ];
        let server = Self::start(&arguments).await?;
        // Its first second is not what is measured.
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok(server)
    }

    /// Resident, as Linux says.
    fn memory_mib(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))
            .unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let kib = line
            .and_then(|line| line.split_whitespace().nth(1))
            .and_then(|kib| kib.parse::<f64>().ok());
        kib.unwrap_or_default() / 1024.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The same framework, and nothing behind it.
async fn bare(length: usize) -> Result<(), Box<dyn Error>> {
    let body = bytes::Bytes::from(vec![b'x'; length]);
    let handler = move || {
        let body = body.clone();
        async move { ([(header::CONTENT_TYPE, "application/json")], body) }
    };
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    println!("http://{}", listener.local_addr()?);
    let router = Router::new().route("/{name}", get(handler));
    Ok(axum_server::from_tcp(listener)?.serve(router.into_make_service()).await?)
}
