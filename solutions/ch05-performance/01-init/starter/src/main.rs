//! The price desk says what prints cost, by the catalogue of the warehouse.

mod catalogue;

use std::env;
use std::path::PathBuf;
use std::sync::Arc;

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
}

impl Desk {
    async fn catalogue(&self) -> Result<Catalogue, WarehouseAway> {
        // TODO: fetch the catalogue once and keep it in the desk.
        Catalogue::fetch(&self.warehouse).await
    }

    async fn quote(&self, event: LambdaEvent<Order>) -> Result<Quote, Diagnostic> {
        let order = event.payload;
        let price = self.catalogue().await?.price(&order.format);
        Ok(Quote { cents: price.map(|cents| cents * order.copies) })
    }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let desk = Arc::new(Desk { warehouse: env::var_os("WAREHOUSE").ok_or("no WAREHOUSE")?.into() });
    // TODO: have the catalogue before the first event comes, and log it when it is missing.
    run_concurrent(service_fn(move |event| {
        let desk = Arc::clone(&desk);
        async move { desk.quote(event).await }
    }))
    .await
}
