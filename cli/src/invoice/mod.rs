//! `pointlock invoice`: static invoices for people.
//!
//! | file | what it does |
//! | --- | --- |
//! | `create` | signs an invoice with the receiver's key |
//! | `explain` | what an offer or an invoice says, in words |
//! | `fields` | the same as JSON, by the names of BOLT 12 |
//! | `verify` | checks what a payer checks, and says what it may rely on |
//! | `words` | amounts, times and chains as people read them |

mod create;
mod explain;
pub(crate) mod fields;
mod verify;
mod words;

use std::error::Error;
use std::io::{self, Read, Write};

use pointlock::invoice::{InvoiceError, Offer, StaticInvoice, text};

/// What is done with an invoice.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Signs a static invoice with the receiver's key, and prints it.
    Create(Box<create::Args>),
    /// Explains a static invoice or an offer, ours or any other.
    Decode(DecodeArgs),
    /// Checks a static invoice as its payer does, and says what the payer may rely on.
    Verify(verify::Args),
}

#[derive(clap::Args)]
struct DecodeArgs {
    /// The `lni1…` or `lno1…` text; without it, it is read from standard input
    text: Option<String>,
    /// Prints the fields as JSON, by their names in BOLT 12
    #[arg(long)]
    json: bool,
}

/// Does it; an error is a refusal, and names the field.
pub(crate) fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    match &args.action {
        Action::Create(args) => create::run(args),
        Action::Decode(args) => {
            let message: Message = message_text(args.text.as_deref())?.parse()?;
            if args.json {
                print_json(&message.fields())
            } else {
                print(&explain::message(&message))
            }
        }
        Action::Verify(args) => verify::run(args),
    }
}

/// What is decoded here.
pub(crate) enum Message {
    /// `lno1…`
    Offer(Box<Offer>),
    /// `lni1…`
    StaticInvoice(Box<StaticInvoice>),
}

impl Message {
    /// Every field by its name.
    pub(crate) fn fields(&self) -> serde_json::Value {
        match self {
            Self::Offer(offer) => fields::by_name(&offer.fields(), |field| offer.value(field)),
            Self::StaticInvoice(invoice) => {
                fields::by_name(&invoice.fields(), |field| invoice.value(field))
            }
        }
    }
}

impl std::str::FromStr for Message {
    type Err = InvoiceError;

    fn from_str(text: &str) -> Result<Self, InvoiceError> {
        // What is neither is refused as no invoice.
        if text::decode(text)?.0 == "lno" {
            text.parse().map(Box::new).map(Self::Offer)
        } else {
            text.parse().map(Box::new).map(Self::StaticInvoice)
        }
    }
}

/// The text from the command line or else from standard input, without white space around it.
fn message_text(argument: Option<&str>) -> Result<String, Box<dyn Error>> {
    let text = match argument {
        Some(text) if text != "-" => text.to_owned(),
        _ => {
            let mut text = String::new();
            io::stdin().read_to_string(&mut text).map_err(|error| format!("text: {error}"))?;
            text
        }
    };
    Ok(text.trim().to_owned())
}

fn print(text: &str) -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

fn print_json(value: &serde_json::Value) -> Result<(), Box<dyn Error>> {
    print(&format!("{value:#}\n"))
}
