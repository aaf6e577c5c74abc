//! The keys that the payment service and the shop share. Given: there is nothing to change here.

use std::env;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lambda_runtime::Error;
use ring::hmac::{HMAC_SHA256, Key};

/// What HMAC-SHA256 wants: a key that is as long as its result.
const KEY_BYTES: usize = 32;

/// Keys from the variable `PAYMENT_KEYS`: base64, with commas between.
///
/// # Errors
/// Where there is none, or one of them is no key: a function that cannot check a signature must not start.
pub(crate) fn from_environment() -> Result<Vec<Key>, Error> {
    env::var("PAYMENT_KEYS")?.split(',').map(key).collect()
}

fn key(text: &str) -> Result<Key, Error> {
    let bytes = STANDARD.decode(text).map_err(|_| "a key of PAYMENT_KEYS is no base64")?;
    if bytes.len() < KEY_BYTES {
        return Err("a key of PAYMENT_KEYS is too short".into());
    }
    Ok(Key::new(HMAC_SHA256, &bytes))
}

/// The bytes of a hexadecimal text, in capital or small letters; nothing where it is none.
pub(crate) fn bytes_of_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |c: u8| char::from(c).to_digit(16);
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Some((digit(pair[0])? * 16 + digit(*pair.get(1)?)?) as u8)).collect()
}
