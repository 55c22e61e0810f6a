//! `pointlock proof` as a person runs it.
#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

#[path = "common/run.rs"]
mod run;
#[path = "../../tests/common/standards.rs"]
mod standards;

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use pointlock::curve::{Keypair, SecretScalar};
use pointlock::invoice::ktime::{NoteHash, PayerKey, PaymentPolynomial, PaymentTerms};
use pointlock::invoice::proof::PayerProof;
use pointlock::invoice::{StaticInvoice, StaticInvoiceBuilder, text};
use serde::Deserialize;
use serde_json::Value;

use run::{fails, run, succeeds};

const CHALLENGE: &str = "7777777777777777777777777777777777777777777777777777777777777777";

fn run_with(input: &str, args: &[&str]) -> Output {
    run("proof", input, args)
}

/// A file of this test's own, gone with it.
struct File(PathBuf);

impl File {
    fn new(name: &str, contents: &str) -> Self {
        let path = std::env::temp_dir().join(format!("pointlock-{}-{name}", std::process::id()));
        fs::write(&path, contents).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[derive(Deserialize)]
struct Common {
    payer_secret: String,
    preimage: String,
}

#[derive(Deserialize)]
struct Row {
    name: String,
    invoice: String,
    string: String,
}

/// BOLT 12's own invoice, with its payer's secrets.
fn requested() -> (Common, Row) {
    let (common, rows) = standards::file::<Common, Row>("bolt12/payer_proofs.json", 5);
    let row = rows.into_iter().find(|row| row.name == "minimal_disclosure").unwrap();
    (common, row)
}

fn issuer_of(text: &str) -> String {
    let proof: PayerProof = text.trim().parse().unwrap();
    proof.dangerous_claimed_invoice().invoice_node_id().to_string()
}

#[test]
fn with_a_preimage() {
    let (common, row) = requested();
    let key = File::new("preimage-key", &common.payer_secret);
    let preimage = File::new("preimage", &format!("{}\n", common.preimage));
    let invoice = text::encode("lni", &standards::bytes(&row.invoice)).unwrap();
    let secrets = ["--payer-key", key.path(), "--preimage", preimage.path()];
    let create =
        |more: &[&str]| run_with(&invoice, &[&["create"][..], &secrets[..], more].concat());
    let proof = succeeds(create(&["--show", "invoice_amount", "--note", "number 7"]));
    assert!(proof.starts_with("lnp1") && proof.ends_with('\n'));

    let shown = succeeds(run_with(&proof, &["show"]));
    for words in ["invoice_amount", "1000", "number 7", "left out", "whose keys they are"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    assert!(!shown.contains("invreq_amount"), "{shown}");
    let json: Value =
        serde_json::from_str(&succeeds(run_with(&proof, &["show", "--json"]))).unwrap();
    assert_eq!(json["fields"]["invoice_amount"], 1_000);
    assert_eq!((&json["kind"], &json["note"]), (&"preimage".into(), &"number 7".into()));

    let issuer = issuer_of(&proof);
    let verify = |more: &[&str]| {
        run_with(&proof, &[&["verify", "--from", issuer.as_str()][..], more].concat())
    };
    assert!(succeeds(verify(&["--note", "number 7"])).contains("the note that you have asked for"));
    assert!(succeeds(verify(&[])).contains("You have asked for no note"));
    let json: Value = serde_json::from_str(&succeeds(verify(&["--json"]))).unwrap();
    assert_eq!(json["valid"], true);
    assert_eq!(fails(verify(&["--note", "number 8"])), "pointlock: proof_note: another one\n");
    let refused = fails(verify(&["--verifier", "shop.example", "--challenge", CHALLENGE]));
    assert!(refused.contains("--verifier"), "{refused}");
    let stranger = Keypair::from_secret_bytes(&[9; 32]).unwrap().public_key().to_string();
    let refused = fails(run_with(&proof, &["verify", "--from", &stranger]));
    assert!(refused.contains("invoice_node_id"), "{refused}");

    // What was chosen, and what it was made of.
    let all: Value = {
        let proof = succeeds(create(&["--show-all"]));
        serde_json::from_str(&succeeds(run_with(&proof, &["show", "--json"]))).unwrap()
    };
    assert_eq!((&all["left_out"], &all["note"]), (&0.into(), &Value::Null));
    let by_type = succeeds(create(&["--show", "170"]));
    assert!(succeeds(run_with(&by_type, &["show"])).contains("invoice_amount"));
    for (more, words) in [
        (["--show", "invreq_metadata"], "invreq_metadata: shown"),
        (["--show", "offer_description"], "offer_description: not in the invoice"),
        (["--show", "nonsense"], "expected a name of BOLT 12"),
    ] {
        let refused = fails(create(&more));
        assert!(refused.contains(words), "{refused}");
    }
    let other = File::new("other-preimage", &"00".repeat(32));
    let refused = ["create", "--payer-key", key.path(), "--preimage", other.path()];
    assert!(fails(run_with(&invoice, &refused)).contains("proof_preimage"));
    let refused = ["create", "--payer-key", other.path(), "--preimage", preimage.path()];
    assert!(fails(run_with(&invoice, &refused)).contains("--payer-key"));
    let refused = ["create", "--payer-key", "-", "--preimage", preimage.path()];
    assert!(fails(run_with(&invoice, &refused)).contains("standard input"));
    assert!(
        fails(run_with(&row.string, &["create", secrets[0], secrets[1], secrets[2], secrets[3]]))
            .contains("\"lnp\", where an invoice")
    );
}

/// The published proof, as it is pasted from a QR code.
#[test]
fn a_proof_of_somebody_elses_maker() {
    let (_, row) = requested();
    let pasted = format!("  {}\n", row.string.to_uppercase());
    let shown = succeeds(run_with(&pasted, &["show", "-"]));
    assert!(shown.contains("6 fields of the invoice"), "{shown}");
    let issuer = issuer_of(&row.string);
    assert!(
        succeeds(run_with("", &["verify", &row.string, "--from", &issuer])).contains("rely on")
    );
    let mut cut = row.string.clone();
    cut.truncate(cut.len() - 8);
    assert!(!fails(run_with(&cut, &["show"])).is_empty());
    let refused = fails(run_with("lno1pg", &["show"]));
    assert!(
        refused.contains("an offer (lno1…), where a payer proof (lnp1…) is wanted"),
        "{refused}"
    );
}

struct Paid {
    invoice: StaticInvoice,
    key: File,
    secret: File,
    issuer: String,
}

/// A payment of 5,000 msat on a static invoice, with a note.
fn paid(name: &str) -> Paid {
    let receiver = Keypair::from_secret_bytes(&[2; 32]).unwrap();
    let polynomial = PaymentPolynomial::from_entropy(&[1; 32], 3).unwrap();
    let invoice = StaticInvoiceBuilder::new(polynomial.payment_points(), 1_750_000_000)
        .amount_msat(5_000)
        .description("coffee")
        .interim_route(&[receiver.public_key()])
        .sign(&receiver, &[0; 32])
        .unwrap();
    let key = SecretScalar::from_bytes(&[3; 32]).unwrap();
    let terms = PaymentTerms {
        payer: PayerKey::new(key.clone()).public_key(),
        invoice_id: invoice.invoice_id(),
        amount_msat: 5_000,
        note_hash: NoteHash::of(Some(b"table 4")),
    };
    let secret = polynomial.evaluate(&terms.x().unwrap()).unwrap();
    let hex = |secret: &SecretScalar| hex::encode(*secret.dangerous_to_bytes());
    Paid {
        invoice,
        key: File::new(&format!("{name}-key"), &hex(&key)),
        secret: File::new(&format!("{name}-secret"), &hex(&secret)),
        issuer: receiver.public_key().to_string(),
    }
}

#[test]
fn under_points() {
    let paid = paid("points");
    let create = |amount: &str, more: &[&str]| {
        let mut args = vec!["create", "--payer-key", paid.key.path()];
        args.extend(["--point-secret", paid.secret.path(), "--amount-msat", amount]);
        args.extend(["--payment-note", "table 4"]);
        args.extend(["--verifier", "shop.example", "--challenge", CHALLENGE]);
        args.extend(more);
        run_with(&paid.invoice.to_string(), &args)
    };
    let proof = succeeds(create("5000", &["--show", "offer_description"]));
    let asked = ["--from", &paid.issuer, "--verifier", "shop.example", "--challenge", CHALLENGE];
    let verify = |args: &[&str]| run_with(&proof, &[&["verify"][..], args].concat());
    let verdict = succeeds(verify(&asked));
    for words in ["5,000 msat", "\"coffee\"", "over your challenge"] {
        assert!(verdict.contains(words), "{words}: {verdict}");
    }
    let json: Value =
        serde_json::from_str(&succeeds(run_with(&proof, &["show", "--json"]))).unwrap();
    assert_eq!((&json["kind"], &json["amount_msat"]), (&"points".into(), &5_000.into()));

    let mut other = asked;
    other[3] = "bank.example";
    assert_eq!(fails(verify(&other)), "pointlock: proof_verifier: another verifier's\n");
    let elsewhere = "78".repeat(32);
    let mut other = asked;
    other[5] = &elsewhere;
    assert_eq!(fails(verify(&other)), "pointlock: proof_challenge: another one\n");
    assert!(fails(verify(&asked[..2])).contains("--verifier and --challenge"));
    let more = [&asked[..], &["--note", "x"]].concat();
    assert_eq!(fails(verify(&more)), "pointlock: proof_note: another one\n");
    // Another amount than was charged has another point.
    assert!(fails(create("5001", &[])).contains(
        "point_secret: does not open Z(x), the point of this payer with this amount and note: look at --payer-key"
    ));
    // A static invoice has no proof with a preimage.
    let hash = ["create", "--payer-key", paid.key.path(), "--preimage", paid.secret.path()];
    assert!(
        fails(run_with(&paid.invoice.to_string(), &hash)).contains("proven with --point-secret")
    );
    let missing = ["create", "--payer-key", paid.key.path(), "--point-secret", paid.secret.path()];
    assert!(fails(run_with(&paid.invoice.to_string(), &missing)).contains("--amount-msat"));
    let neither = ["create", "--payer-key", paid.key.path()];
    assert!(fails(run_with(&paid.invoice.to_string(), &neither)).contains("--preimage"));
}

/// Where an invoice is wanted, a proof is told from it.
#[test]
fn a_proof_is_no_invoice() {
    let (_, row) = requested();
    let output = Command::new(env!("CARGO_BIN_EXE_pointlock"))
        .args(["invoice", "decode", &row.string])
        .output()
        .unwrap();
    assert!(fails(output).contains("pointlock proof show"));
}
