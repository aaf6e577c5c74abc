//! The limits and defaults of AWS that this crate follows, each with its unit and the page it was read on.
//!
//! Pages were read in November 2026.

use std::time::Duration;

/// How long a received message stays hidden, if the queue does not say otherwise.
///
/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html>.
pub const DEFAULT_VISIBILITY_TIMEOUT: Duration = Duration::from_secs(30);

/// The longest that a message can stay hidden, counted from when it was received.
///
/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html>.
pub const MAXIMUM_VISIBILITY_TIMEOUT: Duration = Duration::from_secs(12 * 3_600);

/// The longest delay of a message or queue.
///
/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>.
pub const MAXIMUM_DELAY: Duration = Duration::from_secs(900);

/// How long a queue keeps a message, if it does not say otherwise: four days.
///
/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html>.
pub const DEFAULT_RETENTION: Duration = Duration::from_secs(345_600);

/// The shortest and the longest retention: a minute, 14 days.
///
/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html>.
pub const RETENTION: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(1_209_600));

/// The largest message, in bytes, body and attributes together: 1 MiB (256 KiB until August 2025).
///
/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>.
pub const MESSAGE_BYTES: usize = 1_048_576;

/// How many entries a batch call of SQS may have; their sizes together count against [`MESSAGE_BYTES`].
///
/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html>.
pub const BATCH_ENTRIES: usize = 10;

/// The most messages that one call of `ReceiveMessage` gives.
///
/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html>.
pub const RECEIVED_AT_ONCE: usize = 10;

/// How many messages of a queue may be in flight at once.
///
/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html>.
pub const IN_FLIGHT: usize = 120_000;

/// For how long a FIFO queue remembers deduplication ids.
///
/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>.
pub const DEDUPLICATION_INTERVAL: Duration = Duration::from_secs(300);

/// How long after a purge the next one is refused.
///
/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_PurgeQueue.html>.
pub const PURGE_INTERVAL: Duration = Duration::from_secs(60);

/// How many messages a mapping hands to the function at once, if it does not say otherwise.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html>.
pub const DEFAULT_BATCH_SIZE: usize = 10;

/// The largest batch size of a mapping to a standard queue; to a FIFO queue it is 10.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html>.
pub const STANDARD_BATCH_SIZE: usize = 10_000;

/// The largest batch size of a mapping to a FIFO queue, and to a standard queue without a batching window.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html>.
pub const FIFO_BATCH_SIZE: usize = 10;

/// The longest batching window.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html> ("Batching behavior").
pub const MAXIMUM_BATCHING_WINDOW: Duration = Duration::from_secs(300);

/// What the maximum concurrency of a mapping to a queue can be.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html>.
pub const MAXIMUM_CONCURRENCY: std::ops::RangeInclusive<usize> = 2..=1_000;

/// With how many concurrent batches a mapping to a standard queue begins.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html>.
pub const FIRST_POLLERS: usize = 5;

/// How many concurrent batches a mapping to a queue grows to, without a maximum concurrency.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html>.
pub const POLLERS: usize = 1_250;

/// The longest that `ReceiveMessage` waits.
///
/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html>.
pub const MAXIMUM_WAIT: Duration = Duration::from_secs(20);

/// How often Lambda retries an asynchronous invocation whose function fails, at the most and if not told otherwise.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html>.
pub const RETRY_ATTEMPTS: u32 = 2;

/// How long Lambda waits before the first and before the second retry.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html>.
pub const RETRY_WAITS: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(120)];

/// The smallest and the largest (and default) maximum age of an asynchronous event.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html>.
pub const EVENT_AGE: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(6 * 3_600));

/// The longest wait before an asynchronous event that was throttled is tried again.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html>.
pub const LONGEST_THROTTLE_WAIT: Duration = Duration::from_secs(300);

/// How often a function is invoked in one chain of requests before the next invocation is stopped as part of a loop.
/// AWS says "approximately"; here it is exact.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html>.
pub const RECURSION_DEPTH: u32 = 16;
