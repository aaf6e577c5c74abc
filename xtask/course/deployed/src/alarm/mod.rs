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

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::{Map, Value};

use crate::template::{Refused, Resource, Stack};
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
        match Alarm::of(resource) {
            Ok(alarm) => alarms.push(alarm),
            Err(all) => reasons.extend(all.into_iter().map(|reason| format!("{}: {reason}", resource.id))),
        }
    }
    if reasons.is_empty() { Ok(alarms) } else { Err(Refused(reasons)) }
}

/// Properties of an alarm that are read, or mean nothing here.
const PROPERTIES: [&str; 20] = [
    "ActionsEnabled",
    "AlarmActions",
    "AlarmDescription",
    "AlarmName",
    "ComparisonOperator",
    "DatapointsToAlarm",
    "Dimensions",
    "EvaluationPeriods",
    "EvaluationWindow",
    "ExtendedStatistic",
    "InsufficientDataActions",
    "MetricName",
    "Metrics",
    "Namespace",
    "OKActions",
    "Period",
    "Statistic",
    "Tags",
    "Threshold",
    "TreatMissingData",
];

const DAY: u64 = 86_400;

impl Alarm {
    fn of(resource: &Resource) -> Result<Alarm, Vec<String>> {
        let mut reasons = Vec::new();
        let names = resource.properties.as_object().into_iter().flat_map(Map::keys);
        let unknown: Vec<&str> = names.map(String::as_str).filter(|name| !PROPERTIES.contains(name)).collect();
        if !unknown.is_empty() {
            reasons.push(format!("{} is no property of an alarm that this course knows", unknown.join(", ")));
        }
        let operator = match resource.text("ComparisonOperator") {
            Some("GreaterThanThreshold") => Operator::Greater,
            Some("GreaterThanOrEqualToThreshold") => Operator::GreaterOrEqual,
            Some("LessThanThreshold") => Operator::Less,
            Some("LessThanOrEqualToThreshold") => Operator::LessOrEqual,
            other => {
                reasons.push(format!("ComparisonOperator is {}", other.unwrap_or("missing")));
                Operator::Greater
            }
        };
        let missing = match resource.text("TreatMissingData") {
            None | Some("missing") => Treat::Missing,
            Some("ignore") => Treat::Ignore,
            Some("breaching") => Treat::Breaching,
            Some("notBreaching") => Treat::NotBreaching,
            Some(other) => {
                reasons.push(format!("TreatMissingData is {other}"));
                Treat::Missing
            }
        };
        let threshold = number(resource.at("Threshold")).unwrap_or_else(|| {
            reasons.push("Threshold is no number".to_owned());
            0.0
        });
        let evaluation_periods = resource.number("EvaluationPeriods").unwrap_or(0);
        let datapoints_to_alarm = resource.number("DatapointsToAlarm").unwrap_or(evaluation_periods);
        if evaluation_periods < 1 || !(1..=evaluation_periods).contains(&datapoints_to_alarm) {
            reasons
                .push("EvaluationPeriods is at least 1, and DatapointsToAlarm from 1 to EvaluationPeriods".to_owned());
        }
        let is_by_the_clock = !resource.at("EvaluationWindow.WallClockWindow").is_null();
        let (queries, watched, periods) = queries(resource, &mut reasons);
        let period = periods.first().copied().unwrap_or(60);
        if periods.iter().any(|other| *other != period) {
            reasons.push("all metrics of an alarm have the same Period".to_owned());
        }
        if period < 60 || !period.is_multiple_of(60) {
            reasons.push(format!("Period is {period}; here it is 60 seconds or a multiple"));
        }
        if is_by_the_clock && ![60, 300, 3_600, DAY, 7 * DAY].contains(&period) {
            reasons.push(format!(
                "by the clock, a Period is a minute, 5 minutes, an hour, a day or a week, and not {period}"
            ));
        }
        let zone = resource.text("EvaluationWindow.WallClockWindow.Timezone").unwrap_or("UTC");
        if !["UTC", "Etc/UTC", "GMT", "+00:00"].contains(&zone) {
            reasons.push(format!("the clock goes by {zone}, and this reader knows UTC only"));
        }
        let evaluated = period * evaluation_periods.unsigned_abs();
        let most = if period < 3_600 { DAY } else { 7 * DAY };
        if evaluated > most {
            reasons.push(format!("it would evaluate {evaluated} seconds, and may {most}"));
        }
        let is_enabled = resource.at("ActionsEnabled") != false && resource.at("ActionsEnabled") != "false";
        let actions = resource.at("AlarmActions").as_array().into_iter().flatten();
        let actions: Vec<String> = actions.filter_map(Value::as_str).map(str::to_owned).collect();
        let alarm = Alarm {
            id: resource.id.clone(),
            operator,
            threshold,
            evaluation_periods: evaluation_periods.unsigned_abs() as usize,
            datapoints_to_alarm: datapoints_to_alarm.unsigned_abs() as usize,
            missing,
            period: (period / 60).max(1),
            is_by_the_clock,
            queries,
            watched,
            actions: if is_enabled { actions } else { Vec::new() },
        };
        if reasons.is_empty()
            && let Err(reason) = alarm.datapoint(&Metrics::new(), 0, alarm.period)
        {
            reasons.push(reason);
        }
        if reasons.is_empty() { Ok(alarm) } else { Err(reasons) }
    }

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

/// The metrics and expressions of an alarm, which of them is compared, and their periods in seconds.
fn queries(resource: &Resource, reasons: &mut Vec<String>) -> (BTreeMap<String, Query>, String, Vec<u64>) {
    let (mut queries, mut periods, mut watched) = (BTreeMap::new(), Vec::new(), Vec::new());
    let all = resource.at("Metrics");
    if all.is_null() {
        let statistic = resource.at("Statistic");
        let statistic = if statistic.is_null() { resource.at("ExtendedStatistic") } else { statistic };
        if !resource.at("Statistic").is_null() && !resource.at("ExtendedStatistic").is_null() {
            reasons.push("it has either a Statistic or an ExtendedStatistic".to_owned());
        }
        let own = &resource.properties;
        queries.insert("own".to_owned(), metric(own, statistic, &own["Period"], reasons, &mut periods));
        return (queries, "own".to_owned(), periods);
    }
    for name in ["MetricName", "Namespace", "Dimensions", "Period", "Statistic", "ExtendedStatistic"] {
        if !resource.at(name).is_null() {
            reasons.push(format!("with Metrics, {name} stands inside them"));
        }
    }
    for one in all.as_array().into_iter().flatten() {
        let id = one["Id"].as_str().unwrap_or_default().to_owned();
        let is_watched = one["ReturnData"] != false && one["ReturnData"] != "false";
        if !id.starts_with(|letter: char| letter.is_ascii_lowercase()) {
            reasons.push(format!("the Id {id:?} has to begin with a small letter"));
        }
        let query = match (one["Expression"].as_str(), &one["MetricStat"]) {
            (Some(text), Value::Null) => match Expression::of(text) {
                Ok(expression) => Query::Expression(expression),
                Err(reason) => {
                    reasons.push(reason);
                    continue;
                }
            },
            (None, stat @ Value::Object(_)) => {
                metric(&stat["Metric"], &stat["Stat"], &stat["Period"], reasons, &mut periods)
            }
            _ => {
                reasons.push(format!("{id} has either an Expression or a MetricStat"));
                continue;
            }
        };
        if is_watched {
            watched.push(id.clone());
        }
        if queries.insert(id.clone(), query).is_some() {
            reasons.push(format!("two metrics have the Id {id}"));
        }
    }
    if watched.len() != 1 {
        reasons.push(format!("exactly one of Metrics returns data, and here it is {}", watched.len()));
    }
    (queries, watched.pop().unwrap_or_default(), periods)
}

fn metric(of: &Value, statistic: &Value, period: &Value, reasons: &mut Vec<String>, periods: &mut Vec<u64>) -> Query {
    let text = |name: &str| of[name].as_str().unwrap_or_default().to_owned();
    for name in ["Namespace", "MetricName"] {
        if text(name).is_empty() {
            reasons.push(format!("{name} is missing"));
        }
    }
    let mut dimensions = BTreeMap::new();
    for one in of["Dimensions"].as_array().into_iter().flatten() {
        match (one["Name"].as_str(), one["Value"].as_str()) {
            (Some(name), Some(value)) => drop(dimensions.insert(name.to_owned(), value.to_owned())),
            _ => reasons.push(format!("{one} is no dimension: it has a Name and a Value")),
        }
    }
    match number(period) {
        Some(seconds) if seconds >= 1.0 => periods.push(seconds as u64),
        _ => reasons.push("Period is missing".to_owned()),
    }
    let known = statistic.as_str().and_then(Statistic::of);
    if known.is_none() {
        reasons.push(format!(
            "the statistic is {statistic}; it is Sum, Average, Minimum, Maximum, SampleCount or such as p99"
        ));
    }
    let key = Key { namespace: text("Namespace"), name: text("MetricName"), dimensions };
    Query::Metric(key, known.unwrap_or(Statistic::Sum))
}

/// A number, also as text.
fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())
}

#[cfg(test)]
mod tests;
