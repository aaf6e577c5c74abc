//! The order board: what hangs in the shop for everybody to see. Given: there is nothing to change here.
//!
//! It lies in the process, so that the exercise needs no database. A real one is a table.

use std::collections::HashMap;
use std::env;
use std::sync::{Mutex, PoisonError};

use serde_json::json;

#[derive(Debug, Default)]
pub(crate) struct Board {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The number of the last change that was taken, by order.
    changes: HashMap<String, String>,
    /// How often the board still cannot be reached, by order: `{"1042": 1}`.
    out_of_reach: HashMap<String, u32>,
}

impl Board {
    pub(crate) fn from_env() -> Board {
        let out_of_reach = serde_json::from_str(&env::var("OUT_OF_REACH").unwrap_or_default()).unwrap_or_default();
        Board { state: Mutex::new(State { out_of_reach, ..State::default() }) }
    }

    /// The sequence number of the last change that the board took for an order, be it that it was taken off.
    pub(crate) fn last_change(&self, order: &str) -> Option<String> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).changes.get(order).cloned()
    }

    /// Hangs an order up, in the place of what hung there.
    pub(crate) fn put(&self, order: &str, status: &str, total: &str, change: &str) -> Result<(), String> {
        self.take(order, change)?;
        println!("board {}", json!({ "order": order, "status": status, "total": total, "change": change }));
        Ok(())
    }

    /// Takes an order off.
    pub(crate) fn remove(&self, order: &str, change: &str) -> Result<(), String> {
        self.take(order, change)?;
        println!("board {}", json!({ "order": order, "gone": true, "change": change }));
        Ok(())
    }

    fn take(&self, order: &str, change: &str) -> Result<(), String> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(left) = state.out_of_reach.get_mut(order).filter(|left| **left > 0) {
            *left -= 1;
            return Err(format!("the board is out of reach for order {order}"));
        }
        state.changes.insert(order.to_owned(), change.to_owned());
        Ok(())
    }
}
