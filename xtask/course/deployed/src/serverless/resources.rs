//! The resources that the tool makes of functions, of their events, and of the provider.

use serde_json::{Value, json};

use super::known::{self, QUEUE, RUNTIMES};
use super::{Invalid, first};

/// A name as CloudFormation takes it.
pub(super) fn capital(name: &str) -> String {
    let mut letters = name.replace('-', "Dash").replace('_', "Underscore");
    if let Some(letter) = letters.get_mut(..1) {
        letter.make_ascii_uppercase();
    }
    letters
}

/// The function.
pub(super) fn lambda(function: &Value, provider: &Value, name: &str) -> Result<Value, Invalid> {
    if function["handler"].as_str().is_none() {
        return Err(Invalid(format!("Missing \"handler\" property in the function {name}")));
    }
    let of_both = |property: &str| first(&[&function[property], &provider[property]]).clone();
    let default = |value: Value, default: Value| if value.is_null() { default } else { value };
    let runtime = of_both("runtime");
    if !runtime.is_null() && !RUNTIMES.iter().any(|known| runtime == *known) {
        return Err(Invalid(format!(
            "the runtime {runtime} must be equal to one of the allowed values [{}]",
            RUNTIMES.join(", ")
        )));
    }
    let mut properties = json!({
        "FunctionName": name,
        "Handler": function["handler"],
        "Runtime": default(runtime, "nodejs24.x".into()),
        "MemorySize": default(of_both("memorySize"), 1024.into()),
        "Timeout": default(of_both("timeout"), 6.into()),
        "Code": { "S3Bucket": "deployments", "S3Key": name },
        "Role": default(function["role"].clone(), json!({ "Fn::GetAtt": ["IamRoleLambdaExecution", "Arn"] })),
    });
    let architecture = of_both("architecture");
    if !architecture.is_null() {
        properties["Architectures"] = json!([architecture]);
    }
    let mut variables = provider["environment"].as_object().cloned().unwrap_or_default();
    variables.extend(function["environment"].as_object().cloned().unwrap_or_default());
    if !variables.is_empty() {
        properties["Environment"] = json!({ "Variables": variables });
    }
    if !function["reservedConcurrency"].is_null() {
        properties["ReservedConcurrentExecutions"] = function["reservedConcurrency"].clone();
    }
    Ok(json!({ "Type": "AWS::Lambda::Function", "Properties": properties }))
}

/// An event of a queue as a mapping, and its name.
pub(super) fn queue_event(key: &str, id: &str, event: &Value) -> Result<(String, Value), Invalid> {
    let place = format!("functions.{key}.events");
    let queue = event.get("sqs").filter(|_| event.as_object().is_some_and(|members| members.len() == 1));
    let queue =
        queue.ok_or_else(|| Invalid(format!("at '{place}': {event} is no event that is known to this check")))?;
    let (arn, settings) = match queue {
        Value::String(_) => (queue.clone(), &Value::Null),
        Value::Object(members) if members.contains_key("arn") => {
            known::mapping(&format!("{place}.sqs"), queue, &QUEUE)?;
            (queue["arn"].clone(), queue)
        }
        // An intrinsic function by itself is no ARN to the tool.
        _ => return Err(Invalid(format!("at '{place}.sqs': must have required property 'arn'"))),
    };
    let what = match &arn["Fn::GetAtt"] {
        Value::Array(parts) => parts.first().and_then(Value::as_str).unwrap_or_default().to_owned(),
        _ => arn.as_str().and_then(|arn| arn.rsplit(':').next()).unwrap_or("Queue").to_owned(),
    };
    if arn.as_str().is_some_and(|arn| !arn.starts_with("arn:")) || arn["Ref"].is_string() {
        return Err(Invalid(format!("at '{place}.sqs.arn': unsupported string format: {arn}")));
    }
    let mut properties = json!({
        "EventSourceArn": arn,
        "FunctionName": { "Fn::GetAtt": [format!("{id}LambdaFunction"), "Arn"] },
        "BatchSize": first(&[&settings["batchSize"], &json!(10)]),
        "Enabled": first(&[&settings["enabled"], &json!(true)]),
    });
    if !settings["maximumBatchingWindow"].is_null() {
        properties["MaximumBatchingWindowInSeconds"] = settings["maximumBatchingWindow"].clone();
    }
    match &settings["functionResponseType"] {
        Value::Null => {}
        Value::String(kind) if kind == "ReportBatchItemFailures" => properties["FunctionResponseTypes"] = json!([kind]),
        other => {
            return Err(Invalid(format!(
                "at '{place}.sqs.functionResponseType': {other} must be ReportBatchItemFailures"
            )));
        }
    }
    if !settings["maximumConcurrency"].is_null() {
        properties["ScalingConfig"] = json!({ "MaximumConcurrency": settings["maximumConcurrency"] });
    }
    let what: String = what.chars().filter(char::is_ascii_alphanumeric).collect();
    let name = format!("{id}EventSourceMappingSQS{}", capital(&what));
    Ok((name, json!({ "Type": "AWS::Lambda::EventSourceMapping", "Properties": properties })))
}

