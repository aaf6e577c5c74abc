//! An alias on its way from version 41 to 43, told as phases; version 42 failed before.
//!
//! Sources of the rules: an alias splits requests between two versions by weight
//! (<https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html>); the alarm is one of M out of M data
//! points, minutes without data do not breach.

use serde_json::{Value, json};

use crate::{number, variations, vectors};

#[derive(Clone, Copy, PartialEq)]
enum Phase {
    Canary,
    Promoted,
    RolledBack,
}

fn deployment(input: &Value) -> Value {
    let of = |name: &str| number(input, name);
    let permille = |version: u64| match version {
        41 => of("errors_old"),
        42 => of("errors_previous"),
        43 => of("errors_new"),
        other => panic!("there is no version {other}"),
    };
    let back_to = if input["target"] == "recorded" { 41 } else { 42 };
    let rate = of("rate");
    let share = rate * of("weight") / 100;

    let mut phase = Phase::Canary;
    let mut stable = 41;
    let mut streak = 0;
    let mut minutes = Vec::new();
    let mut failed = 0;
    for minute in 1..=20 {
        // (version, requests) of this minute.
        let traffic =
            if phase == Phase::Canary { vec![(43, share), (stable, rate - share)] } else { vec![(stable, rate)] };
        let errors_of = |&(version, requests): &(u64, u64)| requests * permille(version) / 1000;
        let errors: u64 = traffic.iter().map(errors_of).sum();
        failed += errors;
        let (watched, of_them) = match (phase, input["metric"].as_str()) {
            (Phase::Canary, Some("version")) => (traffic[0].1, errors_of(&traffic[0])),
            _ => (rate, errors),
        };
        let breaches = phase != Phase::RolledBack && watched > 0 && of_them * 100 > of("threshold") * watched;
        streak = if breaches { streak + 1 } else { 0 };
        let fresh = if phase == Phase::Canary { share } else { 0 };
        let event = if streak == of("datapoints") {
            (phase, stable, streak) = (Phase::RolledBack, back_to, 0);
            "roll back"
        } else if phase == Phase::Canary && minute >= of("bake") && share > 0 {
            (phase, stable, streak) = (Phase::Promoted, 43, 0);
            "promote"
        } else {
            ""
        };
        minutes.push(json!({ "fresh": fresh, "errors": errors, "main": stable, "event": event }));
    }
    let outcome = match phase {
        Phase::Canary => "waiting",
        Phase::Promoted => "promoted",
        Phase::RolledBack => "rolled back",
    };
    json!({ "minutes": minutes, "outcome": outcome, "version": stable, "failed": failed })
}

fn base() -> Value {
    json!({
        "rate": 1000, "weight": 10, "errors_new": 200, "errors_old": 1, "errors_previous": 500, "bake": 5, "threshold": 5,
        "datapoints": 2, "metric": "alias", "target": "recorded",
    })
}

#[test]
fn an_alarm_on_the_whole_alias_does_not_see_a_bad_canary() {
    let told = |change: Value| deployment(&variations(&base(), &[change])[0]);
    let blind = told(json!({}));
    assert_eq!(
        (&blind["minutes"][4]["event"], &blind["minutes"][6]["event"]),
        (&json!("promote"), &json!("roll back"))
    );
    let seeing = told(json!({ "metric": "version" }));
    assert_eq!(seeing["minutes"][1]["event"], "roll back");
    assert!(seeing["failed"].as_u64() < blind["failed"].as_u64());
}

#[test]
fn alias_vectors_are_up_to_date() {
    let changes = [
        json!({}),
        json!({ "metric": "version" }),
        json!({ "metric": "version", "target": "previous" }),
        json!({ "errors_new": 0 }),
        json!({ "rate": 5, "weight": 10 }),
        json!({ "rate": 20, "weight": 5, "errors_new": 1000, "metric": "version" }),
        json!({ "errors_new": 50, "metric": "version", "threshold": 5 }),
        json!({ "errors_new": 60, "metric": "version", "datapoints": 5 }),
        json!({ "errors_new": 60, "bake": 1, "datapoints": 1, "metric": "version", "weight": 50 }),
        json!({ "errors_new": 500, "bake": 15, "datapoints": 3, "target": "previous" }),
        json!({ "errors_old": 20, "threshold": 1, "datapoints": 1 }),
    ];
    vectors("alias", &variations(&base(), &changes), deployment);
}
