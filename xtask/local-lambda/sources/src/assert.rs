//! Expectations on a world, made to teach: each failure says what was expected, what came, and what happened in the
//! world until then.

use std::panic::Location;

use local_lambda::{report_held, report_not_held};

use crate::function::{AsyncInvocation, AsyncState};
use crate::sqs::Queue;
use crate::trace::{Trace, What};
use crate::world::World;

/// How many lines of the trace a message shows.
const LINES_SHOWN: usize = 40;

/// Goes on if an expectation holds; panics with a message for the reader of a test otherwise.
#[track_caller]
fn check(holds: bool, expectation: &str, expected: &str, got: &str, trace: impl FnOnce() -> Trace) {
    if holds {
        return report_held(expectation);
    }
    let table = trace().tail(LINES_SHOWN).to_string();
    let lines: Vec<String> = table.lines().map(|line| format!("    | {line}")).collect();
    report_not_held(expectation, expected, &format!("{got}\n{table}"), Location::caller());
    panic!("{expectation}\n  expected  {expected}\n  got       {got}\n  what happened\n{}", lines.join("\n"));
}

/// Expectations.
///
/// # Panics
/// When the expectation does not hold, with the end of the world's trace in the message.
impl World {
    /// A condition holds. `what` says it in words.
    #[track_caller]
    pub fn expect(&self, what: &str, holds: impl FnOnce(&World) -> bool) -> &World {
        check(holds(self), what, what, "it does not hold", || self.trace());
        self
    }

    /// So many things of a kind happened.
    #[track_caller]
    pub fn expect_count(&self, what: What, count: usize) -> &World {
        self.trace().expect_count(what, count);
        self
    }
}

/// Expectations.
///
/// # Panics
/// When the expectation does not hold, with the end of the trace in the message.
impl Trace {
    /// So many things of a kind happened.
    #[track_caller]
    pub fn expect_count(&self, what: What, count: usize) -> &Trace {
        let got = self.count(what);
        let name = what.name().replace('_', " ");
        let expectation = format!("{name:?} happens {count} times");
        check(got == count, &expectation, &count.to_string(), &got.to_string(), || self.clone());
        self
    }
}

/// Expectations.
///
/// # Panics
/// When the expectation does not hold, with the end of the world's trace in the message.
impl Queue {
    /// There is no message, neither visible nor hidden.
    #[track_caller]
    pub fn expect_empty(&self) -> &Queue {
        self.expect_bodies::<&str>([])
    }

    /// There are exactly the messages with these bodies, visible or hidden, in the order of their arrival.
    #[track_caller]
    pub fn expect_bodies<S: Into<String>>(&self, bodies: impl IntoIterator<Item = S>) -> &Queue {
        let expected: Vec<String> = bodies.into_iter().map(Into::into).collect();
        let got = self.bodies();
        let expectation = match expected.len() {
            0 => format!("{} is empty", self.name()),
            1 => format!("{} has one message", self.name()),
            count => format!("{} has {count} messages", self.name()),
        };
        check(got == expected, &expectation, &format!("{expected:?}"), &format!("{got:?}"), || self.trace());
        self
    }
}

/// Expectations.
///
/// # Panics
/// When the expectation does not hold, with the end of the world's trace in the message.
impl AsyncInvocation {
    /// This has become of it.
    #[track_caller]
    pub fn expect_state(&self, expected: AsyncState) -> &AsyncInvocation {
        let got = self.state();
        let expectation = "the asynchronous invocation ends as expected";
        check(got == expected, expectation, &format!("{expected:?}"), &format!("{got:?}"), || self.trace());
        self
    }
}
