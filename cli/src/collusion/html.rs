use super::report::Report;

pub(super) fn page(_report: &Report) -> String {
    String::new()
}
