use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use pointlock::bitcoin::Network;
use pointlock::curve::{Keypair, SecretScalar};
use pointlock::invoice::{ChainHash, StaticInvoice, StaticInvoiceBuilder};
use sha2::{Digest as _, Sha256};

use crate::chain::Chain;
use crate::clock::Clock;
use crate::name::Name;
use crate::request::Request;
use crate::store::{Batch, Door, Form, NewOneTime, NewStatic, Store, Terms};

/// Receivers with what they have left.
pub(super) struct Stock {
    keys: Vec<Keypair>,
    length: usize,
}

/// Hashes of each of the first receivers, from which one-time invoices are asked for.
const HASHES: u32 = 1_000;
const WITH_HASHES: u32 = 50;

fn secret(kind: &str, number: u32) -> Result<SecretScalar, Box<dyn Error>> {
    let bytes: [u8; 32] = Sha256::digest(format!("vault-bench {kind} {number}")).into();
    Ok(SecretScalar::from_bytes(&bytes)?)
}

fn name(number: u32) -> String {
    format!("receiver{number}")
}

fn invoice(key: &Keypair, point: &SecretScalar) -> Result<StaticInvoice, Box<dyn Error>> {
    Ok(StaticInvoiceBuilder::new(point.to_point(), Clock::machine())
        .chain(ChainHash::REGTEST)
        .amount_msat(5_000)
        .description("coffee")
        .interim_route(&[key.public_key()])
        .sign(key, &[0; 32])?)
}

impl Stock {
    pub(super) async fn fill(
        database: &str,
        data: &Path,
        receivers: u32,
    ) -> Result<Self, Box<dyn Error>> {
        std::fs::write(data.join("lsp.key"), hex::encode([77; 32]))?;
        let chain = Chain::new(Network::Regtest);
        let store = Store::open(database, data, chain, Arc::default()).await?;
        let (mut keys, mut length) = (Vec::new(), 0);
        let mut tx = store.begin().await?;
        for number in 0..receivers {
            let key = Keypair::new(secret("key", number)?);
            let name: Name = name(number).parse()?;
            store.put_receiver_in(&mut tx, &name, &key.public_key(), &Terms::default()).await?;
            keys.push(key);
        }
        tx.commit().await?;
        let mut tx = store.begin().await?;
        for number in 0..receivers {
            let key = &keys[number as usize];
            let invoice = invoice(key, &secret("point", number)?)?;
            length = invoice.to_string().len() + 150;
            let receiver =
                store.receiver(&name(number).parse()?).await?.ok_or("a receiver is missing")?;
            let new = NewStatic { door: Door::Web, invoice: &invoice, request_path: None };
            store.put_static_in(&mut tx, &receiver, &new).await?;
            if number < WITH_HASHES {
                let now = Clock::machine();
                let item = |index| NewOneTime {
                    payment_hash: Sha256::digest(format!("vault-bench hash {number} {index}"))
                        .into(),
                    amount_msat: None,
                    description_hash: None,
                    invoice: None,
                    created_at: now,
                    expires_at: now + 86_400,
                    signature: Some([0; 64]),
                };
                let batch = Batch { form: Form::Hash, items: (0..HASHES).map(item).collect() };
                store.put_one_time_in(&mut tx, &receiver, &batch, u64::MAX).await?;
            }
        }
        tx.commit().await?;
        store.close().await;
        Ok(Self { keys, length })
    }

    /// Of the answer to a fetch.
    pub(super) fn fetch_length(&self) -> usize {
        self.length
    }

    fn receiver(&self, number: u64) -> u32 {
        // A prime's multiples meet all of them, in no order that a cache likes.
        u32::try_from(number.wrapping_mul(7_919) % self.keys.len() as u64).unwrap_or(0)
    }

    pub(super) fn fetch(&self, number: u64) -> Vec<u8> {
        let name = name(self.receiver(number));
        format!("GET /v1/receivers/{name}/invoice HTTP/1.1\r\nHost: vault\r\n\r\n").into_bytes()
    }

    #[expect(clippy::unused_self, reason = "as the others")]
    pub(super) fn callback(&self, number: u64) -> Vec<u8> {
        let name = name(u32::try_from(number % u64::from(WITH_HASHES)).unwrap_or(0));
        format!("GET /lnurlp/{name}/callback?amount=2000 HTTP/1.1\r\nHost: vault\r\n\r\n")
            .into_bytes()
    }

    /// A fresh static invoice of each of so many receivers.
    pub(super) fn uploads(&self, origin: &str, seconds: u64) -> Vec<Vec<u8>> {
        let most = (seconds * 300).min(self.keys.len() as u64);
        let upload = |number: u64| {
            let number = self.receiver(number);
            let key = &self.keys[number as usize];
            let invoice = invoice(key, &secret("next point", number).ok()?).ok()?;
            let body = format!("{{\"invoice\":\"{invoice}\"}}");
            let path = format!("/v1/receivers/{}/invoice", name(number));
            let request = Request { origin, method: "PUT", path: &path, body: body.as_bytes() };
            let by = request.sign(key, Clock::machine(), rand::random(), &[0; 32]);
            let head = format!(
                "PUT {path} HTTP/1.1\r\nHost: vault\r\nAuthorization: {by}\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            Some((head + &body).into_bytes())
        };
        (0..most).filter_map(upload).collect()
    }
}
