//! Money without a point, as in chapter 1: prices and amounts as whole numbers, each unit in a type of its own. Given as
//! it is.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul};

use serde::{Deserialize, Deserializer, Serialize, de};

/// `/tmp` up to here costs nothing, in MB.
pub(crate) const FREE_TMP_MB: u128 = 512;

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub(crate) enum Architecture {
    #[serde(rename = "x86_64")]
    X86,
    #[serde(rename = "arm64")]
    Arm,
}

/// Ten-billionths of a US dollar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Usd(pub(crate) u128);

/// What one unit costs, in ten-billionths of a US dollar. It is read from text such as `"0.0000166667"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Price(u128);

/// Memory times time: megabytes times milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct MegabyteMillis(pub(crate) u128);

/// A price times memory times time. One division makes US dollars of it, see [`Exact::rounded`].
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Exact(u128);

impl MegabyteMillis {
    /// In one gigabyte-second: 1,024 MB times 1,000 ms.
    const IN_A_GIGABYTE_SECOND: u128 = 1_024_000;

    /// So many gigabyte-seconds.
    pub(crate) fn gigabyte_seconds(count: u128) -> MegabyteMillis {
        MegabyteMillis(count * MegabyteMillis::IN_A_GIGABYTE_SECOND)
    }

    /// What is left without the other, nothing when the other is more.
    pub(crate) fn less(self, other: MegabyteMillis) -> MegabyteMillis {
        MegabyteMillis(self.0.saturating_sub(other.0))
    }
}

impl AddAssign for MegabyteMillis {
    fn add_assign(&mut self, other: MegabyteMillis) {
        self.0 += other.0;
    }
}

impl Sum for MegabyteMillis {
    fn sum<I: Iterator<Item = MegabyteMillis>>(parts: I) -> MegabyteMillis {
        MegabyteMillis(parts.map(|part| part.0).sum())
    }
}

/// A price for one gigabyte-second, times what was used.
impl Mul<MegabyteMillis> for Price {
    type Output = Exact;

    fn mul(self, used: MegabyteMillis) -> Exact {
        Exact(self.0 * used.0)
    }
}

/// A price for one piece, times the pieces.
impl Mul<u128> for Price {
    type Output = Usd;

    fn mul(self, pieces: u128) -> Usd {
        Usd(self.0 * pieces)
    }
}

impl Exact {
    /// The only division: to the nearest ten-billionth, half up.
    pub(crate) fn rounded(self) -> Usd {
        let divisor = MegabyteMillis::IN_A_GIGABYTE_SECOND;
        Usd((self.0 + divisor / 2) / divisor)
    }
}

impl Add for Exact {
    type Output = Exact;

    fn add(self, other: Exact) -> Exact {
        Exact(self.0 + other.0)
    }
}

impl Sum for Exact {
    fn sum<I: Iterator<Item = Exact>>(parts: I) -> Exact {
        parts.fold(Exact::default(), Add::add)
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Usd>>(parts: I) -> Usd {
        Usd(parts.map(|part| part.0).sum())
    }
}

/// The price list, as `exercises/fixtures/data/prices.json` has it.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Prices {
    /// For one request.
    pub(crate) request: Price,
    /// What costs nothing, once a month and account.
    pub(crate) free_requests: u128,
    pub(crate) free_gigabyte_seconds: u128,
    /// For one gigabyte-second of `/tmp` above [`FREE_TMP_MB`].
    #[serde(rename = "ephemeral_storage_gigabyte_second")]
    pub(crate) tmp: Price,
    #[serde(rename = "x86_64_gigabyte_second")]
    x86: Price,
    #[serde(rename = "arm64_gigabyte_second")]
    arm: Price,
    #[serde(rename = "x86_64_gigabyte_second_above")]
    x86_above: Vec<Above>,
    #[serde(rename = "arm64_gigabyte_second_above")]
    arm_above: Vec<Above>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Above {
    gigabyte_seconds: u128,
    usd: Price,
}

impl Prices {
    /// What all that an architecture used costs, tier by tier, after what is free.
    pub(crate) fn duration(&self, architecture: Architecture, paid: MegabyteMillis) -> Exact {
        let (first, above) = match architecture {
            Architecture::X86 => (self.x86, &self.x86_above),
            Architecture::Arm => (self.arm, &self.arm_above),
        };
        let mut left = paid;
        let mut sum = Exact::default();
        for tier in above.iter().rev() {
            let in_tier = left.less(MegabyteMillis::gigabyte_seconds(tier.gigabyte_seconds));
            sum = sum + tier.usd * in_tier;
            left = left.less(in_tier);
        }
        sum + first * left
    }
}

impl<'de> Deserialize<'de> for Price {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Price, D::Error> {
        const DECIMALS: usize = 10;
        let text = String::deserialize(deserializer)?;
        let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
        if decimals.len() > DECIMALS {
            return Err(de::Error::custom(format!("the price {text} has more than {DECIMALS} decimals")));
        }
        let digits = format!("{whole}{decimals:0<DECIMALS$}");
        digits.parse().map(Price).map_err(|_| de::Error::custom(format!("{text} is not a price")))
    }
}
