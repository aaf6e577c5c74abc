//! Choices that nobody knows before the check runs, so that no answer can be copied into a function.

use std::env;
use std::ops::RangeInclusive;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

/// A small generator (splitmix64). When the test that holds it fails, it says how to repeat the same choices.
#[derive(Debug)]
pub struct Seed {
    seed: u64,
    state: u64,
}

impl Seed {
    /// Seeded with `COURSE_SEED` if that is set, else with the time.
    ///
    /// # Panics
    /// When `COURSE_SEED` is not a number.
    #[must_use]
    #[track_caller]
    pub fn at_run_time() -> Seed {
        let seed = match env::var("COURSE_SEED") {
            Ok(text) => text.parse().unwrap_or_else(|_| panic!("COURSE_SEED={text} is not a number")),
            // Six digits are enough to differ and short enough to type.
            Err(_) => u64::from(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |t| t.subsec_micros())),
        };
        Seed { seed, state: seed }
    }

    /// A number of the range.
    ///
    /// # Panics
    /// When the range is empty.
    pub fn number(&mut self, range: RangeInclusive<u64>) -> u64 {
        let (low, high) = range.into_inner();
        assert!(low <= high, "an empty range has no number");
        match (high - low).checked_add(1) {
            Some(count) => low + self.next() % count,
            None => self.next(),
        }
    }

    /// One of the items.
    ///
    /// # Panics
    /// When there are none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        let last = items.len().checked_sub(1).expect("there is nothing to pick from");
        &items[self.number(0..=last as u64) as usize]
    }

    /// A made-up name of three syllables, such as `Tarumo`.
    pub fn name(&mut self) -> String {
        const SYLLABLES: [&str; 16] =
            ["ba", "de", "fi", "go", "ka", "le", "mi", "no", "pa", "ra", "ru", "se", "ta", "ti", "vo", "zu"];
        let mut name: String = (0..3).map(|_| *self.pick(&SYLLABLES)).collect();
        name[..1].make_ascii_uppercase();
        name
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

impl Drop for Seed {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("the same choices again: COURSE_SEED={}", self.seed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seed(seed: u64) -> Seed {
        Seed { seed, state: seed }
    }

    #[test]
    fn one_seed_makes_one_row_of_choices() {
        let row = |mut seed: Seed| (0..20).map(|_| seed.number(0..=9)).collect::<Vec<_>>();
        assert_eq!(row(seed(7)), row(seed(7)));
        assert_ne!(row(seed(7)), row(seed(8)));
    }

    #[test]
    fn numbers_reach_both_ends_and_no_further() {
        let mut seed = seed(1);
        let numbers: Vec<u64> = (0..200).map(|_| seed.number(3..=5)).collect();
        assert!((3..=5).all(|number| numbers.contains(&number)));
        assert!(numbers.iter().all(|number| (3..=5).contains(number)));
        assert_eq!(seed.number(4..=4), 4);
        let _ = seed.number(0..=u64::MAX);
    }

    #[test]
    fn names_are_capitalized_ascii() {
        let name = seed(3).name();
        assert!(name.len() == 6 && name.is_ascii() && name.starts_with(|c: char| c.is_ascii_uppercase()), "{name}");
    }
}
