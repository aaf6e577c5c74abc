//! The price catalogue, and how it is fetched from the warehouse. Given; it stays as it is.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use lambda_runtime::Diagnostic;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(crate) struct Catalogue {
    /// Which edition it is; the warehouse counts them.
    pub(crate) edition: u64,
    /// Cents for one print of a format.
    prices: HashMap<String, u64>,
}

/// The warehouse could not give the catalogue.
#[derive(Debug)]
pub(crate) struct WarehouseAway;

impl From<WarehouseAway> for Diagnostic {
    fn from(_: WarehouseAway) -> Diagnostic {
        Diagnostic {
            error_type: "WarehouseAway".to_owned(),
            error_message: "prices cannot be read just now".to_owned(),
        }
    }
}

impl Catalogue {
    /// Fetches the catalogue. It takes a while, it may fail, and the warehouse notes when a call begins and when it ends.
    pub(crate) async fn fetch(warehouse: &Path) -> Result<Catalogue, WarehouseAway> {
        println!("fetches the catalogue");
        note(warehouse, "begins")?;
        tokio::time::sleep(Duration::from_millis(20)).await;
        // The check makes the warehouse busy, to see who waits.
        while warehouse.join("busy").exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let catalogue = fs::read(warehouse.join("catalogue.json"));
        note(warehouse, "ends")?;
        serde_json::from_slice(&catalogue.map_err(|_| WarehouseAway)?).map_err(|_| WarehouseAway)
    }

    /// Cents for one print of this format, if there is such a format.
    pub(crate) fn price(&self, format: &str) -> Option<u64> {
        self.prices.get(format).copied()
    }
}

/// Writes a line of the warehouse's list of calls.
fn note(warehouse: &Path, what: &str) -> Result<(), WarehouseAway> {
    let calls = File::options().append(true).create(true).open(warehouse.join("calls.txt"));
    calls.and_then(|mut calls| writeln!(calls, "{what}")).map_err(|_| WarehouseAway)
}
