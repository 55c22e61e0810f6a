use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use pointlock::curve::Point;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::bolt11::{Bolt11Error, Lsp};
use crate::cache::{Cache, Shown};
use crate::clock::Clock;
use crate::config::Config;
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::name::Name;
use crate::peers::Peers;
use crate::store::{Form, Handed, Store, StoreError, Wanted};

/// What is handed out may be paid for so many seconds at least.
pub(crate) const LASTING: u64 = 60;

/// One vault: what every door and page of it works with.
#[derive(Debug)]
pub struct Vault {
    /// How it is set up.
    pub config: Config,
    /// Scheme and host.
    pub origin: String,
    /// What it keeps.
    pub store: Store,
    /// What time it is.
    pub clock: Arc<Clock>,
    /// Its own key, as a Lightning node.
    pub node_id: Point,
    /// Who signs invoices for pools.
    pub lsp: Option<Lsp>,
    /// What it remembers.
    pub cache: Cache,
    /// Who may ask how often.
    pub limits: Limits,
    /// What it counts.
    pub metrics: Metrics,
    /// What the operator shows.
    pub operator_word: Zeroizing<String>,
    /// Since when it runs.
    pub started: Instant,
    /// The door for Lightning peers, where it is open.
    pub(crate) peers: OnceLock<Arc<Peers>>,
    stopping: AtomicBool,
    /// Receivers whose stock something left.
    touched: std::sync::Mutex<std::collections::BTreeSet<i64>>,
}

/// Why a payer gets no BOLT 11 invoice.
#[non_exhaustive]
#[derive(Debug, Error)]
pub enum HandOutError {
    /// There is none left that fits.
    #[error(
        "{name} has no one-time invoice left that fits; pay it by BOLT 12, or ask it to come back and leave more"
    )]
    Empty {
        /// Whose.
        name: Name,
    },
    /// The amount is none that is taken.
    #[error("the amount has to be from {least} to {most} millisatoshi")]
    Amount {
        /// The least.
        least: u64,
        /// The largest.
        most: u64,
    },
    /// Others have asked for this receiver's too often.
    #[error("{name} is asked for too many invoices; try again in {seconds} s")]
    TooMany {
        /// Whose.
        name: Name,
        /// How long to wait.
        seconds: u64,
    },
    /// The store.
    #[error("the vault can't hand out an invoice now")]
    Store(#[from] StoreError),
}

impl Vault {
    /// Of these parts.
    pub fn new(
        config: Config,
        origin: String,
        store: Store,
        clock: Arc<Clock>,
        node_id: Point,
        lsp: Option<Lsp>,
        operator_word: Zeroizing<String>,
    ) -> Self {
        let limits = Limits::new(&config);
        Self {
            config,
            origin,
            store,
            clock,
            node_id,
            lsp,
            cache: Cache::default(),
            limits,
            metrics: Metrics::new(),
            operator_word,
            started: Instant::now(),
            peers: OnceLock::new(),
            stopping: AtomicBool::new(false),
            touched: std::sync::Mutex::default(),
        }
    }

