//! What SAM makes of its own kinds of resources, as its translator 1.115 does:
//! <https://github.com/aws/serverless-application-model/tree/develop/samtranslator>. Functions and simple tables; of
//! what an event of another kind than a queue or a stream makes there is only the permission to call the function.

use serde_json::{Map, Value, json};

use super::Refused;

const TRANSFORM: &str = "AWS::Serverless-2016-10-31";

/// Properties of a function, and whether `Globals` may have them.
const FUNCTION: [(&str, bool); 49] = [
    ("Architectures", true),
    ("AssumeRolePolicyDocument", true),
    ("AutoPublishAlias", true),
    ("AutoPublishAliasAllProperties", true),
    ("AutoPublishCodeSha256", false),
    ("CapacityProviderConfig", true),
    ("CodeSigningConfigArn", true),
    ("CodeUri", true),
    ("DeadLetterQueue", true),
    ("DeploymentPreference", true),
    ("Description", true),
    ("DurableConfig", true),
    ("Environment", true),
    ("EphemeralStorage", true),
    ("EventInvokeConfig", true),
    ("Events", false),
    ("FileSystemConfigs", true),
    ("FunctionName", false),
    ("FunctionScalingConfig", true),
    ("FunctionUrlConfig", true),
    ("Handler", true),
    ("ImageConfig", false),
    ("ImageUri", false),
    ("InlineCode", false),
    ("KmsKeyArn", true),
    ("Layers", true),
    ("LoggingConfig", true),
    ("MemorySize", true),
    ("PackageType", false),
    ("PermissionsBoundary", true),
    ("Policies", false),
    ("PropagateTags", true),
    ("ProvisionedConcurrencyConfig", true),
    ("PublishToLatestPublished", true),
    ("RecursiveLoop", true),
    ("ReservedConcurrentExecutions", true),
    ("Role", false),
    ("RolePath", true),
    ("Runtime", true),
    ("RuntimeManagementConfig", true),
    ("SnapStart", true),
    ("SourceKMSKeyArn", true),
    ("Tags", true),
    ("TenancyConfig", true),
    ("Timeout", true),
    ("Tracing", true),
    ("VersionDeletionPolicy", true),
    ("VersionDescription", false),
    ("VpcConfig", true),
];

/// Those that the Lambda function has under the same name.
const SAME: [&str; 24] = [
    "Architectures",
    "CapacityProviderConfig",
    "CodeSigningConfigArn",
    "Description",
    "DurableConfig",
    "Environment",
    "EphemeralStorage",
    "FileSystemConfigs",
    "FunctionName",
    "Handler",
    "ImageConfig",
    "KmsKeyArn",
    "Layers",
    "LoggingConfig",
    "MemorySize",
    "PackageType",
    "RecursiveLoop",
    "ReservedConcurrentExecutions",
    "Runtime",
    "RuntimeManagementConfig",
    "SnapStart",
    "TenancyConfig",
    "Timeout",
    "VpcConfig",
];

/// Properties of an event that is polled for, its source aside.
const POLLED: [&str; 24] = [
    "BatchSize",
    "BisectBatchOnFunctionError",
    "ConsumerGroupId",
    "DestinationConfig",
    "Enabled",
    "FilterCriteria",
    "FunctionResponseTypes",
    "KafkaBootstrapServers",
    "KmsKeyArn",
    "LoggingConfig",
    "MaximumBatchingWindowInSeconds",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "MetricsConfig",
    "ParallelizationFactor",
    "ProvisionedPollerConfig",
    "Queues",
    "ScalingConfig",
    "SchemaRegistryConfig",
    "SecretsManagerKmsKeyId",
    "SourceAccessConfigurations",
    "StartingPosition",
    "StartingPositionTimestamp",
    "TumblingWindowInSeconds",
];

