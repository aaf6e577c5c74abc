//! A table of DynamoDB as a test sees it: items are plain JSON.

#[cfg(feature = "dynamodb")]
use local_lambda_sources::TableStream;
use serde_json::{Map, Number, Value, json};

use crate::aws::LocalAws;
use crate::service::Service;

/// A table. Made by [`LocalAws::table`].
#[derive(Debug, Clone)]
pub struct Table {
    aws: LocalAws,
    name: String,
}

/// The key of a table: a partition key (`"id"`), or with a sort key (`("customer", "order")`). Keys are texts; one
/// that ends with `:N` (`"number:N"`) is a number.
#[derive(Debug, Clone)]
pub struct TableKey(Vec<String>);

impl From<&str> for TableKey {
    fn from(partition: &str) -> TableKey {
        TableKey(vec![partition.to_owned()])
    }
}

impl From<(&str, &str)> for TableKey {
    fn from((partition, sort): (&str, &str)) -> TableKey {
        TableKey(vec![partition.to_owned(), sort.to_owned()])
    }
}

impl LocalAws {
    /// Makes a table that is billed by request. One with indexes or a stream is made by
    /// [`LocalAws::call`] with `CreateTable`.
    ///
    /// # Panics
    /// When DynamoDB refuses it, or there is a table with this name.
    #[track_caller]
    pub fn table(&self, name: &str, key: impl Into<TableKey>) -> Table {
        let TableKey(names) = key.into();
        let keys: Vec<(&str, &str)> = names.iter().map(|name| name.split_once(':').unwrap_or((name, "S"))).collect();
        let schema = keys.iter().zip(["HASH", "RANGE"]);
        let params = json!({
            "TableName": name,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": keys.iter()
                .map(|(name, kind)| json!({ "AttributeName": name, "AttributeType": kind }))
                .collect::<Vec<_>>(),
            "KeySchema": schema
                .map(|((name, _), role)| json!({ "AttributeName": name, "KeyType": role }))
                .collect::<Vec<_>>(),
        });
        if let Err(error) = self.call(Service::DynamoDb, "CreateTable", params) {
            panic!("the table {name} cannot be made: {error}");
        }
        Table { aws: self.clone(), name: name.to_owned() }
    }

    /// A table that is there.
    pub fn table_named(&self, name: &str) -> Table {
        Table { aws: self.clone(), name: name.to_owned() }
    }
}

impl Table {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its ARN.
    pub fn arn(&self) -> String {
        format!("arn:aws:dynamodb:us-east-1:123456789012:table/{}", self.name)
    }

    /// Its stream with both images, which is switched on if it is off: to be mapped to a function of the world.
    ///
    /// ```no_run
    /// # use local_aws::LocalAws;
    /// # use local_lambda_sources::Target;
    /// # use serde_json::json;
    /// let aws = LocalAws::start();
    /// let orders = aws.table("orders", "id");
    /// let view = aws.world().function(Target::closure("view", |_| Ok(json!(null)))).create();
    /// aws.world().map(&orders.stream(), &view).create();
    /// ```
    ///
    /// # Panics
    /// When there is no such table, and when it is one of another endpoint (`LOCAL_AWS`).
    #[cfg(feature = "dynamodb")]
    #[track_caller]
    pub fn stream(&self) -> TableStream {
        let find = || self.aws.inner.engines.table_stream(&self.name);
        find().unwrap_or_else(|| {
            let specification = json!({ "StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES" });
            self.call("UpdateTable", json!({ "TableName": self.name, "StreamSpecification": specification }));
            find().unwrap_or_else(|| panic!("the stream of {} is at another endpoint", self.name))
        })
    }

    /// Puts an item, in place of one with the same key.
    ///
    /// # Panics
    /// When DynamoDB refuses it.
    #[track_caller]
    pub fn put(&self, item: &Value) {
        self.call("PutItem", json!({ "TableName": self.name, "Item": to_item(item) }));
    }

    /// The item with this key (`json!({ "id": "o-1" })`), if there is one.
    ///
    /// # Panics
    /// When DynamoDB refuses it.
    #[track_caller]
    pub fn get(&self, key: &Value) -> Option<Value> {
        let params = json!({ "TableName": self.name, "Key": to_item(key), "ConsistentRead": true });
        self.call("GetItem", params).get("Item").map(from_item)
    }

    /// All items, by partition in no order, within one in the order of the sort key.
    ///
    /// # Panics
    /// When DynamoDB refuses it.
    #[track_caller]
    pub fn items(&self) -> Vec<Value> {
        let mut items = Vec::new();
        let mut params = json!({ "TableName": self.name, "ConsistentRead": true });
        loop {
            let page = self.call("Scan", params.clone());
            items.extend(page["Items"].as_array().into_iter().flatten().map(from_item));
            match page.get("LastEvaluatedKey") {
                Some(key) => params["ExclusiveStartKey"] = key.clone(),
                None => return items,
            }
        }
    }

    #[track_caller]
    fn call(&self, operation: &str, params: Value) -> Value {
        let answer = self.aws.call(Service::DynamoDb, operation, params);
        answer.unwrap_or_else(|error| panic!("{operation} on the table {}: {error}", self.name))
    }
}

/// Plain JSON as an item.
fn to_item(value: &Value) -> Value {
    let members = value.as_object().into_iter().flatten();
    Value::Object(members.map(|(name, value)| (name.clone(), to_attribute(value))).collect())
}

fn to_attribute(value: &Value) -> Value {
    match value {
        Value::Null => json!({ "NULL": true }),
        Value::Bool(value) => json!({ "BOOL": value }),
        Value::Number(value) => json!({ "N": value.to_string() }),
        Value::String(value) => json!({ "S": value }),
        Value::Array(list) => json!({ "L": list.iter().map(to_attribute).collect::<Vec<_>>() }),
        Value::Object(_) => json!({ "M": to_item(value) }),
    }
}

/// An item as plain JSON. Sets become lists, bytes their base64, and a number that JSON cannot hold exactly its digits
/// as a text.
fn from_item(item: &Value) -> Value {
    let members = item.as_object().into_iter().flatten();
    let members: Map<String, Value> = members.map(|(name, value)| (name.clone(), from_attribute(value))).collect();
    Value::Object(members)
}

fn from_attribute(attribute: &Value) -> Value {
    let Some((kind, value)) = attribute.as_object().and_then(|members| members.iter().next()) else {
        return Value::Null;
    };
    let number = |text: &Value| {
        let text = text.as_str().unwrap_or_default();
        let exact = text.parse::<Number>().ok().filter(|number| number.to_string() == text);
        exact.map_or_else(|| json!(text), Value::Number)
    };
    let list =
        |convert: &dyn Fn(&Value) -> Value| Value::Array(value.as_array().into_iter().flatten().map(convert).collect());
    match kind.as_str() {
        "NULL" => Value::Null,
        "N" => number(value),
        "NS" => list(&number),
        "L" => list(&from_attribute),
        "M" => from_item(value),
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_values_survive_the_way_into_an_item_and_back() {
        let value =
            json!({ "id": "o-1", "total": 1250, "paid": true, "note": null, "lines": [{ "sku": "a", "n": 2.5 }] });
        assert_eq!(from_item(&to_item(&value)), value);
    }

    #[test]
    fn a_number_too_long_for_json_keeps_its_digits() {
        let digits = "12345678901234567890123456789012345678";
        assert_eq!(from_attribute(&json!({ "N": digits })), json!(digits));
    }
}
