//! Amounts, times and chains as people read them.

use std::time::{SystemTime, UNIX_EPOCH};

use pointlock::invoice::{Amount, ChainHash, InvoiceError, Rate};

use crate::narration::grouped;

/// The chains that have a name.
const CHAINS: [(&str, ChainHash); 5] = [
    ("bitcoin", ChainHash::BITCOIN),
    ("testnet", ChainHash::TESTNET3),
    ("testnet4", ChainHash::TESTNET4),
    ("signet", ChainHash::SIGNET),
    ("regtest", ChainHash::REGTEST),
];

/// The chain of this name, for the command line.
pub(super) fn parse_chain(name: &str) -> Result<ChainHash, String> {
    let found = CHAINS.iter().find(|(known, _)| *known == name);
    found.map(|(_, chain)| *chain).ok_or_else(|| {
        let names: Vec<&str> = CHAINS.iter().map(|(name, _)| *name).collect();
        format!("expected one of {}", names.join(", "))
    })
}

/// The chain's name, or its hash.
pub(super) fn chain(chain: ChainHash) -> String {
    let found = CHAINS.iter().find(|(_, known)| *known == chain);
    found.map_or_else(|| chain.to_string(), |(name, _)| (*name).to_owned())
}

/// What is asked for.
pub(super) fn amount(amount: Option<&Amount>) -> String {
    match amount {
        Some(Amount::Millisatoshi(amount)) => format!("{} msat or more", grouped(*amount)),
        Some(Amount::Currency { code, minor_units }) => {
            format!("{} of the minor unit of {code}, or more", grouped(*minor_units))
        }
        Some(_) => "an amount that this command does not know".to_owned(),
        None => "whatever the payer likes".to_owned(),
    }
}

/// What a currency is worth, for the command line: `EUR=15000` or `EUR=1500000/100`.
pub(super) fn parse_rate(text: &str) -> Result<Rate, String> {
    let expected = "expected CODE=MSAT or CODE=MSAT/UNITS, such as EUR=15000";
    let (code, worth) = text.split_once('=').ok_or(expected)?;
    let (msat, units) = worth.split_once('/').unwrap_or((worth, "1"));
    let number = |text: &str| text.parse::<u64>().map_err(|_| expected.to_owned());
    Rate::new(code, number(units)?, number(msat)?).map_err(|error| match error {
        InvoiceError::Currency { .. } => format!("{code:?} is not three capital letters"),
        _ => "expected MSAT and UNITS of 1 or more".to_owned(),
    })
}

/// Seconds since 1970, now.
pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

/// The last second of the year 9999. What is above it was most likely meant in milliseconds.
pub(super) const LAST_SECOND: u64 = 253_402_300_799;

/// A time as date and time of day, for years with four digits.
pub(super) fn time(seconds: u64) -> String {
    const DAY: u64 = 24 * 3600;
    if seconds > LAST_SECOND {
        return format!("second {}, after the year 9999", grouped(seconds));
    }
    let (year, month, day) = date(seconds / DAY);
    let (hour, minute, second) = (seconds % DAY / 3600, seconds % 3600 / 60, seconds % 60);
    format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

/// The Gregorian date, from days since 1970-01-01.
fn date(mut days: u64) -> (u64, usize, u64) {
    let is_leap = |year: u64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let mut year = 1970;
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + u64::from(is_leap(year));
    let months = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while days >= months[month] {
        days -= months[month];
        month += 1;
    }
    (year, month + 1, days + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_dates() {
        for (seconds, text) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (951_782_399, "2000-02-28 23:59:59 UTC"),
            (951_782_400, "2000-02-29 00:00:00 UTC"),
            (1_750_000_000, "2025-06-15 15:06:40 UTC"),
            (4_107_542_399, "2100-02-28 23:59:59 UTC"),
            (4_107_542_400, "2100-03-01 00:00:00 UTC"),
            (253_402_300_799, "9999-12-31 23:59:59 UTC"),
            (u64::MAX, "second 18,446,744,073,709,551,615, after the year 9999"),
        ] {
            assert_eq!(time(seconds), text);
        }
    }

    #[test]
    fn chains_have_names() {
        for (name, hash) in CHAINS {
            assert_eq!((parse_chain(name), chain(hash)), (Ok(hash), name.to_owned()));
        }
        assert!(parse_chain("mainnet").is_err());
        assert_eq!(chain(ChainHash::from([7; 32])), "07".repeat(32));
    }
}
