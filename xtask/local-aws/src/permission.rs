//! Whether the caller may: which IAM action each operation needs on which resource, and what a denial says.

use local_aws_policy::{Policies, Policy, Request};
use serde_json::Value;

use crate::error::AwsError;
use crate::http::decode;
use crate::identify::Asked;
use crate::service::Service;

/// The account that everything belongs to.
pub(crate) const ACCOUNT: &str = "123456789012";
/// The Region that everything lies in.
pub(crate) const REGION: &str = "us-east-1";
/// Who calls: a session of the function's role.
const CALLER: &str = "arn:aws:sts::123456789012:assumed-role/function/function";

/// Policies that a test gives. As long as it gives none, everything is allowed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Permission {
    pub(crate) identity: Vec<Policy>,
    /// By the resource's ARN.
    pub(crate) resources: Vec<(String, Policy)>,
}

impl Permission {
    /// Judges a call by the policies.
    pub(crate) fn check(&self, asked: &Asked) -> Result<(), AwsError> {
        if self.identity.is_empty() && self.resources.is_empty() {
            return Ok(());
        }
        for (action, resource) in needs(asked) {
            let identity = self.identity.iter().cloned().fold(Policies::new(), Policies::with_identity);
            let attached =
                self.resources.iter().filter(|(arn, _)| covers(arn, &resource)).map(|(_, policy)| policy.clone());
            let policies = attached.fold(identity, Policies::with_resource);
            let request = Request::new(&action, &resource).by(CALLER).owned_by(ACCOUNT);
            let request = conditions(asked).into_iter().fold(request, |request, (key, value)| request.with(key, value));
            let decision = policies.decide(&request);
            if !decision.is_allowed() {
                let reason = decision.reason(&action);
                return Err(denial(asked.service, &action, &resource, &reason));
            }
        }
        Ok(())
    }
}

/// A bucket's policy speaks about its keys too; other resources are themselves.
fn covers(arn: &str, resource: &str) -> bool {
    arn == resource || resource.strip_prefix(arn).is_some_and(|rest| rest.starts_with(['/', ':']))
}

/// The error in the words of AWS.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html>.
fn denial(service: Service, action: &str, resource: &str, reason: &str) -> AwsError {
    let shown = if service == Service::S3 { format!("\"{resource}\"") } else { resource.to_owned() };
    let message = format!("User: {CALLER} is not authorized to perform: {action} on resource: {shown} {reason}");
    let (code, status) = match service {
        Service::S3 => ("AccessDenied", 403),
        Service::Sns => ("AuthorizationError", 403),
        Service::Lambda | Service::Sqs => ("AccessDeniedException", 403),
        _ => ("AccessDeniedException", 400),
    };
    AwsError::new(code, status, message)
}

/// Condition keys that a call itself has.
fn conditions(asked: &Asked) -> Vec<(&'static str, String)> {
    let mut found = vec![("aws:RequestedRegion", REGION.to_owned())];
    let mut add = |key, param: &str| {
        if let Some(value) = asked.params[param].as_str() {
            found.push((key, value.to_owned()));
        }
    };
    if asked.service == Service::S3 {
        add("s3:prefix", "Prefix");
        add("s3:max-keys", "MaxKeys");
        add("s3:x-amz-server-side-encryption", "ServerSideEncryption");
    }
    found
}

