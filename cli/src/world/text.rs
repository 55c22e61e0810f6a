//! Numbers and locks as people read them.

use pointlock::lock::Lock;

/// `L₂ = 02ab…` or `H = 12cd…`.
pub(super) fn lock_text(edge: usize, lock: &Lock) -> String {
    match lock {
        Lock::Point(point) => format!("L{} = {}…", subscript(edge), &point.to_string()[..10]),
        Lock::Hash(hash) => format!("H = {}…", &hash.to_string()[..10]),
    }
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
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