/// The one role of all functions.
pub(super) fn role(provider: &Value, service: &str, stage: &str, queues: Vec<Value>) -> Result<Value, Invalid> {
    let iam = &provider["iam"];
    if !iam.is_null() {
        known::mapping("provider.iam", iam, &["deploymentRole", "role"])?;
    }
    let own = &iam["role"];
    if own.is_string() {
        return Err(Invalid(
            "a role that is made elsewhere (provider.iam.role as a text) is not known to this check".to_owned(),
        ));
    }
    if !own.is_null() {
        known::mapping(
            "provider.iam.role",
            own,
            &["managedPolicies", "name", "path", "permissionsBoundary", "statements", "tags"],
        )?;
    }
    let logs = |end: &str| {
        let group = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/lambda/";
        json!([{ "Fn::Sub": format!("{group}{service}-{stage}*:{end}") }])
    };
    let allow =
        |actions: &[&str], resource: Value| json!({ "Effect": "Allow", "Action": actions, "Resource": resource });
    let mut statements = vec![
        allow(&["logs:CreateLogStream", "logs:CreateLogGroup", "logs:TagResource"], logs("*")),
        allow(&["logs:PutLogEvents"], logs("*:*")),
    ];
    // The old name is deprecated, and works.
    match first(&[&own["statements"], &provider["iamRoleStatements"]]) {
        Value::Null => {}
        Value::Array(more) => statements.extend(more.iter().cloned().map(|mut statement| {
            if statement["Action"].is_string() {
                statement["Action"] = json!([statement["Action"]]);
            }
            statement
        })),
        _ => return Err(Invalid("at 'provider.iam.role.statements': must be array".to_owned())),
    }
    if !queues.is_empty() {
        let actions = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];
        statements.push(allow(&actions, queues.into()));
    }
    let joined = |rest: Vec<Value>| {
        let mut parts = vec![Value::from(service), Value::from(stage)];
        parts.extend(rest);
        json!({ "Fn::Join": ["-", parts] })
    };
    let name = joined(vec![json!({ "Ref": "AWS::Region" }), "lambdaRole".into()]);
    let document = json!({ "Version": "2012-10-17", "Statement": statements });
    let mut properties = json!({
        "Path": first(&[&own["path"], &json!("/")]),
        "RoleName": first(&[&own["name"], &name]),
        "AssumeRolePolicyDocument": { "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Principal": { "Service": ["lambda.amazonaws.com"] }, "Action": ["sts:AssumeRole"] }
        ] },
        "Policies": [{ "PolicyName": joined(vec!["lambda".into()]), "PolicyDocument": document }],
    });
    let managed = first(&[&own["managedPolicies"], &provider["iamManagedPolicies"]]);
    if !managed.is_null() {
        properties["ManagedPolicyArns"] = managed.clone();
    }
    Ok(json!({ "Type": "AWS::IAM::Role", "Properties": properties }))
}
