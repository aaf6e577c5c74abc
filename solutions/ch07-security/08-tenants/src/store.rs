//! The price lists of all tenants. Given: there is nothing to change here.
//!
//! They are in a variable, so that the exercise needs no database; a read says so in the log, since it takes its time
//! in a table.

use std::collections::HashMap;
use std::env;

/// Cents for a print of a size, such as `10x15`.
pub(crate) type PriceList = HashMap<String, u64>;

/// The price list of one tenant; nothing where there is none.
pub(crate) fn price_list(tenant: &str) -> Option<PriceList> {
    println!("reading the prices of {tenant}");
    let all: HashMap<String, PriceList> = serde_json::from_str(&env::var("PRICES").ok()?).ok()?;
    all.get(tenant).cloned()
}
