//! Why services refuse what a template asks of them, so that the stack is rolled back: the part that templates of
//! functions, queues, tables and logs run into.

use serde_json::Value;

use super::{Resource, Stack, whole};

/// All reasons against a stack that is deployed on `day` (`2026-11-30`).
pub(super) fn of(stack: &Stack, day: &str) -> Vec<String> {
    let mut reasons = Vec::new();
    for resource in &stack.resources {
        unknown_properties(resource, &mut reasons);
        let mut told = |reason: String| reasons.push(format!("{} ({}): {reason}", resource.id, resource.kind));
        match resource.kind.as_str() {
            "AWS::SQS::Queue" => queue(stack, resource, &mut told),
            "AWS::DynamoDB::Table" => table(resource, &mut told),
            "AWS::Lambda::Function" => function(stack, resource, day, &mut told),
            "AWS::Lambda::EventSourceMapping" => mapping(stack, resource, &mut told),
            "AWS::Logs::LogGroup" => log_group(resource, &mut told),
            _ => {}
        }
        for (name, policy) in
            [("DeletionPolicy", &resource.deletion_policy), ("UpdateReplacePolicy", &resource.update_replace_policy)]
        {
            let known = ["Delete", "Retain", "Snapshot", "RetainExceptOnCreate"];
            let known = if name == "DeletionPolicy" { &known[..] } else { &known[..3] };
            if let Some(policy) = policy.as_ref().filter(|policy| !known.contains(&policy.as_str())) {
                reasons
                    .push(format!("Template format error: Unrecognized {name} {policy} for resource {}", resource.id));
            }
        }
    }
    let named: Vec<(&str, &str)> =
        stack.resources.iter().filter(|one| one.is_named).map(|one| (one.kind.as_str(), one.name.as_str())).collect();
    for (place, one) in named.iter().enumerate() {
        if named[..place].contains(one) {
            reasons.push(format!("{} is the name of two resources of the kind {}", one.1, one.0));
        }
    }
    reasons
}

/// Properties of the kinds that are known wholly. Source:
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/>, as cfn-lint 1.58.0 has it.
fn unknown_properties(resource: &Resource, reasons: &mut Vec<String>) {
    let known: &[&str] = match resource.kind.as_str() {
        "AWS::SQS::Queue" => &[
            "ContentBasedDeduplication",
            "DeduplicationScope",
            "DelaySeconds",
            "FifoQueue",
            "FifoThroughputLimit",
            "KmsDataKeyReusePeriodSeconds",
            "KmsMasterKeyId",
            "MaximumMessageSize",
            "MessageRetentionPeriod",
            "QueueName",
            "ReceiveMessageWaitTimeSeconds",
            "RedriveAllowPolicy",
            "RedrivePolicy",
            "SqsManagedSseEnabled",
            "Tags",
            "VisibilityTimeout",
        ],
        "AWS::DynamoDB::Table" => &[
            "AttributeDefinitions",
            "BillingMode",
            "ContributorInsightsSpecification",
            "DeletionProtectionEnabled",
            "GlobalSecondaryIndexes",
            "ImportSourceSpecification",
            "KeySchema",
            "KinesisStreamSpecification",
            "LocalSecondaryIndexes",
            "OnDemandThroughput",
            "PointInTimeRecoverySpecification",
            "ProvisionedThroughput",
            "ResourcePolicy",
            "SSESpecification",
            "StreamSpecification",
            "TableClass",
            "TableName",
            "Tags",
            "TimeToLiveSpecification",
            "WarmThroughput",
        ],
        "AWS::Logs::LogGroup" => &[
            "BearerTokenAuthenticationEnabled",
            "DataProtectionPolicy",
            "DeletionProtectionEnabled",
            "FieldIndexPolicies",
            "KmsKeyId",
            "LogGroupClass",
            "LogGroupName",
            "ResourcePolicyDocument",
            "RetentionInDays",
            "Tags",
        ],
        _ => return,
    };
    let names = resource.properties.as_object().into_iter().flat_map(serde_json::Map::keys);
    let unknown: Vec<&str> = names.map(String::as_str).filter(|name| !known.contains(name)).collect();
    if !unknown.is_empty() {
        reasons.push(format!(
            "{} ({}): Encountered unsupported property {}",
            resource.id,
            resource.kind,
            unknown.join(", ")
        ));
    }
}

