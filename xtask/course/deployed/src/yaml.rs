//! YAML as JSON: what a plain scalar means (core schema of YAML 1.2), CloudFormation's short tags in their long form,
//! and every refusal with its line.

use std::collections::BTreeMap;
use std::fmt;

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};
use serde_json::{Map, Value, json};

/// What is wrong with a text, and in which line, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YamlError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for YamlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl std::error::Error for YamlError {}

/// Which tags a reader knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tags {
    /// Those of YAML itself (`!!str`).
    Core,
    /// CloudFormation's short forms besides: `!Ref a` is `{"Ref": "a"}`, `!GetAtt a.b` is `{"Fn::GetAtt": ["a", "b"]}`.
    CloudFormation,
}

/// The value of the only document of `text`; an empty text is `null`.
///
/// # Errors
/// Where the text is no YAML, has a key twice, a tag that is not known, or more than one document.
pub fn parse(text: &str, tags: Tags) -> Result<Value, YamlError> {
    let mut reader = Reader { parser: Parser::new_from_str(text), anchors: BTreeMap::new(), tags, line: 1 };
    let mut document = None;
    loop {
        match reader.next()? {
            Event::StreamEnd => return Ok(document.unwrap_or(Value::Null)),
            Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing => {}
            _ if document.is_some() => return Err(reader.error("a second document begins here")),
            event => document = Some(reader.value(event)?),
        }
    }
}

struct Reader<'t> {
    parser: Parser<'t, saphyr_parser::StrInput<'t>>,
    anchors: BTreeMap<usize, Value>,
    tags: Tags,
    line: usize,
}

impl<'t> Reader<'t> {
    fn next(&mut self) -> Result<Event<'t>, YamlError> {
        match self.parser.next() {
            Some(Ok((event, span))) => {
                self.line = span.start.line();
                Ok(event)
            }
            Some(Err(error)) => Err(YamlError { line: error.marker().line(), message: error.info().to_owned() }),
            None => Ok(Event::StreamEnd),
        }
    }

    fn error(&self, message: impl Into<String>) -> YamlError {
        YamlError { line: self.line, message: message.into() }
    }

    fn value(&mut self, event: Event<'t>) -> Result<Value, YamlError> {
        let (anchor, value) = match event {
            Event::Alias(anchor) => {
                let known = self.anchors.get(&anchor).cloned();
                return known.ok_or_else(|| self.error("an alias of what is not there yet"));
            }
            Event::Scalar(text, style, anchor, tag) => {
                let is_text = tag.as_deref().is_some_and(|tag| tag.is_yaml_core_schema() && tag.suffix == "str");
                let tagged = tag.as_deref().is_some_and(|tag| !tag.is_yaml_core_schema());
                let plain = style == ScalarStyle::Plain && !is_text && !tagged;
                let value = if plain { scalar(&text) } else { Value::from(text.into_owned()) };
                (anchor, self.tagged(tag.as_deref(), value)?)
            }
            Event::SequenceStart(anchor, tag) => {
                let mut items = Vec::new();
                loop {
                    match self.next()? {
                        Event::SequenceEnd => break,
                        event => items.push(self.value(event)?),
                    }
                }
                (anchor, self.tagged(tag.as_deref(), Value::from(items))?)
            }
            Event::MappingStart(anchor, tag) => {
                let members = self.members()?;
                (anchor, self.tagged(tag.as_deref(), Value::from(members))?)
            }
            other => return Err(self.error(format!("{other:?} where a value should be"))),
        };
        if anchor > 0 {
            self.anchors.insert(anchor, value.clone());
        }
        Ok(value)
    }

    fn members(&mut self) -> Result<Map<String, Value>, YamlError> {
        let mut members = Map::new();
        loop {
            let event = self.next()?;
            if event == Event::MappingEnd {
                return Ok(members);
            }
            let line = self.line;
            let key = match self.value(event)? {
                Value::String(key) => key,
                Value::Null => "null".to_owned(),
                Value::Array(_) | Value::Object(_) => {
                    return Err(YamlError { line, message: "a key that is no text".to_owned() });
                }
                other => other.to_string(),
            };
            let event = self.next()?;
            let value = self.value(event)?;
            if members.contains_key(&key) {
                return Err(YamlError { line, message: format!("{key} is there twice") });
            }
            members.insert(key, value);
        }
    }

    fn tagged(&self, tag: Option<&Tag>, value: Value) -> Result<Value, YamlError> {
        let Some(tag) = tag.filter(|tag| !tag.is_yaml_core_schema()) else { return Ok(value) };
        let name = tag.suffix.as_str();
        if self.tags == Tags::Core || tag.handle != "!" {
            return Err(self.error(format!("the tag {tag} means nothing here")));
        }
        Ok(match name {
            "Ref" | "Condition" => json!({ name: value }),
            "GetAtt" => match value.as_str().and_then(|text| text.split_once('.')) {
                Some((resource, attribute)) => json!({ "Fn::GetAtt": [resource, attribute] }),
                None => json!({ "Fn::GetAtt": value }),
            },
            _ if SHORT.contains(&name) => json!({ format!("Fn::{name}"): value }),
            _ => return Err(self.error(format!("the tag {tag} means nothing to CloudFormation"))),
        })
    }
}

