//! Faults that a test asks for. All of them count calls: nothing is drawn, nothing depends on time.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::aws::LocalAws;
use crate::error::AwsError;

/// What is to go wrong with some calls of an operation. Made by [`LocalAws::fault`].
#[must_use = "a fault is set by saying what goes wrong: `throttle`, `delay`, …"]
pub struct FaultBuilder<'a> {
    aws: &'a LocalAws,
    operation: String,
    skip: usize,
    left: usize,
    only: Option<Arc<Filter>>,
}

/// Says of parameters, or of an entry, whether they are meant.
pub(crate) type Filter = dyn Fn(&Value) -> bool + Send + Sync;
type Hook = dyn Fn(&LocalAws) + Send + Sync;

impl<'a> FaultBuilder<'a> {
    pub(crate) fn new(aws: &'a LocalAws, operation: &str) -> FaultBuilder<'a> {
        FaultBuilder { aws, operation: operation.to_owned(), skip: 0, left: 1, only: None }
    }

    /// The next so many calls; one if not given.
    pub fn times(mut self, calls: usize) -> Self {
        self.left = calls;
        self
    }

    /// All calls from now on.
    pub fn always(self) -> Self {
        self.times(usize::MAX)
    }

    /// Lets so many calls pass first.
    pub fn after(mut self, calls: usize) -> Self {
        self.skip = calls;
        self
    }

    /// Only calls with such parameters; the others do not count.
    pub fn only(mut self, is_meant: impl Fn(&Value) -> bool + Send + Sync + 'static) -> Self {
        self.only = Some(Arc::new(is_meant));
        self
    }

    /// Throttles, with the error that the service has for it.
    pub fn throttle(self) {
        self.set(What::Throttle);
    }

    /// Answers with an error, without acting.
    pub fn error(self, code: &str, status: u16, message: &str) {
        self.set(What::Error(AwsError::new(code, status, message)));
    }

    /// Answers as late as this.
    pub fn delay(self, delay: Duration) {
        self.set(What::Delay(delay));
    }

    /// Drops the connection without an answer, without acting.
    pub fn hang_up(self) {
        self.set(What::HangUp);
    }

    /// Acts, and answers 500 nevertheless: the caller cannot know that it was done.
    pub fn fail_after_acting(self) {
        self.set(What::FailAfterActing);
    }

    /// Lets those entries of a batch fail of which this is true, and does the others. A call without such an entry
    /// does not count.
    ///
    /// An entry is what stands in the batch: of `SendMessageBatch`, `PutEvents` and `PublishBatch` an entry, of
    /// `BatchWriteItem` a write request, of `BatchGetItem` a key.
    pub fn fail_entries(self, fails: impl Fn(&Value) -> bool + Send + Sync + 'static) {
        self.set(What::FailEntries(Arc::new(fails)));
    }

    /// Serves no more than so many items in a page.
    pub fn page_size(self, items: usize) {
        self.set(What::PageSize(items));
    }

    /// Answers a page of a DynamoDB `Scan` or `Query` with no item, and with the key at which it was to begin as the
    /// last one: others follow. A page that begins at the beginning is served as usual.
    pub fn empty_page(self) {
        self.set(What::EmptyPage);
    }

    /// Does something first, such as rotating a secret; the call is then served as usual.
    pub fn do_first(self, hook: impl Fn(&LocalAws) + Send + Sync + 'static) {
        self.set(What::DoFirst(Arc::new(hook)));
    }

    fn set(self, what: What) {
        let FaultBuilder { aws, operation, skip, left, only } = self;
        aws.add_fault(Fault { operation, skip, left, only, what });
    }
}

impl fmt::Debug for FaultBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultBuilder").field("operation", &self.operation).finish_non_exhaustive()
    }
}

/// A fault that was asked for, and for how many calls it still stands.
pub(crate) struct Fault {
    operation: String,
    skip: usize,
    left: usize,
    only: Option<Arc<Filter>>,
    what: What,
}

/// What goes wrong.
#[derive(Clone)]
pub(crate) enum What {
    Throttle,
    Error(AwsError),
    Delay(Duration),
    HangUp,
    FailAfterActing,
    FailEntries(Arc<Filter>),
    PageSize(usize),
    EmptyPage,
    DoFirst(Arc<Hook>),
}

/// The faults of one call: every one that stands for it counts it. Faults that were used up go.
pub(crate) fn take(faults: &mut Vec<Fault>, operation: &str, params: &Value) -> Vec<What> {
    let mut taken = Vec::new();
    for fault in faults.iter_mut().filter(|fault| fault.operation == operation) {
        let is_meant = fault.only.as_ref().is_none_or(|only| only(params));
        let has_entry = match &fault.what {
            What::FailEntries(fails) => crate::batch::entries(operation, params).iter().any(|entry| fails(entry)),
            _ => true,
        };
        if !is_meant || !has_entry {
            continue;
        }
        if fault.skip > 0 {
            fault.skip -= 1;
            continue;
        }
        fault.left = fault.left.saturating_sub(1);
        taken.push(fault.what.clone());
        // What ends a call leaves the faults behind it for the next one.
        if matches!(fault.what, What::Throttle | What::Error(_) | What::HangUp) {
            break;
        }
    }
    faults.retain(|fault| fault.left > 0);
    taken
}
