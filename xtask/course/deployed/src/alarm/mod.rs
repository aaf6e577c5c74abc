//! The alarms of a stack, as CloudWatch evaluates them minute by minute: so that a check can let a night go by and ask
//! who would have been woken.
//!
//! ```
//! use deployed::alarm::{self, Key, Metrics};
//! use deployed::template::{Settings, deploy};
//!
//! let stack = deploy(
//!     "Resources:
//!   Told: { Type: AWS::SNS::Topic }
//!   Full:
//!     Type: AWS::CloudWatch::Alarm
//!     Properties:
//!       { Namespace: Shop, MetricName: Waiting, Statistic: Maximum, Period: 60, EvaluationPeriods: 1, Threshold: 5,
//!         ComparisonOperator: GreaterThanThreshold, TreatMissingData: notBreaching, AlarmActions: [!Ref Told] }
//! ",
//!     &Settings::new("shop", 7),
//! ).unwrap();
//! let mut metrics = Metrics::new();
//! metrics.put(&Key::new("Shop", "Waiting", &[]), 9, 6.0, 1);
//! let alarms = alarm::of(&stack).unwrap();
//! assert_eq!(alarms[0].rings(&metrics, 0..20).unwrap(), [10]);
//! ```
//!
//! Sources: `PutMetricAlarm`,
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html>; missing data,
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html>; windows,
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation-window.html>.
//!
//! Left out: composite alarms, anomaly detection, metrics of other accounts, queries, periods below a minute, units.
//! How far CloudWatch looks back beyond the periods that it evaluates, AWS does not say: here it is two periods more
//! where a period is shorter than an hour, as in AWS's examples, and none where it is longer.

mod expression;
mod metrics;
mod read;

use std::collections::BTreeMap;
use std::ops::Range;

use crate::template::{Refused, Stack};
use expression::Expression;
use metrics::Statistic;
pub use metrics::{Key, Metrics};

/// One alarm on one metric or one expression.
#[derive(Debug, Clone)]
pub struct Alarm {
    /// Its name in the template.
    pub id: String,
    operator: Operator,
    threshold: f64,
    evaluation_periods: usize,
    datapoints_to_alarm: usize,
    missing: Treat,
    /// In minutes.
    period: u64,
    /// Whether windows begin where the clock's do.
    is_by_the_clock: bool,
    queries: BTreeMap<String, Query>,
    /// The query whose result is compared.
    watched: String,
    /// Whom it tells when it goes off; nobody where actions are switched off.
    pub actions: Vec<String>,
}

#[derive(Debug, Clone)]
enum Query {
    Metric(Key, Statistic),
    Expression(Expression),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Treat {
    Missing,
    Ignore,
    Breaching,
    NotBreaching,
}

/// The state of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The threshold is not breached.
    Ok,
    /// It is, for as many periods as the alarm wants.
    Alarm,
    /// Too little is known to say.
    InsufficientData,
}

/// The alarms of a stack, by their ids.
///
/// # Errors
/// With every reason why CloudWatch would not take one of them, or why this reader cannot.
pub fn of(stack: &Stack) -> Result<Vec<Alarm>, Refused> {
    let (mut alarms, mut reasons) = (Vec::new(), Vec::new());
    for kind in ["AWS::CloudWatch::CompositeAlarm", "AWS::CloudWatch::AnomalyDetector"] {
        reasons.extend(stack.of_kind(kind).map(|one| format!("{}: {kind} is more than this reader knows", one.id)));
    }
    for resource in stack.of_kind("AWS::CloudWatch::Alarm") {
        match read::alarm(resource) {
            Ok(alarm) => alarms.push(alarm),
            Err(all) => reasons.extend(all.into_iter().map(|reason| format!("{}: {reason}", resource.id))),
        }
    }
    if reasons.is_empty() { Ok(alarms) } else { Err(Refused(reasons)) }
}

