//! `pointlock bench`: what the verbs cost, beside libsecp256k1's own Schnorr signing and verifying, beside the
//! hash of an HTLC, and beside other libraries that do the same: libsecp256k1's MuSig2, and LDK with an invoice.
//!
//! Timings of one run mean little on another machine, or in another minute: only the ratios do. So all rows are measured
//! in one process and in turns ([`measure`]), and every row is printed with its ratio to libsecp256k1's.
//!
//! Measured is what a node pays for each payment. Keys are there as key pairs, P and T as points, R' as bytes; hashing is
//! included. A row of the table is one line of [`rows`].

mod batch;
mod cases;
mod hop;
mod invoice;
mod ktime;
mod measure;
mod musig2;
mod plot;
mod rows;
mod transactions;

use std::error::Error;
use std::path::PathBuf;

use serde::Serialize;

use measure::Row;

use crate::terminal::{
    Progress, check_place, complain, is_standard, numbers, print, say, write_to,
};

/// The row that `vs_sign` compares with.
const SIGN: &str = "libsecp256k1.schnorr_sign";
/// The row that `vs_verify` compares with.
const VERIFY: &str = "libsecp256k1.schnorr_verify";

/// What `pointlock bench` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Prints a JSON object a line instead of a table
    #[arg(long)]
    json: bool,
    /// Measures the rows whose name has this in it, and libsecp256k1's; without it all
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Draws the batches into this SVG file, too; - prints the picture, and nothing else
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// Prints the weights of a channel's transactions instead, PTLC beside HTLC, and what a full commitment costs to make and to verify
    #[arg(long, conflicts_with = "plot")]
    transactions: bool,
}

/// One line of `pointlock bench --json`.
#[derive(Debug, Serialize)]
struct Report {
    name: String,
    /// Microseconds for one item.
    median_us: f64,
    /// In units of libsecp256k1's Schnorr signing, given a key pair.
    vs_sign: f64,
    /// In units of libsecp256k1's Schnorr verifying.
    vs_verify: f64,
}

/// Measures, and prints to standard output.
pub(crate) fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    check_place("--plot", args.plot.as_deref(), args.json)?;
    if cfg!(debug_assertions) {
        complain("bench: not a release build, these are no timings to quote");
    }
    if args.transactions {
        return transactions::run(args.json);
    }
    let cases = Cases::new()?;
    let mut rows = cases.rows();
    if let Some(only) = &args.only {
        check_only(only, &rows)?;
        rows.retain(|row| [SIGN, VERIFY].contains(&row.name()) || row.name().contains(only));
    }
    let reports = reports(rows)?;
    if let Some(file) = &args.plot {
        write_to("--plot", file, &plot::draw(&reports)?)?;
        if is_standard(file) {
            return Ok(());
        }
    }
    if args.json {
        let mut lines = String::new();
        for report in &reports {
            say!(lines, "{}", serde_json::to_string(report)?);
        }
        Ok(print(&lines)?)
    } else {
        Ok(print(&table(&reports))?)
    }
}

