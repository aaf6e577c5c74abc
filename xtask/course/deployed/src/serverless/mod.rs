//! A file of the Serverless Framework as the template of CloudFormation that it becomes, as `osls` 4.3.1 compiles it:
//! <https://github.com/oss-serverless/osls>, the open fork, which has the layout of version 3 of the Framework.
//!
//! Variables of the kinds `sls:stage`, `opt:`, `self:`, `env:` and `aws:`; functions in zips; events of queues. Other
//! events, files, parameters, layers and plugins are not known here, and said to be.

mod known;
mod range;
mod resources;
mod variables;

use serde_json::{Map, Value, json};

pub use self::range::satisfies;
pub use crate::invalid::Invalid;
use crate::yaml::{self, Tags};

/// What a file becomes for one stage.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// The name of the stack.
    pub stack: String,
    /// The template of CloudFormation.
    pub template: Value,
    /// Which versions of the tool the file wants; nothing where it says nothing.
    pub framework_version: Option<String>,
    /// The zip of each function, where the file names one that is there already. Else the whole folder is zipped.
    pub artifacts: Vec<(String, Option<String>)>,
}

/// The version of the tool that this follows.
pub const VERSION: [u64; 3] = [4, 3, 1];

/// Compiles a file, as `osls package --stage STAGE` does; without a stage the file's own counts, or `dev`.
///
/// # Errors
/// Where the tool refuses the file, or it goes beyond what is known here.
pub fn compile(text: &str, stage: Option<&str>) -> Result<Compiled, Invalid> {
    let raw = yaml::parse(text, Tags::CloudFormation).map_err(|error| Invalid(error.to_string()))?;
    let file = variables::resolved(&raw, stage)?;
    known::mapping("the file", &file, &known::SERVICE)?;
    let service =
        file["service"].as_str().ok_or_else(|| Invalid("at root: must have required property 'service'".to_owned()))?;
    let version = &file["frameworkVersion"];
    check_version(version)?;
    if let Some(plugin) = file["plugins"].as_array().and_then(|plugins| plugins.first()) {
        return Err(Invalid(format!("osls plugin {plugin} not found. Make sure it's installed")));
    }
    let provider = &file["provider"];
    known::mapping("provider", provider, &known::PROVIDER)?;
    if provider["name"] != "aws" {
        return Err(Invalid("at 'provider.name': must be aws".to_owned()));
    }
    let stage = stage.or(provider["stage"].as_str()).unwrap_or("dev");
    let prefix = format!("{service}-{stage}");
    let mut resources = Map::new();
    let mut queues = Vec::new();
    let mut artifacts = Vec::new();
    for (key, function) in file["functions"].as_object().into_iter().flatten() {
        known::mapping(&format!("functions.{key}"), function, &known::FUNCTION)?;
        let name = function["name"].as_str().map_or_else(|| format!("{prefix}-{key}"), str::to_owned);
        let id = resources::capital(key);
        let days = first(&[&function["logRetentionInDays"], &provider["logRetentionInDays"]]);
        let mut group = json!({ "LogGroupName": format!("/aws/lambda/{name}") });
        if !days.is_null() {
            group["RetentionInDays"] = days.clone();
        }
        resources.insert(format!("{id}LogGroup"), json!({ "Type": "AWS::Logs::LogGroup", "Properties": group }));
        resources.insert(format!("{id}LambdaFunction"), resources::lambda(function, provider, &name)?);
        let url = &function["url"];
        if !url.is_null() && *url != false {
            let kind = if url["authorizer"] == "aws_iam" { "AWS_IAM" } else { "NONE" };
            let url = json!({ "AuthType": kind, "TargetFunctionArn": { "Fn::GetAtt": [format!("{id}LambdaFunction"), "Arn"] } });
            let url = json!({ "Type": "AWS::Lambda::Url", "Properties": url });
            resources.insert(format!("{id}LambdaFunctionUrl"), url);
        }
        for event in function["events"].as_array().into_iter().flatten() {
            let (name, mapping) = resources::queue_event(key, &id, event)?;
            queues.push(mapping["Properties"]["EventSourceArn"].clone());
            resources.insert(name, mapping);
        }
        let artifact = first(&[&function["package"]["artifact"], &file["package"]["artifact"]]);
        artifacts.push((key.clone(), artifact.as_str().map(str::to_owned)));
    }
    if artifacts.is_empty() {
        return Err(Invalid("there are no functions".to_owned()));
    }
    resources.insert("IamRoleLambdaExecution".to_owned(), resources::role(provider, service, stage, queues)?);
    let mut template = json!({ "Resources": resources });
    add_own(&mut template, &file["resources"])?;
    let stack = provider["stackName"].as_str().map_or(prefix, str::to_owned);
    Ok(Compiled { stack, template, framework_version: version.as_str().map(str::to_owned), artifacts })
}

/// Refuses a file that is for other versions of the tool.
fn check_version(version: &Value) -> Result<(), Invalid> {
    match version.as_str().map(|range| satisfies(range, VERSION)) {
        None if version.is_null() => Ok(()),
        Some(Some(true)) => Ok(()),
        Some(Some(false)) => Err(Invalid(format!(
            "The osls version (4.3.1) does not satisfy the \"frameworkVersion\" ({})",
            version.as_str().unwrap_or_default()
        ))),
        _ => Err(Invalid(
            "Configured \"frameworkVersion\" does not represent a valid semver version range; it is a text in quotes"
                .to_owned(),
        )),
    }
}

/// Adds the resources that the file writes down itself, and what it changes in those that the tool makes.
fn add_own(template: &mut Value, own: &Value) -> Result<(), Invalid> {
    if own.is_null() {
        return Ok(());
    }
    known::mapping(
        "resources",
        own,
        &["Conditions", "Description", "Mappings", "Outputs", "Parameters", "Resources", "extensions"],
    )?;
    let mut own = own.clone();
    let extensions = own["extensions"].take();
    merge(template, &own);
    merge(&mut template["Resources"], &extensions);
    if let Some(members) = template.as_object_mut() {
        members.retain(|name, value| name != "extensions" && !value.is_null());
    }
    Ok(())
}

/// The first value that is there.
fn first<'v>(values: &[&'v Value]) -> &'v Value {
    values.iter().find(|value| !value.is_null()).copied().unwrap_or(&Value::Null)
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

#[cfg(test)]
mod tests;
