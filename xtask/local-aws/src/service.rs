//! The services there are, what they are called in which place, and the protocol that each speaks.

use std::fmt;

/// An AWS service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// Amazon S3.
    S3,
    /// Amazon DynamoDB.
    DynamoDb,
    /// Amazon DynamoDB Streams.
    DynamoDbStreams,
    /// Amazon SQS.
    Sqs,
    /// Amazon SNS.
    Sns,
    /// Amazon EventBridge.
    EventBridge,
    /// AWS Lambda.
    Lambda,
    /// AWS Secrets Manager.
    SecretsManager,
    /// AWS KMS.
    Kms,
    /// AWS Step Functions.
    StepFunctions,
}

/// How requests and answers are written down.
///
/// Source: <https://smithy.io/2.0/aws/protocols/index.html>.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Json10,
    Json11,
    Query,
    RestJson,
    RestXml,
}

impl Service {
    pub(crate) const ALL: [Service; 10] = [
        Service::S3,
        Service::DynamoDb,
        Service::DynamoDbStreams,
        Service::Sqs,
        Service::Sns,
        Service::EventBridge,
        Service::Lambda,
        Service::SecretsManager,
        Service::Kms,
        Service::StepFunctions,
    ];

    /// The name that its SDK crate has after `aws-sdk-`.
    pub fn name(self) -> &'static str {
        match self {
            Service::S3 => "s3",
            Service::DynamoDb => "dynamodb",
            Service::DynamoDbStreams => "dynamodbstreams",
            Service::Sqs => "sqs",
            Service::Sns => "sns",
            Service::EventBridge => "eventbridge",
            Service::Lambda => "lambda",
            Service::SecretsManager => "secretsmanager",
            Service::Kms => "kms",
            Service::StepFunctions => "sfn",
        }
    }

    /// The name in a signature's scope, in an ARN, and before the colon of an IAM action.
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Service::DynamoDbStreams => "dynamodb",
            Service::EventBridge => "events",
            Service::StepFunctions => "states",
            other => other.name(),
        }
    }

    /// What stands before the dot of `X-Amz-Target`.
    pub(crate) fn target(self) -> Option<&'static str> {
        Some(match self {
            Service::DynamoDb => "DynamoDB_20120810",
            Service::DynamoDbStreams => "DynamoDBStreams_20120810",
            Service::Sqs => "AmazonSQS",
            Service::EventBridge => "AWSEvents",
            Service::SecretsManager => "secretsmanager",
            Service::Kms => "TrentService",
            Service::StepFunctions => "AWSStepFunctions",
            Service::S3 | Service::Sns | Service::Lambda => return None,
        })
    }

    pub(crate) fn protocol(self) -> Protocol {
        match self {
            Service::S3 => Protocol::RestXml,
            Service::Lambda => Protocol::RestJson,
            Service::Sns => Protocol::Query,
            Service::DynamoDb | Service::DynamoDbStreams | Service::Sqs | Service::StepFunctions => Protocol::Json10,
            Service::EventBridge | Service::SecretsManager | Service::Kms => Protocol::Json11,
        }
    }

    /// The error with which it throttles: code and status.
    ///
    /// Source: each service's page "Common errors", and S3's list of error codes.
    pub(crate) fn throttling(self) -> (&'static str, u16, &'static str) {
        match self {
            Service::S3 => ("SlowDown", 503, "Please reduce your request rate."),
            Service::DynamoDb | Service::DynamoDbStreams => (
                "ProvisionedThroughputExceededException",
                400,
                "The level of configured provisioned throughput for the table was exceeded. Consider increasing your \
                 provisioning level with the UpdateTable API.",
            ),
            Service::Sqs => ("RequestThrottled", 403, "Request was throttled."),
            Service::Sns => ("Throttled", 429, "Rate exceeded"),
            Service::Lambda => ("TooManyRequestsException", 429, "Rate Exceeded."),
            Service::EventBridge | Service::SecretsManager | Service::Kms | Service::StepFunctions => {
                ("ThrottlingException", 400, "Rate exceeded")
            }
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
