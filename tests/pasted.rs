//! The forms in which people paste offers and invoices, and what else they paste in their place.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

use pointlock::curve::{Keypair, SecretScalar};
use pointlock::invoice::{
    InvoiceError, Offer, OfferBuilder, OfferOrInvoice, StaticInvoice, StaticInvoiceBuilder,
    TextKind, text,
};
use proptest::prelude::*;

/// A small offer, from BOLT 12's vectors.
const OFFER: &str = "lno1zcss9mk8y3wkklfvevcrszlmu23kfrxh49px20665dqwmn4p72pksese";

fn receiver() -> Keypair {
    Keypair::from_secret_bytes(&[2; 32]).unwrap()
}

fn offer() -> Offer {
    OFFER.parse().unwrap()
}

fn invoice() -> StaticInvoice {
    StaticInvoiceBuilder::new(SecretScalar::from_bytes(&[1; 32]).unwrap().to_point(), 1_750_000_000)
        .interim_route(&[receiver().public_key()])
        .sign(&receiver(), &[0; 32])
        .unwrap()
}

/// Each form of the offer, and the same of an invoice.
#[test]
fn forms_that_are_read() {
    for form in [
        "{}",
        // As it stands in a link.
        "lightning:{}",
        "LIGHTNING:{}",
        "Lightning:{}",
        "lightning://{}",
        "bitcoin:?lno={}",
        "BITCOIN:?LNO={}",
        "bitcoin:?lni={}",
        "bitcoin:?lightning={}",
        "bitcoin:bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq?lno={}",
        "bitcoin:?amount=0.00001&label=coffee%20%26%20cake&lno={}&message=100%",
        "bitcoin:?lno={}&lno=lno1qqqq",
        "bitcoin:?lightning=lnbc1pvjluezpp5qqq&lno={}",
        "bitcoin:?sp=sp1qqqq&&unknown&lno={}",
        "bitcoin:?req-lno={}",
        "bitcoin:?lno=%20{}%0A",
        "lightning:{}?amount=5",
        "lightning: {} ",
        "lightning:?lno={}",
        // As it comes from a file, a mail or a page.
        "{}\n",
        "{}\r\n",
        "\n\t {} \n",
        "\u{feff}{}\n",
        "\u{a0}{}\u{a0}",
        "\u{200b}{}\u{202f}\u{2007}",
    ] {
        let with = |text: &str| form.replace("{}", text);
        for text in [OFFER.to_owned(), OFFER.to_uppercase()] {
            assert_eq!(with(&text).parse(), Ok(offer()), "{form:?}");
            let either = OfferOrInvoice::Offer(Box::new(offer()));
            assert_eq!(with(&text).parse(), Ok(either), "{form:?}");
        }
        let text = with(&invoice().to_string());
        assert_eq!(text.parse(), Ok(invoice()), "{form:?}");
        assert_eq!(
            text.parse(),
            Ok(OfferOrInvoice::StaticInvoice(Box::new(invoice()))),
            "{form:?}"
        );
    }
    // A QR code in one piece of upper case.
    let code = format!("bitcoin:?lno={OFFER}").to_uppercase();
    assert_eq!(code.parse(), Ok(offer()));
    // Every character percent-encoded.
    let encoded: String = OFFER.bytes().map(|byte| format!("%{byte:02X}")).collect();
    assert_eq!(format!("bitcoin:?lno={encoded}").parse(), Ok(offer()));
}

