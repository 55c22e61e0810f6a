//! Makes a proof.

use std::error::Error;
use std::path::PathBuf;

use pointlock::curve::Keypair;
use pointlock::invoice::ktime::{NoteHash, PayerKey, PaymentTerms, PointSecret};
use pointlock::invoice::proof::{
    Challenge, PayerProof, PaymentProof, PreimageProof, ProofContents, ProofError, ProofRequest,
    Verifier,
};
use pointlock::invoice::{Field, StaticInvoice, text};

use crate::invoice::pasted;
use crate::{secret_file, terminal};

#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("secret").required(true)))]
pub(super) struct Args {
    /// The `lni1…` text of the invoice that was paid; without it, or with -, it is read from standard input
    text: Option<String>,
    /// The payer's secret key for this invoice, 64 hexadecimal digits in a file; - for standard input
    #[arg(long, value_name = "FILE")]
    payer_key: PathBuf,
    /// The preimage that the payment ended with, in a file
    #[arg(long, value_name = "FILE", group = "secret")]
    preimage: Option<PathBuf>,
    /// The point secret z(x) that the payment ended with, in a file
    #[arg(long, value_name = "FILE", group = "secret", requires_all = ["amount_msat", "verifier", "challenge"])]
    point_secret: Option<PathBuf>,
    /// Under points: what was paid, in millisatoshi
    #[arg(long, value_name = "MSAT", requires = "point_secret")]
    amount_msat: Option<u64>,
    /// Under points: the note that was sent with the payment, where one was
    #[arg(long, value_name = "TEXT", requires = "point_secret")]
    payment_note: Option<String>,
    /// Under points: the verifier's name, such as its domain, or its node id. Compare it with whom you talk to
    #[arg(long, value_name = "NAME", requires = "point_secret")]
    verifier: Option<String>,
    /// Under points: the verifier's challenge, 64 hexadecimal digits
    #[arg(long, value_name = "HEX", requires = "point_secret", value_parser = parse_challenge)]
    challenge: Option<Challenge>,
    /// A field of the invoice to show besides what has to be shown, by its name in BOLT 12 or its type
    #[arg(long, value_name = "FIELD", value_parser = parse_field)]
    show: Vec<Field>,
    /// Shows all that can be shown
    #[arg(long, conflicts_with = "show")]
    show_all: bool,
    /// A text that you sign along, such as what a verifier has asked for
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

/// The proof's text to standard output.
pub(super) fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    let files = [Some(&args.payer_key), args.preimage.as_ref(), args.point_secret.as_ref()];
    let from_input = files.iter().flatten().filter(|path| terminal::is_standard(path)).count();
    let reads_text = args.text.as_deref().is_none_or(|text| text == "-");
    if from_input + usize::from(reads_text) > 1 {
        return Err("standard input: one of invoice and secrets can be read from it".into());
    }
    let text = pasted::text(args.text.as_deref())?;
    let key = secret_file::read_key("--payer-key", &args.payer_key)?;
    let proof = match (&args.preimage, &args.point_secret) {
        (Some(path), _) => with_preimage(args, &text, path, &key)?,
        (None, Some(path)) => under_points(args, &text, path, &key)?,
        (None, None) => return Err("--preimage or --point-secret: one is needed".into()),
    };
    Ok(terminal::print(&format!("{proof}\n"))?)
}

fn with_preimage(
    args: &Args,
    text: &str,
    path: &std::path::Path,
    key: &Keypair,
) -> Result<PayerProof, Box<dyn Error>> {
    let (prefix, invoice) = text::decode(text)?;
    if prefix != "lni" {
        return Err(
            format!("text: starts with {prefix:?}, where an invoice (lni1…) is wanted").into()
        );
    }
    let preimage = secret_file::read_preimage("--preimage", path)?;
    let aux_rand = rand::random();
    let proof = PreimageProof::create(&invoice, &preimage, key, &contents(args), &aux_rand);
    Ok(proof.map_err(|error| of_create(&error))?.into())
}

fn under_points(
    args: &Args,
    text: &str,
    path: &std::path::Path,
    key: &Keypair,
) -> Result<PayerProof, Box<dyn Error>> {
    let invoice: StaticInvoice = text.parse()?;
    let secret = secret_file::read_key("--point-secret", path)?;
    let secret = PointSecret::new(secret.secret_key().clone());
    let (Some(amount_msat), Some(verifier), Some(challenge)) =
        (args.amount_msat, &args.verifier, args.challenge)
    else {
        return Err("--point-secret: needs --amount-msat, --verifier and --challenge".into());
    };
    let key = PayerKey::new(key.secret_key().clone());
    let terms = PaymentTerms {
        payer: key.public_key(),
        invoice_id: invoice.invoice_id(),
        amount_msat,
        note_hash: NoteHash::of(args.payment_note.as_deref().map(str::as_bytes)),
    };
    let request = ProofRequest { verifier: Verifier::named(verifier), challenge };
    let aux_rand = rand::random();
    let contents = contents(args);
    let proof =
        PaymentProof::create_with(&invoice, &terms, &key, &secret, &request, &contents, &aux_rand);
    Ok(proof.map_err(|error| of_create(&error))?.into())
}

/// The error, with the flag that has brought the key.
fn of_create(error: &ProofError) -> String {
    match error {
        ProofError::OtherPayer => {
            "--payer-key: not that of the invoice's invreq_payer_id".to_owned()
        }
        ProofError::NotThePointSecret => {
            format!(
                "{error}, the point of this payer with this amount and note: look at --payer-key, --amount-msat and --payment-note, too"
            )
        }
        ProofError::Missing("invreq_metadata") => {
            format!(
                "{error}: nobody has asked for this invoice; a static one is proven with --point-secret"
            )
        }
        _ => error.to_string(),
    }
}

fn contents(args: &Args) -> ProofContents {
    let mut contents = ProofContents::new().show(args.show.iter().copied());
    if args.show_all {
        contents = contents.show_all();
    }
    match &args.note {
        Some(note) => contents.note(note),
        None => contents,
    }
}

/// For the command line: 64 hexadecimal digits.
pub(super) fn parse_challenge(text: &str) -> Result<Challenge, String> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| "expected 64 hexadecimal digits")?;
    Ok(Challenge::new(bytes))
}

fn parse_field(text: &str) -> Result<Field, String> {
    let by_type = || text.parse().ok().map(Field::from_type);
    Field::by_name(text)
        .or_else(by_type)
        .ok_or_else(|| "expected a name of BOLT 12, such as offer_description, or a type: `pointlock invoice decode` shows both".to_owned())
}
