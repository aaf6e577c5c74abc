//! What mdBook says while it builds: it reports much of what is wrong with a page only in its log, and builds on.

use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// One warning or error of mdBook's, and the module that said it.
#[derive(Clone, Debug)]
pub struct Remark {
    pub from: String,
    pub words: String,
}

/// Runs `work` and gives back what mdBook said meanwhile.
pub fn listen<T>(work: impl FnOnce() -> T) -> (T, Vec<Remark>) {
    let ear = Ear::default();
    let heard = Arc::clone(&ear.heard);
    let result = tracing::subscriber::with_default(ear, work);
    let remarks = std::mem::take(&mut *heard.lock().unwrap_or_else(PoisonError::into_inner));
    (result, remarks)
}

#[derive(Default)]
struct Ear {
    heard: Arc<Mutex<Vec<Remark>>>,
}

impl Subscriber for Ear {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // mdBook says at this level what a writer should mend; other crates' warnings are not about the book.
        *metadata.level() <= Level::WARN && metadata.target().starts_with("mdbook")
    }

    fn event(&self, event: &Event<'_>) {
        let mut message = Message(String::new());
        event.record(&mut message);
        let remark = Remark { from: event.metadata().target().to_owned(), words: message.0 };
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).push(remark);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            // Writing to a string cannot fail.
            let _ = write!(self.0, "{value:?}");
        }
    }
}
