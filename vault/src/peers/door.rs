use std::sync::Arc;

use lightning::blinded_path::message::{AsyncPaymentsContext, BlindedMessagePath, OffersContext};
use lightning::offers::flow::InvreqResponseInstructions;
use lightning::offers::invoice_request::InvoiceRequest;
use lightning::offers::static_invoice::StaticInvoice as LdkInvoice;
use lightning::onion_message::async_payments::{
    AsyncPaymentsMessage, AsyncPaymentsMessageHandler, HeldHtlcAvailable, OfferPaths,
    OfferPathsRequest, ReleaseHeldHtlc, ServeStaticInvoice, StaticInvoicePersisted,
};
use lightning::onion_message::messenger::{
    MessageSendInstructions, Responder, ResponseInstruction,
};
use lightning::onion_message::offers::{OffersMessage, OffersMessageHandler};
use lightning::util::ser::{Readable as _, Writeable as _};
use pointlock::invoice::{PaymentLock, StaticInvoice};
use tokio::sync::mpsc;

use super::{Flow, MOST_SLOTS, WEB_SLOT, recipient_id};
use crate::cache::Shown;
use crate::name::Name;
use crate::store;
use crate::vault::Vault;

/// What LDK's messenger hands over. What needs the database waits in a queue: a full one is a flood.
pub(super) struct Door {
    flow: Arc<Flow>,
    send: mpsc::Sender<Work>,
    vault: Arc<Vault>,
}

/// What waits for the database.
pub(super) enum Work {
    /// A payer asks for an invoice.
    Serve { recipient: Vec<u8>, slot: u16, request: Box<InvoiceRequest>, responder: Responder },
    /// A receiver leaves one.
    Keep { recipient: Vec<u8>, slot: u16, message: Box<ServeStaticInvoice>, responder: Responder },
}

impl Door {
    pub(super) fn new(flow: Arc<Flow>, send: mpsc::Sender<Work>, vault: Arc<Vault>) -> Self {
        Self { flow, send, vault }
    }

    fn queue(&self, work: Work) {
        if self.send.try_send(work).is_err() {
            self.vault.metrics.refused.with_label_values(&["onion-flood"]).inc();
        }
    }

    fn count(&self, kind: &str) {
        self.vault.metrics.onion_messages.with_label_values(&[kind]).inc();
    }
}

impl OffersMessageHandler for Door {
    fn handle_message(
        &self,
        message: OffersMessage,
        context: Option<OffersContext>,
        responder: Option<Responder>,
    ) -> Option<(OffersMessage, ResponseInstruction)> {
        // Nothing else is for a vault.
        let OffersMessage::InvoiceRequest(request) = message else { return None };
        self.count("invoice_request");
        let responder = responder?;
        match self.flow.verify_invoice_request(request, context) {
            Ok(InvreqResponseInstructions::SendStaticInvoice {
                recipient_id,
                invoice_slot,
                invoice_request,
            }) => {
                let request = Box::new(invoice_request);
                self.queue(Work::Serve {
                    recipient: recipient_id,
                    slot: invoice_slot,
                    request,
                    responder,
                });
            }
            // A request for an offer of the vault's own: it has none.
            _ => self.vault.metrics.refused.with_label_values(&["onion"]).inc(),
        }
        None
    }

    fn release_pending_messages(&self) -> Vec<(OffersMessage, MessageSendInstructions)> {
        self.flow.release_pending_offers_messages()
    }
}

impl AsyncPaymentsMessageHandler for Door {
    fn handle_offer_paths_request(
        &self,
        message: OfferPathsRequest,
        context: AsyncPaymentsContext,
        responder: Option<Responder>,
    ) -> Option<(OfferPaths, ResponseInstruction)> {
        self.count("offer_paths_request");
        let responder = responder?;
        if message.invoice_slot >= MOST_SLOTS {
            self.vault.metrics.refused.with_label_values(&["onion"]).inc();
            return None;
        }
        let (paths, reply) = self.flow.handle_offer_paths_request(&message, context, vec![])?;
        Some((paths, responder.respond_with_reply_path(reply)))
    }

    fn handle_offer_paths(
        &self,
        _message: OfferPaths,
        _context: AsyncPaymentsContext,
        _responder: Option<Responder>,
    ) -> Option<(ServeStaticInvoice, ResponseInstruction)> {
        None
    }

    fn handle_serve_static_invoice(
        &self,
        message: ServeStaticInvoice,
        context: AsyncPaymentsContext,
        responder: Option<Responder>,
    ) {
        self.count("serve_static_invoice");
        let Some(responder) = responder else { return };
        match self.flow.verify_serve_static_invoice_message(&message, context) {
            Ok((recipient, slot)) if slot < MOST_SLOTS => {
                self.queue(Work::Keep { recipient, slot, message: Box::new(message), responder });
            }
            _ => self.vault.metrics.refused.with_label_values(&["onion"]).inc(),
        }
    }