/// BOLT 12's joins, in a link too, where a `+` is no space.
#[test]
fn pieces_are_joined() {
    let (start, end) = OFFER.split_at(20);
    for join in ["+", "+ ", "+\n", "+\r\n\t ", "+\u{c}"] {
        let pieces = format!("{start}{join}{end}");
        assert_eq!(pieces.parse(), Ok(offer()), "{join:?}");
        let percent = pieces.replace('+', "%2b").replace('\n', "%0a").replace('\r', "%0D");
        assert_eq!(format!("bitcoin:?lno={percent}").parse(), Ok(offer()), "{join:?}");
        assert_eq!(format!("lightning:{pieces}").parse(), Ok(offer()), "{join:?}");
    }
    let refused = |text: String| text.parse::<Offer>().unwrap_err();
    // White space is in front of no `+`, and a no-break space nowhere inside.
    for (join, character) in [
        (" +", ' '),
        ("+\u{a0}", '\u{a0}'),
        ("+ \u{a0}", '\u{a0}'),
        ("+\u{feff}", '\u{feff}'),
        ("+\u{2028}", '\u{2028}'),
        ("\n", '\n'),
    ] {
        let error = InvoiceError::TextCharacter { character };
        assert_eq!(refused(format!("{start}{join}{end}")), error, "{join:?}");
    }
    for text in [format!("{OFFER}+"), format!("{OFFER}+\n"), format!("+{OFFER}"), "ln++o1q".into()]
    {
        assert!(matches!(refused(text.clone()), InvoiceError::TextContinuation { .. }), "{text:?}");
    }
}

#[test]
fn links_that_are_refused() {
    for (link, error) in [
        (
            format!("bitcoin:?lno={OFFER}&req-somethingnew=1"),
            InvoiceError::TextRequired { parameter: "req-somethingnew".into() },
        ),
        (
            format!("BITCOIN:?REQ-POP=app%3a&LNO={}", OFFER.to_uppercase()),
            InvoiceError::TextRequired { parameter: "req-pop".into() },
        ),
        (
            format!("lightning:{OFFER}?req-{}", "é".repeat(500)),
            InvoiceError::TextRequired { parameter: format!("req-{}", "é".repeat(79)) },
        ),
        (format!("bitcoin:?lno={OFFER}%"), InvoiceError::TextPercent { part: "lno".into() }),
        (format!("bitcoin:?lno={OFFER}%2"), InvoiceError::TextPercent { part: "lno".into() }),
        (format!("bitcoin:?LNO={OFFER}%zz"), InvoiceError::TextPercent { part: "lno".into() }),
        (format!("lightning:{OFFER}%ff"), InvoiceError::TextPercent { part: "lightning".into() }),
        (format!("bitcoin:?lno={OFFER}b"), InvoiceError::TextCharacter { character: 'b' }),
        (format!("bitcoin:?lno={}Q", &OFFER[..20]), InvoiceError::TextMixedCase),
    ] {
        assert_eq!(link.parse::<Offer>(), Err(error), "{link}");
    }
    // The same without what is wrong with them.
    assert_eq!(format!("bitcoin:?lno={OFFER}&somethingnew=1").parse(), Ok(offer()));
    assert_eq!(format!("bitcoin:?lno={OFFER}%20").parse(), Ok(offer()));
}

