//! Channels: what a commitment is, what both parties give for it, and every way to spend it.
//!
//! Each step takes the secrets of the party that does it, and what the other has given before.

use bitcoin::consensus::encode::serialize_hex;
use bitcoin::hashes::Hash;
use bitcoin::{Amount, OutPoint, ScriptBuf, Transaction, Txid, absolute};
use pointlock::contract::FeeCoins;
use pointlock::lock::{Lock, LockSecret, PaymentHash, Preimage};
use pointlock_channel::{
    Channel, ChannelEdge, ChannelError, ChannelSecrets, ChannelTerms, Close, CloseTerms,
    Commitment, CommitmentOutput, CommitmentTerms, CompleteCommitment, CoveredCommitment,
    EdgeTerms, Leaf, OutputKind, Party, PartyTerms, Payout, PerCommitmentSeed, SigningError, Spend,
    spend as spend_all,
};
use serde_json::{Map, Value, json};

use super::fields::{Field, Fields, Refusal};
use super::{scalar_text, strings};

const NO_AUX: [u8; 32] = [0; 32];

pub(super) fn secret(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let seed = PerCommitmentSeed::new(fields.get("seed")?.bytes()?);
    let number = fields.get("number")?;
    let secret = seed.secret(number.integer()?).map_err(|error| number.refuse(error))?;
    Ok(json!({
        "commitment_secret": scalar_text(&secret),
        "commitment_point": secret.to_point().to_string(),
    }))
}

pub(super) fn commitment(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let commitment = read_commitment(fields)?;
    let keys = commitment.keys();
    fields.step("funding_key", commitment.channel().funding().output_key().to_string());
    fields.step("revocation_key", keys.revocation.to_string());
    fields.step("delayed_key", keys.delayed.to_string());
    fields.step("publisher_htlc_key", keys.publisher_htlc.to_string());
    fields.step("other_htlc_key", keys.other_htlc.to_string());
    fields.step("outputs", commitment.outputs().iter().map(output).collect::<Vec<Value>>());
    let stages: Vec<Value> = commitment
        .second_stages()
        .map(|stage| {
            json!({
                "transaction": serialize_hex(&stage.transaction()),
                "sighash": hex::encode(stage.sighash()),
            })
        })
        .collect();
    fields.step("second_stages", stages);
    let claims: Vec<String> = commitment
        .claimable_by_other()
        .filter_map(|(output, ..)| commitment.claim_sighash(output).map(hex::encode))
        .collect();
    fields.step("claim_sighashes", claims);
    Ok(json!({
        "transaction": serialize_hex(commitment.transaction()),
        "txid": hex::encode(commitment.txid().as_byte_array()),
        "sighash": hex::encode(commitment.sighash()),
    }))
}

fn output(output: &CommitmentOutput) -> Value {
    let mut members = Map::new();
    let kind = match output.kind() {
        OutputKind::Anchor => "anchor",
        OutputKind::ToPublisher => "to_publisher",
        OutputKind::ToOther => "to_other",
        OutputKind::Edge(edge) => {
            members.insert("offerer".into(), edge.terms().offerer.to_string().into());
            members.insert("number".into(), edge.terms().number.into());
            "edge"
        }
    };
    members.insert("kind".into(), kind.into());
    members.insert("value_sat".into(), output.value().to_sat().into());
    if let Some(tree) = output.tree() {
        let info = tree.spend_info();
        members.insert("internal_key".into(), info.internal_key().to_string().into());
        for leaf in [Leaf::Timeout, Leaf::Success, Leaf::Delayed] {
            if let Some(script) = tree.script(leaf) {
                members.insert(format!("{leaf}_script"), script.to_hex_string().into());
            }
        }
        if let Some(root) = tree.merkle_root() {
            members.insert("merkle_root".into(), hex::encode(root.as_byte_array()).into());
        }
        let output_key = info.output_key().to_x_only_public_key();
        members.insert("output_key".into(), output_key.to_string().into());
    }
    members.into()
}

/// A commitment that both have signed.
struct Signed {
    complete: CompleteCommitment,
    covered: CoveredCommitment,
    publisher: ChannelSecrets,
    other: ChannelSecrets,
}

