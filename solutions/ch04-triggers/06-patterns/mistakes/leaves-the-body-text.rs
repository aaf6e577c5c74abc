//! caught-by: deletes_the_messages_that_no_filter_passes
//!
//! Does not look into a body, which arrives as text.
#![allow(unused)]

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What the sorting office is asked.
#[derive(Deserialize)]
#[serde(untagged)]
enum Question {
    /// Which of these events does the pattern pass on?
    Rule { pattern: Map<String, Value>, events: Vec<Map<String, Value>> },
    /// Which of these messages does a mapping with these filters give to its function?
    Mapping { filters: Vec<Map<String, Value>>, messages: Vec<Map<String, Value>> },
}

#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Rule { matches: Vec<bool> },
    Mapping { passed: Vec<Value>, deleted: Vec<Value> },
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(sort)).await
}

async fn sort(event: LambdaEvent<Question>) -> Result<Answer, Error> {
    Ok(match event.payload {
        Question::Rule { pattern, events } => {
            Answer::Rule { matches: events.iter().map(|event| matches(&pattern, Some(event))).collect() }
        }
        Question::Mapping { filters, messages } => {
            let (passed, deleted): (Vec<_>, Vec<_>) =
                messages.into_iter().partition(|message| filters.iter().any(|filter| passes(filter, message)));
            let ids = |messages: Vec<Map<String, Value>>| messages.iter().map(|it| it["messageId"].clone()).collect();
            Answer::Mapping { passed: ids(passed), deleted: ids(deleted) }
        }
    })
}

/// Whether an object is as the pattern asks; none is one without any field.
fn matches(pattern: &Map<String, Value>, object: Option<&Map<String, Value>>) -> bool {
    pattern.iter().all(|(name, wanted)| {
        let value = object.and_then(|object| object.get(name));
        match wanted {
            Value::Array(alternatives) if name == "$or" => {
                alternatives.iter().filter_map(Value::as_object).any(|alternative| matches(alternative, object))
            }
            Value::Array(wanted) => has_one_of(&value.map(leaves).unwrap_or_default(), wanted),
            // All fields are asked of one object: two elements of an array do not add up.
            Value::Object(fields) => match value.map(objects).unwrap_or_default().as_slice() {
                [] => matches(fields, None),
                objects => objects.iter().any(|object| matches(fields, Some(object))),
            },
            _ => false,
        }
    })
}

/// Whether one of the wanted values, or one of the operators, holds for a field with these values.
fn has_one_of(values: &[&Value], wanted: &[Value]) -> bool {
    wanted.iter().any(|wanted| match wanted.get("exists").and_then(Value::as_bool) {
        Some(exists) => exists != values.is_empty(),
        None => values.iter().any(|value| holds(wanted, value)),
    })
}

fn holds(wanted: &Value, value: &Value) -> bool {
    let Some((operator, operand)) = wanted.as_object().and_then(|expression| expression.iter().next()) else {
        return wanted == value;
    };
    let texts = value.as_str().zip(operand.as_str());
    match operator.as_str() {
        "prefix" => texts.is_some_and(|(text, prefix)| text.starts_with(prefix)),
        "suffix" => texts.is_some_and(|(text, suffix)| text.ends_with(suffix)),
        "equals-ignore-case" => texts.is_some_and(|(text, other)| text.to_lowercase() == other.to_lowercase()),
        "numeric" => value.as_f64().is_some_and(|number| in_range(number, operand)),
        "anything-but" => match operand {
            Value::Array(unwanted) => !unwanted.contains(value),
            unwanted => !holds(unwanted, value),
        },
        _ => false,
    }
}

/// `[">", 0, "<=", 5]`.
fn in_range(number: f64, terms: &Value) -> bool {
    terms.as_array().is_some_and(|terms| {
        terms.chunks(2).all(|term| match (term[0].as_str(), term.get(1).and_then(Value::as_f64)) {
            (Some("="), Some(bound)) => number == bound,
            (Some(">"), Some(bound)) => number > bound,
            (Some(">="), Some(bound)) => number >= bound,
            (Some("<"), Some(bound)) => number < bound,
            (Some("<="), Some(bound)) => number <= bound,
            _ => false,
        })
    })
}

/// The values of a field: itself, or those of its array. An object is none.
fn leaves(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(values) => values.iter().flat_map(leaves).collect(),
        Value::Object(_) => Vec::new(),
        leaf => vec![leaf],
    }
}

fn objects(value: &Value) -> Vec<&Map<String, Value>> {
    match value {
        Value::Array(values) => values.iter().flat_map(objects).collect(),
        Value::Object(object) => vec![object],
        _ => Vec::new(),
    }
}

/// Whether a filter passes a message of a queue on. A filter for JSON passes no text, and one for text no JSON.
fn passes(filter: &Map<String, Value>, message: &Map<String, Value>) -> bool {
    let body = message["body"].as_str().and_then(|body| serde_json::from_str::<Value>(body).ok());
    let json = body.filter(|body| body.is_object() || body.is_array());
    match (filter.get("body"), json.filter(|_| false)) {
        (Some(Value::Object(_)), None) | (Some(Value::Array(_)), Some(_)) => false,
        (_, Some(json)) => {
            let mut message = message.clone();
            message.insert("body".to_owned(), json);
            matches(filter, Some(&message))
        }
        (_, None) => matches(filter, Some(message)),
    }
}
