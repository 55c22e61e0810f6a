//! `pointlock fetch`: a payer's side of a vault. What is not the receiver's is refused.

use std::error::Error;

use pointlock::curve::Point;
use pointlock::invoice::{PaymentLock, StaticInvoice};
use pointlock_vault::Clock;
use pointlock_vault::client::{Bolt11Fetched, Expected, Whose};
use serde_json::json;

use super::Where;
use crate::keys::parse_node_id;
use crate::terminal::{print, print_json, say};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    vault: Where,
    /// The receiver's node id, known from elsewhere than the vault; without it the vault's word is taken, and said to be
    #[arg(long, value_name = "NODE_ID", value_parser = parse_node_id)]
    key: Option<Point>,
    /// Fetches a BOLT 11 invoice of this amount in millisatoshi in place of the static one: it is handed out once, so pay it
    #[arg(long, value_name = "MSAT")]
    bolt11: Option<u64>,
    /// What the receiver is told with it
    #[arg(long, requires = "bolt11")]
    comment: Option<String>,
}

pub(crate) fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    let client = args.vault.client()?;
    let name = &args.vault.address.name;
    let expected =
        Expected { chain: args.vault.chain, key: args.key.as_ref(), now: Clock::machine() };
    match args.bolt11 {
        None => static_report(args, &client.fetch_static(name, &expected)?),
        Some(amount) => {
            let fetched = client.fetch_bolt11(name, amount, args.comment.as_deref(), &expected)?;
            bolt11_report(args, &fetched, amount)
        }
    }
}

fn static_report(args: &Args, invoice: &StaticInvoice) -> Result<(), Box<dyn Error>> {
    let (lock, relies) = match invoice.lock() {
        None => (
            "none",
            "It has no lock of the receiver's: to have paid it proves nothing, and whoever holds it last takes the payment.",
        ),
        Some(PaymentLock::Hash(_)) => (
            "payment_hash",
            "It may be paid once. If the vault hands it out twice, a node of the first payer's route can take your payment.",
        ),
        Some(PaymentLock::Points(points)) if points.k() == 0 => (
            "static_point",
            "It may be paid any number of times. You, somebody who paid before and a node of your route would have to join to take your \
             payment; to have paid proves nothing of your own.",
        ),
        Some(PaymentLock::Points(_)) => (
            "payment_points",
            "You pay under a point of your own. Until the receiver has claimed more payments than the points are good for, nobody but it can \
             take yours, whoever joins; and you can prove that you paid.",
        ),
        Some(_) => ("unknown", "This command does not know its lock: don't pay it."),
    };
    let node_id = invoice.invoice_node_id();
    if args.vault.json {
        return print_json(&json!({
            "invoice": invoice.to_string(), "invoice_id": invoice.invoice_id().to_string(), "node_id": node_id.to_string(),
            "key_is_known": args.key.is_some(), "lock": lock, "expires_at": invoice.expires_at(),
        }));
    }
    let mut text = String::new();
    say!(text, "{invoice}");
    say!(text, "Signed by {node_id}, {}", whose(args));
    say!(text, "{relies}");
    Ok(print(&text)?)
}

fn whose(args: &Args) -> String {
    match args.key {
        Some(_) => "the key that you gave: the vault can't have made it.".to_owned(),
        None => format!(
            "which is whom the vault says {} to be. Compare it with what you know from elsewhere, keep it, and give it as --key the next time.",
            args.vault.address.name
        ),
    }
}

fn bolt11_report(args: &Args, fetched: &Bolt11Fetched, amount: u64) -> Result<(), Box<dyn Error>> {
    let (whose, relies) = match fetched.whose {
        Whose::Signed => {
            ("signed", "The receiver's key, which you gave, has signed it.".to_owned())
        }
        Whose::OfPool { lsp } => (
            "pool",
            format!(
                "An LSP has signed it ({lsp}); the receiver's key, which you gave, has signed its payment hash."
            ),
        ),
        _ => (
            "unknown",
            "Whose it is nobody has shown: give the receiver's node id as --key.".to_owned(),
        ),
    };
    if args.vault.json {
        return print_json(&json!({
            "invoice": fetched.text, "payment_hash": hex::encode(fetched.payment_hash), "amount_msat": amount,
            "expires_at": fetched.expires_at, "whose": whose,
        }));
    }
    let mut text = String::new();
    say!(text, "{}", fetched.text);
    say!(
        text,
        "For exactly {amount} msat, on {}, until {} (UNIX time).",
        args.vault.chain,
        fetched.expires_at
    );
    say!(text, "{relies}");
    say!(
        text,
        "It may be paid once. That the vault has not handed it to somebody else before, nothing shows."
    );
    Ok(print(&text)?)
}
