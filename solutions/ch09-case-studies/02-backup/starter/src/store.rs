//! The bucket of backups: bytes under keys, and documents as JSON. What goes wrong in S3 is told as a text.

use aws_sdk_s3::Client;
use aws_sdk_s3::error::DisplayErrorContext;
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub(crate) struct Store {
    pub(crate) s3: Client,
    pub(crate) bucket: String,
}

impl Store {
    /// The bytes of an object, if there is one.
    pub(crate) async fn read(&self, key: &str) -> Result<Option<Vec<u8>>, String> {
        match self.get(key).await? {
            Some(object) => bytes(object).await.map(Some),
            None => Ok(None),
        }
    }

    /// A document, if there is one, with the tag by which `write_if` knows whether it has changed.
    pub(crate) async fn document<T: DeserializeOwned>(&self, key: &str) -> Result<Option<(T, String)>, String> {
        let Some(object) = self.get(key).await? else { return Ok(None) };
        let tag = object.e_tag().unwrap_or_default().to_owned();
        let document = serde_json::from_slice(&bytes(object).await?).map_err(|error| format!("{key}: {error}"))?;
        Ok(Some((document, tag)))
    }

    /// Writes an object, whatever is there.
    pub(crate) async fn write(&self, key: &str, body: Vec<u8>) -> Result<(), String> {
        let put = self.s3.put_object().bucket(&self.bucket).key(key).body(body.into()).send().await;
        put.map(drop).map_err(|error| DisplayErrorContext(error).to_string())
    }

    /// Writes a document if the one that is there still has this tag; without a tag, if there is none. Gives the new tag,
    /// or nothing if somebody else was quicker.
    pub(crate) async fn write_if(
        &self,
        key: &str,
        document: &impl Serialize,
        tag: Option<&str>,
    ) -> Result<Option<String>, String> {
        let body = json(document);
        let put = self.s3.put_object().bucket(&self.bucket).key(key).body(body.clone().into());
        let put = match tag {
            Some(tag) => put.if_match(tag),
            None => put.if_none_match("*"),
        };
        let error = match put.send().await {
            Ok(done) => return Ok(Some(done.e_tag().unwrap_or_default().to_owned())),
            Err(error) => error,
        };
        let status = error.raw_response().map(|response| response.status().as_u16());
        if !matches!(status, Some(409 | 412)) {
            return Err(DisplayErrorContext(error).to_string());
        }
        // If an answer was lost, the SDK has tried again, and what it found changed was its own work.
        let Some(object) = self.get(key).await? else { return Ok(None) };
        let tag = object.e_tag().unwrap_or_default().to_owned();
        Ok((bytes(object).await? == body).then_some(tag))
    }

    async fn get(&self, key: &str) -> Result<Option<GetObjectOutput>, String> {
        match self.s3.get_object().bucket(&self.bucket).key(key).send().await {
            Ok(object) => Ok(Some(object)),
            Err(error) if error.as_service_error().is_some_and(|error| error.is_no_such_key()) => Ok(None),
            Err(error) => Err(DisplayErrorContext(error).to_string()),
        }
    }
}

async fn bytes(object: GetObjectOutput) -> Result<Vec<u8>, String> {
    let collected = object.body.collect().await.map_err(|error| error.to_string())?;
    Ok(collected.to_vec())
}

/// A document as it is written.
pub(crate) fn json(document: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(document).expect("a document has text keys and finite numbers")
}
