//! Onions of payments: one layer; a route's packet, built by its maker and walked by nodes that have their own secret key, the
//! packet and their contract's lock, and nothing else.

use std::fmt::Display;

use pointlock::curve::{Point, SecretScalar};
use pointlock::hold::ReleaseSecret;
use pointlock::lock::Blind;
use pointlock::onion::blinded::{
    BlindedPath, PathSecret, PeeledPayment, hop_blind, path_offset, peel_payment,
};
use pointlock::onion::{Packet, SharedSecret};
use pointlock::payment::{Payload, Tweak};
use serde_json::{Value, json};

use super::super::fields::{Field, Fields, Refusal};
use super::super::scalar_text;
use super::names::{of_onion, refusal};

/// One layer of a packet of any length.
pub(crate) fn peel(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let field = fields.get("packet")?;
    let packet = Packet::from_bytes_of_any_length(&field.octets()?)
        .map_err(|error| of_onion("packet", &error))?;
    let secret_key = fields.get("secret_key")?.secret()?;
    let peeled = packet
        .peel(&secret_key, &fields.get("associated_data")?.octets()?)
        .map_err(|error| of_onion("packet", &error))?;
    fields.step("shared_secret", shared_text(&peeled.shared_secret));
    fields.step("ephemeral_key", packet.ephemeral_key().to_string());
    let next = peeled.next.map(|next| hex::encode(next.to_bytes()));
    Ok(json!({ "payload": hex::encode(&*peeled.payload), "next_packet": next }))
}

fn shared_text(shared: &SharedSecret) -> String {
    hex::encode(*shared.dangerous_to_bytes())
}

/// A route as its maker has it; the last of its nodes are a blinded path, where there is one.
pub(super) struct Route {
    /// How errors call its members.
    prefix: String,
    session_key: SecretScalar,
    nodes: Vec<SecretScalar>,
    payloads: Vec<Vec<u8>>,
    /// The session key of the path, and the data for each of its nodes.
    path: Option<(SecretScalar, Vec<Vec<u8>>)>,
}

impl Route {
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self, Refusal> {
        let session_key = fields.get("session_key")?.secret()?;
        let (mut nodes, mut payloads) = (Vec::new(), Vec::new());
        for hop in fields.get("hops")?.list()? {
            let hop = hop.object()?;
            nodes.push(hop.get("node_secret")?.secret()?);
            payloads.push(hop.get("payload")?.octets()?);
        }
        let path = fields.get("path")?;
        let path = if path.is_null() { None } else { Some(read_path(&path, nodes.len())?) };
        Ok(Self { prefix: fields.name(""), session_key, nodes, payloads, path })
    }

    fn refuse(&self, member: &str, reason: impl Display) -> Refusal {
        refusal(&format!("{}{member}", self.prefix), reason)
    }

    fn refuse_payload(&self, hop: usize, reason: impl Display) -> Refusal {
        self.refuse(&format!("hops[{hop}].payload"), reason)
    }

    /// What the maker hands to the first node.
    pub(super) fn build(&self, associated_data: &[u8]) -> Result<Packet, Refusal> {
        let mut keys: Vec<Point> = self.nodes.iter().map(SecretScalar::to_point).collect();
        if let Some((session_key, data)) = &self.path {
            let first = keys.len() - data.len();
            let hops: Vec<(Point, &[u8])> =
                keys[first..].iter().copied().zip(data.iter().map(Vec::as_slice)).collect();
            let (path, _) = BlindedPath::build(session_key.clone(), &hops)
                .map_err(|error| self.refuse("path", error))?;
            for (key, hop) in keys[first..].iter_mut().zip(path.hops()).skip(1) {
                *key = hop.blinded_node_id;
            }
        }
        let (packet, _) = Packet::plan(self.session_key.clone(), &keys)
            .and_then(|plan| plan.build(&self.payloads, associated_data, Packet::PAYLOADS_LENGTH))
            .map_err(|error| self.refuse("hops", error))?;
        Ok(packet)
    }

    /// From node to node. `hash` stands for a hash lock, `release` for what the receiver has sent to the holder.
    pub(super) fn walk(
        &self,
        packet: Packet,
        hash: Option<&[u8]>,
        release: Option<&ReleaseSecret>,
    ) -> Result<Walk, Refusal> {
        let mut walk = Walk::default();
        let (mut arrived, mut path_key) = (packet, None);
        for (hop, node_secret) in self.nodes.iter().enumerate() {
            let mut layer = json!({ "packet": hex::encode(arrived.to_bytes()) });
            let associated_data = hash.unwrap_or_default();
            let peeled = peel_payment(&arrived, node_secret, path_key.as_ref(), associated_data)
                .map_err(|error| self.refuse_payload(hop, error))?;
            let node = Node { route: self, hop, node_secret, arrived_with: path_key };
            path_key = peeled.path.as_ref().map(|path| path.next_path_key);
            match node.peeled(peeled, hash.is_some(), release, &mut layer, &mut walk)? {
                Some(next) => arrived = next,
                None if hop + 1 == self.nodes.len() => {
                    walk.layers.push(layer);
                    return Ok(walk);
                }
                None => return Err(self.refuse_payload(hop, "the last before the route ends")),
            }
            walk.layers.push(layer);
        }
        Err(self.refuse("hops", "the packet has more layers than the route has nodes"))
    }
}

