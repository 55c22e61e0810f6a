//! BOLT 12: offers and static invoices. Of BOLT 12's invoice its rules hold as far as a static one has the fields.

use pointlock::invoice::{ChainHash, FallbackAddress, Field, Offer, OfferBuilder, StaticInvoice};
use pointlock::payment::SenderEvent;
use pointlock_sim::Who;

use crate::Answer::{NotOurs, Says};
use crate::nodes::{AMOUNT_MSAT, Known, LockKind, TIME, start};
use crate::payers::{
    changed, invoice_says, pay, payee, payer_says, receiver, with_path, with_terms,
};
use crate::places::part;
use crate::{Fields, Rule, fields_of, written};

const OFFERS: &str = "BOLT 12, Requirements For Offers";
const REQUESTS: &str = "BOLT 12, Requirements for Invoice Requests";
const INVOICES: &str = "BOLT 12, Invoices, Requirements";
const NO_REQUESTS: &str =
    "nothing here reads invoice requests: a static invoice is handed out unasked";

const fn rule(source: &'static str, refuses: &'static str, answer: crate::Answer) -> Rule {
    Rule { source, refuses, answer }
}

pub(crate) const RULES: &[Rule] = &[
    rule(
        OFFERS,
        "a field outside of the offer's ranges",
        Says("tlv_81: has no place in this message", || {
            offer_says(|f| {
                f.insert(81, vec![1]);
            })
        }),
    ),
    rule(
        OFFERS,
        "an unknown even feature",
        Says("offer_features: unknown required feature 0", || {
            offer_says(|f| {
                f.insert(Field::OFFER_FEATURES.tlv_type(), vec![1]);
            })
        }),
    ),
    rule(
        OFFERS,
        "no chains given, and Bitcoin is not ours",
        Says("offer_chains: for another chain", || other_chain(offer())),
    ),
    rule(
        OFFERS,
        "none of its chains is ours",
        Says("offer_chains: for another chain", || other_chain(with_chain(ChainHash::BITCOIN))),
    ),
    rule(
        OFFERS,
        "an amount without a description",
        Says("offer_description: missing", || {
            offer_says(|f| {
                f.remove(&Field::OFFER_DESCRIPTION.tlv_type());
            })
        }),
    ),
    rule(
        OFFERS,
        "an amount of zero",
        Says("offer_amount: amount of 0 is out of range", || {
            offer_says(|f| {
                f.insert(Field::OFFER_AMOUNT.tlv_type(), vec![]);
            })
        }),
    ),
    rule(
        OFFERS,
        "a currency without an amount",
        Says("offer_amount: missing", || {
            offer_says(|f| {
                f.insert(Field::OFFER_CURRENCY.tlv_type(), b"EUR".to_vec());
                f.remove(&Field::OFFER_AMOUNT.tlv_type());
            })
        }),
    ),
    rule(
        OFFERS,
        "neither issuer nor paths",
        Says("offer_issuer_id: missing", || {
            offer_says(|f| {
                f.remove(&Field::OFFER_ISSUER_ID.tlv_type());
            })
        }),
    ),
    rule(
        OFFERS,
        "a path without hops",
        Says("offer_paths: path 0: blinded path of 0 hops, expected 1 to 255", || {
            offer_says(|f| {
                f.insert(Field::OFFER_PATHS.tlv_type(), no_hops());
            })
        }),
    ),
    rule(
        OFFERS,
        "an offer that has expired",
        Says("offer_absolute_expiry: expired at 1750000000, now it is 1750000001", expired_offer),
    ),
    rule(
        OFFERS,
        "an invoice request that does not go along a path, or to the issuer",
        NotOurs("no invoice request is sent: the vault is asked by the services"),
    ),
    rule(
        REQUESTS,
        "no payer id or metadata; fields out of range; unknown even features; a wrong signature; more than one path hop missing",
        NotOurs(NO_REQUESTS),
    ),
    rule(
        REQUESTS,
        "offer fields that match no valid, unexpired offer; a way that is not the offer's path, or is one",
        NotOurs(NO_REQUESTS),
    ),
    rule(
        REQUESTS,
        "a quantity that is missing, zero, too large or not asked for",
        NotOurs(NO_REQUESTS),
    ),
    rule(REQUESTS, "an amount that is missing or below what is expected", NotOurs(NO_REQUESTS)),
    rule(REQUESTS, "without an offer: fields of one, or no amount", NotOurs(NO_REQUESTS)),
    rule(REQUESTS, "another chain; a payer's name of other characters", NotOurs(NO_REQUESTS)),
    rule(
        INVOICES,
        "no invoice_amount",
        NotOurs("a static invoice has none (pull request 1149): offer_amount says what is asked"),
    ),
    rule(
        INVOICES,
        "no invoice_created_at",
        Says("invoice_created_at: missing", || {
            invoice_says(|f| {
                f.remove(&Field::INVOICE_CREATED_AT.tlv_type());
            })
        }),
    ),
    rule(
        INVOICES,
        "no invoice_payment_hash, or what stands for it",
        Says("payer: missing, for an invoice that is paid under a payer's own lock", || {
            payer_says(
                &changed(|f| {
                    f.remove(&Field::PAYMENT_POINTS.tlv_type());
                }),
                |_| (),
            )
        }),
    ),
    rule(
        INVOICES,
        "no invoice_node_id",
        Says("invoice_node_id: missing", || {
            invoice_says(|f| {
                f.remove(&Field::INVOICE_NODE_ID.tlv_type());
            })
        }),
    ),
    rule(
        INVOICES,
        "no chain given, and Bitcoin is not the payer's",
        Says("offer_chains: for another chain", || chain_says(&with_path().1, ChainHash::REGTEST)),
    ),
    rule(
        INVOICES,
        "a chain that is not the payer's",
        Says("offer_chains: for another chain", || {
            chain_says(
                &changed(|f| {
                    f.insert(
                        Field::OFFER_CHAINS.tlv_type(),
                        ChainHash::TESTNET4.to_bytes().to_vec(),
                    );
                }),
                ChainHash::BITCOIN,
            )
        }),
    ),
    rule(
        INVOICES,
        "an unknown even feature",
        Says("invoice_features: unknown required feature 18", || {
            invoice_says(|f| {
                f.insert(Field::INVOICE_FEATURES.tlv_type(), vec![4, 0, 0]);
            })
        }),
    ),
    rule(
        INVOICES,
        "after its relative expiry",
        Says(
            "invoice: invoice_relative_expiry: expired at 1750000060, now it is 1750000061",
            || {
                expired(
                    &changed(|f| {
                        f.insert(Field::INVOICE_RELATIVE_EXPIRY.tlv_type(), vec![60]);
                    }),
                    TIME + 60,
                )
            },
        ),
    ),
    rule(
        INVOICES,
        "after the expiry of one that gives none: a static invoice's is two weeks",
        Says(
            "invoice: invoice_relative_expiry: expired at 1751209600, now it is 1751209601",
            || {
                expired(
                    &changed(|f| {
                        f.remove(&Field::INVOICE_RELATIVE_EXPIRY.tlv_type());
                    }),
                    TIME + 14 * 86_400,
                )
            },
        ),
    ),
    rule(
        INVOICES,
        "no invoice_paths",
        Says("invoice_paths: missing", || {
            invoice_says(|f| {
                f.remove(&Field::INVOICE_PATHS.tlv_type());
            })
        }),
    ),
    rule(
        INVOICES,
        "an empty invoice_paths",
        Says("invoice_paths: empty", || {
            invoice_says(|f| {
                f.insert(Field::INVOICE_PATHS.tlv_type(), vec![]);
            })
        }),
    ),
    rule(
        INVOICES,
        "a path without hops",
        Says("invoice_paths: path 0: blinded path of 0 hops, expected 1 to 255", || {
            invoice_says(|f| {
                f.insert(Field::INVOICE_PATHS.tlv_type(), no_hops());
            })
        }),
    ),
    rule(
        INVOICES,
        "no invoice_blindedpay",
        Says("invoice_blindedpay: missing", || {
            invoice_says(|f| {
                f.remove(&Field::INVOICE_BLINDEDPAY.tlv_type());
            })
        }),
    ),
    rule(
        INVOICES,
        "not one entry of invoice_blindedpay for each path",
        Says("invoice_blindedpay: 2 items for 1 of invoice_paths", || {
            invoice_says(|f| {
                let pay = f.get_mut(&Field::INVOICE_BLINDEDPAY.tlv_type()).unwrap();
                pay.extend(pay.clone());
            })
        }),
    ),
    rule(
        INVOICES,
        "a path with an unknown even feature, if there are others",
        Says("invoice_paths: there is no path 0", path_with_feature),
    ),
    rule(
        INVOICES,
        "no path without an unknown even feature",
        Says("invoice_blindedpay: unknown required feature 0", || {
            invoice_says(|f| {
                let pay = f.get_mut(&Field::INVOICE_BLINDEDPAY.tlv_type()).unwrap();
                let end = pay.len();
                pay.splice(end - 2.., [0, 1, 1]);
            })
        }),
    ),
    rule(
        INVOICES,
        "fields of the offer that the payer does not have so",
        Says("invoice: offer_description: not as in the offer", other_offer),
    ),
    rule(
        INVOICES,
        "invoice_node_id other than offer_issuer_id",
        Says("invoice_node_id: not the offer_issuer_id", || {
            invoice_says(|f| {
                f.insert(
                    Field::OFFER_ISSUER_ID.tlv_type(),
                    pointlock::curve::SecretScalar::from_bytes(&[9; 32])
                        .unwrap()
                        .to_point()
                        .to_bytes()
                        .to_vec(),
                );
            })
        }),
    ),
    rule(
        INVOICES,
        "for an offer without an issuer: signed by another than the end of the path asked",
        Says("offer_issuer_id: missing", || {
            invoice_says(|f| {
                f.remove(&Field::OFFER_ISSUER_ID.tlv_type());
            })
        }),
    ),
    rule(
        INVOICES,
        "a wrong signature",
        Says("signature: not a valid signature by invoice_node_id", wrong_signature),
    ),
    rule(
        INVOICES,
        "one part where several are required",
        Says("invoice_features: this invoice is paid in several parts", || {
            payer_says(
                &changed(|f| {
                    f.insert(Field::INVOICE_FEATURES.tlv_type(), vec![1, 0, 0]);
                }),
                |_| (),
            )
        }),
    ),
    rule(
        INVOICES,
        "several parts where they are not allowed",
        Says("invoice_features: this invoice is not paid in parts", parts_not_allowed),
    ),
    rule(
        INVOICES,
        "another amount than was requested",
        NotOurs("no request is sent; the order's amount is checked against offer_amount"),
    ),
    rule(
        INVOICES,
        "an amount outside of what is authorized: below",
        Says("offer_amount: 50000000 msat asked, 49999999 msat to be paid", || {
            payer_says(&with_path().1, |p| p.amount_msat -= 1)
        }),
    ),
    rule(
        INVOICES,
        "an amount outside of what is authorized: above twice",
        Says("offer_amount: 100000000 msat at most, 100000001 msat to be paid", || {
            payer_says(&with_path().1, |p| p.amount_msat = 2 * AMOUNT_MSAT + 1)
        }),
    ),
    rule(
        INVOICES,
        "a fallback address of a version above 16",
        Says("unusable", || fallback(16, 32, 17, 32)),
    ),
    rule(
        INVOICES,
        "a fallback address of less than 2 or more than 40 bytes",
        Says("unusable", || {
            fallback(2, 2, 2, 1);
            fallback(2, 40, 2, 41)
        }),
    ),
    rule(
        INVOICES,
        "a fallback address that its version does not know",
        Says("unusable", || {
            fallback(0, 20, 0, 21);
            fallback(1, 32, 1, 33)
        }),
    ),
    rule(
        INVOICES,
        "a way of the invoice that is not the one asked for",
        NotOurs("it may come by any way, since its issuer has signed it"),
    ),
    rule(
        "BOLT 12, Invoices, TLV Fields (blinded_payinfo)",
        "less along a path than its htlc_minimum_msat",
        Says(
            "invoice_blindedpay: 50000000 msat, on a path from 50000001 to 2100000000000000000 msat",
            || payer_says(&with_terms(|terms| terms.htlc_minimum_msat = AMOUNT_MSAT + 1), |_| ()),
        ),
    ),
    rule(
        "BOLT 12, Invoices, TLV Fields (blinded_payinfo)",
        "more along a path than its htlc_maximum_msat",
        Says("invoice_blindedpay: 50000000 msat, on a path from 0 to 49999999 msat", || {
            payer_says(&with_terms(|terms| terms.htlc_maximum_msat = AMOUNT_MSAT - 1), |_| ())
        }),
    ),
    rule(
        "BOLT 12, Invoice Errors",
        "nothing yet: the rules are still to be written",
        NotOurs("an invoice error answers a request, and none is sent"),
    ),
    rule(
        "BOLT 12, Encoding",
        "a text in both cases",
        Says("text: mixed case", || {
            let text = offer().to_string();
            text.to_uppercase().parse::<Offer>().unwrap();
            text.replacen("lno", "LNO", 1).parse::<Offer>().unwrap_err().to_string()
        }),
    ),
    rule(
        "BOLT 12, Encoding",
        "a + that joins nothing",
        Says("text: `+` at byte 0 does not join two characters", || {
            let text = offer().to_string();
            format!("{}+\n{}", &text[..9], &text[9..]).parse::<Offer>().unwrap();
            format!("+{text}").parse::<Offer>().unwrap_err().to_string()
        }),
    ),
];

