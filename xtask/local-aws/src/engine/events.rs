//! EventBridge: `PutEvents` in front of the world's buses.

use local_lambda_sources::events::PutEventsError;
use local_lambda_sources::{Bus, Timestamp, World};
use serde_json::{Value, json};

use super::JsonEngine;
use super::event_rules::{self, EventRules};
use crate::error::AwsError;

/// The buses of a world.
pub(crate) struct EventBridge {
    world: World,
    rules: EventRules,
}

impl EventBridge {
    pub(crate) fn new(world: &World) -> EventBridge {
        EventBridge { world: world.clone(), rules: EventRules::default() }
    }
}

impl JsonEngine for EventBridge {
    fn call(&self, operation: &str, params: &Value) -> Result<Value, AwsError> {
        if operation != "PutEvents" {
            let managed = self.rules.call(&self.world, operation, params);
            return managed.unwrap_or_else(|| Err(AwsError::client("UnknownOperationException", "")));
        }
        let entries: Vec<&Value> = params["Entries"].as_array().into_iter().flatten().collect();
        let buses: Vec<Bus> =
            entries.iter().map(|entry| event_rules::bus(&self.world, &entry["EventBusName"])).collect();
        let text = |entry: &Value, name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        let events = entries.iter().zip(&buses).map(|(entry, bus)| {
            let event = bus.event(&text(entry, "Source"), &text(entry, "DetailType"), text(entry, "Detail"));
            let resources = entry["Resources"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let event = resources.fold(event, |event, arn| event.resource(arn));
            match entry["Time"].as_f64().and_then(|time| Timestamp::from_second(time as i64).ok()) {
                Some(time) => event.time(time),
                None => event,
            }
        });
        let failed = |error: &PutEventsError| json!({ "ErrorCode": error.code, "ErrorMessage": error.message });
        let results = Bus::put_events(events.collect()).map_err(|error| AwsError::client(error.code, error.message))?;
        let answers: Vec<Value> =
            results.iter().map(|result| result.as_ref().map_or_else(failed, |id| json!({ "EventId": id }))).collect();
        let count = results.iter().filter(|result| result.is_err()).count();
        Ok(json!({ "FailedEntryCount": count, "Entries": answers }))
    }
}
