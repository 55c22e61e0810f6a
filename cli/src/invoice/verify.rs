//! What a payer checks, and what it may rely on then.

use std::error::Error;
use std::path::{Path, PathBuf};

use pointlock::curve::Point;
use pointlock::invoice::{Amount, ChainHash, Offer, PaymentLock, Rate, StaticInvoice};
use serde_json::{Value, json};

use super::{explain, flags, pasted, words};
use crate::keys::parse_node_id;
use crate::narration::grouped;
use crate::secret_file;
use crate::terminal::{self, number, print, print_json};

#[derive(clap::Args)]
pub(super) struct Args {
    /// The `lni1…` text, or a link with it; without it, or with -, it is read from standard input
    text: Option<String>,
    /// The node id of the receiver, known from elsewhere than the invoice
    #[arg(long, value_name = "NODE_ID", value_parser = parse_node_id)]
    from: Option<Point>,
    /// The `lno1…` offer that the invoice was asked for with
    #[arg(long, value_name = "OFFER", value_parser = pasted::parse::<Offer>)]
    offer: Option<Offer>,
    /// The chain to pay on
    #[arg(long, default_value = "bitcoin", value_parser = words::parse_chain)]
    chain: ChainHash,
    /// The UNIX time to check expiry at, in seconds, in place of the clock's
    #[arg(long, value_name = "SECONDS", value_parser = number(0..=words::LAST_SECOND))]
    at: Option<u64>,
    /// What a currency is worth, for an invoice in one: millisatoshi for a minor unit, such as a cent, or for several (EUR=15000,
    /// EUR=1500000/100)
    #[arg(long, value_name = "CODE=MSAT[/UNITS]", value_parser = words::parse_rate)]
    rate: Option<Rate>,
    /// For the receiver: whether the secrets in this file, from `create --secrets-out`, are those of the invoice's points; - for
    /// standard input
    #[arg(long, value_name = "FILE")]
    secrets: Option<PathBuf>,
    /// Prints the verdict as JSON
    #[arg(long)]
    json: bool,
}

/// Refuses what must not be paid, by the first check that fails.
pub(super) fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    let reads_text = args.text.as_deref().is_none_or(|text| text == "-");
    if reads_text && args.secrets.as_deref().is_some_and(terminal::is_standard) {
        return Err("--secrets: standard input has the invoice already".into());
    }
    let invoice: StaticInvoice = pasted::read(args.text.as_deref())?;
    let now = args.at.unwrap_or_else(words::now);
    check(args, &invoice, now)?;
    if args.json {
        print_json(&verdict(args, &invoice, now))
    } else {
        Ok(print(&report(args, &invoice, now))?)
    }
}

/// The signature is one of the invoice's own: nothing is read without it.
fn check(args: &Args, invoice: &StaticInvoice, now: u64) -> Result<(), String> {
    let in_words = |error| flags::in_words(&error);
    invoice.check_chain(args.chain).map_err(|error| flags::by_flag("--chain", &error))?;
    let created_at = invoice.invoice_created_at();
    if created_at > now {
        let (created, now) = (words::time(created_at), words::time(now));
        return Err(format!(
            "invoice_created_at: {created} is in the future, now it is {now}; if the clock is wrong, give the time with --at"
        ));
    }
    invoice.check_not_expired(now).map_err(in_words)?;
    if let Some(expected) = &args.from {
        invoice.verify_issuer(expected).map_err(|_| {
            format!(
                "--from: it is signed by {}, not by the node that you named",
                invoice.invoice_node_id()
            )
        })?;
    }
    if let Some(offer) = &args.offer {
        let refuse = |error| format!("--offer: {}", flags::in_words(&error));
        invoice.verify_offer(offer).map_err(refuse)?;
    }
    if let (Some(rate), Some(Amount::Currency { code, .. })) = (&args.rate, invoice.amount()) {
        if rate.code() != code {
            return Err(format!("--rate: for {}, and the invoice is in {code}", rate.code()));
        }
    }
    match &args.secrets {
        Some(path) => check_secrets(path, invoice),
        None => Ok(()),
    }
}

/// Whether these are the secrets of the invoice's points, all of them and in their order.
fn check_secrets(path: &Path, invoice: &StaticInvoice) -> Result<(), String> {
    let Some(PaymentLock::Points(points)) = invoice.lock() else {
        return Err("--secrets: the invoice has no payment points".to_owned());
    };
    let points = points.as_slice();
    let secrets = secret_file::read("--secrets", path, points.len())?;
    let refuse = |reason: String| Err(format!("--secrets: {}: {reason}", path.display()));
    if secrets.len() != points.len() {
        return refuse(format!("{} secrets for {} points", secrets.len(), points.len()));
    }
    match secrets.iter().zip(points).position(|(secret, point)| secret.to_point() != *point) {
        Some(index) => refuse(format!("line {} is not the secret of point {index}", index + 1)),
        None => Ok(()),
    }
}

/// What a payment may be worth, in words, where that can be said.
fn amount(args: &Args, invoice: &StaticInvoice) -> String {
    match (invoice.amount(), invoice.amount_range(args.rate.as_ref())) {
        (Some(Amount::Currency { code, .. }), Err(_)) => {
            format!(
                "{}; say with --rate {code}=MSAT what that is worth",
                words::amount(invoice.amount())
            )
        }
        (Some(amount @ Amount::Currency { .. }), Ok(range)) => {
            format!(
                "{}: {} msat at your rate",
                words::amount(Some(amount)),
                grouped(*range.start())
            )
        }
        (amount, _) => words::amount(amount),
    }
}

