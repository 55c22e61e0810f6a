use std::fmt;

/// What a pasted text is, by its looks. `Display` names it as in a sentence, with an article.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TextKind {
    /// An offer, `lno1…`.
    Offer,
    /// An invoice of BOLT 12, `lni1…`; whether it is a static one, its fields say.
    Invoice,
    /// A request for an invoice, `lnr1…`.
    InvoiceRequest,
    /// A proof of payment, `lnp1…`.
    PayerProof,
    /// An invoice of BOLT 11, on whatever chain.
    Bolt11Invoice,
    /// An LNURL, in bech32 or by one of its schemes.
    Lnurl,
    /// A Lightning Address, or a name of BIP 353: both look like an address of electronic mail.
    LightningAddress,
    /// A node id of 33 bytes, with or without a place on the network.
    NodeId,
    /// An address on the chain.
    BitcoinAddress,
    /// A link to a page.
    WebAddress,
    /// The name of a file.
    FileName,
    /// No text at all.
    Nothing,
}

impl TextKind {
    pub(in super::super) const fn name(self) -> &'static str {
        match self {
            Self::Offer => "an offer (lno1…)",
            Self::Invoice => "an invoice of BOLT 12 (lni1…)",
            Self::InvoiceRequest => "an invoice request (lnr1…)",
            Self::PayerProof => "a payer proof (lnp1…)",
            Self::Bolt11Invoice => "an invoice of BOLT 11",
            Self::Lnurl => "an LNURL",
            Self::LightningAddress => "a Lightning Address",
            Self::NodeId => "a node id",
            Self::BitcoinAddress => "an address on the chain",
            Self::WebAddress => "the address of a page",
            Self::FileName => "the name of a file",
            Self::Nothing => "nothing",
        }
    }

    /// What stands before the `1`, in the kinds that are BOLT 12's.
    pub(super) const fn human_readable_part(self) -> Option<&'static str> {
        match self {
            Self::Offer => Some("lno"),
            Self::Invoice => Some("lni"),
            Self::InvoiceRequest => Some("lnr"),
            Self::PayerProof => Some("lnp"),
            _ => None,
        }
    }

    /// Guesses what a trimmed text is, without a scheme of payments before it.
    pub(super) fn by_looks(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::Nothing);
        }
        if let Some(kind) = by_scheme(text) {
            return Some(kind);
        }
        // All of these are short, so that nothing else has to be searched to its end.
        if text.len() <= SHORT {
            for (is_one, kind) in SHORT_KINDS {
                if is_one(text) {
                    return Some(*kind);
                }
            }
        }
        by_prefix(text)
    }
}

impl fmt::Display for TextKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The longest name of a file, and of a Lightning Address.
const SHORT: usize = 320;

type Looks = fn(&str) -> bool;

/// In this order: a node id may have a place behind it, `ID@HOST:PORT`, which is no Lightning Address.
const SHORT_KINDS: &[(Looks, TextKind)] = &[
    (is_node_id, TextKind::NodeId),
    (is_lightning_address, TextKind::LightningAddress),
    (is_file_name, TextKind::FileName),
    (is_bitcoin_address, TextKind::BitcoinAddress),
];

fn by_scheme(text: &str) -> Option<TextKind> {
    let (scheme, rest) = text.split_once(':')?;
    let is = |name: &str| scheme.eq_ignore_ascii_case(name);
    if ["lnurlp", "lnurlw", "lnurlc", "keyauth", "lnurl"].into_iter().any(is) {
        return Some(TextKind::Lnurl);
    }
    if !["http", "https"].into_iter().any(is) {
        return None;
    }
    // A page may carry an LNURL for those who scan it with a wallet.
    let carries_lnurl = rest.to_ascii_lowercase().contains("lightning=lnurl1");
    Some(if carries_lnurl { TextKind::Lnurl } else { TextKind::WebAddress })
}

/// By the first characters, joins taken out: one of them may stand anywhere.
fn by_prefix(text: &str) -> Option<TextKind> {
    let joined = text.chars().filter(|c| *c != '+' && !c.is_ascii_whitespace());
    let start: String = joined.take(6).map(|c| c.to_ascii_lowercase()).collect();
    [
        ("lno1", TextKind::Offer),
        ("lni1", TextKind::Invoice),
        ("lnr1", TextKind::InvoiceRequest),
        ("lnp1", TextKind::PayerProof),
        ("lnurl1", TextKind::Lnurl),
        // The chain's prefix follows: bc, bcrt, tb, tbs. Then the amount, if there is one, and `1`.
        ("lnbc", TextKind::Bolt11Invoice),
        ("lntb", TextKind::Bolt11Invoice),
    ]
    .into_iter()
    .find(|(prefix, _)| start.starts_with(prefix))
    .map(|(_, kind)| kind)
}

