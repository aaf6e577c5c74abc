//! A change of a function that takes its time, as creating and updating do on AWS: until it is done the old code runs,
//! and no other change begins.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html>.

use std::sync::Arc;
use std::time::Duration;

use super::LambdaFunction;
use crate::agenda::Kind;
use crate::core::lock;
use crate::target::Target;

/// What it takes until a change of a function is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settling {
    /// This much virtual time.
    After(Duration),
    /// Somebody asks so many times and hears that it is under way; the next one hears that it is done.
    Polls(u32),
}

/// A change is under way already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangeInProgress;

/// A change that is under way.
#[derive(Debug)]
pub(super) struct Change {
    code: Option<Target>,
    /// How many more polls see it; none where time decides.
    polls: Option<u32>,
}

impl LambdaFunction {
    /// Begins a change: of the code of `$LATEST` where there is some, else of what the caller keeps.
    ///
    /// # Errors
    /// When another change is under way.
    ///
    /// # Panics
    /// When the new code is that of a function with another name.
    #[track_caller]
    pub fn begin_change(&self, code: Option<Target>, settling: Settling) -> Result<(), ChangeInProgress> {
        if let Some(code) = &code {
            self.assert_own(code);
        }
        let polls = match settling {
            Settling::Polls(polls) => Some(polls),
            Settling::After(_) => None,
        };
        {
            let mut change = lock(&self.state.change);
            if change.is_some() {
                return Err(ChangeInProgress);
            }
            *change = Some(Change { code, polls });
        }
        match settling {
            Settling::Polls(0) => self.end_change(),
            Settling::Polls(_) => {}
            Settling::After(time) => {
                let state = Arc::clone(&self.state);
                self.core.plan_in(time, Kind::Work, move |_| state.end_change());
            }
        }
        Ok(())
    }

    /// Whether a change is under way. Asking does not count.
    pub fn is_changing(&self) -> bool {
        lock(&self.state.change).is_some()
    }

    /// Whether a change is under way, as a caller of the API hears who polls for its end.
    pub fn poll_change(&self) -> bool {
        let is_done = match lock(&self.state.change).as_mut() {
            None => return false,
            Some(Change { polls: Some(polls), .. }) => {
                let is_done = *polls == 0;
                *polls = polls.saturating_sub(1);
                is_done
            }
            Some(_) => false,
        };
        if is_done {
            self.end_change();
        }
        !is_done
    }

    fn end_change(&self) {
        self.state.end_change();
    }
}

impl super::FunctionState {
    fn end_change(&self) {
        let change = lock(&self.change).take();
        if let Some(code) = change.and_then(|change| change.code) {
            lock(&self.catalogue).replace_latest(code);
        }
    }
}
