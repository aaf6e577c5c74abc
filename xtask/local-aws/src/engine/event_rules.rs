//! EventBridge: buses, rules and targets are made, changed and listed, in front of the world's.
//!
//! Source: <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Operations.html>.

use std::sync::Mutex;
use std::time::Duration;

use local_lambda_sources::{Bus, Rule, World};
use serde_json::{Value, json};

use super::receiver::receiver;
use crate::aws::lock;
use crate::error::AwsError;
use crate::permission::{ACCOUNT, REGION};

type Answer = Result<Value, AwsError>;

/// What the world does not keep of buses and rules: which were made here, and how a caller wrote them down.
#[derive(Debug, Default)]
pub(super) struct EventRules(Mutex<Written>);

#[derive(Debug, Default)]
struct Written {
    buses: Vec<String>,
    rules: Vec<WrittenRule>,
}

#[derive(Debug)]
struct WrittenRule {
    bus: String,
    name: String,
    state: String,
    description: Value,
    /// As `PutTargets` had them.
    targets: Vec<Value>,
}

impl EventRules {
    /// Carries an operation out; none when it is not one of these.
    pub(super) fn call(&self, world: &World, operation: &str, params: &Value) -> Option<Answer> {
        let bus = bus(world, &params["EventBusName"]);
        Some(match operation {
            "CreateEventBus" => self.create_bus(world, params),
            "ListEventBuses" => Ok(self.list_buses(params)),
            "PutRule" => self.put_rule(&bus, params),
            "DescribeRule" => self.rule(&bus, params, "Name").map(|rule| self.description(&bus, &rule)),
            "ListRules" => {
                let prefix = params["NamePrefix"].as_str().unwrap_or_default();
                let rules = bus.rules();
                let rules = rules.iter().filter(|rule| rule.name().starts_with(prefix));
                Ok(json!({ "Rules": rules.map(|rule| self.description(&bus, rule)).collect::<Vec<_>>() }))
            }
            "EnableRule" | "DisableRule" => self.rule(&bus, params, "Name").map(|rule| {
                let is_enabled = operation == "EnableRule";
                rule.set_enabled(is_enabled);
                self.with(&bus, rule.name(), |rule| rule.state = state(is_enabled).to_owned());
                Value::Null
            }),
            "DeleteRule" => self.delete_rule(&bus, params),
            "PutTargets" => {
                self.rule(&bus, params, "Rule").and_then(|rule| self.put_targets(world, &bus, &rule, params))
            }
            "RemoveTargets" => self.rule(&bus, params, "Rule").map(|rule| self.remove_targets(&bus, &rule, params)),
            "ListTargetsByRule" => self.rule(&bus, params, "Rule").map(|rule| {
                let mut targets = Vec::new();
                self.with(&bus, rule.name(), |rule| targets.clone_from(&rule.targets));
                json!({ "Targets": targets })
            }),
            _ => return None,
        })
    }

    fn create_bus(&self, world: &World, params: &Value) -> Answer {
        let name = text(params, "Name")?;
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || "/.-_".contains(c);
        if name.len() > 256 || !name.chars().all(is_allowed) {
            return Err(invalid("EventBus name starting with 'aws.' or with other characters is not valid."));
        }
        let mut written = lock(&self.0);
        if name == "default" || written.buses.iter().any(|bus| bus == name) {
            return Err(AwsError::client(
                "ResourceAlreadyExistsException",
                format!("Event bus {name} already exists."),
            ));
        }
        written.buses.push(name.to_owned());
        Ok(json!({ "EventBusArn": world.bus(name).arn() }))
    }

    fn list_buses(&self, params: &Value) -> Value {
        let prefix = params["NamePrefix"].as_str().unwrap_or_default();
        let written = lock(&self.0);
        let names = ["default"].into_iter().chain(written.buses.iter().map(String::as_str));
        let buses: Vec<Value> = names
            .filter(|name| name.starts_with(prefix))
            .map(|name| json!({ "Name": name, "Arn": format!("arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{name}") }))
            .collect();
        json!({ "EventBuses": buses })
    }

