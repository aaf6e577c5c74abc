//! Answers questions about a log as CloudWatch Logs Insights does, in a part of its language.

mod query;
mod report;

use std::cmp::Ordering;

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::query::{Aggregate, Column, Command, Expr, Key, Literal, Op};

#[derive(Deserialize)]
struct Question {
    query: String,
    log: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    /// Milliseconds since 1970.
    timestamp: u64,
    message: String,
}

#[derive(Serialize)]
struct Answer {
    rows: Vec<Row>,
}

/// The fields of a line, or of a row of a table. What is not there has no entry.
type Row = Map<String, Value>;

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(answer)).await
}

async fn answer(event: LambdaEvent<Question>) -> Result<Answer, Diagnostic> {
    let Question { query, log } = event.payload;
    let commands = query::read(&query)
        .map_err(|error_message| Diagnostic { error_type: "InvalidQuery".to_owned(), error_message })?;
    let mut rows: Vec<Row> = log.into_iter().map(discovered).collect();
    let mut shown: Vec<String> = Vec::new();
    for command in commands {
        match command {
            Command::Fields(names) => shown.extend(names),
            Command::Filter(condition) => rows.retain(|row| holds(&condition, row)),
            Command::Parse { field, pieces, names } => {
                for row in &mut rows {
                    if let Some(found) = row.get(&field).map(text).and_then(|text| parsed(&text, &pieces)) {
                        row.extend(names.iter().cloned().zip(found.into_iter().map(Value::from)));
                    }
                }
            }
            Command::Stats { columns, by } => {
                shown = by.iter().map(Key::name).chain(columns.iter().map(|column| column.name.clone())).collect();
                rows = table(&rows, &columns, &by);
            }
            Command::Sort { field, descending } => {
                rows.sort_by(|a, b| in_order(a.get(&field), b.get(&field), descending))
            }
            Command::Limit(most) => rows.truncate(most),
        }
    }
    if shown.is_empty() {
        shown = vec!["@timestamp".to_owned(), "@message".to_owned()];
    }
    for row in &mut rows {
        row.retain(|name, _| shown.contains(name));
    }
    Ok(Answer { rows })
}

/// What Logs Insights knows of a line without being told.
fn discovered(line: Line) -> Row {
    let mut row = report::fields(&line.message).unwrap_or_default();
    if let Ok(Value::Object(object)) = serde_json::from_str(&line.message) {
        for (name, value) in object {
            flatten(name, value, &mut row);
        }
    }
    row.insert("@timestamp".to_owned(), line.timestamp.into());
    row.insert("@message".to_owned(), line.message.into());
    row
}

