//! The number of each kind of record. One number is never given twice, and never another meaning.

pub(super) const BLOCK: u64 = 1;
pub(super) const BLOCK_DISCONNECTED: u64 = 2;
pub(super) const INCOMING_COMMITTED: u64 = 3;
pub(super) const MESSAGE_RECEIVED: u64 = 4;
pub(super) const OUTGOING_COMMITTED: u64 = 5;
pub(super) const OFFER_FAILED: u64 = 6;
pub(super) const OUTGOING_FULFILLED: u64 = 7;
pub(super) const OUTGOING_FAILED: u64 = 8;
pub(super) const OUTGOING_TAKEN_BACK: u64 = 9;
pub(super) const CLAIMING: u64 = 10;
pub(super) const INCOMING_CLAIMED: u64 = 11;
pub(super) const CLAIM_CONFIRMED: u64 = 12;
pub(super) const INCOMING_TAKEN_BACK: u64 = 13;
pub(super) const FAIL_GIVEN: u64 = 14;
pub(super) const INCOMING_FAILED: u64 = 15;
pub(super) const FORGET: u64 = 16;
pub(super) const TIME: u64 = 17;
pub(super) const PAY: u64 = 18;
pub(super) const RETRY: u64 = 19;
pub(super) const ANNOUNCE: u64 = 20;
pub(super) const ANNOUNCE_HOLD: u64 = 21;
pub(super) const CANCEL: u64 = 22;
pub(super) const ROUTE_FOUND: u64 = 23;
pub(super) const NO_ROUTE: u64 = 24;
pub(super) const PUBLISHED: u64 = 25;
pub(super) const PUBLISHED_POLYNOMIAL: u64 = 26;
pub(super) const WITHDRAWN: u64 = 27;
pub(super) const RATE_GIVEN: u64 = 28;
pub(super) const PARTS_TIMED_OUT: u64 = 29;
pub(super) const ARRIVAL_RECEIVED: u64 = 30;
pub(super) const SETTLED: u64 = 31;
pub(super) const RESTORED_POLYNOMIAL: u64 = 32;
pub(super) const PUBLISHED_PLAIN: u64 = 33;
pub(super) const UNKNOWN_RECIPIENT: u64 = 34;

// What a node was set up with, and what it keeps beside its journal.
pub(super) const NODE_CONFIG: u64 = 64;
pub(super) const FORWARDER_CONFIG: u64 = 65;
pub(super) const RECEIVER_CONFIG: u64 = 66;
pub(super) const DEADLINES: u64 = 67;
pub(super) const ATTEMPT_SEED: u64 = 68;
pub(super) const PAYER_SEED: u64 = 69;
pub(super) const RECEIVER_PATHS: u64 = 70;
pub(super) const POLYNOMIAL: u64 = 71;
// 72 and 73 are contracts, in `contract/record.rs`.
pub(super) const USED_NUMBERS: u64 = 74;

// States.
pub(in crate::payment) const SENDER: u64 = 96;
pub(in crate::payment) const FORWARDER: u64 = 97;
pub(in crate::payment) const RECEIVER: u64 = 98;
pub(in crate::payment) const NODE: u64 = 99;
