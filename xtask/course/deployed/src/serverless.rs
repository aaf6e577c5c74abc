//! A file of the Serverless Framework as the template of CloudFormation that it becomes, as `osls` 4.3.1 compiles it:
//! <https://github.com/oss-serverless/osls>, the open fork, which has the layout of version 3 of the Framework.
//!
//! Variables of the kinds `sls:stage`, `opt:`, `self:`, `env:` and `aws:`; functions in zips; events of queues. Other
//! events, files, parameters, layers and plugins are not known here, and said to be.

use std::fmt;

use serde_json::{Map, Value, json};

use crate::yaml::{self, Tags};

/// What a file becomes for one stage.
#[derive(Debug, Clone)]
pub struct Compiled {
    pub stack: String,
    pub template: Value,
    /// Which versions of the tool the file wants; nothing where it says nothing.
    pub framework_version: Option<String>,
    /// The zip of each function, where the file names one that is there already. Else the whole folder is zipped.
    pub artifacts: Vec<(String, Option<String>)>,
}

/// Why the tool does not take a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid(pub String);

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Invalid {}

const SERVICE: [&str; 12] = [
    "configValidationMode",
    "custom",
    "deprecationNotificationMode",
    "frameworkVersion",
    "functions",
    "package",
    "params",
    "plugins",
    "provider",
    "resources",
    "service",
    "useDotenv",
];
const PROVIDER: [&str; 21] = [
    "architecture",
    "deploymentBucket",
    "deploymentMethod",
    "environment",
    "iam",
    "iamManagedPolicies",
    "iamRoleStatements",
    "logRetentionInDays",
    "memorySize",
    "name",
    "profile",
    "region",
    "runtime",
    "stackName",
    "stackTags",
    "stage",
    "tags",
    "timeout",
    "tracing",
    "versionFunctions",
    "vpc",
];
const FUNCTION: [&str; 16] = [
    "architecture",
    "description",
    "disableLogs",
    "environment",
    "events",
    "handler",
    "logRetentionInDays",
    "memorySize",
    "name",
    "package",
    "reservedConcurrency",
    "role",
    "runtime",
    "tags",
    "timeout",
    "url",
];
const QUEUE: [&str; 7] = [
    "arn",
    "batchSize",
    "enabled",
    "filterPatterns",
    "functionResponseType",
    "maximumBatchingWindow",
    "maximumConcurrency",
];

/// The version of the tool that this follows.
pub const VERSION: [u64; 3] = [4, 3, 1];

/// Runtimes that the tool takes.
const RUNTIMES: [&str; 24] = [
    "dotnet10",
    "dotnet8",
    "dotnet9",
    "java11",
    "java11.al2023",
    "java17",
    "java17.al2023",
    "java21",
    "java25",
    "java8.al2",
    "java8.al2023",
    "nodejs20.x",
    "nodejs22.x",
    "nodejs24.x",
    "provided.al2",
    "provided.al2023",
    "python3.10",
    "python3.11",
    "python3.12",
    "python3.13",
    "python3.14",
    "ruby3.3",
    "ruby3.4",
    "ruby4.0",
];

