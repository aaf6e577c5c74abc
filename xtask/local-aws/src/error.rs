//! An error as AWS has them, written in the form of each protocol.

use std::fmt;

use serde_json::{Map, Value, json};

use crate::http::HttpResponse;
use crate::service::{Protocol, Service};

/// An error of a service.
#[derive(Debug, Clone, PartialEq)]
pub struct AwsError {
    /// The code by which programs know it: `ConditionalCheckFailedException`, `NoSuchKey`.
    pub code: String,
    /// The sentence for people.
    pub message: String,
    /// The HTTP status.
    pub status: u16,
    /// Further members, such as the item that a condition failed on.
    pub members: Map<String, Value>,
}

impl AwsError {
    pub(crate) fn new(code: impl Into<String>, status: u16, message: impl Into<String>) -> AwsError {
        AwsError { code: code.into(), message: message.into(), status, members: Map::new() }
    }

    /// Most errors of most services.
    pub(crate) fn client(code: impl Into<String>, message: impl Into<String>) -> AwsError {
        AwsError::new(code, 400, message)
    }

    /// A service that cannot go on.
    pub(crate) fn internal(service: Service) -> AwsError {
        let code = match service {
            Service::S3 | Service::Sns | Service::Sqs => "InternalError",
            Service::DynamoDb | Service::DynamoDbStreams => "InternalServerError",
            Service::Lambda => "ServiceException",
            Service::SecretsManager => "InternalServiceError",
            Service::EventBridge => "InternalException",
            Service::Kms => "KMSInternalException",
            Service::StepFunctions => "InternalServerException",
        };
        AwsError::new(code, 500, "We encountered an internal error. Please try again.")
    }

    /// In the form of the service's protocol.
    pub(crate) fn response(&self, service: Service, request_id: &str) -> HttpResponse {
        match service.protocol() {
            Protocol::Json10 => self.json(service, "application/x-amz-json-1.0", request_id),
            Protocol::Json11 => self.json(service, "application/x-amz-json-1.1", request_id),
            Protocol::RestJson => {
                let mut body = self.members.clone();
                if !BEFORE_LAMBDA.contains(&self.code.as_str()) {
                    body.insert("Type".to_owned(), json!(if self.status < 500 { "User" } else { "Service" }));
                }
                let is_capital = CAPITAL_MESSAGE.contains(&self.code.as_str());
                body.insert(if is_capital { "Message" } else { "message" }.to_owned(), json!(self.message));
                HttpResponse::new(self.status, "application/json", Value::Object(body).to_string())
                    .with("x-amzn-errortype", &self.code)
                    .with("x-amzn-requestid", request_id)
            }
            Protocol::Query => {
                let body = format!(
                    "<ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><Error><Type>{}</Type>\
                     <Code>{}</Code><Message>{}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>",
                    self.fault(),
                    escape(&self.code),
                    escape(&self.message),
                );
                HttpResponse::new(self.status, "text/xml", body).with("x-amzn-requestid", request_id)
            }
            Protocol::RestXml => {
                let body = format!(
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{}</Code><Message>{}</Message>\
                     <RequestId>{request_id}</RequestId></Error>",
                    escape(&self.code),
                    escape(&self.message),
                );
                HttpResponse::new(self.status, "application/xml", body).with("x-amz-request-id", request_id)
            }
        }
    }

    fn json(&self, service: Service, content_type: &'static str, request_id: &str) -> HttpResponse {
        let mut body = self.members.clone();
        body.insert("__type".to_owned(), json!(format!("{}#{}", namespace(service, &self.code), self.code)));
        body.insert("message".to_owned(), json!(self.message));
        let answer = HttpResponse::new(self.status, content_type, Value::Object(body).to_string())
            .with("x-amzn-requestid", request_id);
        // Clients of the older query protocol know errors by other names.
        // Source: https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#querycompatible.
        match service {
            Service::Sqs => answer.with("x-amzn-query-error", &format!("{};{}", query_code(&self.code), self.fault())),
            _ => answer,
        }
    }

    fn fault(&self) -> &'static str {
        if self.status < 500 { "Sender" } else { "Receiver" }
    }
}

impl fmt::Display for AwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for AwsError {}

/// What stands before Lambda answers with an error that has no `Type`.
const BEFORE_LAMBDA: [&str; 6] = [
    "AccessDeniedException",
    "IncompleteSignatureException",
    "MissingAuthenticationTokenException",
    "SerializationException",
    "UnknownOperationException",
    "ValidationException",
];

/// The errors of Lambda whose member `Message` is written with a capital.
///
/// Source: the exceptions of the Lambda model, <https://github.com/aws/api-models-aws>.
const CAPITAL_MESSAGE: [&str; 3] = ["RecursiveInvocationException", "ResourceNotFoundException", "ServiceException"];

fn namespace(service: Service, code: &str) -> &'static str {
    const OF_THE_FRAMEWORK: [&str; 5] = [
        "AccessDeniedException",
        "IncompleteSignatureException",
        "MissingAuthenticationTokenException",
        "SerializationException",
        "UnknownOperationException",
    ];
    if OF_THE_FRAMEWORK.contains(&code) {
        return "com.amazon.coral.service";
    }
    match service {
        Service::DynamoDb | Service::DynamoDbStreams => "com.amazonaws.dynamodb.v20120810",
        Service::Sqs => "com.amazonaws.sqs",
        Service::EventBridge => "com.amazonaws.events",
        Service::SecretsManager => "com.amazonaws.secretsmanager",
        Service::Kms => "com.amazonaws.kms",
        Service::StepFunctions => "com.amazonaws.swf.service.v2.model",
        Service::S3 | Service::Sns | Service::Lambda => "com.amazonaws",
    }
}

/// The names of SQS errors in its older protocol.
///
/// Source: the `awsQueryError` traits of the SQS model, <https://github.com/aws/api-models-aws>.
fn query_code(code: &str) -> &str {
    match code {
        "QueueDoesNotExist" => "AWS.SimpleQueueService.NonExistentQueue",
        "QueueNameExists" => "QueueAlreadyExists",
        "BatchEntryIdsNotDistinct" => "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
        "BatchRequestTooLong" => "AWS.SimpleQueueService.BatchRequestTooLong",
        "EmptyBatchRequest" => "AWS.SimpleQueueService.EmptyBatchRequest",
        "InvalidBatchEntryId" => "AWS.SimpleQueueService.InvalidBatchEntryId",
        "TooManyEntriesInBatchRequest" => "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
        "MessageNotInflight" => "AWS.SimpleQueueService.MessageNotInflight",
        "PurgeQueueInProgress" => "AWS.SimpleQueueService.PurgeQueueInProgress",
        "OverLimit" => "OverLimit",
        "AccessDeniedException" => "AccessDenied",
        other => other,
    }
}

/// Text inside XML.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // XML 1.0 has no other control characters.
            c if c.is_control() && !['\t', '\n', '\r'].contains(&c) => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}