fn queue(stack: &Stack, queue: &Resource, told: &mut impl FnMut(String)) {
    let mut in_range = |name: &str, low: i64, high: i64| {
        if !queue.at(name).is_null() && !queue.number(name).is_some_and(|n| (low..=high).contains(&n)) {
            told(format!("Invalid value for the parameter {name}: it is from {low} to {high}"));
        }
    };
    in_range("VisibilityTimeout", 0, 43_200);
    in_range("MessageRetentionPeriod", 60, 1_209_600);
    in_range("DelaySeconds", 0, 900);
    in_range("ReceiveMessageWaitTimeSeconds", 0, 20);
    let redrive = queue.at("RedrivePolicy");
    if redrive.is_null() {
        return;
    }
    let invalid = |what: &str| format!("Value {redrive} for parameter RedrivePolicy is invalid. Reason: {what}");
    if !queue.number("RedrivePolicy.maxReceiveCount").is_some_and(|count| (1..=1000).contains(&count)) {
        told(invalid("maxReceiveCount must be from 1 to 1000."));
    }
    let target = &redrive["deadLetterTargetArn"];
    match target.as_str().filter(|arn| arn.starts_with("arn:aws:sqs:")) {
        None => told(invalid("deadLetterTargetArn must be the ARN of a queue.")),
        Some(arn) => match stack.resources.iter().find(|one| one.arn == arn) {
            None => told(invalid("Dead letter target does not exist.")),
            Some(dead) if (dead.at("FifoQueue") == true) != (queue.at("FifoQueue") == true) => {
                told(invalid("Dead-letter queue must be same type of queue as the source."));
            }
            Some(dead) => {
                let allows = dead.at("RedriveAllowPolicy");
                let takes = match allows["redrivePermission"].as_str() {
                    Some("denyAll") => false,
                    Some("byQueue") => allows["sourceQueueArns"]
                        .as_array()
                        .is_some_and(|arns| arns.iter().any(|arn| *arn == queue.arn)),
                    _ => true,
                };
                if !takes {
                    told(invalid(&format!(
                        "the RedriveAllowPolicy of {} does not take this queue's messages.",
                        dead.id
                    )));
                }
            }
        },
    }
}

fn table(table: &Resource, told: &mut impl FnMut(String)) {
    let provisioned = !table.at("ProvisionedThroughput").is_null();
    match table.at("BillingMode") {
        Value::Null if !provisioned => told(
            "One or more parameter values were invalid: ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED".to_owned(),
        ),
        Value::String(mode) if mode == "PAY_PER_REQUEST" => {
            if provisioned {
                told("One or more parameter values were invalid: Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST".to_owned());
            }
        }
        Value::String(mode) if mode == "PROVISIONED" => {
            if !provisioned {
                told("One or more parameter values were invalid: ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED".to_owned());
            }
        }
        Value::Null => {}
        other => told(format!("{other} is no BillingMode; it is PAY_PER_REQUEST or PROVISIONED")),
    }
    let names = |list: &str| -> Vec<String> {
        let items = table.at(list).as_array().cloned().unwrap_or_default();
        items.iter().filter_map(|item| item["AttributeName"].as_str().map(str::to_owned)).collect()
    };
    let (keys, mut defined) = (names("KeySchema"), names("AttributeDefinitions"));
    if keys.is_empty() {
        told("KeySchema is missing".to_owned());
    }
    for key in &keys {
        if !defined.contains(key) {
            told(format!(
                "One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions. Keys: [{key}]"
            ));
        }
    }
    let has_indexes = !table.at("GlobalSecondaryIndexes").is_null() || !table.at("LocalSecondaryIndexes").is_null();
    defined.retain(|name| !keys.contains(name));
    if !defined.is_empty() && !has_indexes {
        told("Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions".to_owned());
    }
}

/// Runtimes that functions cannot be created with any more, and since when: `exercises/fixtures/data/runtimes.json` has
/// all; these are the ones that Rust programs were deployed with.
const BLOCKED: [(&str, &str); 3] =
    [("provided", "2024-02-08"), ("go1.x", "2024-02-08"), ("provided.al2", "2027-02-01")];