/// Replaces SAM's resources by those that they become.
pub(super) fn expand(template: &mut Value) -> Result<(), Refused> {
    let is_sam = match &template["Transform"] {
        Value::String(one) => one == TRANSFORM,
        Value::Array(many) => many.iter().any(|one| one == TRANSFORM),
        _ => false,
    };
    let resources = template["Resources"].as_object().cloned().unwrap_or_default();
    let is_sams =
        |resource: &Value| resource["Type"].as_str().is_some_and(|kind| kind.starts_with("AWS::Serverless::"));
    if !is_sam {
        let first = resources.values().find(|resource| is_sams(resource));
        let reason = |resource: &Value| {
            format!(
                "Unrecognized resource types: [{}]; the template has no Transform",
                resource["Type"].as_str().unwrap_or_default()
            )
        };
        return first.map_or(Ok(()), |resource| Err(Refused::from(reason(resource))));
    }
    let globals = globals(template)?;
    let mut made = Map::new();
    let mut reasons = Vec::new();
    for (id, mut resource) in resources {
        let kind = resource["Type"].as_str().unwrap_or_default().to_owned();
        if let Some(section) = kind.strip_prefix("AWS::Serverless::") {
            let own = resource["Properties"].take();
            resource["Properties"] = merged(section, &globals[section], if own.is_null() { json!({}) } else { own });
        }
        match kind.as_str() {
            "AWS::Serverless::Function" => reasons.extend(function(&id, &resource, &mut made)),
            "AWS::Serverless::Connector" => {
                reasons.push(format!("{id}: connectors of SAM are not known here; write down what they would allow"))
            }
            "AWS::Serverless::SimpleTable" => drop(made.insert(id, simple_table(&resource))),
            _ => drop(made.insert(id, resource)),
        }
    }
    template["Resources"] = Value::from(made);
    if reasons.is_empty() { Ok(()) } else { Err(Refused(reasons)) }
}

fn globals(template: &Value) -> Result<Value, Refused> {
    let globals = &template["Globals"];
    let mut reasons = Vec::new();
    for (section, properties) in globals.as_object().into_iter().flatten() {
        if !["Api", "Function", "HttpApi", "LayerVersion", "SimpleTable", "StateMachine"].contains(&section.as_str()) {
            reasons.push(format!("'Globals' section is invalid. '{section}' is not supported"));
        }
        let unknown = properties.as_object().into_iter().flat_map(Map::keys).filter(|name| {
            section == "Function" && !FUNCTION.iter().any(|(known, is_global)| *is_global && known == name)
        });
        reasons.extend(
            unknown.map(|name| {
                format!("'Globals' section is invalid. '{name}' is not a supported property of 'Function'")
            }),
        );
    }
    if reasons.is_empty() { Ok(globals.clone()) } else { Err(Refused(reasons)) }
}

/// Mappings are merged, lists are put one after the other, and else the resource's own value counts. Architectures are
/// a list of one, and replaced.
fn merged(path: &str, global: &Value, own: Value) -> Value {
    match (global, own) {
        (Value::Object(global), Value::Object(own)) if !is_function(global) && !is_function(&own) => {
            let mut both = global.clone();
            for (name, value) in own {
                let value = match global.get(&name) {
                    Some(global) => merged(&format!("{path}.{name}"), global, value),
                    None => value,
                };
                both.insert(name, value);
            }
            Value::from(both)
        }
        (Value::Array(global), Value::Array(own)) if path != "Function.Architectures" => {
            [global.clone(), own].concat().into()
        }
        (_, own) => own,
    }
}

fn is_function(value: &Map<String, Value>) -> bool {
    value.len() == 1 && value.keys().all(|name| name == "Ref" || name.starts_with("Fn::"))
}

fn simple_table(resource: &Value) -> Value {
    let own = &resource["Properties"];
    let key = own["PrimaryKey"]["Name"].as_str().unwrap_or("id");
    let letter = match own["PrimaryKey"]["Type"].as_str() {
        Some("Number") => "N",
        Some("Binary") => "B",
        _ => "S",
    };
    let mut properties = json!({
        "AttributeDefinitions": [{ "AttributeName": key, "AttributeType": letter }],
        "KeySchema": [{ "AttributeName": key, "KeyType": "HASH" }],
    });
    for name in ["TableName", "SSESpecification", "PointInTimeRecoverySpecification", "ProvisionedThroughput"] {
        if !own[name].is_null() {
            properties[name] = own[name].clone();
        }
    }
    if own["ProvisionedThroughput"].is_null() {
        properties["BillingMode"] = Value::from("PAY_PER_REQUEST");
    }
    turned_into(resource, "AWS::DynamoDB::Table", properties)
}

/// The same resource of another kind: what stands beside its properties stays.
fn turned_into(resource: &Value, kind: &str, properties: Value) -> Value {
    let mut made = resource.clone();
    made["Type"] = Value::from(kind);
    made["Properties"] = properties;
    made
}

