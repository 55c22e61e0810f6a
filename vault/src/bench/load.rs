use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Connections that ask, each again when it has its answer.
pub(super) struct Load {
    pub(super) address: SocketAddr,
    pub(super) connections: usize,
    pub(super) seconds: u64,
}

/// How long each request took.
pub(super) struct Measured {
    micros: Vec<u32>,
    elapsed: Duration,
    pub(super) failed: u64,
}

impl Measured {
    pub(super) fn per_second(&self) -> f64 {
        self.micros.len() as f64 / self.elapsed.as_secs_f64()
    }

    /// In milliseconds.
    pub(super) fn quantile(&self, q: f64) -> f64 {
        let last = self.micros.len().saturating_sub(1);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index")]
        let index = ((last as f64 * q).round() as usize).min(last);
        self.micros.get(index).map_or(0.0, |&micros| f64::from(micros) / 1_000.0)
    }
}

type Faults = Arc<AtomicU64>;

impl Load {
    /// Asks for as long as it was told; `request` makes the request of this number.
    pub(super) async fn run<F>(&self, request: F, expected: u16) -> Result<Measured, Box<dyn Error>>
    where
        F: Fn(u64) -> Vec<u8>,
    {
        // Made beforehand, and enough of them to meet every receiver.
        let requests: Arc<Vec<Vec<u8>>> = Arc::new((0..20_000).map(request).collect());
        let next = Arc::new(AtomicUsize::new(0));
        let until = Instant::now() + Duration::from_secs(self.seconds);
        self.ask(expected, move || {
            let number = next.fetch_add(1, Ordering::Relaxed);
            (Instant::now() < until).then(|| (requests.clone(), number % requests.len()))
        })
        .await
    }

    /// Sends each of these once.
    pub(super) async fn once(
        &self,
        requests: Vec<Vec<u8>>,
        expected: u16,
    ) -> Result<Measured, Box<dyn Error>> {
        let (requests, next) = (Arc::new(requests), Arc::new(AtomicUsize::new(0)));
        self.ask(expected, move || {
            let number = next.fetch_add(1, Ordering::Relaxed);
            (number < requests.len()).then(|| (requests.clone(), number))
        })
        .await
    }

    async fn ask<N>(&self, expected: u16, next: N) -> Result<Measured, Box<dyn Error>>
    where
        N: Fn() -> Option<(Arc<Vec<Vec<u8>>>, usize)> + Clone + Send + Sync + 'static,
    {
        let began = Instant::now();
        let failed: Faults = Arc::default();
        let mut tasks = Vec::new();
        for _ in 0..self.connections {
            let (next, address, failed) = (next.clone(), self.address, failed.clone());
            tasks.push(tokio::spawn(connection(address, next, expected, failed)));
        }
        let mut micros = Vec::new();
        for task in tasks {
            micros.extend(task.await?);
        }
        micros.sort_unstable();
        if micros.is_empty() {
            return Err("no request was answered as expected".into());
        }
        Ok(Measured { micros, elapsed: began.elapsed(), failed: failed.load(Ordering::Relaxed) })
    }
}

async fn connection<N>(address: SocketAddr, next: N, expected: u16, failed: Faults) -> Vec<u32>
where
    N: Fn() -> Option<(Arc<Vec<Vec<u8>>>, usize)>,
{
    let mut micros = Vec::new();
    let mut buffer = Vec::with_capacity(16 << 10);
    let mut stream = None;
    while let Some((requests, index)) = next() {
        let began = Instant::now();
        match exchange(&mut stream, address, &requests[index], &mut buffer).await {
            Some(status) if status == expected => {
                micros.push(u32::try_from(began.elapsed().as_micros()).unwrap_or(u32::MAX));
            }
            other => {
                failed.fetch_add(1, Ordering::Relaxed);
                if other.is_none() {
                    stream = None;
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            }
        }
    }
    micros
}

/// One request and its answer; the status, or None where the connection failed.
async fn exchange(
    stream: &mut Option<TcpStream>,
    address: SocketAddr,
    request: &[u8],
    buffer: &mut Vec<u8>,
) -> Option<u16> {
    if stream.is_none() {
        let new = TcpStream::connect(address).await.ok()?;
        new.set_nodelay(true).ok()?;
        *stream = Some(new);
    }
    let stream = stream.as_mut()?;
    stream.write_all(request).await.ok()?;
    buffer.clear();
    let head = loop {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
        if let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let text = std::str::from_utf8(&buffer[..head]).ok()?;
    let status = text.get(9..12)?.parse().ok()?;
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let whole = head + length.unwrap_or(0);
    while buffer.len() < whole {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    Some(status)
}
