//! The topic of the day's figures. Given: there is nothing to change here.
//!
//! It stands for a topic of SNS. What was published lies in a file.

use std::env;
use std::fmt;
use std::path::PathBuf;

use serde_json::Value;

use crate::fates;

/// Why a message is not known to have been published.
#[derive(Debug)]
pub(crate) enum Unpublished {
    /// SNS calls it `InvalidParameter`.
    TooLong(usize),
    /// There was no answer. The message may have been published.
    NoAnswer,
}

impl fmt::Display for Unpublished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unpublished::TooLong(bytes) => write!(f, "the topic takes no message of {bytes} bytes"),
            Unpublished::NoAnswer => f.write_str("the topic does not answer"),
        }
    }
}

impl std::error::Error for Unpublished {}

#[derive(Debug)]
pub(crate) struct Topic {
    folder: PathBuf,
    largest: usize,
}

impl Topic {
    pub(crate) fn from_env() -> Topic {
        let set = env::var("LARGEST_MESSAGE").ok().and_then(|bytes| bytes.parse().ok());
        Topic { folder: fates::folder(), largest: set.unwrap_or(262_144) }
    }

    /// How many bytes a message may have: the topic's `MaximumMessageSize`.
    pub(crate) fn largest_message(&self) -> usize {
        self.largest
    }

    /// Hands a message to everybody who subscribed.
    pub(crate) fn publish(&self, message: &str) -> Result<(), Unpublished> {
        if message.len() > self.largest {
            return Err(Unpublished::TooLong(message.len()));
        }
        let line = format!("{}\n", Value::from(message));
        let publish = || fates::append(&self.folder.join("topic.jsonl"), &line);
        fates::effect(&self.folder, message, publish).ok_or(Unpublished::NoAnswer)
    }
}
