//! Money without a point: prices and amounts as whole numbers, each unit in a type of its own. Given as it is.

use std::iter::Sum;
use std::ops::{Add, Mul};

use serde::{Deserialize, Deserializer, Serialize, de};

// ANCHOR: types
/// Ten-billionths of a US dollar: every price of Lambda in
/// us-east-1 is a whole number of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Usd(pub(crate) u128);

/// What one unit costs, in ten-billionths of a US dollar. It is
/// read from text such as `"0.0000166667"`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Price(u128);

/// Memory times time: megabytes times milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct MegabyteMillis(pub(crate) u128);

/// A price times memory times time, exact. One division makes US
/// dollars of it, see [`Exact::rounded`].
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Exact(u128);
// ANCHOR_END: types

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

// ANCHOR: rounded
impl Exact {
    /// The only division: to the nearest ten-billionth, half up.
    pub(crate) fn rounded(self) -> Usd {
        let divisor = MegabyteMillis::IN_A_GIGABYTE_SECOND;
        Usd((self.0 + divisor / 2) / divisor)
    }
}
// ANCHOR_END: rounded

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

impl Add for Usd {
    type Output = Usd;

    fn add(self, other: Usd) -> Usd {
        Usd(self.0 + other.0)
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
