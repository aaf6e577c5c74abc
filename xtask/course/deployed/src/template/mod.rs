//! A template of CloudFormation as the stack that it makes: macros of SAM carried out, intrinsic functions computed,
//! names drawn as CloudFormation draws them, and the reasons for which AWS would roll it back.
//!
//! ```
//! use deployed::template::{Settings, deploy};
//!
//! let stack = deploy(
//!     "Resources:
//!   Jobs: { Type: AWS::SQS::Queue, Properties: { VisibilityTimeout: 180 } }
//! Outputs:
//!   Arn: { Value: !GetAtt Jobs.Arn }
//! ",
//!     &Settings::new("print-room", 7),
//! ).unwrap();
//! assert_eq!(stack.resource("Jobs").unwrap().number("VisibilityTimeout"), Some(180));
//! assert!(stack.outputs["Arn"].as_str().unwrap().starts_with("arn:aws:sqs:us-east-1:123456789012:print-room-Jobs-"));
//! ```
//!
//! Left out: nested stacks, other macros, `Fn::ForEach`, `Fn::Transform`, SAM's APIs and state machines (their
//! resources stay as they are).

mod names;
mod refusals;
mod resolve;
mod sam;

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};

use crate::yaml::{self, Tags};

/// Where and as what a template is deployed.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The stack's name.
    pub stack: String,
    /// The Region, such as `us-east-1`.
    pub region: String,
    /// The account, in twelve digits.
    pub account: String,
    /// Values of the template's parameters; those that are not named have their default.
    pub parameters: BTreeMap<String, String>,
    /// What the random part of names is drawn from.
    pub draw: u64,
    /// The day of the deployment: which runtimes are refused depends on it.
    pub day: String,
}

impl Settings {
    /// A stack of this name in the account and Region of the local AWS, on 30 November 2026.
    #[must_use]
    pub fn new(stack: &str, draw: u64) -> Settings {
        Settings {
            stack: stack.to_owned(),
            region: "us-east-1".to_owned(),
            account: "123456789012".to_owned(),
            parameters: BTreeMap::new(),
            draw,
            day: "2026-11-30".to_owned(),
        }
    }

    /// The same with a parameter's value.
    #[must_use]
    pub fn with_parameter(mut self, name: &str, value: &str) -> Settings {
        self.parameters.insert(name.to_owned(), value.to_owned());
        self
    }
}

/// What would be there.
#[derive(Debug, Clone)]
pub struct Stack {
    /// Those of the template, and what SAM makes of them.
    pub resources: Vec<Resource>,
    /// Values by the names of the outputs.
    pub outputs: Map<String, Value>,
    /// The names under which outputs are exported: of the account and Region, not of the stack.
    pub exports: Vec<String>,
}

/// One resource, with everything computed.
#[derive(Debug, Clone)]
pub struct Resource {
    /// Its name in the template.
    pub id: String,
    /// `AWS::SQS::Queue`.
    pub kind: String,
    /// `Properties`, with references in them put in.
    pub properties: Value,
    /// `Metadata`; null where there is none.
    pub metadata: Value,
    /// What `Ref` gives: a queue's URL, a function's name.
    pub reference: String,
    /// Its name in the account.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Whether the name stands in the template, so that a second stack cannot have it.
    pub is_named: bool,
    /// What becomes of it when it leaves the template: `Delete`, `Retain`, `Snapshot`.
    pub deletion_policy: Option<String>,
    /// The same for when it is replaced by another one.
    pub update_replace_policy: Option<String>,
}

impl Resource {
    /// The text of a property, by a path with dots: `LoggingConfig.LogGroup`.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<&str> {
        self.at(path).as_str()
    }

    /// The whole number of a property; CloudFormation also takes one that is written as text.
    #[must_use]
    pub fn number(&self, path: &str) -> Option<i64> {
        whole(self.at(path))
    }

    /// A property by a path with dots; `null` where there is none.
    #[must_use]
    pub fn at(&self, path: &str) -> &Value {
        path.split('.').fold(&self.properties, |value, name| &value[name])
    }
}

impl Stack {
    /// The resource that the template calls so.
    #[must_use]
    pub fn resource(&self, id: &str) -> Option<&Resource> {
        self.resources.iter().find(|resource| resource.id == id)
    }

    /// All of a kind, by their ids.
    pub fn of_kind<'s>(&'s self, kind: &'s str) -> impl Iterator<Item = &'s Resource> {
        self.resources.iter().filter(move |resource| resource.kind == kind)
    }

