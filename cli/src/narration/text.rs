//! Numbers and locks as people read them.

use pointlock::lock::Lock;

/// `L₂ = 02ab…` or `H = 12cd…`; with the mark of its part.
pub(super) fn lock_text(edge: usize, mark: &str, lock: &Lock) -> String {
    match lock {
        Lock::Point(point) => {
            format!("L{}{mark} = {}…", subscript(edge), &point.to_string()[..10])
        }
        Lock::Hash(hash) => format!("H = {}…", &hash.to_string()[..10]),
    }
}

/// ᵃ for the first part, and so on.
pub(crate) fn part_mark(part: usize) -> &'static str {
    const MARKS: [&str; 9] = ["ᵃ", "ᵇ", "ᶜ", "ᵈ", "ᵉ", "ᶠ", "ᵍ", "ʰ", "ⁱ"];
    MARKS.get(part).copied().unwrap_or("")
}

/// The number in small digits below the line.
pub(crate) fn subscript(number: usize) -> String {
    number
        .to_string()
        .chars()
        .filter_map(|digit| char::from_u32(0x2080 + digit.to_digit(10)?))
        .collect()
}

/// The number with commas between thousands.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
