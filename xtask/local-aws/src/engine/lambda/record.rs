//! What is kept of a function beside what runs: settings, the code's hash, revision ids, the policy.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use local_lambda_sources::{LambdaFunction, Version};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::permission::ACCOUNT;

/// The settings that a caller chooses, by their names in the API.
pub(super) const SETTINGS: [&str; 16] = [
    "Architectures",
    "DeadLetterConfig",
    "Description",
    "Environment",
    "EphemeralStorage",
    "FileSystemConfigs",
    "Handler",
    "KMSKeyArn",
    "LoggingConfig",
    "MemorySize",
    "PackageType",
    "Role",
    "Runtime",
    "Timeout",
    "TracingConfig",
    "VpcConfig",
];

#[derive(Debug, Clone)]
pub(super) struct Record {
    settings: Map<String, Value>,
    pub(super) code: Code,
    /// What has begun and was not seen to end.
    pub(super) change: Option<Change>,
    pub(super) revision: String,
    pub(super) last_modified: String,
    /// What was configured when a version was published.
    pub(super) versions: BTreeMap<u32, Value>,
    pub(super) aliases: BTreeMap<String, AliasRecord>,
    /// By the ARN that it speaks about.
    pub(super) policies: BTreeMap<String, Policy>,
}

/// What is kept of an alias beside where it points.
#[derive(Debug, Clone)]
pub(super) struct AliasRecord {
    pub(super) description: String,
    pub(super) revision: String,
    /// Where it pointed when it was last told of: with another routing the test has moved it by itself.
    pub(super) routing: Routing,
}

/// A version, and a second one with its weight.
pub(super) type Routing = (Version, Option<(u32, f64)>);

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Change {
    Creation,
    Update,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Code {
    /// The world's number of it: with another one the test has replaced the code by itself.
    pub(super) number: u64,
    pub(super) sha256: String,
    pub(super) bytes: usize,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Policy {
    pub(super) statements: Vec<Value>,
    pub(super) revision: String,
}

impl Code {
    pub(super) fn new(number: u64, content: &[u8]) -> Code {
        Code { number, sha256: BASE64_STANDARD.encode(Sha256::digest(content)), bytes: content.len() }
    }
}

impl Record {
    /// A function with the defaults of CreateFunction.
    pub(super) fn new(code: Code, now: String, revision: String) -> Record {
        let settings = json!({
            "Architectures": ["x86_64"],
            "Description": "",
            "EphemeralStorage": { "Size": 512 },
            "MemorySize": 128,
            "PackageType": "Zip",
            "Timeout": 3,
            "TracingConfig": { "Mode": "PassThrough" },
        });
        let settings = match settings {
            Value::Object(settings) => settings,
            _ => Map::new(),
        };
        Record {
            settings,
            code,
            change: None,
            revision,
            last_modified: now,
            versions: BTreeMap::new(),
            aliases: BTreeMap::new(),
            policies: BTreeMap::new(),
        }
    }

    /// A function that a test made: what it did not say is made up.
    pub(super) fn of_the_world(function: &LambdaFunction, now: String, revision: String) -> Record {
        let mut record = Record::new(code_of_the_world(function), now, revision);
        record.set(&json!({
            "Handler": "bootstrap",
            "Role": format!("arn:aws:iam::{ACCOUNT}:role/function"),
            "Runtime": "provided.al2023",
        }));
        record
    }

    /// Takes the settings that are among these parameters.
    pub(super) fn set(&mut self, params: &Value) {
        for name in SETTINGS {
            if !params[name].is_null() {
                self.settings.insert(name.to_owned(), params[name].clone());
            }
        }
    }

    /// Notices that a change has ended, with which the function gets another revision id, and code that the test put
    /// there by itself.
    pub(super) fn look_at(&mut self, function: &LambdaFunction, new_revision: impl FnOnce() -> String) {
        if !function.is_changing() {
            if self.change.take().is_some() {
                self.revision = new_revision();
            }
            if function.code_revision() != self.code.number {
                self.code = code_of_the_world(function);
            }
        }
    }

    /// What GetFunctionConfiguration tells of `$LATEST`.
    ///
    /// Source: <https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html>.
    pub(super) fn configuration(&self, function: &LambdaFunction, is_changing: bool) -> Value {
        let mut told = self.settings.clone();
        let fixed = json!({
            "FunctionName": function.name(),
            "FunctionArn": function.arn(),
            "Version": "$LATEST",
            "CodeSha256": self.code.sha256,
            "CodeSize": self.code.bytes,
            "LastModified": self.last_modified,
            "RevisionId": self.revision,
        });
        told.extend(fixed.as_object().cloned().into_iter().flatten());
        let is_new = self.change == Some(Change::Creation);
        let state = match (is_changing, is_new) {
            (true, true) => json!({
                "State": "Pending",
                "StateReason": "The function is being created.",
                "StateReasonCode": "Creating",
            }),
            (true, false) => json!({
                "State": "Active",
                "LastUpdateStatus": "InProgress",
                "LastUpdateStatusReason": "The function is being updated.",
                "LastUpdateStatusReasonCode": "Updating",
            }),
            (false, _) => json!({ "State": "Active", "LastUpdateStatus": "Successful" }),
        };
        told.extend(state.as_object().cloned().into_iter().flatten());
        if told.get("Environment").is_some_and(|environment| environment["Variables"] == json!({})) {
            told.remove("Environment");
        }
        Value::Object(told)
    }
}

/// Nobody uploaded it, so its hash is that of its name and number.
fn code_of_the_world(function: &LambdaFunction) -> Code {
    let number = function.code_revision();
    Code::new(number, format!("{} {number}", function.name()).as_bytes())
}
