//! Says what a metric filter of CloudWatch would count in some lines of a log.

mod pattern;

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::pattern::{Amount, Expr, Is, Op, Operand, Pattern, Slot, Step};

#[derive(Deserialize)]
struct Question {
    pattern: String,
    /// What a line that matches adds to the metric: a number, or a field such as `$.ms` or `$ms`.
    value: String,
    lines: Vec<String>,
}

#[derive(Serialize)]
struct Counted {
    /// Which lines match, counted from 0.
    matches: Vec<usize>,
    /// What they add to the metric, all together.
    sum: f64,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(count)).await
}

async fn count(event: LambdaEvent<Question>) -> Result<Counted, Diagnostic> {
    let Question { pattern, value, lines } = event.payload;
    let pattern = pattern::read(&pattern).map_err(invalid)?;
    let amount = pattern::read_amount(&value).map_err(invalid)?;
    let mut counted = Counted { matches: Vec::new(), sum: 0.0 };
    for (index, line) in lines.iter().enumerate() {
        let matches = match &pattern {
            Pattern::Json(condition) => serde_json::from_str(line).is_ok_and(|object| holds(condition, &object)),
            Pattern::Words(slots) => words_match(slots, line),
        };
        if matches {
            counted.matches.push(index);
            counted.sum += match &amount {
                Amount::Number(number) => *number,
                // TODO: the number that the line has in this field.
                Amount::Field(_) => 1.0,
            };
        }
    }
    Ok(counted)
}

fn invalid(error_message: String) -> Diagnostic {
    Diagnostic { error_type: "InvalidPattern".to_owned(), error_message }
}

/// Whether the condition holds for the line.
fn holds(condition: &Expr, object: &Value) -> bool {
    match condition {
        Expr::All(parts) => parts.iter().all(|part| holds(part, object)),
        Expr::Any(parts) => parts.iter().any(|part| holds(part, object)),
        // TODO: fields that are not there, or are null, true or false.
        Expr::Test { field, is: Is::Compared(op, operand) } => compares(field, *op, operand, object),
        Expr::Test { .. } => false,
    }
}

fn compares(field: &[Step], op: Op, operand: &Operand, object: &Value) -> bool {
    // TODO: fields of fields; numbers; the other comparisons.
    let [Step::Name(name)] = field else { return false };
    let text = object[name.as_str()].as_str().unwrap_or_default();
    op == Op::Equal && operand.is_text(text) && operand.number().is_none()
}

/// Whether the line has the words that the pattern asks for.
fn words_match(slots: &[Slot], line: &str) -> bool {
    // TODO: what stands in quotation marks or brackets is one field; the last name takes the rest; an ellipsis.
    let named = slots.iter().filter(|slot| match slot {
        Slot::Ellipsis => false,
        // TODO: conditions.
        Slot::Named { name, condition } => condition.is_none() || !name.is_empty(),
    });
    named.count() == line.split_whitespace().count()
}
