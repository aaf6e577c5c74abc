//! caught-by: ends_by_itself_and_in_time
//!
//! Waits for the books until the deadline, at which it is killed.
#![allow(unused)]

#[path = "../src/books.rs"]
mod books;
#[path = "../src/inbox.rs"]
mod inbox;

use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{env, process};

use lambda_extension::{Error, Extension, LambdaEvent, NextEvent, service_fn};
use tokio::sync::Mutex;
use tokio::time::timeout;

use books::Books;
use inbox::{Inbox, Print, Told};

/// What SHUTDOWN leaves for ending.
const MARGIN: Duration = Duration::from_millis(500);

struct Meter {
    inbox: Inbox,
    books: Books,
    /// The longest that the meter waits for anybody.
    limit: Duration,
    /// What is not in the books yet.
    unsent: Vec<Print>,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let meter = Mutex::new(Meter {
        inbox: Inbox::open().await?,
        books: Books { address: env::var("BOOKS")? },
        limit: Duration::from_millis(env::var("LIMIT_MS")?.parse()?),
        unsent: Vec::new(),
    });
    let meter = &meter;
    Extension::new()
        .with_events(&["INVOKE", "SHUTDOWN"])
        .with_events_processor(service_fn(move |event: LambdaEvent| async move {
            meter.lock().await.hear(event.next).await;
            Ok::<(), Error>(())
        }))
        .run()
        .await
}

impl Meter {
    /// When this returns, the crate asks for the next event: that is how Lambda knows that the meter is done.
    async fn hear(&mut self, event: NextEvent) {
        match event {
            NextEvent::Invoke(invoke) => {
                // The function begins at the same moment as the meter: there is nothing yet to flush.
                self.collect(&invoke.request_id).await;
                self.flush(self.limit).await;
            }
            NextEvent::Shutdown(shutdown) => {
                let deadline = UNIX_EPOCH + Duration::from_millis(shutdown.deadline_ms);
                let left = deadline.duration_since(SystemTime::now()).unwrap_or_default();
                self.flush(self.limit.min(left)).await;
                // Nobody waits for an extension that has ended.
                process::exit(0);
            }
        }
    }

    /// Takes what the function says until it is done with this request.
    async fn collect(&mut self, request_id: &str) {
        let until_done = async {
            while let Some(told) = self.inbox.next().await {
                match told {
                    Told::Print(print) => self.unsent.push(print),
                    Told::Done { request_id: done } if done == request_id => return,
                    Told::Done { .. } => {}
                }
            }
        };
        if timeout(self.limit, until_done).await.is_err() {
            println!("the function did not say that it was done with {request_id}");
        }
    }

    /// Enters what is not in the books yet. What they do not take stays for the next time.
    async fn flush(&mut self, limit: Duration) {
        if self.unsent.is_empty() {
            return;
        }
        let count = self.unsent.len();
        match timeout(limit, self.books.enter(&self.unsent)).await {
            Ok(Ok(())) => self.unsent.clear(),
            Ok(Err(error)) => println!("{count} prints are not in the books: {error}"),
            Err(_) => println!("{count} prints are not in the books: no answer"),
        }
    }
}
