//! The tap: every call that a client made, in order, as data, and questions about them.

use std::fmt;
use std::time::Duration;

use serde_json::Value;

use crate::service::Service;

/// One call as it came over the wire. Retries of the SDK are calls of their own.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The service.
    pub service: Service,
    /// The operation's name: `SendMessageBatch`.
    pub operation: String,
    /// Its parameters, under the names of the API. A body of S3 is not among them; its length is.
    pub params: Value,
    /// When it arrived, since the services were started.
    pub at: Duration,
    /// Which connection it came over, counted from 1.
    pub connection: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// What was answered: the body where it is JSON; of S3's lists the token of the next page.
    pub answer: Value,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Not yet.
    Pending,
    /// With an answer.
    Done,
    /// With an error.
    Failed {
        /// Its code.
        code: String,
        /// The HTTP status.
        status: u16,
    },
    /// The connection was dropped before an answer.
    HungUp,
}

impl Call {
    /// A parameter by its JSON pointer, as text: `/Key/id/S`.
    pub fn param(&self, pointer: &str) -> Option<String> {
        self.params.pointer(pointer).map(plain)
    }

    /// Whether it was answered without an error.
    pub fn is_done(&self) -> bool {
        self.outcome == Outcome::Done
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 160;
        let params = self.params.to_string();
        let shown: String = params.chars().take(SHOWN).collect();
        let more = if shown.len() < params.len() { "…" } else { "" };
        write!(f, "{} {} {shown}{more}", self.service, self.operation)?;
        match &self.outcome {
            Outcome::Pending => f.write_str(" (no answer yet)"),
            Outcome::Done => Ok(()),
            Outcome::Failed { code, .. } => write!(f, " -> {code}"),
            Outcome::HungUp => f.write_str(" -> connection dropped"),
        }
    }
}

/// The calls until now, each under the number that it was noted by, which stays its own when others are forgotten.
#[derive(Debug, Default)]
pub(crate) struct Tap {
    noted: u64,
    calls: Vec<(u64, Call)>,
}

impl Tap {
    /// Notes a call; gives its number.
    pub(crate) fn note(&mut self, call: Call) -> u64 {
        self.noted += 1;
        self.calls.push((self.noted, call));
        self.noted
    }

    /// The call with this number, unless it was forgotten.
    pub(crate) fn noted(&mut self, number: u64) -> Option<&mut Call> {
        self.calls.iter_mut().rev().find(|(noted, _)| *noted == number).map(|(_, call)| call)
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.iter().map(|(_, call)| call.clone()).collect()
    }

    pub(crate) fn take_finished(&mut self) -> Vec<Call> {
        self.calls.extract_if(.., |(_, call)| call.outcome != Outcome::Pending).map(|(_, call)| call).collect()
    }

    pub(crate) fn forget(&mut self) {
        self.calls.clear();
    }
}

/// Calls in the order in which they came.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Calls(pub(crate) Vec<Call>);

impl Calls {
    /// Those of one operation.
    #[must_use]
    pub fn of(&self, operation: &str) -> Calls {
        self.filter(|call| call.operation == operation)
    }

    /// Those to one service.
    #[must_use]
    pub fn to(&self, service: Service) -> Calls {
        self.filter(|call| call.service == service)
    }

    /// Those that were answered without an error.
    #[must_use]
    pub fn done(&self) -> Calls {
        self.filter(Call::is_done)
    }

    /// Those of which something is true.
    #[must_use]
    pub fn filter(&self, keep: impl Fn(&Call) -> bool) -> Calls {
        Calls(self.0.iter().filter(|call| keep(call)).cloned().collect())
    }

