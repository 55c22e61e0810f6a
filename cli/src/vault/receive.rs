//! `pointlock receive`: a receiver's side of a vault.

use std::error::Error;
use std::path::{Path, PathBuf};

use pointlock::curve::{Keypair, Point, SecretScalar};
use pointlock::invoice::ktime::PaymentPolynomial;
use pointlock::invoice::{PaymentPath, PaymentPoints, StaticInvoice, StaticInvoiceBuilder};
use pointlock::wire::{BlindedPath, IntroductionNode};
use pointlock_vault::client::{Client, ClientError};
use pointlock_vault::pool::{PoolHash, PoolTerms};
use pointlock_vault::store::{NoticeKind, State, Terms};
use pointlock_vault::{Clock, HashesLeft, Listing, OneTimeLeft, PoolHashLeft};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::Where;
use crate::invoice::create::{parse_path, parse_payment_path};
use crate::keys::parse_node_id;
use crate::secret_file;
use crate::terminal::{print, print_json, say, visible};

/// Two weeks.
const EXPIRES_IN: u32 = 14 * 24 * 3600;
/// An invoice that ends sooner is replaced.
const A_DAY: u64 = 24 * 3600;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    vault: Where,
    /// The receiver's secret key, 64 hexadecimal digits in a file
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Gives the name this key in place of --key; all that the former one has signed is withdrawn. What is left with --k and
    /// --pool is the new one's then
    #[arg(long, value_name = "FILE")]
    new_key: Option<PathBuf>,

    /// Leaves a static invoice for K payments (1 to 1,024), or for any number with one point (0), where none is there, it runs low or it
    /// ends within a day
    #[arg(long, requires = "secrets_out", value_parser = clap::value_parser!(u16).range(0..=PaymentPolynomial::MAX_K as i64))]
    k: Option<u16>,
    /// The new file for the secrets of its points, a line each: written before the invoice is left
    #[arg(long, value_name = "FILE", requires = "k")]
    secrets_out: Option<PathBuf>,
    /// The least amount of the static invoice, in millisatoshi
    #[arg(long, value_name = "MSAT", default_value_t = 1_000)]
    amount_msat: u64,
    /// What is paid for
    #[arg(long, default_value = "a payment")]
    description: String,
    /// The next node of the interim route, in the order of payment; the receiver comes last by itself
    #[arg(long, value_name = "NODE_ID", value_parser = parse_node_id)]
    route: Vec<Point>,
    /// A blinded path to pay along, as `blinded_path` and `blinded_payinfo` in hexadecimal digits with a colon between: with one
    /// the invoice is as BOLT 12 has it, and payers find it by onion messages, too
    #[arg(long, value_name = "PATH:PAYINFO", requires_all = ["k", "message_path"], value_parser = parse_payment_path)]
    path: Vec<PaymentPath>,
    /// A blinded path to tell the receiver along that a payment is held, as `blinded_path` in hexadecimal digits
    #[arg(long, value_name = "PATH", requires = "path", value_parser = parse_path)]
    message_path: Vec<BlindedPath<IntroductionNode>>,
    /// A blinded path to ask for the invoice along, in place of those to the vault
    #[arg(long, value_name = "PATH", requires = "path", value_parser = parse_path)]
    offer_path: Vec<BlindedPath<IntroductionNode>>,
    /// Leaves a new invoice even if the one that is there is good
    #[arg(long, requires = "k")]
    fresh: bool,

    /// Leaves so many payment hashes, for wallets that know nothing but BOLT 11
    #[arg(long, value_name = "COUNT", requires = "preimages_out", value_parser = clap::value_parser!(u16).range(1..=2_000))]
    pool: Option<u16>,
    /// The new file for their preimages, a line each: written before the hashes are left
    #[arg(long, value_name = "FILE", requires = "pool")]
    preimages_out: Option<PathBuf>,
    /// For how many days they may be paid
    #[arg(long, value_name = "DAYS", default_value_t = 90, value_parser = clap::value_parser!(u64).range(1..=3_650))]
    pool_days: u64,
}