/// Adds what a function becomes; gives the reasons why it cannot.
fn function(id: &str, resource: &Value, made: &mut Map<String, Value>) -> Vec<String> {
    let own = &resource["Properties"];
    let invalid = |what: String| format!("Resource with id [{id}] is invalid. {what}");
    let unknown = own.as_object().into_iter().flat_map(Map::keys);
    let unknown = unknown.filter(|name| !FUNCTION.iter().any(|(known, _)| known == name));
    let mut reasons: Vec<String> = unknown
        .map(|name| invalid(format!("property {name} not defined for resource of type AWS::Serverless::Function")))
        .collect();
    let is_image = own["PackageType"] == "Image";
    if !is_image && own["CodeUri"].is_null() && own["InlineCode"].is_null() {
        reasons.push(invalid("One of 'InlineCode' or 'CodeUri' must be set".to_owned()));
    }
    for name in ["Handler", "Runtime"] {
        if !is_image && own[name].is_null() {
            reasons.push(invalid(format!("Properties {name} must be set with PackageType 'Zip'")));
        }
    }
    let mut properties = Map::new();
    for name in SAME.into_iter().filter(|name| !own[*name].is_null()) {
        properties.insert(name.to_owned(), own[name].clone());
    }
    if !own["Tracing"].is_null() {
        properties.insert("TracingConfig".to_owned(), json!({ "Mode": own["Tracing"] }));
    }
    if !own["DeadLetterQueue"].is_null() {
        properties.insert("DeadLetterConfig".to_owned(), json!({ "TargetArn": own["DeadLetterQueue"]["TargetArn"] }));
    }
    let code = if is_image {
        json!({ "ImageUri": own["ImageUri"] })
    } else {
        json!({ "S3Bucket": "deployments", "S3Key": id })
    };
    properties.insert("Code".to_owned(), code);
    let events = own["Events"].as_object().cloned().unwrap_or_default();
    let role = if own["Role"].is_null() {
        let name = format!("{id}Role");
        made.insert(name.clone(), role(own, &events, &mut reasons, id));
        json!({ "Fn::GetAtt": [name, "Arn"] })
    } else {
        own["Role"].clone()
    };
    properties.insert("Role".to_owned(), role);
    for (name, event) in &events {
        match mapping(id, event) {
            Ok(Called::By(mapping)) => drop(made.insert(format!("{id}{name}"), mapping)),
            Ok(Called::Through(permission)) => drop(made.insert(format!("{id}{name}Permission"), permission)),
            Err(what) => reasons.push(invalid(format!("Event with id [{name}] is invalid. {what}"))),
        }
    }
    if !own["FunctionUrlConfig"].is_null() {
        let mut url = own["FunctionUrlConfig"].clone();
        url["TargetFunctionArn"] = json!({ "Ref": id });
        made.insert(format!("{id}Url"), json!({ "Type": "AWS::Lambda::Url", "Properties": url }));
    }
    made.insert(id.to_owned(), turned_into(resource, "AWS::Lambda::Function", Value::from(properties)));
    reasons
}

/// What an event of a function becomes.
enum Called {
    /// An event source mapping.
    By(Value),
    /// The permission of a service that calls.
    Through(Value),
}

fn mapping(function: &str, event: &Value) -> Result<Called, String> {
    let source = match event["Type"].as_str() {
        Some("SQS") => "Queue",
        Some("DynamoDB" | "Kinesis") => "Stream",
        Some(
            service @ ("Api" | "HttpApi" | "S3" | "SNS" | "Schedule" | "ScheduleV2" | "EventBridgeRule"
            | "CloudWatchEvent" | "CloudWatchLogs" | "Cognito" | "IoTRule" | "AlexaSkill"),
        ) => {
            let principal = match service {
                "Api" | "HttpApi" => "apigateway",
                "Schedule" | "EventBridgeRule" | "CloudWatchEvent" => "events",
                "ScheduleV2" => "scheduler",
                "CloudWatchLogs" => "logs",
                "IoTRule" => "iot",
                "Cognito" => "cognito-idp",
                "AlexaSkill" => "alexa-appkit",
                other => &other.to_ascii_lowercase(),
            };
            return Ok(Called::Through(json!({ "Type": "AWS::Lambda::Permission", "Properties": {
                "Action": "lambda:InvokeFunction",
                "FunctionName": { "Ref": function },
                "Principal": format!("{principal}.amazonaws.com"),
            } })));
        }
        Some(polled @ ("MSK" | "MQ" | "SelfManagedKafka" | "DocumentDB")) => {
            return Err(format!("Event type {polled} is not known here"));
        }
        other => return Err(format!("Event type {} is not known", other.unwrap_or("of nothing"))),
    };
    let own = &event["Properties"];
    if own[source].is_null() {
        return Err(format!("Missing required property '{source}'."));
    }
    let mut properties = json!({ "EventSourceArn": own[source], "FunctionName": { "Ref": function } });
    for (name, value) in own.as_object().into_iter().flatten().filter(|(name, _)| *name != source) {
        if !POLLED.contains(&name.as_str()) {
            return Err(format!(
                "property {name} not defined for resource of type {}",
                event["Type"].as_str().unwrap_or_default()
            ));
        }
        properties[name] = value.clone();
    }
    Ok(Called::By(json!({ "Type": "AWS::Lambda::EventSourceMapping", "Properties": properties })))
}

