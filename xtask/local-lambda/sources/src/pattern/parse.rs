//! From text to what a pattern asks for, or to AWS's reason why not.

use super::cidr::Cidr;
use super::matcher::{Comparison, LARGEST_NUMBER, Matcher, Range, Text};
use super::ordered_json::Json;
use super::wildcard::Wildcard;
use super::{Dialect, Fields, InvalidPattern, Node};

/// How many alternatives the lists of `$or` may multiply out to.
///
/// Source:
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html#eb-filtering-complex-example-or>.
const MAX_ALTERNATIVES: usize = 1_000;

/// Names that a field inside `$or` may not have.
const OPERATORS: [&str; 9] =
    ["exactly", "prefix", "suffix", "equals-ignore-case", "numeric", "anything-but", "exists", "cidr", "wildcard"];

/// Reads a pattern: what `$or` multiplies out to.
pub(super) fn alternatives(dialect: Dialect, text: &str) -> Result<Vec<Fields>, InvalidPattern> {
    let json: Json = serde_json::from_str(text).map_err(|error| invalid(error.to_string(), &[]))?;
    let Json::Object(fields) = json else { return Err(invalid("Filter is not an object", &[])) };
    let mut reader = Reader { dialect, path: Vec::new(), alternatives: Vec::new() };
    reader.object(&fields, false)?;
    Ok(reader.alternatives)
}

fn invalid(reason: impl Into<String>, path: &[String]) -> InvalidPattern {
    let path = path.iter().map(|name| format!("/{}", name.replace('~', "~0").replace('/', "~1"))).collect();
    InvalidPattern { reason: reason.into(), path }
}

#[derive(Debug)]
struct Reader {
    dialect: Dialect,
    /// Where the reader is.
    path: Vec<String>,
    alternatives: Vec<Fields>,
}

impl Reader {
    fn object(&mut self, fields: &[(String, Json)], inside_or: bool) -> Result<(), InvalidPattern> {
        if fields.is_empty() {
            return Err(self.invalid("Empty objects are not allowed"));
        }
        for (name, json) in fields {
            if name == "$or" {
                self.or(json)?;
                continue;
            }
            if inside_or && OPERATORS.contains(&name.as_str()) {
                let reason = format!("{name} is Ruler reserved fieldName which cannot be used inside $or.");
                return Err(self.invalid(reason));
            }
            self.path.push(name.clone());
            match json {
                Json::Object(fields) => self.object(fields, inside_or)?,
                Json::Array(values) => {
                    let matchers = self.values(values)?;
                    self.ask(&matchers);
                }
                _ => return Err(self.invalid(format!("\"{name}\" must be an object or an array"))),
            }
            self.path.pop();
        }
        Ok(())
    }

    fn or(&mut self, json: &Json) -> Result<(), InvalidPattern> {
        let before = std::mem::take(&mut self.alternatives);
        let Json::Array(members) = json else { return Err(self.invalid("It must be an Array followed with $or.")) };
        let mut all = Vec::new();
        for member in members {
            let Json::Object(fields) = member else {
                return Err(self.invalid("Only JSON object is allowed in array of $or relationship."));
            };
            self.alternatives.clone_from(&before);
            self.object(fields, true)?;
            all.append(&mut self.alternatives);
            if all.len() > MAX_ALTERNATIVES {
                let reason = format!("Event pattern contains more than {MAX_ALTERNATIVES} rule combinations");
                return Err(self.invalid(reason));
            }
        }
        if members.len() < 2 {
            return Err(self.invalid("There must have at least 2 Objects in $or relationship."));
        }
        self.alternatives = all;
        Ok(())
    }

    /// Asks each alternative for these values at the current path; what it asked for there before is replaced.
    fn ask(&mut self, matchers: &[Matcher]) {
        if self.alternatives.is_empty() {
            self.alternatives.push(Fields::new());
        }
        for fields in &mut self.alternatives {
            write(fields, &self.path, matchers);
        }
    }

    fn values(&self, values: &[Json]) -> Result<Vec<Matcher>, InvalidPattern> {
        if values.is_empty() {
            return Err(self.invalid("Empty arrays are not allowed"));
        }
        values.iter().map(|value| self.value(value)).collect()
    }

    fn value(&self, value: &Json) -> Result<Matcher, InvalidPattern> {
        let matcher = match value {
            Json::Object(expression) => self.expression(expression),
            Json::Array(_) => Err("Match value must be String, number, true, false, or null".to_owned()),
            scalar => Ok(Matcher::Equals(scalar.scalar().expect("neither array nor object"))),
        };
        matcher.map_err(|reason| self.invalid(reason))
    }

