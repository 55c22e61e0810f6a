use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::metadata::Metadata;
use crate::name::Name;
use crate::store::{Receiver, StaticRow, Store, StoreError};

/// A receiver as payers see it, without its one-time stock.
#[derive(Debug)]
pub struct Shown {
    /// The receiver.
    pub receiver: Receiver,
    /// Its metadata.
    pub metadata: Metadata,
    /// What it has left that may be handed out again and again.
    pub statics: Vec<ShownStatic>,
}

/// A static invoice that is handed out.
#[derive(Debug)]
pub struct ShownStatic {
    /// The row.
    pub row: StaticRow,
    /// The answer to whoever asks for it over HTTP.
    pub body: Bytes,
    /// How often it was handed out since that was last written.
    handed: Arc<AtomicU64>,
}

impl ShownStatic {
    /// It is handed out once more.
    pub fn count(&self) {
        self.handed.fetch_add(1, Ordering::Relaxed);
    }

    /// Not written yet.
    pub fn pending(&self) -> u64 {
        self.handed.load(Ordering::Relaxed)
    }
}

/// What this process remembers of receivers. What another one changes is noticed within [`Cache::POLL`], what this one changes at once.
#[derive(Debug, Default)]
pub struct Cache {
    shown: RwLock<HashMap<Name, Arc<Shown>>>,
    counts: Mutex<HashMap<i64, Arc<AtomicU64>>>,
    polled: Mutex<Polled>,
}

#[derive(Debug, Default)]
struct Polled {
    last: Option<Instant>,
    /// The highest number of a change at these times.
    highest: VecDeque<(Instant, i64)>,
}

impl Cache {
    /// How often changes are asked for.
    pub const POLL: Duration = Duration::from_millis(500);
    /// Without an answer for so long, nothing is believed that was not read just now.
    const STALE: Duration = Duration::from_secs(5);
    /// A transaction that took its number so long ago has ended.
    const OVERLAP: Duration = Duration::from_secs(20);
    const MOST: usize = 200_000;
    /// So many are read at once.
    const PART: u32 = 2_000;

    /// The receiver of this name.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub async fn get(
        &self,
        store: &Store,
        origin: &str,
        name: &Name,
    ) -> Result<Option<Arc<Shown>>, StoreError> {
        let is_fresh = {
            let polled = self.polled.lock().unwrap_or_else(PoisonError::into_inner);
            polled.last.is_some_and(|last| last.elapsed() < Self::STALE)
        };
        if is_fresh {
            let shown = self.shown.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(shown) = shown.get(name) {
                return Ok(Some(shown.clone()));
            }
        }
        let Some(receiver) = store.receiver(name).await? else { return Ok(None) };
        let statics = store.statics(&receiver).await?;
        Ok(Some(self.remember(origin, receiver, statics)))
    }

    /// Reads what there is at the start, so that ten thousand payers don't ask the database for it one by one. It has to come
    /// after the first [`poll`](Self::poll), which notices what changes meanwhile.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub async fn fill(&self, store: &Store, origin: &str) -> Result<(), StoreError> {
        let (mut after, mut count) = (String::new(), 0);
        while count < Self::MOST / 2 {
            let part = store.with_statics(&after, Self::PART).await?;
            let Some((last, _)) = part.last() else { break };
            after = last.name.to_string();
            count += part.len();
            for (receiver, statics) in part {
                self.remember(origin, receiver, statics);
            }
        }
        Ok(())
    }

    fn remember(&self, origin: &str, receiver: Receiver, statics: Vec<StaticRow>) -> Arc<Shown> {
        let name = receiver.name.clone();
        let shown = Arc::new(Shown {
            metadata: Metadata::new(origin, &name, &receiver.terms),
            statics: statics
                .into_iter()
                .map(|row| self.shown_static(origin, &receiver, row))
                .collect(),
            receiver,
        });
        let mut all = self.shown.write().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= Self::MOST {
            all.clear();
        }
        all.insert(name, shown.clone());
        shown
    }

    fn shown_static(&self, origin: &str, receiver: &Receiver, row: StaticRow) -> ShownStatic {
        let body = crate::http::static_body(origin, receiver, &row.text);
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let handed = counts.entry(row.id).or_default().clone();
        ShownStatic { row, body, handed }
    }

    /// This process is about to acknowledge a change of this receiver.
    pub fn forget(&self, name: &Name) {
        self.shown.write().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    /// Asks for what other processes have changed.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub async fn poll(&self, store: &Store) -> Result<(), StoreError> {
        let asked = Instant::now();
        let since = {
            let polled = self.polled.lock().unwrap_or_else(PoisonError::into_inner);
            polled.highest.front().map_or(0, |(_, number)| *number)
        };
        // The first time this is all of them, and there is nothing to forget yet.
        let changed = store.changed_since(since).await?;
        let highest = changed.iter().map(|(_, number)| *number).max().unwrap_or(since);
        {
            let mut shown = self.shown.write().unwrap_or_else(PoisonError::into_inner);
            for (name, number) in &changed {
                if shown.get(name).is_some_and(|shown| shown.receiver.change_number != *number) {
                    shown.remove(name);
                }
            }
        }
        let mut polled = self.polled.lock().unwrap_or_else(PoisonError::into_inner);
        polled.last = Some(asked);
        // At first there may be transactions that took their numbers before that.
        let counted = if polled.highest.is_empty() { highest - 1_000 } else { highest };
        polled.highest.push_back((asked, counted));
        while polled.highest.get(1).is_some_and(|(at, _)| at.elapsed() > Self::OVERLAP) {
            polled.highest.pop_front();
        }
        Ok(())
    }

    /// Writes how often static invoices were handed out. What can't be written is counted on.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub async fn write_counts(&self, store: &Store) -> Result<(), StoreError> {
        let taken: Vec<(i64, u64, Arc<AtomicU64>)> = {
            let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
            counts.retain(|_, count| {
                Arc::strong_count(count) > 1 || count.load(Ordering::Relaxed) > 0
            });
            let take = |(id, count): (&i64, &Arc<AtomicU64>)| match count.swap(0, Ordering::Relaxed)
            {
                0 => None,
                handed => Some((*id, handed, count.clone())),
            };
            counts.iter().filter_map(take).collect()
        };
        let pairs: Vec<(i64, u64)> = taken.iter().map(|(id, handed, _)| (*id, *handed)).collect();
        let result = store.count_statics(&pairs).await;
        if result.is_err() {
            for (_, handed, count) in taken {
                count.fetch_add(handed, Ordering::Relaxed);
            }
        }
        result
    }
}