pub(super) fn sign(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let Signed { complete, covered, publisher, .. } = read_signed(fields)?;
    let refused = |error: SigningError| fields.refuse("secrets", error);
    let transaction = complete.publish(&publisher, &complete.record()).map_err(refused)?;
    let nonce = publisher
        .verification_nonces(complete.commitment().channel())
        .public(complete.commitment().terms().number)
        .map_err(|error| fields.refuse("state", error))?;
    fields.step("verification_nonce", hex::encode(nonce.to_bytes()));
    fields.step("funding_signature", hex::encode(&transaction.input[0].witness[0]));
    let given = complete.signatures();
    Ok(json!({
        "claim_presignatures": strings(&covered.pre_signatures().pre_signatures),
        "partial_signature": hex::encode(given.partial.to_bytes()),
        "nonce": hex::encode(given.nonce.to_bytes()),
        "signatures": strings(&given.signatures),
        "presignatures": strings(&given.pre_signatures),
        "transaction": serialize_hex(&transaction),
    }))
}

pub(super) fn spend(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let signed = read_signed(fields)?;
    let (by, way) = (fields.get("by")?, fields.get("way")?);
    let by_publisher = match by.text()? {
        "publisher" => true,
        "other" => false,
        _ => return Err(by.refuse("neither publisher nor other")),
    };
    let number = fields.get("edge_number")?;
    let offerer = read_party(&fields.get("offerer")?)?;
    let Signed { complete, covered, publisher: x, other: y } = &signed;
    let named = |error| match error {
        ChannelError::NoSuchEdge { .. } | ChannelError::Trimmed { .. } => number.refuse(error),
        ChannelError::WrongSecret { .. } => fields.refuse("secret", error),
        error => way.refuse(error),
    };
    let takes_back = (offerer == complete.publisher()) == by_publisher;
    let mut extract = false;
    let spends: Vec<Spend> = match way.text()? {
        "own_money" if by_publisher => vec![complete.own_money(x).map_err(named)?],
        "own_money" => vec![covered.own_money(y).map_err(named)?],
        "penalty" if !by_publisher => {
            let terms = covered.commitment().terms();
            let told = x.seed.secret(terms.number).map_err(named)?;
            covered.revoked(&told).and_then(|revoked| revoked.penalty(y)).map_err(named)?
        }
        "timeout" if takes_back && by_publisher => {
            vec![complete.timeout(x, number.integer()?).map_err(named)?]
        }
        "timeout" if takes_back => vec![covered.timeout(y, number.integer()?).map_err(named)?],
        "success" if !takes_back => {
            let number_ = number.integer()?;
            let edge = covered.commitment().edge_output(offerer, number_).map_err(named)?;
            let is_point = edge
                .and_then(CommitmentOutput::edge)
                .is_some_and(|edge| edge.terms().lock.as_point().is_some());
            extract = is_point;
            let secret = read_secret(&fields.get("secret")?, is_point)?;
            vec![if by_publisher {
                complete.success(x, number_, &secret).map_err(named)?
            } else {
                covered.claim(y, number_, &secret).map_err(named)?
            }]
        }
        "timeout" | "success" | "penalty" => return Err(by.refuse("it is the other's")),
        _ => return Err(way.refuse("unknown")),
    };
    let transaction = paid(fields, &way, by_publisher, &spends)?;
    fields.step("weight", transaction.weight().to_wu());
    let mut answer = json!({ "transaction": serialize_hex(&transaction) });
    if extract {
        let number = number.integer()?;
        let t = if by_publisher {
            covered.extract(y, number, &transaction)
        } else {
            complete.extract(x, number, &transaction)
        };
        answer["extracted"] = scalar_text(&t.map_err(named)?).into();
    }
    Ok(answer)
}

/// To the payout, but for second stages, which have an output of their own.
fn paid(
    fields: &Fields<'_>,
    way: &Field<'_>,
    by_publisher: bool,
    spends: &[Spend],
) -> Result<Transaction, Refusal> {
    let script = ScriptBuf::from_bytes(fields.get("payout")?.octets()?);
    let fee = fields.get("fee_sat")?;
    let is_second_stage = by_publisher && way.text()? != "own_money";
    let payout = Payout { script: &script, fee: Amount::from_sat(fee.integer()?) };
    let payout = (!is_second_stage).then_some(payout);
    spend_all(spends, payout, &FeeCoins::none(), &NO_AUX).map_err(|error| fee.refuse(error))
}