fn offer() -> Offer {
    OfferBuilder::new()
        .amount_msat(AMOUNT_MSAT)
        .description("tea")
        .absolute_expiry(TIME)
        .issuer_id(&receiver().public_key())
        .build()
        .unwrap()
}

/// What a reader says to a changed offer, which it takes unchanged.
fn offer_says(change: impl FnOnce(&mut Fields)) -> String {
    let mut fields = fields_of(offer().as_bytes());
    Offer::from_bytes(&written(&fields)).unwrap();
    change(&mut fields);
    Offer::from_bytes(&written(&fields)).unwrap_err().to_string()
}

fn with_chain(chain: ChainHash) -> Offer {
    let mut fields = fields_of(offer().as_bytes());
    fields.insert(Field::OFFER_CHAINS.tlv_type(), chain.to_bytes().to_vec());
    Offer::from_bytes(&written(&fields)).unwrap()
}

fn other_chain(offer: Offer) -> String {
    offer.check_chain(ChainHash::BITCOIN).unwrap();
    let error = offer.check_chain(ChainHash::REGTEST).unwrap_err();
    assert!(matches!(error, pointlock::invoice::InvoiceError::Chain { .. }), "{error}");
    "offer_chains: for another chain".into()
}

/// What a payer of this chain says.
fn chain_says(invoice: &StaticInvoice, chain: ChainHash) -> String {
    let said = payer_says(invoice, |payment| payment.chain = chain);
    let (expected, actual) = (chain, invoice.chain());
    let field = Field::OFFER_CHAINS;
    let error = pointlock::invoice::InvoiceError::Chain { field, expected, actual };
    assert_eq!(said, format!("invoice: {error}"));
    "offer_chains: for another chain".into()
}

