//! Amazon SQS: queues, and Lambda's pollers of them.

mod envelope;
mod error;
mod mapping;
mod message;
mod queue;
mod state;

pub use error::{BatchError, PurgeInProgress, ReceiptError, SendError};
pub use mapping::{QueueMapping, QueueMappingBuilder};
pub use message::{AttributeValue, Message, MessageAttribute, MessageAttributes, Received, Sent, md5_of_attributes};
pub use queue::{Queue, QueueBuilder, ReceiveMessage, SendMessage};
pub use state::{MessageCounts, QueueSettings, RedrivePolicy};

pub(crate) use message::hex;
