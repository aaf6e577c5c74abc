//! The keys that tokens are signed with, and the two ways to check a signature. Given.

use std::env;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lambda_runtime::Error;
use ring::hmac;
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde::Deserialize;

/// A key set as RFC 7517 writes it.
#[derive(Deserialize)]
pub(crate) struct Keys {
    keys: Vec<Key>,
}

#[derive(Deserialize)]
pub(crate) struct Key {
    pub(crate) kid: String,
    /// `HS256` or `ES256`.
    pub(crate) alg: String,
    /// The secret of `HS256`.
    k: Option<String>,
    /// The public point of `ES256`.
    x: Option<String>,
    y: Option<String>,
}

impl Keys {
    /// The set of the environment variable `KEYS`.
    pub(crate) fn from_environment() -> Result<Keys, Error> {
        Ok(serde_json::from_str(&env::var("KEYS")?)?)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Key> {
        self.keys.iter()
    }
}

impl Key {
    /// The secret, or the public point in 65 bytes, the first of which is 4.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let decoded = |text: &Option<String>| decode(text.as_deref().unwrap_or_default()).unwrap_or_default();
        match self.alg.as_str() {
            "HS256" => decoded(&self.k),
            _ => [vec![4], decoded(&self.x), decoded(&self.y)].concat(),
        }
    }
}

/// Whether HMAC with SHA-256 gives this signature.
pub(crate) fn hs256(secret: &[u8], signed: &[u8], signature: &[u8]) -> bool {
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed, signature).is_ok()
}

/// Whether the owner of this public point made this ECDSA signature.
pub(crate) fn es256(point: &[u8], signed: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed, signature).is_ok()
}

/// Base64 as tokens have it: with `-` and `_`, without `=`.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
