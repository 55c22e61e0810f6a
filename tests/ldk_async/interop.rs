// Who pays whom: LDK or this project in each place of a route. Nothing here says what should be: it is run, and what came out is the table.

use pointlock::payment::{HoldPlan, RouteHop as OurHop};
use pointlock::wire::Features;

/// The channels from the payer's LSP to the router, and from there to the receiver's LSP.
const BETWEEN: [u64; 2] = [45, 46];

/// The preimage of an LDK payer.
const DRAWN: [u8; 32] = [9; 32];

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

    /// What it says of itself in `init`.
    fn features(&self) -> Vec<u8> {
        match self {
            Self::Ldk(_) => features_of_ldk(),
            Self::Ours(_) => Features::of_node().as_bytes().to_vec(),
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

/// Five nodes on a route: payer, its LSP, a router, the receiver's LSP, receiver.
struct Scene {
    payer: Pays,
    lsp: Hop,
    router: Hop,
    receivers_lsp: Hop,
    receiver: Gets,
}

impl Scene {
    fn new(is_ldk: [bool; 5]) -> Self {
        let [payer, lsp, router, receivers_lsp, receiver] = is_ldk;
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
        let (lsp, router) = (Hop::new(lsp, 6), Hop::new(router, 9));
        let scene = Self { payer, lsp, router, receivers_lsp, receiver };
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

    /// A message to the receiver along its message path, and what it answers to the peer that the answer is for.
    fn reaches(
        &mut self,
        from: PublicKey,
        message: &[u8],
        back: PublicKey,
    ) -> Result<Option<Vec<u8>>, String> {
        let receiver = self.receiver_id();
        match &mut self.receiver {
            Gets::Ldk { node, .. } => {
                node.connect(from);
                node.connect(back);
                node.hear(from, message);
                Ok(node.say(back).pop_front())
            }
            Gets::Ours(payee) => {
                let passed = self.receivers_lsp.pass(from, receiver, message);
                let passed = passed.ok_or("the receiver's LSP passes no message on")?;
                match payee.hear(&passed) {
                    Ok((to, answer)) => Ok((to == point(back)).then_some(answer)),
                    Err(error) => Err(format!("{error:?}")),
                }
            }
        }
    }

    /// Where the receiver's message path begins.
    fn first_of_path(&self) -> PublicKey {
        match &self.receiver {
            Gets::Ldk { node, .. } => node.id(),
            Gets::Ours(_) => key_of(self.receivers_lsp.id()),
        }
    }

    /// The payer asks whether the receiver is there, which it is or not; whether it is told to pay.
    fn ask(&mut self, number: u8, is_there: bool) -> Result<bool, String> {
        let (_, invoice) = self.invoice();
        let first = self.first_of_path();
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
        let payer = self.payer_id();
        let answer = match is_there {
            true => self.reaches(payer, &question, payer)?,
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

    /// The order of a pointlock payer.
    fn order(&self, payer: &Payer) -> Result<pointlock::payment::Payment, String> {
        let mut order = payer.order(&self.our_invoice()?, 1);
        let way = [&self.lsp, &self.router].into_iter().zip(BETWEEN);
        let hops = way.map(|(hop, short_channel_id)| OurHop {
            node_id: hop.id(),
            short_channel_id,
            policy: Lsp::policy(),
            features: Features::from_bytes(&hop.features()),
        });
        order.parts[0].forwarders = hops.collect();
        Ok(order)
    }

    fn receive(&mut self, arriving: Arriving) -> Result<[u8; 32], String> {
        match &mut self.receiver {
            Gets::Ours(payee) => payee.take(arriving).map_err(|refusal| refusal.to_string()),
            Gets::Ldk { node, .. } => {
                let received = node.receive(&arriving)?;
                let request = received.invoice_request.ok_or("no invoice request")?;
                let nonce = received.offer_nonce.ok_or("not along a path of this offer")?;
                match node.knows(request, nonce) {
                    true => Ok(received.preimage),
                    false => Err("the invoice request is for another offer".to_owned()),
                }
            }
        }
    }

    /// What the payer offers to its LSP. A pointlock payer is told by its edge that it is paid, LDK's has drawn the preimage itself.
    fn offered(&mut self) -> Result<(Arriving, Option<pointlock::edge::EdgeId>), String> {
        let (offer, invoice) = self.invoice();
        let [lsp, router] = [self.lsp.id(), self.router.id()].map(key_of);
        let receivers_lsp = key_of(self.receivers_lsp.id());
        let order = match &self.payer {
            Pays::Ldk(node) => {
                let forwarders = [(lsp, BETWEEN[0]), (router, BETWEEN[1])];
                return Ok((node.pay(&invoice, &offer, DRAWN, &forwarders, receivers_lsp), None));
            }
            Pays::Ours(payer) => self.order(payer)?,
        };
        let Pays::Ours(payer) = &mut self.payer else { return Err("another payer".to_owned()) };
        let (_, arriving, outgoing) = payer.pay(order);
        Ok((arriving, Some(outgoing)))
    }

    /// The payment itself, to its end.
    fn pay(&mut self) -> Result<(), String> {
        let (arriving, outgoing) = self.offered()?;
        let from = point(self.payer_id());
        let arriving = self.lsp.forward(from, arriving)?;
        self.goes_on(arriving, outgoing)
    }

    /// From the payer's LSP on.
    fn goes_on(
        &mut self,
        arriving: Arriving,
        outgoing: Option<pointlock::edge::EdgeId>,
    ) -> Result<(), String> {
        let (lsp, router) = (self.lsp.id(), self.router.id());
        let arriving = self.router.forward(lsp, arriving)?;
        let arriving = self.receivers_lsp.forward(router, arriving)?;
        let preimage = self.receive(arriving)?;
        let paid = match (&mut self.payer, outgoing) {
            (Pays::Ours(payer), Some(outgoing)) => payer.is_paid(outgoing, preimage),
            _ => preimage == DRAWN,
        };
        if paid { Ok(()) } else { Err("not the payer's preimage".to_owned()) }
    }

    /// LDK's hold: the payer's LSP keeps the payment, and the receiver's answer (74) goes to it, along a path that it has given to the payer.
    fn pay_held_by_ldks_way(&mut self) -> Result<(), String> {
        let (says, (_, invoice)) = (self.lsp.features(), self.invoice());
        let may_ask = match &self.payer {
            Pays::Ldk(_) => holds_as_ldk(&says),
            Pays::Ours(_) => Features::from_bytes(&says).has(Features::HTLC_HOLD),
        };
        if !may_ask {
            return Err("the payer asks for none: its LSP does not say htlc_hold".to_owned());
        }
        let (arriving, outgoing) = self.offered()?;
        let Hop::Ldk(lsp) = &self.lsp else { return Err("not LDK's".to_owned()) };
        let (hash, lsp_id) = (arriving.hash, lsp.id());
        let (onwards, path) = lsp.hold(&arriving)?;
        let question = match &self.payer {
            Pays::Ldk(node) => {
                node.ask_for(&invoice, &path);
                node.say(self.first_of_path()).pop_front().ok_or("the payer asks nothing")?
            }
            Pays::Ours(payer) => payer.ask_for(&self.our_invoice()?, &path),
        };
        // The payer may be away from here on.
        let answer = self.reaches(self.payer_id(), &question, lsp_id)?;
        let (receiver, answer) = (self.receiver_id(), answer.ok_or("no answer to the LSP")?);
        let Hop::Ldk(lsp) = &self.lsp else { return Err("not LDK's".to_owned()) };
        lsp.connect(receiver);
        if lsp.has_let_go(hash) {
            return Err("let go before the receiver was there".to_owned());
        }
        lsp.hear(receiver, &answer);
        match lsp.has_let_go(hash) {
            true => self.goes_on(onwards, outgoing),
            false => Err("the LSP does not let go".to_owned()),
        }
    }

    /// This project's hold: the payer's LSP keeps the payment and a sealed announcement. Only a pointlock payer can ask for it.
    fn pay_held(&mut self) -> Result<(), String> {
        let Pays::Ours(payer) = &self.payer else { return Err("no pointlock payer".to_owned()) };
        let mut order = self.order(payer)?;
        order.hold = Some(HoldPlan { hop: 1, blocks: 144 });
        let Pays::Ours(payer) = &mut self.payer else { return Err("another payer".to_owned()) };
        let Hop::Ours(lsp) = &mut self.lsp else {
            return Err(payer.refuses(order).unwrap_or_else(|| "not refused".to_owned()));
        };
        let (arriving, outgoing, handover) = payer.pay_held(order);
        let (from, lsp_id) = (payer.id(), key_of(lsp.id()));
        let announcement = lsp.hold(from, arriving, handover);
        let Some(answer) = self.reaches(lsp_id, &announcement, lsp_id)? else {
            return Err("the receiver passes the sealed announcement over, and the hold waits for its cutoff".into());
        };
        let Hop::Ours(lsp) = &mut self.lsp else { return Err("another LSP".to_owned()) };
        let arriving = lsp.released(&answer);
        self.goes_on(arriving, Some(outgoing))
    }
}

/// What came out: online, while the receiver is away and the payer waits for it, and while its LSP does, LDK's way.
pub(crate) fn outcomes(is_ldk: [bool; 5]) -> [Result<(), String>; 3] {
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
    [online(), away(), Scene::new(is_ldk).pay_held_by_ldks_way()]
}

/// What came out of this project's hold, by a pointlock payer.
pub(crate) fn outcome_of_our_hold(is_ldk: [bool; 4]) -> Result<(), String> {
    let [lsp, router, receivers_lsp, receiver] = is_ldk;
    Scene::new([false, lsp, router, receivers_lsp, receiver]).pay_held()
}