/// The role that SAM makes for a function without one.
fn role(own: &Value, events: &Map<String, Value>, reasons: &mut Vec<String>, id: &str) -> Value {
    let managed = |name: &str| Value::from(format!("arn:aws:iam::aws:policy/{name}"));
    let mut arns = vec![managed("service-role/AWSLambdaBasicExecutionRole")];
    if own["Tracing"] == "Active" {
        arns.push(managed("AWSXRayDaemonWriteAccess"));
    }
    for event in events.values() {
        arns.extend(match event["Type"].as_str() {
            Some("SQS") => Some(managed("service-role/AWSLambdaSQSQueueExecutionRole")),
            Some("DynamoDB") => Some(managed("service-role/AWSLambdaDynamoDBExecutionRole")),
            Some("Kinesis") => Some(managed("service-role/AWSLambdaKinesisExecutionRole")),
            _ => None,
        });
    }
    let mut policies = Vec::new();
    let given = match &own["Policies"] {
        Value::Array(given) => given.clone(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    };
    for (index, policy) in given.iter().enumerate() {
        let document = match policy {
            Value::String(name) if name.starts_with("arn:") => {
                arns.push(policy.clone());
                continue;
            }
            Value::String(name) => {
                arns.push(managed(name));
                continue;
            }
            Value::Object(members) if members.contains_key("Statement") => policy.clone(),
            Value::Object(members) if is_function(members) => {
                arns.push(policy.clone());
                continue;
            }
            other => match policy_template(other) {
                Some(document) => document,
                None => {
                    reasons.push(format!("Resource with id [{id}] is invalid. Policy at index {index} in the 'Policies' property is not valid"));
                    continue;
                }
            },
        };
        policies.push(json!({ "PolicyName": format!("{id}RolePolicy{index}"), "PolicyDocument": document }));
    }
    let trust = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Principal": { "Service": ["lambda.amazonaws.com"] }, "Action": ["sts:AssumeRole"] }
    ] });
    json!({ "Type": "AWS::IAM::Role", "Properties": {
        "AssumeRolePolicyDocument": trust, "ManagedPolicyArns": arns, "Policies": policies,
    } })
}

/// One of SAM's policy templates, of those that functions of a queue and a table ask for:
/// <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-policy-template-list.html>.
fn policy_template(policy: &Value) -> Option<Value> {
    let (name, arguments) = policy.as_object().filter(|one| one.len() == 1)?.iter().next()?;
    let (actions, parameter, resources): (&[&str], &str, &[&str]) = match name.as_str() {
        "DynamoDBCrudPolicy" => (
            &[
                "BatchGetItem",
                "BatchWriteItem",
                "ConditionCheckItem",
                "DeleteItem",
                "DescribeTable",
                "GetItem",
                "PutItem",
                "Query",
                "Scan",
                "UpdateItem",
            ],
            "TableName",
            &["table/${name}", "table/${name}/index/*"],
        ),
        "DynamoDBReadPolicy" => (
            &["BatchGetItem", "DescribeTable", "GetItem", "Query", "Scan"],
            "TableName",
            &["table/${name}", "table/${name}/index/*"],
        ),
        "DynamoDBWritePolicy" => {
            (&["BatchWriteItem", "PutItem", "UpdateItem"], "TableName", &["table/${name}", "table/${name}/index/*"])
        }
        "SQSPollerPolicy" => (
            &["ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "ReceiveMessage"],
            "QueueName",
            &["${name}"],
        ),
        "SQSSendMessagePolicy" => (&["SendMessage*"], "QueueName", &["${name}"]),
        _ => return None,
    };
    let argument = &arguments[parameter];
    if argument.is_null() {
        return None;
    }
    let service = if name.starts_with("SQS") { "sqs" } else { "dynamodb" };
    let arn = |rest: &&str| json!({ "Fn::Sub": [format!("arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{rest}"), { "name": argument }] });
    let actions: Vec<String> = actions.iter().map(|action| format!("{service}:{action}")).collect();
    let resources: Vec<Value> = resources.iter().map(arn).collect();
    Some(json!({ "Statement": [{ "Effect": "Allow", "Action": actions, "Resource": resources }] }))
}