pub(crate) fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    let mut key = secret_file::read_key("--key", &args.key)?;
    let new_key = match &args.new_key {
        Some(path) => Some(secret_file::read_key("--new-key", path)?),
        None => None,
    };
    let client = args.vault.client()?;
    let name = &args.vault.address.name;
    let mut done = Vec::new();
    let mut listing = match client.list(&key, name) {
        Err(ClientError::Refused { kind, .. }) if kind == "unknown" => {
            client.register(&key, name, &Terms::default())?;
            done.push(format!("{name} is registered under {}", key.public_key()));
            client.list(&key, name)?
        }
        other => other?,
    };
    if let Some(new) = new_key {
        let ended = client.change_key(&key, name, &new)?;
        done.push(format!(
            "{name} has the key {}: {} static invoices and {} one-time invoices of the former one are withdrawn; tell payers the new one",
            new.public_key(),
            ended.statics,
            ended.one_time
        ));
        key = new;
        listing = client.list(&key, name)?;
    }
    if let (Some(k), Some(path)) = (args.k, &args.secrets_out) {
        match is_good(&listing) {
            true if !args.fresh => {
                done.push("the static invoice that is there is good, and stays".to_owned())
            }
            _ => {
                let invoice = leave_invoice(args, &client, &key, &listing, (k, path))?;
                done.push(format!("left the static invoice {}", invoice.invoice_id()));
            }
        }
    }
    if let (Some(count), Some(path)) = (args.pool, &args.preimages_out) {
        leave_pool(args, &client, &key, count, path)?;
        done.push(format!("left {count} payment hashes"));
    }
    let after = client.list(&key, name)?;
    if args.vault.json {
        print_json(&after)?;
    } else {
        print(&report(&done, &listing, &after))?;
    }
    if !listing.notices.is_empty() {
        // Whoever reads this has been told; what still holds is said again.
        client.forget_notices(&key, name)?;
    }
    Ok(())
}

/// Whether payers may still be sent to it.
fn is_good(listing: &Listing) -> bool {
    let current = listing.statics.iter().find(|row| row.door == "web");
    current.is_some_and(|row| {
        let is_low = row.k.is_some_and(|k| k > 0 && row.handed_out >= k - k / 4);
        !is_low && row.expires_at > Clock::machine() + A_DAY
    })
}

/// The secrets are durable before the vault has the invoice: whatever happens then, what is paid can be claimed.
fn leave_invoice(
    args: &Args,
    client: &Client,
    key: &Keypair,
    listing: &Listing,
    (k, secrets_out): (u16, &Path),
) -> Result<StaticInvoice, Box<dyn Error>> {
    let offer_paths = offer_paths(args, listing)?;
    let entropy = Zeroizing::new(rand::random::<[u8; 32]>());
    let secrets = match k {
        0 => vec![SecretScalar::from_bytes(&entropy)?],
        k => PaymentPolynomial::from_entropy(&entropy, usize::from(k))?.coefficients().to_vec(),
    };
    let points = PaymentPoints::new(secrets.iter().map(SecretScalar::to_point).collect())
        .ok_or("too many points")?;
    let mut builder = StaticInvoiceBuilder::new(points, Clock::machine())
        .chain(args.vault.chain.hash())
        .amount_msat(args.amount_msat)
        .description(&args.description)
        .issuer(&args.vault.address.to_string())
        .relative_expiry(EXPIRES_IN);
    if !args.path.is_empty() {
        builder =
            builder.offer_paths(&offer_paths).paths(&args.path).message_paths(&args.message_path);
    }
    if !args.route.is_empty() || args.path.is_empty() {
        let mut route = args.route.clone();
        if route.last() != Some(&key.public_key()) {
            route.push(key.public_key());
        }
        builder = builder.interim_route(&route);
    }
    let invoice = builder.sign(key, &rand::random())?;
    secret_file::write("--secrets-out", secrets_out, &secrets)?;
    client.leave_invoice(key, &args.vault.address.name, &invoice.to_string())?;
    Ok(invoice)
}

