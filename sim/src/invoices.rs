//! What the receiver gives out, and what it keeps of it.

use pointlock::curve::Point;
use pointlock::invoice::ktime::{KtimeError, PaymentPolynomial};
use pointlock::invoice::{Offer, PaymentLock, PaymentPath, StaticInvoice, StaticInvoiceBuilder};
use pointlock::lock::{Blind, Lock, LockSecret, Preimage};
use pointlock::onion::blinded::{PaymentRelay, path_offset};
use pointlock::payment::{
    MessagePath, PathRelay, ReceiverError, ReceiverEvent, ReceiverPath, ReceiverPaths,
};
use pointlock::wire::Features;

use crate::error::of_role;
use crate::{Chain, Entropy, Sim, SimError, Who};

/// For how many blocks from the start payments over a blinded path may be under way: about three months.
const PATH_BLOCKS: u32 = 13_000;
/// The bit of `basic_mpp`: the invoice may be paid in parts (BOLT 9).
const BASIC_MPP: u16 = 17;
/// A path says that its nodes ask for a millisatoshi more than they do, which they may lose by rounding.
const PATH_MARGIN_MSAT: u64 = 1;

/// What an invoice is paid under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpeningKind {
    /// A payment hash.
    Hash,
    /// A hash whose preimage each payer draws; the invoice needs a blinded path.
    Payers,
    /// One payment point.
    Point,
    /// k-time payment points.
    Polynomial {
        /// For how many payments.
        k: usize,
    },
}

/// What opens the payments of an invoice.
#[derive(Clone, Debug)]
pub enum Opening {
    /// One secret for all.
    Static(LockSecret),
    /// Drawn by each payer.
    Payers,
    /// For each x its own.
    Polynomial(PaymentPolynomial),
}

/// An invoice, with what the receiver keeps of it.
#[derive(Clone, Debug)]
pub struct Published {
    /// The invoice.
    pub invoice: StaticInvoice,
    /// What opens its payments.
    pub opening: Opening,
    /// What is kept of its blinded paths.
    pub paths: ReceiverPaths,
}

impl Opening {
    /// A fresh one.
    ///
    /// # Errors
    ///
    /// k is out of bounds.
    pub fn draw(kind: OpeningKind, entropy: &mut Entropy) -> Result<Self, KtimeError> {
        let bytes = entropy.bytes();
        Ok(match kind {
            OpeningKind::Hash => Self::Static(LockSecret::Preimage(Preimage::new(bytes))),
            OpeningKind::Payers => Self::Payers,
            OpeningKind::Point => Self::Static(LockSecret::Scalar(entropy.secret())),
            OpeningKind::Polynomial { k } => {
                Self::Polynomial(PaymentPolynomial::from_entropy(&bytes, k)?)
            }
        })
    }

    /// What the invoice says; None where it has no lock.
    pub fn lock(&self) -> Option<PaymentLock> {
        match self {
            Self::Static(secret) => Some(match secret.lock() {
                Lock::Point(point) => PaymentLock::from(point),
                Lock::Hash(hash) => PaymentLock::Hash(hash),
            }),
            Self::Payers => None,
            Self::Polynomial(polynomial) => Some(PaymentLock::Points(polynomial.payment_points())),
        }
    }

    /// An invoice with this lock, or without one.
    pub fn builder(&self, created_at: u64) -> StaticInvoiceBuilder {
        match self.lock() {
            Some(lock) => StaticInvoiceBuilder::new(lock, created_at),
            None => StaticInvoiceBuilder::without_lock(created_at),
        }
    }

    /// The same for an offer.
    pub fn builder_for(&self, offer: &Offer, created_at: u64) -> StaticInvoiceBuilder {
        match self.lock() {
            Some(lock) => StaticInvoiceBuilder::for_offer(offer, lock, created_at),
            None => StaticInvoiceBuilder::plain(offer, created_at),
        }
    }
}

impl Published {
    /// As the receiver's role is told.
    pub fn event(&self) -> ReceiverEvent {
        let Self { invoice, opening, paths } = self.clone();
        match opening {
            Opening::Static(secret) => ReceiverEvent::Published { invoice, secret, paths },
            Opening::Payers => ReceiverEvent::PublishedPlain { invoice, paths },
            Opening::Polynomial(polynomial) => {
                ReceiverEvent::PublishedPolynomial { invoice, polynomial, paths }
            }
        }
    }