    fn put_rule(&self, bus: &Bus, params: &Value) -> Answer {
        let name = text(params, "Name")?;
        if params["ScheduleExpression"].is_string() {
            let message = "rules with a schedule are not served here; a schedule of the world is";
            return Err(AwsError::new("NotImplemented", 501, message));
        }
        let pattern = params["EventPattern"].as_str().filter(|pattern| !pattern.is_empty());
        let pattern =
            pattern.ok_or_else(|| invalid("Parameter(s) EventPattern or ScheduleExpression must be specified."))?;
        let refused = |error: local_lambda_sources::pattern::InvalidPattern| {
            let reason = format!("Event pattern is not valid. Reason: {}", error.reason());
            AwsError::client("InvalidEventPatternException", reason)
        };
        let rule = bus.rule(name).pattern(pattern).try_create().map_err(refused)?;
        let is_enabled = params["State"] != "DISABLED";
        rule.set_enabled(is_enabled);
        self.with(bus, name, |rule| {
            state(is_enabled).clone_into(&mut rule.state);
            rule.description.clone_from(&params["Description"]);
        });
        Ok(json!({ "RuleArn": rule.arn() }))
    }

    fn delete_rule(&self, bus: &Bus, params: &Value) -> Answer {
        let name = text(params, "Name")?;
        let Some(rule) = bus.find_rule(name) else { return Ok(Value::Null) };
        if !rule.targets().is_empty() {
            return Err(invalid("Rule can't be deleted since it has targets."));
        }
        rule.delete();
        lock(&self.0).rules.retain(|written| written.bus != bus.name() || written.name != name);
        Ok(Value::Null)
    }

    fn put_targets(&self, world: &World, bus: &Bus, rule: &Rule, params: &Value) -> Answer {
        let mut failed = Vec::new();
        for target in params["Targets"].as_array().into_iter().flatten() {
            if let Err(error) = self.put_target(world, bus, rule, target) {
                let id = &target["Id"];
                failed.push(json!({ "TargetId": id, "ErrorCode": error.code, "ErrorMessage": error.message }));
            }
        }
        Ok(json!({ "FailedEntryCount": failed.len(), "FailedEntries": failed }))
    }

    /// A target with the same id is replaced.
    fn put_target(&self, world: &World, bus: &Bus, rule: &Rule, target: &Value) -> Result<(), AwsError> {
        let (id, arn) = (text(target, "Id")?, text(target, "Arn")?);
        let missing = |what: &str, arn: &str| {
            AwsError::client("ResourceNotFoundException", format!("there is no {what} {arn} here; make it first"))
        };
        let mut made = rule.target(receiver(world, arn).ok_or_else(|| missing("target", arn))?);
        if let Some(input) = target["Input"].as_str() {
            let input = serde_json::from_str(input).map_err(|_| invalid("Input must be valid JSON"))?;
            made = made.input(input);
        } else if let Some(path) = target["InputPath"].as_str() {
            made = made.input_path(path);
        } else if let Some(template) = target["InputTransformer"]["InputTemplate"].as_str() {
            let paths = target["InputTransformer"]["InputPathsMap"].as_object().into_iter().flatten();
            let paths = paths.filter_map(|(name, path)| Some((name.as_str(), path.as_str()?)));
            made = made.input_transformer(paths, template);
        }
        if let Some(attempts) = target["RetryPolicy"]["MaximumRetryAttempts"].as_u64() {
            let attempts = u32::try_from(attempts).ok().filter(|attempts| *attempts <= 185);
            made = made.maximum_retry_attempts(attempts.ok_or_else(|| invalid("MaximumRetryAttempts is 0 to 185"))?);
        }
        if let Some(age) = target["RetryPolicy"]["MaximumEventAgeInSeconds"].as_u64() {
            if !(60..=86_400).contains(&age) {
                return Err(invalid("MaximumEventAgeInSeconds is 60 to 86400"));
            }
            made = made.maximum_event_age(Duration::from_secs(age));
        }
        if let Some(queue) = target["DeadLetterConfig"]["Arn"].as_str() {
            made = made.dead_letter_queue(receiver(world, queue).ok_or_else(|| missing("queue", queue))?);
        }
        self.forget_target(bus, rule, id);
        if rule.targets().len() >= 5 {
            let message = "The requested resource exceeds the maximum number allowed.";
            return Err(AwsError::client("LimitExceededException", message));
        }
        made.try_create().map_err(|error| invalid(&error.to_string()))?;
        self.with(bus, rule.name(), |rule| rule.targets.push(target.clone()));
        Ok(())
    }

