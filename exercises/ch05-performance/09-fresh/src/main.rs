//! The price desk says what prints cost, by a catalogue that it fetched once.

mod catalogue;

use std::env;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run_concurrent, service_fn};
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;

use catalogue::{Catalogue, WarehouseAway};

#[derive(Deserialize)]
struct Order {
    format: String,
    copies: u64,
}

#[derive(Serialize)]
struct Quote {
    edition: u64,
    /// For all copies; none for a format that the catalogue does not know.
    cents: Option<u64>,
}

struct Desk {
    warehouse: PathBuf,
    /// How old a catalogue may be.
    ttl: Duration,
    catalogue: OnceCell<Arc<Catalogue>>,
}

impl Desk {
    async fn catalogue(&self) -> Result<Arc<Catalogue>, WarehouseAway> {
        // TODO: fetch again when the catalogue is older than `ttl`: one event does, and the others go on with the old one.
        // TODO: go on with the old one, too, when the warehouse is away.
        let _nobody_looks_at_it_yet = self.ttl;
        let fetch = async || Catalogue::fetch(&self.warehouse).await.map(Arc::new);
        self.catalogue.get_or_try_init(fetch).await.cloned()
    }

    async fn quote(&self, event: LambdaEvent<Order>) -> Result<Quote, Diagnostic> {
        let order = event.payload;
        let catalogue = self.catalogue().await?;
        let cents = catalogue.price(&order.format).map(|cents| cents * order.copies);
        Ok(Quote { edition: catalogue.edition, cents })
    }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let desk = Arc::new(Desk {
        warehouse: env::var_os("WAREHOUSE").ok_or("no WAREHOUSE")?.into(),
        ttl: Duration::from_millis(env::var("TTL_MS")?.parse()?),
        catalogue: OnceCell::new(),
    });
    if desk.catalogue().await.is_err() {
        println!("begins without the catalogue");
    }
    run_concurrent(service_fn(move |event| {
        let desk = Arc::clone(&desk);
        async move { desk.quote(event).await }
    }))
    .await
}
