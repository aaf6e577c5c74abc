//! From a request to what it asks for: service, operation, parameters as JSON.

use serde_json::{Map, Value, json};

use crate::error::AwsError;
use crate::http::{HttpRequest, decode, form_pairs};
use crate::service::{Protocol, Service};

/// What a request asks for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Asked {
    pub(crate) service: Service,
    pub(crate) operation: String,
    pub(crate) params: Value,
}

/// What could not be understood, and the service in whose form the error is told.
pub(crate) type Refused = (Service, AwsError);

/// Finds out what is asked for. A signature must be there and in good order; what is signed is not computed again.
pub(crate) fn identify(request: &HttpRequest) -> Result<Asked, Refused> {
    let service = service_of(request)?;
    let (operation, params) = match service.protocol() {
        Protocol::Json10 | Protocol::Json11 => json_call(service, request),
        Protocol::Query => query_call(request),
        Protocol::RestXml => s3_call(request),
        Protocol::RestJson => crate::engine::lambda_route::lambda_call(request),
    }
    .map_err(|error| (service, error))?;
    Ok(Asked { service, operation, params })
}

/// The service that a request was signed for; without a signature, the one that would say so.
fn service_of(request: &HttpRequest) -> Result<Service, Refused> {
    let target = request.header("x-amz-target").and_then(|target| target.split_once('.')).map(|(name, _)| name);
    let by_target = Service::ALL.into_iter().find(|service| target.is_some() && service.target() == target);
    let likely = by_target.unwrap_or(Service::S3);
    let scope = match (request.header("authorization"), request.query_value("X-Amz-Credential")) {
        (Some(header), _) => header.strip_prefix("AWS4-HMAC-SHA256 ").and_then(|fields| {
            let field = |name: &str| fields.split(',').find_map(|field| field.trim().strip_prefix(name));
            let is_whole = field("SignedHeaders=").is_some() && field("Signature=").is_some_and(is_signature);
            field("Credential=").filter(|_| is_whole).map(str::to_owned)
        }),
        (None, Some(credential)) => {
            request.query_value("X-Amz-Signature").filter(|signature| is_signature(signature)).map(|_| credential)
        }
        (None, None) => return Err((likely, missing_signature(likely))),
    };
    let parts: Vec<String> = scope.iter().flat_map(|scope| scope.split('/')).map(str::to_owned).collect();
    let [_key, _date, _region, name, end] = &parts[..] else { return Err((likely, incomplete_signature(likely))) };
    if end != "aws4_request" {
        return Err((likely, incomplete_signature(likely)));
    }
    if let Some(service) = by_target {
        return Ok(service);
    }
    Service::ALL.into_iter().find(|service| service.prefix() == name).ok_or_else(|| {
        let known: Vec<&str> = Service::ALL.iter().map(|service| service.prefix()).collect();
        let message = format!("there is no service {name} here; there are {}", known.join(", "));
        (likely, AwsError::new("UnknownService", 501, message))
    })
}

