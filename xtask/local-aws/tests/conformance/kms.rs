//! <https://docs.aws.amazon.com/kms/latest/APIReference/>.

use aws_sdk_kms::Client;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::DataKeySpec;

use crate::support::with_aws;

/// API_Encrypt, API_Decrypt: the encryption context must be the same
#[test]
fn what_was_encrypted_is_decrypted_with_the_same_context_only() {
    with_aws(async |aws| {
        let client = Client::new(&aws.config);
        let key = client.create_key().send().await.unwrap().key_metadata.unwrap().key_id;
        let encrypt = client.encrypt().key_id(&key).plaintext(Blob::new("hunter2")).encryption_context("shop", "a");
        let secret = encrypt.send().await.unwrap().ciphertext_blob.unwrap();
        assert_ne!(secret.as_ref(), b"hunter2");
        let decrypt =
            |shop: &str| client.decrypt().ciphertext_blob(secret.clone()).encryption_context("shop", shop).send();
        assert_eq!(decrypt("a").await.unwrap().plaintext().unwrap().as_ref(), b"hunter2");
        assert!(decrypt("b").await.unwrap_err().into_service_error().is_invalid_ciphertext_exception());
    });
}

/// API_GenerateDataKey: the key in clear and encrypted
#[test]
fn a_data_key_comes_in_clear_and_encrypted() {
    with_aws(async |aws| {
        let client = Client::new(&aws.config);
        let key = client.create_key().send().await.unwrap().key_metadata.unwrap().key_id;
        let data_key = client.generate_data_key().key_id(&key).key_spec(DataKeySpec::Aes256).send().await.unwrap();
        let clear = data_key.plaintext.unwrap();
        assert_eq!(clear.as_ref().len(), 32);
        let decrypted = client.decrypt().ciphertext_blob(data_key.ciphertext_blob.unwrap()).send().await.unwrap();
        assert_eq!(decrypted.plaintext.unwrap(), clear);
    });
}

/// API_Encrypt: NotFoundException
#[test]
fn an_unknown_key_is_a_typed_error() {
    with_aws(async |aws| {
        let client = Client::new(&aws.config);
        let encrypt = client.encrypt().key_id("12345678-1234-4123-8123-123456789012").plaintext(Blob::new("x")).send();
        assert!(encrypt.await.unwrap_err().into_service_error().is_not_found_exception());
    });
}