pub(super) fn close(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let channel = read_channel(fields)?;
    let [opener, accepter] = read_secrets(fields)?;
    let script = |name| -> Result<Option<ScriptBuf>, Refusal> {
        let script = fields.get(name)?;
        if script.is_null() {
            return Ok(None);
        }
        script.octets().map(|bytes| Some(ScriptBuf::from_bytes(bytes)))
    };
    let lock_time = fields.get("lock_time")?;
    let height = u32::try_from(lock_time.integer()?).map_err(|error| lock_time.refuse(error))?;
    let terms = CloseTerms {
        closer: read_party(&fields.get("closer")?)?,
        fee: Amount::from_sat(fields.get("fee_sat")?.integer()?),
        lock_time: absolute::LockTime::from_consensus(height),
        opener_msat: fields.get("opener_msat")?.integer()?,
        accepter_msat: fields.get("accepter_msat")?.integer()?,
        opener_script: script("opener_script")?,
        accepter_script: script("accepter_script")?,
    };
    let close =
        Close::new(&channel, &terms).map_err(|error| fields.refuse("opener_msat", error))?;
    let rands = fields.get("session_rands")?;
    let refused = |error: SigningError| rands.refuse(error);
    let [first, second] = rands.list()?.try_into().map_err(|_| rands.refuse("not two"))?;
    let nonce = |secrets: &ChannelSecrets, rand: &Field<'_>| {
        Close::nonce(&channel, secrets, &mut rand.bytes()?).map_err(refused)
    };
    let (opener_nonce, accepter_nonce) = (nonce(&opener, &first)?, nonce(&accepter, &second)?);
    let nonces = [opener_nonce.public_nonce(), accepter_nonce.public_nonce()];
    let partials = [
        close.sign(&opener, opener_nonce, &nonces[1]).map_err(refused)?,
        close.sign(&accepter, accepter_nonce, &nonces[0]).map_err(refused)?,
    ];
    let signed = close.finish(Party::Opener, nonces, partials).map_err(refused)?;
    fields.step("sighash", hex::encode(close.sighash()));
    fields.step("nonces", nonces.map(|nonce| hex::encode(nonce.to_bytes())).to_vec());
    let partials = partials.map(|partial| hex::encode(partial.to_bytes()));
    fields.step("partial_signatures", partials.to_vec());
    fields.step("weight", signed.weight().to_wu());
    Ok(json!({ "transaction": serialize_hex(&signed) }))
}

fn read_party(field: &Field<'_>) -> Result<Party, Refusal> {
    match field.text()? {
        "opener" => Ok(Party::Opener),
        "accepter" => Ok(Party::Accepter),
        _ => Err(field.refuse("neither opener nor accepter")),
    }
}

fn read_channel(fields: &Fields<'_>) -> Result<Channel, Refusal> {
    let given = fields.get("channel")?.object()?;
    let index = given.get("funding_index")?;
    let vout = u32::try_from(index.integer()?).map_err(|error| index.refuse(error))?;
    let txid = Txid::from_byte_array(given.get("funding_txid")?.bytes()?);
    let terms = ChannelTerms {
        opener: read_terms(&given.get("opener")?.object()?)?,
        accepter: read_terms(&given.get("accepter")?.object()?)?,
        funding_outpoint: OutPoint { txid, vout },
        amount: Amount::from_sat(given.get("funding_sat")?.integer()?),
    };
    Channel::new(terms).map_err(|error| {
        let member = match &error {
            ChannelError::SameKey { key: "funding key" } => "accepter.funding_key".into(),
            ChannelError::SameKey { key: "payment basepoint" } => "accepter.payment_point".into(),
            ChannelError::SameKey { .. } => "accepter.htlc_point".into(),
            ChannelError::DustLimit { party, .. } => format!("{party}.dust_limit_sat"),
            ChannelError::ZeroDelay { party } => format!("{party}.delay"),
            _ => String::from("funding_sat"),
        };
        given.refuse(&member, error)
    })
}

fn read_terms(given: &Fields<'_>) -> Result<PartyTerms, Refusal> {
    let delay = given.get("delay")?;
    Ok(PartyTerms {
        funding: given.get("funding_key")?.point()?,
        payment: given.get("payment_point")?.point()?,
        delayed: given.get("delayed_point")?.point()?,
        htlc: given.get("htlc_point")?.point()?,
        revocation: given.get("revocation_point")?.point()?,
        dust_limit: Amount::from_sat(given.get("dust_limit_sat")?.integer()?),
        delay: u16::try_from(delay.integer()?).map_err(|error| delay.refuse(error))?,
    })
}

