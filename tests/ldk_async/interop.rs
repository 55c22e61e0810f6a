// Who pays whom: LDK or this project in each place of a route. Nothing here says what should be: it is run, and what came out is the table.

use pointlock::payment::{HoldPlan, RouteHop as OurHop};
use pointlock::wire::Features;

/// The channel between the two LSPs.
const BETWEEN: u64 = 45;

/// A node on the way.
enum Hop {
    Ldk(Node),
    Ours(Lsp),
}

impl Hop {
    fn new(is_ldk: bool, seed: u8) -> Self {
        if is_ldk { Self::Ldk(Node::new(seed)) } else { Self::Ours(Lsp::with(0x30 + seed)) }
    }

    fn id(&self) -> pointlock::curve::Point {
        match self {
            Self::Ldk(node) => point(node.id()),
            Self::Ours(lsp) => lsp.id(),
        }
    }

    fn forward(
        &mut self,
        from: pointlock::curve::Point,
        arriving: Arriving,
    ) -> Result<Arriving, String> {
        match self {
            Self::Ldk(node) => node.forward(&arriving),
            Self::Ours(lsp) => lsp.forward(from, arriving).map_err(|refusal| refusal.to_string()),
        }
    }

    /// A message for `to`, which is a peer, that has come from `from`.
    fn pass(&self, from: PublicKey, to: PublicKey, message: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Ldk(node) => {
                node.connect(from);
                node.connect(to);
                node.hear(from, message);
                node.say(to).pop_front()
            }
            Self::Ours(lsp) => Some(lsp.pass(message).1),
        }
    }
}

/// Whoever pays.
enum Pays {
    Ldk(Node),
    Ours(Payer),
}

/// Whoever is paid, with its offer and invoice.
enum Gets {
    Ldk { node: Node, offer: Vec<u8>, invoice: Vec<u8> },
    Ours(Payee),
}

/// Four nodes on a route: payer, its LSP, the receiver's LSP, receiver.
struct Scene {
    payer: Pays,
    lsp: Hop,
    receivers_lsp: Hop,
    receiver: Gets,
}

impl Scene {
    fn new(is_ldk: [bool; 4]) -> Self {
        let [payer, lsp, receivers_lsp, receiver] = is_ldk;
        let receivers_lsp = Hop::new(receivers_lsp, 7);
        let payer = if payer { Pays::Ldk(Node::new(5)) } else { Pays::Ours(Payer::new()) };
        let receiver = if receiver {
            let node = Node::new(8);
            let relay = shims::Relay { node: key_of(receivers_lsp.id()), short_channel_id: 44 };
            let (offer, invoice, _) = node.static_invoice(Some(relay));
            Gets::Ldk { node, offer, invoice }
        } else {
            Gets::Ours(Payee::new(receivers_lsp.id()))
        };
        let scene = Self { payer, lsp: Hop::new(lsp, 6), receivers_lsp, receiver };
        let (payer, receiver) = (scene.payer_id(), scene.receiver_id());
        if let Pays::Ldk(node) = &scene.payer {
            node.connect(receiver);
            node.connect(key_of(scene.receivers_lsp.id()));
        }
        if let Gets::Ldk { node, .. } = &scene.receiver {
            node.connect(payer);
        }
        scene
    }

    fn payer_id(&self) -> PublicKey {
        match &self.payer {
            Pays::Ldk(node) => node.id(),
            Pays::Ours(payer) => key_of(payer.id()),
        }
    }

    fn receiver_id(&self) -> PublicKey {
        match &self.receiver {
            Gets::Ldk { node, .. } => node.id(),
            Gets::Ours(payee) => key_of(payee.id()),
        }
    }

    fn invoice(&self) -> (Vec<u8>, Vec<u8>) {
        match &self.receiver {
            Gets::Ldk { offer, invoice, .. } => (offer.clone(), invoice.clone()),
            Gets::Ours(payee) => {
                (payee.offer.as_bytes().to_vec(), payee.invoice.as_bytes().to_vec())
            }
        }
    }

    fn our_invoice(&self) -> Result<OurInvoice, String> {
        OurInvoice::from_bytes(&self.invoice().1).map_err(|error| error.to_string())
    }

    /// A message to the receiver along its message path, and what it answers to the payer, or to whoever the answer is for.
    fn reaches(&mut self, from: PublicKey, message: &[u8]) -> Result<Option<Vec<u8>>, String> {
        let receiver = self.receiver_id();
        match &mut self.receiver {
            Gets::Ldk { node, .. } => {
                node.connect(from);
                node.hear(from, message);
                Ok(node.say(from).pop_front())
            }
            Gets::Ours(payee) => {
                let passed = self.receivers_lsp.pass(from, receiver, message);
                let passed = passed.ok_or("the receiver's LSP passes no message on")?;
                match payee.hear(&passed) {
                    Ok((_, answer)) => Ok(Some(answer)),
                    Err(error) => Err(format!("{error:?}")),
                }
            }
        }
    }

