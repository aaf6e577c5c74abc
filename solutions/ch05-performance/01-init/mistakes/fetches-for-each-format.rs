//! caught-by: fetches_once_for_many_events
//!
//! Keeps the price of each format that was asked for, and fetches the whole catalogue again for the next one.
#![allow(unused)]

#[path = "../src/catalogue.rs"]
mod catalogue;

use std::collections::HashMap;
use std::env;
use std::path::PathBuf;
use std::sync::Arc;

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run_concurrent, service_fn};
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, OnceCell};

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
    catalogue: OnceCell<Catalogue>,
    prices: Mutex<HashMap<String, Option<u64>>>,
}

impl Desk {
    /// The catalogue. Whoever comes first fetches it, the others wait for that; a failure is not kept.
    async fn catalogue(&self) -> Result<&Catalogue, WarehouseAway> {
        self.catalogue.get_or_try_init(|| Catalogue::fetch(&self.warehouse)).await
    }

    async fn quote(&self, event: LambdaEvent<Order>) -> Result<Quote, Diagnostic> {
        let order = event.payload;
        let mut prices = self.prices.lock().await;
        let price = match prices.get(&order.format) {
            Some(price) => *price,
            None => {
                let price = Catalogue::fetch(&self.warehouse).await?.price(&order.format);
                *prices.entry(order.format).or_insert(price)
            }
        };
        Ok(Quote { cents: price.map(|cents| cents * order.copies) })
    }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let desk = Arc::new(Desk {
        warehouse: env::var_os("WAREHOUSE").ok_or("no WAREHOUSE")?.into(),
        catalogue: OnceCell::new(),
        prices: Mutex::default(),
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
