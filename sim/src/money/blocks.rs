//! Transactions, blocks, and blocks that are taken back.

use bitcoin::Transaction;
use pointlock::contract::{ContractError, FeeCoins, FeeLadder};
use pointlock::lock::LockSecret;
use pointlock::payment::{ForwarderEvent, ReceiverEvent, SenderEvent};

use super::setting::node_name;
use super::world::World;
use crate::{Chain, Standing, Who};

/// S: a transaction is in a block after so many at the latest, whoever would rather not have it there.
const TO_CONFIRM: u32 = 12;
/// R: so many blocks are taken back at most.
const REORGANISED: u32 = 2;

/// How a transaction ends a contract.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Claim(LockSecret),
    Refund,
}

/// A transaction that ends a contract, on its way into a block.
#[derive(Clone)]
pub(super) struct Broadcast {
    pub(super) by: Who,
    pub(super) contract: usize,
    pub(super) kind: Kind,
    /// The height when it was sent.
    since: u32,
    transaction: Transaction,
}

impl<C: Chain> World<C> {
    /// Everybody sees a transaction when it is sent.
    pub(super) fn broadcast(&mut self, by: Who, contract: usize, kind: Kind) {
        let is_known = |sent: &Broadcast| sent.contract == contract && sent.by == by;
        if !self.open(contract) || self.mempool.iter().any(is_known) {
            return;
        }
        let Ok(transaction) = self.transaction(contract, &kind) else { return };
        let since = self.sim.chain.height();
        self.tell(|| {
            let what = if kind == Kind::Refund { "refund" } else { "claim" };
            format!("contract {contract}: {} sends its {what}", node_name(by))
        });
        self.mempool.push(Broadcast { by, contract, kind, since, transaction });
    }

    fn transaction(&mut self, contract: usize, kind: &Kind) -> Result<Transaction, ContractError> {
        let (payout, aux_rand) = (self.sim.payout(), self.sim.entropy.bytes());
        let contract = &self.sim.contracts[contract];
        match kind {
            Kind::Claim(secret) => {
                let (key, coins) = (&contract.claimer_key, FeeCoins::none());
                contract.received.claim(0, secret, key, &coins, &aux_rand)
            }
            Kind::Refund => {
                let funded = contract.offered.funded();
                let ladder = FeeLadder::for_claim(funded.contract(), &payout)?;
                funded.timeout(&payout, ladder.fees()[0], &contract.offerer_key, &aux_rand)
            }
        }
    }

    /// A block, before and behind which everybody does what is wanted.
    pub(super) fn block(&mut self, slow: bool) {
        self.run();
        let contracts = &self.sim.contracts;
        self.mempool.retain(|sent| contracts[sent.contract].standing == Standing::Open);
        let height = self.sim.chain.height() + 1;
        // The coalition's come first wherever both are possible.
        let (setting, mut sent) = (&self.setting, std::mem::take(&mut self.mempool));
        sent.sort_by_key(|sent| setting.is_honest(sent.by));
        let mut confirmed: Vec<Broadcast> = Vec::new();
        for sent in sent {
            let spent = confirmed.iter().any(|other| other.contract == sent.contract);
            let waits = slow && self.is_honest(sent.by) && sent.since + TO_CONFIRM > height;
            if !spent && !waits && self.sim.chain.judge(&sent.transaction).is_ok() {
                confirmed.push(sent);
            } else {
                self.mempool.push(sent);
            }
        }
        let transactions: Vec<Transaction> =
            confirmed.iter().map(|sent| sent.transaction.clone()).collect();
        self.sim
            .chain
            .connect(&transactions)
            .expect("each was judged, and they spend other outputs");
        self.top = self.top.max(height);
        for sent in &confirmed {
            self.sim.contracts[sent.contract].standing = match sent.kind {
                Kind::Claim(_) => Standing::Claimed { height },
                Kind::Refund => Standing::Void,
            };
        }
        self.tell_block(height, true);
        confirmed.iter().for_each(|sent| self.report(sent));
        self.blocks.insert(height, confirmed);
        self.run();
    }

    fn tell_block(&mut self, height: u32, connected: bool) {
        for who in self.setting.everybody() {
            let told = match (who, connected) {
                (Who::Sender(index), true) => self.sim.sender(index, SenderEvent::Block { height }),
                (Who::Sender(index), false) => {
                    self.sim.sender(index, SenderEvent::BlockDisconnected { height })
                }
                (Who::Forwarder(number), true) => {
                    self.sim.forwarder(number, ForwarderEvent::Block { height })
                }
                (Who::Forwarder(number), false) => {
                    self.sim.forwarder(number, ForwarderEvent::BlockDisconnected { height })
                }
                (Who::Receiver, true) => self.sim.receive(ReceiverEvent::Block { height }),
                (Who::Receiver, false) => {
                    self.sim.receive(ReceiverEvent::BlockDisconnected { height })
                }
            };
            self.heeded(who, told);
        }
    }

    /// Both sides see what is in the block.
    fn report(&mut self, sent: &Broadcast) {
        let number = sent.contract;
        let contract = &self.sim.contracts[number];
        let (offerer, claimer, edge) = (contract.offerer, contract.claimer, contract.edge_id());
        self.given.remove(&number);
        self.failed.remove(&number);
        match &sent.kind {
            Kind::Claim(_) => {
                self.tell(|| {
                    format!("contract {number}: the claim of {} confirms", node_name(claimer))
                });
                let secret = contract_secret(&self.sim.contracts[number], &sent.transaction);
                if let Ok(secret) = secret {
                    let told = self.sim.outgoing_fulfilled(offerer, edge, secret);
                    self.heeded(offerer, told);
                }
                let told = self.sim.claim_confirmed(claimer, edge);
                self.heeded(claimer, told);
            }
            Kind::Refund => {
                self.tell(|| {
                    format!("contract {number}: the refund of {} confirms", node_name(offerer))
                });
                let told = self.sim.outgoing_taken_back(offerer, edge);
                self.heeded(offerer, told);
                if !matches!(claimer, Who::Sender(_)) {
                    let told = self.sim.incoming_taken_back(claimer, edge);
                    self.heeded(claimer, told);
                }
            }
        }
    }

    /// The last blocks are gone. What the honest had in them is on its way again, and in the next block; what the coalition had is its to send.
    pub(super) fn reorganise(&mut self, depth: u32) {
        for _ in 0..depth {
            let height = self.sim.chain.height();
            // Before the first block of the history there is nothing to take back.
            let Some(sent) = self.blocks.remove(&height) else { return };
            if height + REORGANISED <= self.top {
                self.blocks.insert(height, sent);
                return;
            }
            self.sim.chain.disconnect();
            self.tell(|| "the last block is gone".to_owned());
            for mut sent in sent {
                self.sim.contracts[sent.contract].standing = Standing::Open;
                if self.is_honest(sent.by) {
                    sent.since = height.saturating_sub(TO_CONFIRM);
                    self.mempool.push(sent);
                }
            }
            self.tell_block(height, false);
        }
    }

    pub(super) fn mine_to(&mut self, contract: usize, offset: i32) {
        let open = self.open_where(|_| true);
        if open.is_empty() {
            return;
        }
        let expiry = self.sim.contracts[open[contract % open.len()]].terms().expiry;
        let height = expiry.saturating_add_signed(offset);
        let blocks = height.saturating_sub(self.sim.chain.height());
        (0..blocks.min(3_000)).for_each(|_| self.block(true));
    }
}

fn contract_secret(
    contract: &crate::Contract,
    transaction: &Transaction,
) -> Result<LockSecret, ContractError> {
    contract.offered.extract(transaction)
}
