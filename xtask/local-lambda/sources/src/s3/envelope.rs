//! An event of S3, as notifications have it and as EventBridge has it. In the former the key is encoded like a field of
//! a form, in the latter it is the key itself.
//!
//! Sources: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>,
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html>.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::notification_rule::{ObjectEvent, encode_key};

/// What happened to an object, with all that events tell of it.
#[derive(Debug, Clone)]
pub(super) struct Occurrence {
    pub(super) event: ObjectEvent,
    pub(super) bucket: String,
    pub(super) region: String,
    pub(super) account: String,
    pub(super) key: String,
    /// None for what was removed.
    pub(super) size: Option<u64>,
    pub(super) e_tag: Option<String>,
    pub(super) version_id: Option<String>,
    pub(super) sequencer: String,
    pub(super) request_id: String,
    pub(super) at: Timestamp,
    pub(super) trace_header: Option<String>,
}

impl Occurrence {
    /// `{ "Records": [ … ] }`, one record.
    pub(super) fn notification(&self, configuration_id: &str) -> Value {
        let mut object = Map::from_iter([
            ("key".to_owned(), json!(encode_key(&self.key))),
            ("sequencer".to_owned(), json!(self.sequencer)),
        ]);
        object.extend(self.size.map(|size| ("size".to_owned(), json!(size))));
        object.extend(self.e_tag.as_ref().map(|tag| ("eTag".to_owned(), json!(tag))));
        object.extend(self.version_id.as_ref().map(|id| ("versionId".to_owned(), json!(id))));
        json!({
            "Records": [{
                "eventVersion": "2.1",
                "eventSource": "aws:s3",
                "awsRegion": self.region,
                "eventTime": format!("{:.3}", self.at),
                "eventName": self.event.name(),
                "userIdentity": { "principalId": "AWS:AROAEXAMPLE:uploader" },
                "requestParameters": { "sourceIPAddress": "203.0.113.24" },
                "responseElements": {
                    "x-amz-request-id": self.request_id,
                    "x-amz-id-2": BASE64.encode(Sha256::digest(&self.request_id)),
                },
                "s3": {
                    "s3SchemaVersion": "1.0",
                    "configurationId": configuration_id,
                    "bucket": {
                        "name": self.bucket,
                        "ownerIdentity": { "principalId": "A3NL1KOZZKEXAMPLE" },
                        "arn": format!("arn:aws:s3:::{}", self.bucket),
                    },
                    "object": object,
                },
            }],
        })
    }

    /// `detail-type` and `detail` of the event on the default bus.
    pub(super) fn detail(&self) -> (&'static str, Value) {
        let mut object =
            Map::from_iter([("key".to_owned(), json!(self.key)), ("sequencer".to_owned(), json!(self.sequencer))]);
        object.extend(self.size.map(|size| ("size".to_owned(), json!(size))));
        object.extend(self.e_tag.as_ref().map(|tag| ("etag".to_owned(), json!(tag))));
        object.extend(self.version_id.as_ref().map(|id| ("version-id".to_owned(), json!(id))));
        let (detail_type, reason, deletion) = match self.event {
            ObjectEvent::CreatedPut => ("Object Created", "PutObject", None),
            ObjectEvent::CreatedPost => ("Object Created", "POST Object", None),
            ObjectEvent::CreatedCopy => ("Object Created", "CopyObject", None),
            ObjectEvent::CreatedCompleteMultipartUpload => ("Object Created", "CompleteMultipartUpload", None),
            ObjectEvent::RemovedDelete => ("Object Deleted", "DeleteObject", Some("Permanently Deleted")),
            ObjectEvent::RemovedDeleteMarkerCreated => {
                ("Object Deleted", "DeleteObject", Some("Delete Marker Created"))
            }
        };
        let mut detail = json!({
            "version": "0",
            "bucket": { "name": self.bucket },
            "object": object,
            "request-id": self.request_id,
            "requester": self.account,
            "source-ip-address": "203.0.113.24",
            "reason": reason,
        });
        if let Some(deletion) = deletion {
            detail["deletion-type"] = json!(deletion);
        }
        (detail_type, detail)
    }
}