/// Along which payers ask for the invoice: by themselves they end at the vault, with what says whose it is inside.
fn offer_paths(
    args: &Args,
    listing: &Listing,
) -> Result<Vec<BlindedPath<IntroductionNode>>, String> {
    if args.path.is_empty() || !args.offer_path.is_empty() {
        return Ok(args.offer_path.clone());
    }
    match &listing.peer {
        None => {
            Err("--path: this vault takes no peers, so payers need an --offer-path to somebody who does"
                .to_owned())
        }
        Some(peer) => {
            let read = |text: &String| {
                parse_path(text).map_err(|error| format!("a path that the vault gave: {error}"))
            };
            peer.offer_paths.iter().map(read).collect()
        }
    }
}

fn leave_pool(
    args: &Args,
    client: &Client,
    key: &Keypair,
    count: u16,
    path: &Path,
) -> Result<(), Box<dyn Error>> {
    let draw = |_| SecretScalar::from_bytes(&Zeroizing::new(rand::random::<[u8; 32]>()));
    let preimages = (0..count).map(draw).collect::<Result<Vec<_>, _>>()?;
    secret_file::write("--preimages-out", path, &preimages)?;
    let created_at = Clock::machine();
    let terms = PoolTerms {
        chain: args.vault.chain.hash(),
        created_at,
        expires_at: created_at + args.pool_days * A_DAY,
    };
    let sign = |preimage: &SecretScalar| {
        let hash = Sha256::digest(*preimage.dangerous_to_bytes()).into();
        let signed = PoolHash::sign(hash, &terms, key, &rand::random());
        PoolHashLeft {
            payment_hash: hex::encode(signed.payment_hash),
            signature: hex::encode(signed.signature.serialize()),
        }
    };
    let hashes = preimages.iter().map(sign).collect();
    let pool = HashesLeft { created_at, expires_at: terms.expires_at, hashes };
    Ok(client.leave_one_time(
        key,
        &args.vault.address.name,
        &OneTimeLeft { pool: Some(pool), ..OneTimeLeft::default() },
    )?)
}

fn report(done: &[String], before: &Listing, after: &Listing) -> String {
    let mut text = String::new();
    for line in done {
        say!(text, "{line}");
    }
    for notice in &before.notices {
        let words = match notice.kind {
            NoticeKind::PointsLow => {
                "a static invoice was handed out for most of the payments that it is good for: leave a fresh one (--k)"
            }
            NoticeKind::PointsSpent => {
                "a static invoice was handed out for all payments that it is good for: leave a fresh one (--k)"
            }
            NoticeKind::StockLow => "few one-time invoices are left (--pool)",
            NoticeKind::StockEmpty => "no one-time invoice is left (--pool)",
            NoticeKind::Restored => {
                "the vault was restored from a backup: the one-time invoices that it had are retired, leave fresh ones (--pool)"
            }
        };
        say!(text, "notice: {words}");
    }
    say!(text, "{}", visible(&after.address));
    for row in &after.statics {
        let k = match row.k {
            None => "a plain BOLT 12 invoice".to_owned(),
            Some(0) => "a static point, for any number of payments".to_owned(),
            Some(k) => format!("for {k} payments"),
        };
        say!(
            text,
            "  static invoice {}: {k}, handed out {} times",
            visible(row.invoice_id.get(..16).unwrap_or(&row.invoice_id)),
            row.handed_out
        );
    }
    let count = |state| {
        after.one_time.iter().filter(|row| row.state == state).map(|row| row.count).sum::<u64>()
    };
    let (ready, handed, retired) =
        (count(State::Ready), count(State::Handed), count(State::Retired));
    say!(text, "  one-time invoices: {ready} ready, {handed} handed out, {retired} retired");
    text
}
