//! The values of an onion message's fields, and whole messages along a blinded path.

use pointlock::curve::{Point, SecretScalar};
use pointlock::onion::OnionError;
use pointlock::onion::blinded::{BlindedPath, BlindingError, OnionMessage, PeeledMessage};
use pointlock::payment::{Handover, HeldAvailable, MessageError, ReleaseHeld, SealedAnnouncement};
use pointlock::wire::{TlvStream, TlvWriter};
use serde_json::{Value, json};

use super::super::fields::{Field, Fields, Refusal};
use super::names::{HANDED, HOLDS, Names, of_blinding, of_payload, refusal};
use super::payloads::{blinded_path, records};

/// The types of the fields, as `docs/wire.md` has them.
const HELD_PTLC_AVAILABLE: u64 = 65565;
const RELEASE_HELD_PTLC: u64 = 65567;
const HANDOVER: u64 = 65575;

pub(crate) fn held_ptlc_available(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let value = fields.get("value")?.octets()?;
    let read = HeldAvailable::from_payload(&within(HELD_PTLC_AVAILABLE, &value))
        .map_err(|error| of_payload(HOLDS, "value", &error))?;
    written(fields, HELD_PTLC_AVAILABLE, &value, &read.to_tlv(), HOLDS)?;
    let holds: Vec<Value> = read
        .holds
        .iter()
        .map(|hold| {
            let release = hex::encode(*hold.release.dangerous_to_bytes());
            let id = hex::encode(hold.id.0);
            json!({ "hold_id": id, "release_secret": release, "amount_msat": hold.amount_msat })
        })
        .collect();
    let height = read.latest_release_height;
    let mut answer = json!({ "holds": holds, "latest_release_height": height });
    if let Some(x) = read.x {
        answer["x"] = hex::encode(x.to_bytes()).into();
    }
    Ok(answer)
}

pub(crate) fn handover(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let value = fields.get("value")?.octets()?;
    let read = Handover::from_message(&within(HANDOVER, &value))
        .map_err(|error| of_payload(HANDED, "value", &error))?;
    written(fields, HANDOVER, &value, &read.to_tlv(), HANDED)?;
    Ok(json!({
        "hold_id": hex::encode(read.hold.0),
        "message_path": blinded_path(&read.announcement.path),
        "sealed_announcement": hex::encode(read.announcement.packet.to_bytes()),
    }))
}

pub(crate) fn release_held_ptlc(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let value = fields.get("value")?.octets()?;
    let read = ReleaseHeld::from_message(&within(RELEASE_HELD_PTLC, &value))
        .map_err(|error| of_payload(HOLDS, "value", &error))?;
    written(fields, RELEASE_HELD_PTLC, &value, &read.to_tlv(), HOLDS)?;
    let holds: Vec<Value> = read
        .holds
        .iter()
        .map(|(id, release)| {
            let release = hex::encode(*release.dangerous_to_bytes());
            json!({ "hold_id": hex::encode(id.0), "release_secret": release })
        })
        .collect();
    Ok(json!({ "holds": holds }))
}

/// A message that has this field alone.
fn within(tlv_type: u64, value: &[u8]) -> Vec<u8> {
    TlvWriter::new().set(tlv_type, value.to_vec()).to_bytes()
}

/// The records of the field's value, and the value as it is written again.
fn written(
    fields: &Fields<'_>,
    tlv_type: u64,
    value: &[u8],
    again: &TlvWriter,
    names: Names,
) -> Result<(), Refusal> {
    let bytes = again.to_bytes();
    let stream =
        TlvStream::parse(&bytes).map_err(|error| of_payload(names, "value", &error.into()))?;
    let again = stream.get(tlv_type).ok_or_else(|| refusal("value", "is not written again"))?;
    records(fields, value, again.value())
}

/// An onion message along a blinded path, built and peeled by its nodes; the last one reads its `contents`, which are one of the
/// fields of a hold.
pub(crate) fn message(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let session_key = fields.get("session_key")?.secret()?;
    let path = MessagePath::read(&fields.get("path")?.object()?)?;
    let contents = fields.get("contents")?;
    let bytes = contents.octets()?;
    let mut writer = TlvWriter::new();
    let stream = TlvStream::parse(&bytes).map_err(|error| contents.refuse(error))?;
    for record in stream.records() {
        writer.set(record.tlv_type(), record.value());
    }
    let message = OnionMessage::build(session_key, &path.path, &writer)
        .map_err(|error| contents.refuse(error))?;
    let sent = message.to_bytes();
    let arrived = path.walk(fields, message)?;
    arrived.read(fields)?;
    // Without the message's type.
    Ok(json!({ "message": hex::encode(&sent[2..]) }))
}

