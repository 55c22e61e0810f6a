//! Columns, without lines between them.

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

fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header.to_vec()).add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table
}

fn lines(table: &mut Table) -> Vec<String> {
    table.lines().map(|line| line.trim_end().to_owned()).collect()
}
