//! Stores that fail.

use pointlock::StoreError;
use pointlock::edge::EdgeId;
use pointlock::hold::{
    Announcement, HoldError, HoldId, HoldRecord, HoldState, HoldStore, MemoryStore,
};
use pointlock::payment::{Forwarder, ForwarderAction, ForwarderError, ForwarderEvent, Recorded};
use pointlock_sim::Who;

use crate::nodes::{HEIGHT, Known, Net, node_id};
use crate::scene::{
    ForwardCase, HOP, blind, forward_packet, held_case, hold_tweak, release, release_message,
};

/// A store of holds that fails at chosen writes.
#[derive(Debug, Default)]
struct FailingStore {
    inner: MemoryStore,
    writes: usize,
    fails_at: Option<usize>,
}

fn disk_full() -> StoreError {
    StoreError::new("disk full")
}

impl FailingStore {
    fn write(&mut self) -> Result<(), StoreError> {
        self.writes += 1;
        if self.fails_at == Some(self.writes) { Err(disk_full()) } else { Ok(()) }
    }
}

impl HoldStore for FailingStore {
    fn get(&self, id: &HoldId) -> Result<Option<HoldRecord>, StoreError> {
        self.inner.get(id)
    }

    fn open(&self) -> Result<Vec<HoldRecord>, StoreError> {
        self.inner.open()
    }

    fn insert(&mut self, record: HoldRecord) -> Result<bool, StoreError> {
        self.write()?;
        self.inner.insert(record)
    }

    fn compare_and_swap(
        &mut self,
        id: &HoldId,
        from: &HoldState,
        to: HoldState,
    ) -> Result<bool, StoreError> {
        self.write()?;
        self.inner.compare_and_swap(id, from, to)
    }

    fn announce(
        &mut self,
        id: &HoldId,
        announcement: Announcement,
        number: u8,
    ) -> Result<bool, StoreError> {
        self.write()?;
        self.inner.announce(id, announcement, number)
    }
}

/// A forwarder that holds these two, and whose store fails at a write; with their contracts.
fn holding(
    net: &mut Net,
    cases: [&ForwardCase; 2],
    fails_at: usize,
    session: usize,
) -> (Recorded<Forwarder<FailingStore>>, Vec<EdgeId>) {
    let store = FailingStore { fails_at: Some(fails_at), ..FailingStore::default() };
    let mut forwarder = Recorded::new(Forwarder::new(net.forwarder_config(1), store));
    let mut incoming = Vec::new();
    for (index, case) in cases.into_iter().enumerate() {
        let (lock, msat) = (case.lock, case.amount_msat);
        let edge = net.fund_terms(Who::Sender(0), HOP, lock, msat, case.expiry);
        incoming.push(edge.outgoing().unwrap().id);
        let event = ForwarderEvent::IncomingCommitted {
            from: node_id(Who::Sender(0)),
            edge: edge.incoming().unwrap(),
            path_key: None,
            packet: forward_packet(case, 10 * (index + 1) + session),
        };
        assert!(forwarder.apply(event).unwrap().is_empty());
    }
    (forwarder, incoming)
}

/// Two holds reach their cutoff, and the store fails between them: the block is refused, and given again it fails both.
#[test]
fn a_block_that_the_store_refused_is_repeated() {
    let (mut net, case) = held_case(0);
    let second = held_case(1).1;
    for (index, fails_at) in [3, 4].into_iter().enumerate() {
        let (mut forwarder, incoming) = holding(&mut net, [&case, &second], fails_at, index);
        let block = || ForwarderEvent::Block { height: HEIGHT + 100 };
        let error = forwarder.apply(block()).unwrap_err();
        assert_eq!(error, ForwarderError::Hold(HoldError::Store(disk_full())));
        assert_eq!(forwarder.log().len(), 2);
        let actions = forwarder.apply(block()).unwrap();
        let failed: Vec<EdgeId> = actions
            .iter()
            .map(|action| match action {
                ForwarderAction::Fail { incoming, .. } => *incoming,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(failed, incoming, "write {fails_at}");
        for incoming in incoming {
            forwarder.apply(ForwarderEvent::IncomingFailed { incoming }).unwrap();
        }
        assert!(forwarder.role().ledger().store().open().unwrap().is_empty());
        assert!(forwarder.apply(block()).unwrap().is_empty());
    }
}

/// Whether the store wrote the hold is not known, so the contract is neither held nor failed; reported again it is held once.
#[test]
fn a_hold_that_the_store_refused_is_reported_again() {
    let (mut net, case) = held_case(0);
    let store = FailingStore { fails_at: Some(1), ..FailingStore::default() };
    let mut forwarder = Recorded::new(Forwarder::new(net.forwarder_config(1), store));
    let edge = net.fund_terms(Who::Sender(0), HOP, case.lock, case.amount_msat, case.expiry);
    let event = || ForwarderEvent::IncomingCommitted {
        from: node_id(Who::Sender(0)),
        edge: edge.incoming().unwrap(),
        path_key: None,
        packet: forward_packet(&case, 10),
    };
    let error = forwarder.apply(event()).unwrap_err();
    assert_eq!(error, ForwarderError::Hold(HoldError::Store(disk_full())));
    assert!(forwarder.pending().is_empty(), "not failed either");
    assert!(forwarder.apply(event()).unwrap().is_empty());
    assert_eq!(forwarder.role().ledger().store().open().unwrap().len(), 1);
}

/// Two holds are released, and the store fails at either: the message is refused, and given again it releases both. A log with
/// a release in it that the store did not take could not be replayed.
#[test]
fn a_release_that_the_store_refused_is_given_again() {
    let (mut net, case) = held_case(0);
    let mut second = held_case(1).1;
    second.payload.tweak = hold_tweak(1, Some(&blind("blind", 1)), HEIGHT + 100);
    for (index, fails_at) in [3, 4].into_iter().enumerate() {
        let (mut forwarder, incoming) = holding(&mut net, [&case, &second], fails_at, index);
        let message = release_message(&[(0, release(0)), (1, release(1))], 0);
        let event =
            || ForwarderEvent::MessageReceived { message: message.clone(), entropy: [0; 32] };
        let view = forwarder.view().clone();
        let error = forwarder.apply(event()).unwrap_err();
        assert_eq!(error, ForwarderError::Hold(HoldError::Store(disk_full())));
        assert_eq!((forwarder.log().len(), forwarder.view()), (2, &view));
        assert!(forwarder.pending().is_empty());
        let offered: Vec<EdgeId> = forwarder
            .apply(event())
            .unwrap()
            .iter()
            .map(|action| match action {
                ForwarderAction::Offer { incoming, .. } => *incoming,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(offered, incoming, "write {fails_at}");
        let pending = format!("{:?}", forwarder.pending());
        let log = forwarder.into_log();
        let config = net.forwarder_config(1);
        let replayed =
            Recorded::replay(Forwarder::new(config, MemoryStore::default()), log).unwrap();
        assert_eq!(format!("{:?}", replayed.pending()), pending);
    }
}
