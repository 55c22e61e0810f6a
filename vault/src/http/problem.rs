use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::store::StoreError;

/// What is wrong with a request, as RFC 9457 has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Problem {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    detail: String,
    #[serde(skip)]
    retry_after: Option<u64>,
}

/// The kinds, by which programs tell problems apart: the type is `urn:pointlock:vault:` and the word.
macro_rules! kinds {
    ($($name:ident $word:literal $status:ident $title:literal,)*) => {
        impl Problem {
            /// All kinds, with their statuses.
            #[cfg(test)]
            pub(crate) const KINDS: &[(&str, StatusCode)] = &[$(($word, StatusCode::$status),)*];

            $(#[doc = $title]
            pub(crate) fn $name(detail: impl std::fmt::Display) -> Self {
                Self::new($word, StatusCode::$status, $title, detail.to_string())
            })*
        }
    };
}

kinds! {
    malformed "malformed" BAD_REQUEST "The request can't be read",
    unsigned "unsigned" UNAUTHORIZED "The request is not signed by the receiver's key",
    replayed "replayed" CONFLICT "The request was carried out before",
    closed "closed" FORBIDDEN "The vault takes no new receivers by itself",
    forbidden "forbidden" FORBIDDEN "This is the operator's",
    unknown "unknown" NOT_FOUND "There is no such thing",
    method "method" METHOD_NOT_ALLOWED "There is no such method here",
    timeout "timeout" REQUEST_TIMEOUT "The request took too long to arrive",
    conflict "conflict" CONFLICT "What is left does not go with what the vault has",
    too_large "too-large" PAYLOAD_TOO_LARGE "The request is too large",
    refused "refused" UNPROCESSABLE_ENTITY "What is left is refused",
    too_many "too-many" TOO_MANY_REQUESTS "Too many requests",
    unavailable "unavailable" SERVICE_UNAVAILABLE "The vault can't do it now",
}

impl Problem {
    fn new(word: &str, status: StatusCode, title: &'static str, detail: String) -> Self {
        let kind = format!("urn:pointlock:vault:{word}");
        Self { kind, title, status: status.as_u16(), detail, retry_after: None }
    }

    /// After so many seconds it may go better.
    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds.max(1));
        self
    }

    /// What is wrong, in words.
    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }

    /// The last word of the type.
    pub(crate) fn word(&self) -> &str {
        self.kind.rsplit(':').next().unwrap_or_default()
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Replayed => Self::replayed(error),
            StoreError::KeyReplaced { .. } => Self::unsigned(error),
            StoreError::NoReceiver { .. } => Self::unknown(error),
            StoreError::NameTaken { .. }
            | StoreError::Known { .. }
            | StoreError::PointsKnown
            | StoreError::Full { .. }
            | StoreError::BeforeRestore { .. } => Self::conflict(error),
            trouble => {
                // What the database says is for the operator.
                tracing::error!(error = %trouble, "the store fails");
                Self::unavailable(
                    "the vault's store does not answer as it should; the operator can see why",
                )
                .retry_after(5)
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let (retry_after, word) = (self.retry_after, self.word().to_owned());
        let mut response = (status, Json(self)).into_response();
        response.extensions_mut().insert(Refused(word));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Pointlock"));
        }
        response
    }
}

/// Why an answer is a refusal, for the counts.
#[derive(Clone, Debug)]
pub(crate) struct Refused(pub(crate) String);
