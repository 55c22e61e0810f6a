//! What each role was told. A field has one number in all events.

mod forwarder;
mod node;
mod receiver;
mod sender;

use crate::journal::codec::{Bytes, DangerousEncode, Field};

const HEIGHT: Field = Field::new(0, "height");
const FROM: Field = Field::new(2, "from");
const EDGE: Field = Field::new(4, "edge");
const PATH_KEY: Field = Field::new(6, "path_key");
const PACKET: Field = Field::new(8, "packet");
const MESSAGE: Field = Field::new(10, "message");
const ENTROPY: Field = Field::new(12, "entropy");
const ATTEMPT: Field = Field::new(14, "attempt");
const INCOMING: Field = Field::new(16, "incoming");
const OUTGOING: Field = Field::new(18, "outgoing");
const SECRET: Field = Field::new(20, "secret");
const FAILURE: Field = Field::new(22, "failure");
const PAYMENT_ID: Field = Field::new(24, "payment id");
const UNIX_TIME: Field = Field::new(26, "unix_time");
const PAYMENT: Field = Field::new(28, "payment");
const ORDER: Field = Field::new(30, "order");
const SEED: Field = Field::new(32, "seed");
const HOLD: Field = Field::new(34, "hold");
const FORWARDERS: Field = Field::new(36, "forwarders");
const INVOICE: Field = Field::new(38, "invoice");
const PATHS: Field = Field::new(40, "paths");
const POLYNOMIAL: Field = Field::new(42, "polynomial");
const INVOICE_ID: Field = Field::new(44, "invoice id");
const RATE: Field = Field::new(46, "rate");
const PATH_ID: Field = Field::new(48, "path_id");
const PAYLOAD: Field = Field::new(50, "payload");

/// What the keys of a message are drawn from.
struct Entropy<'a>(&'a [u8; 32]);

impl DangerousEncode for Entropy<'_> {
    fn dangerous_encode(&self, out: &mut Bytes) {
        out.put(self.0);
    }
}
