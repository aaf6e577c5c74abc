//! What a target gets of an event: all of it, a constant, a part, or a template with parts in it.
//!
//! Source: <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html>. Paths are the part
//! of JSONPath that the page shows: names after dots, and indices in brackets.

use std::fmt;

use serde_json::Value;

use super::rule::RuleState;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Input {
    Event,
    Constant(Value),
    Path(Path),
    Template { paths: Vec<(String, Path)>, template: String },
}

/// `$.detail.items[0].name`, as its steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Name(String),
    Index(usize),
}

/// Why a path or template is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidInput(String);

/// How many names a transformer may have.
///
/// Source: <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_InputTransformer.html>.
const MAX_PATHS: usize = 100;

impl Input {
    pub(super) fn path(path: &str) -> Result<Input, InvalidInput> {
        Path::parse(path).map(Input::Path)
    }

    pub(super) fn transformer<'a>(
        paths: impl IntoIterator<Item = (&'a str, &'a str)>,
        template: &str,
    ) -> Result<Input, InvalidInput> {
        let named = |(name, path): (&str, &str)| {
            if name.starts_with("aws.") || name.starts_with("AWS") {
                return Err(InvalidInput(format!("the name {name:?} is reserved: names do not begin with AWS")));
            }
            Ok((name.to_owned(), Path::parse(path)?))
        };
        let paths = paths.into_iter().map(named).collect::<Result<Vec<_>, _>>()?;
        if paths.len() > MAX_PATHS {
            return Err(InvalidInput(format!("{} paths, {MAX_PATHS} are possible", paths.len())));
        }
        for name in placeholders(template) {
            if !name.starts_with("aws.") && !paths.iter().any(|(known, _)| known == name) {
                return Err(InvalidInput(format!("the template has <{name}>, for which there is no path")));
            }
        }
        Ok(Input::Template { paths, template: template.to_owned() })
    }

    /// What the target gets, as text.
    pub(super) fn of(&self, event: &Value, rule: &RuleState) -> String {
        match self {
            Input::Event => event.to_string(),
            Input::Constant(value) => value.to_string(),
            Input::Path(path) => path.of(event).cloned().unwrap_or_default().to_string(),
            Input::Template { paths, template } => fill(template, |name| match name {
                "aws.events.rule-arn" => Value::String(rule.arn.clone()),
                "aws.events.rule-name" => Value::String(rule.name.clone()),
                "aws.events.event" | "aws.events.event.json" => event.clone(),
                "aws.events.event.ingestion-time" => event["time"].clone(),
                name => {
                    let path = paths.iter().find(|(known, _)| known == name);
                    path.and_then(|(_, path)| path.of(event)).cloned().unwrap_or_default()
                }
            }),
        }
    }
}

/// The names between `<` and `>`.
fn placeholders(template: &str) -> impl Iterator<Item = &str> {
    template.split('<').skip(1).filter_map(|rest| rest.split_once('>')).map(|(name, _)| name)
}

/// Puts values into a template: inside quotation marks a text without its own, elsewhere JSON.
fn fill(template: &str, value: impl Fn(&str) -> Value) -> String {
    let mut filled = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('<') {
        let Some((name, after)) = after.split_once('>') else { break };
        filled.push_str(before);
        let json = value(name).to_string();
        let quoted = filled.matches('"').count() % 2 == 1;
        let inner = json.strip_prefix('"').and_then(|json| json.strip_suffix('"'));
        filled.push_str(if quoted { inner.unwrap_or(&json) } else { &json });
        rest = after;
    }
    filled.push_str(rest);
    filled
}

impl Path {
    fn parse(text: &str) -> Result<Path, InvalidInput> {
        let refuse = || InvalidInput(format!("{text:?} is not a path such as $.detail.items[0]"));
        let mut rest = text.strip_prefix('$').ok_or_else(refuse)?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            if let Some(index) = rest.strip_prefix('[') {
                let (index, after) = index.split_once(']').ok_or_else(refuse)?;
                let name = index.strip_prefix('\'').and_then(|name| name.strip_suffix('\''));
                steps.push(match name {
                    Some(name) => Step::Name(name.to_owned()),
                    None => Step::Index(index.parse().map_err(|_| refuse())?),
                });
                rest = after;
            } else {
                let name = rest.strip_prefix('.').ok_or_else(refuse)?;
                let end = name.find(['.', '[']).unwrap_or(name.len());
                if end == 0 {
                    return Err(refuse());
                }
                steps.push(Step::Name(name[..end].to_owned()));
                rest = &name[end..];
            }
        }
        Ok(Path(steps))
    }

    fn of<'v>(&self, event: &'v Value) -> Option<&'v Value> {
        self.0.iter().try_fold(event, |value, step| match step {
            Step::Name(name) => value.get(name),
            Step::Index(index) => value.get(index),
        })
    }
}

impl fmt::Display for InvalidInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidInput {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_finds_a_part_of_an_event() {
        let event = json!({ "detail": { "items": [{ "name": "A4" }], "a b": 1 } });
        for (path, expected) in [
            ("$", Some(event.clone())),
            ("$.detail.items[0].name", Some(json!("A4"))),
            ("$.detail['a b']", Some(json!(1))),
            ("$.detail.items[1]", None),
            ("$.detail.other", None),
        ] {
            assert_eq!(Path::parse(path).unwrap().of(&event).cloned(), expected, "{path}");
        }
        for path in ["detail", "$detail", "$.", "$..a", "$.a[x]", "$.a[0"] {
            assert!(Path::parse(path).is_err(), "{path}");
        }
    }

    #[test]
    fn a_template_takes_texts_inside_quotation_marks_and_json_elsewhere() {
        let value = |name: &str| match name {
            "id" => json!("o-1"),
            "items" => json!([1, 2]),
            _ => json!(null),
        };
        for (template, expected) in [
            (r#"{"order": "<id>", "items": <items>}"#, r#"{"order": "o-1", "items": [1,2]}"#),
            (r#"{"order": <id>}"#, r#"{"order": "o-1"}"#),
            (r#""order <id> has <items>""#, r#""order o-1 has [1,2]""#),
            (r#"{"none": <other>}"#, r#"{"none": null}"#),
        ] {
            assert_eq!(fill(template, value), expected);
        }
    }

    #[test]
    fn a_template_names_only_what_has_a_path() {
        assert!(Input::transformer([("id", "$.id")], "<id> <aws.events.rule-name>").is_ok());
        let error = Input::transformer([("id", "$.id")], "<order>").unwrap_err();
        assert_eq!(error.to_string(), "the template has <order>, for which there is no path");
    }
}
