//! Numbers on the command line: what is refused is told what was expected.

use std::ops::RangeInclusive;
use std::str::FromStr;

use crate::narration::grouped;

/// Reads a whole number of this range.
pub(crate) fn number<T>(
    range: RangeInclusive<T>,
) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static
where
    T: FromStr + PartialOrd + Copy + Into<u64> + Send + Sync + 'static,
{
    move |text| {
        let number = text.parse().ok().filter(|number| range.contains(number));
        number.ok_or_else(|| {
            let [from, to] = [range.start(), range.end()].map(|end| grouped((*end).into()));
            format!("expected a whole number from {from} to {to}")
        })
    }
}
