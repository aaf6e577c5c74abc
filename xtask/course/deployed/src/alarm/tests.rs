use super::*;
use crate::template::{Settings, deploy};

/// The alarm of a template whose other properties are these.
fn alarm(properties: &str) -> Result<Alarm, Refused> {
    let template = format!(
        "Resources:\n  One:\n    Type: AWS::CloudWatch::Alarm\n    Properties:\n{}",
        properties.lines().map(|line| format!("      {line}\n")).collect::<String>()
    );
    let stack = deploy(&template, &Settings::new("shop", 7)).expect("the stack is made");
    Ok(of(&stack)?.remove(0))
}

const WAITING: &str = "Namespace: Shop
MetricName: Waiting
Statistic: Sum
Period: 60
ComparisonOperator: GreaterThanThreshold
Threshold: 5
EvaluationPeriods: 3
";

fn waiting() -> Key {
    Key::new("Shop", "Waiting", &[])
}

/// `X` breaches, `0` does not, `-` is missing.
fn timeline(text: &str) -> Metrics {
    let mut metrics = Metrics::new();
    for (minute, sign) in text.chars().enumerate().filter(|(_, sign)| *sign != '-') {
        metrics.put(&waiting(), minute as u64, if sign == 'X' { 6.0 } else { 5.0 }, 1);
    }
    metrics
}

#[test]
fn rows_of_the_page_on_missing_data() {
    use State::{Alarm as A, InsufficientData as I, Ok as O};
    for (datapoints, row, states) in [
        (3, "0-X-X", [O, O, O, O]),
        (3, "0----", [O, O, O, O]),
        (3, "-----", [I, O, A, O]),
        (3, "0XX-X", [A, A, A, A]),
        (3, "--X--", [A, O, A, O]),
        (3, "----X", [I, O, A, O]),
        (2, "0-X-X", [A, A, A, A]),
        (2, "00X0X", [A, A, A, A]),
        (2, "0-X--", [O, O, A, O]),
        (2, "----X", [I, O, A, O]),
    ] {
        for (mode, state) in ["missing", "ignore", "breaching", "notBreaching"].into_iter().zip(states) {
            let alarm = alarm(&format!("{WAITING}DatapointsToAlarm: {datapoints}\nTreatMissingData: {mode}")).unwrap();
            let got = alarm.state(&timeline(row), 5, State::Ok).unwrap();
            assert_eq!(got, state, "{datapoints} of 3, {mode}: {row}");
        }
    }
}

#[test]
fn windows_slide_unless_they_go_by_the_clock() {
    let daily = WAITING.replace("Period: 60", "Period: 300").replace("EvaluationPeriods: 3", "EvaluationPeriods: 1");
    let metrics = timeline("----------------------XX----");
    let sliding = alarm(&format!("{daily}TreatMissingData: notBreaching")).unwrap();
    assert_eq!(sliding.rings(&metrics, 0..28).unwrap(), [23]);
    let by_the_clock = format!("{daily}TreatMissingData: notBreaching\nEvaluationWindow: {{ WallClockWindow: {{}} }}");
    assert_eq!(alarm(&by_the_clock).unwrap().rings(&metrics, 0..28).unwrap(), [25]);
}

#[test]
fn a_metric_is_known_by_all_of_its_dimensions() {
    let mut metrics = Metrics::new();
    metrics.put(&Key::new("Shop", "Waiting", &[("Room", "press")]), 0, 9.0, 1);
    let without = alarm(&WAITING.replace("Periods: 3", "Periods: 1")).unwrap();
    assert_eq!(without.rings(&metrics, 0..5).unwrap(), Vec::<u64>::new());
    let with =
        alarm(&format!("{}Dimensions: [{{ Name: Room, Value: press }}]", WAITING.replace("Periods: 3", "Periods: 1")));
    assert_eq!(with.unwrap().rings(&metrics, 0..5).unwrap(), [1]);
}

#[test]
fn statistics_weigh_what_came_often() {
    let mut metrics = Metrics::new();
    metrics.put(&waiting(), 0, 10.0, 98);
    metrics.put(&waiting(), 1, 400.0, 2);
    for (statistic, value) in [
        ("Sum", 1780.0),
        ("SampleCount", 100.0),
        ("Average", 17.8),
        ("Minimum", 10.0),
        ("Maximum", 400.0),
        ("p98", 10.0),
        ("p99", 400.0),
    ] {
        let statistic = Statistic::of(statistic).unwrap();
        assert_eq!(metrics.datapoint(&waiting(), statistic, 0, 5), Some(value), "{statistic:?}");
    }
    assert_eq!(metrics.datapoint(&waiting(), Statistic::Sum, 2, 5), None);
}

#[test]
fn metric_math_has_no_point_where_nothing_is_there() {
    let mut points = |id: &str| match id {
        "errors" => Ok(Some(7.0)),
        "calls" => Ok(Some(100.0)),
        "zero" => Ok(Some(0.0)),
        "none" => Ok(None),
        _ => Err(format!("no {id}")),
    };
    for (text, value) in [
        ("100 * errors / calls", Some(7.0)),
        ("100*errors/zero", None),
        ("errors + none", Some(7.0)),
        ("none * 2", None),
        ("FILL(none, 0)", Some(0.0)),
        ("FILL(errors, 0) / FILL(none, 2)", Some(3.5)),
        ("IF(calls >= 20, 100 * errors / calls, 0)", Some(7.0)),
        ("IF(zero > 0, errors / zero, -1)", Some(-1.0)),
        ("IF(calls > 1 AND errors < 1, 1, 2)", Some(2.0)),
        ("(errors - 2) * (3 + 1) == 20 || none", Some(1.0)),
    ] {
        let got = Expression::of(text).and_then(|expression| expression.evaluate(&mut points));
        assert_eq!(got, Ok(value), "{text}");
    }
    for wrong in ["ANOMALY_DETECTION_BAND(errors, 2)", "errors +", "other", "errors ? 1", "errors calls"] {
        let got = Expression::of(wrong).and_then(|expression| expression.evaluate(&mut points));
        assert!(got.is_err(), "{wrong}");
    }
}

#[test]
fn what_cloudwatch_would_not_take_is_told() {
    for (properties, told) in [
        (WAITING.replace("Period: 60", "Period: 90"), "Period is 90"),
        (WAITING.replace("Statistic: Sum", "Statistic: Median"), "the statistic is \"Median\""),
        (WAITING.replace("Periods: 3", "Periods: 1500"), "it would evaluate 90000 seconds"),
        (WAITING.replace("Threshold: 5", "Unit: Count"), "Unit is no property"),
        (format!("{WAITING}DatapointsToAlarm: 4"), "DatapointsToAlarm from 1"),
        (
            "ComparisonOperator: LessThanThreshold\nThreshold: 1\nEvaluationPeriods: 1\nMetrics: [{ Id: a, Expression: b }]"
                .to_owned(),
            "no metric of the alarm has the Id b",
        ),
    ] {
        let refused = alarm(&properties).expect_err("it is refused");
        assert!(refused.to_string().contains(told), "{refused}");
    }
}

#[test]
fn an_alarm_on_alarms_is_more_than_this_reader_knows() {
    let template = "Resources:\n  Ill: { Type: AWS::CloudWatch::CompositeAlarm, Properties: { AlarmRule: TRUE } }\n";
    let stack = deploy(template, &Settings::new("shop", 7)).expect("the stack is made");
    assert!(of(&stack).expect_err("it is refused").to_string().starts_with("Ill: "));
}
