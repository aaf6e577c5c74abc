//! What a pattern asks of one value.

use serde_json::{Value, json};

use super::cidr::Cidr;
use super::wildcard::Wildcard;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Matcher {
    /// The same type and value: absent, `null` and `""` are three things.
    Equals(Value),
    /// Whether there is a leaf; asked of the field, not of a value.
    Exists(bool),
    Prefix(Text),
    Suffix(Text),
    EqualsIgnoreCase(String),
    Wildcard(Wildcard),
    Cidr(Cidr),
    Numeric(Range),
    /// A value that none of these takes, whatever its type.
    AnythingBut(Vec<Matcher>),
}

/// The operand of `prefix` and `suffix`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) text: String,
    pub(super) ignore_case: bool,
}

/// The operand of `numeric`: `[">", 0, "<=", 5]`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Range {
    pub(super) terms: Vec<(Comparison, f64)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// The largest number, up and down, that `numeric` compares.
///
/// Source:
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html#filtering-numeric-matching>.
pub(super) const LARGEST_NUMBER: f64 = 5.0e9;

impl Matcher {
    /// Whether this value is wanted.
    pub(super) fn matches(&self, value: &Value) -> bool {
        match self {
            Matcher::Equals(wanted) => match (wanted, value) {
                // The way it is written counts: 300 is not 300.0.
                (Value::Number(wanted), Value::Number(got)) => wanted.to_string() == got.to_string(),
                _ => wanted == value,
            },
            Matcher::Exists(wanted) => *wanted,
            Matcher::Prefix(wanted) => text_of(value, wanted.ignore_case)
                .is_some_and(|text| text.starts_with(&folded(&wanted.text, wanted.ignore_case))),
            Matcher::Suffix(wanted) => text_of(value, wanted.ignore_case)
                .is_some_and(|text| text.ends_with(&folded(&wanted.text, wanted.ignore_case))),
            Matcher::EqualsIgnoreCase(wanted) => text_of(value, true).is_some_and(|text| text == folded(wanted, true)),
            Matcher::Wildcard(wildcard) => value.as_str().is_some_and(|text| wildcard.matches(text)),
            Matcher::Cidr(cidr) => value.as_str().is_some_and(|text| cidr.contains(text)),
            Matcher::Numeric(range) => value.is_number() && value.as_f64().is_some_and(|number| range.contains(number)),
            Matcher::AnythingBut(unwanted) => !unwanted.iter().any(|matcher| matcher.matches(value)),
        }
    }

    /// As it stands in a pattern.
    pub(super) fn to_json(&self) -> Value {
        match self {
            Matcher::Equals(value) => value.clone(),
            Matcher::Exists(wanted) => json!({ "exists": wanted }),
            Matcher::Prefix(text) => json!({ "prefix": text.to_json() }),
            Matcher::Suffix(text) => json!({ "suffix": text.to_json() }),
            Matcher::EqualsIgnoreCase(text) => json!({ "equals-ignore-case": text }),
            Matcher::Wildcard(wildcard) => json!({ "wildcard": wildcard.as_str() }),
            Matcher::Cidr(cidr) => json!({ "cidr": cidr.to_string() }),
            Matcher::Numeric(range) => json!({ "numeric": range.to_json() }),
            Matcher::AnythingBut(unwanted) => json!({ "anything-but": unwanted_to_json(unwanted) }),
        }
    }
}

/// `["a","b"]`, or `{"prefix":["a","b"]}` for operators.
fn unwanted_to_json(unwanted: &[Matcher]) -> Value {
    let mut operator = None;
    let operands = unwanted.iter().map(|matcher| match matcher {
        Matcher::Numeric(range) => range.terms.first().map_or(Value::Null, |(_, number)| number_to_json(*number)),
        matcher => match matcher.to_json() {
            Value::Object(expression) => {
                let (name, operand) = expression.into_iter().next().unwrap_or_default();
                operator = Some(name);
                operand
            }
            scalar => scalar,
        },
    });
    let operands = Value::Array(operands.collect());
    match operator {
        Some(name) => json!({ name: operands }),
        None => operands,
    }
}

pub(super) fn list_to_json(matchers: &[Matcher]) -> Value {
    matchers.iter().map(Matcher::to_json).collect()
}

/// The value's text; none for what is not a string.
fn text_of(value: &Value, ignore_case: bool) -> Option<String> {
    value.as_str().map(|text| folded(text, ignore_case))
}

fn folded(text: &str, ignore_case: bool) -> String {
    if ignore_case { text.to_lowercase() } else { text.to_owned() }
}

impl Text {
    fn to_json(&self) -> Value {
        if self.ignore_case { json!({ "equals-ignore-case": self.text }) } else { json!(self.text) }
    }
}

impl Range {
    fn contains(&self, number: f64) -> bool {
        number.abs() <= LARGEST_NUMBER
            && self.terms.iter().all(|(comparison, bound)| match comparison {
                Comparison::Equal => number == *bound,
                Comparison::Greater => number > *bound,
                Comparison::GreaterOrEqual => number >= *bound,
                Comparison::Less => number < *bound,
                Comparison::LessOrEqual => number <= *bound,
            })
    }

    fn to_json(&self) -> Value {
        self.terms.iter().flat_map(|(comparison, bound)| [json!(comparison.symbol()), number_to_json(*bound)]).collect()
    }
}

impl Comparison {
    pub(super) const ALL: [Comparison; 5] =
        [Comparison::Equal, Comparison::Greater, Comparison::GreaterOrEqual, Comparison::Less, Comparison::LessOrEqual];

    pub(super) fn symbol(self) -> &'static str {
        match self {
            Comparison::Equal => "=",
            Comparison::Greater => ">",
            Comparison::GreaterOrEqual => ">=",
            Comparison::Less => "<",
            Comparison::LessOrEqual => "<=",
        }
    }
}

/// Whole numbers without `.0`.
fn number_to_json(number: f64) -> Value {
    if number.fract() == 0.0 { json!(number as i64) } else { json!(number) }
}