/// One answer for everything that is something else: what it is, and what is wanted.
#[test]
fn something_else_is_named() {
    let node_id = receiver().public_key().to_string();
    let (offer, invoice) = (offer().to_string(), invoice().to_string());
    let (bare, link) = (format!("{node_id}@127.0.0.1:9735"), format!("lightning:{invoice}"));
    for (text, found) in [
        ("lnbc1pvjluezpp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyq", TextKind::Bolt11Invoice),
        ("lnbc2500u1pvjluezpp5qqqsyqcyq5rqwzqf", TextKind::Bolt11Invoice),
        ("lntb20m1pvjluezhp58yjmdan79s6qqdhd", TextKind::Bolt11Invoice),
        ("lightning:LNBC1PVJLUEZPP5QQQ", TextKind::Bolt11Invoice),
        (
            "bitcoin:bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq?lightning=lnbc1pvj",
            TextKind::Bolt11Invoice,
        ),
        ("LNURL1DP68GURN8GHJ7UM9WFMXJCM99E3K7MF0V9CXJ0M385EKVCENXC6R2C35", TextKind::Lnurl),
        ("lightning:lnurl1dp68gurn8ghj7um9wfmxjcm99e3k7mf0", TextKind::Lnurl),
        ("lnurlp://example.com/pay", TextKind::Lnurl),
        ("receiver@example.com", TextKind::LightningAddress),
        ("lightning:receiver@example.com", TextKind::LightningAddress),
        ("lnr1qqqq", TextKind::InvoiceRequest),
        ("lnp1qqqq", TextKind::PayerProof),
        (&node_id, TextKind::NodeId),
        (&bare, TextKind::NodeId),
        ("bitcoin:bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", TextKind::BitcoinAddress),
        ("https://example.com/offer", TextKind::WebAddress),
        ("invoice.txt", TextKind::FileName),
        ("./invoices/latest", TextKind::FileName),
        ("", TextKind::Nothing),
        (" \n", TextKind::Nothing),
        ("bitcoin:", TextKind::Nothing),
        ("lightning:?lno=", TextKind::Nothing),
    ] {
        let other = |wanted| InvoiceError::OtherText { found, wanted };
        assert_eq!(text.parse::<Offer>(), Err(other(&[TextKind::Offer])), "{text:?}");
        assert_eq!(text.parse::<StaticInvoice>(), Err(other(&[TextKind::Invoice])), "{text:?}");
        let either = other(&[TextKind::Offer, TextKind::Invoice]);
        assert_eq!(text.parse::<OfferOrInvoice>(), Err(either), "{text:?}");
    }
    // One in the place of the other.
    let (found, wanted) = (TextKind::Invoice, &[TextKind::Offer]);
    for text in [&invoice, &link] {
        assert_eq!(text.parse::<Offer>(), Err(InvoiceError::OtherText { found, wanted }));
    }
    let (found, wanted) = (TextKind::Offer, &[TextKind::Invoice]);
    for text in [&offer, &format!("bitcoin:?lno={offer}")] {
        assert_eq!(text.parse::<StaticInvoice>(), Err(InvoiceError::OtherText { found, wanted }));
    }
    assert_eq!(
        offer.parse::<StaticInvoice>().unwrap_err().to_string(),
        "text: an offer (lno1…), where an invoice of BOLT 12 (lni1…) is wanted"
    );
    assert_eq!(
        "invoice.txt".parse::<OfferOrInvoice>().unwrap_err().to_string(),
        "text: the name of a file, where an offer (lno1…) or an invoice of BOLT 12 (lni1…) is wanted"
    );
    // What is like nothing that is known has a prefix, or not even that.
    let error = InvoiceError::TextPrefix { actual: "npub".into(), wanted: &[TextKind::Offer] };
    assert_eq!("npub1qqqq".parse::<Offer>(), Err(error));
    assert_eq!("coffee".parse::<Offer>(), Err(InvoiceError::TextSeparator));
    // The last `1` separates. What stands before it is no offer's, however it begins, and what stands behind it is an offer's stream.
    let (begin, stream) = ("lno1pgqhs", OFFER.strip_prefix("lno1").unwrap());
    let wanted = &[TextKind::Offer];
    let error = InvoiceError::TextPrefix { actual: begin.into(), wanted };
    assert_eq!(format!("{begin}1{stream}").parse::<Offer>(), Err(error));
    assert!(format!("lno1{stream}").parse::<Offer>().is_ok());
}

/// The longest text is read, with what stands around it; one byte more is refused, whatever it is.
#[test]
fn texts_have_a_length() {
    let too_long = InvoiceError::TextTooLong { maximum: 2_097_152 };
    let spaces = |length: usize| " ".repeat(length - OFFER.len()) + OFFER;
    assert_eq!(spaces(text::MAX_TEXT_LENGTH).parse(), Ok(offer()));
    let longer = spaces(text::MAX_TEXT_LENGTH + 1);
    assert_eq!(longer.parse::<Offer>(), Err(too_long.clone()));
    assert_eq!(text::decode(&longer), Err(too_long.clone()));
    assert_eq!("q".repeat(100_000_000).parse::<OfferOrInvoice>(), Err(too_long));
}