    /// b of each forwarding node on the path of this number, from 0.
    pub fn path_offsets(&self, path: usize) -> Vec<Blind> {
        let Some(path) = self.paths.payments.get(path) else { return Vec::new() };
        let forwarding = path.secrets.iter().take(path.secrets.len() - 1);
        forwarding.map_while(|secret| path_offset(secret).ok()).collect()
    }
}

impl<C: Chain> Sim<C> {
    /// An invoice as far as the builder has it, completed with the ways to the receiver and signed. `blinded` is how many blinded paths
    /// it has for payments; none for an interim route over the receiver's LSP.
    ///
    /// # Errors
    ///
    /// [`SimError::Role`] and [`SimError::Invoice`].
    pub fn sign(
        &mut self,
        opening: Opening,
        builder: StaticInvoiceBuilder,
        blinded: usize,
    ) -> Result<Published, SimError<C::Refused>> {
        let count = self.forwarders.len();
        let on_path: Vec<Who> =
            (count + 1 - self.scenario.on_path..=count).map(Who::Forwarder).collect();
        let (mut payments, mut paths) = (Vec::new(), ReceiverPaths::default());
        for _ in 0..blinded {
            let (path, kept) = self.receiver_path(&on_path)?;
            payments.push(path);
            paths.payments.push(kept);
        }
        let keepers: Vec<Point> =
            self.mail_relays().into_iter().map(|relay| self.node_id(relay)).collect();
        let (session_key, path_id) = (self.entropy.secret(), self.entropy.bytes());
        let receiver_id = self.node_id(Who::Receiver);
        let (message_path, kept) = MessagePath::build(session_key, path_id, &keepers, receiver_id)
            .map_err(|source| of_role(self.name(Who::Receiver), ReceiverError::from(source)))?;
        paths.messages.push(kept);

        let builder = builder.message_paths(&[message_path]).features(&Features::of(&[BASIC_MPP]));
        let builder = if blinded > 0 {
            builder.paths(&payments)
        } else {
            let lsp = (count > 0).then(|| self.node_id(Who::Forwarder(count)));
            let route: Vec<Point> = lsp.into_iter().chain([receiver_id]).collect();
            builder.interim_route(&route)
        };
        let aux_rand = self.entropy.bytes();
        let invoice = builder.sign(&self.key(Who::Receiver), &aux_rand);
        let invoice = invoice.map_err(|source| SimError::Invoice {
            node: self.name(Who::Receiver).to_owned(),
            source: Box::new(source),
        })?;
        Ok(Published { invoice, opening, paths })
    }

    /// A fresh path over these forwarders, for payments.
    ///
    /// # Errors
    ///
    /// [`SimError::Role`].
    pub fn receiver_path(
        &mut self,
        relays: &[Who],
    ) -> Result<(PaymentPath, ReceiverPath), SimError<C::Refused>> {
        let hops = self.hops(relays, Who::Receiver);
        let relays = hops.iter().map(|hop| PathRelay {
            node_id: hop.node_id,
            short_channel_id: hop.short_channel_id,
            relay: PaymentRelay {
                cltv_expiry_delta: u16::try_from(hop.policy.cltv_expiry_delta).unwrap_or(u16::MAX),
                fee_proportional_millionths: u32::try_from(hop.policy.fee_proportional_millionths)
                    .unwrap_or(u32::MAX),
                fee_base_msat: u32::try_from(
                    hop.policy.fee_base_msat.saturating_add(PATH_MARGIN_MSAT),
                )
                .unwrap_or(u32::MAX),
            },
        });
        let relays: Vec<PathRelay> = relays.collect();
        let (session_key, path_id) = (self.entropy.secret(), self.entropy.bytes());
        let made = ReceiverPath::build(
            session_key,
            path_id,
            &relays,
            self.node_id(Who::Receiver),
            u16::try_from(self.scenario.min_final_delta).unwrap_or(u16::MAX),
            self.started_at.saturating_add(PATH_BLOCKS),
        );
        made.map_err(|source| of_role(self.name(Who::Receiver), ReceiverError::from(source)))
    }

    /// Over whom the receiver gets its mail: its LSP, and the node before that one where the sender's LSP is not it.
    pub fn mail_relays(&self) -> Vec<Who> {
        let count = self.forwarders.len();
        let first = 2.max(count.saturating_sub(1)).min(count);
        (first.max(1)..=count).map(Who::Forwarder).collect()
    }
}