/// Every action that an operation needs, with the ARN of its resource.
///
/// Source: the Service Authorization Reference,
/// <https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html>.
fn needs(asked: &Asked) -> Vec<(String, String)> {
    let Asked { service, operation, params } = asked;
    let text = |name: &str| params[name].as_str().unwrap_or_default();
    let action = |name: &str| format!("{}:{name}", service.prefix());
    let one = |name: &str, resource: String| vec![(action(name), resource)];
    match service {
        Service::S3 => s3_needs(operation, params),
        Service::Sqs => {
            let name = match text("QueueUrl") {
                "" => text("QueueName"),
                url => url.rsplit('/').next().unwrap_or_default(),
            };
            let arn = if operation == "ListQueues" { "*".to_owned() } else { arn("sqs", name) };
            // A batch needs the permission of the single operation.
            one(operation.strip_suffix("Batch").unwrap_or(operation), arn)
        }
        Service::Sns => {
            let resource = [text("TopicArn"), text("TargetArn")].into_iter().find(|arn| !arn.is_empty());
            let resource = resource.map_or_else(|| arn("sns", text("Name")), str::to_owned);
            one(if operation == "PublishBatch" { "Publish" } else { operation }, resource)
        }
        Service::EventBridge => match operation.as_str() {
            "PutEvents" => {
                let entries = params["Entries"].as_array().into_iter().flatten();
                let bus = |entry: &Value| event_bus(entry["EventBusName"].as_str());
                let mut buses: Vec<String> = entries.map(bus).collect();
                buses.dedup();
                buses.into_iter().map(|bus| (action(operation), bus)).collect()
            }
            _ => one(operation, event_bus(params["EventBusName"].as_str())),
        },
        Service::Lambda => {
            let name = match params["FunctionName"].as_str() {
                Some(arn) if arn.starts_with("arn:") => arn.to_owned(),
                Some(name) => arn("lambda", &format!("function:{name}")),
                None => "*".to_owned(),
            };
            let qualified = match params["Qualifier"].as_str() {
                Some(qualifier) => format!("{name}:{qualifier}"),
                None => name,
            };
            one(if operation == "Invoke" { "InvokeFunction" } else { operation }, qualified)
        }
        Service::SecretsManager => match text("SecretId") {
            "" if operation == "CreateSecret" => {
                one(operation, arn("secretsmanager", &format!("secret:{}", text("Name"))))
            }
            "" => one(operation, "*".to_owned()),
            id if id.starts_with("arn:") => one(operation, id.to_owned()),
            // The ARN of a secret ends in a hyphen and six characters that nobody chooses.
            id => one(operation, arn("secretsmanager", &format!("secret:{id}-AbCdEf"))),
        },
        Service::Kms => match text("KeyId") {
            "" => one(operation, "*".to_owned()),
            id if id.starts_with("arn:") => one(operation, id.to_owned()),
            id if id.starts_with("alias/") => one(operation, arn("kms", id)),
            id => one(operation, arn("kms", &format!("key/{id}"))),
        },
        Service::StepFunctions => {
            let resource =
                ["stateMachineArn", "executionArn"].iter().map(|name| text(name)).find(|arn| !arn.is_empty());
            one(operation, resource.unwrap_or("*").to_owned())
        }
        Service::DynamoDbStreams => one(operation, params["StreamArn"].as_str().unwrap_or("*").to_owned()),
        Service::DynamoDb => dynamodb_needs(operation, params),
    }
}

fn arn(service: &str, rest: &str) -> String {
    format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}")
}

fn event_bus(name: Option<&str>) -> String {
    match name.unwrap_or("default") {
        arn if arn.starts_with("arn:") => arn.to_owned(),
        name => arn("events", &format!("event-bus/{name}")),
    }
}

fn table_arn(name: &str) -> String {
    if name.starts_with("arn:") { name.to_owned() } else { arn("dynamodb", &format!("table/{name}")) }
}

fn dynamodb_needs(operation: &str, params: &Value) -> Vec<(String, String)> {
    let action = |name: &str| format!("dynamodb:{name}");
    let table = |value: &Value| table_arn(value["TableName"].as_str().unwrap_or("*"));
    match operation {
        "ListTables" => vec![(action(operation), "*".to_owned())],
        "BatchGetItem" | "BatchWriteItem" => {
            let tables = params["RequestItems"].as_object().into_iter().flatten();
            tables.map(|(name, _)| (action(operation), table_arn(name))).collect()
        }
        // A transaction needs the permissions of what is in it.
        "TransactWriteItems" | "TransactGetItems" => {
            let items = params["TransactItems"].as_array().into_iter().flatten().filter_map(Value::as_object).flatten();
            let needed = |(kind, item): (&String, &Value)| {
                let name = match kind.as_str() {
                    "Put" => "PutItem",
                    "Update" => "UpdateItem",
                    "Delete" => "DeleteItem",
                    "ConditionCheck" => "ConditionCheckItem",
                    _ => "GetItem",
                };
                (action(name), table(item))
            };
            items.map(needed).collect()
        }
        "Query" | "Scan" => {
            let table = table(params);
            match params["IndexName"].as_str() {
                Some(index) => vec![(action(operation), format!("{table}/index/{index}"))],
                None => vec![(action(operation), table)],
            }
        }
        _ => vec![(action(operation), table(params))],
    }
}

