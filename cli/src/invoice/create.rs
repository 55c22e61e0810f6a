//! Signs an invoice.

use std::error::Error;
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use pointlock::curve::{Keypair, Point, SecretScalar, fresh};
use pointlock::invoice::ktime::PaymentPolynomial;
use pointlock::invoice::{
    Amount, BlindedPayInfo, ChainHash, InvoiceError, Offer, OfferBuilder, PaymentLock, PaymentPath,
    PaymentPoints, StaticInvoice, StaticInvoiceBuilder,
};
use pointlock::lock::PaymentHash;
use pointlock::wire::{BlindedPath, Features, IntroductionNode};
use serde_json::{Value, json};

use super::{flags, pasted, words};
use crate::keys::parse_node_id;
use crate::secret_file;
use crate::terminal::{self, number, print, print_json};

/// Two weeks.
const EXPIRES_IN: u32 = 14 * 24 * 3600;
/// All money there will be.
const MOST_MSAT: u64 = 21_000_000 * 100_000_000 * 1_000;

#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("lock").required(true)))]
pub(super) struct Args {
    /// The receiver's secret key, 64 hexadecimal digits in a file; - for standard input
    #[arg(long, value_name = "FILE")]
    secret_key: PathBuf,

    /// Draws a fresh static point (0), or fresh payment points for K payments (1 to 1,024), whose invoice asks for millisatoshi
    /// (--amount-msat): with no least amount anyone could use the K payments up for nothing. Needs --secrets-out
    #[arg(long, group = "lock", requires = "secrets_out", value_parser = number(0..=PaymentPolynomial::MAX_K as u16))]
    k: Option<u16>,
    /// The new file for the secrets of these points: z_0 … z_K, a line each; - prints them behind the invoice. `--secrets` here and
    /// in `verify` reads it
    #[arg(long, value_name = "FILE", requires = "k")]
    secrets_out: Option<PathBuf>,
    /// The static point whose secret is in this file; - for standard input. Payment points for k payments belong to one invoice
    /// alone, and are not taken from a file
    #[arg(long, value_name = "FILE", group = "lock")]
    secrets: Option<PathBuf>,
    /// A payment point whose secret you have: once for a static point, k + 1 times for a polynomial
    #[arg(long, value_name = "POINT", group = "lock")]
    payment_point: Vec<Point>,
    /// A payment hash, in place of points: then the invoice must not be paid twice
    #[arg(long, value_name = "HASH", group = "lock", value_parser = parse_hash)]
    payment_hash: Option<PaymentHash>,

    /// The offer that the invoice is for, whose fields it repeats; the key has to be the offer's issuer's
    #[arg(long, value_name = "OFFER", value_parser = pasted::parse::<Offer>, conflicts_with_all = ["amount_msat", "currency", "amount_minor", "description", "issuer", "chain", "offer_expiry", "offer_path"])]
    offer: Option<Offer>,
    /// The least amount, in millisatoshi (1 to 2,100,000,000,000,000,000)
    #[arg(long, value_name = "MSAT", requires = "description", conflicts_with = "currency", value_parser = number(1..=MOST_MSAT))]
    amount_msat: Option<u64>,
    /// The currency of the least amount, by its code of three capital letters, such as EUR: it is paid at a rate that payer and
    /// receiver give. Not with --k of 1 or more
    #[arg(long, value_name = "CODE", requires_all = ["amount_minor", "description"])]
    currency: Option<String>,
    /// The least amount in the currency's minor unit, such as cents (1 or more)
    #[arg(long, value_name = "UNITS", requires = "currency", value_parser = number(1..=u64::MAX))]
    amount_minor: Option<u64>,
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
    #[arg(long, value_name = "SECONDS", value_parser = number(0..=u64::MAX))]
    offer_expiry: Option<u64>,
    /// For how many seconds the invoice may be paid (1 to 4,294,967,295)
    #[arg(long, value_name = "SECONDS", default_value_t = EXPIRES_IN, value_parser = number(1..=u32::MAX))]
    expires_in: u32,
    /// When it was created, UNIX time in seconds, in place of the clock's
    #[arg(long, value_name = "SECONDS", value_parser = number(0..=words::LAST_SECOND))]
    created_at: Option<u64>,
    /// Lets a payment come in several parts
    #[arg(long)]
    allow_parts: bool,

