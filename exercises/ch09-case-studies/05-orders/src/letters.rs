//! What the four functions write to each other. Given; it stays as it is.

use serde::{Deserialize, Serialize};

/// What a function is invoked with: one letter out of its queue.
#[derive(Debug, Deserialize)]
pub(crate) struct Event<T> {
    pub(crate) letter: T,
    /// These two belong to the check.
    #[serde(flatten)]
    pub(crate) mishap: Mishap,
}

/// What goes wrong on the way: the process ends at this place, or somebody else is faster with the record.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub(crate) struct Mishap {
    pub(crate) crash_at: Option<u32>,
    #[serde(default)]
    pub(crate) faster: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) id: String,
    pub(crate) sheets: u64,
    pub(crate) cents: u64,
}

/// What an order needs, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Step {
    Paper,
    Payment,
    Parcel,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Action {
    Do,
    Undo,
}

/// A letter to `orders`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ToOrders {
    /// From the shop's page.
    Place(Order),
    /// From a step.
    Reply(Reply),
}

/// A letter to a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Command {
    pub(crate) order: Order,
    pub(crate) action: Action,
    /// Which attempt it is, from 1.
    pub(crate) attempt: u32,
    /// By this the step, and whom it asks, knows the work again.
    pub(crate) token: String,
}

/// What a step says to a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reply {
    /// The order's id.
    pub(crate) order: String,
    pub(crate) step: Step,
    /// Those of the command.
    pub(crate) action: Action,
    pub(crate) attempt: u32,
    pub(crate) outcome: Outcome,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Outcome {
    Done,
    /// Nothing was done, and nothing will be.
    Refused,
    /// No answer came: it may be done, or not.
    Unknown,
}

/// How far an order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    Placing,
    Placed,
    Cancelling,
    Cancelled,
}

/// What `orders` answers: the letter that it sends, if it sends one, goes into the queue of that step.
#[derive(Debug, Serialize)]
pub(crate) struct FromOrders {
    pub(crate) status: Status,
    pub(crate) send: Option<Send>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Send {
    pub(crate) to: Step,
    pub(crate) letter: Command,
}

/// What a step answers: its reply goes into the queue of `orders`.
#[derive(Debug, Serialize)]
pub(crate) struct FromStep {
    pub(crate) reply: Reply,
}
