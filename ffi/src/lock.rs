//! Locks along a route: set up by the sender, moved by each hop, opened backwards.
#![allow(unsafe_code, reason = "names in C, and nothing else: tests/house.rs looks")]

use pointlock::lock::{self, Blind, LockError, RouteLocks};

use crate::border::enter;
use crate::error::Error;
use crate::point::PointData;
use crate::refusal::Refusal;
use crate::types::{
    BlindIn, BlindList, BlindNew, FaultOut, PointIn, PointOut, SecretIn, SecretNew,
};

/// The locks L_1 ... L_n of a route over payment_point, with the blinds y_0 ... y_{n-1}, one for each edge: locks has room for
/// blinds_count points. final_blind is Y, for the receiver's layer and nobody else; free it with pointlock_blind_free. In the fault, index
/// is the blind that puts a lock at infinity.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_lock_setup(
    payment_point: PointIn,
    blinds: BlindList,
    blinds_count: usize,
    locks: PointOut,
    locks_count: usize,
    final_blind: BlindNew,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        if locks_count != blinds_count {
            return Err(Refusal::new(Error::Count).at(c"locks"));
        }
        if blinds_count == 0 {
            return Err(Refusal::from(LockError::NoEdges).at(c"blinds"));
        }
        let locks = call.out_list(c"locks", locks, locks_count)?;
        let final_blind = call.out(c"final_blind", final_blind)?;
        let payment_point = call.point(c"payment_point", payment_point)?;
        let blinds = call.handles(c"blinds", blinds, blinds_count)?;
        // Blinds have one owner; these are the route's, and erased at its end.
        let blinds: Vec<Blind> =
            blinds.into_iter().map(|blind| Blind::new(blind.as_scalar().clone())).collect();
        let route = RouteLocks::new(&payment_point, &blinds)
            .map_err(|error| Refusal::from(error).at(c"blinds"))?;
        let points: Vec<PointData> = route.locks().iter().map(PointData::from).collect();
        locks.write(&points);
        final_blind.give(route.into_final_blind());
        Ok(())
    })
}

/// The lock of the outgoing edge from that of the incoming one: every forwarder computes it itself. The receiver computes the lock of the
/// last edge in the same way, from its payment point and the final blind.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_lock_next(
    incoming: PointIn,
    blind: BlindIn,
    outgoing: PointOut,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out(c"outgoing", outgoing)?;
        let incoming = call.point(c"incoming", incoming)?;
        let blind = call.get(c"blind", blind)?;
        let next = lock::next_lock(&incoming, blind);
        slot.write(next.map_err(|error| Refusal::from(error).at(c"blind"))?.into());
        Ok(())
    })
}

/// The receiver's lock secret, from the secret of its payment point and the final blind.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_lock_final_secret(
    payment_secret: SecretIn,
    final_blind: BlindIn,
    lock_secret: SecretNew,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out(c"lock_secret", lock_secret)?;
        let payment_secret = call.get(c"payment_secret", payment_secret)?;
        let final_blind = call.get(c"final_blind", final_blind)?;
        let secret = lock::final_secret(payment_secret, final_blind);
        slot.give(secret.map_err(|error| Refusal::from(error).at(c"final_blind"))?);
        Ok(())
    })
}

/// The lock secret of the incoming edge, from that of the outgoing one: for a forwarder that claims in turn, and for the sender, which ends
/// with the secret of the payment point.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_lock_previous_secret(
    next: SecretIn,
    blind: BlindIn,
    lock_secret: SecretNew,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out(c"lock_secret", lock_secret)?;
        let next = call.get(c"next", next)?;
        let blind = call.get(c"blind", blind)?;
        let secret = lock::previous_secret(next, blind);
        slot.give(secret.map_err(|error| Refusal::from(error).at(c"blind"))?);
        Ok(())
    })
}
