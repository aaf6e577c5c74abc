//! Where Lambda sends what came of an asynchronous invocation.

use std::fmt;
use std::sync::Arc;

use crate::core::Core;
use crate::sqs::{MessageAttribute, MessageAttributes};

/// A place that takes records of invocations, or dead letters: a [`Queue`](crate::Queue), a
/// [`LambdaFunction`](crate::LambdaFunction) and what else has a conversion into it.
#[derive(Clone)]
pub struct Destination {
    arn: String,
    deliver: Deliver,
}

/// Delivers to the resource with this ARN, or says why it cannot.
pub(crate) type Deliver = fn(&Arc<Core>, &str, Parcel) -> Result<(), String>;

/// What is delivered to a destination.
#[derive(Debug, Clone)]
pub(crate) struct Parcel {
    /// The invocation record, or the event of a dead letter.
    pub(crate) body: String,
    /// Attributes of a dead letter; empty for a record.
    pub(crate) attributes: MessageAttributes,
    /// The X-Ray trace header, which carries the lineage.
    pub(crate) trace_header: Option<String>,
}

impl Destination {
    pub(crate) fn new(arn: impl Into<String>, deliver: Deliver) -> Destination {
        Destination { arn: arn.into(), deliver }
    }

    /// Its ARN.
    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// The name at the end of its ARN, for messages.
    pub(crate) fn name(&self) -> &str {
        self.arn.rsplit(':').next().unwrap_or(&self.arn)
    }

    pub(crate) fn deliver(&self, core: &Arc<Core>, parcel: Parcel) -> Result<(), String> {
        (self.deliver)(core, &self.arn, parcel)
    }
}

impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Destination").field(&self.arn).finish()
    }
}

/// The attributes of a dead letter.
///
/// Source: "Adding a dead-letter queue" on
/// <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html>: the status code, and the first
/// 1 KB of the error message.
pub(super) fn dead_letter_attributes(request_id: &str, status: u16, message: &str) -> MessageAttributes {
    let mut end = message.len().min(1_024);
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    [
        ("RequestID", MessageAttribute::string(request_id)),
        ("ErrorCode", MessageAttribute::number(status)),
        ("ErrorMessage", MessageAttribute::string(&message[..end])),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}
