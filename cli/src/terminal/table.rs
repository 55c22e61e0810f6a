//! Columns, without lines between them.

use anstyle::Style;
use comfy_table::{CellAlignment, Table, presets};

/// The header and the rows, each as wide as its widest cell.
pub(crate) fn columns(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Vec<String> {
    lines(&mut table(header, rows))
}

/// The same, with all columns but the first to the right.
pub(crate) fn numbers(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Vec<String> {
    let mut table = table(header, rows);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    lines(&mut table)
}

/// Rows without a header.
pub(crate) fn plain(rows: impl IntoIterator<Item = Vec<String>>) -> Vec<String> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).add_rows(rows);
    padded(&mut table);
    lines(&mut table)
}

/// Rows without a header, whose first cell is a name, in this style.
pub(crate) fn named(rows: impl IntoIterator<Item = Vec<String>>, style: Style) -> Vec<String> {
    let rows: Vec<Vec<String>> = rows.into_iter().collect();
    let names = rows.iter().filter_map(|row| row.first()).map(String::len).collect::<Vec<_>>();
    let styled = |(line, length): (String, usize)| {
        let (name, rest) = line.split_at(length);
        format!("{style}{name}{style:#}{rest}")
    };
    plain(rows).into_iter().zip(names).map(styled).collect()
}

fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header.to_vec()).add_rows(rows);
    padded(&mut table);
    table
}

fn padded(table: &mut Table) {
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
}

fn lines(table: &mut Table) -> Vec<String> {
    table.lines().map(|line| line.trim_end().to_owned()).collect()
}
