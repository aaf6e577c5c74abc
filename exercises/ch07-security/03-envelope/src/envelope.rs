//! What the strongbox is asked, and what it answers. Given: it stays as it is.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Event {
    Seal { customer: String, name: String, text: String },
    Open { customer: String, name: String, envelope: Envelope },
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Answer {
    Envelope(Envelope),
    Text(String),
}

/// A letter as it may lie anywhere: its parts are Base64 in JSON.
#[derive(Serialize, Deserialize)]
pub(crate) struct Envelope {
    /// The data key, encrypted by KMS.
    pub(crate) key: Bytes,
    pub(crate) nonce: Bytes,
    /// The encrypted text, with its tag at the end.
    pub(crate) sealed: Bytes,
}

/// Bytes; what is no Base64 is none.
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64_STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(Bytes(BASE64_STANDARD.decode(text).unwrap_or_default()))
    }
}