    /// The next node of the interim route, in the order of payment; the receiver comes last by itself
    #[arg(long, value_name = "NODE_ID", value_parser = parse_node_id)]
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
    if args.secrets.as_deref().is_some_and(terminal::is_standard)
        && terminal::is_standard(&args.secret_key)
    {
        return Err("--secrets: standard input has the --secret-key already".into());
    }
    check_amount(args)?;
    let key = secret_file::read_key("--secret-key", &args.secret_key)?;
    let (lock, secrets) = lock(args)?;
    let invoice = sign(args, &key, lock)?;
    let mut printed = Vec::new();
    match &args.secrets_out {
        Some(path) if terminal::is_standard(path) => printed = secrets,
        Some(path) => secret_file::write("--secrets-out", path, &secrets)?,
        None => {}
    }
    if args.json {
        print_json(&answer(&invoice, &printed))?;
    } else {
        print(&format!("{invoice}\n"))?;
        print(&secret_file::lines(&printed))?;
    }
    if args.route.is_empty() && args.path.is_empty() {
        terminal::complain(
            "pointlock: no --route and no --path: only a node with a channel to the receiver finds the way",
        );
    }
    Ok(())
}

const NO_AMOUNT: &str = "--amount-msat: missing; an invoice for k payments asks for millisatoshi";

/// What flags alone show to be missing is a mistake on the command line.
fn check_amount(args: &Args) -> Result<(), clap::Error> {
    let is_said = args.amount_msat.is_some() || args.currency.is_some() || args.offer.is_some();
    if is_said || args.k.is_none_or(|k| k == 0) {
        return Ok(());
    }
    Err(clap::Error::raw(ErrorKind::MissingRequiredArgument, NO_AMOUNT))
}

/// The invoice as JSON, and the secrets that no file has.
fn answer(invoice: &StaticInvoice, printed: &[SecretScalar]) -> Value {
    let mut answer = json!({
        "invoice": invoice.to_string(),
        "offer": invoice.offer().to_string(),
        "invoice_id": invoice.invoice_id().to_string(),
    });
    if !printed.is_empty() {
        answer["secrets"] = secret_file::lines(printed).lines().collect();
    }
    answer
}

/// What the invoice is locked to, and the secrets of points that were drawn for it, if any were.
fn lock(args: &Args) -> Result<(PaymentLock, Vec<SecretScalar>), Box<dyn Error>> {
    if let Some(k) = args.k {
        let secrets = draw(usize::from(k))?;
        let points = secrets.iter().map(SecretScalar::to_point).collect();
        return Ok((payment_points(points)?.into(), secrets));
    }
    if let Some(path) = &args.secrets {
        return Ok((payment_points(vec![static_point(path)?])?.into(), Vec::new()));
    }
    let lock = match args.payment_hash {
        Some(hash) => PaymentLock::Hash(hash),
        None => payment_points(args.payment_point.clone())?.into(),
    };
    Ok((lock, Vec::new()))
}

fn static_point(path: &Path) -> Result<Point, String> {
    let secrets = secret_file::read("--secrets", path, PaymentPoints::MAX_K + 1)?;
    match secrets.as_slice() {
        [secret] => Ok(secret.to_point()),
        [] => Err(format!("--secrets: {}: empty, expected the secret of a point", path.display())),
        _ => Err(format!(
            "--secrets: {}: {} secrets, and a polynomial in two invoices is good for k payments over both; draw another with --k",
            path.display(),
            secrets.len()
        )),
    }
}

fn payment_points(points: Vec<Point>) -> Result<PaymentPoints, String> {
    let (actual, most) = (points.len(), PaymentPoints::MAX_K + 1);
    PaymentPoints::new(points)
        .ok_or_else(|| format!("--payment-point: {actual} points, but it takes 1 to {most}"))
}