fn expired_offer() -> String {
    offer().check_not_expired(TIME).unwrap();
    offer().check_not_expired(TIME + 1).unwrap_err().to_string()
}

/// Introduction node and path key, and then no hop.
fn no_hops() -> Vec<u8> {
    let point = receiver().public_key().to_bytes();
    [&point[..], &point[..], &[0]].concat()
}

/// In the last second and after it.
fn expired(invoice: &StaticInvoice, last: u64) -> String {
    let (mut net, _) = with_path();
    let said = pay(&mut net, invoice, |payment| payment.unix_time = last + 1).unwrap_err();
    pay(&mut net, invoice, |payment| payment.unix_time = last).unwrap();
    said
}

fn path_with_feature() -> String {
    let mut net = start(1, 2);
    let invoice = net.publish_paths(LockKind::Point, 0, 0, &[&[1], &[2]]);
    let mut fields = fields_of(invoice.as_bytes());
    let pay_infos = fields.get_mut(&Field::INVOICE_BLINDEDPAY.tlv_type()).unwrap();
    // The features of the first, of no byte before.
    let end = pay_infos.len() / 2;
    pay_infos.splice(end - 2..end, [0, 1, 1]);
    let invoice = crate::payers::signed(fields).unwrap();
    let mut order = |path| {
        let tail = pointlock::payment::Tail::Path(path);
        let payment =
            net.payment_in(&invoice, vec![part(AMOUNT_MSAT, (&[], Who::Receiver), tail, 1)]);
        net.tell_sender(0, SenderEvent::Pay(payment)).map_err(|error| error.to_string())
    };
    let said = order(0).unwrap_err();
    order(1).unwrap();
    said
}

