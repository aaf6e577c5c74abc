//! Aliases: names for versions, with weights, changed under an optimistic lock.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/api/API_UpdateAlias.html>.

use local_lambda_sources::{Alias, LambdaFunction, Version};
use serde_json::{Value, json};

use super::record::{AliasRecord, Routing};
use super::{Answered, Call, conflict, invalid, missing, not_found, required, validation};
use crate::error::AwsError;

impl Call<'_> {
    pub(super) fn create_alias(&self) -> Answered {
        let (function, name) = (self.function()?, self.text("Name").unwrap_or_default());
        let is_fine = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let is_number = name.chars().all(|c| c.is_ascii_digit());
        if !(1..=128).contains(&name.len()) || !name.chars().all(is_fine) || is_number {
            let constraint = "Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)";
            return Err(validation("name", name, constraint));
        }
        let (version, additional) = self.routing(&function, None)?;
        if find(&function, name).is_some() {
            return Err(conflict(format!("Alias already exists: {}:{name}", function.arn())));
        }
        let alias = function.alias(name, version);
        alias.set_routing(version, additional);
        let description = self.text("Description").unwrap_or_default().to_owned();
        self.keep(&function, &alias, description);
        Ok(self.told(&function, &alias))
    }

    pub(super) fn update_alias(&self) -> Answered {
        let (function, alias) = self.alias()?;
        let before = self.told(&function, &alias);
        self.check_revision(before["RevisionId"].as_str().unwrap_or_default(), "GetFunction/GetAlias")?;
        let (version, additional) = self.routing(&function, alias.routing())?;
        alias.set_routing(version, additional);
        let description = self.text("Description").or(before["Description"].as_str()).unwrap_or_default();
        self.keep(&function, &alias, description.to_owned());
        Ok(self.told(&function, &alias))
    }

    pub(super) fn get_alias(&self) -> Answered {
        let (function, alias) = self.alias()?;
        Ok(self.told(&function, &alias))
    }

    /// Deleting one that is not there is no error.
    pub(super) fn delete_alias(&self) -> Answered {
        let function = self.function()?;
        if let Some(alias) = find(&function, self.text("Name").unwrap_or_default()) {
            alias.delete();
            self.with_record(&function, |record| record.aliases.remove(alias.name()));
        }
        Ok(Value::Null)
    }

    pub(super) fn list_aliases(&self) -> Answered {
        let function = self.function()?;
        let of_version = self.text("FunctionVersion");
        let aliases = function.aliases().into_iter().map(|alias| self.told(&function, &alias));
        let points_to = |alias: &Value| of_version.is_none_or(|version| alias["FunctionVersion"] == version);
        self.page("Aliases", aliases.filter(points_to).collect())
    }

    fn alias(&self) -> Result<(LambdaFunction, Alias), AwsError> {
        let (function, name) = (self.function()?, self.text("Name").unwrap_or_default());
        match find(&function, name) {
            Some(alias) => Ok((function, alias)),
            None => Err(missing(format!("Cannot find alias arn: {}:{name}", function.arn()))),
        }
    }

    fn keep(&self, function: &LambdaFunction, alias: &Alias, description: String) {
        let kept = AliasRecord { description, revision: self.new_revision(), routing: routing_of(alias) };
        self.with_record(function, |record| record.aliases.insert(alias.name().to_owned(), kept));
    }

    fn told(&self, function: &LambdaFunction, alias: &Alias) -> Value {
        let routing = routing_of(alias);
        let new = AliasRecord { description: String::new(), revision: self.new_revision(), routing };
        let AliasRecord { description, revision, routing: (version, additional) } =
            self.with_record(function, |record| {
                let kept = record.aliases.entry(alias.name().to_owned()).or_insert(new.clone());
                // The test has moved it by itself.
                if kept.routing != routing {
                    (kept.revision, kept.routing) = (new.revision, routing);
                }
                kept.clone()
            });
        let mut told = json!({
            "AliasArn": format!("{}:{}", function.arn(), alias.name()),
            "Name": alias.name(),
            "FunctionVersion": version.to_string(),
            "Description": description,
            "RevisionId": revision,
        });
        if let Some((second, weight)) = additional {
            told["RoutingConfig"] = json!({ "AdditionalVersionWeights": { second.to_string(): weight } });
        }
        told
    }

    /// Where the alias is to point: what the call does not say stays as it was.
    fn routing(&self, function: &LambdaFunction, before: Option<Routing>) -> Result<Routing, AwsError> {
        let (version, mut additional) = match (self.text("FunctionVersion"), before) {
            (Some(version), before) => (existing(function, version)?, before.and_then(|(_, additional)| additional)),
            (None, Some(before)) => before,
            (None, None) => return Err(required("functionVersion")),
        };
        if !self.params["RoutingConfig"].is_null() {
            let weights = self.params["RoutingConfig"]["AdditionalVersionWeights"].as_object();
            let weights: Vec<_> = weights.into_iter().flatten().collect();
            if weights.len() > 1 {
                return Err(invalid("Number of items in AdditionalVersionWeights cannot be greater than 1"));
            }
            additional = weights.first().map(|(second, weight)| second_of(function, second, weight)).transpose()?;
        }
        match (version, additional) {
            (Version::Latest, Some(_)) => {
                Err(invalid("$LATEST is not supported for an alias pointing to more than 1 version"))
            }
            (Version::Published(version), Some((second, _))) if second == version => Err(invalid(format!(
                "Invalid function version {second}. Function version {second} is already included in routing \
                 configuration."
            ))),
            routing => Ok(routing),
        }
    }
}

fn routing_of(alias: &Alias) -> Routing {
    alias.routing().unwrap_or((Version::Latest, None))
}

fn find(function: &LambdaFunction, name: &str) -> Option<Alias> {
    function.aliases().into_iter().find(|alias| alias.name() == name)
}

fn existing(function: &LambdaFunction, version: &str) -> Result<Version, AwsError> {
    match version {
        "$LATEST" => Ok(Version::Latest),
        _ => published(function, version).map(Version::Published),
    }
}

/// The number of a version that was published.
fn published(function: &LambdaFunction, version: &str) -> Result<u32, AwsError> {
    let number = version.parse().ok().filter(|number| function.versions().contains(number));
    number.ok_or_else(|| not_found(function.name(), Some(version)))
}

/// A second version and its weight.
///
/// Source: `AdditionalVersionWeights` of
/// <https://docs.aws.amazon.com/lambda/latest/api/API_AliasRoutingConfiguration.html>.
fn second_of(function: &LambdaFunction, version: &str, weight: &Value) -> Result<(u32, f64), AwsError> {
    let refused = |constraint: &str| {
        validation("routingConfig.additionalVersionWeights", &format!("{{{version}={weight}}}"), constraint)
    };
    if version.is_empty() || !version.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(refused(
            "Map keys must satisfy constraint: [Member must have length less than or equal to 1024, Member must have \
             length greater than or equal to 1, Member must satisfy regular expression pattern: [0-9]+, Member must \
             not be null]",
        ));
    }
    let weight = weight.as_f64().filter(|weight| (0.0..=1.0).contains(weight)).ok_or_else(|| {
        refused(
            "Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must have \
             value greater than or equal to 0.0, Member must not be null]",
        )
    })?;
    Ok((published(function, version)?, weight))
}