/// Refuses a text that is in no row's name, and says how names begin.
fn check_only(only: &str, rows: &[Row<'_>]) -> Result<(), String> {
    if rows.iter().any(|row| row.name().contains(only)) {
        return Ok(());
    }
    let mut names: Vec<&str> = Vec::new();
    for row in rows {
        let name = row.name().split('/').next().unwrap_or_default();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Err(format!("--only {only}: no row has it in its name; there are {}", names.join(", ")))
}

/// What all rows are measured on.
struct Cases {
    verbs: Vec<cases::Case>,
    musig2: Vec<musig2::SignersCase>,
    batch: batch::BatchCases,
    ktime: Vec<ktime::KtimeCase>,
    invoice: Vec<invoice::InvoiceCase>,
    hop: hop::HopCases,
}

impl Cases {
    fn new() -> Result<Self, Box<dyn Error>> {
        Ok(Self {
            verbs: cases::all()?,
            musig2: musig2::cases()?,
            batch: batch::cases()?,
            ktime: ktime::cases()?,
            invoice: invoice::cases()?,
            hop: hop::cases()?,
        })
    }

    fn rows(&self) -> Vec<Row<'_>> {
        let mut rows = rows::all(&self.verbs);
        rows.extend(musig2::rows(&self.musig2));
        rows.extend(batch::rows(&self.batch));
        rows.extend(ktime::rows(&self.ktime));
        rows.extend(invoice::rows(&self.invoice));
        rows.extend(hop::rows(&self.hop));
        rows
    }
}

fn reports(mut rows: Vec<Row<'_>>) -> Result<Vec<Report>, Box<dyn Error>> {
    let mut progress = Progress::on_terminal();
    let watch = |round, of| progress.tell(|| format!("measuring, round {round} of {of}"));
    let medians = measure::medians_us(&mut rows, watch)?;
    let median_of = |name: &str| {
        let index = rows.iter().position(|row: &Row<'_>| row.name() == name);
        index.map(|index| medians[index]).ok_or("bench: libsecp256k1's rows are missing")
    };
    let (sign, verify) = (median_of(SIGN)?, median_of(VERIFY)?);
    let report = |(row, median_us): (&Row<'_>, &f64)| Report {
        name: row.name().to_owned(),
        median_us: *median_us,
        vs_sign: median_us / sign,
        vs_verify: median_us / verify,
    };
    Ok(rows.iter().zip(&medians).map(report).collect())
}

fn table(reports: &[Report]) -> String {
    let rows = reports.iter().map(|Report { name, median_us, vs_sign, vs_verify }| {
        let figures =
            [format!("{median_us:.3}"), format!("{vs_sign:.4}"), format!("{vs_verify:.4}")];
        [name.clone()].into_iter().chain(figures).collect()
    });
    let mut text = numbers(&["", "median µs", "× sign", "× verify"], rows).join("\n");
    say!(text);
    say!(text, "\nsign, verify: {SIGN}, {VERIFY}, in the same run");
    text
}

#[cfg(test)]
mod tests {
    use pointlock::adaptor::schnorr::Backend;

    use super::*;

    #[test]
    fn every_row_of_the_machine_interface_is_there() {
        let cases = Cases::new().unwrap();
        let rows = cases.rows();
        let names: Vec<&str> = rows.iter().map(Row::name).collect();
        for name in [
            SIGN,
            VERIFY,
            "htlc.sha256",
            "schnorr.pre_sign",
            "schnorr.verify",
            "schnorr.adapt",
            "schnorr.extract",
            "ecdsa.pre_sign",
            "ecdsa.verify",
            "ecdsa.adapt",
            "ecdsa.extract",
            "musig2.partial_sign",
            "musig2.partial_verify",
            "lock.setup/4",
            "schnorr.verify_batch/16/portable",
            "schnorr.verify_batch/64/portable",
            "schnorr.verify_batch/483/portable",
            "schnorr.verify_batch/4096/portable",
            "schnorr.verify_batch/4096/wall",
            "schnorr.verify_batch_in_threads/4096/wall",
            "schnorr.verify_batch/483/one_key/portable",
            "schnorr.verify_batch/483/two_keys/portable",
            "schnorr.verify/point_key",
            "schnorr.verify/prepared_key",
            "schnorr.prepare_key",
            "schnorr.pre_sign_batch/483/portable",
            "schnorr.extract_verified",
            "contract.new",
            "ktime.point/8",
            "ktime.point/32",
            "ktime.point/128",
            "musig2.aggregate/100",
            "libsecp256k1.musig2.aggregate/100",
            "invoice.parse/32",
            "ldk.invoice.parse/32",
            "hop/point",
            "hop/point/verify",
            "hop/hash",
        ] {
            assert_eq!(names.iter().filter(|row| **row == name).count(), 1, "{name}");
        }
        for (name, backend) in [("/bmi2", Backend::bmi2()), ("/ifma", Backend::ifma())] {
            let count = names.iter().filter(|row| row.ends_with(name)).count();
            assert_eq!(count, if backend.is_ok() { 9 } else { 0 }, "{name}");
        }
    }

    #[test]
    fn a_line_has_the_keys_of_the_machine_interface() {
        let report = Report { name: SIGN.to_owned(), median_us: 1.5, vs_sign: 1.0, vs_verify: 0.5 };
        assert_eq!(
            serde_json::to_string(&report).unwrap(),
            r#"{"name":"libsecp256k1.schnorr_sign","median_us":1.5,"vs_sign":1.0,"vs_verify":0.5}"#
        );
    }
}
