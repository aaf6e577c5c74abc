//! The handler. It knows nothing of HTTP.

use std::env;

use serde_json::{Value, json};

/// What a handler gets besides the event.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) request_id: String,
    /// When the time is up, in milliseconds since 1970.
    pub(crate) deadline_ms: u64,
    pub(crate) function_arn: String,
}

/// What went wrong, for whoever called.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error_type: String,
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn new(error_type: &str, message: impl Into<String>) -> Failure {
        Failure { error_type: error_type.to_owned(), message: message.into() }
    }
}

/// The shop, once it is open.
#[derive(Debug)]
pub(crate) struct Shop {
    name: String,
}

impl Shop {
    /// Opens it under the name in `SHOP_NAME`.
    ///
    /// # Errors
    /// When it has no name.
    pub(crate) fn open() -> Result<Shop, Failure> {
        let name = env::var("SHOP_NAME").map_err(|_| Failure::new("NoShopName", "SHOP_NAME is not set"))?;
        Ok(Shop { name })
    }

    /// Answers an event: what was said, and the context.
    ///
    /// # Errors
    /// When the event is no JSON, or asks for an error.
    ///
    /// # Panics
    /// When the event asks for it.
    pub(crate) fn answer(&self, event: &[u8], context: &Context) -> Result<Value, Failure> {
        let event: Value =
            serde_json::from_slice(event).map_err(|error| Failure::new("InvalidEvent", error.to_string()))?;
        let text = |name: &str| event[name].as_str();
        if let Some(error_type) = text("fail") {
            return Err(Failure::new(error_type, format!("{} is out of it", self.name)));
        }
        if let Some(message) = text("panic") {
            panic!("{message}");
        }
        Ok(json!({
            "shop": self.name, "said": event["say"], "request_id": context.request_id,
            "deadline_ms": context.deadline_ms, "function_arn": context.function_arn,
        }))
    }
}
