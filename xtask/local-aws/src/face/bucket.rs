//! A bucket of S3 as a test sees it.

use bytes::Bytes;
use local_lambda_sources::Destination;
use local_lambda_sources::s3::NotificationBuilder;
use serde_json::json;

use crate::aws::LocalAws;
use crate::http::{HttpRequest, HttpResponse, encode, encode_path};
use crate::identify::Asked;
use crate::service::Service;
use crate::xml::texts;

/// A bucket. Made by [`LocalAws::bucket`].
#[derive(Debug, Clone)]
pub struct Bucket {
    aws: LocalAws,
    name: String,
}

impl LocalAws {
    /// The bucket with this name, which is made if there is none.
    ///
    /// # Panics
    /// When S3 does not take the name.
    #[track_caller]
    pub fn bucket(&self, name: &str) -> Bucket {
        let bucket = Bucket { aws: self.clone(), name: name.to_owned() };
        let answer = bucket.request("PUT", "CreateBucket", "", Bytes::new());
        let is_there = answer.is_success() || String::from_utf8_lossy(&answer.body).contains("AlreadyOwnedByYou");
        assert!(is_there, "the bucket {name} cannot be made: {}", String::from_utf8_lossy(&answer.body));
        bucket
    }
}

impl Bucket {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its ARN.
    pub fn arn(&self) -> String {
        format!("arn:aws:s3:::{}", self.name)
    }

    /// Puts an object.
    ///
    /// # Panics
    /// When S3 refuses it.
    #[track_caller]
    pub fn put(&self, key: &str, body: impl Into<Bytes>) {
        self.request_for("PUT", "PutObject", key, "", body.into());
    }

    /// Puts an object of this content type.
    ///
    /// # Panics
    /// When S3 refuses it.
    #[track_caller]
    pub fn put_as(&self, key: &str, content_type: &str, body: impl Into<Bytes>) {
        let asked = self.asked("PutObject", Some(key.to_owned()));
        let target = format!("/{}/{}", self.name, encode_path(key));
        let request = HttpRequest::new("PUT", target, body.into()).with("content-type", content_type);
        let answer = self.aws.send(asked, request);
        let text = String::from_utf8_lossy(&answer.body);
        assert!(answer.is_success(), "PutObject of {key} in the bucket {}: {text}", self.name);
    }

    /// The bytes of an object, if there is one.
    #[track_caller]
    pub fn get(&self, key: &str) -> Option<Vec<u8>> {
        let answer = self.request("GET", "GetObject", &format!("/{}", encode_path(key)), Bytes::new());
        answer.is_success().then(|| answer.body.to_vec())
    }

    /// The content type of an object, if there is one.
    pub fn content_type(&self, key: &str) -> Option<String> {
        let answer = self.request("HEAD", "HeadObject", &format!("/{}", encode_path(key)), Bytes::new());
        let value = answer.headers.get("content-type").filter(|_| answer.is_success())?;
        value.to_str().ok().map(str::to_owned)
    }

    /// Deletes an object.
    ///
    /// # Panics
    /// When S3 refuses it.
    #[track_caller]
    pub fn delete(&self, key: &str) {
        self.request_for("DELETE", "DeleteObject", key, "", Bytes::new());
    }

    /// All keys, in order.
    ///
    /// # Panics
    /// When S3 refuses to list them.
    #[track_caller]
    pub fn keys(&self) -> Vec<String> {
        let mut keys = Vec::new();
        let mut query = "?list-type=2".to_owned();
        loop {
            let answer = self.request("GET", "ListObjectsV2", &query, Bytes::new());
            let text = String::from_utf8_lossy(&answer.body).into_owned();
            assert!(answer.is_success(), "the bucket {} cannot be listed: {text}", self.name);
            keys.extend(texts(&text, "Key"));
            match texts(&text, "NextContinuationToken").first() {
                Some(token) => query = format!("?list-type=2&continuation-token={}", encode(token)),
                None => return keys,
            }
        }
    }

    /// A notification of what happens in it to a queue, a topic or a function of the world, to be described.
    pub fn notify(&self, receiver: impl Into<Destination>) -> NotificationBuilder {
        self.aws.told_bucket(&self.name).notify(receiver)
    }

    #[track_caller]
    fn request_for(&self, method: &str, operation: &str, key: &str, query: &str, body: Bytes) -> HttpResponse {
        let answer = self.request(method, operation, &format!("/{}{query}", encode_path(key)), body);
        let text = String::from_utf8_lossy(&answer.body);
        assert!(answer.is_success(), "{operation} of {key} in the bucket {}: {text}", self.name);
        answer
    }

    fn request(&self, method: &str, operation: &str, rest: &str, body: Bytes) -> HttpResponse {
        let key = rest.split('?').next().and_then(|path| path.strip_prefix('/')).map(crate::http::decode);
        let asked = self.asked(operation, key);
        self.aws.send(asked, HttpRequest::new(method, format!("/{}{rest}", self.name), body))
    }

    fn asked(&self, operation: &str, key: Option<String>) -> Asked {
        let params = json!({ "Bucket": self.name, "Key": key });
        Asked { service: Service::S3, operation: operation.to_owned(), params }
    }
}