fn s3_needs(operation: &str, params: &Value) -> Vec<(String, String)> {
    let action = |name: &str| format!("s3:{name}");
    let text = |name: &str| params[name].as_str().unwrap_or_default();
    let bucket = || format!("arn:aws:s3:::{}", text("Bucket"));
    let object = || format!("arn:aws:s3:::{}/{}", text("Bucket"), text("Key"));
    let of_version =
        |name: &str| if text("VersionId").is_empty() { action(name) } else { action(&format!("{name}Version")) };
    match operation {
        "ListBuckets" => vec![(action("ListAllMyBuckets"), "*".to_owned())],
        "HeadBucket" | "ListObjects" | "ListObjectsV2" => vec![(action("ListBucket"), bucket())],
        "ListObjectVersions" => vec![(action("ListBucketVersions"), bucket())],
        "ListMultipartUploads" => vec![(action("ListBucketMultipartUploads"), bucket())],
        "GetBucketNotificationConfiguration" => vec![(action("GetBucketNotification"), bucket())],
        "PutBucketNotificationConfiguration" => vec![(action("PutBucketNotification"), bucket())],
        "GetObject" | "HeadObject" => vec![(of_version("GetObject"), object())],
        "DeleteObject" => vec![(of_version("DeleteObject"), object())],
        // Which keys stands in the body; whoever may not delete some gets errors for these, which is not done here.
        "DeleteObjects" => vec![(action("DeleteObject"), format!("{}/*", bucket()))],
        "CopyObject" | "UploadPartCopy" => {
            let source = decode(text("CopySource"));
            let source = source.trim_start_matches('/').split('?').next().unwrap_or_default();
            vec![(action("GetObject"), format!("arn:aws:s3:::{source}")), (action("PutObject"), object())]
        }
        "UploadPart" | "CreateMultipartUpload" | "CompleteMultipartUpload" => vec![(action("PutObject"), object())],
        "ListParts" => vec![(action("ListMultipartUploadParts"), object())],
        _ if text("Key").is_empty() => vec![(action(operation), bucket())],
        _ => vec![(action(operation), object())],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn needed(service: Service, operation: &str, params: Value) -> Vec<(String, String)> {
        needs(&Asked { service, operation: operation.to_owned(), params })
    }

    #[test]
    fn operations_need_the_actions_of_the_authorization_reference() {
        let queue = json!({ "QueueUrl": "http://127.0.0.1:9/123456789012/jobs" });
        assert_eq!(
            needed(Service::Sqs, "SendMessageBatch", queue),
            [("sqs:SendMessage".into(), "arn:aws:sqs:us-east-1:123456789012:jobs".into())]
        );
        let copy = json!({ "Bucket": "b", "Key": "k", "CopySource": "/a/x%20y" });
        assert_eq!(
            needed(Service::S3, "CopyObject", copy),
            [("s3:GetObject".into(), "arn:aws:s3:::a/x y".into()), ("s3:PutObject".into(), "arn:aws:s3:::b/k".into())]
        );
        let query = json!({ "TableName": "orders", "IndexName": "by-day" });
        let index = "arn:aws:dynamodb:us-east-1:123456789012:table/orders/index/by-day";
        assert_eq!(needed(Service::DynamoDb, "Query", query), [("dynamodb:Query".into(), index.into())]);
        let transaction =
            json!({ "TransactItems": [{ "Put": { "TableName": "a" } }, { "ConditionCheck": { "TableName": "b" } }] });
        let actions: Vec<String> = needed(Service::DynamoDb, "TransactWriteItems", transaction)
            .into_iter()
            .map(|(action, _)| action)
            .collect();
        assert_eq!(actions, ["dynamodb:PutItem", "dynamodb:ConditionCheckItem"]);
    }
}
