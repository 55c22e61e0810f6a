//! The picture of the README: what an item of a batch costs, by the size of the batch.

use std::error::Error;

use plotters::prelude::*;

use super::{Report, batch};

const WIDTH: u32 = 760;
const HEIGHT: u32 = 400;

/// The curves, from above: the names of their rows around the size, what the legend says, and the colour.
const CURVES: [(&str, &str, &str, RGBColor); 2] = [
    ("schnorr.verify_batch/", "/portable", "verify_batch, portable", RGBColor(0xc2, 0x5b, 0x14)),
    ("schnorr.verify_batch/", "/ifma", "verify_batch, AVX-512 IFMA", RGBColor(0x1b, 0x6c, 0xa8)),
];

/// What verifies one item after another, or gains nothing from more, as a dashed line.
const LINES: [(&str, &str, RGBColor); 4] = [
    ("musig2.verify_batch/483", "musig2, verify_batch of 483", RGBColor(0x80, 0x5a, 0x9e)),
    (
        "schnorr_fun.verify_encrypted_signature",
        "schnorr_fun, one by one",
        RGBColor(0x5d, 0x8a, 0x3a),
    ),
    ("schnorr.verify", "pointlock, one by one", RGBColor(0x55, 0x55, 0x55)),
    (super::VERIFY, "libsecp256k1's Schnorr verification", RGBColor(0, 0, 0)),
];

/// The reports of batches as an SVG picture, in units of libsecp256k1's Schnorr verification.
pub(super) fn draw(reports: &[Report]) -> Result<String, Box<dyn Error>> {
    let mut picture = String::new();
    draw_to(&mut picture, reports)?;
    Ok(picture)
}

fn draw_to(picture: &mut String, reports: &[Report]) -> Result<(), Box<dyn Error>> {
    let value = |name: &str| reports.iter().find(|report| report.name == name);
    let root = SVGBackend::with_string(picture, (WIDTH, HEIGHT)).into_drawing_area();
    root.fill(&WHITE)?;
    let (first, last) = (batch::SIZES[0] as f64, batch::SIZES[batch::SIZES.len() - 1] as f64);
    let mut chart = ChartBuilder::on(&root)
        .caption("One of many pre-signatures, beside one verification", ("sans-serif", 17))
        .margin(12)
        .x_label_area_size(42)
        .y_label_area_size(56)
        .build_cartesian_2d((first..last).log_scale(), (0.05..8.0).log_scale())?;
    chart
        .configure_mesh()
        .light_line_style(RGBColor(0xee, 0xee, 0xee))
        .x_desc("items in the batch")
        .y_desc("time of an item / libsecp256k1's verification")
        .x_label_formatter(&|size| format!("{size:.0}"))
        .y_label_formatter(&|ratio| format!("{ratio}"))
        .draw()?;
    for (name, label, colour) in LINES {
        let Some(report) = value(name) else { continue };
        let points = [(first, report.vs_verify), (last, report.vs_verify)];
        chart
            .draw_series(DashedLineSeries::new(points, 6, 4, colour.stroke_width(2)))?
            .label(format!("{label}: {:.2}", report.vs_verify))
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour));
    }
    for (before, after, label, colour) in CURVES {
        let points: Vec<(f64, f64)> = batch::SIZES
            .iter()
            .filter_map(|size| Some((size, value(&format!("{before}{size}{after}"))?)))
            .map(|(size, report)| (*size as f64, report.vs_verify))
            .collect();
        if points.is_empty() {
            continue;
        }
        chart
            .draw_series(LineSeries::new(points.clone(), colour.stroke_width(3)))?
            .label(label)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(3)));
        chart.draw_series(points.iter().map(|point| Circle::new(*point, 4, colour.filled())))?;
        let text = |(size, ratio): &(f64, f64)| {
            Text::new(format!("{ratio:.2}"), (*size * 0.93, *ratio * 1.3), ("sans-serif", 13))
        };
        chart.draw_series(points.iter().map(text))?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .border_style(RGBColor(0xbb, 0xbb, 0xbb))
        .background_style(WHITE.mix(0.9))
        .draw()?;
    root.present()?;
    Ok(())
}
