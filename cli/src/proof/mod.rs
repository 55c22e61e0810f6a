//! `pointlock proof`: payer proofs (`lnp1…`) for people, with a preimage and under points.
//!
//! | file | what it does |
//! | --- | --- |
//! | `create` | makes one, of an invoice that was paid |
//! | `show` | what one says, in words and as JSON |
//! | `verify` | checks what a verifier checks, and says what it may rely on |

mod create;
mod show;
mod verify;

use std::error::Error;

use pointlock::invoice::proof::PayerProof;

use crate::invoice::pasted;
use crate::terminal::{print, print_json};

/// What is done with a proof.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Makes a proof that an invoice was paid, showing of it what you choose, and prints its `lnp1…` text.
    ///
    /// With a preimage: BOLT 12's own proof, of an invoice that was asked for. With a point secret: of a static invoice with payment
    /// points for k payments, for one verifier.
    Create(Box<create::Args>),
    /// Shows what a proof says. Its signatures are verified; whose they are, is not.
    Show(ShowArgs),
    /// Checks a proof as a verifier does that knows the receiver's key, and says what is proven.
    Verify(verify::Args),
}

#[derive(clap::Args)]
struct ShowArgs {
    /// The `lnp1…` text; without it, or with -, it is read from standard input
    text: Option<String>,
    /// Prints it as JSON, fields by their names in BOLT 12
    #[arg(long)]
    json: bool,
}

/// Does it; an error is a refusal, and names the field.
pub(crate) fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    match &args.action {
        Action::Create(args) => create::run(args),
        Action::Show(args) => {
            let proof = read(args.text.as_deref())?;
            if args.json {
                print_json(&show::as_json(&proof))
            } else {
                Ok(print(&show::in_words(&proof))?)
            }
        }
        Action::Verify(args) => verify::run(args),
    }
}

fn read(argument: Option<&str>) -> Result<PayerProof, Box<dyn Error>> {
    Ok(pasted::text(argument)?.parse::<PayerProof>()?)
}