    /// The receiver of this name.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn shown(&self, name: &Name) -> Result<Option<Arc<Shown>>, StoreError> {
        self.cache.get(&self.store, &self.origin, name).await
    }

    /// The least and the largest amount for which there is a BOLT 11 invoice; None when there is none left.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn sendable(&self, shown: &Shown) -> Result<Option<(u64, u64)>, StoreError> {
        let (receiver, terms) = (&shown.receiver, &shown.receiver.terms);
        let ready = self.store.ready_amounts(receiver, &shown.metadata.hash, LASTING).await?;
        if self.lsp.is_none() || !self.store.has_hashes(receiver, LASTING).await? {
            return Ok(ready);
        }
        let (least, most) = ready.unwrap_or((terms.min_msat, terms.max_msat));
        Ok(Some((least.min(terms.min_msat), most.max(terms.max_msat))))
    }

    /// Hands out a BOLT 11 invoice of exactly this amount: a ready-made one, or one that is written for a hash of the pool. Nobody gets it
    /// again.
    ///
    /// # Errors
    ///
    /// [`HandOutError`].
    pub async fn hand_out_bolt11(
        &self,
        shown: &Shown,
        amount_msat: u64,
        comment: Option<&str>,
    ) -> Result<Handed, HandOutError> {
        let (receiver, name) = (&shown.receiver, || shown.receiver.name.clone());
        if let Err(wait) = self.limits.receiver(receiver.id) {
            return Err(HandOutError::TooMany { name: name(), seconds: wait.as_secs() + 1 });
        }
        let mut wanted = Wanted {
            form: Form::Invoice,
            amount_msat: Some(amount_msat),
            description_hash: Some(shown.metadata.hash),
            comment,
            lasting: LASTING,
        };
        let none = |_: &[u8; 32], _| {
            Err(StoreError::Row("a ready-made invoice without its text".to_owned()))
        };
        if let Some(handed) = self.store.hand_out(receiver, &wanted, none).await? {
            return Ok(self.handed(receiver.id, wanted.form, handed));
        }
        let terms = &receiver.terms;
        if let Some(lsp) = &self.lsp {
            if (terms.min_msat..=terms.max_msat).contains(&amount_msat) {
                wanted.form = Form::Hash;
                let write = |hash: &[u8; 32], expires_at| {
                    let now = self.clock.now();
                    lsp.write(
                        self.config.chain,
                        hash,
                        expires_at,
                        amount_msat,
                        &shown.metadata.hash,
                        now,
                    )
                    .map_err(|error: Bolt11Error| StoreError::Row(error.to_string()))
                };
                if let Some(handed) = self.store.hand_out(receiver, &wanted, write).await? {
                    return Ok(self.handed(receiver.id, wanted.form, handed));
                }
            }
        }
        match self.sendable(shown).await? {
            Some((least, most)) if !(least..=most).contains(&amount_msat) => {
                Err(HandOutError::Amount { least, most })
            }
            _ => Err(HandOutError::Empty { name: name() }),
        }
    }

    /// Hands out a static invoice that may be paid once.
    ///
    /// # Errors
    ///
    /// [`HandOutError`].
    pub async fn hand_out_static_once(
        &self,
        shown: &Shown,
    ) -> Result<Option<Handed>, HandOutError> {
        let receiver = &shown.receiver;
        if let Err(wait) = self.limits.receiver(receiver.id) {
            let seconds = wait.as_secs() + 1;
            return Err(HandOutError::TooMany { name: receiver.name.clone(), seconds });
        }
        let wanted = Wanted {
            form: Form::Static,
            amount_msat: None,
            description_hash: None,
            comment: None,
            lasting: LASTING,
        };
        let none =
            |_: &[u8; 32], _| Err(StoreError::Row("a static invoice without its text".to_owned()));
        let handed = self.store.hand_out(receiver, &wanted, none).await?;
        Ok(handed.map(|handed| self.handed(receiver.id, wanted.form, handed)))
    }

    fn handed(&self, receiver: i64, form: Form, handed: Handed) -> Handed {
        self.metrics.handed_out.with_label_values(&[form.as_str()]).inc();
        self.touched.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(receiver);
        handed
    }

    /// It takes no new requests.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    /// Whether it is about to end.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// What is done besides: changes of other processes are noticed, counts are written, receivers are told, old requests are forgotten.
    /// Ends with [`stop`](Self::stop).
    pub async fn keep_house(&self) {
        let mut turn = 0_u64;
        let mut was_up = true;
        while !self.is_stopping() {
            let mut result = self.cache.poll(&self.store).await;
            if turn % 10 == 0 {
                result = result.and(self.house_turn(turn).await);
            }
            self.metrics.database_up.set(i64::from(result.is_ok()));
            match (&result, was_up) {
                (Err(error), true) => tracing::error!(%error, "the store fails"),
                (Ok(()), false) => tracing::info!("the store answers again"),
                _ => {}
            }
            was_up = result.is_ok();
            turn += 1;
            tokio::time::sleep(Cache::POLL).await;
        }
    }

    async fn house_turn(&self, turn: u64) -> Result<(), StoreError> {
        self.store.tick().await?;
        let behind = self.clock.is_set_back();
        self.metrics
            .clock_behind
            .set(behind.map_or(0, |seconds| i64::try_from(seconds).unwrap_or(i64::MAX)));
        if let Some(seconds) = behind {
            tracing::warn!(
                seconds,
                "the clock of this machine is behind what it was; the later time counts"
            );
        }
        self.write_counts().await?;
        let touched = {
            let mut touched =
                self.touched.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            std::mem::take(&mut *touched)
        };
        self.store.notice_stock(&touched.into_iter().collect::<Vec<_>>(), 10).await?;
        if turn % 100 == 0 {
            self.store.forget_requests().await?;
            self.limits.sweep();
        }
        Ok(())
    }

    /// Writes how often static invoices were handed out.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn write_counts(&self) -> Result<(), StoreError> {
        self.cache.write_counts(&self.store).await
    }

    /// How long a request may take to arrive, and an answer to be found.
    pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
}
