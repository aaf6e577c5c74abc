//! caught-by: an_error_rate_is_a_hundred_times_the_errors_by_the_invocations
//!
//! Divides before it multiplies: 7 of 100 come to 7.000000000000001 percent, and the alarm for more than 7 goes off.
#![allow(unused)]

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Rehearsal {
    alarm: Alarm,
    /// How many periods CloudWatch looks back: at least as many as it evaluates.
    range: usize,
    metric: Metric,
}

/// An alarm, with the names that CloudWatch uses.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Alarm {
    comparison_operator: Comparison,
    threshold: f64,
    evaluation_periods: usize,
    datapoints_to_alarm: Option<usize>,
    #[serde(default)]
    treat_missing_data: Treat,
}

#[derive(Deserialize)]
enum Comparison {
    #[serde(rename = "GreaterThanThreshold")]
    Greater,
    #[serde(rename = "GreaterThanOrEqualToThreshold")]
    GreaterOrEqual,
    #[serde(rename = "LessThanThreshold")]
    Less,
    #[serde(rename = "LessThanOrEqualToThreshold")]
    LessOrEqual,
}

#[derive(Deserialize, Default, Clone, Copy, PartialEq)]
#[serde(rename_all = "camelCase")]
enum Treat {
    #[default]
    Missing,
    Ignore,
    Breaching,
    NotBreaching,
}

/// One data point for each period, the oldest first; none where nothing was reported.
#[derive(Deserialize)]
#[serde(untagged)]
enum Metric {
    /// `100 * errors / invocations`, both of them sums of a period, and as many of one as of the other.
    Rate {
        errors: Vec<Option<f64>>,
        invocations: Vec<Option<f64>>,
    },
    Plain {
        values: Vec<Option<f64>>,
    },
}

#[derive(Serialize, Clone, Copy, PartialEq)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum State {
    Ok,
    Alarm,
    InsufficientData,
}

#[derive(Serialize)]
struct Rehearsed {
    /// The state at the end of each period.
    states: Vec<State>,
    notices: Vec<Notice>,
}

/// A change of state, of which somebody is told.
#[derive(Serialize)]
struct Notice {
    /// The number of the period, from 0.
    period: usize,
    from: State,
    to: State,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(rehearse)).await
}

async fn rehearse(event: LambdaEvent<Rehearsal>) -> Result<Rehearsed, Diagnostic> {
    let Rehearsal { alarm, range, metric } = event.payload;
    alarm.check(range)?;
    let points = metric.points();
    let mut state = State::InsufficientData;
    let mut rehearsed = Rehearsed { states: Vec::new(), notices: Vec::new() };
    for period in 0..points.len() {
        let seen = &points[(period + 1).saturating_sub(range)..=period];
        let next = alarm.evaluate(state, seen);
        if next != state {
            rehearsed.notices.push(Notice { period, from: state, to: next });
        }
        rehearsed.states.push(next);
        state = next;
    }
    Ok(rehearsed)
}

impl Alarm {
    fn check(&self, range: usize) -> Result<(), Diagnostic> {
        let wrong = match self.evaluation_periods {
            0 => "EvaluationPeriods must be at least 1",
            periods if !(1..=periods).contains(&self.datapoints_to_alarm()) => {
                "DatapointsToAlarm must be between 1 and EvaluationPeriods"
            }
            periods if range < periods => "the range must have at least EvaluationPeriods periods",
            _ => return Ok(()),
        };
        Err(Diagnostic { error_type: "ValidationError".to_owned(), error_message: wrong.to_owned() })
    }

    fn datapoints_to_alarm(&self) -> usize {
        self.datapoints_to_alarm.unwrap_or(self.evaluation_periods)
    }

    /// The state after one look at the range, of which the last point is the newest. What lies before the first point is
    /// missing, too.
    fn evaluate(&self, state: State, range: &[Option<f64>]) -> State {
        // Real points go first, the newest before the others. Each with its age and whether it breaches.
        let real: Vec<(usize, bool)> = (1..)
            .zip(range.iter().rev())
            .filter_map(|(age, point)| point.map(|value| (age, self.breaches(value))))
            .take(self.evaluation_periods)
            .collect();
        let missing = self.evaluation_periods - real.len();
        let filled = if self.treat_missing_data == Treat::Breaching { missing } else { 0 };
        let breaching = real.iter().filter(|(_, breaches)| *breaches).count() + filled;
        if breaching >= self.datapoints_to_alarm() {
            return State::Alarm;
        }
        if missing == 0 || breaching < real.len() {
            return State::Ok;
        }
        // Every real point breaches, if there is any, and there are too few to be sure.
        let is_old = real.last().is_some_and(|(age, _)| *age >= self.datapoints_to_alarm());
        match self.treat_missing_data {
            Treat::Breaching | Treat::NotBreaching => State::Ok,
            Treat::Ignore => state,
            Treat::Missing if is_old => State::Alarm,
            Treat::Missing => State::InsufficientData,
        }
    }

    fn breaches(&self, value: f64) -> bool {
        match self.comparison_operator {
            Comparison::Greater => value > self.threshold,
            Comparison::GreaterOrEqual => value >= self.threshold,
            Comparison::Less => value < self.threshold,
            Comparison::LessOrEqual => value <= self.threshold,
        }
    }
}

impl Metric {
    fn points(self) -> Vec<Option<f64>> {
        match self {
            Metric::Plain { values } => values,
            // In metric math what is missing is 0, and a division by 0 gives no point.
            Metric::Rate { errors, invocations } => errors
                .into_iter()
                .zip(invocations)
                .map(|(errors, invocations)| {
                    let invocations = invocations.filter(|count| *count > 0.0)?;
                    Some(errors.unwrap_or_default() / invocations * 100.0)
                })
                .collect(),
        }
    }
}