    /// How many.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One after the other.
    pub fn iter(&self) -> std::slice::Iter<'_, Call> {
        self.0.iter()
    }

    /// The operations' names.
    pub fn operations(&self) -> Vec<&str> {
        self.0.iter().map(|call| call.operation.as_str()).collect()
    }

    /// One parameter of each call, by its JSON pointer, as text; calls without it are left out.
    pub fn values(&self, pointer: &str) -> Vec<String> {
        self.0.iter().filter_map(|call| call.param(pointer)).collect()
    }

    /// How many connections they came over. An SDK client keeps its connections; a function that builds a new
    /// configuration for each event opens one for each.
    pub fn connections(&self) -> usize {
        let mut connections: Vec<u64> = self.0.iter().map(|call| call.connection).collect();
        connections.sort_unstable();
        connections.dedup();
        connections.len()
    }

    /// The pages that were offered and never asked for: answers with a token that no later call brought back.
    #[must_use]
    pub fn unread_pages(&self) -> Calls {
        let unread = self.0.iter().enumerate().filter(|(index, call)| {
            let Some((token, param)) = next_page(&call.answer) else { return false };
            let asks = |later: &Call| {
                later.operation == call.operation
                    && later.params.get(param).is_some_and(|brought| brought == token || plain(brought) == plain(token))
            };
            call.is_done() && !self.0[index + 1..].iter().any(asks)
        });
        Calls(unread.map(|(_, call)| call.clone()).collect())
    }

    /// Expects so many calls.
    ///
    /// # Panics
    /// When there are more or fewer, showing them.
    #[track_caller]
    pub fn expect_count(&self, expected: usize) -> &Calls {
        assert!(self.count() == expected, "expected {expected} calls, got {}:\n{self}", self.count());
        self
    }

    /// Expects that every page was read that an answer spoke of.
    ///
    /// # Panics
    /// When one was not.
    #[track_caller]
    pub fn expect_all_pages_read(&self) -> &Calls {
        let unread = self.unread_pages();
        assert!(unread.is_empty(), "these answers spoke of a further page that was never asked for:\n{unread}");
        self
    }

    /// Expects that one client made all these calls.
    ///
    /// # Panics
    /// When they came over several connections.
    #[track_caller]
    pub fn expect_one_connection(&self) -> &Calls {
        let connections = self.connections();
        assert!(
            connections <= 1,
            "these calls came over {connections} connections; is a client built for each event?\n{self}"
        );
        self
    }
}

impl fmt::Display for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("  (no calls)");
        }
        let lines: Vec<String> = self.0.iter().map(|call| format!("  {call}")).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl<'a> IntoIterator for &'a Calls {
    type Item = &'a Call;
    type IntoIter = std::slice::Iter<'a, Call>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// An answer's token, and the parameter that asks for its page.
fn next_page(answer: &Value) -> Option<(&Value, &'static str)> {
    const TOKENS: [(&str, &str); 4] = [
        ("LastEvaluatedKey", "ExclusiveStartKey"),
        ("NextContinuationToken", "ContinuationToken"),
        ("NextMarker", "Marker"),
        ("NextToken", "NextToken"),
    ];
    TOKENS.iter().find_map(|(token, param)| Some((answer.get(token).filter(|token| !token.is_null())?, *param)))
}

/// A value as text, a string without its quotation marks.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn call(operation: &str, params: Value, answer: Value) -> Call {
        let (at, outcome) = (Duration::ZERO, Outcome::Done);
        Call { service: Service::DynamoDb, operation: operation.into(), params, at, connection: 1, outcome, answer }
    }

    #[test]
    fn a_page_that_nobody_asked_for_is_unread() {
        let key = json!({ "id": { "S": "7" } });
        let first = call("Query", json!({}), json!({ "LastEvaluatedKey": key }));
        let second = call("Query", json!({ "ExclusiveStartKey": key }), json!({}));
        assert_eq!(Calls(vec![first.clone()]).unread_pages().count(), 1);
        assert!(Calls(vec![first.clone(), second.clone()]).unread_pages().is_empty());
        assert_eq!(Calls(vec![second, first]).unread_pages().count(), 1, "only a later call can ask for it");
    }
}
