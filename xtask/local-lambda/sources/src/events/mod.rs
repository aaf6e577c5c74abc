//! Amazon EventBridge: buses, rules with event patterns, and their targets.
//!
//! Not part of it: archives and replays, pipes, API destinations, rules with a schedule (which AWS calls legacy: see
//! [`scheduler`](crate::scheduler)), buses of other accounts and Regions.

mod bus;
mod input;
mod retry_policy;
mod rule;
mod target;

pub use bus::{Bus, PutEvent, PutEventsError};
pub use input::InvalidInput;
pub use rule::{Rule, RuleBuilder};
pub use target::{RuleTarget, RuleTargetBuilder};

pub(crate) use bus::{DEFAULT_BUS, put_service_event};
pub(crate) use retry_policy::{default_policy, failure_attributes, retry_policy};

use crate::world::World;

/// Buses.
impl World {
    /// The bus of EventBridge that every account has; AWS's services send their events to it.
    pub fn default_bus(&self) -> Bus {
        Bus::named(&self.core, DEFAULT_BUS)
    }

    /// The bus of EventBridge with this name; it is made if there is none.
    pub fn bus(&self, name: &str) -> Bus {
        Bus::named(&self.core, name)
    }
}
