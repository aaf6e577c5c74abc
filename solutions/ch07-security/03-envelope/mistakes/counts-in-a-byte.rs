//! caught-by: knowing_one_letter_does_not_give_away_another
//!
//! Counts its nonces in one byte, and the 257th letter has the nonce of the first.
#![allow(unused)]

#[path = "../src/envelope.rs"]
mod envelope;

use std::env;
use std::sync::{Mutex, PoisonError};

use aes_gcm::aead::rand_core::{OsRng, RngCore as _};
use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use aws_config::BehaviorVersion;
use aws_sdk_kms::Client;
use aws_sdk_kms::error::{DisplayErrorContext, ProvideErrorMetadata as _};
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::DataKeySpec;
use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use zeroize::Zeroizing;

use envelope::{Answer, Bytes, Envelope, Event};

/// The one entry of the encryption context: KMS gives the key back only to who names the same customer.
const CUSTOMER: &str = "customer";

/// A data key. Its bytes are overwritten when it is dropped.
struct DataKey {
    customer: String,
    plain: Zeroizing<Vec<u8>>,
    encrypted: Vec<u8>,
    /// How many texts it may still seal.
    uses: u32,
}

/// What may be wrong, as the caller is told. An envelope that does not open does not say why: each reason more is a
/// question that a forger can ask.
enum Trouble {
    CannotSeal,
    CannotOpen,
    KeyUnavailable,
}

impl From<Trouble> for Diagnostic {
    fn from(trouble: Trouble) -> Diagnostic {
        let (error_type, message) = match trouble {
            Trouble::CannotSeal => ("CannotSeal", "the text is too long to be sealed"),
            Trouble::CannotOpen => ("CannotOpen", "the envelope cannot be opened"),
            Trouble::KeyUnavailable => ("KeyUnavailable", "there is no key at the moment"),
        };
        Diagnostic { error_type: error_type.to_owned(), error_message: message.to_owned() }
    }
}

struct Strongbox {
    kms: Client,
    /// The ARN of the key in KMS.
    key_id: String,
    /// How many texts one data key may seal.
    key_uses: u32,
    /// The data key of the customer who was served last: one is enough, since a customer's letters come together.
    data_key: Mutex<Option<DataKey>>,
}

impl Strongbox {
    async fn seal(&self, customer: &str, name: &str, text: &str) -> Result<Envelope, Trouble> {
        // Taken out, so that nobody holds the lock while KMS is asked.
        let kept = self.data_key.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut key = match kept {
            Some(key) if key.customer == customer && key.uses > 0 => key,
            _ => self.new_key(customer).await?,
        };
        key.uses -= 1;
        let sealed = seal_with(&key, customer, name, text);
        *self.data_key.lock().unwrap_or_else(PoisonError::into_inner) = Some(key);
        sealed
    }

    async fn new_key(&self, customer: &str) -> Result<DataKey, Trouble> {
        let request = self.kms.generate_data_key().key_id(&self.key_id).key_spec(DataKeySpec::Aes256);
        let answer = request.encryption_context(CUSTOMER, customer).send().await.map_err(|error| {
            println!("no data key: {}", DisplayErrorContext(error));
            Trouble::KeyUnavailable
        })?;
        let (Some(plain), Some(encrypted)) = (answer.plaintext, answer.ciphertext_blob) else {
            return Err(Trouble::KeyUnavailable);
        };
        Ok(DataKey {
            customer: customer.to_owned(),
            plain: Zeroizing::new(plain.into_inner()),
            encrypted: encrypted.into_inner(),
            uses: self.key_uses,
        })
    }

    async fn open(&self, customer: &str, name: &str, envelope: Envelope) -> Result<String, Trouble> {
        // The key is named: without it KMS decrypts with whatever key the bytes ask for.
        let request = self.kms.decrypt().key_id(&self.key_id).encryption_context(CUSTOMER, customer);
        let answer = request.ciphertext_blob(Blob::new(envelope.key.0)).send().await.map_err(|error| {
            println!("no data key: {}", DisplayErrorContext(&error));
            match error.code() {
                Some("IncorrectKeyException" | "InvalidCiphertextException" | "ValidationException") => {
                    Trouble::CannotOpen
                }
                _ => Trouble::KeyUnavailable,
            }
        })?;
        let plain = Zeroizing::new(answer.plaintext.ok_or(Trouble::KeyUnavailable)?.into_inner());
        let cipher = Aes256Gcm::new_from_slice(&plain).map_err(|_| Trouble::CannotOpen)?;
        // `Nonce::from_slice` panics on any other length.
        let nonce: [u8; 12] = envelope.nonce.0.try_into().map_err(|_| Trouble::CannotOpen)?;
        let payload = Payload { msg: &envelope.sealed.0, aad: &bound_to(customer, name) };
        let text = cipher.decrypt(&Nonce::from(nonce), payload).map_err(|_| Trouble::CannotOpen)?;
        String::from_utf8(text).map_err(|_| Trouble::CannotOpen)
    }
}

fn seal_with(key: &DataKey, customer: &str, name: &str, text: &str) -> Result<Envelope, Trouble> {
    let cipher = Aes256Gcm::new_from_slice(&key.plain).map_err(|_| Trouble::KeyUnavailable)?;
    let mut nonce = [0; 12];
    nonce[11] = key.uses as u8;
    let payload = Payload { msg: text.as_bytes(), aad: &bound_to(customer, name) };
    let sealed = cipher.encrypt(&Nonce::from(nonce), payload).map_err(|_| Trouble::CannotSeal)?;
    Ok(Envelope { key: Bytes(key.encrypted.clone()), nonce: Bytes(nonce.to_vec()), sealed: Bytes(sealed) })
}

/// What the tag covers besides the text. JSON, since two texts that are only put together could be parted elsewhere.
fn bound_to(customer: &str, name: &str) -> Vec<u8> {
    serde_json::json!([customer, name]).to_string().into_bytes()
}

async fn handle(strongbox: &Strongbox, event: LambdaEvent<Event>) -> Result<Answer, Diagnostic> {
    let answer = match event.payload {
        Event::Seal { customer, name, text } => strongbox.seal(&customer, &name, &text).await.map(Answer::Envelope),
        Event::Open { customer, name, envelope } => strongbox.open(&customer, &name, envelope).await.map(Answer::Text),
    };
    answer.map_err(Diagnostic::from)
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let strongbox = Strongbox {
        kms: Client::new(&config),
        key_id: env::var("KEY_ID")?,
        key_uses: env::var("KEY_USES")?.parse()?,
        data_key: Mutex::new(None),
    };
    run(service_fn(|event| handle(&strongbox, event))).await
}