impl Alarm {
    /// The metrics that it looks at.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.queries.values().filter_map(|query| match query {
            Query::Metric(key, _) => Some(key),
            Query::Expression(_) => None,
        })
    }

    /// The minutes of a time at whose begin it goes off; before the time its state is OK.
    ///
    /// # Errors
    /// Where an expression is more than this reader knows.
    pub fn rings(&self, metrics: &Metrics, time: Range<u64>) -> Result<Vec<u64>, String> {
        let mut state = State::Ok;
        let (mut rings, mut known) = (Vec::new(), BTreeMap::new());
        for minute in time {
            let next = self.next(metrics, minute, state, &mut known)?;
            if next == State::Alarm && state != State::Alarm {
                rings.push(minute);
            }
            state = next;
        }
        Ok(rings)
    }

    /// The state at the begin of a minute, when everything before it is known.
    ///
    /// # Errors
    /// Where an expression is more than this reader knows.
    pub fn state(&self, metrics: &Metrics, minute: u64, before: State) -> Result<State, String> {
        self.next(metrics, minute, before, &mut BTreeMap::new())
    }

    /// The same, with the data points that are known already, by the minute at which they begin.
    fn next(
        &self,
        metrics: &Metrics,
        minute: u64,
        before: State,
        known: &mut BTreeMap<u64, Option<f64>>,
    ) -> Result<State, String> {
        let end = if self.is_by_the_clock { minute - minute % self.period } else { minute };
        let range = self.evaluation_periods + if self.period < 60 { 2 } else { 0 };
        // From the newest on: its age, counted from 1, and whether it breaches.
        let mut real = Vec::new();
        for age in 1..=range {
            let Some(start) = end.checked_sub(age as u64 * self.period) else { break };
            let point = match known.get(&start) {
                Some(point) => *point,
                None => self.datapoint(metrics, start, start + self.period)?,
            };
            known.insert(start, point);
            let Some(value) = point else { continue };
            real.push((age, self.breaches(value)));
            if real.len() == self.evaluation_periods {
                break;
            }
        }
        Ok(self.judge(&real, before))
    }

    /// By the data points that are there, as many as are evaluated at most.
    fn judge(&self, real: &[(usize, bool)], before: State) -> State {
        let filled = self.evaluation_periods - real.len();
        let bad = real.iter().filter(|(_, breaches)| *breaches).count();
        let with_filled = if self.missing == Treat::Breaching { bad + filled } else { bad };
        if with_filled >= self.datapoints_to_alarm {
            return State::Alarm;
        }
        let is_known =
            filled == 0 || bad < real.len() || matches!(self.missing, Treat::Breaching | Treat::NotBreaching);
        if is_known {
            return State::Ok;
        }
        let is_old = real.last().is_some_and(|(age, _)| *age >= self.datapoints_to_alarm);
        match self.missing {
            Treat::Ignore => before,
            _ if is_old => State::Alarm,
            _ => State::InsufficientData,
        }
    }

    fn breaches(&self, value: f64) -> bool {
        match self.operator {
            Operator::Greater => value > self.threshold,
            Operator::GreaterOrEqual => value >= self.threshold,
            Operator::Less => value < self.threshold,
            Operator::LessOrEqual => value <= self.threshold,
        }
    }

    fn datapoint(&self, metrics: &Metrics, start: u64, end: u64) -> Result<Option<f64>, String> {
        self.result(&self.watched, metrics, start, end, 0)
    }

    fn result(&self, id: &str, metrics: &Metrics, start: u64, end: u64, depth: usize) -> Result<Option<f64>, String> {
        match self.queries.get(id) {
            None => Err(format!("no metric of the alarm has the Id {id}")),
            Some(_) if depth > self.queries.len() => Err(format!("{id} needs itself")),
            Some(Query::Metric(key, statistic)) => Ok(metrics.datapoint(key, *statistic, start, end)),
            Some(Query::Expression(expression)) => {
                expression.evaluate(&mut |id| self.result(id, metrics, start, end, depth + 1))
            }
        }
    }
}

#[cfg(test)]
mod tests;