    fn remove_targets(&self, bus: &Bus, rule: &Rule, params: &Value) -> Value {
        let mut failed = Vec::new();
        for id in params["Ids"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !self.forget_target(bus, rule, id) {
                failed.push(json!({ "TargetId": id, "ErrorCode": "ResourceNotFoundException",
                    "ErrorMessage": format!("Rule {} does not have a target with the Id {id}.", rule.name()) }));
            }
        }
        json!({ "FailedEntryCount": failed.len(), "FailedEntries": failed })
    }

    /// Takes a target away; says whether there was one. The world's targets and ours stand in the same order.
    fn forget_target(&self, bus: &Bus, rule: &Rule, id: &str) -> bool {
        let mut found = false;
        self.with(bus, rule.name(), |written| {
            // Those that a test made in the world itself came first or stand between; ours are found by receiver.
            let Some(place) = written.targets.iter().position(|target| target["Id"] == id) else { return };
            let gone = written.targets.remove(place);
            let same = |target: &Value| target["Arn"] == gone["Arn"];
            let nth = written.targets[..place].iter().filter(|target| same(target)).count();
            let mut targets = rule.targets().into_iter().filter(|target| gone["Arn"] == target.arn());
            if let Some(target) = targets.nth(nth) {
                target.remove();
            }
            found = true;
        });
        found
    }

    fn rule(&self, bus: &Bus, params: &Value, name: &str) -> Result<Rule, AwsError> {
        let name = text(params, name)?;
        bus.find_rule(name).ok_or_else(|| {
            let message = format!("Rule {name} does not exist on EventBus {}.", bus.name());
            AwsError::client("ResourceNotFoundException", message)
        })
    }

    fn description(&self, bus: &Bus, rule: &Rule) -> Value {
        let mut described = json!({ "Name": rule.name(), "Arn": rule.arn(), "EventBusName": bus.name(),
            "EventPattern": rule.pattern().as_str() });
        self.with(bus, rule.name(), |written| {
            described["State"] = json!(written.state);
            if written.description.is_string() {
                described["Description"] = written.description.clone();
            }
        });
        described
    }

    /// What is kept of a rule; one that a test made in the world is noted down when it is first met.
    fn with(&self, bus: &Bus, name: &str, change: impl FnOnce(&mut WrittenRule)) {
        let mut written = lock(&self.0);
        let is_it = |rule: &WrittenRule| rule.bus == bus.name() && rule.name == name;
        let place = written.rules.iter().position(is_it).unwrap_or_else(|| {
            let (bus, name) = (bus.name().to_owned(), name.to_owned());
            let (state, description) = (state(true).to_owned(), Value::Null);
            written.rules.push(WrittenRule { bus, name, state, description, targets: Vec::new() });
            written.rules.len() - 1
        });
        change(&mut written.rules[place]);
    }
}

fn state(is_enabled: bool) -> &'static str {
    if is_enabled { "ENABLED" } else { "DISABLED" }
}

/// The bus with this name or ARN; the account's own when there is none.
pub(super) fn bus(world: &World, name: &Value) -> Bus {
    match name.as_str().and_then(|name| name.rsplit('/').next()) {
        Some(name) if !name.is_empty() => world.bus(name),
        _ => world.default_bus(),
    }
}

fn text<'a>(params: &'a Value, name: &str) -> Result<&'a str, AwsError> {
    params[name].as_str().filter(|text| !text.is_empty()).ok_or_else(|| {
        let member = format!("{}{}", name[..1].to_lowercase(), &name[1..]);
        invalid(&format!("1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"))
    })
}

fn invalid(message: &str) -> AwsError {
    AwsError::client("ValidationException", message)
}