/// Fields of fields have names with points: `user.id`, `tags.0`.
fn flatten(name: String, value: Value, row: &mut Row) {
    match value {
        Value::Object(fields) => {
            for (field, value) in fields {
                flatten(format!("{name}.{field}"), value, row);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.into_iter().enumerate() {
                flatten(format!("{name}.{index}"), value, row);
            }
        }
        Value::Null => {}
        value => {
            row.insert(name, value);
        }
    }
}

fn holds(condition: &Expr, row: &Row) -> bool {
    match condition {
        Expr::All(parts) => parts.iter().all(|part| holds(part, row)),
        Expr::Any(parts) => parts.iter().any(|part| holds(part, row)),
        Expr::Not(inside) => !holds(inside, row),
        Expr::Present(field) => row.contains_key(field),
        Expr::Like { field, text: wanted } => row.get(field).is_some_and(|value| text(value).contains(wanted)),
        Expr::Compared { field, op, with } => row.get(field).is_some_and(|value| op.allows(compared(value, with))),
    }
}

impl Op {
    fn allows(self, order: Ordering) -> bool {
        match self {
            Op::Equal => order.is_eq(),
            Op::NotEqual => order.is_ne(),
            Op::Less => order.is_lt(),
            Op::AtMost => order.is_le(),
            Op::Greater => order.is_gt(),
            Op::AtLeast => order.is_ge(),
        }
    }
}

fn compared(value: &Value, with: &Literal) -> Ordering {
    let with = match with {
        Literal::Text(text) => Value::from(text.as_str()),
        Literal::Number(number) => Value::from(*number),
    };
    order(value, &with)
}

/// Numbers by their size, whether they came as numbers or as text; everything else as text.
fn order(a: &Value, b: &Value) -> Ordering {
    match (number(a), number(b)) {
        (Some(a), Some(b)) => by_size(a, b),
        _ => text(a).cmp(&text(b)),
    }
}

/// For numbers that are finite, as all are that were read.
fn by_size(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or(Ordering::Equal)
}

/// For sorting, which needs an order of all values: numbers by their size, then everything else as text.
fn place(a: &Value, b: &Value) -> Ordering {
    match (number(a), number(b)) {
        (Some(a), Some(b)) => by_size(a, b),
        (None, None) => text(a).cmp(&text(b)),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::String(text) => text.parse().ok().filter(|number: &f64| number.is_finite()),
        value => value.as_f64(),
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What stands for the asterisks between these pieces, each as short as it can be; the last one up to the end, if no
/// piece follows it.
fn parsed(text: &str, pieces: &[String]) -> Option<Vec<String>> {
    let (first, pieces) = pieces.split_first()?;
    let (_, mut rest) = text.split_once(first.as_str())?;
    let mut found = Vec::new();
    for (index, piece) in pieces.iter().enumerate() {
        let ends = index + 1 == pieces.len() && piece.is_empty();
        let (before, after) = if ends { (rest, "") } else { rest.split_once(piece.as_str())? };
        found.push(before.to_owned());
        rest = after;
    }
    Some(found)
}

impl Key {
    fn name(&self) -> String {
        match self {
            Key::Field(name) | Key::Bin { name, .. } => name.clone(),
        }
    }

    fn of(&self, row: &Row) -> Option<Value> {
        match self {
            Key::Field(name) => row.get(name).cloned(),
            Key::Bin { ms, .. } => row.get("@timestamp").and_then(Value::as_u64).map(|time| (time - time % ms).into()),
        }
    }
}

/// A row for each group, in the order in which they came.
fn table(rows: &[Row], columns: &[Column], by: &[Key]) -> Vec<Row> {
    let mut groups: Vec<(Vec<Option<Value>>, Vec<&Row>)> = Vec::new();
    for row in rows {
        let key: Vec<Option<Value>> = by.iter().map(|key| key.of(row)).collect();
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, members)) => members.push(row),
            None => groups.push((key, vec![row])),
        }
    }
    let row = |(key, members): (Vec<Option<Value>>, Vec<&Row>)| {
        let keys = by.iter().zip(key).filter_map(|(key, value)| Some((key.name(), value?)));
        let values = columns.iter().filter_map(|column| Some((column.name.clone(), column.aggregate.of(&members)?)));
        keys.chain(values).collect()
    };
    groups.into_iter().map(row).collect()
}

impl Aggregate {
    /// The value for these rows; none where there is nothing to compute it from.
    fn of(&self, rows: &[&Row]) -> Option<Value> {
        let numbers = |field: &str| -> Vec<f64> { rows.iter().filter_map(|row| number(row.get(field)?)).collect() };
        let value = match self {
            Aggregate::CountAll => rows.len() as f64,
            Aggregate::Count(field) => rows.iter().filter(|row| row.contains_key(field)).count() as f64,
            Aggregate::Sum(field) => numbers(field).into_iter().reduce(|a, b| a + b)?,
            Aggregate::Avg(field) => {
                let numbers = numbers(field);
                numbers.iter().copied().reduce(|a, b| a + b)? / numbers.len() as f64
            }
            Aggregate::Min(field) => numbers(field).into_iter().reduce(f64::min)?,
            Aggregate::Max(field) => numbers(field).into_iter().reduce(f64::max)?,
            Aggregate::Pct(field, percent) => {
                let mut numbers = numbers(field);
                numbers.sort_by(f64::total_cmp);
                let rank = (numbers.len() as f64 * percent / 100.0).ceil().max(1.0) as usize;
                *numbers.get(rank - 1)?
            }
        };
        Some(value.into())
    }
}

/// Ascending or descending; rows without the field come last both ways.
fn in_order(a: Option<&Value>, b: Option<&Value>, descending: bool) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) if descending => place(b, a),
        (Some(a), Some(b)) => place(a, b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}
