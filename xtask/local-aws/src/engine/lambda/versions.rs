//! Published versions.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/api/API_PublishVersion.html>.

use local_lambda_sources::LambdaFunction;
use serde_json::{Value, json};

use super::functions::in_progress;
use super::record::SETTINGS;
use super::{Answered, Call, invalid};

impl Call<'_> {
    pub(super) fn publish_version(&self) -> Answered {
        let function = self.function()?;
        if function.is_changing() {
            return Err(in_progress(&function));
        }
        let latest = self.latest(&function, false);
        self.check_revision(latest["RevisionId"].as_str().unwrap_or_default(), "GetFunction/GetAlias")?;
        let current = latest["CodeSha256"].as_str().unwrap_or_default();
        match self.text("CodeSha256") {
            Some(expected) if expected != current => Err(invalid(format!(
                "CodeSHA256 ({expected}) is different from current CodeSHA256 in $LATEST ({current}). Please try again \
                 with the CodeSHA256 in $LATEST."
            ))),
            _ => self.published(&function),
        }
    }

    /// Publishes `$LATEST`, unless it is what was published last.
    pub(super) fn published(&self, function: &LambdaFunction) -> Answered {
        let mut latest = self.latest(function, false);
        let last = function.versions().last().map(|last| (*last, self.version(function, *last)));
        if let Some((_, last)) = last.filter(|(_, last)| is_same(last, &latest)) {
            return Ok(last);
        }
        let revision = self.new_revision();
        let version = function.publish_version();
        if let Some(description) = self.text("Description") {
            latest["Description"] = json!(description);
        }
        latest["Version"] = json!(version.to_string());
        latest["FunctionArn"] = json!(format!("{}:{version}", function.arn()));
        latest["RevisionId"] = json!(revision);
        let revision_of_latest = self.new_revision();
        self.with_record(function, |record| {
            record.versions.insert(version, latest.clone());
            record.revision = revision_of_latest;
        });
        Ok(latest)
    }

    pub(super) fn list_versions(&self) -> Answered {
        let function = self.function()?;
        let mut all = vec![self.latest(&function, function.is_changing())];
        all.extend(function.versions().into_iter().map(|version| self.version(&function, version)));
        self.page("Versions", all)
    }

    /// What is told of a version. One that the test published in the world is told as `$LATEST` was when it was first
    /// asked for, or before the next update by a client.
    pub(super) fn version(&self, function: &LambdaFunction, version: u32) -> Value {
        let mut latest = self.latest(function, false);
        latest["Version"] = json!(version.to_string());
        latest["FunctionArn"] = json!(format!("{}:{version}", function.arn()));
        self.with_record(function, |record| record.versions.entry(version).or_insert(latest).clone())
    }
}

/// The description that was given when publishing is no change.
fn is_same(published: &Value, latest: &Value) -> bool {
    let settings = SETTINGS.iter().filter(|name| **name != "Description");
    settings.chain(&["CodeSha256"]).all(|name| published[*name] == latest[*name])
}
