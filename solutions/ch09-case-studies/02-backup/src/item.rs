//! Items as DynamoDB itself writes them in JSON: each value with the name of its kind, numbers as the digits that they
//! are, bytes in Base64.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

pub(crate) type Item = HashMap<String, AttributeValue>;

pub(crate) fn to_json(item: &Item) -> Result<Value, String> {
    let members = item.iter().map(|(name, value)| Ok((name.clone(), value_to_json(value)?)));
    Ok(Value::Object(members.collect::<Result<Map<_, _>, String>>()?))
}

fn value_to_json(value: &AttributeValue) -> Result<Value, String> {
    let base64 = |bytes: &Blob| BASE64_STANDARD.encode(bytes);
    Ok(match value {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(digits) => json!({ "N": digits }),
        AttributeValue::B(bytes) => json!({ "B": base64(bytes) }),
        AttributeValue::Bool(value) => json!({ "BOOL": value }),
        AttributeValue::Null(value) => json!({ "NULL": value }),
        AttributeValue::L(list) => json!({ "L": list.iter().map(value_to_json).collect::<Result<Vec<_>, _>>()? }),
        AttributeValue::M(members) => json!({ "M": to_json(members)? }),
        AttributeValue::Ss(texts) => json!({ "SS": texts }),
        AttributeValue::Ns(numbers) => json!({ "NS": numbers }),
        AttributeValue::Bs(all) => json!({ "BS": all.iter().map(base64).collect::<Vec<_>>() }),
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
    let bytes = |inner: &Value| {
        let decoded = BASE64_STANDARD.decode(inner.as_str().unwrap_or_default());
        decoded.map(Blob::new).map_err(|_| wrong())
    };
    let list = || inner.as_array().ok_or_else(wrong);
    let texts = || list()?.iter().map(text).collect::<Result<Vec<_>, _>>();
    Ok(match kind.as_str() {
        "S" => AttributeValue::S(text(inner)?),
        "N" => AttributeValue::N(text(inner)?),
        "B" => AttributeValue::B(bytes(inner)?),
        "BOOL" => AttributeValue::Bool(inner.as_bool().ok_or_else(wrong)?),
        "NULL" => AttributeValue::Null(inner.as_bool().ok_or_else(wrong)?),
        "L" => AttributeValue::L(list()?.iter().map(value_from_json).collect::<Result<_, _>>()?),
        "M" => AttributeValue::M(from_json(inner)?),
        "SS" => AttributeValue::Ss(texts()?),
        "NS" => AttributeValue::Ns(texts()?),
        "BS" => AttributeValue::Bs(list()?.iter().map(bytes).collect::<Result<_, _>>()?),
        _ => return Err(wrong()),
    })
}
