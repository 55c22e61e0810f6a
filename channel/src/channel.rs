use bitcoin::hashes::{Hash, sha256};
use bitcoin::{Amount, OutPoint, ScriptBuf, TxOut};
use pointlock::adaptor::musig2::{KeyAggContext, key_sort};
use pointlock::curve::{Point, XOnlyPublicKey};

use crate::{ChannelError, Party};

/// What one party brings into a channel, all of it public.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartyTerms {
    /// Its key in the funding output.
    pub funding: Point,
    /// Where its money on the other's commitment goes, without a tweak.
    pub payment: Point,
    /// Basepoint of its money on its own commitment.
    pub delayed: Point,
    /// Basepoint of its key in edges.
    pub htlc: Point,
    /// Basepoint of the keys with which it takes the other's revoked commitments.
    pub revocation: Point,
    /// Below this its own commitments have no output, but the anchor.
    pub dust_limit: Amount,
    /// The blocks that it waits for money on its own commitment: what the other calls `to_self_delay`.
    pub delay: u16,
}

/// What both have agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelTerms {
    /// The party that opened the channel.
    pub opener: PartyTerms,
    /// The other one.
    pub accepter: PartyTerms,
    /// The funding output.
    pub funding_outpoint: OutPoint,
    /// What it is worth.
    pub amount: Amount,
}

/// A channel whose terms were checked: the ground on which its commitments are built. It has no state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    terms: ChannelTerms,
    funding: Funding,
}

impl Channel {
    /// The dust limit of a taproot output, below which nodes relay none.
    pub const MIN_DUST_LIMIT: Amount = Amount::from_sat(330);

    /// Checks the terms.
    ///
    /// # Errors
    ///
    /// [`ChannelError::SameKey`], [`ChannelError::DustLimit`], [`ChannelError::ZeroDelay`], [`ChannelError::FundingAmount`]; in theory
    /// [`ChannelError::KeyAggregation`].
    pub fn new(terms: ChannelTerms) -> Result<Self, ChannelError> {
        for (party, own) in [(Party::Opener, &terms.opener), (Party::Accepter, &terms.accepter)] {
            if own.dust_limit < Self::MIN_DUST_LIMIT {
                let (limit, minimum) = (own.dust_limit, Self::MIN_DUST_LIMIT);
                return Err(ChannelError::DustLimit { party, limit, minimum });
            }
            if own.delay == 0 {
                return Err(ChannelError::ZeroDelay { party });
            }
        }
        if terms.amount > Amount::MAX_MONEY || terms.amount < Self::MIN_DUST_LIMIT {
            return Err(ChannelError::FundingAmount { amount: terms.amount });
        }
        let pairs = [
            ("payment basepoint", terms.opener.payment, terms.accepter.payment),
            ("HTLC basepoint", terms.opener.htlc, terms.accepter.htlc),
        ];
        for (key, of_opener, of_accepter) in pairs {
            if of_opener.x_only() == of_accepter.x_only() {
                return Err(ChannelError::SameKey { key });
            }
        }
        let funding = Funding::new(&terms.opener.funding, &terms.accepter.funding)?;
        Ok(Self { terms, funding })
    }

    /// The terms.
    pub fn terms(&self) -> &ChannelTerms {
        &self.terms
    }

    /// One party's.
    pub fn terms_of(&self, party: Party) -> &PartyTerms {
        match party {
            Party::Opener => &self.terms.opener,
            Party::Accepter => &self.terms.accepter,
        }
    }

    /// The keys of the funding output.
    pub fn funding(&self) -> &Funding {
        &self.funding
    }

    /// Where the funding output is.
    pub fn funding_outpoint(&self) -> OutPoint {
        self.terms.funding_outpoint
    }

    /// The funding output.
    pub fn funding_tx_out(&self) -> TxOut {
        TxOut { value: self.terms.amount, script_pubkey: self.funding.script_pubkey() }
    }

    /// What a commitment's number is hidden with: the last 48 bits of SHA-256(33(opener's payment) ‖ 33(accepter's payment)).
    pub(crate) fn number_mask(&self) -> u64 {
        let (opener, accepter) = (&self.terms.opener.payment, &self.terms.accepter.payment);
        let hash = sha256::Hash::hash(&[opener.to_bytes(), accepter.to_bytes()].concat());
        hash.to_byte_array()[26..].iter().fold(0, |mask, byte| mask << 8 | u64::from(*byte))
    }
}

/// The funding output's keys: BIP-327's aggregate of the two funding keys in their sorted order, tweaked to have no scripts (BIP-86).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Funding {
    opener: Point,
    key_agg: KeyAggContext,
    opener_is_first: bool,
}

impl Funding {
    /// The output of two funding keys, before there is a channel: what a funding transaction pays to.
    ///
    /// # Errors
    ///
    /// [`ChannelError::SameKey`]; in theory [`ChannelError::KeyAggregation`].
    pub fn new(opener: &Point, accepter: &Point) -> Result<Self, ChannelError> {
        if opener.x_only() == accepter.x_only() {
            return Err(ChannelError::SameKey { key: "funding key" });
        }
        let mut keys = [*opener, *accepter];
        key_sort(&mut keys);
        let key_agg = KeyAggContext::new(&keys)
            .and_then(|keys| keys.with_taproot_tweak(None))
            .map_err(|source| ChannelError::KeyAggregation { source })?;
        Ok(Self { opener: *opener, key_agg, opener_is_first: keys[0] == *opener })
    }

    /// The sorted keys, tweaked to the output key.
    pub fn key_agg(&self) -> &KeyAggContext {
        &self.key_agg
    }

    /// The key in the output.
    pub fn output_key(&self) -> XOnlyPublicKey {
        self.key_agg.x_only()
    }

    /// OP_1 and the output key.
    pub fn script_pubkey(&self) -> ScriptBuf {
        use bitcoin::key::TweakedPublicKey;
        ScriptBuf::new_p2tr_tweaked(TweakedPublicKey::dangerous_assume_tweaked(self.output_key()))
    }

    /// Which signer of the MuSig2 session a party is.
    pub(crate) fn signer(&self, party: Party) -> usize {
        usize::from((party == Party::Opener) != self.opener_is_first)
    }

    /// What belongs to the two parties, in the order of the sorted keys.
    pub(crate) fn sorted<T>(&self, party: Party, own: T, other: T) -> [T; 2] {
        if self.signer(party) == 0 { [own, other] } else { [other, own] }
    }
}
