//! The strongbox seals what customers write on the back of their photos, and opens it again.

mod envelope;

use std::env;

use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use aws_config::BehaviorVersion;
use aws_sdk_kms::Client;
use aws_sdk_kms::error::DisplayErrorContext;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::DataKeySpec;
use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};

use envelope::{Answer, Bytes, Envelope, Event};

struct Strongbox {
    kms: Client,
    /// The ARN of the key in KMS.
    key_id: String,
    /// How many texts one data key may seal.
    key_uses: u32,
}

impl Strongbox {
    // TODO: KMS is told for whom the key is, and one data key seals several texts, but not too many.
    // TODO: no two texts under one key have the same nonce.
    // TODO: a text is bound to its customer and its name.
    async fn seal(&self, customer: &str, name: &str, text: &str) -> Result<Envelope, Diagnostic> {
        println!("seals {name} of {customer}; a key is good for {} texts", self.key_uses);
        let request = self.kms.generate_data_key().key_id(&self.key_id).key_spec(DataKeySpec::Aes256);
        let answer =
            request.send().await.map_err(|error| failed("KeyUnavailable", DisplayErrorContext(error).to_string()))?;
        let key = answer.plaintext.unwrap_or_else(|| Blob::new([])).into_inner();
        let cipher = Aes256Gcm::new_from_slice(&key).map_err(|_| failed("KeyUnavailable", "no data key came"))?;
        let nonce = [0; 12];
        let payload = Payload { msg: text.as_bytes(), aad: b"" };
        let sealed =
            cipher.encrypt(Nonce::from_slice(&nonce), payload).map_err(|_| failed("CannotSeal", "too long"))?;
        let key = answer.ciphertext_blob.unwrap_or_else(|| Blob::new([])).into_inner();
        Ok(Envelope { key: Bytes(key), nonce: Bytes(nonce.to_vec()), sealed: Bytes(sealed) })
    }

    // TODO: only what was sealed for this customer, under this name and with our key, is opened.
    // TODO: an envelope that was tampered with is `CannotOpen`, whatever is wrong with it.
    async fn open(&self, customer: &str, name: &str, envelope: Envelope) -> Result<String, Diagnostic> {
        println!("opens {name} of {customer}");
        let request = self.kms.decrypt().ciphertext_blob(Blob::new(envelope.key.0));
        let answer =
            request.send().await.map_err(|error| failed("KeyUnavailable", DisplayErrorContext(error).to_string()))?;
        let key = answer.plaintext.unwrap_or_else(|| Blob::new([])).into_inner();
        let cipher = Aes256Gcm::new_from_slice(&key).map_err(|_| failed("KeyUnavailable", "no data key came"))?;
        let payload = Payload { msg: &envelope.sealed.0, aad: b"" };
        let text = cipher.decrypt(Nonce::from_slice(&envelope.nonce.0), payload);
        let text = text.map_err(|error| failed("CannotOpen", error.to_string()))?;
        String::from_utf8(text).map_err(|error| failed("CannotOpen", format!("{error:?}")))
    }
}

async fn handle(strongbox: &Strongbox, event: LambdaEvent<Event>) -> Result<Answer, Diagnostic> {
    match event.payload {
        Event::Seal { customer, name, text } => strongbox.seal(&customer, &name, &text).await.map(Answer::Envelope),
        Event::Open { customer, name, envelope } => strongbox.open(&customer, &name, envelope).await.map(Answer::Text),
    }
}

fn failed(error_type: &str, error_message: impl Into<String>) -> Diagnostic {
    Diagnostic { error_type: error_type.to_owned(), error_message: error_message.into() }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let strongbox =
        Strongbox { kms: Client::new(&config), key_id: env::var("KEY_ID")?, key_uses: env::var("KEY_USES")?.parse()? };
    run(service_fn(|event| handle(&strongbox, event))).await
}
