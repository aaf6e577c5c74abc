//! What the shop expects of whoever rehearses an alarm. A timeline is written as AWS writes it: `0` within the threshold,
//! `X` beyond it, `-` missing, the oldest first.

use course::Seed;
use local_lambda::{Function, Outcome, binary};
use serde_json::{Value, json};

const MODES: [&str; 4] = ["missing", "ignore", "breaching", "notBreaching"];

/// Errors of a period; more than 5 of them are too many.
fn alarm(periods: usize, datapoints: usize, missing: &str) -> Value {
    json!({
        "ComparisonOperator": "GreaterThanThreshold", "Threshold": 5, "EvaluationPeriods": periods,
        "DatapointsToAlarm": datapoints, "TreatMissingData": missing,
    })
}

/// A timeline in signs as values; spaces do not count.
fn values(timeline: &str, seed: &mut Seed) -> Vec<Value> {
    let signs = timeline.chars().filter(|sign| *sign != ' ');
    signs
        .map(|sign| match sign {
            '0' => json!(seed.number(0..=5)),
            'X' => json!(seed.number(6..=90)),
            _ => Value::Null,
        })
        .collect()
}

fn signs(values: &[Value]) -> String {
    values.iter().map(|value| value.as_f64().map_or('-', |value| if value > 5.0 { 'X' } else { '0' })).collect()
}

fn rehearsal(alarm: Value, range: usize, values: &[Value]) -> Value {
    json!({ "alarm": alarm, "range": range, "metric": { "values": values } })
}

#[track_caller]
fn expect_states(outcome: &Outcome, expected: &[&str]) {
    let answer = outcome.expect_response();
    let states = answer["states"].as_array().cloned().unwrap_or_default();
    let wrong = (0..expected.len().max(states.len()))
        .find(|at| expected.get(*at).copied() != states.get(*at).and_then(Value::as_str));
    let Some(at) = wrong else {
        outcome.expect("the states are right", |_| true);
        return;
    };
    let got = states.get(at).map_or("nothing".to_owned(), Value::to_string);
    let what = format!("/states/{at} is {}, and it is {got}", expected.get(at).unwrap_or(&"not there"));
    outcome.expect(&what, |_| false);
}

/// What CloudWatch's page says of the newest point of a timeline; `keep` is the state before. The points that are
/// evaluated are put together one by one, as that page does it.
fn oracle(
    points: &str,
    range: usize,
    periods: usize,
    datapoints: usize,
    mode: &str,
    keep: &'static str,
) -> &'static str {
    let points: Vec<char> = points.chars().collect();
    let seen: Vec<char> =
        (0..range).map(|age| points.len().checked_sub(age + 1).map_or('-', |at| points[at])).collect();
    let mut evaluated: Vec<char> = seen.iter().copied().filter(|point| *point != '-').take(periods).collect();
    let real = evaluated.clone();
    evaluated.resize(
        periods,
        match mode {
            "breaching" => 'X',
            "notBreaching" => '0',
            _ => '-',
        },
    );
    let bad = evaluated.iter().filter(|point| **point == 'X').count();
    let oldest = seen.iter().rposition(|point| *point != '-').map_or(0, |age| age + 1);
    match mode {
        _ if bad >= datapoints => "ALARM",
        _ if !evaluated.contains(&'-') || real.contains(&'0') => "OK",
        "ignore" => keep,
        _ if !real.is_empty() && oldest >= datapoints => "ALARM",
        _ => "INSUFFICIENT_DATA",
    }
}

fn oracle_states(timeline: &str, range: usize, periods: usize, datapoints: usize, mode: &str) -> Vec<&'static str> {
    let mut state = "INSUFFICIENT_DATA";
    (1..=timeline.len())
        .map(|until| {
            state = oracle(&timeline[..until], range, periods, datapoints, mode, state);
            state
        })
        .collect()
}

#[test]
fn crosses_the_threshold_as_the_operator_says() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for (operator, below, at, above) in [
        ("GreaterThanThreshold", "OK", "OK", "ALARM"),
        ("GreaterThanOrEqualToThreshold", "OK", "ALARM", "ALARM"),
        ("LessThanThreshold", "ALARM", "OK", "OK"),
        ("LessThanOrEqualToThreshold", "ALARM", "ALARM", "OK"),
    ] {
        for threshold in [seed.number(1..=90) as f64, seed.number(1..=90) as f64 + 0.25] {
            let values = json!([threshold - 1.0, threshold, threshold + 1.0, threshold + 0.5, threshold - 0.5]);
            let settings = json!({ "ComparisonOperator": operator, "Threshold": threshold, "EvaluationPeriods": 1 });
            let outcome = function
                .story(format!("{operator}, one period of one; values below, at and above {threshold}"))
                .invoke(json!({ "alarm": settings, "range": 1, "metric": { "values": values } }));
            expect_states(&outcome, &[below, at, above, above, below]);
        }
    }
}

