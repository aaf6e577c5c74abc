//! S3 by `winterbaume-s3`, with what it leaves out put in front of it.

use bytes::Bytes;
use serde_json::json;
use winterbaume_s3::S3Service;

use super::winterbaume::Hosted;
use super::{Answering, Engine, s3_body, s3_tell};
use crate::aws::LocalAws;
use crate::error::AwsError;
use crate::http::{HttpRequest, HttpResponse};
use crate::identify::Asked;
use crate::service::Service;

/// The longest key, in bytes of UTF-8.
///
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html>.
const LONGEST_KEY: usize = 1_024;

/// The smallest part of a multipart upload but for the last.
///
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>.
const SMALLEST_PART: u64 = 5 * 1024 * 1024;

/// Buckets of one account.
pub(crate) struct S3 {
    pub(super) engine: Hosted<S3Service>,
}

impl S3 {
    pub(crate) fn new() -> S3 {
        S3 { engine: Hosted::new(S3Service::new()) }
    }

    pub(super) async fn run(&self, asked: &Asked, request: HttpRequest) -> Result<HttpResponse, AwsError> {
        let key = asked.params["Key"].as_str().unwrap_or_default();
        if key.len() > LONGEST_KEY {
            return Err(AwsError::client("KeyTooLongError", "Your key is too long"));
        }
        let request = s3_body::unpacked(request)?;
        if asked.operation == "CompleteMultipartUpload" {
            self.check_parts(&request).await?;
        }
        let mut request = request;
        if asked.operation == "DeleteObjects" {
            request.body = byte_by_byte(&request.body);
        }
        let mut answer = self.engine.call(request).await;
        let is_xml = answer.headers.get("content-type").is_some_and(|kind| kind.as_bytes().ends_with(b"xml"));
        if is_xml
            && asked.operation != "GetObject"
            && let Some(body) = joined_again(&answer.body)
        {
            answer.body = body;
            answer.headers.remove(hyper::header::CONTENT_LENGTH);
        }
        Ok(answer)
    }

    /// Refuses an upload with a small part that is not the last. The engine does not.
    async fn check_parts(&self, request: &HttpRequest) -> Result<(), AwsError> {
        let mut list = HttpRequest::new("GET", request.target(), "");
        list.headers = request.headers.clone();
        let listed = self.engine.call(list).await;
        let text = String::from_utf8_lossy(&listed.body).into_owned();
        let sizes: Vec<u64> = text
            .split("<Size>")
            .skip(1)
            .filter_map(|rest| rest.split_once("</Size>").and_then(|(size, _)| size.parse().ok()))
            .collect();
        match sizes.split_last() {
            Some((_, others)) if others.iter().any(|size| *size < SMALLEST_PART) => {
                let message = "Your proposed upload is smaller than the minimum allowed size";
                Err(AwsError::client("EntityTooSmall", message))
            }
            _ => Ok(()),
        }
    }
}

/// The engine takes each byte of a key in a path or query for a character: a key of UTF-8 lies in it as so many
/// characters below U+0100, and a key in a body must be given to it in the same way.
fn byte_by_byte(body: &Bytes) -> Bytes {
    body.iter().map(|byte| char::from(*byte)).collect::<String>().into()
}

/// The opposite, for lists of keys.
fn joined_again(body: &Bytes) -> Option<Bytes> {
    let text = std::str::from_utf8(body).ok()?;
    let bytes: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect::<Option<_>>()?;
    String::from_utf8(bytes).ok().map(Bytes::from)
}

impl Engine for S3 {
    fn answer<'a>(&'a self, aws: &'a LocalAws, asked: &'a Asked, request: HttpRequest) -> Answering<'a> {
        Box::pin(async move {
            let request_id = aws.next_request_id();
            match s3_tell::served(aws, self, asked, request).await {
                Ok(answer) => answer.with("x-amz-request-id", &request_id),
                Err(mut error) => {
                    error.members.insert("Resource".to_owned(), json!(asked.params["Key"]));
                    error.response(Service::S3, &request_id)
                }
            }
        })
    }
}
