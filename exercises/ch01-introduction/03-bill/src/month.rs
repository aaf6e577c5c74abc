//! What comes in, a month of an account, and what goes out, its bill. Given as it is.

use serde::{Deserialize, Serialize};

use crate::money::{Price, Usd};

/// `/tmp` up to here costs nothing, in MB.
pub(crate) const FREE_TMP_MB: u128 = 512;

/// A month of one account in one Region.
#[derive(Debug, Deserialize)]
pub(crate) struct Month {
    pub(crate) prices: Prices,
    pub(crate) functions: Vec<Function>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Architecture {
    #[serde(rename = "x86_64")]
    X86,
    #[serde(rename = "arm64")]
    Arm,
}

/// One function and all that it did in the month.
#[derive(Debug, Deserialize)]
pub(crate) struct Function {
    pub(crate) architecture: Architecture,
    pub(crate) memory_mb: u128,
    #[serde(default = "free_tmp_mb")]
    pub(crate) tmp_mb: u128,
    #[serde(default)]
    pub(crate) invocations: Vec<Invocations>,
    /// Provisioned concurrency, if it has any; then all its invocations ran on it.
    pub(crate) provisioned: Option<Provisioned>,
}

/// So many invocations that took the same time each.
#[derive(Debug, Deserialize)]
pub(crate) struct Invocations {
    pub(crate) count: u128,
    /// How long the handler ran, in microseconds.
    pub(crate) duration_us: u128,
    /// How long INIT took before it, in microseconds; 0 for warm starts.
    #[serde(default)]
    pub(crate) init_us: u128,
}

/// Environments that were kept ready.
#[derive(Debug, Deserialize)]
pub(crate) struct Provisioned {
    pub(crate) environments: u128,
    /// From when it was enabled until it was disabled.
    pub(crate) seconds: u128,
}

/// The price list, as `exercises/fixtures/data/prices.json` has it.
#[derive(Debug, Deserialize)]
pub(crate) struct Prices {
    /// For one request.
    pub(crate) request: Price,
    pub(crate) free_requests: u128,
    pub(crate) free_gigabyte_seconds: u128,
    /// For one gigabyte-second of `/tmp` above [`FREE_TMP_MB`].
    #[serde(rename = "ephemeral_storage_gigabyte_second")]
    pub(crate) tmp: Price,
    /// Provisioned concurrency is paid in steps of so many seconds, begun ones in full.
    pub(crate) provisioned_step: u128,
    #[serde(rename = "x86_64_gigabyte_second")]
    x86: Price,
    #[serde(rename = "arm64_gigabyte_second")]
    arm: Price,
    #[serde(rename = "x86_64_gigabyte_second_above")]
    x86_above: Vec<Above>,
    #[serde(rename = "arm64_gigabyte_second_above")]
    arm_above: Vec<Above>,
    #[serde(rename = "x86_64_provisioned_gigabyte_second")]
    x86_provisioned: Price,
    #[serde(rename = "arm64_provisioned_gigabyte_second")]
    arm_provisioned: Price,
    #[serde(rename = "x86_64_gigabyte_second_on_provisioned")]
    x86_on_provisioned: Price,
    #[serde(rename = "arm64_gigabyte_second_on_provisioned")]
    arm_on_provisioned: Price,
}

#[derive(Debug, Deserialize)]
struct Above {
    gigabyte_seconds: u128,
    usd: Price,
}

/// What a gigabyte-second costs from so many gigabyte-seconds a month on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tier {
    pub(crate) from_gigabyte_seconds: u128,
    pub(crate) price: Price,
}

impl Prices {
    /// The tiers of an architecture on demand, the first from 0, each up to where the next begins.
    pub(crate) fn tiers(&self, architecture: Architecture) -> Vec<Tier> {
        let (first, above) = match architecture {
            Architecture::X86 => (self.x86, &self.x86_above),
            Architecture::Arm => (self.arm, &self.arm_above),
        };
        let mut tiers = vec![Tier { from_gigabyte_seconds: 0, price: first }];
        tiers.extend(above.iter().map(|a| Tier { from_gigabyte_seconds: a.gigabyte_seconds, price: a.usd }));
        tiers
    }

    /// For one gigabyte-second of environments that are kept ready, used or not.
    pub(crate) fn provisioned(&self, architecture: Architecture) -> Price {
        match architecture {
            Architecture::X86 => self.x86_provisioned,
            Architecture::Arm => self.arm_provisioned,
        }
    }

    /// For one gigabyte-second of invocations that run on such environments.
    pub(crate) fn on_provisioned(&self, architecture: Architecture) -> Price {
        match architecture {
            Architecture::X86 => self.x86_on_provisioned,
            Architecture::Arm => self.arm_on_provisioned,
        }
    }
}

/// The bill, each line rounded once.
#[derive(Debug, Serialize)]
pub(crate) struct Bill {
    pub(crate) requests: Usd,
    pub(crate) duration: Usd,
    pub(crate) tmp: Usd,
    pub(crate) provisioned: Usd,
    pub(crate) total: Usd,
}

fn free_tmp_mb() -> u128 {
    FREE_TMP_MB
}
