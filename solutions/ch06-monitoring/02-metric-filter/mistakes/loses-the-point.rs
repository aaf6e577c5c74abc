//! caught-by: knows_the_asterisk
//!
//! Compares a number that stands against text in the spelling of Rust, 400, and not in that of the log, 400.0.
#![allow(unused)]

#[path = "../src/pattern.rs"]
mod pattern;

use std::cmp::Ordering;

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

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
        if let Some(line) = Line::matching(&pattern, line) {
            counted.matches.push(index);
            counted.sum += line.amount(&amount).unwrap_or_default();
        }
    }
    Ok(counted)
}

fn invalid(error_message: String) -> Diagnostic {
    Diagnostic { error_type: "InvalidPattern".to_owned(), error_message }
}

/// A line as a pattern sees it.
enum Line<'a> {
    Json(Value),
    /// The names of a pattern, each with the words that it stands for.
    Words(Vec<(&'a str, &'a str)>),
}

impl<'a> Line<'a> {
    /// The line, if it has the form that the pattern asks for and all conditions hold.
    fn matching(pattern: &'a Pattern, text: &'a str) -> Option<Line<'a>> {
        match pattern {
            Pattern::Json(condition) => {
                let object = serde_json::from_str(text).ok().filter(Value::is_object)?;
                Some(Line::Json(object)).filter(|line| line.holds(condition))
            }
            Pattern::Words(slots) => {
                let conditions = || slots.iter().filter_map(Slot::condition);
                aligned(slots, text).map(Line::Words).filter(|line| conditions().all(|condition| line.holds(condition)))
            }
        }
    }

    fn holds(&self, condition: &Expr) -> bool {
        match condition {
            Expr::All(parts) => parts.iter().all(|part| self.holds(part)),
            Expr::Any(parts) => parts.iter().any(|part| self.holds(part)),
            Expr::Test { field, is } => match (is, self.field(field)) {
                (Is::Absent, found) => found.is_none(),
                (Is::Null, Some(Datum::Null)) => true,
                (Is::Bool(wanted), Some(Datum::Bool(found))) => *wanted == found,
                (Is::Compared(op, operand), Some(found)) => found.compares(*op, operand),
                _ => false,
            },
        }
    }

    fn field(&self, steps: &[Step]) -> Option<Datum<'_>> {
        match self {
            Line::Json(object) => steps.iter().try_fold(object, below).map(Datum::of),
            Line::Words(words) => {
                let [Step::Name(name)] = steps else { return None };
                words.iter().find(|(slot, _)| slot == name).map(|(_, word)| Datum::Word(word))
            }
        }
    }

    /// What the line adds to the metric; none where the field is not there or no number.
    fn amount(&self, amount: &Amount) -> Option<f64> {
        match amount {
            Amount::Number(number) => Some(*number),
            Amount::Field(steps) => self.field(steps)?.number(),
        }
    }
}

/// What is one step further inside.
fn below<'a>(value: &'a Value, step: &Step) -> Option<&'a Value> {
    match step {
        Step::Name(name) => value.get(name),
        Step::Index(index) => value.get(index),
    }
}

/// What a field of a line is.
enum Datum<'a> {
    /// A word of a line that is no JSON: a number, if it reads as one.
    Word(&'a str),
    Text(&'a str),
    Number(&'a Number),
    Bool(bool),
    Null,
    /// An object or a list, which no comparison matches.
    Nested,
}

impl<'a> Datum<'a> {
    fn of(value: &'a Value) -> Datum<'a> {
        match value {
            Value::String(text) => Datum::Text(text),
            Value::Number(number) => Datum::Number(number),
            Value::Bool(yes) => Datum::Bool(*yes),
            Value::Null => Datum::Null,
            Value::Array(_) | Value::Object(_) => Datum::Nested,
        }
    }

    fn number(&self) -> Option<f64> {
        match self {
            Datum::Number(number) => number.as_f64(),
            Datum::Word(word) => word.parse().ok().filter(|number: &f64| number.is_finite()),
            _ => None,
        }
    }

    /// How it looks in the log; none for what is no text and no number.
    fn text(&self) -> Option<String> {
        match self {
            Datum::Word(text) | Datum::Text(text) => Some((*text).to_owned()),
            Datum::Number(number) => Some(number.as_f64()?.to_string()),
            _ => None,
        }
    }

    fn compares(&self, op: Op, operand: &Operand) -> bool {
        if let (Some(found), Some(wanted)) = (self.number(), operand.number()) {
            return found.partial_cmp(&wanted).is_some_and(|order| op.allows(order));
        }
        self.text().is_some_and(|text| match op {
            Op::Equal => operand.is_text(&text),
            Op::NotEqual => !operand.is_text(&text),
            _ => false,
        })
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

impl Slot {
    fn condition(&self) -> Option<&Expr> {
        match self {
            Slot::Named { condition, .. } => condition.as_ref(),
            Slot::Ellipsis => None,
        }
    }

    fn name(&self) -> &str {
        match self {
            Slot::Named { name, .. } => name,
            Slot::Ellipsis => "...",
        }
    }
}

/// The names of the pattern, each with its words; none if the line has too few words, or too many.
fn aligned<'a>(slots: &'a [Slot], line: &'a str) -> Option<Vec<(&'a str, &'a str)>> {
    let fields = fields(line);
    if let Some(place) = slots.iter().position(|slot| matches!(slot, Slot::Ellipsis)) {
        let (before, after) = (&slots[..place], &slots[place + 1..]);
        let rest = fields.len().checked_sub(after.len()).filter(|rest| *rest >= before.len())?;
        let names = before.iter().chain(after).map(Slot::name);
        let words = fields[..before.len()].iter().chain(&fields[rest..]);
        return Some(names.zip(words.map(|field| field.text)).collect());
    }
    let last = slots.len().checked_sub(1)?;
    let rest = fields.get(last)?;
    // The last name takes all that is left.
    let rest = if fields.len() == slots.len() { rest.text } else { line[rest.begin..].trim_end() };
    let words = fields[..last].iter().map(|field| field.text).chain([rest]);
    Some(slots.iter().map(Slot::name).zip(words).collect())
}

/// A word, or what stands in quotation marks or brackets, without those.
struct Field<'a> {
    text: &'a str,
    /// Where it begins in the line.
    begin: usize,
}

fn fields(line: &str) -> Vec<Field<'_>> {
    let mut fields = Vec::new();
    let mut begin = 0;
    while let Some(skipped) = line[begin..].find(|c: char| !c.is_whitespace()) {
        begin += skipped;
        let rest = &line[begin..];
        let closing = match rest.as_bytes()[0] {
            b'"' => Some('"'),
            b'[' => Some(']'),
            _ => None,
        };
        let enclosed =
            closing.and_then(|closing| rest[1..].split_once(closing)).map(|(text, _)| (text, text.len() + 2));
        let (text, length) = enclosed.unwrap_or_else(|| {
            let length = rest.find(char::is_whitespace).unwrap_or(rest.len());
            (&rest[..length], length)
        });
        fields.push(Field { text, begin });
        begin += length;
    }
    fields
}
