//! Why SQS refuses a call.

use std::error::Error;
use std::fmt;

/// Why a message cannot be sent.
///
/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendError {
    /// Body and attributes are larger than the queue takes.
    TooLarge {
        /// Their size.
        bytes: usize,
        /// What the queue takes.
        limit: usize,
    },
    /// The body is empty.
    Empty,
    /// The delay is longer than 15 minutes.
    DelayTooLong,
    /// A FIFO queue takes no delay for a single message.
    DelayOnFifoQueue,
    /// A FIFO queue needs a message group id.
    NoGroupId,
    /// A FIFO queue without content-based deduplication needs a deduplication id.
    NoDeduplicationId,
    /// A standard queue takes no deduplication id.
    DeduplicationIdOnStandardQueue,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SendError::TooLarge { bytes, limit } => write!(f, "the message has {bytes} bytes, {limit} are allowed"),
            SendError::Empty => f.write_str("the message has no body"),
            SendError::DelayTooLong => f.write_str("the delay is longer than 900 seconds"),
            SendError::DelayOnFifoQueue => f.write_str("a message of a FIFO queue cannot have a delay of its own"),
            SendError::NoGroupId => f.write_str("a message of a FIFO queue needs a message group id"),
            SendError::NoDeduplicationId => f.write_str(
                "a message of a FIFO queue needs a deduplication id, or the queue content-based deduplication",
            ),
            SendError::DeduplicationIdOnStandardQueue => {
                f.write_str("a message of a standard queue cannot have a deduplication id")
            }
        }
    }
}

impl Error for SendError {}

/// Why a receipt handle is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReceiptError {
    /// It is none of this queue: `ReceiptHandleIsInvalid`.
    Invalid,
    /// The message is not in flight, or was received again since: `MessageNotInflight`.
    NotInFlight,
    /// The receipt of a FIFO queue's message whose visibility timeout has passed: `InvalidParameterValue`.
    Expired,
    /// The message would be hidden for more than 12 hours since it was received: `InvalidParameterValue`.
    TooLong,
}

impl fmt::Display for ReceiptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ReceiptError::Invalid => "the receipt handle is not one of this queue",
            ReceiptError::NotInFlight => "the message is not in flight under this receipt handle",
            ReceiptError::Expired => "the receipt handle has expired",
            ReceiptError::TooLong => "a message can be hidden for 12 hours in all",
        })
    }
}

impl Error for ReceiptError {}

/// Why a batch call is refused as a whole.
///
/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html>.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BatchError {
    /// No entry: `EmptyBatchRequest`.
    Empty,
    /// More than ten entries: `TooManyEntriesInBatchRequest`.
    TooManyEntries,
    /// Two entries have the same id: `BatchEntryIdsNotDistinct`.
    IdsNotDistinct,
    /// All entries together are larger than a message may be: `BatchRequestTooLong`.
    TooLong,
}

impl fmt::Display for BatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BatchError::Empty => "the batch has no entry",
            BatchError::TooManyEntries => "the batch has more than ten entries",
            BatchError::IdsNotDistinct => "two entries of the batch have the same id",
            BatchError::TooLong => "the entries of the batch are larger together than a message may be",
        })
    }
}

impl Error for BatchError {}

/// Why a queue is not purged: the last purge is less than 60 seconds ago (`PurgeQueueInProgress`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PurgeInProgress;

impl fmt::Display for PurgeInProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the queue was purged less than 60 seconds ago")
    }
}

impl Error for PurgeInProgress {}
