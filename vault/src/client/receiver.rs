use pointlock::curve::Keypair;
use pointlock::invoice::InvoiceId;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use ureq::http::{Method, StatusCode};

use super::{Client, ClientError, read, refused, unreachable};
use crate::clock::Clock;
use crate::http::{InvoiceLeft, KeyLeft, Listing, OneTimeLeft, Registration};
use crate::name::Name;
use crate::new_key::Consent;
use crate::request::Request;
use crate::store::{Ended, Terms};

/// What a receiver says, signed by its key.
impl Client {
    fn signed(
        &self,
        key: &Keypair,
        method: Method,
        path: &str,
        body: &[u8],
    ) -> Result<(StatusCode, Vec<u8>), ClientError> {
        let request = Request { origin: &self.origin, method: method.as_str(), path, body };
        let by = request.sign(key, Clock::machine(), rand::random(), &rand::random());
        self.signed_by(&by.to_string(), method, path, body)
    }

    /// With a header that was made before: to see what a vault does with it.
    ///
    /// # Errors
    ///
    /// [`ClientError::Unreachable`].
    pub fn signed_by(
        &self,
        authorization: &str,
        method: Method,
        path: &str,
        body: &[u8],
    ) -> Result<(StatusCode, Vec<u8>), ClientError> {
        let url = format!("{}{path}", self.origin);
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(&url)
            .header("authorization", authorization)
            .header("content-type", "application/json");
        let failed = |error: &dyn std::fmt::Display| unreachable(&url, error);
        if body.is_empty() {
            self.answer(&url, request.body(()).map_err(|error| failed(&error))?)
        } else {
            self.answer(&url, request.body(body.to_vec()).map_err(|error| failed(&error))?)
        }
    }

    fn send(
        &self,
        key: &Keypair,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<(), ClientError> {
        let body = serde_json::to_vec(body).map_err(|error| ClientError::Answer {
            what: "the request",
            reason: error.to_string(),
        })?;
        let (status, answer) = self.signed(key, method, path, &body)?;
        refused(status, &answer)
    }

    fn ask<T: DeserializeOwned>(
        &self,
        key: &Keypair,
        method: Method,
        path: &str,
        what: &'static str,
    ) -> Result<T, ClientError> {
        let (status, answer) = self.signed(key, method, path, b"")?;
        read(status, &answer, what)
    }

    /// Takes this name, or gives it these terms.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn register(&self, key: &Keypair, name: &Name, terms: &Terms) -> Result<(), ClientError> {
        let node_id = key.public_key().to_string();
        self.send(
            key,
            Method::PUT,
            &format!("/v1/receivers/{name}"),
            &Registration { node_id, terms: terms.clone() },
        )
    }

    /// Gives the name another key. What the former one has signed is withdrawn, and the new one leaves its own.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn change_key(
        &self,
        former: &Keypair,
        name: &Name,
        new: &Keypair,
    ) -> Result<Ended, ClientError> {
        let former_id = former.public_key();
        let consent = Consent { origin: &self.origin, name, former: &former_id };
        let left = KeyLeft {
            node_id: new.public_key().to_string(),
            signature: hex::encode(consent.sign(new, &rand::random()).serialize()),
        };
        let what = "what ended with the former key";
        let body = serde_json::to_vec(&left).map_err(|error| ClientError::Answer {
            what: "the request",
            reason: error.to_string(),
        })?;
        let path = format!("/v1/receivers/{name}/key");
        let (status, answer) = self.signed(former, Method::PUT, &path, &body)?;
        read(status, &answer, what)
    }

    /// All that the vault has of this receiver's.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn list(&self, key: &Keypair, name: &Name) -> Result<Listing, ClientError> {
        self.ask(key, Method::GET, &format!("/v1/receivers/{name}"), "the listing")
    }

    /// Leaves a static invoice, in place of the one before.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn leave_invoice(
        &self,
        key: &Keypair,
        name: &Name,
        invoice: &str,
    ) -> Result<(), ClientError> {
        let left = InvoiceLeft { invoice: invoice.to_owned() };
        self.send(key, Method::PUT, &format!("/v1/receivers/{name}/invoice"), &left)
    }

    /// Withdraws a static invoice.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn withdraw_invoice(
        &self,
        key: &Keypair,
        name: &Name,
        id: InvoiceId,
    ) -> Result<(), ClientError> {
        let (status, answer) =
            self.signed(key, Method::DELETE, &format!("/v1/receivers/{name}/invoice/{id}"), b"")?;
        refused(status, &answer)
    }

    /// Leaves one-time invoices: all are taken, or none.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn leave_one_time(
        &self,
        key: &Keypair,
        name: &Name,
        left: &OneTimeLeft,
    ) -> Result<(), ClientError> {
        self.send(key, Method::POST, &format!("/v1/receivers/{name}/one-time"), left)
    }

    /// What was handed out behind this number, as the vault tells it.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn handed(
        &self,
        key: &Keypair,
        name: &Name,
        after: u64,
    ) -> Result<serde_json::Value, ClientError> {
        self.ask(
            key,
            Method::GET,
            &format!("/v1/receivers/{name}/one-time?after={after}"),
            "what was handed out",
        )
    }

    /// Withdraws all one-time invoices that are ready; says how many there were.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn withdraw_all(&self, key: &Keypair, name: &Name) -> Result<u64, ClientError> {
        let answer: serde_json::Value = self.ask(
            key,
            Method::DELETE,
            &format!("/v1/receivers/{name}/one-time"),
            "what was withdrawn",
        )?;
        Ok(answer["withdrawn"].as_u64().unwrap_or_default())
    }

    /// Withdraws the one-time invoice with this payment hash.
    ///
    /// # Errors
    ///
    /// [`ClientError`]; of kind `unknown` where it is not ready.
    pub fn withdraw_one(
        &self,
        key: &Keypair,
        name: &Name,
        payment_hash: &[u8; 32],
    ) -> Result<(), ClientError> {
        let path = format!("/v1/receivers/{name}/one-time/{}", hex::encode(payment_hash));
        let (status, answer) = self.signed(key, Method::DELETE, &path, b"")?;
        refused(status, &answer)
    }

    /// Tells that the invoice of this preimage's hash is paid.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn settled(
        &self,
        key: &Keypair,
        name: &Name,
        preimage: &[u8; 32],
    ) -> Result<(), ClientError> {
        let body = json!({ "preimage": hex::encode(preimage) });
        self.send(key, Method::POST, &format!("/v1/receivers/{name}/settled"), &body)
    }

    /// Has taken note of all notices.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn forget_notices(&self, key: &Keypair, name: &Name) -> Result<(), ClientError> {
        let (status, answer) =
            self.signed(key, Method::DELETE, &format!("/v1/receivers/{name}/notices"), b"")?;
        refused(status, &answer)
    }
}
