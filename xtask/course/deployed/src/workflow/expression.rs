//! What stands between `${{` and `}}`: contexts, comparisons, functions.
//!
//! Source: <https://docs.github.com/en/actions/reference/workflows-and-actions/expressions>.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Event, Invalid, Outcome, as_text};

/// All that an expression can ask for at one place of a run.
#[derive(Debug, Clone)]
pub(super) struct Expressions<'e> {
    pub event: &'e Event,
    pub env: BTreeMap<String, String>,
    pub matrix: Value,
    /// How the jobs ended that this one needs.
    pub needs: BTreeMap<String, Outcome>,
    /// Whether everything before went well; nothing where that cannot be asked.
    pub goes_well: bool,
}

impl Expressions<'_> {
    /// A text with its expressions put in. One that is nothing but an expression keeps the value's kind.
    pub(super) fn put_in(&self, text: &str) -> Result<Value, Invalid> {
        let mut result = String::new();
        let mut rest = text;
        while let Some(start) = rest.find("${{") {
            let end = rest[start..].find("}}").ok_or_else(|| Invalid(format!("an expression does not end: {text}")))?;
            let value = self.evaluate(&rest[start + 3..start + end])?;
            result.push_str(&rest[..start]);
            rest = &rest[start + end + 2..];
            if result.is_empty() && rest.is_empty() {
                return Ok(value);
            }
            result.push_str(&as_text(&value));
        }
        result.push_str(rest);
        Ok(Value::from(result))
    }

    /// Whether an `if` holds: without a function about how things go, everything before has to have gone well.
    pub(super) fn holds(&self, condition: &Value) -> Result<bool, Invalid> {
        let text = as_text(condition);
        let bare = text.trim();
        let inner = bare.strip_prefix("${{").and_then(|bare| bare.strip_suffix("}}")).unwrap_or(bare);
        let asks = ["always(", "success(", "failure(", "cancelled("].iter().any(|function| inner.contains(function));
        let value = if inner.trim().is_empty() { Value::from(true) } else { self.evaluate(inner)? };
        Ok(is_true(&value) && (asks || self.goes_well))
    }

    fn evaluate(&self, text: &str) -> Result<Value, Invalid> {
        let tokens = tokens(text)?;
        let mut parser = Parser { expressions: self, tokens: &tokens, place: 0, text };
        let value = parser.either()?;
        if parser.place < tokens.len() {
            return Err(parser.invalid());
        }
        Ok(value)
    }

    fn context(&self, path: &str) -> Value {
        let (name, rest) = path.split_once('.').unwrap_or((path, ""));
        let event = self.event;
        let branch = event.reference.strip_prefix("refs/heads/").unwrap_or("7/merge");
        match (name, rest) {
            ("github", "event_name") => event.name.as_str().into(),
            ("github", "ref") => event.reference.as_str().into(),
            ("github", "ref_name") => branch.into(),
            ("github", "ref_type") => "branch".into(),
            ("github", "base_ref") if event.name.starts_with("pull_request") => "main".into(),
            ("github", "base_ref") => "".into(),
            ("github", "head_ref") if !event.name.starts_with("pull_request") => "".into(),
            ("github", "repository") => "ferris-prints/shop".into(),
            ("github", "repository_owner") => "ferris-prints".into(),
            ("github", "event.pull_request.head.repo.fork") => event.is_fork.into(),
            ("github", "event.pull_request.head.repo.full_name") => {
                if event.is_fork { "stranger/shop" } else { "ferris-prints/shop" }.into()
            }
            ("github", "event.repository.default_branch") => "main".into(),
            ("github", "event.action") => "opened".into(),
            ("github", "head_ref") => event.words.as_str().into(),
            (
                "github",
                "sha" | "run_id" | "run_number" | "run_attempt" | "actor" | "workflow" | "token" | "workspace" | "job",
            ) => format!("github.{rest}").into(),
            ("github", "event") => json!({ "title": event.words }),
            ("github", "") => json!({ "event": { "title": event.words }, "ref": event.reference }),
            ("github", rest) if rest.starts_with("event.") => event.words.as_str().into(),
            ("env", rest) => self.env.get(rest).map_or(Value::Null, |value| value.as_str().into()),
            // A stranger's pull request gets no secrets.
            ("secrets", "GITHUB_TOKEN") => "github.token".into(),
            ("secrets", _) if event.is_fork && event.name == "pull_request" => "".into(),
            ("secrets", rest) => format!("secret:{rest}").into(),
            ("vars", rest) => format!("var:{rest}").into(),
            ("matrix", rest) => self.matrix[rest].clone(),
            ("needs", rest) => match rest.split_once('.') {
                Some((job, "result")) => match self.needs.get(job) {
                    Some(Outcome::Succeeded) => "success".into(),
                    Some(Outcome::Failed) => "failure".into(),
                    Some(Outcome::PassedOver) => "skipped".into(),
                    None => Value::Null,
                },
                _ => format!("needs.{rest}").into(),
            },
            ("job", "status") => if self.goes_well { "success" } else { "failure" }.into(),
            ("steps" | "runner" | "strategy" | "inputs", rest) => format!("{name}.{rest}").into(),
            _ => Value::Null,
        }
    }

    fn function(&self, name: &str, arguments: &[Value]) -> Option<Value> {
        let lower = |value: &Value| as_text(value).to_lowercase();
        Some(match (name, arguments) {
            ("always", []) => true.into(),
            ("success", []) => self.goes_well.into(),
            ("failure", []) => (!self.goes_well).into(),
            ("cancelled", []) => false.into(),
            ("contains", [Value::Array(items), one]) => items.iter().any(|item| equal(item, one)).into(),
            ("contains", [whole, part]) => lower(whole).contains(&lower(part)).into(),
            ("startsWith", [whole, part]) => lower(whole).starts_with(&lower(part)).into(),
            ("endsWith", [whole, part]) => lower(whole).ends_with(&lower(part)).into(),
            ("format", [template, values @ ..]) => {
                let put_in = |text: String, (index, value): (usize, &Value)| {
                    text.replace(&format!("{{{index}}}"), &as_text(value))
                };
                values.iter().enumerate().fold(as_text(template), put_in).into()
            }
            ("toJSON", [value]) => value.to_string().into(),
            ("fromJSON", [text]) => serde_json::from_str(&as_text(text)).unwrap_or_default(),
            ("hashFiles", _) => "a-hash".into(),
            _ => return None,
        })
    }
}

fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        _ => true,
    }
}

fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::String(left), Value::String(right)) => left.to_lowercase() == right.to_lowercase(),
        _ => left == right,
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Value(Value),
    Name(String),
    Sign(&'static str),
}

fn tokens(text: &str) -> Result<Vec<Token>, Invalid> {
    const SIGNS: [&str; 11] = ["==", "!=", "&&", "||", "<=", ">=", "!", "(", ")", ",", "<"];
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        if let Some(quoted) = rest.strip_prefix('\'') {
            let mut content = String::new();
            let mut after = quoted;
            loop {
                let end = after.find('\'').ok_or_else(|| Invalid(format!("a quote is not closed in {text}")))?;
                content.push_str(&after[..end]);
                after = &after[end + 1..];
                match after.strip_prefix('\'') {
                    Some(more) => {
                        content.push('\'');
                        after = more;
                    }
                    None => break,
                }
            }
            tokens.push(Token::Value(content.into()));
            rest = after;
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            tokens.push(Token::Sign(sign));
            rest = &rest[sign.len()..];
        } else {
            let is_of_name = |c: char| c.is_alphanumeric() || "._-*[]'".contains(c);
            let end = rest.find(|c| !is_of_name(c)).unwrap_or(rest.len());
            if end == 0 {
                return Err(Invalid(format!("the expression {text} cannot be understood")));
            }
            let word = &rest[..end];
            // `secrets['NAME']` is `secrets.NAME`.
            let word = word.replace("['", ".").replace("']", "");
            tokens.push(match word.as_str() {
                "true" => Token::Value(true.into()),
                "false" => Token::Value(false.into()),
                "null" => Token::Value(Value::Null),
                number if number.parse::<f64>().is_ok() => {
                    Token::Value(serde_json::from_str(number).unwrap_or_default())
                }
                _ => Token::Name(word),
            });
            rest = &rest[end..];
        }
        rest = rest.trim_start();
    }
    Ok(tokens)
}

struct Parser<'p, 'e> {
    expressions: &'p Expressions<'e>,
    tokens: &'p [Token],
    place: usize,
    text: &'p str,
}

impl Parser<'_, '_> {
    fn invalid(&self) -> Invalid {
        Invalid(format!("the expression {} cannot be understood", self.text.trim()))
    }

    fn takes(&mut self, sign: &str) -> bool {
        let is_it = matches!(self.tokens.get(self.place), Some(Token::Sign(found)) if *found == sign);
        self.place += usize::from(is_it);
        is_it
    }

    fn either(&mut self) -> Result<Value, Invalid> {
        let mut value = self.both()?;
        while self.takes("||") {
            let other = self.both()?;
            value = if is_true(&value) { value } else { other };
        }
        Ok(value)
    }

    fn both(&mut self) -> Result<Value, Invalid> {
        let mut value = self.compared()?;
        while self.takes("&&") {
            let other = self.compared()?;
            value = if is_true(&value) { other } else { value };
        }
        Ok(value)
    }

    fn compared(&mut self) -> Result<Value, Invalid> {
        let value = self.single()?;
        if self.takes("==") {
            return Ok(equal(&value, &self.single()?).into());
        }
        if self.takes("!=") {
            return Ok((!equal(&value, &self.single()?)).into());
        }
        Ok(value)
    }

    fn single(&mut self) -> Result<Value, Invalid> {
        if self.takes("!") {
            return Ok((!is_true(&self.single()?)).into());
        }
        if self.takes("(") {
            let value = self.either()?;
            return if self.takes(")") { Ok(value) } else { Err(self.invalid()) };
        }
        let token = self.tokens.get(self.place).cloned().ok_or_else(|| self.invalid())?;
        self.place += 1;
        match token {
            Token::Value(value) => Ok(value),
            Token::Name(name) if self.takes("(") => {
                let mut arguments = Vec::new();
                while !self.takes(")") {
                    arguments.push(self.either()?);
                    self.takes(",");
                }
                self.expressions
                    .function(&name, &arguments)
                    .ok_or_else(|| Invalid(format!("there is no function {name} with {} arguments", arguments.len())))
            }
            Token::Name(name) => Ok(self.expressions.context(&name)),
            Token::Sign(_) => Err(self.invalid()),
        }
    }
}
