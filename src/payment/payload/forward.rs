use alloc::vec::Vec;

use super::fields::Fields;
use super::types::{
    AMT_TO_FORWARD, BLIND, HELD_BLIND, HOLD_ID, LATEST_RELEASE_HEIGHT, OUTGOING_CLTV_VALUE,
    RELEASE_HASH, SHORT_CHANNEL_ID,
};
use crate::hold::{HeldBlind, HoldId, ReleaseHash};
use crate::lock::{Blind, Lock};
use crate::payment::PayloadError;
use crate::wire::{TlvWriter, tu64};

/// What a forwarder is asked to do.
#[derive(Debug)]
pub struct ForwardPayload {
    /// The channel to forward over (BOLT 7).
    pub short_channel_id: u64,
    /// What to lock on the outgoing edge, in millisatoshi.
    pub amount_msat: u64,
    /// The expiry of the outgoing edge, a block height.
    pub expiry: u32,
    /// What to add to the lock point.
    pub tweak: Tweak,
}

/// What a forwarder adds to the lock, and when.
#[derive(Debug)]
pub enum Tweak {
    /// Nothing to a hash lock. To a point lock the y_i that the forwarder derives from the secret which it shares with the
    /// sender: [`hop_blind`](crate::onion::blinded::hop_blind).
    Derived,
    /// y_i.
    Blind(Blind),
    /// Nothing before the receiver is back.
    Hold(HoldOrder),
}

/// The sender's order to hold.
#[derive(Clone, Debug)]
pub struct HoldOrder {
    /// The key of the hold.
    pub id: HoldId,
    /// y_i + h; none for a hash lock.
    pub held_blind: Option<HeldBlind>,
    /// c = H_pointlock/release(h).
    pub release_hash: ReleaseHash,
    /// The height from which on the hold fails back, and no release counts; it may fail back before.
    pub latest_release_height: u32,
}

impl ForwardPayload {
    const TYPES: [u64; 3] = [AMT_TO_FORWARD, OUTGOING_CLTV_VALUE, SHORT_CHANNEL_ID];

    pub(super) fn read(fields: &Fields<'_>) -> Result<Self, PayloadError> {
        fields.allow(&[Self::TYPES.as_slice(), &Tweak::TYPES].concat())?;
        Ok(Self {
            short_channel_id: u64::from_be_bytes(fields.array(SHORT_CHANNEL_ID)?),
            amount_msat: fields.integer(AMT_TO_FORWARD)?,
            expiry: fields.height(OUTGOING_CLTV_VALUE)?,
            tweak: Tweak::read(fields)?,
        })
    }

    /// The TLV stream, for the onion.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut tlv = TlvWriter::new();
        tlv.set(AMT_TO_FORWARD, tu64(self.amount_msat));
        tlv.set(OUTGOING_CLTV_VALUE, tu64(self.expiry.into()));
        tlv.set(SHORT_CHANNEL_ID, self.short_channel_id.to_be_bytes());
        self.tweak.write(&mut tlv);
        tlv.to_bytes()
    }
}

impl Tweak {
    /// Whether it belongs to an edge under this lock: a point lock has a blind, or one that is derived, and a hash lock none.
    pub fn fits(&self, lock: &Lock) -> bool {
        let of_point = matches!(lock, Lock::Point(_));
        match self {
            Self::Derived => true,
            Self::Blind(_) => of_point,
            Self::Hold(order) => order.held_blind.is_some() == of_point,
        }
    }

    /// 65541, 65543, 65545 and 65547 had these meanings once, and are passed over now like all odd types that are not known.
    pub(super) const TYPES: [u64; 5] =
        [BLIND, HOLD_ID, HELD_BLIND, RELEASE_HASH, LATEST_RELEASE_HEIGHT];

    pub(super) fn read(fields: &Fields<'_>) -> Result<Self, PayloadError> {
        if fields.has(HOLD_ID) {
            if fields.has(BLIND) {
                return Err(PayloadError::Misplaced("blind"));
            }
            return Ok(Self::Hold(HoldOrder {
                id: HoldId(fields.array(HOLD_ID)?),
                held_blind: fields.scalar(HELD_BLIND, HeldBlind::from_bytes)?,
                release_hash: ReleaseHash(fields.array(RELEASE_HASH)?),
                latest_release_height: fields.height(LATEST_RELEASE_HEIGHT)?,
            }));
        }
        for (tlv_type, field) in [
            (HELD_BLIND, "held_blind"),
            (RELEASE_HASH, "release_hash"),
            (LATEST_RELEASE_HEIGHT, "latest_release_height"),
        ] {
            if fields.has(tlv_type) {
                return Err(PayloadError::Misplaced(field));
            }
        }
        Ok(fields.scalar(BLIND, Blind::from_bytes)?.map_or(Self::Derived, Self::Blind))
    }

    pub(super) fn write(&self, tlv: &mut TlvWriter) {
        match self {
            Self::Derived => {}
            Self::Blind(blind) => {
                tlv.set(BLIND, *blind.dangerous_to_bytes());
            }
            Self::Hold(order) => {
                tlv.set(HOLD_ID, order.id.0);
                if let Some(held_blind) = &order.held_blind {
                    tlv.set(HELD_BLIND, *held_blind.dangerous_to_bytes());
                }
                tlv.set(RELEASE_HASH, order.release_hash.0);
                tlv.set(LATEST_RELEASE_HEIGHT, tu64(order.latest_release_height.into()));
            }
        }
    }
}
