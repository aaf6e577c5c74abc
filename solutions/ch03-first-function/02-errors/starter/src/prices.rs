//! The price list. Given: there is nothing to change here.

use std::collections::HashMap;
use std::env;
use std::fmt;

/// A client of the database with the prices.
pub(crate) struct PriceList {
    address: String,
    cents: Option<HashMap<String, u64>>,
}

/// What the client may report.
#[derive(Debug)]
pub(crate) enum PriceError {
    /// The list has no such size.
    NoSuchSize,
    /// The database cannot be reached. The address is the one that we connect to, with user and password.
    Unreachable { address: String, reason: String },
}

impl fmt::Display for PriceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PriceError::NoSuchSize => write!(f, "no such size"),
            PriceError::Unreachable { address, reason } => write!(f, "connect to {address}: {reason}"),
        }
    }
}

impl std::error::Error for PriceError {}

impl PriceList {
    /// `PRICE_DB` is the database's address. `PRICES` plays its content; without it the database is away.
    pub(crate) fn connect() -> PriceList {
        let prices = env::var("PRICES").ok();
        PriceList {
            address: env::var("PRICE_DB").unwrap_or_else(|_| "postgres://localhost/prices".to_owned()),
            cents: prices.and_then(|prices| serde_json::from_str(&prices).ok()),
        }
    }

    /// The price of one print of this size.
    pub(crate) async fn cents(&self, size: &str) -> Result<u64, PriceError> {
        let Some(prices) = &self.cents else {
            let reason = "connection refused (os error 111)".to_owned();
            return Err(PriceError::Unreachable { address: self.address.clone(), reason });
        };
        prices.get(size).copied().ok_or(PriceError::NoSuchSize)
    }
}