/// Functions that have a short form. Source:
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html>.
const SHORT: [&str; 17] = [
    "And",
    "Base64",
    "Cidr",
    "Equals",
    "FindInMap",
    "ForEach",
    "GetAZs",
    "If",
    "ImportValue",
    "Join",
    "Length",
    "Not",
    "Or",
    "Select",
    "Split",
    "Sub",
    "Transform",
];

/// A plain scalar by the core schema: <https://yaml.org/spec/1.2.2/#103-core-schema>.
fn scalar(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::from(true),
        "false" | "False" | "FALSE" => return Value::from(false),
        _ => {}
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let is_whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_whole && let Ok(number) = text.parse::<i64>() {
        return Value::from(number);
    }
    let looks_like_one = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && digits.contains(|c: char| c.is_ascii_digit())
        && digits.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte));
    match text.parse::<f64>() {
        Ok(number) if looks_like_one => Value::from(number),
        _ => Value::from(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_scalar_is_what_it_looks_like_and_a_quoted_one_is_text() {
        let text = "a: 3.10\nb: '3.10'\nc: 1_000\nd: on\ne: \"true\"\nf: 2012-10-17\ng: 007\nh: ~\ni: 1.2.3\nj: yes\n";
        let value = parse(text, Tags::Core).expect("it is YAML");
        let expected = json!({ "a": 3.1, "b": "3.10", "c": "1_000", "d": "on", "e": "true", "f": "2012-10-17",
            "g": 7, "h": null, "i": "1.2.3", "j": "yes" });
        assert_eq!(value, expected);
    }

    #[test]
    fn short_tags_are_their_long_form() {
        let text = "a: !Ref Jobs\nb: !GetAtt Jobs.Arn\nc: !Sub '${Jobs}/x'\nd: !If [A, !Ref B, !Ref 'AWS::NoValue']\n";
        let value = parse(text, Tags::CloudFormation).expect("it is YAML");
        let expected = json!({ "a": { "Ref": "Jobs" }, "b": { "Fn::GetAtt": ["Jobs", "Arn"] }, "c": { "Fn::Sub": "${Jobs}/x" },
            "d": { "Fn::If": ["A", { "Ref": "B" }, { "Ref": "AWS::NoValue" }] } });
        assert_eq!(value, expected);
        assert!(parse(text, Tags::Core).is_err_and(|error| error.line == 1));
    }

    #[test]
    fn a_refusal_has_its_line() {
        let line = |text| parse(text, Tags::CloudFormation).expect_err("it is wrong").to_string();
        assert_eq!(line("a: 1\nb: 2\na: 3\n"), "line 3: a is there twice");
        assert_eq!(line("a: 1\nb: !Reff c\n"), "line 2: the tag !Reff means nothing to CloudFormation");
        assert!(line("a: 1\n  b: 2\n").starts_with("line 2: "));
        assert!(line("a: [1\n").starts_with("line "));
    }

    #[test]
    fn aliases_are_what_they_stand_for() {
        let value = parse("a: &x { b: 1 }\nc: *x\n", Tags::Core).expect("it is YAML");
        assert_eq!(value, json!({ "a": { "b": 1 }, "c": { "b": 1 } }));
        assert_eq!(parse("", Tags::Core), Ok(Value::Null));
    }
}
