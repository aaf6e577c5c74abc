//! What a function is invoked with.

use bytes::Bytes;
use serde_json::Value;

/// An event: the bytes that a function is invoked with, and a name for messages.
///
/// Made from a [`serde_json::Value`], from text or from bytes, which are sent as they are, also when they are not
/// JSON: that the Invoke API takes only JSON is a matter of its HTTP side.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Event {
    pub(crate) name: Option<String>,
    pub(crate) body: Bytes,
}

impl Event {
    /// An event with a name, such as the path of the fixture that it was read from.
    pub fn named(name: impl Into<String>, body: impl Into<Event>) -> Event {
        Event { name: Some(name.into()), ..body.into() }
    }

    /// The name, if it has one.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The bytes.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// For messages: JSON without its blanks, other text as it is.
    pub(crate) fn on_one_line(&self) -> String {
        match serde_json::from_slice::<Value>(&self.body) {
            Ok(value) => value.to_string(),
            Err(_) => String::from_utf8_lossy(&self.body).into_owned(),
        }
    }
}

impl From<Bytes> for Event {
    fn from(body: Bytes) -> Event {
        Event { name: None, body }
    }
}

impl From<Vec<u8>> for Event {
    fn from(body: Vec<u8>) -> Event {
        Bytes::from(body).into()
    }
}

impl From<String> for Event {
    fn from(body: String) -> Event {
        Bytes::from(body).into()
    }
}

impl From<&str> for Event {
    fn from(body: &str) -> Event {
        body.to_owned().into()
    }
}

impl From<&Value> for Event {
    fn from(body: &Value) -> Event {
        body.to_string().into()
    }
}

impl From<Value> for Event {
    fn from(body: Value) -> Event {
        (&body).into()
    }
}
