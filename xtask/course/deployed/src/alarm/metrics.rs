//! Samples of metrics by the minute, and the statistics that CloudWatch makes of them.

use std::collections::BTreeMap;

/// A metric: namespace, name, and *all* of its dimensions. One with another set of dimensions is another metric.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// `AWS/Lambda`, or one of the shop's own.
    pub namespace: String,
    /// `Errors`.
    pub name: String,
    /// Values by the names of the dimensions.
    pub dimensions: BTreeMap<String, String>,
}

impl Key {
    /// A metric with these dimensions and no others.
    #[must_use]
    pub fn new(namespace: &str, name: &str, dimensions: &[(&str, &str)]) -> Key {
        let dimensions = dimensions.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Key { namespace: namespace.to_owned(), name: name.to_owned(), dimensions }
    }
}

/// What was reported, by metric and then by minute: values, and how often each.
#[derive(Debug, Clone, Default)]
pub struct Metrics(BTreeMap<Key, Vec<Vec<(f64, u64)>>>);

impl Metrics {
    /// Nothing was reported yet.
    #[must_use]
    pub fn new() -> Metrics {
        Metrics::default()
    }

    /// Adds samples of a minute: `count` times the same value.
    pub fn put(&mut self, key: &Key, minute: u64, value: f64, count: u64) {
        if count == 0 {
            return;
        }
        if !self.0.contains_key(key) {
            self.0.insert(key.clone(), Vec::new());
        }
        let (Some(minutes), minute) = (self.0.get_mut(key), minute as usize) else { return };
        if minutes.len() <= minute {
            minutes.resize(minute + 1, Vec::new());
        }
        minutes[minute].push((value, count));
    }

    /// Whether anything was ever reported under this key.
    #[must_use]
    pub fn has(&self, key: &Key) -> bool {
        self.0.contains_key(key)
    }

    /// The statistic of the minutes from `start` up to and without `end`; none without samples.
    #[must_use]
    pub(super) fn datapoint(&self, key: &Key, statistic: Statistic, start: u64, end: u64) -> Option<f64> {
        let minutes = self.0.get(key)?;
        let within = |minute: u64| minutes.len().min(minute as usize);
        let samples = || minutes[within(start)..within(end)].iter().flatten();
        let (first, _) = samples().next()?;
        let count = || samples().map(|(_, count)| count).sum::<u64>();
        let sum = || samples().map(|(value, count)| value * *count as f64).sum::<f64>();
        let most = |pick: fn(f64, f64) -> f64| samples().fold(*first, |most, (value, _)| pick(most, *value));
        Some(match statistic {
            Statistic::Sum => sum(),
            Statistic::SampleCount => count() as f64,
            Statistic::Average => sum() / count() as f64,
            Statistic::Minimum => most(f64::min),
            Statistic::Maximum => most(f64::max),
            Statistic::Percentile(percent) => {
                let mut sorted: Vec<&(f64, u64)> = samples().collect();
                sorted.sort_by(|(one, _), (other, _)| one.total_cmp(other));
                let rank = (count() as f64 * percent / 100.0).ceil().max(1.0) as u64;
                let mut seen = 0;
                let reaches = |(_, count): &&&(f64, u64)| {
                    seen += count;
                    seen >= rank
                };
                sorted.iter().find(reaches)?.0
            }
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Statistic {
    Sum,
    SampleCount,
    Average,
    Minimum,
    Maximum,
    /// From 0 to 100, by the nearest rank.
    Percentile(f64),
}

impl Statistic {
    pub(super) fn of(name: &str) -> Option<Statistic> {
        Some(match name {
            "Sum" => Statistic::Sum,
            "SampleCount" => Statistic::SampleCount,
            "Average" => Statistic::Average,
            "Minimum" => Statistic::Minimum,
            "Maximum" => Statistic::Maximum,
            _ => {
                let percent: f64 = name.strip_prefix('p')?.parse().ok()?;
                return (0.0..=100.0).contains(&percent).then_some(Statistic::Percentile(percent));
            }
        })
    }
}
