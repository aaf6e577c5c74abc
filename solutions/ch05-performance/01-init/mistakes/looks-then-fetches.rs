//! caught-by: fetches_once_for_events_at_the_same_time
//!
//! Looks whether there is a catalogue, fetches, and keeps it: between looking and keeping others look, too, and all
//! of them fetch.
#![allow(unused)]

#[path = "../src/catalogue.rs"]
mod catalogue;

use std::env;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run_concurrent, service_fn};
use serde::{Deserialize, Serialize};

use catalogue::{Catalogue, WarehouseAway};

#[derive(Deserialize)]
struct Order {
    format: String,
    copies: u64,
}

#[derive(Serialize)]
struct Quote {
    /// For all copies; none for a format that the catalogue does not know.
    cents: Option<u64>,
}

struct Desk {
    warehouse: PathBuf,
    catalogue: Mutex<Option<Arc<Catalogue>>>,
}

impl Desk {
    /// The catalogue. Whoever comes first fetches it, the others wait for that; a failure is not kept.
    async fn catalogue(&self) -> Result<Arc<Catalogue>, WarehouseAway> {
        if let Some(catalogue) = self.catalogue.lock().unwrap().clone() {
            return Ok(catalogue);
        }
        let catalogue = Arc::new(Catalogue::fetch(&self.warehouse).await?);
        *self.catalogue.lock().unwrap() = Some(Arc::clone(&catalogue));
        Ok(catalogue)
    }

    async fn quote(&self, event: LambdaEvent<Order>) -> Result<Quote, Diagnostic> {
        let order = event.payload;
        let price = self.catalogue().await?.price(&order.format);
        Ok(Quote { cents: price.map(|cents| cents * order.copies) })
    }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let desk = Arc::new(Desk {
        warehouse: env::var_os("WAREHOUSE").ok_or("no WAREHOUSE")?.into(),
        catalogue: Mutex::new(None),
    });
    // No reason to end the process: the first event tries again, and its caller learns the reason.
    if desk.catalogue().await.is_err() {
        println!("begins without the catalogue");
    }
    run_concurrent(service_fn(move |event| {
        let desk = Arc::clone(&desk);
        async move { desk.quote(event).await }
    }))
    .await
}
