//! Batches: what an entry of one is, and how an answer tells that some of them failed.

use serde_json::{Map, Value, json};

/// How many entries the service takes at once.
pub(crate) fn largest(operation: &str) -> usize {
    match operation {
        "BatchGetItem" => 100,
        "BatchWriteItem" => 25,
        _ => 10,
    }
}

/// The entries of a batch, in order.
pub(crate) fn entries(operation: &str, params: &Value) -> Vec<Value> {
    let mut found = Vec::new();
    let mut params = params.clone();
    retain(operation, &mut params, |entry| {
        found.push(entry.clone());
        true
    });
    found
}

/// Keeps the entries of a batch that `keep` wants; tables without any left go.
pub(crate) fn retain(operation: &str, params: &mut Value, mut keep: impl FnMut(&Value) -> bool) {
    let list = |list: Option<&mut Value>, keep: &mut dyn FnMut(&Value) -> bool| {
        if let Some(Value::Array(list)) = list {
            list.retain(|entry| keep(entry));
        }
    };
    match operation {
        "BatchWriteItem" | "BatchGetItem" => {
            let Some(tables) = params.get_mut("RequestItems").and_then(Value::as_object_mut) else { return };
            for table in tables.values_mut() {
                match operation {
                    "BatchWriteItem" => list(Some(table), &mut keep),
                    _ => list(table.get_mut("Keys"), &mut keep),
                }
            }
            let is_empty = |table: &Value| table.get("Keys").unwrap_or(table).as_array().is_some_and(Vec::is_empty);
            tables.retain(|_, table| !is_empty(table));
        }
        "PublishBatch" => list(params.get_mut("PublishBatchRequestEntries"), &mut keep),
        _ => list(params.get_mut("Entries"), &mut keep),
    }
}

/// Whether nothing is left to be done.
pub(crate) fn is_empty(operation: &str, params: &Value) -> bool {
    entries(operation, params).is_empty()
}

/// What a batch answers when nothing of it was done.
pub(crate) fn nothing_done(operation: &str) -> Value {
    match operation {
        "BatchWriteItem" => json!({ "UnprocessedItems": {} }),
        "BatchGetItem" => json!({ "Responses": {}, "UnprocessedKeys": {} }),
        "PutEvents" => json!({ "FailedEntryCount": 0, "Entries": [] }),
        _ => json!({ "Successful": [], "Failed": [] }),
    }
}

/// Adds those that failed to the answer for the others. `asked` is the whole batch.
pub(crate) fn add_failed(operation: &str, asked: &Value, fails: &dyn Fn(&Value) -> bool, answer: &mut Value) {
    let mut failed = asked.clone();
    retain(operation, &mut failed, fails);
    match operation {
        "BatchWriteItem" => merge(&mut answer["UnprocessedItems"], &failed["RequestItems"]),
        "BatchGetItem" => merge(&mut answer["UnprocessedKeys"], &failed["RequestItems"]),
        "PutEvents" => {
            let mut done = answer["Entries"].as_array().cloned().unwrap_or_default().into_iter();
            let error = json!({ "ErrorCode": "InternalFailure", "ErrorMessage": "Unexpected error occurred" });
            let one = |entry: &Value| if fails(entry) { error.clone() } else { done.next().unwrap_or_default() };
            let entries: Vec<Value> = entries(operation, asked).iter().map(one).collect();
            let count = entries.iter().filter(|entry| entry.get("ErrorCode").is_some()).count();
            *answer = json!({ "FailedEntryCount": count, "Entries": entries });
        }
        _ => {
            let error = |entry: &Value| {
                json!({ "Id": entry["Id"], "SenderFault": false, "Code": "InternalError",
                    "Message": "We encountered an internal error. Please try again." })
            };
            let new: Vec<Value> = entries(operation, &failed).iter().map(error).collect();
            if !answer["Failed"].is_array() {
                answer["Failed"] = json!([]);
            }
            if let Some(list) = answer["Failed"].as_array_mut() {
                list.extend(new);
            }
        }
    }
}

fn merge(into: &mut Value, from: &Value) {
    if !into.is_object() {
        *into = Value::Object(Map::new());
    }
    for (table, more) in from.as_object().into_iter().flatten() {
        let place = &mut into[table.as_str()];
        match (place.as_array_mut(), more.as_array()) {
            (Some(list), Some(more)) => list.extend(more.iter().cloned()),
            _ => *place = more.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_writes_are_unprocessed_items() {
        let write = |id: &str| json!({ "PutRequest": { "Item": { "id": { "S": id } } } });
        let asked = json!({ "RequestItems": { "orders": [write("1"), write("2")], "prints": [write("2")] } });
        let fails = |entry: &Value| entry["PutRequest"]["Item"]["id"]["S"] == "2";
        let mut rest = asked.clone();
        retain("BatchWriteItem", &mut rest, |entry| !fails(entry));
        assert_eq!(rest, json!({ "RequestItems": { "orders": [write("1")] } }));
        let mut answer = json!({ "UnprocessedItems": {} });
        add_failed("BatchWriteItem", &asked, &fails, &mut answer);
        assert_eq!(answer, json!({ "UnprocessedItems": { "orders": [write("2")], "prints": [write("2")] } }));
    }

    #[test]
    fn failed_events_keep_their_place() {
        let asked = json!({ "Entries": [{ "Detail": "1" }, { "Detail": "2" }, { "Detail": "3" }] });
        let mut answer = json!({ "FailedEntryCount": 0, "Entries": [{ "EventId": "a" }, { "EventId": "b" }] });
        add_failed("PutEvents", &asked, &|entry| entry["Detail"] == "2", &mut answer);
        assert_eq!(answer["FailedEntryCount"], 1);
        assert_eq!(answer["Entries"][1]["ErrorCode"], "InternalFailure");
        assert_eq!(answer["Entries"][2]["EventId"], "b");
    }
}
