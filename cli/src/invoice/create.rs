//! Signs an invoice. Secrets come from files or standard input and go to files: a command line is for all to see.

use std::error::Error;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use pointlock::curve::{Keypair, Point, SecretScalar};
use pointlock::invoice::ktime::PaymentPolynomial;
use pointlock::invoice::{
    Amount, BlindedPayInfo, ChainHash, Offer, OfferBuilder, PaymentLock, PaymentPath,
    PaymentPoints, StaticInvoice, StaticInvoiceBuilder,
};
use pointlock::lock::PaymentHash;
use pointlock::wire::{BlindedPath, Features, IntroductionNode};
use serde_json::json;
use zeroize::Zeroizing;

use super::words;
use crate::terminal::{print, print_json};

/// Two weeks.
const EXPIRES_IN: u32 = 14 * 24 * 3600;

#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("lock").required(true)))]
pub(super) struct Args {
    /// The receiver's secret key, 64 hexadecimal digits in a file; - for standard input
    #[arg(long, value_name = "FILE")]
    secret_key: PathBuf,

    /// Draws a fresh static point (0), or fresh payment points for K payments; needs --secrets-out
    #[arg(long, group = "lock", requires = "secrets_out", value_parser = clap::value_parser!(u16).range(0..=PaymentPolynomial::MAX_K as i64))]
    k: Option<u16>,
    /// The new file for the secrets of these points: z_0 … z_K, a line each
    #[arg(long, value_name = "FILE", requires = "k")]
    secrets_out: Option<PathBuf>,
    /// A payment point whose secret you have: once for a static point, k + 1 times for a polynomial
    #[arg(long, value_name = "POINT", group = "lock")]
    payment_point: Vec<Point>,
    /// A payment hash, in place of points: then the invoice must not be paid twice
    #[arg(long, value_name = "HASH", group = "lock", value_parser = parse_hash)]
    payment_hash: Option<PaymentHash>,

    /// The offer that the invoice is for, whose fields it repeats; the key has to be the offer's issuer's
    #[arg(long, value_name = "OFFER", conflicts_with_all = ["amount_msat", "description", "issuer", "chain", "offer_expiry", "offer_path"])]
    offer: Option<Offer>,
    /// The least amount
    #[arg(long, value_name = "MSAT", requires = "description")]
    amount_msat: Option<u64>,
    /// What is paid for
    #[arg(long)]
    description: Option<String>,
    /// Who you are, best as user@domain
    #[arg(long)]
    issuer: Option<String>,
    /// The chain to be paid on, if not bitcoin
    #[arg(long, value_parser = words::parse_chain)]
    chain: Option<ChainHash>,
    /// The last second of the offer, UNIX time
    #[arg(long, value_name = "SECONDS")]
    offer_expiry: Option<u64>,
    /// For how many seconds the invoice may be paid
    #[arg(long, value_name = "SECONDS", default_value_t = EXPIRES_IN)]
    expires_in: u32,
    /// When it was created, UNIX time in seconds, in place of the clock's
    #[arg(long, value_name = "SECONDS")]
    created_at: Option<u64>,
    /// Lets a payment come in several parts
    #[arg(long)]
    allow_parts: bool,

    /// The next node of the interim route, in the order of payment; the receiver comes last by itself
    #[arg(long, value_name = "NODE_ID")]
    route: Vec<Point>,
    /// A blinded path to pay along, as `blinded_path` and `blinded_payinfo` in hexadecimal digits with a colon between;
    /// with --message-path and an --offer-path, as BOLT 12 wants it
    #[arg(long, value_name = "PATH:PAYINFO", value_parser = parse_payment_path)]
    path: Vec<PaymentPath>,
    /// A blinded path to tell the receiver along that a payment is held, as `blinded_path` in hexadecimal digits
    #[arg(long, value_name = "PATH", value_parser = parse_path)]
    message_path: Vec<BlindedPath<IntroductionNode>>,
    /// A blinded path to ask for the invoice along, as `blinded_path` in hexadecimal digits
    #[arg(long, value_name = "PATH", value_parser = parse_path)]
    offer_path: Vec<BlindedPath<IntroductionNode>>,

    /// Prints the invoice, the offer that it repeats, and the invoice's id as JSON
    #[arg(long)]
    json: bool,
}

/// Signs, stores the secrets, prints, in this order.
pub(super) fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    let key = read_key(&args.secret_key)?;
    let (lock, secrets) = lock(args)?;
    let invoice = sign(args, &key, lock)?;
    if let Some(path) = &args.secrets_out {
        write_secrets(path, &secrets)?;
    }
    if !args.json {
        return Ok(print(&format!("{invoice}\n"))?);
    }
    print_json(&json!({
        "invoice": invoice.to_string(),
        "offer": invoice.offer().to_string(),
        "invoice_id": invoice.invoice_id().to_string(),
    }))
}

/// What the invoice is locked to, and the secrets of points that were drawn for it, if any were.
fn lock(args: &Args) -> Result<(PaymentLock, Vec<SecretScalar>), Box<dyn Error>> {
    if let Some(k) = args.k {
        let secrets = draw(usize::from(k))?;
        let points = secrets.iter().map(SecretScalar::to_point).collect();
        return Ok((payment_points(points)?.into(), secrets));
    }
    let lock = match args.payment_hash {
        Some(hash) => PaymentLock::Hash(hash),
        None => payment_points(args.payment_point.clone())?.into(),
    };
    Ok((lock, Vec::new()))
}

fn payment_points(points: Vec<Point>) -> Result<PaymentPoints, String> {
    let (actual, most) = (points.len(), PaymentPoints::MAX_K + 1);
    PaymentPoints::new(points)
        .ok_or_else(|| format!("payment_points: {actual} points, but it takes 1 to {most}"))
}

