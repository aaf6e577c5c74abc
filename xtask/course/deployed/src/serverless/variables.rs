//! Variables: `${self:custom.days.${sls:stage}, 7}`.

use serde_json::{Map, Value};

use super::Invalid;

/// The file with its variables put in.
pub(super) fn resolved(raw: &Value, stage: Option<&str>) -> Result<Value, Invalid> {
    walk(raw, &Variables { file: raw, stage }, 0)
}

struct Variables<'v> {
    file: &'v Value,
    stage: Option<&'v str>,
}

fn walk(value: &Value, variables: &Variables<'_>, depth: usize) -> Result<Value, Invalid> {
    match value {
        Value::String(text) => put_in(text, variables, depth),
        Value::Array(items) => {
            items.iter().map(|item| walk(item, variables, depth)).collect::<Result<Vec<_>, _>>().map(Value::from)
        }
        Value::Object(members) => {
            let mut resolved = Map::new();
            for (name, member) in members {
                resolved.insert(name.clone(), walk(member, variables, depth)?);
            }
            Ok(resolved.into())
        }
        other => Ok(other.clone()),
    }
}

/// A text with its variables; `${AWS::Region}` and `${Jobs}` are CloudFormation's and stay.
fn put_in(text: &str, variables: &Variables<'_>, depth: usize) -> Result<Value, Invalid> {
    if depth > 20 {
        return Err(Invalid(format!("Cannot resolve {text}: it needs itself")));
    }
    // The innermost first: ${self:custom.${sls:stage}.days}.
    let Some((start, end)) = innermost(text) else { return Ok(text.into()) };
    let value = variable(&text[start + 2..end], variables, depth)?;
    if start == 0 && end + 1 == text.len() {
        return walk(&value, variables, depth + 1);
    }
    let value = match &value {
        Value::String(value) => value.clone(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        _ => return Err(Invalid(format!("Cannot resolve {text}: a part of it is no text"))),
    };
    put_in(&format!("{}{value}{}", &text[..start], &text[end + 1..]), variables, depth + 1)
}

fn innermost(text: &str) -> Option<(usize, usize)> {
    let mut found = None;
    for (start, _) in text.match_indices("${") {
        let rest = &text[start + 2..];
        let end = start + 2 + rest.find('}')?;
        let inside = &text[start + 2..end];
        let is_ours = inside.split_once(':').is_some_and(|(kind, rest)| {
            !rest.starts_with(':') && !kind.is_empty() && kind.chars().all(|c| c.is_ascii_alphabetic())
        });
        if is_ours && !inside.contains("${") {
            found = Some((start, end));
            break;
        }
    }
    found
}

/// One variable with its alternatives: `opt:stage, 'dev'`.
fn variable(text: &str, variables: &Variables<'_>, depth: usize) -> Result<Value, Invalid> {
    for alternative in text.split(',').map(str::trim) {
        let quoted = alternative.strip_prefix(['\'', '"']).and_then(|rest| rest.strip_suffix(['\'', '"']));
        let (kind, name) = alternative.split_once(':').unwrap_or(("", alternative));
        let stage = || {
            variables.stage.map_or_else(
                || match &variables.file["provider"]["stage"] {
                    Value::String(text) => put_in(text, variables, depth + 1),
                    _ => Ok("dev".into()),
                },
                |stage| Ok(stage.into()),
            )
        };
        let value = match (quoted, kind, name) {
            (Some(quoted), ..) => quoted.into(),
            (None, "", name) => serde_json::from_str(name).unwrap_or_else(|_| name.into()),
            (None, "sls", "stage") => stage()?,
            (None, "self", "provider.stage") => stage()?,
            (None, "opt", "stage") => variables.stage.map_or(Value::Null, Value::from),
            (None, "opt" | "env", _) => Value::Null,
            (None, "aws", "accountId") => "123456789012".into(),
            (None, "aws", "region") => "us-east-1".into(),
            (None, "self", path) => path.split('.').fold(variables.file, |value, name| &value[name]).clone(),
            (None, kind, _) => {
                return Err(Invalid(format!("variables of the kind {kind} are not known to this check")));
            }
        };
        if !value.is_null() {
            return Ok(value);
        }
    }
    Err(Invalid(format!("Cannot resolve variable \"${{{text}}}\": value not found")))
}
