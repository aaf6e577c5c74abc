//! One resource knows the order by itself.
#![allow(unused)]

#[path = "../src/office.rs"]
mod office;

use std::env;
use std::io;
use std::mem;
use std::ops::Range;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use lambda_runtime::{BoxFuture, Diagnostic, Error, LambdaEvent, Runtime, SnapStartResource, service_fn};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use office::{Line, Office};

#[derive(Deserialize)]
struct Order {
    order: String,
}

#[derive(Serialize)]
struct Receipt {
    receipt: u64,
    /// Since when this till is open, in milliseconds since 1970.
    open_since: u64,
}

/// Who the till is. The foundation: without a badge there is no line.
struct Identity {
    office: Office,
    badge: Mutex<Option<String>>,
}

/// The line to the office. Without a line there are no numbers.
struct Connection {
    identity: Arc<Identity>,
    line: Mutex<Option<Line>>,
}

/// Receipt numbers that were fetched beforehand.
struct Numbers {
    connection: Arc<Connection>,
    left: Mutex<Range<u64>>,
    open_since: Mutex<SystemTime>,
}

impl Identity {
    async fn open(&self) -> io::Result<()> {
        *self.badge.lock().await = Some(self.office.badge().await?);
        Ok(())
    }

    async fn close(&self) -> io::Result<()> {
        match self.badge.lock().await.take() {
            Some(badge) => self.office.hand_in(&badge).await,
            None => Ok(()),
        }
    }
}

impl Connection {
    async fn open(&self) -> io::Result<()> {
        let badge = self.identity.badge.lock().await.clone().unwrap_or_default();
        *self.line.lock().await = Some(self.identity.office.line(&badge).await?);
        Ok(())
    }

    async fn close(&self) -> io::Result<()> {
        match self.line.lock().await.take() {
            Some(line) => line.close().await,
            None => Ok(()),
        }
    }
}

impl Numbers {
    async fn open(&self) -> io::Result<()> {
        let mut line = self.connection.line.lock().await;
        *self.left.lock().await = line.as_mut().ok_or_else(closed)?.numbers().await?;
        *self.open_since.lock().await = SystemTime::now();
        Ok(())
    }

    async fn close(&self) -> io::Result<()> {
        let left = mem::take(&mut *self.left.lock().await);
        match self.connection.line.lock().await.as_mut() {
            Some(line) if !left.is_empty() => line.give_back(left).await,
            _ => Ok(()),
        }
    }

    async fn write(&self, order: &str) -> io::Result<Receipt> {
        let mut line = self.connection.line.lock().await;
        let line = line.as_mut().ok_or_else(closed)?;
        let mut left = self.left.lock().await;
        if left.is_empty() {
            *left = line.numbers().await?;
        }
        let receipt = left.next().ok_or_else(|| io::Error::other("the office has no numbers left"))?;
        line.enter(receipt, order).await?;
        let open_since = self.open_since.lock().await.duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(Receipt { receipt, open_since: open_since.as_millis() as u64 })
    }
}

impl SnapStartResource for Numbers {
    fn before_snapshot(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async {
            self.close().await?;
            self.connection.close().await?;
            Ok(self.connection.identity.close().await?)
        })
    }

    fn after_restore(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async {
            self.connection.identity.open().await?;
            self.connection.open().await?;
            Ok(self.open().await?)
        })
    }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let office = Office { address: env::var("OFFICE")? };
    let identity = Arc::new(Identity { office, badge: Mutex::default() });
    let connection = Arc::new(Connection { identity: Arc::clone(&identity), line: Mutex::default() });
    let numbers = Arc::new(Numbers {
        connection: Arc::clone(&connection),
        left: Mutex::default(),
        open_since: Mutex::new(UNIX_EPOCH),
    });
    // A version of this function that cannot open its till fails here, when it is published.
    identity.open().await?;
    connection.open().await?;
    numbers.open().await?;
    let till = &numbers;
    // Foundations first: they are closed last and opened first.
    Runtime::new(service_fn(move |event: LambdaEvent<Order>| async move {
        till.write(&event.payload.order).await.map_err(failed)
    }))
    .register_snapstart_resource(numbers.clone())
    .run()
    .await
}

fn closed() -> io::Error {
    io::Error::other("the line is closed")
}

fn failed(error: io::Error) -> Diagnostic {
    Diagnostic { error_type: "OfficeFailed".to_owned(), error_message: error.to_string() }
}
