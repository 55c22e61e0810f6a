use prometheus::{
    Encoder as _, Histogram, HistogramOpts, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder,
};

/// What Prometheus reads. No name of a receiver is in it.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// By `door` (lnurl, static, receiver, page, other) and `code`.
    pub requests: IntCounterVec,
    /// In seconds, from the head of the request to that of the answer.
    pub duration: Histogram,
    /// By `form`: static (again and again), and the one-time forms.
    pub handed_out: IntCounterVec,
    /// By `reason`.
    pub refused: IntCounterVec,
    /// By `form` and `state`.
    pub stock: IntGaugeVec,
    /// 1 while the database answers.
    pub database_up: IntGauge,
    /// Seconds by which the machine's clock is behind what was seen.
    pub clock_behind: IntGauge,
    /// Lightning peers that are connected.
    pub peers: IntGauge,
    /// Onion messages, by `kind`.
    pub onion_messages: IntCounterVec,
}

impl Metrics {
    /// All zero.
    ///
    /// # Panics
    ///
    /// Never: the names below are well formed and different.
    pub fn new() -> Self {
        const FITS: &str = "the names are well formed and different";
        let registry = Registry::new();
        let counter = |name: &str, help: &str, labels: &[&str]| {
            let counter =
                IntCounterVec::new(Opts::new(format!("pointlock_vault_{name}"), help), labels)
                    .expect(FITS);
            registry.register(Box::new(counter.clone())).expect(FITS);
            counter
        };
        let gauge = |name: &str, help: &str| {
            let gauge = IntGauge::new(format!("pointlock_vault_{name}"), help).expect(FITS);
            registry.register(Box::new(gauge.clone())).expect(FITS);
            gauge
        };
        let stock_opts = Opts::new("pointlock_vault_one_time", "One-time invoices");
        let stock = IntGaugeVec::new(stock_opts, &["form", "state"]).expect(FITS);
        registry.register(Box::new(stock.clone())).expect(FITS);
        let opts = HistogramOpts::new("pointlock_vault_request_seconds", "How long requests take")
            .buckets(vec![0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0]);
        let duration = Histogram::with_opts(opts).expect(FITS);
        registry.register(Box::new(duration.clone())).expect(FITS);
        Self {
            requests: counter("requests_total", "Requests", &["door", "code"]),
            duration,
            handed_out: counter("handed_out_total", "Invoices handed out", &["form"]),
            refused: counter("refused_total", "Refusals", &["reason"]),
            stock,
            database_up: gauge("database_up", "1 while the database answers"),
            clock_behind: gauge("clock_behind_seconds", "How far the clock is set back"),
            peers: gauge("peers", "Lightning peers connected"),
            onion_messages: counter("onion_messages_total", "Onion messages", &["kind"]),
            registry,
        }
    }

    /// The text that Prometheus reads.
    pub fn to_text(&self) -> String {
        let mut text = Vec::new();
        // Memory takes everything.
        let _ = TextEncoder::new().encode(&self.registry.gather(), &mut text);
        String::from_utf8(text).unwrap_or_default()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}
