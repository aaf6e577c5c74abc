//! What wakes the order desk.

use std::collections::HashMap;

use serde::{Deserialize, Deserializer, Serialize, de};

/// An order on its way through the shop.
#[derive(Deserialize, Serialize, Clone)]
pub(crate) struct Job {
    pub(crate) order: String,
    /// Who ordered: nobody's business but ours and theirs.
    pub(crate) customer: String,
    pub(crate) to: To,
}

/// Who gets the order next.
#[derive(Deserialize, Serialize, Clone, Copy, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum To {
    /// The print service, over HTTP.
    Http,
    /// The queue of print jobs.
    Queue,
    /// The workflow for albums, of Step Functions.
    Workflow,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Event {
    /// A batch of SQS.
    Queue {
        #[serde(rename = "Records")]
        records: Vec<Message>,
    },
    /// A request of an HTTP API, payload 2.0.
    Http {
        headers: HashMap<String, String>,
        #[serde(deserialize_with = "json_text")]
        body: Job,
    },
    /// A task of Step Functions: its input, with nothing around it.
    Task(Job),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Message {
    pub(crate) message_id: String,
    #[serde(deserialize_with = "json_text")]
    pub(crate) body: Job,
    /// What SQS itself says of the message.
    #[serde(default)]
    pub(crate) attributes: HashMap<String, String>,
    /// What the sender attached.
    #[serde(default)]
    pub(crate) message_attributes: HashMap<String, Attribute>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Attribute {
    pub(crate) string_value: Option<String>,
}

fn json_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Job, D::Error> {
    let text = String::deserialize(deserializer)?;
    serde_json::from_str(&text).map_err(de::Error::custom)
}