#[test]
fn goes_off_when_m_of_the_last_n_breach() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for (periods, datapoints, timeline) in [
        (1, 1, "0X00X"),
        (3, 3, "000XXX0XX0XXXX"),
        (3, 2, "000X0X00XX000X00X"),
        (5, 2, "00000X000X0000X0000X0000"),
        (4, 1, "0000X00000"),
    ] {
        for range in [periods, periods + 2] {
            let values = values(timeline, &mut seed);
            let outcome = function
                .story(format!("{datapoints} of {periods}, a range of {range}, nothing missing: {timeline}"))
                .invoke(rehearsal(alarm(periods, datapoints, "missing"), range, &values));
            // The first periods have too little before them; they have a test of their own.
            let answer = outcome.expect_response();
            let states = oracle_states(timeline, range, periods, datapoints, "missing");
            for at in periods - 1..states.len() {
                let got = &answer["states"][at];
                outcome.expect(&format!("/states/{at} is {}, and it is {got}", states[at]), |_| got == states[at]);
            }
        }
    }
}

#[test]
fn n_of_n_is_meant_where_m_is_left_out() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for periods in [2, 3, 4] {
        let timeline = format!("{}{}0", "0".repeat(periods), "X".repeat(periods + 1));
        let values = values(&timeline, &mut seed);
        let mut settings = alarm(periods, periods, "missing");
        settings.as_object_mut().expect("an object").remove("DatapointsToAlarm");
        let outcome = function
            .story(format!("EvaluationPeriods {periods} and no DatapointsToAlarm: {timeline}"))
            .invoke(rehearsal(settings, periods, &values));
        expect_states(&outcome, &oracle_states(&timeline, periods, periods, periods, "missing"));
    }
}

/// The last state of a timeline for each of the four ways; `keep` where the state before is kept. The rows of AWS's page
/// on missing data, and the row of its older edition with one breaching point that is new.
const ROWS: [(usize, &str, [&str; 4]); 13] = [
    (3, "0-X-X", ["OK", "OK", "OK", "OK"]),
    (3, "0----", ["OK", "OK", "OK", "OK"]),
    (3, "-----", ["INSUFFICIENT_DATA", "keep", "ALARM", "OK"]),
    (3, "0XX-X", ["ALARM", "ALARM", "ALARM", "ALARM"]),
    (3, "--X--", ["ALARM", "keep", "ALARM", "OK"]),
    (3, "X----", ["ALARM", "keep", "ALARM", "OK"]),
    (3, "----X", ["INSUFFICIENT_DATA", "keep", "ALARM", "OK"]),
    (2, "0-X-X", ["ALARM", "ALARM", "ALARM", "ALARM"]),
    (2, "00X0X", ["ALARM", "ALARM", "ALARM", "ALARM"]),
    (2, "0-X--", ["OK", "OK", "ALARM", "OK"]),
    (2, "----0", ["OK", "OK", "ALARM", "OK"]),
    (2, "---X-", ["ALARM", "keep", "ALARM", "OK"]),
    (2, "----X", ["INSUFFICIENT_DATA", "keep", "ALARM", "OK"]),
];

#[test]
fn treats_missing_points_in_each_of_the_four_ways() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for (datapoints, row, states) in ROWS {
        for (mode, state) in MODES.into_iter().zip(states) {
            // Before the row comes a time of which the state is known, and which is out of its range.
            for before in ["00000", "XXXXX"] {
                let values = values(&format!("{before}{row}"), &mut seed);
                let outcome = function
                    .story(format!("{datapoints} of 3, a range of 5, {mode}: after {before} comes {row}"))
                    .invoke(rehearsal(alarm(3, datapoints, mode), 5, &values));
                let all = oracle_states(&format!("{before}{row}"), 5, 3, datapoints, mode);
                let last = if state == "keep" { all[8] } else { state };
                assert!(all[9] == last, "the check contradicts itself at {row}");
                expect_states(&outcome, &all);
            }
        }
    }
}

#[test]
fn missing_is_what_is_meant_where_nothing_is_said() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for timeline in ["000-----", "XXX-----XX", "0-0-----0"] {
        let values = values(timeline, &mut seed);
        let mut settings = alarm(1, 1, "missing");
        settings.as_object_mut().expect("an object").remove("TreatMissingData");
        let outcome = function
            .story(format!("a function that is idle, and no TreatMissingData: {timeline}"))
            .invoke(rehearsal(settings, 3, &values));
        expect_states(&outcome, &oracle_states(timeline, 3, 1, 1, "missing"));
    }
}

#[test]
fn looks_back_over_the_range_before_it_fills_anything() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for mode in MODES {
        for (range, timeline) in [
            (2, "0X--0-X-X--"),
            (3, "0XX--X-X--0--"),
            (4, "00XX--X--0---"),
            (7, "XX-0--X------"),
            (50, "XX----------0-X---"),
        ] {
            let values = values(timeline, &mut seed);
            let outcome = function.story(format!("2 of 2, a range of {range}, {mode}: {timeline}")).invoke(rehearsal(
                alarm(2, 2, mode),
                range,
                &values,
            ));
            expect_states(&outcome, &oracle_states(timeline, range, 2, 2, mode));
        }
    }
}

