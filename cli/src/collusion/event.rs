use std::str::FromStr;

/// What a mistake hands to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaked {
    /// y_hop
    Blind(usize),
    /// Y
    FinalBlind,
    /// h
    Release,
}

/// One thing that happens. Payments and invoices are counted from 1 in the text, from 0 here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// `pay 2 sender`, with `over invoice 2`, `with x of 1`, `as part of 1`, `online`
    Pay {
        payment: usize,
        payer: String,
        invoice: usize,
        same_x: Option<usize>,
        part_of: Option<usize>,
        online: bool,
    },
    /// `forward 2`, `forward 2 to router`
    Forward { payment: usize, to: Option<String> },
    /// `claim 2`, `claim 2 down to receiver_lsp`
    Claim { payment: usize, down_to: Option<String> },
    /// `fail 2`
    Fail { payment: usize },
    /// `restore receiver`
    RestoreReceiver,
    /// `publish 2`, `publish 2 with polynomial of 1`
    Publish { invoice: usize, polynomial_of: Option<usize> },
    /// `reuse y of 1 in 2`
    ReuseBlinds { of: usize, by: usize },
    /// `leak Y of 2 to receiver_lsp`; y_0, y_1 … and h too
    Leak { what: Leaked, payment: usize, to: String },
}

impl FromStr for Event {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        match words.as_slice() {
            ["pay", payment, payer, options @ ..] => pay(number(payment)?, payer, options),
            ["forward", payment] => Ok(Self::Forward { payment: number(payment)?, to: None }),
            ["forward", payment, "to", to] => {
                Ok(Self::Forward { payment: number(payment)?, to: Some((*to).to_owned()) })
            }
            ["claim", payment] => Ok(Self::Claim { payment: number(payment)?, down_to: None }),
            ["claim", payment, "down", "to", last] => {
                Ok(Self::Claim { payment: number(payment)?, down_to: Some((*last).to_owned()) })
            }
            ["fail", payment] => Ok(Self::Fail { payment: number(payment)? }),
            ["restore", "receiver"] => Ok(Self::RestoreReceiver),
            ["publish", invoice] => {
                Ok(Self::Publish { invoice: number(invoice)?, polynomial_of: None })
            }
            ["publish", invoice, "with", "polynomial", "of", other] => {
                let polynomial_of = Some(number(other)?);
                Ok(Self::Publish { invoice: number(invoice)?, polynomial_of })
            }
            ["reuse", "y", "of", of, "in", by] => {
                Ok(Self::ReuseBlinds { of: number(of)?, by: number(by)? })
            }
            ["leak", what, "of", payment, "to", to] => Ok(Self::Leak {
                what: leaked(what)?,
                payment: number(payment)?,
                to: (*to).to_owned(),
            }),
            _ => Err(format!("{text:?}: is no event")),
        }
    }
}

fn pay(payment: usize, payer: &str, mut options: &[&str]) -> Result<Event, String> {
    let (mut invoice, mut same_x, mut part_of, mut online) = (0, None, None, false);
    loop {
        options = match options {
            [] => break,
            ["over", "invoice", other, rest @ ..] => {
                invoice = number(other)?;
                rest
            }
            ["with", "x", "of", other, rest @ ..] => {
                same_x = Some(number(other)?);
                rest
            }
            ["as", "part", "of", other, rest @ ..] => {
                part_of = Some(number(other)?);
                rest
            }
            ["online", rest @ ..] => {
                online = true;
                rest
            }
            [word, ..] => return Err(format!("{word:?}: says nothing about a payment")),
        };
    }
    Ok(Event::Pay { payment, payer: payer.to_owned(), invoice, same_x, part_of, online })
}

fn leaked(text: &str) -> Result<Leaked, String> {
    match text {
        "Y" => Ok(Leaked::FinalBlind),
        "h" => Ok(Leaked::Release),
        _ => text
            .strip_prefix("y_")
            .and_then(|hop| hop.parse().ok())
            .map(Leaked::Blind)
            .ok_or_else(|| format!("{text:?}: is none of Y, h, y_0, y_1 …")),
    }
}

/// A number from 1, less one.
fn number(text: &str) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(number) if number > 0 => Ok(number - 1),
        _ => Err(format!("{text:?}: is no number from 1")),
    }
}
