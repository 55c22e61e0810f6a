//! `pointlock invoice`: static invoices for people.
//!
//! | file | what it does |
//! | --- | --- |
//! | `create` | signs an invoice with the receiver's key |
//! | `explain` | what an offer or an invoice says, in words |
//! | `fields` | the same as JSON, by the names of BOLT 12 |
//! | `flags` | errors, by the flags that were given |
//! | `pasted` | reads what a person pasted, and says what to do about what is something else |
//! | `verify` | checks what a payer checks, and says what it may rely on |
//! | `words` | amounts, times and chains as people read them |

pub(crate) mod create;
pub(crate) mod explain;
pub(crate) mod fields;
mod flags;
pub(crate) mod pasted;
mod verify;
mod words;

use std::error::Error;

use pointlock::invoice::OfferOrInvoice;

use crate::terminal::{print, print_json};

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
    ///
    /// Read as people paste it: with blanks and line ends around it, in upper case, in pieces joined by `+`, in a
    /// `lightning:` or `bitcoin:?lno=` link. What is something else (a BOLT 11 invoice, an LNURL, a file's name) is refused by what it is. Up
    /// to 2 MiB of text, 1 MiB of fields, and payment points for k = 1,024.
    Decode(DecodeArgs),
    /// Checks a static invoice as its payer does, and says what the payer may rely on.
    Verify(verify::Args),
}

#[derive(clap::Args)]
struct DecodeArgs {
    /// The `lni1…` or `lno1…` text, or a link with it; without it, or with -, it is read from standard input
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
            let message: OfferOrInvoice = pasted::read(args.text.as_deref())?;
            if args.json {
                print_json(&fields::by_name(&message))
            } else {
                Ok(print(&explain::message(&message))?)
            }
        }
        Action::Verify(args) => verify::run(args),
    }
}