#[test]
fn tells_of_every_change_and_of_nothing_else() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for timeline in ["0000", "00XXXX00", "X0X0", "---0", ""] {
        let values = values(timeline, &mut seed);
        let outcome =
            function.story(format!("1 of 1: {timeline:?}")).invoke(rehearsal(alarm(1, 1, "missing"), 1, &values));
        let states = oracle_states(timeline, 1, 1, 1, "missing");
        let before = std::iter::once("INSUFFICIENT_DATA").chain(states.iter().copied());
        let changes = before.zip(&states).enumerate().filter(|(_, (from, to))| from != *to);
        let notices: Vec<Value> =
            changes.map(|(period, (from, to))| json!({ "period": period, "from": from, "to": to })).collect();
        outcome.expect_json_at("/notices", json!(notices));
        expect_states(&outcome, &states);
    }
}

/// A rate of errors above this many percent.
fn rate_alarm(threshold: u64, missing: &str) -> Value {
    json!({
        "ComparisonOperator": "GreaterThanThreshold", "Threshold": threshold, "EvaluationPeriods": 1,
        "TreatMissingData": missing,
    })
}

#[test]
fn an_error_rate_has_no_point_where_nothing_was_invoked() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for mode in MODES {
        let (many, above) = (seed.number(200..=900), seed.number(51..=54));
        for (errors, invocations, timeline, story) in [
            (
                json!([0, 1, null, 0, 9]),
                json!([9, 9, null, 0, 9]),
                "0X--X",
                "nobody calls in the third and fourth period",
            ),
            (json!([null, null, 3]), json!([many, 1, 3]), "00X", "Errors are missing where all went well"),
            (json!([2, 1, 0]), json!([null, 0, 0]), "---", "errors, but no invocations"),
            (json!([5, 6, 7]), json!([100, 100, 100]), "0XX", "5, 6 and 7 percent"),
            (json!([above, 50, 49]), json!([1000, 1000, 1000]), "X00", "a little more than 5 percent, 5, and 4.9"),
            (json!([1, 1]), json!([many, 1]), "0X", "one error among hundreds, and one of one"),
        ] {
            let outcome = function
                .story(format!("more than 5 percent, {mode}: {story}"))
                .invoke(json!({ "alarm": rate_alarm(5, mode), "range": 1, "metric": { "errors": errors, "invocations": invocations } }));
            expect_states(&outcome, &oracle_states(timeline, 1, 1, 1, mode));
        }
    }
}

#[test]
fn an_error_rate_is_a_hundred_times_the_errors_by_the_invocations() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    // In `f64`, 7 / 100 * 100 is a little more than 7, as it is with these others; 100 * 7 / 100 is 7.
    for percent in [7_u64, 14, 28, 29, 55, 56, 57, 58] {
        let rest = seed.number(1..=percent);
        let outcome = function
            .story(format!("exactly {percent} percent, then more and less; more than {percent} are too many"))
            .invoke(json!({
                "alarm": rate_alarm(percent, "missing"), "range": 1,
                "metric": { "errors": [percent, percent + 1, rest - 1], "invocations": [100, 100, 100] },
            }));
        expect_states(&outcome, &["OK", "ALARM", "OK"]);
    }
}

#[test]
fn refuses_settings_that_make_no_sense() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for (periods, datapoints, range, sense) in [
        (0, 0, 5, false),
        (3, 4, 5, false),
        (3, 0, 5, false),
        (3, 3, 2, false),
        (1, 1, 0, false),
        (3, 3, 3, true),
        (1, 1, 1, true),
    ] {
        let values = values("0X0", &mut seed);
        let outcome = function.story(format!("{datapoints} of {periods} in a range of {range}")).invoke(rehearsal(
            alarm(periods, datapoints, "missing"),
            range,
            &values,
        ));
        match sense {
            true => expect_states(&outcome, &oracle_states("0X0", range, periods, datapoints, "missing")),
            false => {
                outcome.expect_error("ValidationError");
            }
        }
    }
}

#[test]
fn four_hundred_timelines_come_to_what_aws_says() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for _ in 0..400 {
        let periods = seed.number(1..=5) as usize;
        let datapoints = seed.number(1..=periods as u64) as usize;
        let range = periods + seed.number(0..=3) as usize;
        let mode = *seed.pick(&MODES);
        let alphabet = *seed.pick(&["0X-", "0X---", "X----", "0XX", "00-X-"]);
        let signs_of: Vec<char> = alphabet.chars().collect();
        let timeline: String = (0..seed.number(1..=20)).map(|_| *seed.pick(&signs_of)).collect();
        let values = values(&timeline, &mut seed);
        assert!(signs(&values) == timeline, "the check contradicts itself at {timeline}");
        let outcome = function
            .story(format!("{datapoints} of {periods}, a range of {range}, {mode}: {timeline}"))
            .invoke(rehearsal(alarm(periods, datapoints, mode), range, &values));
        expect_states(&outcome, &oracle_states(&timeline, range, periods, datapoints, mode));
    }
}
