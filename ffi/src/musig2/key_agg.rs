#![allow(unsafe_code, reason = "names in C, and nothing else: tests/house.rs looks")]

use pointlock::adaptor::musig2::KeyAggContext;

use crate::border::{Handle, enter};
use crate::error::Error;
use crate::refusal::Refusal;
use crate::types::{BytesIn, FaultOut, KeyAggIn, KeyAggNew, KeyAggOwned, PointIn, PointOut};

/// The length of a tweak.
pub const TWEAK_LENGTH: usize = 32;

impl Handle for KeyAggContext {
    const TAG: u64 = u64::from_be_bytes(*b"key_agg ");
}

/// Aggregates public_keys_count keys, at least one, in the order given, which all signers have to keep.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_musig2_key_agg_new(
    key_agg: KeyAggNew,
    public_keys: PointIn,
    public_keys_count: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out(c"key_agg", key_agg)?;
        let public_keys = call.points(c"public_keys", public_keys, public_keys_count)?;
        let keys = KeyAggContext::new(&public_keys);
        slot.give(keys.map_err(|error| Refusal::from(error).at(c"public_keys"))?);
        Ok(())
    })
}

/// Frees aggregated keys. Sessions that were made with them stay. Null is nothing.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_musig2_key_agg_free(key_agg: KeyAggOwned) {
    crate::border::free(key_agg);
}

/// The same keys with one more tweak, of POINTLOCK_TWEAK_LENGTH bytes: tweak*G is added to the aggregate key, parity and all, as
/// unhardened BIP-32 derivation does. key_agg stays as it is. In the fault, index counts the tweaks of these keys.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_musig2_key_agg_tweak_plain(
    key_agg: KeyAggIn,
    tweak: BytesIn,
    tweak_length: usize,
    tweaked: KeyAggNew,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out(c"tweaked", tweaked)?;
        let keys = call.get(c"key_agg", key_agg)?.clone();
        let tweak = call.array(c"tweak", tweak, tweak_length)?;
        let keys = keys.with_plain_tweak(tweak);
        slot.give(keys.map_err(|error| Refusal::from(error).at(c"tweak"))?);
        Ok(())
    })
}

/// The same keys with one more tweak: tweak*G is added to the point with even y that has the x coordinate of the aggregate key, as taproot
/// does.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_musig2_key_agg_tweak_xonly(
    key_agg: KeyAggIn,
    tweak: BytesIn,
    tweak_length: usize,
    tweaked: KeyAggNew,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out(c"tweaked", tweaked)?;
        let keys = call.get(c"key_agg", key_agg)?.clone();
        let tweak = call.array(c"tweak", tweak, tweak_length)?;
        let keys = keys.with_xonly_tweak(tweak);
        slot.give(keys.map_err(|error| Refusal::from(error).at(c"tweak"))?);
        Ok(())
    })
}

/// The same keys as a taproot output key (BIP-341), with merkle_root of POINTLOCK_TWEAK_LENGTH bytes; null and 0 commit to there being no
/// scripts.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_musig2_key_agg_tweak_taproot(
    key_agg: KeyAggIn,
    merkle_root: BytesIn,
    merkle_root_length: usize,
    tweaked: KeyAggNew,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out(c"tweaked", tweaked)?;
        let keys = call.get(c"key_agg", key_agg)?.clone();
        let root = call.optional_array(c"merkle_root", merkle_root, merkle_root_length)?;
        let keys = keys.with_taproot_tweak(root);
        slot.give(keys.map_err(|error| Refusal::from(error).at(c"merkle_root"))?);
        Ok(())
    })
}

/// The aggregate key with all its tweaks, with its parity. pointlock_point_serialize_xonly gives what stands in an output.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_musig2_key_agg_public_key(
    key_agg: KeyAggIn,
    public_key: PointOut,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out(c"public_key", public_key)?;
        slot.write(call.get(c"key_agg", key_agg)?.aggregate_key().into());
        Ok(())
    })
}
