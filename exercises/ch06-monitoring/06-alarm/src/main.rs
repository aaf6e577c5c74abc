//! Says in which state an alarm would have been, period by period.

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
        // TODO: look back over the range, not only over the periods that are evaluated.
        let seen = &points[(period + 1).saturating_sub(alarm.evaluation_periods)..=period];
        let next = alarm.evaluate(seen);
        // TODO: tell of changes only.
        rehearsed.notices.push(Notice { period, from: state, to: next });
        rehearsed.states.push(next);
        state = next;
    }
    Ok(rehearsed)
}

impl Alarm {
    fn check(&self, range: usize) -> Result<(), Diagnostic> {
        // TODO: refuse all settings that make no sense.
        if self.evaluation_periods == 0 || range == 0 {
            let wrong = "EvaluationPeriods must be at least 1".to_owned();
            return Err(Diagnostic { error_type: "ValidationError".to_owned(), error_message: wrong });
        }
        Ok(())
    }

    /// The state after one look at the points, of which the last is the newest.
    fn evaluate(&self, points: &[Option<f64>]) -> State {
        // TODO: M of N, and what each of the four ways makes of points that are missing.
        let is_bad = |point: &Option<f64>| match point {
            Some(value) => self.breaches(*value),
            None => self.treat_missing_data == Treat::Breaching,
        };
        let breaching = points.iter().filter(|point| is_bad(point)).count();
        match breaching >= self.datapoints_to_alarm.unwrap_or_default() {
            true => State::Alarm,
            false => State::Ok,
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
            // TODO: the rate, as metric math computes it.
            Metric::Rate { errors, invocations } => errors
                .into_iter()
                .zip(invocations)
                .map(|(errors, invocations)| Some(100.0 * errors? / invocations?))
                .collect(),
        }
    }
}