/// Compiles a file, as `osls package --stage STAGE` does; without a stage the file's own counts, or `dev`.
///
/// # Errors
/// Where the tool refuses the file, or it goes beyond what is known here.
pub fn compile(text: &str, stage: Option<&str>) -> Result<Compiled, Invalid> {
    let raw = yaml::parse(text, Tags::CloudFormation).map_err(|error| Invalid(error.to_string()))?;
    let file = resolved(&raw, stage)?;
    known("the file", &file, &SERVICE)?;
    let service =
        file["service"].as_str().ok_or_else(|| Invalid("at root: must have required property 'service'".to_owned()))?;
    let version = &file["frameworkVersion"];
    match version.as_str().map(|range| satisfies(range, VERSION)) {
        None if version.is_null() => {}
        Some(Some(true)) => {}
        Some(Some(false)) => {
            let told = format!(
                "The osls version (4.3.1) does not satisfy the \"frameworkVersion\" ({})",
                version.as_str().unwrap_or_default()
            );
            return Err(Invalid(told));
        }
        _ => {
            return Err(Invalid(
                "Configured \"frameworkVersion\" does not represent a valid semver version range; it is a text in quotes".to_owned(),
            ));
        }
    }
    if let Some(plugin) = file["plugins"].as_array().and_then(|plugins| plugins.first()) {
        return Err(Invalid(format!("osls plugin {plugin} not found. Make sure it's installed")));
    }
    let provider = &file["provider"];
    known("provider", provider, &PROVIDER)?;
    if provider["name"] != "aws" {
        return Err(Invalid("at 'provider.name': must be aws".to_owned()));
    }
    let stage = stage.or(provider["stage"].as_str()).unwrap_or("dev");
    let prefix = format!("{service}-{stage}");
    let mut resources = Map::new();
    let mut queues = Vec::new();
    let mut artifacts = Vec::new();
    for (key, function) in file["functions"].as_object().into_iter().flatten() {
        known(&format!("functions.{key}"), function, &FUNCTION)?;
        let name = function["name"].as_str().map_or_else(|| format!("{prefix}-{key}"), str::to_owned);
        let id = capital(key);
        let days = first(&[&function["logRetentionInDays"], &provider["logRetentionInDays"]]);
        let mut group = json!({ "LogGroupName": format!("/aws/lambda/{name}") });
        if !days.is_null() {
            group["RetentionInDays"] = days.clone();
        }
        resources.insert(format!("{id}LogGroup"), json!({ "Type": "AWS::Logs::LogGroup", "Properties": group }));
        resources.insert(format!("{id}LambdaFunction"), lambda(function, provider, &name)?);
        let url = &function["url"];
        if !url.is_null() && *url != false {
            let kind = if url["authorizer"] == "aws_iam" { "AWS_IAM" } else { "NONE" };
            let url = json!({ "AuthType": kind, "TargetFunctionArn": { "Fn::GetAtt": [format!("{id}LambdaFunction"), "Arn"] } });
            let url = json!({ "Type": "AWS::Lambda::Url", "Properties": url });
            resources.insert(format!("{id}LambdaFunctionUrl"), url);
        }
        for event in function["events"].as_array().into_iter().flatten() {
            let (name, mapping) = queue_event(key, &id, event)?;
            queues.push(mapping["Properties"]["EventSourceArn"].clone());
            resources.insert(name, mapping);
        }
        let artifact = first(&[&function["package"]["artifact"], &file["package"]["artifact"]]);
        artifacts.push((key.clone(), artifact.as_str().map(str::to_owned)));
    }
    if artifacts.is_empty() {
        return Err(Invalid("there are no functions".to_owned()));
    }
    resources.insert("IamRoleLambdaExecution".to_owned(), role(provider, service, stage, queues)?);
    let mut template = json!({ "Resources": resources });
    let own = &file["resources"];
    if own.is_string() {
        return Err(Invalid(
            "a role that is made elsewhere (provider.iam.role as a text) is not known to this check".to_owned(),
        ));
    }
    if !own.is_null() {
        known(
            "resources",
            own,
            &["Conditions", "Description", "Mappings", "Outputs", "Parameters", "Resources", "extensions"],
        )?;
        let mut own = own.clone();
        let extensions = own["extensions"].take();
        merge(&mut template, &own);
        merge(&mut template["Resources"], &extensions);
        if let Some(members) = template.as_object_mut() {
            members.retain(|name, value| name != "extensions" && !value.is_null());
        }
    }
    let stack = provider["stackName"].as_str().map_or(prefix, str::to_owned);
    Ok(Compiled { stack, template, framework_version: version.as_str().map(str::to_owned), artifacts })
}

fn known(place: &str, value: &Value, names: &[&str]) -> Result<(), Invalid> {
    let members = value.as_object().ok_or_else(|| Invalid(format!("at '{place}': must be object")))?;
    match members.keys().find(|name| !names.contains(&name.as_str())) {
        Some(name) => Err(Invalid(format!("at '{place}': unrecognized property '{name}'"))),
        None => Ok(()),
    }
}

fn first<'v>(values: &[&'v Value]) -> &'v Value {
    values.iter().find(|value| !value.is_null()).copied().unwrap_or(&Value::Null)
}

