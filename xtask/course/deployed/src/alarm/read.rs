//! Alarms as a template has them, with everything that is wrong with one.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::expression::Expression;
use super::metrics::Statistic;
use super::{Alarm, Key, Metrics, Operator, Query, Treat};
use crate::template::Resource;

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

/// In seconds.
const DAY: u64 = 86_400;

/// Reads one alarm.
///
/// # Errors
/// With every reason why CloudWatch would not take it, or why this reader cannot.
pub(super) fn alarm(resource: &Resource) -> Result<Alarm, Vec<String>> {
    let mut reasons = Vec::new();
    let names = resource.properties.as_object().into_iter().flat_map(Map::keys);
    let unknown: Vec<&str> = names.map(String::as_str).filter(|name| !PROPERTIES.contains(name)).collect();
    if !unknown.is_empty() {
        reasons.push(format!("{} is no property of an alarm that this course knows", unknown.join(", ")));
    }
    let operator = operator(resource, &mut reasons);
    let missing = missing(resource, &mut reasons);
    let threshold = number(resource.at("Threshold")).unwrap_or_else(|| {
        reasons.push("Threshold is no number".to_owned());
        0.0
    });
    let evaluation_periods = resource.number("EvaluationPeriods").unwrap_or(0);
    let datapoints_to_alarm = resource.number("DatapointsToAlarm").unwrap_or(evaluation_periods);
    if evaluation_periods < 1 || !(1..=evaluation_periods).contains(&datapoints_to_alarm) {
        reasons.push("EvaluationPeriods is at least 1, and DatapointsToAlarm from 1 to EvaluationPeriods".to_owned());
    }
    let is_by_the_clock = !resource.at("EvaluationWindow.WallClockWindow").is_null();
    let (queries, watched, periods) = queries(resource, &mut reasons);
    let period = period(resource, &periods, evaluation_periods.unsigned_abs(), is_by_the_clock, &mut reasons);
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

fn operator(resource: &Resource, reasons: &mut Vec<String>) -> Operator {
    match resource.text("ComparisonOperator") {
        Some("GreaterThanThreshold") => Operator::Greater,
        Some("GreaterThanOrEqualToThreshold") => Operator::GreaterOrEqual,
        Some("LessThanThreshold") => Operator::Less,
        Some("LessThanOrEqualToThreshold") => Operator::LessOrEqual,
        other => {
            reasons.push(format!("ComparisonOperator is {}", other.unwrap_or("missing")));
            Operator::Greater
        }
    }
}

fn missing(resource: &Resource, reasons: &mut Vec<String>) -> Treat {
    match resource.text("TreatMissingData") {
        None | Some("missing") => Treat::Missing,
        Some("ignore") => Treat::Ignore,
        Some("breaching") => Treat::Breaching,
        Some("notBreaching") => Treat::NotBreaching,
        Some(other) => {
            reasons.push(format!("TreatMissingData is {other}"));
            Treat::Missing
        }
    }
}

/// The one period of all metrics, in seconds. `evaluated`: how many of them are looked at.
fn period(
    resource: &Resource,
    periods: &[u64],
    evaluated: u64,
    is_by_the_clock: bool,
    reasons: &mut Vec<String>,
) -> u64 {
    let period = periods.first().copied().unwrap_or(60);
    if periods.iter().any(|other| *other != period) {
        reasons.push("all metrics of an alarm have the same Period".to_owned());
    }
    if period < 60 || !period.is_multiple_of(60) {
        reasons.push(format!("Period is {period}; here it is 60 seconds or a multiple"));
    }
    if is_by_the_clock && ![60, 300, 3_600, DAY, 7 * DAY].contains(&period) {
        reasons
            .push(format!("by the clock, a Period is a minute, 5 minutes, an hour, a day or a week, and not {period}"));
    }
    let zone = resource.text("EvaluationWindow.WallClockWindow.Timezone").unwrap_or("UTC");
    if !["UTC", "Etc/UTC", "GMT", "+00:00"].contains(&zone) {
        reasons.push(format!("the clock goes by {zone}, and this reader knows UTC only"));
    }
    let evaluated = period * evaluated;
    let most = if period < 3_600 { DAY } else { 7 * DAY };
    if evaluated > most {
        reasons.push(format!("it would evaluate {evaluated} seconds, and may {most}"));
    }
    period
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
