//! caught-by: keeps_a_new_catalogue_as_long_as_the_one_before
//!
//! Renews the catalogue and not the time beside it: once too old, it is too old for every event that follows.
#![allow(unused)]

#[path = "../src/catalogue.rs"]
mod catalogue;

use std::env;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

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
    edition: u64,
    /// For all copies; none for a format that the catalogue does not know.
    cents: Option<u64>,
}

#[derive(Clone)]
struct Stock {
    catalogue: Arc<Catalogue>,
    fetched: Instant,
}

struct Desk {
    warehouse: PathBuf,
    /// How old a catalogue may be.
    ttl: Duration,
    /// What there is. Locked to look and to change, never over an `.await`.
    stock: Mutex<Option<Stock>>,
    /// Whose turn it is to fetch. Held over the `.await`, since that is what it is for.
    turn: tokio::sync::Mutex<()>,
}

impl Desk {
    async fn catalogue(&self) -> Result<Arc<Catalogue>, WarehouseAway> {
        let old = self.stock();
        let _turn = match &old {
            Some(stock) if self.is_fresh(stock) => return Ok(Arc::clone(&stock.catalogue)),
            Some(stock) => match self.turn.try_lock() {
                Ok(turn) => turn,
                // Somebody fetches already, and these prices will do until then.
                Err(_) => return Ok(Arc::clone(&stock.catalogue)),
            },
            None => self.turn.lock().await,
        };
        // Somebody may have fetched between the look and the turn.
        if let Some(stock) = self.stock().filter(|stock| self.is_fresh(stock)) {
            return Ok(stock.catalogue);
        }
        match (Catalogue::fetch(&self.warehouse).await, old) {
            (Ok(catalogue), _) => Ok(self.keep(catalogue)),
            // Old prices are better than none.
            (Err(_), Some(old)) => Ok(old.catalogue),
            (Err(away), None) => Err(away),
        }
    }

    fn stock(&self) -> Option<Stock> {
        self.stock.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, catalogue: Catalogue) -> Arc<Catalogue> {
        let catalogue = Arc::new(catalogue);
        let stock = Stock { catalogue: Arc::clone(&catalogue), fetched: Instant::now() };
        match &mut *self.stock.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(old) => old.catalogue = stock.catalogue,
            none => *none = Some(stock),
        }
        catalogue
    }

    fn is_fresh(&self, stock: &Stock) -> bool {
        stock.fetched.elapsed() < self.ttl
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
        stock: Mutex::new(None),
        turn: tokio::sync::Mutex::new(()),
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
