//! caught-by: a_version_that_an_alias_serves_cannot_be_deleted
//!
//! Takes a share of 0 for none: the alias has this version still, and an update would send calls to nothing.
#![allow(unused)]

use std::collections::BTreeMap;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const LATEST: &str = "$LATEST";
/// A page of a list has no more, whatever was asked for.
const PAGE: usize = 50;

const CONFLICT: &str = "ResourceConflictException";
const INVALID: &str = "InvalidParameterValueException";
const NOT_FOUND: &str = "ResourceNotFoundException";
const PRECONDITION: &str = "PreconditionFailedException";

/// What a release script calls, one after the other.
#[derive(Deserialize)]
struct Script {
    calls: Vec<Call>,
}

#[derive(Deserialize)]
#[serde(tag = "call", rename_all = "snake_case")]
enum Call {
    UpdateCode {
        code: String,
    },
    UpdateConfig {
        memory_mb: u32,
    },
    Publish,
    DeleteVersion {
        version: String,
    },
    ListVersions {
        marker: Option<String>,
        max_items: usize,
    },
    CreateAlias {
        alias: String,
        version: String,
    },
    UpdateAlias {
        alias: String,
        version: Option<String>,
        routing: Option<BTreeMap<String, f64>>,
        revision: Option<String>,
    },
    GetAlias {
        alias: String,
    },
    Invoke {
        qualifier: String,
        draw: f64,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Ok(Value),
    Error(&'static str),
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(play)).await
}

async fn play(event: LambdaEvent<Script>) -> Result<Value, Error> {
    let mut lambda = Lambda::new();
    let answers = event.payload.calls.into_iter().map(|call| match lambda.answer(call) {
        Ok(value) => Answer::Ok(value),
        Err(error) => Answer::Error(error),
    });
    Ok(json!({ "answers": answers.collect::<Vec<_>>() }))
}

/// Code and configuration, as they run together.
#[derive(Clone, PartialEq)]
struct Release {
    code: String,
    config: Config,
}

#[derive(Clone, PartialEq)]
struct Config {
    memory_mb: u32,
}

struct Alias {
    version: String,
    /// At most one, with its share.
    routing: BTreeMap<String, f64>,
    revision: u64,
}

/// One function.
struct Lambda {
    latest: Release,
    versions: BTreeMap<u32, Release>,
    /// The number that was given last, be that version there or not.
    last_number: u32,
    aliases: BTreeMap<String, Alias>,
    last_revision: u64,
}

impl Lambda {
    fn new() -> Lambda {
        let latest = Release { code: "empty".to_owned(), config: Config { memory_mb: 128 } };
        Lambda {
            latest,
            versions: BTreeMap::new(),
            last_number: 0,
            aliases: BTreeMap::new(),
            // Any beginning will do.
            last_revision: 0,
        }
    }

    fn answer(&mut self, call: Call) -> Result<Value, &'static str> {
        match call {
            Call::UpdateCode { code } => self.latest.code = code,
            Call::UpdateConfig { memory_mb } => self.latest.config.memory_mb = memory_mb,
            Call::Publish => return Ok(json!({ "version": self.publish().to_string() })),
            Call::DeleteVersion { version } => self.delete(&version)?,
            Call::ListVersions { marker, max_items } => return Ok(self.list(marker.as_deref(), max_items)),
            Call::CreateAlias { alias, version } => return self.create_alias(alias, version),
            Call::UpdateAlias { alias, version, routing, revision } => {
                return self.update_alias(&alias, version, routing, revision.as_deref());
            }
            Call::GetAlias { alias } => return self.get_alias(&alias),
            Call::Invoke { qualifier, draw } => return self.invoke(&qualifier, draw),
        }
        Ok(Value::Null)
    }

