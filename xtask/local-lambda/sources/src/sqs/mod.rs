//! Amazon SQS: queues, and Lambda's pollers of them.

mod envelope;
mod error;
mod mapping;
mod message;
mod builder;
mod calls;
mod queue;
mod shared;
mod state;

pub use builder::QueueBuilder;
pub use calls::{ReceiveMessage, SendMessage};
pub use error::{BatchError, PurgeInProgress, ReceiptError, SendError};
pub use mapping::{QueueMapping, QueueMappingBuilder};
pub use message::{AttributeValue, Message, MessageAttribute, MessageAttributes, Received, Sent, md5_of_attributes};
pub use queue::Queue;
pub use state::{MessageCounts, QueueSettings, RedrivePolicy};

pub(crate) use message::hex;
