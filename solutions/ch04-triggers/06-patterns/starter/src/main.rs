//! The sorting office of Ferris Prints: which events a pattern passes on, and what becomes of the messages of a queue.

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
            Answer::Rule { matches: events.iter().map(|event| matches(&pattern, event)).collect() }
        }
        Question::Mapping { filters, messages } => {
            let (passed, deleted): (Vec<_>, Vec<_>) =
                messages.into_iter().partition(|message| filters.iter().any(|filter| passes(filter, message)));
            let ids = |messages: Vec<Map<String, Value>>| messages.iter().map(|it| it["messageId"].clone()).collect();
            Answer::Mapping { passed: ids(passed), deleted: ids(deleted) }
        }
    })
}

/// Whether an event is as the pattern asks.
fn matches(pattern: &Map<String, Value>, event: &Map<String, Value>) -> bool {
    pattern.iter().all(|(name, wanted)| match wanted {
        // TODO: `$or`, which is no field.
        Value::Array(wanted) => event.get(name).is_some_and(|value| wanted.contains(value)),
        // TODO: the fields of an object, and of the objects in an array.
        _ => false,
    })
}

// TODO: the operators, which stand in a list of wanted values as `{ "prefix": "p" }`.

/// Whether a filter passes a message of a queue on.
fn passes(filter: &Map<String, Value>, message: &Map<String, Value>) -> bool {
    // TODO: a body is text; a filter may look into it.
    matches(filter, message)
}
