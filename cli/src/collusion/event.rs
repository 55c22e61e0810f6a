use std::str::FromStr;

/// What a mistake hands to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaked {
    /// y_hop
    Blind(usize),
    /// Y
    FinalBlind,
    /// B, of the path by which the payment comes.
    PathOffsetSum,
    /// h
    Release,
}

/// One thing that happens. Payments and invoices are counted from 1 in the text, from 0 here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// `pay 2 sender`, with `over invoice 2`, `over path 2`, `with x of 1`, `in 2 parts`, `with trampoline sender_lsp`, `online`
    Pay(Pay),
    /// `forward 2`, `forward 2 to router`
    Forward { payment: usize, to: Option<String> },
    /// `claim 2`, `claim 2 down to receiver_lsp`
    Claim { payment: usize, down_to: Option<String> },
    /// `claim 2 early`: its first part alone
    ClaimEarly { payment: usize },
    /// `fail 2`
    Fail { payment: usize },
    /// `restore receiver`
    RestoreReceiver,
    /// `publish 2`, `publish 2 with polynomial of 1`
    Publish { invoice: usize, polynomial_of: Option<usize> },
    /// `reuse y of 1 in 2`
    ReuseBlinds { of: usize, by: usize },
    /// `leak Y of 2 to receiver_lsp`; y_0, y_1 …, h and B too
    Leak { what: Leaked, payment: usize, to: String },
}

/// A payment to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pay {
    pub(super) payment: usize,
    pub(super) payer: String,
    pub(super) invoice: usize,
    /// The invoice's path of this number, where it has paths.
    pub(super) path: usize,
    pub(super) same_x: Option<usize>,
    pub(super) parts: usize,
    /// The forwarder that finds the rest of the route.
    pub(super) trampoline: Option<String>,
    pub(super) online: bool,
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
            ["claim", payment, "early"] => Ok(Self::ClaimEarly { payment: number(payment)? }),
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
            _ => Err(format!(
                "{text:?}: is no event; expected pay, forward, claim, fail, restore, publish, reuse or leak, as examples/scenarios/s4.toml explains them"
            )),
        }
    }
}

fn pay(payment: usize, payer: &str, mut options: &[&str]) -> Result<Event, String> {
    let mut pay = Pay { payment, payer: payer.to_owned(), parts: 1, ..Pay::default() };
    loop {
        options = match options {
            [] => break,
            ["over", "invoice", other, rest @ ..] => {
                pay.invoice = number(other)?;
                rest
            }
            ["over", "path", other, rest @ ..] => {
                pay.path = number(other)?;
                rest
            }
            ["with", "x", "of", other, rest @ ..] => {
                pay.same_x = Some(number(other)?);
                rest
            }
            ["with", "trampoline", hop, rest @ ..] => {
                pay.trampoline = Some((*hop).to_owned());
                rest
            }
            ["with", "delegate", hop, ..] => {
                return Err(format!(
                    "delegate: is called trampoline now: \"with trampoline {hop}\""
                ));
            }
            ["in", parts, "parts", rest @ ..] => {
                pay.parts = number(parts)? + 1;
                rest
            }
            ["online", rest @ ..] => {
                pay.online = true;
                rest
            }
            [word, ..] => return Err(format!("{word:?}: says nothing about a payment")),
        };
    }
    Ok(Event::Pay(pay))
}

fn leaked(text: &str) -> Result<Leaked, String> {
    match text {
        "Y" => Ok(Leaked::FinalBlind),
        "B" => Ok(Leaked::PathOffsetSum),
        "h" => Ok(Leaked::Release),
        _ => text
            .strip_prefix("y_")
            .and_then(|hop| hop.parse().ok())
            .map(Leaked::Blind)
            .ok_or_else(|| format!("{text:?}: is none of Y, B, h, y_0, y_1 …")),
    }
}

/// A number from 1, less one.
fn number(text: &str) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(number) if number > 0 => Ok(number - 1),
        _ => Err(format!("{text:?}: is no number from 1")),
    }
}