fn is_signature(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn missing_signature(service: Service) -> AwsError {
    match service {
        Service::S3 => AwsError::new("AccessDenied", 403, "Access Denied"),
        _ => AwsError::client("MissingAuthenticationTokenException", "Request is missing Authentication Token"),
    }
}

fn incomplete_signature(service: Service) -> AwsError {
    match service {
        Service::S3 => AwsError::client(
            "AuthorizationHeaderMalformed",
            "The authorization header is malformed; the authorization component is not in order.",
        ),
        _ => AwsError::client(
            "IncompleteSignatureException",
            "Authorization header requires 'Credential' parameter, 'SignedHeaders' and 'Signature'.",
        ),
    }
}

type Call = Result<(String, Value), AwsError>;

fn json_call(service: Service, request: &HttpRequest) -> Call {
    let unknown = || AwsError::client("UnknownOperationException", "");
    if request.method != "POST" {
        return Err(unknown());
    }
    let target = request.header("x-amz-target").ok_or_else(unknown)?;
    let (name, operation) = target.split_once('.').ok_or_else(unknown)?;
    if Some(name) != service.target() || operation.is_empty() {
        return Err(unknown());
    }
    let params = match request.body.is_empty() {
        true => json!({}),
        false => serde_json::from_slice(&request.body).map_err(|_| AwsError::client("SerializationException", ""))?,
    };
    if !params.is_object() {
        return Err(AwsError::client("SerializationException", "Start of structure or map found where not expected."));
    }
    Ok((operation.to_owned(), params))
}

fn query_call(request: &HttpRequest) -> Call {
    let text = String::from_utf8_lossy(&request.body);
    let pairs = if request.body.is_empty() { request.pairs() } else { form_pairs(&text) };
    let mut params = json!({});
    for (path, value) in &pairs {
        insert(&mut params, path, value);
    }
    let operation = params["Action"].as_str().map(str::to_owned);
    if let Some(object) = params.as_object_mut() {
        object.remove("Action");
        object.remove("Version");
    }
    let missing = || AwsError::client("MissingAction", "the request has no Action");
    Ok((operation.ok_or_else(missing)?, lists(params)))
}

/// No form of AWS nests deeper.
const DEEPEST_FORM: usize = 12;

/// `Entries.member.1.Id=x` goes to its place.
fn insert(root: &mut Value, path: &str, value: &str) {
    let mut place = root;
    for part in path.split('.').take(DEEPEST_FORM) {
        if !place.is_object() {
            *place = json!({});
        }
        place = &mut place[part];
    }
    *place = json!(value);
}

/// `{"member": {"1": a, "2": b}}` is a list; `{"entry": {"1": {"key"|"Name": k, "value"|"Value": v}}}` is a map.
fn lists(value: Value) -> Value {
    let Value::Object(object) = value else { return value };
    let numbered = |inner: &Value| -> Vec<Value> {
        let mut items: Vec<(usize, Value)> = inner
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(index, item)| Some((index.parse().ok()?, lists(item.clone()))))
            .collect();
        items.sort_by_key(|(index, _)| *index);
        items.into_iter().map(|(_, item)| item).collect()
    };
    if object.len() == 1 {
        if let Some(members) = object.get("member") {
            return Value::Array(numbered(members));
        }
        if let Some(entries) = object.get("entry") {
            let pair = |entry: &Value| {
                let key = entry.get("key").or(entry.get("Name"))?.as_str()?.to_owned();
                Some((key, entry.get("value").or(entry.get("Value"))?.clone()))
            };
            return Value::Object(numbered(entries).iter().filter_map(pair).collect());
        }
    }
    Value::Object(object.into_iter().map(|(key, value)| (key, lists(value))).collect())
}

