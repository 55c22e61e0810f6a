//! What a verifier checks, and what it may rely on then.

use std::error::Error;

use pointlock::curve::Point;
use pointlock::invoice::proof::{Challenge, PayerProof, ProofRequest, Verifier};
use serde_json::json;

use super::{create, show};
use crate::keys::parse_node_id;
use crate::terminal::{print, print_json};

#[derive(clap::Args)]
pub(super) struct Args {
    /// The `lnp1…` text; without it, or with -, it is read from standard input
    text: Option<String>,
    /// The key that signs the receiver's invoices, known from elsewhere than the proof
    #[arg(long, value_name = "NODE_ID", value_parser = parse_node_id)]
    from: Point,
    /// The note that you have asked for
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// Your name, by which you have asked for a proof under points
    #[arg(long, value_name = "NAME", requires = "challenge")]
    verifier: Option<String>,
    /// The challenge that you have given, 64 hexadecimal digits, for a proof under points
    #[arg(long, value_name = "HEX", requires = "verifier", value_parser = create::parse_challenge)]
    challenge: Option<Challenge>,
    /// Prints the verdict as JSON
    #[arg(long)]
    json: bool,
}

/// Refuses what proves nothing, by the first check that fails.
pub(super) fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    let proof = super::read(args.text.as_deref())?;
    check(args, &proof)?;
    if args.json {
        let mut verdict = show::as_json(&proof);
        verdict["valid"] = json!(true);
        verdict["rely_on"] = json!(promises(args, &proof));
        return print_json(&verdict);
    }
    let mut text = show::claims(&proof);
    text += "\nwhat you may rely on\n";
    for promise in promises(args, &proof) {
        text += &format!("  {promise}\n");
    }
    text += &show::fields_of(proof.dangerous_claimed_invoice());
    Ok(print(&text)?)
}

fn check(args: &Args, proof: &PayerProof) -> Result<(), Box<dyn Error>> {
    match proof {
        PayerProof::Preimage(proof) => {
            if args.verifier.is_some() {
                let what =
                    "--verifier: the proof has a preimage, and is for anyone; ask for a --note";
                return Err(what.into());
            }
            proof.verify(&args.from, args.note.as_deref())?;
        }
        PayerProof::Points(proof) => {
            let (Some(verifier), Some(challenge)) = (&args.verifier, args.challenge) else {
                let what = "--verifier and --challenge: the proof is under points, and for whoever has asked for it";
                return Err(what.into());
            };
            let request = ProofRequest { verifier: Verifier::named(verifier), challenge };
            proof.verify(&args.from, &request)?;
            if args.note.is_some() && args.note.as_deref() != proof.note() {
                return Err("proof_note: another one".into());
            }
        }
        _ => return Err("proof: of a kind that this command does not know".into()),
    }
    Ok(())
}

fn promises(args: &Args, proof: &PayerProof) -> Vec<&'static str> {
    let mut promises = vec![
        "The invoice is signed by the key that you named. The fields below stand in it; of what is left out you know nothing.",
    ];
    match proof {
        PayerProof::Preimage(_) => {
            promises.push(
                "Whoever has made the proof knows the preimage, and has the key with which the invoice was asked for. The preimage \
                 alone every node of the payment's route knows, and the receiver.",
            );
            promises.push(if args.note.is_some() {
                "It has the note that you have asked for. If you have drawn that for this proof, it was not shown before; to whom \
                 else it is shown now, it does not say."
            } else {
                "You have asked for no note: somebody to whom it was shown may show it to you."
            });
        }
        _ => promises.push(
            "The holder of the payer's key, or somebody whom it had sign, was charged this amount on this invoice; or the receiver broke \
             its rule, or a claim of its became known and came too late. It is made for you, over your challenge.",
        ),
    }
    promises
}
