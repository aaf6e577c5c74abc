//! Functions: created, looked at, updated, deleted, listed; with the states that waiters wait for.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html>.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use local_lambda_sources::{ChangeInProgress, LambdaFunction, Settling, Target, Version};
use serde_json::{Value, json};

use super::record::{Change, Code, Record};
use super::{Answered, Call, conflict, invalid, not_found, split_name, validation};
use crate::aws::lock;
use crate::error::AwsError;

impl Call<'_> {
    pub(super) fn create_function(&self) -> Answered {
        let (name, _) = split_name(self.text("FunctionName").unwrap_or_default());
        self.check_name(name)?;
        self.check_settings()?;
        let role = self.text("Role").unwrap_or_default();
        if !(role.starts_with("arn:") && role.contains(":iam::") && role.contains(":role/")) {
            return Err(validation("role", role, "Member must satisfy regular expression pattern: arn:…:role/…"));
        }
        if self.text("PackageType") != Some("Image")
            && (self.text("Runtime").is_none() || self.text("Handler").is_none())
        {
            return Err(invalid(
                "Runtime and Handler are mandatory parameters for functions created with deployment packages.",
            ));
        }
        let (content, target) = self.artifact(&self.params["Code"], name)?;
        let mut record = Record::new(Code::new(0, &content), self.now(), self.new_revision());
        record.set(self.params);
        record.change = Some(Change::Creation);
        if self.world.find_function(name).is_some() {
            return Err(conflict(format!("Function already exist: {name}")));
        }
        let function = self.world.function(target).create();
        lock(&self.aws.inner.lambda.records).insert(name.to_owned(), record);
        self.begin(&function, None)?;
        if self.is_true("Publish") {
            return self.published(&function);
        }
        Ok(self.latest(&function, function.is_changing()))
    }

    pub(super) fn get_function(&self) -> Answered {
        let configuration = self.get_function_configuration()?;
        let function = self.function()?;
        let mut answer = json!({
            "Configuration": configuration,
            "Code": { "RepositoryType": "S3", "Location": format!("{}/code-is-not-kept", self.aws.endpoint()) },
        });
        if let Some(reserved) = function.reserved_concurrency() {
            answer["Concurrency"] = json!({ "ReservedConcurrentExecutions": reserved });
        }
        Ok(answer)
    }

    pub(super) fn get_function_configuration(&self) -> Answered {
        let named = self.named()?;
        let (function, is_changing) = (&named.function, named.function.poll_change());
        let qualifier = named.qualifier.as_deref().filter(|qualifier| *qualifier != "$LATEST");
        let Some(qualifier) = qualifier else { return Ok(self.latest(function, is_changing)) };
        let alias = function.aliases().into_iter().find(|alias| alias.name() == qualifier);
        let version = match alias.and_then(|alias| alias.routing()) {
            Some((version, _)) => version,
            None => qualifier.parse().map_or(Version::Latest, Version::Published),
        };
        let mut configuration = match version {
            Version::Latest => self.latest(function, is_changing),
            Version::Published(number) => self.version(function, number),
        };
        configuration["FunctionArn"] = json!(format!("{}:{qualifier}", function.arn()));
        Ok(configuration)
    }

    pub(super) fn update_function_code(&self) -> Answered {
        let function = self.unqualified()?;
        let (content, target) = self.artifact(self.params, function.name())?;
        self.update(&function, Some((content, target)))
    }

    pub(super) fn update_function_configuration(&self) -> Answered {
        self.check_settings()?;
        self.update(&self.unqualified()?, None)
    }

    /// The function that a call changes, of which only `$LATEST` can be changed.
    fn unqualified(&self) -> Result<LambdaFunction, AwsError> {
        let named = self.named()?;
        match named.qualifier.as_deref() {
            None | Some("$LATEST") => Ok(named.function),
            Some(_) => Err(invalid("Current operation does not support versions other than $LATEST.")),
        }
    }

    fn update(&self, function: &LambdaFunction, code: Option<(Vec<u8>, Target)>) -> Answered {
        // Versions that the test published in the world have nothing of what comes now.
        for version in function.versions() {
            self.version(function, version);
        }
        let latest = self.latest(function, function.is_changing());
        self.check_revision(latest["RevisionId"].as_str().unwrap_or_default(), "GetFunction/GetAlias")?;
        if self.is_true("DryRun") {
            return Ok(latest);
        }
        let (now, revision) = (self.now(), self.new_revision());
        let number = function.code_revision() + 1;
        let (code, target) = code.map(|(content, target)| (Code::new(number, &content), target)).unzip();
        self.begin(function, target)?;
        self.with_record(function, |record| {
            match code {
                Some(code) => record.code = code,
                None => record.set(self.params),
            }
            (record.change, record.revision, record.last_modified) = (Some(Change::Update), revision, now);
        });
        match self.is_true("Publish") {
            true => self.published(function),
            false => Ok(self.latest(function, function.is_changing())),
        }
    }

    pub(super) fn delete_function(&self) -> Answered {
        let named = self.named()?;
        if let Some(qualifier) = &named.qualifier {
            return self.delete_version(&named.function, qualifier);
        }
        named.function.delete();
        lock(&self.aws.inner.lambda.records).remove(named.function.name());
        Ok(Value::Null)
    }

    fn delete_version(&self, function: &LambdaFunction, qualifier: &str) -> Answered {
        if qualifier == "$LATEST" {
            return Err(invalid("$LATEST version cannot be deleted without deleting the function."));
        }
        let number = qualifier.parse().map_err(|_| not_found(function.name(), Some(qualifier)))?;
        function.delete_version(number).map_err(|aliases| {
            let aliases = aliases.join(", ");
            conflict(format!("Unable to delete version because the following aliases reference it: [{aliases}]"))
        })?;
        self.with_record(function, |record| record.versions.remove(&number));
        Ok(Value::Null)
    }

    pub(super) fn list_functions(&self) -> Answered {
        let mut functions = self.world.functions();
        functions.sort_by(|a, b| a.name().cmp(b.name()));
        let with_versions = self.text("FunctionVersion") == Some("ALL");
        let told = |function: &LambdaFunction| {
            let versions = if with_versions { function.versions() } else { Vec::new() };
            let mut list = vec![self.latest(function, function.is_changing())];
            list.extend(versions.into_iter().map(|version| self.version(function, version)));
            list
        };
        self.page("Functions", functions.iter().flat_map(told).map(without_state).collect())
    }

    /// What is told of `$LATEST`.
    pub(super) fn latest(&self, function: &LambdaFunction, is_changing: bool) -> Value {
        self.with_record(function, |record| {
            record.look_at(function, || self.new_revision());
            record.configuration(function, is_changing)
        })
    }

    /// Begins a change, which takes as long as the test says; one that publishes is done at once.
    fn begin(&self, function: &LambdaFunction, code: Option<Target>) -> Result<(), AwsError> {
        let settling = match self.is_true("Publish") {
            true => Settling::Polls(0),
            false => *lock(&self.aws.inner.lambda.settling),
        };
        function.begin_change(code, settling).map_err(|ChangeInProgress| in_progress(function))
    }

    /// What was uploaded: its bytes, or where it lies, and what runs for it.
    fn artifact(&self, code: &Value, name: &str) -> Result<(Vec<u8>, Target), AwsError> {
        let text = |name: &str| code[name].as_str();
        let content = match (text("ZipFile"), text("S3Bucket"), text("S3Key"), text("ImageUri")) {
            (Some(zip), ..) => BASE64_STANDARD.decode(zip).map_err(|_| invalid("ZipFile is not base64"))?,
            (None, Some(bucket), Some(key), _) => format!("s3://{bucket}/{key}").into_bytes(),
            (None, None, None, Some(image)) => image.as_bytes().to_vec(),
            _ => return Err(invalid("Please provide a source for function code.")),
        };
        let target = lock(&self.aws.inner.lambda.artifacts).get(&content).cloned().ok_or_else(|| {
            invalid(
                "Could not unzip uploaded file. Please check your file, then try to upload again. (local-aws: \
                 `LocalAws::code` says what runs for these bytes, this s3:// place or this image)",
            )
        })?;
        match target.name() == name {
            true => Ok((content, target)),
            false => Err(invalid(format!(
                "the code that `LocalAws::code` gave here is that of {}, not of {name}: give both the same name",
                target.name()
            ))),
        }
    }

    fn check_name(&self, name: &str) -> Result<(), AwsError> {
        let is_fine = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        match (1..=64).contains(&name.len()) && name.chars().all(is_fine) {
            true => Ok(()),
            false => Err(validation(
                "functionName",
                name,
                "Member must satisfy regular expression pattern: [a-zA-Z0-9-_]{1,64}",
            )),
        }
    }

    /// Source: <https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html>.
    fn check_settings(&self) -> Result<(), AwsError> {
        for (name, member, least, most) in [("Timeout", "timeout", 1, 1_800), ("MemorySize", "memorySize", 128, 10_240)]
        {
            let Some(value) = self.params[name].as_i64() else { continue };
            if value < least {
                let constraint = format!("Member must have value greater than or equal to {least}");
                return Err(validation(member, &value.to_string(), &constraint));
            }
            if value > most {
                let constraint = format!("Member must have value less than or equal to {most}");
                return Err(validation(member, &value.to_string(), &constraint));
            }
        }
        Ok(())
    }
}

/// Lists do not tell of states.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/api/API_ListFunctions.html>.
fn without_state(mut configuration: Value) -> Value {
    if let Some(members) = configuration.as_object_mut() {
        members.retain(|name, _| !name.starts_with("State") && !name.starts_with("LastUpdate"));
    }
    configuration
}

pub(super) fn in_progress(function: &LambdaFunction) -> AwsError {
    conflict(format!(
        "The operation cannot be performed at this time. An update is in progress for resource: {}",
        function.arn()
    ))
}