/// S3 has no names on the wire: method, path and query say it.
///
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html>.
fn s3_call(request: &HttpRequest) -> Call {
    let path = request.path.trim_start_matches('/');
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    let (bucket, key) = (decode(bucket), decode(key));
    let pairs = request.pairs();
    let has = |name: &str| pairs.iter().any(|(key, _)| key == name);
    let is_copy = request.header("x-amz-copy-source").is_some();
    let level = match (bucket.is_empty(), key.is_empty()) {
        (true, _) => "service",
        (false, true) => "bucket",
        (false, false) => "object",
    };
    let sub = |choices: &[(&str, &'static str)], otherwise: &'static str| {
        choices.iter().find(|(name, _)| has(name)).map_or(otherwise, |(_, operation)| *operation)
    };
    let operation = match (level, request.method.as_str()) {
        ("service", "GET") => "ListBuckets",
        ("bucket", "HEAD") => "HeadBucket",
        ("bucket", "DELETE") => {
            sub(&[("policy", "DeleteBucketPolicy"), ("tagging", "DeleteBucketTagging")], "DeleteBucket")
        }
        ("bucket", "POST") if has("delete") => "DeleteObjects",
        ("bucket", "PUT") => sub(
            &[
                ("versioning", "PutBucketVersioning"),
                ("notification", "PutBucketNotificationConfiguration"),
                ("policy", "PutBucketPolicy"),
                ("tagging", "PutBucketTagging"),
                ("encryption", "PutBucketEncryption"),
                ("lifecycle", "PutBucketLifecycleConfiguration"),
                ("publicAccessBlock", "PutPublicAccessBlock"),
                ("acl", "PutBucketAcl"),
                ("cors", "PutBucketCors"),
            ],
            "CreateBucket",
        ),
        ("bucket", "GET") => sub(
            &[
                ("list-type", "ListObjectsV2"),
                ("versions", "ListObjectVersions"),
                ("versioning", "GetBucketVersioning"),
                ("notification", "GetBucketNotificationConfiguration"),
                ("location", "GetBucketLocation"),
                ("policy", "GetBucketPolicy"),
                ("uploads", "ListMultipartUploads"),
                ("tagging", "GetBucketTagging"),
                ("encryption", "GetBucketEncryption"),
                ("lifecycle", "GetBucketLifecycleConfiguration"),
                ("publicAccessBlock", "GetPublicAccessBlock"),
                ("acl", "GetBucketAcl"),
                ("cors", "GetBucketCors"),
            ],
            "ListObjects",
        ),
        ("object", "HEAD") => "HeadObject",
        ("object", "GET") => sub(
            &[
                ("uploadId", "ListParts"),
                ("tagging", "GetObjectTagging"),
                ("attributes", "GetObjectAttributes"),
                ("acl", "GetObjectAcl"),
            ],
            "GetObject",
        ),
        ("object", "PUT") if has("uploadId") && is_copy => "UploadPartCopy",
        ("object", "PUT") if has("uploadId") => "UploadPart",
        ("object", "PUT") if is_copy => "CopyObject",
        ("object", "PUT") => sub(&[("tagging", "PutObjectTagging"), ("acl", "PutObjectAcl")], "PutObject"),
        ("object", "POST") if has("uploads") => "CreateMultipartUpload",
        ("object", "POST") if has("uploadId") => "CompleteMultipartUpload",
        ("object", "DELETE") => {
            sub(&[("uploadId", "AbortMultipartUpload"), ("tagging", "DeleteObjectTagging")], "DeleteObject")
        }
        _ => {
            let message = "The specified method is not allowed against this resource.";
            return Err(AwsError::new("MethodNotAllowed", 405, message));
        }
    };
    Ok((operation.to_owned(), s3_params(request, &bucket, &key)))
}

fn s3_params(request: &HttpRequest, bucket: &str, key: &str) -> Value {
    let mut params = Map::new();
    let mut set = |name: &str, value: Value| params.insert(name.to_owned(), value);
    for (name, value) in [("Bucket", bucket), ("Key", key)] {
        if !value.is_empty() {
            set(name, json!(value));
        }
    }
    const QUERY: [(&str, &str); 9] = [
        ("continuation-token", "ContinuationToken"),
        ("delimiter", "Delimiter"),
        ("max-keys", "MaxKeys"),
        ("partNumber", "PartNumber"),
        ("prefix", "Prefix"),
        ("start-after", "StartAfter"),
        ("uploadId", "UploadId"),
        ("versionId", "VersionId"),
        ("marker", "Marker"),
    ];
    for (name, value) in request.pairs() {
        if let Some((_, param)) = QUERY.iter().find(|(key, _)| *key == name) {
            set(param, json!(value));
        }
    }
    const HEADERS: [(&str, &str); 9] = [
        ("cache-control", "CacheControl"),
        ("content-type", "ContentType"),
        ("if-match", "IfMatch"),
        ("if-none-match", "IfNoneMatch"),
        ("range", "Range"),
        ("x-amz-copy-source", "CopySource"),
        ("x-amz-metadata-directive", "MetadataDirective"),
        ("x-amz-server-side-encryption", "ServerSideEncryption"),
        ("x-amz-tagging", "Tagging"),
    ];
    for (header, param) in HEADERS {
        if let Some(value) = request.header(header) {
            set(param, json!(value));
        }
    }
    let metadata: Map<String, Value> = request
        .headers
        .iter()
        .filter_map(|(name, value)| {
            let name = name.as_str().strip_prefix("x-amz-meta-")?;
            Some((name.to_owned(), json!(value.to_str().ok()?)))
        })
        .collect();
    if !metadata.is_empty() {
        set("Metadata", Value::Object(metadata));
    }
    if request.method == "PUT" || request.method == "POST" {
        let decoded = request.header("x-amz-decoded-content-length").and_then(|length| length.parse().ok());
        set("ContentLength", json!(decoded.unwrap_or(request.body.len())));
    }
    Value::Object(params)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGNED: &str = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261124/us-east-1/SERVICE/aws4_request, \
                          SignedHeaders=host, Signature=0000000000000000000000000000000000000000000000000000000000000000";

    fn signed(service: &str, method: &str, path: &str, body: &str) -> HttpRequest {
        HttpRequest::new(method, path, body.to_owned()).with("authorization", &SIGNED.replace("SERVICE", service))
    }

    fn s3_operation(method: &str, path: &str) -> String {
        identify(&signed("s3", method, path, "")).unwrap().operation
    }

    #[test]
    fn s3_operations_are_known_by_method_path_and_query() {
        for (method, path, operation) in [
            ("GET", "/", "ListBuckets"),
            ("PUT", "/photos", "CreateBucket"),
            ("GET", "/photos?list-type=2&prefix=a", "ListObjectsV2"),
            ("GET", "/photos/a/b.jpg?x-id=GetObject", "GetObject"),
            ("PUT", "/photos/a/b.jpg?partNumber=1&uploadId=u", "UploadPart"),
            ("POST", "/photos/a?uploads", "CreateMultipartUpload"),
            ("POST", "/photos?delete", "DeleteObjects"),
        ] {
            assert_eq!(s3_operation(method, path), operation, "{method} {path}");
        }
        let asked = identify(&signed("s3", "GET", "/photos/%E8%8A%B1+%2B.jpg?versionId=7", "")).unwrap();
        assert_eq!(asked.params, json!({ "Bucket": "photos", "Key": "花++.jpg", "VersionId": "7" }));
    }

    #[test]
    fn forms_become_lists_and_maps() {
        let body = "Action=PublishBatch&Version=2010-03-31&PublishBatchRequestEntries.member.2.Id=b\
                    &PublishBatchRequestEntries.member.1.Id=a\
                    &PublishBatchRequestEntries.member.1.MessageAttributes.entry.1.Name=kind\
                    &PublishBatchRequestEntries.member.1.MessageAttributes.entry.1.Value.DataType=String";
        let asked = identify(&signed("sns", "POST", "/", body)).unwrap();
        assert_eq!(asked.operation, "PublishBatch");
        let entries = json!([{ "Id": "a", "MessageAttributes": { "kind": { "DataType": "String" } } }, { "Id": "b" }]);
        assert_eq!(asked.params["PublishBatchRequestEntries"], entries);
    }

    #[test]
    fn requests_without_a_signature_in_good_order_are_refused_in_the_form_of_the_service() {
        let request = HttpRequest::new("POST", "/", "{}").with("x-amz-target", "AmazonSQS.SendMessage");
        let (service, error) = identify(&request).unwrap_err();
        assert_eq!((service, error.code.as_str()), (Service::Sqs, "MissingAuthenticationTokenException"));
        let request = request.with("authorization", "AWS4-HMAC-SHA256 Credential=AKIA/1/us-east-1/sqs/aws4_request");
        assert_eq!(identify(&request).unwrap_err().1.code, "IncompleteSignatureException");
        let (service, error) = identify(&HttpRequest::new("GET", "/photos/a.jpg", "")).unwrap_err();
        assert_eq!((service, error.status), (Service::S3, 403));
    }

    #[test]
    fn broken_json_and_unknown_operations_are_refused() {
        let broken = signed("sqs", "POST", "/", "{").with("x-amz-target", "AmazonSQS.SendMessage");
        assert_eq!(identify(&broken).unwrap_err().1.code, "SerializationException");
        let nameless = signed("dynamodb", "POST", "/", "{}");
        assert_eq!(identify(&nameless).unwrap_err().1.code, "UnknownOperationException");
    }
}