fn read_path(path: &Field<'_>, nodes: usize) -> Result<(SecretScalar, Vec<Vec<u8>>), Refusal> {
    let path = path.object()?;
    let session_key = path.get("session_key")?.secret()?;
    let list = path.get("data")?;
    let data: Vec<Vec<u8>> = list.list()?.iter().map(Field::octets).collect::<Result<_, _>>()?;
    if data.len() > nodes {
        return Err(list.refuse(format!("{} items for {nodes} nodes", data.len())));
    }
    Ok((session_key, data))
}

/// What the nodes of a route have found.
#[derive(Default)]
pub(super) struct Walk {
    /// y_i + b_i of the nodes before the last, none for a hash lock.
    pub(super) tweaks: Vec<Blind>,
    pub(super) path: Vec<PathSecret>,
    pub(super) last: Option<Last>,
    /// What each of them saw.
    pub(super) layers: Vec<Value>,
}

/// The end of a route.
pub(super) struct Last {
    pub(super) payload: Payload,
    /// With which it has peeled: its own key, or its blinded one.
    pub(super) secret: SecretScalar,
    pub(super) in_path: bool,
    /// What its hop would derive, for one that forwards: a trampoline.
    pub(super) derived: Blind,
}

/// A node of a route at its work.
struct Node<'a> {
    route: &'a Route,
    hop: usize,
    node_secret: &'a SecretScalar,
    /// The path key that came beside the packet.
    arrived_with: Option<Point>,
}

impl Node<'_> {
    fn refuse(&self, reason: impl Display) -> Refusal {
        self.route.refuse_payload(self.hop, reason)
    }

    /// Gives the packet for the next node, if there is one.
    fn peeled(
        &self,
        peeled: PeeledPayment,
        under_hash: bool,
        release: Option<&ReleaseSecret>,
        layer: &mut Value,
        walk: &mut Walk,
    ) -> Result<Option<Packet>, Refusal> {
        let PeeledPayment { layer: onion, path } = peeled;
        layer["shared_secret"] = shared_text(&onion.shared_secret).into();
        layer["payload"] = hex::encode(&*onion.payload).into();
        let derived = hop_blind(&onion.shared_secret).map_err(|error| self.refuse(error))?;
        if let Some(path) = &path {
            layer["path_secret"] = shared_text(path.secret.shared_secret()).into();
            layer["path_key"] = path.secret.path_key().to_string().into();
        }
        let path = path.map(|path| path.secret);
        let Some(next) = onion.next else {
            let payload = self.payload(&onion.payload, true)?;
            let (secret, in_path) = (self.secret(path.as_ref())?, path.is_some());
            walk.last = Some(Last { payload, secret, in_path, derived });
            return Ok(None);
        };
        let tweak = match path {
            None => {
                let Payload::Forward(payload) = self.payload(&onion.payload, false)? else {
                    return Err(self.refuse("not a forwarder's"));
                };
                let blind = blind_of(&payload.tweak, derived, release)?;
                layer["blind"] = scalar_text(blind.as_scalar()).into();
                blind
            }
            Some(secret) => {
                let offset = path_offset(&secret).map_err(|error| self.refuse(error))?;
                layer["blind"] = scalar_text(derived.as_scalar()).into();
                layer["path_blind"] = scalar_text(offset.as_scalar()).into();
                walk.path.push(secret);
                derived.add(&offset).map_err(|error| self.refuse(error))?
            }
        };
        if under_hash {
            layer["blind"] = Value::Null;
            layer.as_object_mut().and_then(|layer| layer.remove("path_blind"));
        } else {
            walk.tweaks.push(tweak);
        }
        Ok(Some(next))
    }

    fn payload(&self, bytes: &[u8], last: bool) -> Result<Payload, Refusal> {
        Payload::parse(bytes, last).map_err(|error| self.refuse(error))
    }

    /// The key that a packet within this node's is for.
    fn secret(&self, path: Option<&PathSecret>) -> Result<SecretScalar, Refusal> {
        let arrived = self.arrived_with.map(|key| PathSecret::new(self.node_secret, &key));
        match arrived.as_ref().or(path) {
            Some(secret) => {
                secret.blinded_node_secret(self.node_secret).map_err(|error| self.refuse(error))
            }
            None => Ok(self.node_secret.clone()),
        }
    }
}

/// y_i: from the payload, from the onion, or from the hold and its release.
pub(super) fn blind_of(
    tweak: &Tweak,
    derived: Blind,
    release: Option<&ReleaseSecret>,
) -> Result<Blind, Refusal> {
    match tweak {
        Tweak::Derived => Ok(derived),
        Tweak::Blind(blind) => Ok(Blind::new(blind.as_scalar().clone())),
        Tweak::Hold(order) => {
            let release = release
                .filter(|release| order.release_hash.is_of(release))
                .ok_or_else(|| refusal("release_secret", "not what the holder's hash is of"))?;
            let Some(held) = &order.held_blind else { return Ok(derived) };
            held.open(release).map_err(|error| refusal("release_secret", error))
        }
    }
}