    /// The payer asks whether the receiver is there, which it is or not; whether it is told to pay.
    fn ask(&mut self, number: u8, is_there: bool) -> Result<bool, String> {
        let (_, invoice) = self.invoice();
        let first = match &self.receiver {
            Gets::Ldk { node, .. } => node.id(),
            Gets::Ours(_) => key_of(self.receivers_lsp.id()),
        };
        let (held, question) = match &self.payer {
            Pays::Ldk(node) => {
                node.ask(&invoice, number);
                (None, node.say(first).pop_front().ok_or("the payer asks nothing")?)
            }
            Pays::Ours(payer) => {
                let (held, _, question) = payer.ask(&self.our_invoice()?, number);
                (Some(held), question)
            }
        };
        let answer = match is_there {
            true => self.reaches(self.payer_id(), &question)?,
            // It lies at the LSP, or is lost.
            false => None,
        };
        let Some(answer) = answer else { return Ok(false) };
        let receiver = self.receiver_id();
        match (&self.payer, held) {
            (Pays::Ldk(node), _) => {
                node.hear(receiver, &answer);
                Ok(node.was_released(number))
            }
            (Pays::Ours(payer), Some(held)) => {
                payer.hears(&held, &answer).map_err(|error| error.to_string())
            }
            (Pays::Ours(_), None) => Ok(false),
        }
    }

    fn order(&self) -> Result<pointlock::payment::Payment, String> {
        let Pays::Ours(payer) = &self.payer else {
            return Err("not run: LDK makes no such order".into());
        };
        let mut order = payer.order(&self.our_invoice()?, 1);
        let features = match self.lsp {
            Hop::Ldk(_) => Features::NONE,
            Hop::Ours(_) => Features::of_node(),
        };
        order.parts[0].forwarders = vec![OurHop {
            node_id: self.lsp.id(),
            short_channel_id: BETWEEN,
            policy: Lsp::policy(),
            features,
        }];
        Ok(order)
    }

    fn receive(&mut self, arriving: Arriving) -> Result<[u8; 32], String> {
        match &mut self.receiver {
            Gets::Ours(payee) => payee.take(arriving).map_err(|refusal| refusal.to_string()),
            Gets::Ldk { node, .. } => {
                let Arriving { hash, amount_msat, expiry, path_key, packet } = arriving;
                let key = path_key.map(|key| key.to_bytes());
                let received = node.receive(hash, amount_msat, expiry, key, &packet.to_bytes())?;
                let request = received.invoice_request.ok_or("no invoice request")?;
                let nonce = received.offer_nonce.ok_or("not along a path of this offer")?;
                match node.knows(request, nonce) {
                    true => Ok(received.preimage),
                    false => Err("the invoice request is for another offer".to_owned()),
                }
            }
        }
    }

    /// The payment itself, to its end.
    fn pay(&mut self) -> Result<(), String> {
        let (offer, invoice) = self.invoice();
        let (lsp, receivers_lsp) = (self.lsp.id(), self.receivers_lsp.id());
        let drawn = [9; 32];
        let order = self.order();
        let (arriving, outgoing) = match &mut self.payer {
            Pays::Ldk(node) => {
                let first = Some((key_of(lsp), BETWEEN));
                let (packet, amount_msat, expiry) =
                    node.pay(&invoice, &offer, drawn, first, key_of(receivers_lsp));
                let hash = sha256::Hash::hash(&drawn).to_byte_array();
                let packet = Packet::from_bytes(&packet).map_err(|error| error.to_string())?;
                (Arriving { hash, amount_msat, expiry, path_key: None, packet }, None)
            }
            Pays::Ours(payer) => {
                let (_, arriving, outgoing) = payer.pay(order?);
                (arriving, Some(outgoing))
            }
        };
        let from = point(self.payer_id());
        let arriving = self.lsp.forward(from, arriving)?;
        let arriving = self.receivers_lsp.forward(lsp, arriving)?;
        let preimage = self.receive(arriving)?;
        self.ends(outgoing, drawn, preimage)
    }

    fn ends(
        &mut self,
        outgoing: Option<pointlock::edge::EdgeId>,
        drawn: [u8; 32],
        preimage: [u8; 32],
    ) -> Result<(), String> {
        let paid = match (&mut self.payer, outgoing) {
            (Pays::Ours(payer), Some(outgoing)) => payer.is_paid(outgoing, preimage),
            _ => preimage == drawn,
        };
        if paid { Ok(()) } else { Err("not the payer's preimage".to_owned()) }
    }

