// What an LDK node's handlers are given and answer, with the flow of offers that answers for them. `node.rs` stands in the same module, with what is
// used here.

pub(crate) struct Silent;

impl Logger for Silent {
    fn log(&self, _: Record) {}
}

/// Every node is a peer, and its own introduction node.
pub(crate) struct Direct(Arc<KeysManager>);

impl MessageRouter for Direct {
    fn find_path(
        &self,
        _: PublicKey,
        _: Vec<PublicKey>,
        destination: Destination,
    ) -> Result<OnionMessagePath, ()> {
        let (intermediate_nodes, first_node_addresses) = (Vec::new(), Vec::new());
        Ok(OnionMessagePath { intermediate_nodes, destination, first_node_addresses })
    }

    fn create_blinded_paths<T: Signing + Verification>(
        &self,
        recipient: PublicKey,
        auth: ReceiveAuthKey,
        context: MessageContext,
        _: Vec<MessageForwardNode>,
        secp: &Secp256k1<T>,
    ) -> Result<Vec<BlindedMessagePath>, ()> {
        Ok(vec![shims::one_hop(recipient, auth, context, &self.0, secp)])
    }
}

/// What the handlers were given, and what they have to send.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) released: Vec<PaymentId>,
    pub(crate) asked: usize,
    pub(crate) static_invoices: Vec<Vec<u8>>,
    /// As the server of somebody's invoices: those that it keeps, by their slot.
    pub(crate) kept: BTreeMap<u16, StaticInvoice>,
    /// As a node that holds: the payments that their receivers have released.
    pub(crate) let_go: Vec<InterceptId>,
}

/// As LDK's channel manager does it, but that nothing is paid here.
pub(crate) struct Handler {
    pub(crate) seen: Mutex<Seen>,
    flow: OnceLock<Arc<Flow>>,
    keys: Arc<KeysManager>,
}

impl Handler {
    fn flow(&self) -> &Flow {
        self.flow.get().unwrap()
    }
}

impl AsyncPaymentsMessageHandler for Handler {
    fn handle_offer_paths_request(
        &self,
        request: OfferPathsRequest,
        context: AsyncPaymentsContext,
        responder: Option<Responder>,
    ) -> Option<(OfferPaths, ResponseInstruction)> {
        let (paths, context) =
            self.flow().handle_offer_paths_request(&request, context, Vec::new())?;
        Some((paths, responder?.respond_with_reply_path(context)))
    }

    fn handle_offer_paths(
        &self,
        paths: OfferPaths,
        context: AsyncPaymentsContext,
        responder: Option<Responder>,
    ) -> Option<(ServeStaticInvoice, ResponseInstruction)> {
        let router = shims::Paths { keys: self.keys.clone(), first: None };
        let (responder, peers, channels) = (responder?, Vec::new(), Vec::new());
        let (served, context) = self.flow().handle_offer_paths(
            paths,
            context,
            responder.clone(),
            peers,
            channels,
            &*self.keys,
            &router,
        )?;
        Some((served, responder.respond_with_reply_path(context)))
    }

    fn handle_serve_static_invoice(
        &self,
        served: ServeStaticInvoice,
        context: AsyncPaymentsContext,
        responder: Option<Responder>,
    ) {
        let verified = self.flow().verify_serve_static_invoice_message(&served, context);
        if let (Ok((_, slot)), Some(responder)) = (verified, responder) {
            self.seen.lock().unwrap().kept.insert(slot, served.invoice);
            self.flow().static_invoice_persisted(responder);
        }
    }

    fn handle_static_invoice_persisted(
        &self,
        _: StaticInvoicePersisted,
        context: AsyncPaymentsContext,
    ) {
        self.flow().handle_static_invoice_persisted(context);
    }

    fn handle_held_htlc_available(
        &self,
        _: HeldHtlcAvailable,
        context: AsyncPaymentsContext,
        responder: Option<Responder>,
    ) -> Option<(ReleaseHeldHtlc, ResponseInstruction)> {
        let AsyncPaymentsContext::InboundPayment { .. } = context else { return None };
        self.seen.lock().unwrap().asked += 1;
        Some((ReleaseHeldHtlc {}, responder?.respond()))
    }

    fn handle_release_held_htlc(&self, _: ReleaseHeldHtlc, context: AsyncPaymentsContext) {
        let mut seen = self.seen.lock().unwrap();
        match context {
            AsyncPaymentsContext::OutboundPayment { payment_id } => seen.released.push(payment_id),
            AsyncPaymentsContext::ReleaseHeldHtlc { intercept_id, .. } => {
                seen.let_go.push(intercept_id);
            }
            _ => {}
        }
    }

    fn release_pending_messages(&self) -> Vec<(AsyncPaymentsMessage, MessageSendInstructions)> {
        self.flow().release_pending_async_messages()
    }
}

impl OffersMessageHandler for Handler {
    fn handle_message(
        &self,
        message: OffersMessage,
        context: Option<OffersContext>,
        responder: Option<Responder>,
    ) -> Option<(OffersMessage, ResponseInstruction)> {
        match message {
            OffersMessage::StaticInvoice(invoice) => {
                self.seen.lock().unwrap().static_invoices.push(invoice.encode());
            }
            OffersMessage::InvoiceRequest(request) => {
                let verified = self.flow().verify_invoice_request(request, context);
                if let Ok(InvreqResponseInstructions::SendStaticInvoice { invoice_slot, .. }) =
                    verified
                {
                    let kept = self.seen.lock().unwrap().kept.get(&invoice_slot).cloned()?;
                    self.flow().enqueue_static_invoice(kept, responder?).unwrap();
                }
            }
            _ => {}
        }
        None
    }

    fn release_pending_messages(&self) -> Vec<(OffersMessage, MessageSendInstructions)> {
        self.flow().release_pending_offers_messages()
    }
}
