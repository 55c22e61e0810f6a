// Who keeps the invoices of a receiver that is away: LDK's server of static invoices, between receivers and payers of both kinds.

use pointlock::curve::SecretScalar;
use pointlock::onion::blinded::{BlindedPath, OnionMessage, PeeledMessage, RecipientData};

fn scalar(byte: u8) -> SecretScalar {
    SecretScalar::from_bytes(&[byte; 32]).unwrap()
}

/// A pointlock node in talk with the server.
struct Customer<'a> {
    key: SecretScalar,
    server: &'a Node,
}

impl<'a> Customer<'a> {
    fn new(byte: u8, server: &'a Node) -> Self {
        let key = scalar(byte);
        server.connect(key_of(key.to_point()));
        Self { key, server }
    }

    fn reply_path(&self, byte: u8) -> BlindedPath<pointlock::wire::IntroductionNode> {
        let own = RecipientData { path_id: Some(vec![byte; 32]), ..Default::default() };
        let hops = [(self.key.to_point(), own.to_bytes())];
        BlindedPath::build(scalar(byte), &hops).unwrap().0.into()
    }

    /// Says something along a path, and gives the answer.
    fn say(
        &self,
        byte: u8,
        path: &BlindedPath<pointlock::wire::IntroductionNode>,
        message: AsyncMessage,
    ) -> Result<(AsyncMessage, Option<BlindedPath<pointlock::wire::IntroductionNode>>), String>
    {
        let name = format!("{message:?}");
        let name: String = name.chars().take_while(char::is_ascii_alphanumeric).collect();
        let fields = message.to_tlv(Some(&self.reply_path(byte)));
        let message = OnionMessage::build(scalar(byte + 1), path, &fields).unwrap();
        let id = key_of(self.key.to_point());
        self.server.hear(id, &message.to_bytes()[2..]);
        let answer = self.server.say(id).pop_front().ok_or(format!("no answer to {name}"))?;
        let answer = [&OnionMessage::TYPE.to_be_bytes(), &answer[..]].concat();
        match OnionMessage::from_bytes(&answer).unwrap().peel(&self.key).unwrap() {
            PeeledMessage::Receive { payload, .. } => {
                AsyncMessage::from_payload(&payload).map_err(|error| error.to_string())
            }
            _ => Err("not for us".to_owned()),
        }
    }

    /// Leaves an invoice.
    fn leave(&self) -> Result<OurInvoice, String> {
        let to_server = BlindedPath::read(&self.server.path_for_recipient()).unwrap().0;
        let asks = AsyncMessage::OfferPathsRequest { invoice_slot: 0 };
        let (AsyncMessage::OfferPaths { paths, .. }, Some(back)) =
            self.say(0x81, &to_server, asks)?
        else {
            return Err("no paths".to_owned());
        };
        // LDK's server asks the machine's clock whether the invoice has expired.
        let invoice = Payee::with_offer_paths(Lsp::new().id(), &paths, u32::MAX).invoice;
        let served = AsyncMessage::ServeStaticInvoice {
            invoice: Box::new(invoice.clone()),
            forward_invoice_request_path: self.reply_path(0x85),
        };
        match self.say(0x87, &back, served)? {
            (AsyncMessage::StaticInvoicePersisted, _) => Ok(invoice),
            _ => Err("not kept".to_owned()),
        }
    }

    /// Gets the invoice of an offer.
    fn fetch(&self, offer: &pointlock::invoice::Offer) -> Result<Vec<u8>, String> {
        let order = pointlock::async_payments::RequestOrder {
            offer,
            chain: ChainHash::BITCOIN,
            amount_msat: AMOUNT_MSAT,
            quantity: None,
            payer_note: None,
            metadata: &[7; 32],
        };
        let key = pointlock::curve::Keypair::from_secret_bytes(&[3; 32]).unwrap();
        let request = OurRequest::sign(&order, &key, &[0; 32]);
        let request = request.map_err(|error| error.to_string())?;
        let asks = AsyncMessage::InvoiceRequest(Box::new(request));
        match self.say(0x89, &offer.paths()[0], asks)? {
            (AsyncMessage::StaticInvoice(invoice), _) => Ok(invoice.as_bytes().to_vec()),
            _ => Err("no invoice".to_owned()),
        }
    }
}

/// A receiver leaves its invoice with an LDK server and goes; a payer gets it there.
pub(crate) fn with_an_ldk_vault(is_ldk: [bool; 2]) -> Result<(), String> {
    let [receiver, payer] = is_ldk;
    let vault = Node::new(9);
    let (offer, kept) = if receiver {
        let node = Node::new(8);
        node.use_server(&vault.path_for_recipient());
        node.talk_with(&vault);
        let offer = node.offer().ok_or("the receiver has no offer")?;
        let seen = vault.handler.seen.lock().unwrap();
        let of_offer = |kept: &&StaticInvoice| {
            let kept = OurInvoice::from_bytes(&kept.encode()).unwrap();
            kept.offer().as_bytes() == offer
        };
        let kept = seen.kept.values().find(of_offer).map(|kept| kept.encode());
        (offer.clone(), kept.ok_or("not kept")?)
    } else {
        let invoice = Customer::new(0x32, &vault).leave()?;
        (invoice.offer().as_bytes().to_vec(), invoice.as_bytes().to_vec())
    };
    let got = if payer {
        let node = Node::new(5);
        node.fetch(&offer);
        node.talk_with(&vault);
        let got = node.handler.seen.lock().unwrap().static_invoices.pop();
        got.ok_or("the payer gets nothing")?
    } else {
        let offer = pointlock::invoice::Offer::from_bytes(&offer).unwrap();
        Customer::new(0x33, &vault).fetch(&offer)?
    };
    if got == kept { Ok(()) } else { Err("another invoice".to_owned()) }
}