/// The longest stream is read, written and read again.
#[test]
fn streams_have_a_length() {
    let plain = OfferBuilder::new().issuer_id(&receiver().public_key()).build().unwrap();
    let with_metadata = |length: usize| {
        OfferBuilder::new().issuer_id(&receiver().public_key()).metadata(&vec![7; length]).build()
    };
    // Type and length of the record take six bytes there.
    let room = text::MAX_STREAM_LENGTH - plain.as_bytes().len() - 6;
    let longest = with_metadata(room).unwrap();
    assert_eq!(longest.as_bytes().len(), text::MAX_STREAM_LENGTH);
    assert_eq!(longest.to_string().parse(), Ok(longest.clone()));
    let (actual, maximum) = (1_048_577, 1_048_576);
    let error = InvoiceError::StreamTooLong { actual, maximum };
    assert_eq!(with_metadata(room + 1), Err(error.clone()));
    // An invoice for the longest offer is longer; it is refused without a look at its fields.
    let bytes = [longest.as_bytes(), &[0]].concat();
    assert_eq!(StaticInvoice::from_bytes(&bytes), Err(error));
    assert_eq!(
        InvoiceError::StreamTooLong { actual, maximum }.to_string(),
        "stream: 1048577 bytes, at most 1048576 are read"
    );
}

/// Text as it may be pasted: pieces of what has a meaning somewhere.
fn pasted() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        OFFER,
        "lno1",
        "LNI1",
        "lnbc1",
        "bitcoin:",
        "LIGHTNING:",
        "//",
        "?",
        "&",
        "=",
        "lno=",
        "req-",
        "REQ-LNO=",
        "%",
        "%2",
        "%20",
        "%C3",
        "%A9",
        "+",
        "+ ",
        " ",
        "\n",
        "\u{a0}",
        "\u{feff}",
        "é",
        "₿",
        "@",
        "a.b",
        ".txt",
        "/",
        ":",
        "q",
        "Q",
        "1",
        "02",
        "ab",
    ]);
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_text_panics(text in prop_oneof![pasted(), any::<String>()]) {
        match text.parse::<OfferOrInvoice>() {
            Ok(OfferOrInvoice::Offer(offer)) => {
                prop_assert_eq!(text.parse::<Offer>(), Ok((*offer).clone()));
                prop_assert_eq!(offer.to_string().parse::<Offer>(), Ok((*offer).clone()));
            }
            Ok(OfferOrInvoice::StaticInvoice(_)) => prop_assert!(false, "nobody has signed it"),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
        let _ = text.parse::<StaticInvoice>();
    }

    /// Any offer, in a link, with any of its characters percent-encoded, in pieces and in either case.
    #[test]
    fn write_paste_parse(
        metadata in prop::collection::vec(any::<u8>(), 0..60),
        percent in prop::collection::vec(any::<bool>(), 300),
        cut: prop::sample::Index,
        upper: bool,
        head in prop::sample::select(vec!["", "lightning:", "bitcoin:?lno=", "bitcoin:?a=b&lightning="]),
        around in "[ \t\r\n\u{a0}\u{feff}]{0,4}",
    ) {
        let offer = OfferBuilder::new().issuer_id(&receiver().public_key()).metadata(&metadata).build().unwrap();
        let mut text = offer.to_string();
        text.insert_str(1 + cut.index(text.len() - 1), "+\n ");
        if !head.is_empty() {
            let encoded = text.bytes().zip(percent).map(|(byte, percent)| match percent {
                true => format!("%{byte:02x}"),
                false => char::from(byte).to_string(),
            });
            text = encoded.collect();
        }
        let mut text = format!("{head}{text}");
        // What is percent-encoded has its own case.
        if upper && !text.contains('%') {
            text = text.to_uppercase();
        }
        prop_assert_eq!(format!("{around}{text}{around}").parse(), Ok(offer));
    }
}