/// Who signed, as far as that was compared with anything.
fn signer(args: &Args, invoice: &StaticInvoice) -> String {
    match (&args.from, &args.offer) {
        (Some(_), _) => "It is signed by the node that you named. Whoever handed it to you can \
            have withheld another invoice or handed you an old one, and can't have forged this one."
            .to_owned(),
        (None, Some(_)) => "It is signed by the issuer of the offer that you gave, and repeats that \
            offer. If the offer is the receiver's, whoever handed you the invoice can't have forged it."
            .to_owned(),
        (None, None) => format!(
            "It is signed by {}, and nothing says whose key that is: whoever handed you the \
             invoice may have made it. Compare with --from or --offer what you know from elsewhere.",
            invoice.invoice_node_id()
        ),
    }
}

/// What holds for a payment, by the lock.
fn promises(lock: Option<&PaymentLock>) -> Vec<String> {
    let lines: &[&str] = match lock {
        Some(PaymentLock::Points(points)) if points.k() == 0 => &[
            "It may be paid any number of times. Nobody takes your payment who lacks the secret of \
             your sending node: but that node, somebody who paid before (the vault may be the one) and \
             a hop together can.",
            "What you end with proves that somebody has paid, not that you have.",
        ],
        Some(PaymentLock::Points(points)) => {
            let k = points.k();
            return vec![
                format!(
                    "Until the receiver has claimed more than {k} payments, nobody but the receiver can \
                     claim yours, whoever works together: your own sending node, the vault, every LSP \
                     and all who paid before. How many it has claimed, the invoice does not say: the \
                     receiver has to count, and to refuse beyond {k}."
                ),
                "You end with a proof of payment of your own, for whoever asks you: it says that you \
                 were charged this amount on this invoice, or that the receiver broke its rule, or that \
                 its claim became known and came too late."
                    .to_owned(),
            ];
        }
        Some(PaymentLock::Hash(_)) => &[
            "It may be paid once, by one payer. If it was handed out before, every node of the first \
             route can take your payment, and nothing here shows whether it was.",
            "What you end with, every node of the route has too.",
        ],
        _ => &[
            "It has no lock of the receiver's: you draw the preimage and send it along, so you end with \
             no proof of payment. The payment roles of this project refuse to pay it.",
        ],
    };
    lines.iter().map(|line| (*line).to_owned()).collect()
}

fn kind(lock: Option<&PaymentLock>) -> (Value, Value) {
    match lock {
        Some(PaymentLock::Points(points)) => (json!("points"), json!(points.k())),
        Some(PaymentLock::Hash(_)) => (json!("hash"), Value::Null),
        _ => (Value::Null, Value::Null),
    }
}

fn verdict(args: &Args, invoice: &StaticInvoice, now: u64) -> Value {
    let (lock, k) = kind(invoice.lock());
    let mut promises = promises(invoice.lock());
    promises.insert(0, signer(args, invoice));
    json!({
        "valid": true,
        "invoice_id": invoice.invoice_id().to_string(),
        "invoice_node_id": invoice.invoice_node_id().to_string(),
        "issuer_compared": args.from.is_some() || args.offer.is_some(),
        "checked_at": now,
        "payable_to": last_second(invoice),
        "least_msat": least_msat(args, invoice),
        "lock": lock,
        "k": k,
        "rely_on": promises,
    })
}

/// Null where only a rate could say it.
fn least_msat(args: &Args, invoice: &StaticInvoice) -> Option<u64> {
    invoice.amount_range(args.rate.as_ref()).ok().map(|range| *range.start())
}

/// Of invoice and offer, what ends first.
fn last_second(invoice: &StaticInvoice) -> u64 {
    invoice.expires_at().min(invoice.offer_absolute_expiry().unwrap_or(u64::MAX))
}

fn report(args: &Args, invoice: &StaticInvoice, now: u64) -> String {
    let mut lines = explain::Lines::default();
    let issuer = match (&args.from, &args.offer) {
        (None, None) => "not compared with anything",
        (Some(_), None) => "the node that you named",
        (None, Some(_)) => "the issuer of your offer",
        (Some(_), Some(_)) => "the node that you named, and the issuer of your offer",
    };
    lines.add("signature", format!("valid, by {}", invoice.invoice_node_id()));
    lines.add("signer", issuer);
    lines.add("asks for", amount(args, invoice));
    lines.add("chain", words::chain(invoice.chain()));
    let (checked, last) = (words::time(now), words::time(last_second(invoice)));
    lines.add("expiry", format!("payable to {last}, checked at {checked}"));
    lines.add("locked to", explain::lock(invoice.lock()));
    if args.secrets.is_some() {
        lines.add("secrets", "those of its points");
    }
    let mut text = format!("static invoice {}\n{lines}", invoice.invoice_id());
    text += "\nwhat you may rely on\n";
    text += &format!("  {}\n", signer(args, invoice));
    for promise in promises(invoice.lock()) {
        text += &format!("  {promise}\n");
    }
    text
}