fn is_node_id(text: &str) -> bool {
    let (id, place) = text.split_at_checked(66).unwrap_or(("", ""));
    let prefix = id.get(..2).unwrap_or_default();
    ["02", "03"].contains(&prefix)
        && id.bytes().all(|digit| digit.is_ascii_hexdigit())
        && (place.is_empty() || place.starts_with('@'))
}

/// `user@domain`, with BIP 353's sign before it or without.
fn is_lightning_address(text: &str) -> bool {
    let text = text.strip_prefix('₿').unwrap_or(text);
    let Some((user, domain)) = text.split_once('@') else { return false };
    let is_of = |part: &str, more: &[u8]| {
        !part.is_empty() && part.bytes().all(|c| c.is_ascii_alphanumeric() || more.contains(&c))
    };
    is_of(user, b"-_.+") && is_of(domain, b"-.:") && (domain.contains('.') || domain.contains(':'))
}

/// With a folder before it or an extension behind it. A name that has neither is not told from anything else.
fn is_file_name(text: &str) -> bool {
    let extension = text.rsplit_once('.').map(|(_, extension)| extension);
    let is_extension = |extension: &str| {
        (1..=5).contains(&extension.len())
            && extension.bytes().all(|letter| letter.is_ascii_alphanumeric())
    };
    text.contains(['/', '\\']) || extension.is_some_and(is_extension)
}

/// In bech32, or in base58 by its length and first letter.
fn is_bitcoin_address(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let is_alphanumeric = text.bytes().all(|c| c.is_ascii_alphanumeric());
    let is_segwit = ["bc1", "tb1", "bcrt1"].iter().any(|prefix| lower.starts_with(prefix))
        && (14..=90).contains(&text.len());
    let is_base58 = text.starts_with(['1', '3', 'm', 'n', '2'])
        && (26..=35).contains(&text.len())
        && !text.contains(['0', 'O', 'I', 'l']);
    is_alphanumeric && (is_segwit || is_base58)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks() {
        let node_id = format!("02{}", "ab".repeat(32));
        let at_host = format!("{node_id}@127.0.0.1:9735");
        for (text, kind) in [
            ("lno1pg", Some(TextKind::Offer)),
            ("LNO1PG", Some(TextKind::Offer)),
            ("l+no1pg", Some(TextKind::Offer)),
            ("ln+\n o1pg", Some(TextKind::Offer)),
            ("lni1qq", Some(TextKind::Invoice)),
            ("lnr1qq", Some(TextKind::InvoiceRequest)),
            ("lnp1qq", Some(TextKind::PayerProof)),
            ("lnbc1pvjluez", Some(TextKind::Bolt11Invoice)),
            ("lnbc2500u1pvj", Some(TextKind::Bolt11Invoice)),
            ("LNTB20M1PVJ", Some(TextKind::Bolt11Invoice)),
            ("lnbcrt1p0", Some(TextKind::Bolt11Invoice)),
            ("lntbs1p0", Some(TextKind::Bolt11Invoice)),
            ("lnurl1dp68gurn8", Some(TextKind::Lnurl)),
            ("LNURL1DP68GURN8", Some(TextKind::Lnurl)),
            ("lnurlp://example.com/pay", Some(TextKind::Lnurl)),
            ("keyauth://example.com?tag=login", Some(TextKind::Lnurl)),
            ("https://example.com/?lightning=LNURL1DP68", Some(TextKind::Lnurl)),
            ("https://example.com/?lno=lno1pg", Some(TextKind::WebAddress)),
            ("me@example.com", Some(TextKind::LightningAddress)),
            ("me+tips@example.com", Some(TextKind::LightningAddress)),
            ("₿me@example.com", Some(TextKind::LightningAddress)),
            ("me@localhost:8080", Some(TextKind::LightningAddress)),
            (&node_id, Some(TextKind::NodeId)),
            (&at_host, Some(TextKind::NodeId)),
            ("bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", Some(TextKind::BitcoinAddress)),
            ("TB1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KXPJZSX", Some(TextKind::BitcoinAddress)),
            ("1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", Some(TextKind::BitcoinAddress)),
            ("invoice.txt", Some(TextKind::FileName)),
            ("lno1.txt", Some(TextKind::FileName)),
            ("offers/mine", Some(TextKind::FileName)),
            ("C:\\offers\\mine", Some(TextKind::FileName)),
            ("my offer.lno", Some(TextKind::FileName)),
            ("", Some(TextKind::Nothing)),
            // Neither of these: a full stop behind an offer, and what is like nothing.
            ("lno1pg.", Some(TextKind::Offer)),
            ("02ab", None),
            ("me@nowhere", None),
            ("lnx1pg", None),
            ("hello", None),
            ("é@é", None),
        ] {
            assert_eq!(TextKind::by_looks(text), kind, "{text:?}");
        }
    }
}