    fn handle_static_invoice_persisted(
        &self,
        _message: StaticInvoicePersisted,
        _context: AsyncPaymentsContext,
    ) {
    }

    fn handle_held_htlc_available(
        &self,
        _message: HeldHtlcAvailable,
        _context: AsyncPaymentsContext,
        _responder: Option<Responder>,
    ) -> Option<(ReleaseHeldHtlc, ResponseInstruction)> {
        None
    }

    fn handle_release_held_htlc(&self, _message: ReleaseHeldHtlc, _context: AsyncPaymentsContext) {}

    fn release_pending_messages(&self) -> Vec<(AsyncPaymentsMessage, MessageSendInstructions)> {
        self.flow.release_pending_async_messages()
    }
}

impl Work {
    /// Does it; what goes out waits in `flow` then.
    pub(super) async fn carry_out(self, vault: &Arc<Vault>, flow: &Flow) -> Result<(), String> {
        match self {
            Self::Serve { recipient, slot, request, responder } => {
                let shown = find(vault, &recipient).await?;
                serve(vault, flow, &shown, slot, *request, responder).await
            }
            Self::Keep { recipient, slot, message, responder } => {
                let shown = find(vault, &recipient).await?;
                keep(vault, &shown, slot, &message).await?;
                // Only now: it is durable.
                flow.static_invoice_persisted(responder);
                Ok(())
            }
        }
    }
}

async fn find(vault: &Arc<Vault>, recipient: &[u8]) -> Result<Arc<Shown>, String> {
    let name = recipient.split(|byte| *byte == 0).next().unwrap_or_default();
    let name = std::str::from_utf8(name).map_err(|error| error.to_string())?;
    let name: Name = name.parse().map_err(|error| format!("{error}"))?;
    let shown = vault.shown(&name).await.map_err(|error| error.to_string())?;
    let shown = shown.ok_or_else(|| format!("there is no receiver called {name}"))?;
    if recipient_id(&shown.receiver) != recipient {
        return Err(format!("the path is of a key that {name} has no more"));
    }
    Ok(shown)
}

async fn serve(
    vault: &Arc<Vault>,
    flow: &Flow,
    shown: &Shown,
    slot: u16,
    request: InvoiceRequest,
    responder: Responder,
) -> Result<(), String> {
    let door = if slot == WEB_SLOT { store::Door::Web } else { store::Door::Peer { slot } };
    let now = vault.clock.now();
    let current =
        shown.statics.iter().find(|shown| shown.row.door == door && shown.row.expires_at >= now);
    let text = match current {
        Some(current) => {
            current.count();
            vault.metrics.handed_out.with_label_values(&["again"]).inc();
            current.row.text.clone()
        }
        None if slot == WEB_SLOT => {
            let handed =
                vault.hand_out_static_once(shown).await.map_err(|error| error.to_string())?;
            handed.ok_or("no static invoice is left")?.invoice
        }
        None => return Err("no static invoice is left in this slot".to_owned()),
    };
    let invoice: StaticInvoice = text.parse().map_err(|error| format!("{error}"))?;
    let invoice = LdkInvoice::try_from(invoice.as_bytes().to_vec())
        .map_err(|error| format!("an invoice that can't be sent in an onion message: {error:?}"))?;
    let path = current.and_then(|current| current.row.request_path.as_ref());
    let path = path.and_then(|bytes| BlindedMessagePath::read(&mut bytes.as_slice()).ok());
    if let Some(path) = path {
        // Should the receiver be here after all, it can answer itself.
        flow.enqueue_invoice_request_to_forward(request, path, responder.clone());
    }
    flow.enqueue_static_invoice(invoice, responder).map_err(|error| format!("{error:?}"))
}

/// On the vault's chain, signed, to be paid again and again. By whom it is signed only its payers can tell: LDK's offers have keys of their own.
async fn keep(
    vault: &Arc<Vault>,
    shown: &Shown,
    slot: u16,
    message: &ServeStaticInvoice,
) -> Result<(), String> {
    let receiver = &shown.receiver;
    let invoice =
        StaticInvoice::from_bytes(&message.invoice.encode()).map_err(|error| error.to_string())?;
    invoice.check_chain(vault.config.chain.hash()).map_err(|error| error.to_string())?;
    invoice.check_not_expired(vault.clock.now()).map_err(|error| error.to_string())?;
    if matches!(invoice.lock(), Some(PaymentLock::Hash(_))) {
        return Err(
            "an invoice with a payment hash may be paid once, and is left by a signed request"
                .to_owned(),
        );
    }
    let new = store::NewStatic {
        door: store::Door::Peer { slot },
        invoice: &invoice,
        request_path: Some(message.forward_invoice_request_path.encode()),
    };
    let work = async {
        let mut tx = vault.store.begin().await?;
        vault.store.put_static_in(&mut tx, receiver, &new).await?;
        Ok::<_, store::StoreError>(tx.commit().await?)
    };
    work.await.map_err(|error| error.to_string())?;
    vault.cache.forget(&receiver.name);
    Ok(())
}