    /// This project's hold: the payer's LSP keeps the payment and a sealed announcement.
    fn pay_held(&mut self) -> Result<(), String> {
        let mut order = self.order()?;
        order.hold = Some(HoldPlan { hop: 1, blocks: 144 });
        let Pays::Ours(payer) = &mut self.payer else {
            return Err("not run: LDK makes no such order".into());
        };
        if let Hop::Ldk(_) = self.lsp {
            return Err(payer.refuses(order).unwrap_or_else(|| "not refused".to_owned()));
        }
        let (arriving, outgoing, handover) = payer.pay_held(order);
        let from = payer.id();
        let Hop::Ours(lsp) = &mut self.lsp else { return Err("not ours".to_owned()) };
        let lsp_id = lsp.id();
        let announcement = lsp.hold(from, arriving, handover);
        let Some(answer) = self.reaches(key_of(lsp_id), &announcement)? else {
            return Err("the receiver passes the sealed announcement over, and the hold waits for its cutoff".into());
        };
        let Hop::Ours(lsp) = &mut self.lsp else { return Err("not ours".to_owned()) };
        let arriving = lsp.released(&answer);
        let arriving = self.receivers_lsp.forward(lsp_id, arriving)?;
        let preimage = self.receive(arriving)?;
        self.ends(Some(outgoing), [0; 32], preimage)
    }
}

/// What came out: online, while the receiver is away in LDK's way, and in this project's.
pub(crate) fn outcomes(is_ldk: [bool; 4]) -> [Result<(), String>; 3] {
    let online = || {
        let mut scene = Scene::new(is_ldk);
        match scene.ask(1, true)? {
            true => scene.pay(),
            false => Err("no answer".to_owned()),
        }
    };
    let away = || {
        let mut scene = Scene::new(is_ldk);
        if scene.ask(1, false)? {
            return Err("told to pay by nobody".to_owned());
        }
        match scene.ask(2, true)? {
            true => scene.pay(),
            false => Err("no answer".to_owned()),
        }
    };
    [online(), away(), Scene::new(is_ldk).pay_held()]
}

/// A pointlock receiver leaves its invoice with an LDK server, and a pointlock payer gets it there.
pub(crate) fn with_an_ldk_vault() -> Result<(), String> {
    use pointlock::onion::blinded::{BlindedPath, OnionMessage, PeeledMessage, RecipientData};
    let scalar = |byte| pointlock::curve::SecretScalar::from_bytes(&[byte; 32]).unwrap();
    let (vault, lsp) = (Node::new(9), Lsp::new());
    let (us, payer) = (scalar(0x32), scalar(0x33));
    for key in [&us, &payer] {
        vault.connect(key_of(key.to_point()));
    }
    let reply = |key: &pointlock::curve::SecretScalar, byte| {
        let own = RecipientData { path_id: Some(vec![byte; 32]), ..Default::default() };
        BlindedPath::build(scalar(byte), &[(key.to_point(), own.to_bytes())]).unwrap().0.into()
    };
    let talk = |key: &pointlock::curve::SecretScalar, byte, path: &_, message: AsyncMessage| {
        let name = format!("{message:?}");
        let name: String = name.chars().take_while(char::is_ascii_alphanumeric).collect();
        let fields = message.to_tlv(Some(&reply(key, byte)));
        let message = OnionMessage::build(scalar(byte + 1), path, &fields).unwrap();
        let id = key_of(key.to_point());
        vault.hear(id, &message.to_bytes()[2..]);
        let answer = vault.say(id).pop_front().ok_or(format!("no answer to {name}"))?;
        let answer = [&OnionMessage::TYPE.to_be_bytes(), &answer[..]].concat();
        match OnionMessage::from_bytes(&answer).unwrap().peel(key).unwrap() {
            PeeledMessage::Receive { payload, .. } => {
                AsyncMessage::from_payload(&payload).map_err(|error| error.to_string())
            }
            _ => Err("not for us".to_owned()),
        }
    };
    let bytes = vault.path_for_recipient();
    let (to_vault, _) = BlindedPath::read(&bytes).unwrap();
    let asked = talk(&us, 0x81, &to_vault, AsyncMessage::OfferPathsRequest { invoice_slot: 0 })?;
    let (AsyncMessage::OfferPaths { paths, .. }, Some(back)) = asked else {
        return Err("no paths".to_owned());
    };
    // LDK's server asks the machine's clock whether the invoice has expired.
    let invoice = Payee::with_offer_paths(lsp.id(), &paths, u32::MAX).invoice;
    let served = AsyncMessage::ServeStaticInvoice {
        invoice: Box::new(invoice.clone()),
        forward_invoice_request_path: reply(&us, 0x85),
    };
    let (AsyncMessage::StaticInvoicePersisted, _) = talk(&us, 0x87, &back, served)? else {
        return Err("not kept".to_owned());
    };
    let order = pointlock::async_payments::RequestOrder {
        offer: invoice.offer(),
        chain: ChainHash::BITCOIN,
        amount_msat: AMOUNT_MSAT,
        quantity: None,
        payer_note: None,
        metadata: &[7; 32],
    };
    let key = pointlock::curve::Keypair::from_secret_bytes(&[3; 32]).unwrap();
    let request = OurRequest::sign(&order, &key, &[0; 32]).map_err(|error| error.to_string())?;
    let asks = AsyncMessage::InvoiceRequest(Box::new(request));
    match talk(&payer, 0x89, &invoice.offer().paths()[0], asks)? {
        (AsyncMessage::StaticInvoice(got), _) if *got == invoice => Ok(()),
        _ => Err("another invoice".to_owned()),
    }
}
