//! Items as DynamoDB itself writes them in JSON: each value with the name of its kind.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Map, Value, json};

pub(crate) type Item = HashMap<String, AttributeValue>;

pub(crate) fn to_json(item: &Item) -> Result<Value, String> {
    let members = item.iter().map(|(name, value)| Ok((name.clone(), value_to_json(value)?)));
    Ok(Value::Object(members.collect::<Result<Map<_, _>, String>>()?))
}

fn value_to_json(value: &AttributeValue) -> Result<Value, String> {
    Ok(match value {
        AttributeValue::S(text) => json!({ "S": text }),
        // TODO: a number has up to 38 digits, and all of them count.
        AttributeValue::N(digits) => json!({ "N": digits.parse::<f64>().map_err(|error| error.to_string())? }),
        AttributeValue::Bool(value) => json!({ "BOOL": value }),
        AttributeValue::Null(value) => json!({ "NULL": value }),
        AttributeValue::L(list) => json!({ "L": list.iter().map(value_to_json).collect::<Result<Vec<_>, _>>()? }),
        AttributeValue::M(members) => json!({ "M": to_json(members)? }),
        // TODO: there are bytes, and sets of texts, of numbers and of bytes.
        other => return Err(format!("a value of a kind that this function does not know: {other:?}")),
    })
}

pub(crate) fn from_json(item: &Value) -> Result<Item, String> {
    let members = item.as_object().ok_or_else(|| format!("no item: {item}"))?;
    members.iter().map(|(name, value)| Ok((name.clone(), value_from_json(value)?))).collect()
}

fn value_from_json(value: &Value) -> Result<AttributeValue, String> {
    let wrong = || format!("no value of an item: {value}");
    let (kind, inner) = value.as_object().and_then(|members| members.iter().next()).ok_or_else(wrong)?;
    let text = |inner: &Value| inner.as_str().map(str::to_owned).ok_or_else(wrong);
    let list = || inner.as_array().ok_or_else(wrong);
    Ok(match kind.as_str() {
        "S" => AttributeValue::S(text(inner)?),
        "N" => AttributeValue::N(inner.as_f64().ok_or_else(wrong)?.to_string()),
        "BOOL" => AttributeValue::Bool(inner.as_bool().ok_or_else(wrong)?),
        "NULL" => AttributeValue::Null(inner.as_bool().ok_or_else(wrong)?),
        "L" => AttributeValue::L(list()?.iter().map(value_from_json).collect::<Result<_, _>>()?),
        "M" => AttributeValue::M(from_json(inner)?),
        // TODO: the same kinds on the way back.
        _ => return Err(wrong()),
    })
}