fn draw(k: usize) -> Result<Vec<SecretScalar>, Box<dyn Error>> {
    let mut rng = rand::rng();
    if k == 0 {
        return Ok(vec![SecretScalar::from_rng(&mut rng)]);
    }
    Ok(PaymentPolynomial::from_rng(&mut rng, k)?.coefficients().to_vec())
}

fn sign(args: &Args, key: &Keypair, lock: PaymentLock) -> Result<StaticInvoice, String> {
    let is_polynomial = matches!(&lock, PaymentLock::Points(points) if points.k() > 0);
    let amount_flag = if args.currency.is_some() { "--amount-minor" } else { "--amount-msat" };
    let refuse = |error: InvoiceError| match &args.offer {
        Some(_) if error.field().is_some_and(|field| field.tlv_type() < 80) => {
            format!("--offer: {}", flags::in_words(&error))
        }
        _ => flags::of_create(&error, amount_flag),
    };
    let offer = match &args.offer {
        Some(offer) => offer.clone(),
        None => new_offer(args, &key.public_key()).build().map_err(refuse)?,
    };
    // Or anyone could use up the k payments for nothing.
    if is_polynomial && !matches!(offer.amount(), Some(Amount::Millisatoshi(_))) {
        let flag = match (&args.offer, &args.currency) {
            (Some(_), _) => "--offer: offer_amount",
            (None, Some(_)) => "--currency",
            (None, None) => return Err(NO_AMOUNT.to_owned()),
        };
        return Err(format!(
            "{flag}: an invoice for k payments asks for millisatoshi: --amount-msat"
        ));
    }
    let created_at = args.created_at.unwrap_or_else(words::now);
    offer.check_not_expired(created_at).map_err(refuse)?;
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
    builder.sign(key, &fresh(&mut rand::rng())).map_err(refuse)
}

fn new_offer(args: &Args, issuer_id: &Point) -> OfferBuilder {
    let mut builder = OfferBuilder::new().issuer_id(issuer_id);
    if let Some(chain) = args.chain {
        builder = builder.chains(&[chain]);
    }
    if let Some(amount) = args.amount_msat {
        builder = builder.amount_msat(amount);
    }
    if let (Some(code), Some(units)) = (&args.currency, args.amount_minor) {
        builder = builder.amount_in_currency(code, units);
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

const NO_HEX: &str = "expected hexadecimal digits";

fn parse_hash(text: &str) -> Result<PaymentHash, String> {
    let mut hash = [0; 32];
    let refuse = |error| match error {
        hex::FromHexError::InvalidHexCharacter { .. } => NO_HEX.to_owned(),
        _ => format!("{} characters, expected 64 hexadecimal digits", text.chars().count()),
    };
    hex::decode_to_slice(text, &mut hash).map_err(refuse)?;
    Ok(PaymentHash(hash))
}

/// `blinded_path` in hexadecimal digits.
pub(crate) fn parse_path(text: &str) -> Result<BlindedPath<IntroductionNode>, String> {
    let bytes = hex::decode(text).map_err(|_| NO_HEX)?;
    let (path, length) = BlindedPath::read(&bytes).map_err(|error| error.to_string())?;
    if length == bytes.len() { Ok(path) } else { Err("bytes are left behind the path".into()) }
}

/// `blinded_path` and `blinded_payinfo` in hexadecimal digits, a colon between.
pub(crate) fn parse_payment_path(text: &str) -> Result<PaymentPath, String> {
    let (path, pay_info) =
        text.split_once(':').ok_or("expected PATH:PAYINFO, both in hexadecimal digits")?;
    let bytes = hex::decode(pay_info).map_err(|_| NO_HEX)?;
    match BlindedPayInfo::read(&bytes) {
        Some((pay_info, length)) if length == bytes.len() => {
            Ok(PaymentPath::new(parse_path(path)?, pay_info))
        }
        Some(_) => Err("bytes are left behind the payinfo".into()),
        None => Err("payinfo is truncated".into()),
    }
}
