//! Tells the world of changes in buckets, so that notifications go out.

use local_lambda_sources::s3::{ObjectChange, ObjectEvent};

use super::s3::S3;
use super::s3_notifications;
use crate::aws::{LocalAws, lock};
use crate::error::AwsError;
use crate::http::{HttpRequest, HttpResponse, encode_path};
use crate::identify::Asked;
use crate::xml::{elements, texts};

/// Carries a call out and tells of what it did, if somebody wants to know of the bucket.
pub(crate) async fn served(
    aws: &LocalAws,
    s3: &S3,
    asked: &Asked,
    request: HttpRequest,
) -> Result<HttpResponse, AwsError> {
    if asked.operation == "PutBucketNotificationConfiguration" {
        let (name, body) = (asked.params["Bucket"].as_str().unwrap_or_default(), request.body.clone());
        let is_there = s3.engine.call(HttpRequest::new("HEAD", format!("/{name}"), "")).await.is_success();
        if is_there {
            s3_notifications::put(aws, name, &body)?;
        }
    }
    let told = asked.params["Bucket"].as_str().and_then(|name| lock(&aws.inner.told).get(name).cloned());
    let Some(bucket) = told else { return s3.run(asked, request).await };
    let trace_header = request.header("x-amzn-trace-id").map(str::to_owned);
    let key = asked.params["Key"].as_str().unwrap_or_default().to_owned();
    let removes = match asked.operation.as_str() {
        "DeleteObject" => vec![(key.clone(), asked.params["VersionId"].as_str().map(str::to_owned))],
        "DeleteObjects" => asked_for(&request),
        _ => Vec::new(),
    };
    // Whoever deletes what is not there is not told of.
    let mut there = Vec::new();
    for (key, version) in removes {
        if version.is_some() || head(s3, bucket.name(), &key).await.is_success() {
            there.push((key, version));
        }
    }
    let answer = s3.run(asked, request).await?;
    if !answer.is_success() {
        return Ok(answer);
    }
    let tell = |event, key: &str, head: Option<&HttpResponse>, version_id| {
        let header = |name| head.and_then(|head| header(head, name));
        bucket.tell(&ObjectChange {
            event,
            key: key.to_owned(),
            size: header("content-length").and_then(|length| length.parse().ok()),
            e_tag: header("etag").map(|tag| tag.trim_matches('"').to_owned()),
            version_id,
            trace_header: trace_header.clone(),
        });
    };
    let created = match asked.operation.as_str() {
        "PutObject" => Some(ObjectEvent::CreatedPut),
        "CopyObject" => Some(ObjectEvent::CreatedCopy),
        "CompleteMultipartUpload" => Some(ObjectEvent::CreatedCompleteMultipartUpload),
        _ => None,
    };
    if let Some(event) = created {
        let head = head(s3, bucket.name(), &key).await;
        tell(event, &key, Some(&head), header(&answer, "x-amz-version-id"));
    }
    for (key, version) in there {
        let (marker, is_done) = removed(asked, &answer, &key);
        let event = match marker {
            Some(_) if version.is_none() => ObjectEvent::RemovedDeleteMarkerCreated,
            _ => ObjectEvent::RemovedDelete,
        };
        if is_done {
            tell(event, &key, None, version.or(marker));
        }
    }
    Ok(answer)
}

/// The delete marker that an answer tells of for a key, and whether the key was deleted.
fn removed(asked: &Asked, answer: &HttpResponse, key: &str) -> (Option<String>, bool) {
    if asked.operation == "DeleteObject" {
        let is_marker = header(answer, "x-amz-delete-marker").as_deref() == Some("true");
        return (is_marker.then(|| header(answer, "x-amz-version-id").unwrap_or_default()), true);
    }
    let body = String::from_utf8_lossy(&answer.body);
    let first = |element: &str, name| texts(element, name).into_iter().next();
    let about = |name| elements(&body, name).into_iter().find(|element| first(element, "Key").as_deref() == Some(key));
    let marker = about("Deleted").and_then(|deleted| first(deleted, "DeleteMarkerVersionId"));
    (marker, about("Error").is_none())
}

/// The keys, and versions, that `DeleteObjects` is to delete.
fn asked_for(request: &HttpRequest) -> Vec<(String, Option<String>)> {
    let body = String::from_utf8_lossy(&request.body);
    let one =
        |object: &str| Some((texts(object, "Key").into_iter().next()?, texts(object, "VersionId").into_iter().next()));
    elements(&body, "Object").into_iter().filter_map(one).collect()
}

async fn head(s3: &S3, bucket: &str, key: &str) -> HttpResponse {
    s3.engine.call(HttpRequest::new("HEAD", format!("/{bucket}/{}", encode_path(key)), "")).await
}

fn header(answer: &HttpResponse, name: &str) -> Option<String> {
    answer.headers.get(name)?.to_str().ok().map(str::to_owned)
}