fn draw(k: usize) -> Result<Vec<SecretScalar>, Box<dyn Error>> {
    let entropy = Zeroizing::new(rand::random::<[u8; 32]>());
    if k == 0 {
        return Ok(vec![SecretScalar::from_bytes(&entropy)?]);
    }
    Ok(PaymentPolynomial::from_entropy(&entropy, k)?.coefficients().to_vec())
}

fn sign(args: &Args, key: &Keypair, lock: PaymentLock) -> Result<StaticInvoice, Box<dyn Error>> {
    let is_polynomial = matches!(&lock, PaymentLock::Points(points) if points.k() > 0);
    let offer = match &args.offer {
        Some(offer) => offer.clone(),
        None => new_offer(args, &key.public_key()).build()?,
    };
    // Or anyone could use up the k payments for nothing.
    if is_polynomial && !matches!(offer.amount(), Some(Amount::Millisatoshi(_))) {
        return Err("offer_amount: missing, in an invoice with k-time payment points".into());
    }
    let created_at = args.created_at.unwrap_or_else(words::now);
    let mut builder =
        StaticInvoiceBuilder::for_offer(&offer, lock, created_at).relative_expiry(args.expires_in);
    if args.allow_parts {
        builder = builder.features(&Features::of(&[17]));
    }
    if !args.path.is_empty() {
        builder = builder.paths(&args.path);
    }
    if !args.message_path.is_empty() {
        builder = builder.message_paths(&args.message_path);
    }
    if !args.route.is_empty() || args.path.is_empty() {
        let mut route = args.route.clone();
        if route.last() != Some(&key.public_key()) {
            route.push(key.public_key());
        }
        builder = builder.interim_route(&route);
    }
    Ok(builder.sign(key, &rand::random())?)
}

fn new_offer(args: &Args, issuer_id: &Point) -> OfferBuilder {
    let mut builder = OfferBuilder::new().issuer_id(issuer_id);
    if let Some(chain) = args.chain {
        builder = builder.chains(&[chain]);
    }
    if let Some(amount) = args.amount_msat {
        builder = builder.amount_msat(amount);
    }
    if let Some(description) = &args.description {
        builder = builder.description(description);
    }
    if let Some(issuer) = &args.issuer {
        builder = builder.issuer(issuer);
    }
    if let Some(expiry) = args.offer_expiry {
        builder = builder.absolute_expiry(expiry);
    }
    if !args.offer_path.is_empty() {
        builder = builder.paths(&args.offer_path);
    }
    builder
}

fn read_key(path: &Path) -> Result<Keypair, String> {
    // A key is 64 digits; what is much longer is something else, and need not be in memory.
    const ENOUGH: u64 = 1024;
    let name = path.display();
    let refuse = |error: &dyn std::fmt::Display| format!("secret_key: {name}: {error}");
    let mut text = Zeroizing::new(String::with_capacity(ENOUGH as usize));
    let read = if path == Path::new("-") {
        std::io::stdin().take(ENOUGH).read_to_string(&mut text)
    } else {
        File::open(path).and_then(|file| file.take(ENOUGH).read_to_string(&mut text))
    };
    read.map_err(|error| refuse(&error))?;
    let mut bytes = Zeroizing::new([0; 32]);
    hex::decode_to_slice(text.trim(), &mut *bytes).map_err(|error| refuse(&error))?;
    Keypair::from_secret_bytes(&bytes).map_err(|error| refuse(&error))
}

/// To a new file, which its owner alone reads.
fn write_secrets(path: &Path, secrets: &[SecretScalar]) -> Result<(), String> {
    let mut text = Zeroizing::new(String::with_capacity(secrets.len() * 65));
    for secret in secrets {
        let digits = Zeroizing::new(hex::encode(*secret.dangerous_to_bytes()));
        text.push_str(&digits);
        text.push('\n');
    }
    store(path, text.as_bytes())
        .map_err(|error| format!("secrets_out: {}: {error}", path.display()))
}

/// Writes a new file that is there after a power cut: the invoice is printed next. A file that could not be written is not left behind.
fn store(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    let stored =
        file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| sync_folder(path));
    if stored.is_err() {
        // What went wrong is said already.
        let _ = std::fs::remove_file(path);
    }
    stored
}

/// The name of a new file is not durable before its folder is. Only Unix lets one flush a folder.
fn sync_folder(path: &Path) -> io::Result<()> {
    if !cfg!(unix) {
        return Ok(());
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    File::open(folder)?.sync_all()
}

fn parse_hash(text: &str) -> Result<PaymentHash, String> {
    let mut hash = [0; 32];
    hex::decode_to_slice(text, &mut hash).map_err(|error| error.to_string())?;
    Ok(PaymentHash(hash))
}

fn parse_path(text: &str) -> Result<BlindedPath<IntroductionNode>, String> {
    let bytes = hex::decode(text).map_err(|error| error.to_string())?;
    let (path, length) = BlindedPath::read(&bytes).map_err(|error| error.to_string())?;
    if length == bytes.len() { Ok(path) } else { Err("bytes are left behind the path".into()) }
}

fn parse_payment_path(text: &str) -> Result<PaymentPath, String> {
    let (path, pay_info) = text.split_once(':').ok_or("no colon before the payinfo")?;
    let bytes = hex::decode(pay_info).map_err(|error| error.to_string())?;
    match BlindedPayInfo::read(&bytes) {
        Some((pay_info, length)) if length == bytes.len() => {
            Ok(PaymentPath::new(parse_path(path)?, pay_info))
        }
        Some(_) => Err("bytes are left behind the payinfo".into()),
        None => Err("payinfo is truncated".into()),
    }
}