    /// Gives the number of the version that is as `$LATEST` is now.
    fn publish(&mut self) -> u32 {
        if let Some((number, last)) = self.versions.last_key_value()
            && *last == self.latest
        {
            return *number;
        }
        self.last_number += 1;
        self.versions.insert(self.last_number, self.latest.clone());
        self.last_number
    }

    fn delete(&mut self, version: &str) -> Result<(), &'static str> {
        if version == LATEST {
            return Err(INVALID);
        }
        self.release(version)?;
        if self
            .aliases
            .values()
            .any(|alias| alias.version == version || alias.routing.get(version).is_some_and(|share| *share > 0.0))
        {
            return Err(CONFLICT);
        }
        self.versions.retain(|number, _| number.to_string() != version);
        Ok(())
    }

    /// The marker is the last one of the page before: a place among the numbers that stays where it is.
    fn list(&self, marker: Option<&str>, max_items: usize) -> Value {
        let after = marker.map(|marker| marker.parse::<u32>().unwrap_or(0));
        let latest = after.is_none().then(|| LATEST.to_owned());
        let numbers = self.versions.keys().filter(|number| after.is_none_or(|after| **number > after));
        let mut left = latest.into_iter().chain(numbers.map(u32::to_string));
        let page: Vec<String> = left.by_ref().take(max_items.min(PAGE)).collect();
        let next_marker = left.next().and_then(|_| page.last());
        json!({ "versions": page, "next_marker": next_marker })
    }

    fn create_alias(&mut self, name: String, version: String) -> Result<Value, &'static str> {
        if self.aliases.contains_key(&name) {
            return Err(CONFLICT);
        }
        self.keep(&name, version, BTreeMap::new())
    }

    /// What is not named stays as it is.
    fn update_alias(
        &mut self,
        name: &str,
        version: Option<String>,
        routing: Option<BTreeMap<String, f64>>,
        revision: Option<&str>,
    ) -> Result<Value, &'static str> {
        let alias = self.aliases.get(name).ok_or(NOT_FOUND)?;
        if revision.is_some_and(|seen| seen != alias.revision.to_string()) {
            return Err(PRECONDITION);
        }
        let version = version.unwrap_or_else(|| alias.version.clone());
        let routing = routing.unwrap_or_else(|| alias.routing.clone());
        self.keep(name, version, routing)
    }

    /// Looks at the alias as it would be, and only then lets it be so.
    fn keep(&mut self, name: &str, version: String, routing: BTreeMap<String, f64>) -> Result<Value, &'static str> {
        self.release(&version)?;
        if routing.len() > 1 || (version == LATEST && !routing.is_empty()) {
            return Err(INVALID);
        }
        for second in routing.keys() {
            if *second == version || second == LATEST {
                return Err(INVALID);
            }
            self.release(second)?;
        }
        self.last_revision += 1;
        self.aliases.insert(name.to_owned(), Alias { version, routing, revision: self.last_revision });
        self.get_alias(name)
    }

    fn get_alias(&self, name: &str) -> Result<Value, &'static str> {
        let Alias { version, routing, revision } = self.aliases.get(name).ok_or(NOT_FOUND)?;
        Ok(json!({ "alias": name, "version": version, "routing": routing, "revision": revision.to_string() }))
    }

    /// `draw` is the chance of this invocation, from 0 to below 1.
    fn invoke(&self, qualifier: &str, draw: f64) -> Result<Value, &'static str> {
        let version = match self.aliases.get(qualifier) {
            None => qualifier,
            Some(alias) => {
                alias.routing.iter().find(|(_, weight)| draw < **weight).map_or(&*alias.version, |(it, _)| it)
            }
        };
        let Release { code, config } = self.release(version)?;
        Ok(json!({ "version": version, "code": code, "memory_mb": config.memory_mb }))
    }

    fn release(&self, version: &str) -> Result<&Release, &'static str> {
        if version == LATEST {
            return Ok(&self.latest);
        }
        version.parse().ok().and_then(|number: u32| self.versions.get(&number)).ok_or(NOT_FOUND)
    }
}
