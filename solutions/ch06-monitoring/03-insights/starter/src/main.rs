//! Answers questions about a log as CloudWatch Logs Insights does, in a part of its language.

mod query;
mod report;

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::query::Command;

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
    let mut shown: Vec<String> = vec!["@timestamp".to_owned(), "@message".to_owned()];
    for command in commands {
        match command {
            Command::Fields(names) => shown = names,
            Command::Limit(most) => rows.truncate(most),
            // TODO: filter, parse, stats and sort.
            _ => {}
        }
    }
    for row in &mut rows {
        row.retain(|name, _| shown.contains(name));
    }
    Ok(Answer { rows })
}

/// What Logs Insights knows of a line without being told.
fn discovered(line: Line) -> Row {
    let mut row = report::fields(&line.message).unwrap_or_default();
    // TODO: the fields of a line that is a JSON object, and the fields of its fields.
    row.insert("@timestamp".to_owned(), line.timestamp.into());
    row.insert("@message".to_owned(), line.message.into());
    row
}