    /// `{ "prefix": "us-" }`.
    fn expression(&self, expression: &[(String, Json)]) -> Result<Matcher, String> {
        let Some((operator, operand)) = expression.first() else {
            return Err("Match expression name not found".to_owned());
        };
        let matcher = match operator.as_str() {
            "exactly" => Matcher::Equals(text(operand, "exact match pattern must be a string")?.into()),
            "prefix" => Matcher::Prefix(affix("prefix", operand)?),
            "suffix" => Matcher::Suffix(affix("suffix", operand)?),
            "equals-ignore-case" => Matcher::EqualsIgnoreCase(
                text(operand, "equals-ignore-case match pattern must be a string")?.to_owned(),
            ),
            "wildcard" => wildcard(operand)?,
            // AWS's own words, although the operator is another.
            "cidr" => Matcher::Cidr(Cidr::parse(text(operand, "prefix match pattern must be a string")?)?),
            "numeric" => Matcher::Numeric(range(operand)?),
            "exists" => match operand {
                Json::Bool(wanted) => Matcher::Exists(*wanted),
                _ => return Err("exists match pattern must be either true or false.".to_owned()),
            },
            "anything-but" => anything_but(operand)?,
            other => return Err(format!("Unrecognized match type {other}")),
        };
        let nested = matches!(operand, Json::Object(_));
        if self.dialect == Dialect::Lambda
            && (matches!(operator.as_str(), "wildcard" | "cidr" | "exactly") || nested && operator == "anything-but")
        {
            return Err(format!("Unrecognized match type {operator}"));
        }
        match (expression.len(), operator.as_str()) {
            (1, _) => Ok(matcher),
            (_, "numeric" | "anything-but") => Err("Too many elements in numeric expression".to_owned()),
            _ => Err("Only one key allowed in match expression".to_owned()),
        }
    }

    fn invalid(&self, reason: impl Into<String>) -> InvalidPattern {
        invalid(reason, &self.path)
    }
}

fn write(fields: &mut Fields, path: &[String], matchers: &[Matcher]) {
    let Some((name, below)) = path.split_first() else { return };
    if below.is_empty() {
        let node = match fields.get(name) {
            Some(Node::Object(_) | Node::Never) => Node::Never,
            Some(Node::Values(_)) | None => Node::Values(matchers.to_vec()),
        };
        fields.insert(name.clone(), node);
        return;
    }
    let node = fields.entry(name.clone()).or_insert_with(|| Node::Object(Fields::new()));
    match node {
        Node::Object(fields) => write(fields, below, matchers),
        Node::Values(_) | Node::Never => *node = Node::Never,
    }
}

fn text<'a>(operand: &'a Json, otherwise: &str) -> Result<&'a str, String> {
    match operand {
        Json::String(text) => Ok(text),
        _ => Err(otherwise.to_owned()),
    }
}

/// The operand of `prefix` or `suffix`: a string, or `{ "equals-ignore-case": "…" }`.
fn affix(operator: &str, operand: &Json) -> Result<Text, String> {
    let Json::Object(inner) = operand else {
        let text = text(operand, &format!("{operator} match pattern must be a string"))?;
        return Ok(Text { text: text.to_owned(), ignore_case: false });
    };
    let capital = if operator == "prefix" { "Prefix" } else { "Suffix" };
    let (name, operand) = inner.first().ok_or_else(|| format!("{capital} expression name not found"))?;
    if name != "equals-ignore-case" {
        return Err(format!("Unsupported {operator} pattern: {name}"));
    }
    let text = text(operand, "equals-ignore-case match pattern must be a string")?;
    only_one(inner)?;
    Ok(Text { text: text.to_owned(), ignore_case: true })
}

fn only_one(expression: &[(String, Json)]) -> Result<(), String> {
    if expression.len() == 1 { Ok(()) } else { Err("Only one key allowed in match expression".to_owned()) }
}

fn wildcard(operand: &Json) -> Result<Matcher, String> {
    Ok(Matcher::Wildcard(Wildcard::parse(text(operand, "wildcard match pattern must be a string")?)?))
}

