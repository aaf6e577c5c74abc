//! A lock of tokio's, held while the catalogue is fetched. It is more to write, and events wait for each other even when
//! all is there.

#[path = "../src/catalogue.rs"]
mod catalogue;

use std::env;
use std::path::PathBuf;
use std::sync::Arc;

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run_concurrent, service_fn};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

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
        let mut kept = self.catalogue.lock().await;
        if let Some(catalogue) = &*kept {
            return Ok(Arc::clone(catalogue));
        }
        let catalogue = Arc::new(Catalogue::fetch(&self.warehouse).await?);
        *kept = Some(Arc::clone(&catalogue));
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