fn capital(name: &str) -> String {
    let mut letters = name.replace('-', "Dash").replace('_', "Underscore");
    if let Some(letter) = letters.get_mut(..1) {
        letter.make_ascii_uppercase();
    }
    letters
}

fn lambda(function: &Value, provider: &Value, name: &str) -> Result<Value, Invalid> {
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
fn queue_event(key: &str, id: &str, event: &Value) -> Result<(String, Value), Invalid> {
    let place = format!("functions.{key}.events");
    let queue = event.get("sqs").filter(|_| event.as_object().is_some_and(|members| members.len() == 1));
    let queue =
        queue.ok_or_else(|| Invalid(format!("at '{place}': {event} is no event that is known to this check")))?;
    let (arn, settings) = match queue {
        Value::String(_) => (queue.clone(), &Value::Null),
        Value::Object(members) if members.contains_key("arn") => {
            known(&format!("{place}.sqs"), queue, &QUEUE)?;
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

fn role(provider: &Value, service: &str, stage: &str, queues: Vec<Value>) -> Result<Value, Invalid> {
    let iam = &provider["iam"];
    if !iam.is_null() {
        known("provider.iam", iam, &["deploymentRole", "role"])?;
    }
    let own = &iam["role"];
    if !own.is_null() {
        known(
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

/// Whether a version fits a range such as `4`, `^4.3`, `~4.3.0` or `>=4 <5`; nothing where it is none.
#[must_use]
pub fn satisfies(range: &str, version: [u64; 3]) -> Option<bool> {
    let mut all = true;
    let range = range.trim();
    if range.is_empty() || range.contains("||") || range.contains(" - ") {
        return None;
    }
    for part in range.split_whitespace() {
        let end = part.find(|c: char| c.is_ascii_digit() || c == 'x' || c == '*').unwrap_or(part.len());
        let (sign, text) = part.split_at(end);
        let text = text.trim_start_matches('v');
        let numbers: Option<Vec<u64>> = text
            .split('.')
            .filter(|number| !matches!(*number, "x" | "*" | "X"))
            .map(|number| number.parse().ok())
            .collect();
        let numbers = numbers.filter(|numbers| numbers.len() <= 3)?;
        let low: Vec<u64> = (0..3).map(|place| numbers.get(place).copied().unwrap_or(0)).collect();
        // How many numbers have to be the same.
        let same = match sign {
            "^" | "^v" => 1,
            "~" => numbers.len().min(2),
            "" | "=" | "v" => numbers.len(),
            _ => 0,
        };
        let version = version.as_slice();
        all &= match sign {
            "^" | "~" | "" | "=" | "v" => version[..same] == low[..same] && version >= low.as_slice(),
            ">=" => version >= low.as_slice(),
            ">" => version > low.as_slice() && !version.starts_with(&numbers),
            "<" => version < low.as_slice(),
            "<=" => version <= low.as_slice() || version.starts_with(&numbers),
            _ => return None,
        };
    }
    Some(all)
}

/// Puts `more` over `base`, mapping by mapping.
fn merge(base: &mut Value, more: &Value) {
    match (base, more) {
        (Value::Object(base), Value::Object(more)) => {
            for (name, value) in more {
                merge(base.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
        (_, Value::Null) => {}
        (base, more) => *base = more.clone(),
    }
}

/// The file with its variables put in.
fn resolved(raw: &Value, stage: Option<&str>) -> Result<Value, Invalid> {
    walk(raw, &Variables { file: raw, stage }, 0)
}

struct Variables<'v> {
    file: &'v Value,
    stage: Option<&'v str>,
}

fn walk(value: &Value, variables: &Variables<'_>, depth: usize) -> Result<Value, Invalid> {
    match value {
        Value::String(text) => put_in(text, variables, depth),
        Value::Array(items) => {
            items.iter().map(|item| walk(item, variables, depth)).collect::<Result<Vec<_>, _>>().map(Value::from)
        }
        Value::Object(members) => {
            let mut resolved = Map::new();
            for (name, member) in members {
                resolved.insert(name.clone(), walk(member, variables, depth)?);
            }
            Ok(resolved.into())
        }
        other => Ok(other.clone()),
    }
}

/// A text with its variables; `${AWS::Region}` and `${Jobs}` are CloudFormation's and stay.
fn put_in(text: &str, variables: &Variables<'_>, depth: usize) -> Result<Value, Invalid> {
    if depth > 20 {
        return Err(Invalid(format!("Cannot resolve {text}: it needs itself")));
    }
    // The innermost first: ${self:custom.${sls:stage}.days}.
    let Some((start, end)) = innermost(text) else { return Ok(text.into()) };
    let value = variable(&text[start + 2..end], variables, depth)?;
    if start == 0 && end + 1 == text.len() {
        return walk(&value, variables, depth + 1);
    }
    let value = match &value {
        Value::String(value) => value.clone(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        _ => return Err(Invalid(format!("Cannot resolve {text}: a part of it is no text"))),
    };
    put_in(&format!("{}{value}{}", &text[..start], &text[end + 1..]), variables, depth + 1)
}

fn innermost(text: &str) -> Option<(usize, usize)> {
    let mut found = None;
    for (start, _) in text.match_indices("${") {
        let rest = &text[start + 2..];
        let end = start + 2 + rest.find('}')?;
        let inside = &text[start + 2..end];
        let is_ours = inside.split_once(':').is_some_and(|(kind, rest)| {
            !rest.starts_with(':') && !kind.is_empty() && kind.chars().all(|c| c.is_ascii_alphabetic())
        });
        if is_ours && !inside.contains("${") {
            found = Some((start, end));
            break;
        }
    }
    found
}

/// One variable with its alternatives: `opt:stage, 'dev'`.
fn variable(text: &str, variables: &Variables<'_>, depth: usize) -> Result<Value, Invalid> {
    for alternative in text.split(',').map(str::trim) {
        let quoted = alternative.strip_prefix(['\'', '"']).and_then(|rest| rest.strip_suffix(['\'', '"']));
        let (kind, name) = alternative.split_once(':').unwrap_or(("", alternative));
        let stage = || {
            variables.stage.map_or_else(
                || match &variables.file["provider"]["stage"] {
                    Value::String(text) => put_in(text, variables, depth + 1),
                    _ => Ok("dev".into()),
                },
                |stage| Ok(stage.into()),
            )
        };
        let value = match (quoted, kind, name) {
            (Some(quoted), ..) => quoted.into(),
            (None, "", name) => serde_json::from_str(name).unwrap_or_else(|_| name.into()),
            (None, "sls", "stage") => stage()?,
            (None, "self", "provider.stage") => stage()?,
            (None, "opt", "stage") => variables.stage.map_or(Value::Null, Value::from),
            (None, "opt" | "env", _) => Value::Null,
            (None, "aws", "accountId") => "123456789012".into(),
            (None, "aws", "region") => "us-east-1".into(),
            (None, "self", path) => path.split('.').fold(variables.file, |value, name| &value[name]).clone(),
            (None, kind, _) => {
                return Err(Invalid(format!("variables of the kind {kind} are not known to this check")));
            }
        };
        if !value.is_null() {
            return Ok(value);
        }
    }
    Err(Invalid(format!("Cannot resolve variable \"${{{text}}}\": value not found")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::{Settings, deploy_value};

    const FILE: &str = "
service: prices
frameworkVersion: '4'
custom: { days: { live: 30, other: 7 } }
provider:
  name: aws
  stage: ${opt:stage, 'test'}
  runtime: provided.al2023
  architecture: arm64
  logRetentionInDays: ${self:custom.days.${sls:stage}, 7}
  environment: { A: a, STAGE: '${sls:stage}' }
  iam: { role: { statements: [{ Effect: Allow, Action: 'dynamodb:PutItem', Resource: !GetAtt Prices.Arn }] } }
package: { artifact: target/bootstrap.zip }
functions:
  importer:
    handler: bootstrap
    environment: { A: b, TABLE: !Ref Prices }
    events:
      - sqs: { arn: !GetAtt Updates.Arn, functionResponseType: ReportBatchItemFailures }
resources:
  Resources:
    Updates: { Type: AWS::SQS::Queue, Properties: { QueueName: 'updates-${sls:stage}' } }
    Prices:
      Type: AWS::DynamoDB::Table
      Properties:
        BillingMode: PAY_PER_REQUEST
        AttributeDefinitions: [{ AttributeName: id, AttributeType: S }]
        KeySchema: [{ AttributeName: id, KeyType: HASH }]
  extensions:
    ImporterLambdaFunction: { Properties: { Description: !Sub 'in ${AWS::Region}' } }
";

    #[test]
    fn a_file_becomes_a_stack_for_each_stage() {
        for (stage, name, days) in [(Some("live"), "live", 30), (None, "test", 7)] {
            let compiled = compile(FILE, stage).expect("it is taken");
            assert_eq!(compiled.stack, format!("prices-{name}"));
            let stack = deploy_value(compiled.template, &Settings::new(&compiled.stack, 7)).expect("it is made");
            let function = stack.resource("ImporterLambdaFunction").expect("a function");
            assert_eq!(function.name, format!("prices-{name}-importer"));
            let table = stack.resource("Prices").expect("a table");
            let variables = json!({ "A": "b", "STAGE": name, "TABLE": table.name });
            assert_eq!(function.at("Environment.Variables"), &variables);
            assert_eq!((function.number("MemorySize"), function.number("Timeout")), (Some(1024), Some(6)));
            assert_eq!(function.text("Description"), Some("in us-east-1"));
            assert_eq!(
                stack.resource("ImporterLogGroup").and_then(|group| group.number("RetentionInDays")),
                Some(days)
            );
            let queue = stack.resource("Updates").expect("a queue");
            assert_eq!((queue.name.clone(), queue.is_named), (format!("updates-{name}"), true));
            let mapping = stack.resource("ImporterEventSourceMappingSQSUpdates").expect("a mapping");
            assert_eq!(
                stack.named(mapping.at("FunctionName")).map(|one| one.id.as_str()),
                Some("ImporterLambdaFunction")
            );
            assert_eq!(mapping.text("EventSourceArn"), Some(queue.arn.as_str()));
        }
        let compiled = compile(FILE, None).expect("it is taken");
        assert_eq!(compiled.framework_version.as_deref(), Some("4"));
        assert_eq!(compiled.artifacts, [("importer".to_owned(), Some("target/bootstrap.zip".to_owned()))]);
    }

    #[test]
    fn ranges_are_those_of_npm() {
        for fits in ["4", "4.3", "4.3.1", "^4", "^4.1.0", "~4.3.0", ">=4 <5", "4.x", "<=4", ">3"] {
            assert_eq!(satisfies(fits, VERSION), Some(true), "{fits}");
        }
        for other in ["3", "^3.38.0", "4.4", "~4.2", ">=5", "<4", "4.3.0", ">4"] {
            assert_eq!(satisfies(other, VERSION), Some(false), "{other}");
        }
        assert_eq!((satisfies("latest", VERSION), satisfies("", VERSION)), (None, None));
    }

    #[test]
    fn what_the_tool_refuses_is_refused() {
        for (of, instead, part) in [
            ("frameworkVersion: '4'", "frameworkVersion: 4", "does not represent a valid semver version range"),
            ("frameworkVersion: '4'", "frameworkVersion: '3'", "does not satisfy"),
            ("runtime: provided.al2023", "runtime: python3.9", "must be equal to one of the allowed values"),
            ("frameworkVersion: '4'", "plugins: [serverless-python-requirements]", "not found"),
            ("    handler: bootstrap\n", "", "Missing \"handler\""),
            ("    handler: bootstrap", "    handler: bootstrap\n    memory: 1", "unrecognized property 'memory'"),
            ("sqs: { arn: !GetAtt Updates.Arn,", "sqs: { queue: !GetAtt Updates.Arn,", "required property 'arn'"),
            ("${self:custom.days.${sls:stage}, 7}", "${self:custom.weeks}", "value not found"),
            ("service: prices", "servce: prices", "unrecognized property 'servce'"),
            ("${sls:stage}'", "${param:stage}'", "kind param are not known"),
        ] {
            let invalid = compile(&FILE.replace(of, instead), None).expect_err(instead).to_string();
            assert!(invalid.contains(part), "{instead}: {invalid}");
        }
    }
}
