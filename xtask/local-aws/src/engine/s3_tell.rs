//! Tells the world of changes in buckets, so that notifications go out.

use local_lambda_sources::Bucket;
use local_lambda_sources::s3::{ObjectChange, ObjectEvent};

use super::s3::S3;
use crate::aws::{LocalAws, lock};
use crate::http::{HttpRequest, HttpResponse};
use crate::identify::Asked;

/// Tells of what a call did, if somebody wants to know of the bucket.
pub(crate) async fn tell(aws: &LocalAws, s3: &S3, asked: &Asked, request: &HttpRequest, answer: &HttpResponse) {
    let event = match asked.operation.as_str() {
        "PutObject" => ObjectEvent::CreatedPut,
        "CopyObject" => ObjectEvent::CreatedCopy,
        "CompleteMultipartUpload" => ObjectEvent::CreatedCompleteMultipartUpload,
        "DeleteObject" if header(answer, "x-amz-delete-marker").as_deref() == Some("true") => {
            ObjectEvent::RemovedDeleteMarkerCreated
        }
        "DeleteObject" => ObjectEvent::RemovedDelete,
        _ => return,
    };
    let (Some(name), Some(key)) = (asked.params["Bucket"].as_str(), asked.params["Key"].as_str()) else { return };
    let told: Option<Bucket> = lock(&aws.inner.told).get(name).cloned();
    let Some(bucket) = told.filter(|_| answer.is_success()) else { return };
    let is_there = !asked.operation.starts_with("Delete");
    let (mut size, mut e_tag) = (None, None);
    if is_there {
        let head = s3.engine.call(HttpRequest::new("HEAD", request.path.clone(), "")).await;
        size = header(&head, "content-length").and_then(|length| length.parse().ok());
        e_tag = header(&head, "etag").map(|tag| tag.trim_matches('"').to_owned());
    }
    bucket.tell(&ObjectChange {
        event,
        key: key.to_owned(),
        size,
        e_tag,
        version_id: header(answer, "x-amz-version-id"),
        trace_header: request.header("x-amzn-trace-id").map(str::to_owned),
    });
}

fn header(answer: &HttpResponse, name: &str) -> Option<String> {
    answer.headers.get(name)?.to_str().ok().map(str::to_owned)
}
