//! What was paid. Given: there is nothing to change here.
//!
//! It is in the memory of one process, so that the exercise needs no database. A shop keeps it in a table.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use serde::Deserialize;

/// What the payment service tells. It tells more, and may tell more still one day.
#[derive(Deserialize)]
pub(crate) struct Payment {
    /// The same each time that the same payment is told.
    pub(crate) id: String,
    order: u64,
    cents: u64,
}

#[derive(Default)]
pub(crate) struct Ledger {
    ids: Mutex<HashSet<String>>,
}

impl Ledger {
    /// Whether a payment was booked before.
    pub(crate) fn has(&self, id: &str) -> bool {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner).contains(id)
    }

    /// Books it, and the order is printed and sent.
    pub(crate) fn book(&self, payment: &Payment) {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner).insert(payment.id.clone());
        println!("booked {}: {} cents for order {}", payment.id, payment.cents, payment.order);
    }
}
