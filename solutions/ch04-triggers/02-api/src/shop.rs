//! What the shop sells and whose pages may ask. Given.

use std::collections::BTreeMap;
use std::env;

use lambda_http::Error;

/// The price list and the origins of the shop's own pages.
#[derive(Debug)]
pub(crate) struct Shop {
    prices: BTreeMap<String, u64>,
    origins: Vec<String>,
}

impl Shop {
    /// `PRICES` is JSON, cents by size; `ORIGINS` is a list with a blank between two.
    pub(crate) fn from_environment() -> Result<Shop, Error> {
        let prices = serde_json::from_str(&env::var("PRICES")?)?;
        let origins = env::var("ORIGINS")?.split_whitespace().map(str::to_owned).collect();
        Ok(Shop { prices, origins })
    }

    /// Cents by size.
    pub(crate) fn prices(&self) -> &BTreeMap<String, u64> {
        &self.prices
    }

    /// The origins whose pages may read the answers.
    pub(crate) fn origins(&self) -> &[String] {
        &self.origins
    }
}
