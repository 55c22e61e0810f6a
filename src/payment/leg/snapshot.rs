use alloc::vec::Vec;

use super::Leg;
use crate::journal::codec::{
    Bytes, Cursor, DangerousEncode, Decode, Fault, Field, FieldReader, FieldWriter,
};
use crate::lock::{Blind, Lock};
use crate::onion::SharedSecret;
use crate::payment::Route;

const ROUTE: Field = Field::new(0, "route");
const LOCKS: Field = Field::new(2, "locks");
const BLINDS: Field = Field::new(4, "blinds");
const PACKET: Field = Field::new(6, "packet");
const SHARED_SECRETS: Field = Field::new(8, "shared_secrets");
const INNER_SECRETS: Field = Field::new(10, "inner_secrets");

impl DangerousEncode for Leg {
    fn dangerous_encode(&self, out: &mut Bytes) {
        FieldWriter::new()
            .set(ROUTE, &self.route)
            .set(LOCKS, &self.locks)
            .dangerous_set(BLINDS, &self.blinds)
            .set(PACKET, &self.packet)
            .dangerous_set(SHARED_SECRETS, &self.shared_secrets)
            .dangerous_set_some(
                INNER_SECRETS,
                Some(&self.inner_secrets).filter(|secrets| !secrets.is_empty()),
            )
            .append_to(out);
    }
}

impl Decode for Leg {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        let mut fields = FieldReader::of_value(cursor)?;
        let route: Route = fields.take(ROUTE)?;
        let locks: Vec<Lock> = fields.take(LOCKS)?;
        if locks.len() != route.lock_count() {
            return Err(LOCKS.fault("not as many as the route has").into());
        }
        let blinds: Vec<Blind> = fields.take(BLINDS)?;
        let in_points = locks.iter().all(|lock| lock.as_point().is_some());
        if blinds.len() != if in_points { locks.len() } else { 0 } {
            return Err(BLINDS.fault("not one for each point").into());
        }
        let packet = fields.take(PACKET)?;
        let shared_secrets: Vec<SharedSecret> = fields.take(SHARED_SECRETS)?;
        if shared_secrets.len() != route.onion_nodes().len() {
            return Err(SHARED_SECRETS.fault("not one for each node").into());
        }
        let inner_secrets: Option<Vec<SharedSecret>> = fields.take_some(INNER_SECRETS)?;
        if inner_secrets.as_ref().is_some_and(Vec::is_empty) {
            return Err(INNER_SECRETS.fault("empty").into());
        }
        let inner_secrets = inner_secrets.unwrap_or_default();
        fields.end()?;
        Ok(Self { route, locks, blinds, packet, shared_secrets, inner_secrets })
    }
}