fn read_commitment(fields: &Fields<'_>) -> Result<Commitment, Refusal> {
    let channel = read_channel(fields)?;
    let given = fields.get("state")?.object()?;
    let list = given.get("edges")?.list()?;
    let edges: Vec<ChannelEdge> = list.iter().map(read_edge).collect::<Result<_, _>>()?;
    let terms = CommitmentTerms {
        publisher: read_party(&given.get("publisher")?)?,
        number: given.get("number")?.integer()?,
        point: given.get("commitment_point")?.point()?,
        opener_msat: given.get("opener_msat")?.integer()?,
        accepter_msat: given.get("accepter_msat")?.integer()?,
        edges: edges.clone(),
    };
    Commitment::new(&channel, terms).map_err(|error| match &error {
        // The later of two is one too many.
        ChannelError::DuplicateEdge { offerer, number }
        | ChannelError::DustPtlc { offerer, number, .. } => {
            let is = |edge: &ChannelEdge| {
                (edge.terms().offerer, edge.terms().number) == (*offerer, *number)
            };
            match edges.iter().rposition(is).and_then(|at| list.get(at)) {
                Some(item) => item.refuse(error),
                None => given.refuse("edges", error),
            }
        }
        ChannelError::CommitmentNumber { .. } => given.refuse("number", error),
        ChannelError::Amounts { .. } => given.refuse("opener_msat", error),
        _ => given.refuse("edges", error),
    })
}

fn read_edge(item: &Field<'_>) -> Result<ChannelEdge, Refusal> {
    let given = item.object()?;
    let expiry = given.get("expiry")?;
    let lock = match given.optional("lock_point") {
        Some(point) => Lock::Point(point.point()?),
        None => Lock::Hash(PaymentHash(given.get("payment_hash")?.bytes()?)),
    };
    let terms = EdgeTerms {
        offerer: read_party(&given.get("offerer")?)?,
        number: given.get("number")?.integer()?,
        amount_msat: given.get("amount_msat")?.integer()?,
        expiry: u32::try_from(expiry.integer()?).map_err(|error| expiry.refuse(error))?,
        lock,
    };
    ChannelEdge::standing(terms).map_err(|error| item.refuse(error))
}

/// Of the opener, and of the accepter.
fn read_secrets(fields: &Fields<'_>) -> Result<[ChannelSecrets; 2], Refusal> {
    let given = fields.get("secrets")?.object()?;
    let of = |party: &str| -> Result<ChannelSecrets, Refusal> {
        let given = given.get(party)?.object()?;
        Ok(ChannelSecrets {
            funding: given.get("funding_secret")?.keypair()?,
            payment: given.get("payment_secret")?.secret()?,
            delayed: given.get("delayed_secret")?.secret()?,
            htlc: given.get("htlc_secret")?.secret()?,
            revocation: given.get("revocation_secret")?.secret()?,
            seed: PerCommitmentSeed::new(given.get("seed")?.bytes()?),
        })
    };
    Ok([of("opener")?, of("accepter")?])
}

fn read_signed(fields: &Fields<'_>) -> Result<Signed, Refusal> {
    let commitment = read_commitment(fields)?;
    let [opener, accepter] = read_secrets(fields)?;
    let (publisher, other) = match commitment.terms().publisher {
        Party::Opener => (opener, accepter),
        Party::Accepter => (accepter, opener),
    };
    let rand = fields.get("session_rand")?;
    let refused = |error: SigningError| fields.refuse("secrets", error);
    let given = commitment.pre_sign_claims(&publisher).map_err(refused)?;
    let covered = CoveredCommitment::new(commitment.clone(), &given).map_err(refused)?;
    let nonce = publisher
        .verification_nonces(commitment.channel())
        .public(commitment.terms().number)
        .map_err(|error| fields.refuse("state", error))?;
    let signatures = covered.countersign(&other, &mut rand.bytes()?, &nonce);
    let signatures = signatures.map_err(|error| match error {
        SigningError::Funding { .. } => rand.refuse(error),
        error => refused(error),
    })?;
    let complete = CompleteCommitment::new(commitment, nonce, signatures).map_err(refused)?;
    Ok(Signed { complete, covered, publisher, other })
}

fn read_secret(field: &Field<'_>, is_point: bool) -> Result<LockSecret, Refusal> {
    if is_point {
        field.secret().map(LockSecret::Scalar)
    } else {
        field.bytes().map(|bytes| LockSecret::Preimage(Preimage::new(bytes)))
    }
}