fn function(stack: &Stack, function: &Resource, day: &str, told: &mut impl FnMut(String)) {
    let architectures = function.at("Architectures");
    match architectures.as_array().map(Vec::as_slice) {
        None if architectures.is_null() => {}
        Some([one]) if one == "arm64" || one == "x86_64" => {}
        Some([_]) => told(format!(
            "Value {architectures} at 'architectures' failed to satisfy constraint: Member must satisfy enum value set: [x86_64, arm64]"
        )),
        _ => {
            told(format!("Value {architectures} at 'architectures' failed to satisfy constraint: it is a list of one"))
        }
    }
    let mut in_range = |name: &str, low: i64, high: i64| {
        if !function.at(name).is_null() && !function.number(name).is_some_and(|n| (low..=high).contains(&n)) {
            told(format!("{name} is a number from {low} to {high}"));
        }
    };
    in_range("Timeout", 1, 900);
    in_range("MemorySize", 128, 10_240);
    in_range("ReservedConcurrentExecutions", 0, 1000);
    in_range("EphemeralStorage.Size", 512, 10_240);
    if let Some(runtime) = function.text("Runtime") {
        if BLOCKED.iter().any(|(blocked, since)| *blocked == runtime && *since <= day) {
            told(format!(
                "The runtime parameter of {runtime} is no longer supported for creating or updating AWS Lambda functions"
            ));
        }
        let families = ["provided", "python", "nodejs", "java", "dotnet", "ruby", "go1.x"];
        if !families.iter().any(|family| runtime.starts_with(family)) {
            told(format!("Value {runtime} at 'runtime' failed to satisfy constraint: there is no such runtime"));
        }
    }
    for (name, value) in function.at("Environment.Variables").as_object().into_iter().flatten() {
        if !(value.is_string() || value.is_number() || value.is_boolean()) {
            told(format!("the variable {name} is no text"));
        }
    }
    let group = function.at("LoggingConfig.LogGroup");
    if group.as_str().is_some_and(|name| name.starts_with("arn:")) {
        told(format!(
            "Value {group} at 'loggingConfig.logGroup' failed to satisfy constraint: it is a name and no ARN"
        ));
    }
    let role = function.at("Role");
    if role.as_str().is_none_or(|arn| !arn.starts_with("arn:aws:iam::")) {
        told("Role must be the ARN of a role".to_owned());
    }
    let dead = function.at("DeadLetterConfig.TargetArn");
    if !dead.is_null() && stack.named(dead).is_none() {
        told(format!("The provided dead-letter target {dead} is nothing that this stack makes"));
    }
}

fn mapping(stack: &Stack, mapping: &Resource, told: &mut impl FnMut(String)) {
    let Some(source) = mapping.text("EventSourceArn").filter(|arn| arn.starts_with("arn:aws:")) else {
        return told(format!(
            "Unrecognized event source, must be the ARN of a queue or stream: {}",
            mapping.at("EventSourceArn")
        ));
    };
    let Some(function) = stack.named(mapping.at("FunctionName")) else {
        return told(format!("Function not found: {}", mapping.at("FunctionName")));
    };
    if !source.starts_with("arn:aws:sqs:") {
        return;
    }
    let Some(queue) = stack.resources.iter().find(|one| one.arn == source) else {
        return told(format!("The queue {source} does not exist: this stack makes no queue of that name"));
    };
    let visibility = queue.number("VisibilityTimeout").unwrap_or(30);
    let timeout = function.number("Timeout").unwrap_or(3);
    if visibility < timeout {
        told(format!(
            "Invalid request provided: Queue visibility timeout: {visibility} seconds is less than Function timeout: {timeout} seconds"
        ));
    }
    let batch = mapping.number("BatchSize").unwrap_or(10);
    let window = mapping.number("MaximumBatchingWindowInSeconds").unwrap_or(0);
    if !(1..=10_000).contains(&batch) || (batch > 10 && window < 1) {
        told(format!("BatchSize is {batch}; more than 10 need a batching window of at least a second"));
    }
    if let Some(most) = whole(mapping.at("ScalingConfig.MaximumConcurrency"))
        && !(2..=1000).contains(&most)
    {
        told(format!("MaximumConcurrency is {most}, and may be from 2 to 1000"));
    }
    let types = mapping.at("FunctionResponseTypes");
    if !types.is_null() && types.as_array().is_none_or(|types| types.iter().any(|one| one != "ReportBatchItemFailures"))
    {
        told(format!("FunctionResponseTypes {types}: the only one is a list with ReportBatchItemFailures"));
    }
}

fn log_group(group: &Resource, told: &mut impl FnMut(String)) {
    const DAYS: [i64; 23] =
        [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653, 0];
    let days = group.at("RetentionInDays");
    if !days.is_null() && !whole(days).is_some_and(|days| days > 0 && DAYS.contains(&days)) {
        told(format!("{days} is no RetentionInDays that CloudWatch Logs knows"));
    }
}