fn other_offer() -> String {
    let (mut net, invoice) = with_path();
    let offered = payee(&changed(|f| {
        f.insert(Field::OFFER_DESCRIPTION.tlv_type(), b"coffee".to_vec());
    }));
    let said = pay(&mut net, &invoice, |payment| payment.payee = offered).unwrap_err();
    pay(&mut net, &invoice, |payment| payment.payee = payee(&invoice)).unwrap();
    said
}

fn wrong_signature() -> String {
    let mut fields = fields_of(with_path().1.as_bytes());
    StaticInvoice::from_bytes(&written(&fields)).unwrap();
    fields.get_mut(&240).unwrap()[40] ^= 1;
    StaticInvoice::from_bytes(&written(&fields)).unwrap_err().to_string()
}

fn parts_not_allowed() -> String {
    let (mut net, invoice) = with_path();
    let silent = changed(|f| {
        f.remove(&Field::INVOICE_FEATURES.tlv_type());
    });
    let mut order = |invoice: &StaticInvoice, seed| {
        let half = |seed| {
            part(AMOUNT_MSAT / 2, (&[], Who::Receiver), pointlock::payment::Tail::Path(0), seed)
        };
        let payment = net.payment_in(invoice, vec![half(seed), half(seed + 1)]);
        net.tell_sender(0, SenderEvent::Pay(payment)).map_err(|error| error.to_string())
    };
    let said = order(&silent, 1).unwrap_err();
    order(&invoice, 1).unwrap();
    said
}

fn fallback(version: u8, length: usize, other_version: u8, other_length: usize) -> String {
    let address = |version, length| FallbackAddress { version, address: vec![7; length] };
    assert!(address(version, length).is_usable());
    assert!(!address(other_version, other_length).is_usable());
    "unusable".into()
}