    /// The policies of a role, each with what it is called: its own, and those that other resources attach to it.
    #[must_use]
    pub fn policies_of<'s>(&'s self, role: &'s Resource) -> Vec<(String, &'s Value)> {
        let own = role.at("Policies").as_array().into_iter().flatten();
        let mut policies: Vec<(String, &Value)> = own
            .map(|policy| (policy["PolicyName"].as_str().unwrap_or("a policy").to_owned(), &policy["PolicyDocument"]))
            .collect();
        for one in &self.resources {
            let is_attached = match one.kind.as_str() {
                "AWS::IAM::Policy" | "AWS::IAM::ManagedPolicy" => {
                    one.at("Roles").as_array().is_some_and(|roles| roles.iter().any(|name| *name == role.name))
                }
                "AWS::IAM::RolePolicy" => one.at("RoleName") == role.name.as_str(),
                _ => false,
            };
            if is_attached {
                policies.push((one.id.clone(), one.at("PolicyDocument")));
            }
        }
        policies
    }

    /// Every action that a policy of a role allows, as it is written there: `dynamodb:*`.
    #[must_use]
    pub fn actions_of<'s>(&'s self, role: &'s Resource) -> Vec<&'s str> {
        let mut actions = Vec::new();
        for (_, document) in self.policies_of(role) {
            let statement = &document["Statement"];
            let statements = statement.as_array().map_or(std::slice::from_ref(statement), Vec::as_slice);
            for allow in statements.iter().filter(|one| one["Effect"] == "Allow") {
                let action = &allow["Action"];
                let all = action.as_array().map_or(std::slice::from_ref(action), Vec::as_slice);
                actions.extend(all.iter().filter_map(Value::as_str));
            }
        }
        actions
    }

    /// The resource that a value names: by its ARN, by what `Ref` gives, or by its name in the account.
    #[must_use]
    pub fn named(&self, value: &Value) -> Option<&Resource> {
        let text = value.as_str()?;
        let bare = text.strip_suffix(":*").unwrap_or(text);
        let is_it = |one: &&Resource| {
            one.arn == text || one.reference == text || one.name == text || one.arn.strip_suffix(":*") == Some(bare)
        };
        self.resources.iter().find(is_it)
    }
}

/// Why AWS would not make the stack: all reasons that are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused(pub Vec<String>);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for Refused {}

impl From<String> for Refused {
    fn from(reason: String) -> Refused {
        Refused(vec![reason])
    }
}

/// Makes the stack of a template, in YAML or JSON.
///
/// # Errors
/// With all reasons why AWS would refuse it or roll it back.
pub fn deploy(template: &str, settings: &Settings) -> Result<Stack, Refused> {
    let value = yaml::parse(template, Tags::CloudFormation).map_err(|error| Refused::from(error.to_string()))?;
    deploy_value(value, settings)
}

/// The same for a template that is no text any more.
///
/// # Errors
/// With all reasons why AWS would refuse it or roll it back.
pub fn deploy_value(mut template: Value, settings: &Settings) -> Result<Stack, Refused> {
    check_sections(&template)?;
    sam::expand(&mut template)?;
    let stack = resolve::stack(&template, settings)?;
    let reasons = refusals::of(&stack, &settings.day);
    if reasons.is_empty() { Ok(stack) } else { Err(Refused(reasons)) }
}

/// Sections of a template. Source:
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html>; `Globals` is SAM's.
const SECTIONS: [&str; 11] = [
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Globals",
    "Hooks",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
    "Rules",
];

/// What a resource may have beside its properties.
const ATTRIBUTES: [&str; 9] = [
    "Condition",
    "CreationPolicy",
    "DeletionPolicy",
    "DependsOn",
    "Metadata",
    "Properties",
    "Type",
    "UpdatePolicy",
    "UpdateReplacePolicy",
];

fn check_sections(template: &Value) -> Result<(), Refused> {
    let mut reasons = Vec::new();
    let sections = template.as_object().ok_or_else(|| "the template is no mapping".to_owned())?;
    for section in sections.keys().filter(|section| *section != "Transform" && !SECTIONS.contains(&section.as_str())) {
        reasons.push(format!("Invalid template property or properties [{section}]"));
    }
    let version = &template["AWSTemplateFormatVersion"];
    if !version.is_null() && version != "2010-09-09" {
        reasons
            .push(format!("Template format error: {version} is not a supported value for AWSTemplateFormatVersion."));
    }
    match sections.get("Resources").and_then(Value::as_object) {
        Some(resources) if !resources.is_empty() => {
            for (id, resource) in resources {
                if !resource["Type"].is_string() {
                    reasons.push(format!("[/Resources/{id}] Every Resources object must contain a Type member"));
                }
                let unknown = resource.as_object().into_iter().flat_map(Map::keys).filter(|name| {
                    let is_sams = *name == "Connectors" || *name == "IgnoreGlobals";
                    !ATTRIBUTES.contains(&name.as_str()) && !is_sams
                });
                reasons.extend(unknown.map(|name| format!("Invalid template resource property '{name}' of {id}")));
            }
        }
        _ => reasons.push("At least one Resources member must be defined".to_owned()),
    }
    if reasons.is_empty() { Ok(()) } else { Err(Refused(reasons)) }
}

/// A whole number, also as text.
pub(crate) fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

#[cfg(test)]
mod tests;