/// The path, and its nodes' secrets.
struct MessagePath {
    secrets: Vec<SecretScalar>,
    path: BlindedPath,
}

impl MessagePath {
    fn read(fields: &Fields<'_>) -> Result<Self, Refusal> {
        let session_key = fields.get("session_key")?.secret()?;
        let list = fields.get("node_secrets")?;
        let secrets: Vec<SecretScalar> =
            list.list()?.iter().map(Field::secret).collect::<Result<_, _>>()?;
        let data = fields.get("data")?;
        let items: Vec<Vec<u8>> =
            data.list()?.iter().map(Field::octets).collect::<Result<_, _>>()?;
        if items.len() != secrets.len() {
            let counts = format!("{} items for {} nodes", items.len(), secrets.len());
            return Err(data.refuse(counts));
        }
        let ids = secrets.iter().map(SecretScalar::to_point);
        let hops: Vec<(Point, Vec<u8>)> = ids.zip(items).collect();
        let (path, _) =
            BlindedPath::build(session_key, &hops).map_err(|error| data.refuse(error))?;
        Ok(Self { secrets, path })
    }

    fn walk(&self, fields: &Fields<'_>, message: OnionMessage) -> Result<Arrived, Refusal> {
        let mut message = message;
        let mut layers = Vec::new();
        for node_secret in &self.secrets {
            // Behind the path key and the packet's length.
            let packet = hex::encode(&message.to_bytes()[2 + 33 + 2..]);
            let mut layer = json!({ "packet": packet });
            let peeled =
                message.peel(node_secret).map_err(|error| of_blinding("contents", &error))?;
            message = match peeled {
                PeeledMessage::Forward { message, .. } => message,
                PeeledMessage::Receive { payload, data, secret } => {
                    layer["payload"] = hex::encode(&*payload).into();
                    layers.push(layer);
                    fields.step("layers", layers);
                    let opens = secret
                        .blinded_node_secret(node_secret)
                        .map_err(|error| of_blinding("contents", &error))?;
                    let (payload, named) = (payload.to_vec(), data.path_id.is_some());
                    return Ok(Arrived { payload, named, opens });
                }
                _ => return Err(refusal("path", "its last node neither reads nor passes on")),
            };
            layers.push(layer);
        }
        Err(refusal("path", "its last node passes the message on"))
    }
}

/// What the last node has.
struct Arrived {
    payload: Vec<u8>,
    /// Whether the path that it came by has a name.
    named: bool,
    /// The key that a sealed announcement is for.
    opens: SecretScalar,
}

impl Arrived {
    fn read(&self, fields: &Fields<'_>) -> Result<(), Refusal> {
        let contents = |error| of_payload(HOLDS, "contents", &error);
        let stream = TlvStream::parse(&self.payload).map_err(|error| contents(error.into()))?;
        let hands_over = stream.get(HANDOVER).is_some();
        // As a sender reaches a holder: along a path without a name.
        if hands_over == self.named {
            return Err(refusal("path_id", "only the way to a holder has none"));
        }
        if hands_over {
            Handover::from_message(&self.payload).map_err(contents)?;
            return Ok(());
        }
        if stream.get(RELEASE_HELD_PTLC).is_some() {
            ReleaseHeld::from_message(&self.payload).map_err(contents)?;
            return Ok(());
        }
        let sealed = SealedAnnouncement::from_message(&self.payload).map_err(contents)?.packet;
        HeldAvailable::open(&sealed, &self.opens).map_err(|error| match error {
            MessageError::Onion(BlindingError::Onion { source: OnionError::InvalidHmac }) => {
                refusal("hmac", error)
            }
            MessageError::Payload(error) => contents(error),
            _ => refusal("contents", error),
        })?;
        let layer = sealed.peel(&self.opens, &[]).map_err(|error| refusal("contents", error))?;
        fields.step("sealed_layer", json!({ "payload": hex::encode(&*layer.payload) }));
        Ok(())
    }
}
