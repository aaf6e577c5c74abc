//! Reads the pattern into types first, with one variant for each operator, and asks them then.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

type Fields = BTreeMap<String, Node>;

#[derive(Deserialize)]
#[serde(untagged)]
enum Node {
    Or(Vec<Fields>),
    Values(Vec<Wanted>),
    Object(Fields),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Wanted {
    Operator(Operator),
    Value(Value),
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Operator {
    Prefix(String),
    Suffix(String),
    EqualsIgnoreCase(String),
    Exists(bool),
    Numeric(Vec<Value>),
    AnythingBut(Box<Unwanted>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Unwanted {
    Operator(Operator),
    Many(Vec<Value>),
    One(Value),
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(sort)).await
}

async fn sort(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let question = event.payload;
    let list = |name: &str| question[name].as_array().cloned().unwrap_or_default();
    if question["pattern"].is_object() {
        let fields = read(&question["pattern"])?;
        let matches: Vec<bool> = list("events").iter().map(|event| all(&fields, event)).collect();
        return Ok(json!({ "matches": matches }));
    }
    let filters =
        list("filters").iter().map(|f| Ok((f["body"].clone(), read(f)?))).collect::<Result<Vec<_>, Error>>()?;
    let (mut passed, mut deleted) = (Vec::new(), Vec::new());
    for mut message in list("messages") {
        let id = message["messageId"].clone();
        let json: Value = serde_json::from_str(message["body"].as_str().unwrap_or_default()).unwrap_or_default();
        let is_json = json.is_object() || json.is_array();
        if is_json {
            message["body"] = json;
        }
        let fits = |body: &Value| (!body.is_object() || is_json) && (!body.is_array() || !is_json);
        match filters.iter().any(|(body, fields)| fits(body) && all(fields, &message)) {
            true => passed.push(id),
            false => deleted.push(id),
        }
    }
    Ok(json!({ "passed": passed, "deleted": deleted }))
}

/// `$or` is a list of objects, and so might a list of operators be: it is told apart by its name.
fn read(pattern: &Value) -> Result<Fields, Error> {
    let mut fields = Fields::new();
    for (name, wanted) in pattern.as_object().into_iter().flatten() {
        let node = match wanted {
            Value::Object(_) => Node::Object(read(wanted)?),
            Value::Array(many) if name == "$or" => Node::Or(many.iter().map(read).collect::<Result<_, _>>()?),
            wanted => Node::Values(serde_json::from_value(wanted.clone())?),
        };
        fields.insert(name.clone(), node);
    }
    Ok(fields)
}

fn all(fields: &Fields, event: &Value) -> bool {
    fields.iter().all(|(name, node)| {
        let mut leaves = Vec::new();
        let mut objects = Vec::new();
        sort_out(&event[name.as_str()], event.get(name).is_some(), &mut leaves, &mut objects);
        match node {
            Node::Or(alternatives) => alternatives.iter().any(|fields| all(fields, event)),
            Node::Object(fields) if objects.is_empty() => all(fields, &Value::Null),
            Node::Object(fields) => objects.iter().any(|object| all(fields, object)),
            Node::Values(wanted) => wanted.iter().any(|wanted| match wanted {
                Wanted::Operator(Operator::Exists(exists)) => *exists != leaves.is_empty(),
                Wanted::Operator(operator) => leaves.iter().any(|leaf| operator.holds(leaf)),
                Wanted::Value(value) => leaves.contains(&value),
            }),
        }
    })
}

fn sort_out<'a>(value: &'a Value, there: bool, leaves: &mut Vec<&'a Value>, objects: &mut Vec<&'a Value>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| sort_out(value, true, leaves, objects)),
        Value::Object(_) => objects.push(value),
        leaf if there => leaves.push(leaf),
        _ => {}
    }
}

impl Operator {
    fn holds(&self, value: &Value) -> bool {
        let text = value.as_str();
        match self {
            Operator::Prefix(prefix) => text.is_some_and(|text| text.starts_with(prefix.as_str())),
            Operator::Suffix(suffix) => text.is_some_and(|text| text.ends_with(suffix.as_str())),
            Operator::EqualsIgnoreCase(other) => text.is_some_and(|text| text.to_lowercase() == other.to_lowercase()),
            Operator::Exists(_) => false,
            Operator::AnythingBut(unwanted) => match unwanted.as_ref() {
                Unwanted::Operator(operator) => !operator.holds(value),
                Unwanted::Many(values) => !values.contains(value),
                Unwanted::One(unwanted) => unwanted != value,
            },
            Operator::Numeric(terms) => value.as_f64().is_some_and(|number| {
                terms.chunks_exact(2).all(|term| {
                    let ordering = number.partial_cmp(&term[1].as_f64().unwrap_or(f64::NAN));
                    match term[0].as_str() {
                        Some("=") => ordering.is_some_and(|o| o.is_eq()),
                        Some("<") => ordering.is_some_and(|o| o.is_lt()),
                        Some("<=") => ordering.is_some_and(|o| o.is_le()),
                        Some(">") => ordering.is_some_and(|o| o.is_gt()),
                        _ => ordering.is_some_and(|o| o.is_ge()),
                    }
                })
            }),
        }
    }
}
