use std::ops::RangeInclusive;
use std::string::String;

use super::offer::is_currency_code;
use super::{Amount, Field, InvoiceError, StaticInvoice};

/// What a currency is worth, by whoever pays or is paid: nothing in an invoice says it.
///
/// A payer gives the rate at which it has converted, a receiver the one at which it accepts. Rates move between the two, so a
/// receiver that wants to be paid leaves some room in its own.
///
/// ```
/// use pointlock::invoice::{Amount, Rate};
///
/// // 100 cents are worth 1,500 satoshi.
/// let rate = Rate::new("EUR", 100, 1_500_000)?;
/// let lunch = Amount::Currency { code: "EUR".into(), minor_units: 1_250 };
/// assert_eq!(lunch.msat(Some(&rate))?, 18_750_000);
/// // Without it, or with another currency's, nobody can say.
/// assert!(lunch.msat(None).is_err());
/// assert!(lunch.msat(Some(&Rate::new("USD", 100, 1_400_000)?)).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rate {
    code: String,
    minor_units: u64,
    amount_msat: u64,
}

impl Rate {
    /// So many minor units (such as cents) of the currency with this code (ISO 4217) are worth so many millisatoshi. Any amount
    /// will do: the invoice's own, or one unit of the currency.
    ///
    /// # Errors
    ///
    /// [`InvoiceError::Currency`], and [`InvoiceError::AmountOutOfRange`] for zero.
    pub fn new(code: &str, minor_units: u64, amount_msat: u64) -> Result<Self, InvoiceError> {
        if !is_currency_code(code) {
            return Err(InvoiceError::Currency { field: Field::OFFER_CURRENCY });
        }
        if minor_units == 0 || amount_msat == 0 {
            return Err(InvoiceError::AmountOutOfRange { field: Field::OFFER_AMOUNT, amount: 0 });
        }
        Ok(Self { code: code.into(), minor_units, amount_msat })
    }

    /// The currency's code.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// So many minor units, and what they are worth in millisatoshi.
    pub(crate) fn as_given(&self) -> (u64, u64) {
        (self.minor_units, self.amount_msat)
    }

    /// Rounded up, so that no amount is free; what exceeds 64 bits is more than anybody can pay.
    fn msat(&self, minor_units: u64) -> u64 {
        let product = u128::from(minor_units) * u128::from(self.amount_msat);
        u64::try_from(product.div_ceil(u128::from(self.minor_units))).unwrap_or(u64::MAX)
    }
}

impl Amount {
    /// The amount in millisatoshi, at this rate if it is in another currency.
    ///
    /// # Errors
    ///
    /// [`InvoiceError::RateMissing`], with the currency.
    pub fn msat(&self, rate: Option<&Rate>) -> Result<u64, InvoiceError> {
        match self {
            Self::Millisatoshi(amount_msat) => Ok(*amount_msat),
            Self::Currency { code, minor_units } => {
                let rate = rate.filter(|rate| rate.code == *code);
                let rate = rate.ok_or_else(|| InvoiceError::RateMissing {
                    field: Field::OFFER_CURRENCY,
                    code: code.clone(),
                })?;
                Ok(rate.msat(*minor_units))
            }
        }
    }
}

impl StaticInvoice {
    /// `offer_currency`; None for an amount in millisatoshi, and where the payer chooses.
    pub fn currency(&self) -> Option<&str> {
        match self.amount()? {
            Amount::Currency { code, .. } => Some(code),
            Amount::Millisatoshi(_) => None,
        }
    }

    /// What a payment has to be worth, in millisatoshi: at least what the invoice asks for one item, and at most twice what it
    /// asks for as many items as there may be (BOLT 4, "Basic Multi-Part Payments" for the payer and "Failure Messages" for the
    /// receiver). Any amount where the payer chooses.
    ///
    /// # Errors
    ///
    /// [`InvoiceError::RateMissing`] for an amount in a currency, unless this is a rate for it.
    pub fn amount_range(&self, rate: Option<&Rate>) -> Result<RangeInclusive<u64>, InvoiceError> {
        let Some(amount) = self.amount() else { return Ok(0..=u64::MAX) };
        let least = amount.msat(rate)?;
        // No limit on the number of items is none on the amount.
        let items = match self.offer_quantity_max() {
            None => 1,
            Some(0) => u64::MAX,
            Some(most) => most,
        };
        Ok(least..=least.saturating_mul(items).saturating_mul(2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversions_round_up_and_never_overflow() {
        let rate = Rate::new("EUR", 100, 1_501).unwrap();
        let msat = |minor_units| {
            Amount::Currency { code: "EUR".into(), minor_units }.msat(Some(&rate)).unwrap()
        };
        // 15.01, 1,501, and 1,516.01 millisatoshi.
        assert_eq!([msat(1), msat(100), msat(101)], [16, 1_501, 1_517]);
        assert_eq!(msat(u64::MAX), u64::MAX);
        assert_eq!(Amount::Millisatoshi(7).msat(Some(&rate)), Ok(7));
        assert_eq!(Amount::Millisatoshi(7).msat(None), Ok(7));
    }

    #[test]
    fn a_rate_has_a_currency_and_no_zero() {
        assert_eq!(Rate::new("EUR", 1, 1).unwrap().code(), "EUR");
        let currency = InvoiceError::Currency { field: Field::OFFER_CURRENCY };
        for code in ["", "EU", "eur", "EURO", "E R"] {
            assert_eq!(Rate::new(code, 1, 1), Err(currency.clone()), "{code}");
        }
        let zero = InvoiceError::AmountOutOfRange { field: Field::OFFER_AMOUNT, amount: 0 };
        assert_eq!(Rate::new("EUR", 0, 1), Err(zero.clone()));
        assert_eq!(Rate::new("EUR", 1, 0), Err(zero));
    }
}