/// The operand of `anything-but`: strings, or numbers, or an operator with strings.
fn anything_but(operand: &Json) -> Result<Matcher, String> {
    if let Json::Object(inner) = operand {
        let (name, operand) = inner.first().ok_or("Anything-But expression name not found")?;
        let unwanted = several(operand).iter().map(|operand| anything_but_operator(name, operand));
        let unwanted = unwanted.collect::<Result<Vec<_>, _>>()?;
        only_one(inner)?;
        if unwanted.is_empty() {
            // AWS takes it and then cannot evaluate the rule.
            return Err("Empty arrays are not allowed".to_owned());
        }
        return Ok(Matcher::AnythingBut(unwanted));
    }
    if matches!(operand, Json::Bool(_) | Json::Null) {
        return Err("Value of anything-but must be an array or single string/number value.".to_owned());
    }
    let values = several(operand);
    let unwanted = values.iter().map(|value| match value {
        Json::String(text) => Ok(Matcher::Equals(text.as_str().into())),
        Json::Number(_) => {
            Ok(Matcher::Numeric(Range { terms: vec![(Comparison::Equal, number(value, "anything-but")?)] }))
        }
        _ => Err("Inside anything but list, start|null|boolean is not supported.".to_owned()),
    });
    let unwanted = unwanted.collect::<Result<Vec<_>, _>>()?;
    let numbers = unwanted.iter().filter(|matcher| matches!(matcher, Matcher::Numeric(_))).count();
    if unwanted.is_empty() || numbers != 0 && numbers != unwanted.len() {
        let reason = "Inside anything but list, either all values are number or string, mixed type is not supported";
        return Err(reason.to_owned());
    }
    Ok(Matcher::AnythingBut(unwanted))
}

fn anything_but_operator(name: &str, operand: &Json) -> Result<Matcher, String> {
    let affix = |operand| -> Result<Text, String> {
        match text(operand, "prefix/suffix match pattern must be a string")? {
            "" => Err("Null prefix/suffix not allowed".to_owned()),
            text => Ok(Text { text: text.to_owned(), ignore_case: false }),
        }
    };
    match name {
        "prefix" => Ok(Matcher::Prefix(affix(operand)?)),
        "suffix" => Ok(Matcher::Suffix(affix(operand)?)),
        "wildcard" => wildcard(operand),
        "equals-ignore-case" => {
            let otherwise = "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.";
            Ok(Matcher::EqualsIgnoreCase(text(operand, otherwise)?.to_owned()))
        }
        other => Err(format!("Unsupported anything-but pattern: {other}")),
    }
}

/// The elements of a list, or one value as a list of one.
fn several(operand: &Json) -> &[Json] {
    match operand {
        Json::Array(values) => values,
        value => std::slice::from_ref(value),
    }
}

/// The operand of `numeric`: one comparison, or a lower bound and then an upper one.
fn range(operand: &Json) -> Result<Range, String> {
    let Json::Array(terms) = operand else { return Err("Value of numeric must be an array.".to_owned()) };
    let first = match terms.first() {
        Some(Json::String(symbol)) => Comparison::ALL
            .into_iter()
            .find(|comparison| comparison.symbol() == symbol)
            .ok_or_else(|| format!("Unrecognized numeric range operator: {symbol}"))?,
        other => {
            let token = other.map_or_else(|| "]".to_owned(), Json::token);
            return Err(format!("Invalid member in numeric match: {token}"));
        }
    };
    let name = if first == Comparison::Equal { "equals" } else { first.symbol() };
    let low = number(terms.get(1).unwrap_or(&Json::Null), name)?;
    let Some(second) = terms.get(2) else { return Ok(Range { terms: vec![(first, low)] }) };
    if !matches!(first, Comparison::Greater | Comparison::GreaterOrEqual) {
        return Err("Too many elements in numeric expression".to_owned());
    }
    let Json::String(symbol) = second else { return Err(format!("Bad value in numeric range: {}", second.token())) };
    let second = match symbol.as_str() {
        "<" => Comparison::Less,
        "<=" => Comparison::LessOrEqual,
        _ => return Err(format!("Bad numeric range operator: {symbol}")),
    };
    let high = number(terms.get(3).unwrap_or(&Json::Null), symbol)?;
    if terms.len() > 4 {
        return Err("Too many terms in numeric range expression".to_owned());
    }
    if low >= high {
        return Err("Bottom must be less than top".to_owned());
    }
    Ok(Range { terms: vec![(first, low), (second, high)] })
}

fn number(json: &Json, operator: &str) -> Result<f64, String> {
    let Json::Number(number) = json else { return Err(format!("Value of {operator} must be numeric")) };
    match number.as_f64() {
        Some(number) if number.abs() <= LARGEST_NUMBER => Ok(number),
        _ => Err("Value must be between -5.0E9 and 5.0E9, inclusive".to_owned()),
    }
}
