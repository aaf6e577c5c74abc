//! What the shop expects of its calendar of runtimes.

use course::{Seed, values};
use local_lambda::{Function, Outcome, binary};
use serde_json::{Value, json};

/// What the function says of a runtime on a day, by this calendar.
fn ask(calendar: &Value, runtime: &str, on: &str) -> Outcome {
    ask_again(&Function::start(binary!()), calendar, runtime, on)
}

/// What a function that runs already says.
fn ask_again(function: &Function, calendar: &Value, runtime: &str, on: &str) -> Outcome {
    let event = json!({ "calendar": calendar, "runtime": runtime, "on": on });
    let known = &calendar[runtime];
    let successor = known["successor"].as_str().map(|name| format!("; its successor {name} is {}", calendar[name]));
    let story = format!("{runtime} on {on}; it is {known}{}", successor.unwrap_or_default());
    function.story(story).invoke(event)
}

/// The calendar of AWS.
fn aws() -> Value {
    values("runtimes")["calendar"].clone()
}

/// A runtime that is deprecated, blocked for new functions, and blocked altogether, each on the first of a month of one
/// year from this month on.
fn made_up(year: u64, month: u64) -> Value {
    let first = |month: u64| format!("{year}-{month:02}-01");
    json!({ "deprecated": first(month), "create_blocked": first(month + 2), "update_blocked": first(month + 4), "successor": null })
}

#[test]
fn is_supported_until_the_day_before() {
    let mut seed = Seed::at_run_time();
    for (runtime, on) in [("provided.al2023", "2026-11-22"), ("python3.10", "2026-10-30"), ("nodejs22.x", "2027-04-29")]
    {
        ask(&aws(), runtime, on).expect_json_at("/state", "supported");
    }
    let (year, month, name) = (seed.number(2020..=2040), seed.number(2..=8), seed.name());
    let calendar = json!({ &name: made_up(year, month) });
    let day_before = format!("{year}-{:02}-{:02}", month - 1, seed.number(1..=28));
    ask(&calendar, &name, &day_before).expect_json_at("/state", "supported");
}

#[test]
fn is_deprecated_from_the_very_day_on_and_may_still_be_used() {
    for (runtime, on) in [
        ("python3.9", "2025-12-15"),
        ("python3.9", "2026-11-22"),
        ("python3.10", "2026-10-31"),
        ("provided.al2", "2026-07-31"),
        ("nodejs20.x", "2027-01-31"),
    ] {
        ask(&aws(), runtime, on).expect_json_at("/state", "deprecated");
    }
}

#[test]
fn blocks_new_functions_first_and_changes_of_old_ones_later() {
    for (runtime, on, state) in [
        ("python3.9", "2027-02-01", "create_blocked"),
        ("python3.9", "2027-03-02", "create_blocked"),
        ("python3.9", "2027-03-03", "update_blocked"),
        ("go1.x", "2026-11-22", "create_blocked"),
        ("python3.6", "2026-11-22", "update_blocked"),
    ] {
        ask(&aws(), runtime, on).expect_json_at("/state", state);
    }
}

#[test]
fn tells_the_worst_that_holds_in_any_calendar() {
    let mut seed = Seed::at_run_time();
    for _ in 0..6 {
        let (year, month, name) = (seed.number(2020..=2040), seed.number(1..=8), seed.name());
        let calendar = json!({ &name: made_up(year, month) });
        for (later, state) in [(0, "deprecated"), (2, "create_blocked"), (4, "update_blocked")] {
            let day = if seed.number(0..=1) == 0 { 1 } else { seed.number(2..=28) };
            let on = format!("{year}-{:02}-{day:02}", month + later);
            ask(&calendar, &name, &on).expect_json_at("/state", state);
        }
    }
    // Old runtimes could not be created before they were deprecated, and some days were never set.
    ask(&aws(), "nodejs4.3", "2020-02-10").expect_json_at("/state", "create_blocked");
    ask(&aws(), "dotnet9", "2030-01-01").expect_json_at("/state", "deprecated");
}

/// The worst of the states whose days have come, worked out from the list of them.
fn state(runtime: &Value, on: &str) -> &'static str {
    ["update_blocked", "create_blocked", "deprecated"]
        .into_iter()
        .find(|state| runtime[state].as_str().is_some_and(|day| day <= on))
        .unwrap_or("supported")
}

/// Days in any order, or none, and a successor that is in the calendar or not.
#[test]
fn answers_for_any_calendar() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    let names = [0; 4].map(|_| seed.name());
    for _ in 0..200 {
        let mut calendar = json!({});
        // The last one is not in the calendar, but may be somebody's successor.
        for name in &names[..3] {
            let mut runtime = json!({ "successor": null });
            if seed.number(1..=4) > 1 {
                runtime["successor"] = json!(seed.pick(&names));
            }
            for state in ["deprecated", "create_blocked", "update_blocked"] {
                if seed.number(1..=3) > 1 {
                    runtime[state] = json!(format!("2030-{:02}-01", seed.number(1..=12)));
                }
            }
            calendar[name.as_str()] = runtime;
        }
        let on = format!("2030-{:02}-{:02}", seed.number(1..=12), seed.number(1..=2));
        let successor = &calendar[&names[0]]["successor"];
        let is_supported = successor
            .as_str()
            .is_some_and(|name| calendar.get(name).is_some_and(|successor| state(successor, &on) == "supported"));
        let change_to = if is_supported { successor.clone() } else { Value::Null };
        let expected = json!({ "state": state(&calendar[&names[0]], &on), "change_to": change_to });
        ask_again(&function, &calendar, &names[0], &on).expect_json(expected);
    }
}

#[test]
fn names_a_successor_that_is_supported_on_that_day() {
    let mut seed = Seed::at_run_time();
    for (runtime, on, change_to) in [
        ("go1.x", "2026-11-22", json!("provided.al2023")),
        ("python3.9", "2026-11-22", json!("python3.14")),
        ("provided.al2", "2029-06-29", json!("provided.al2023")),
        ("provided.al2", "2029-06-30", json!(null)),
        ("provided.al2023", "2026-11-22", json!(null)),
    ] {
        ask(&aws(), runtime, on).expect_json_at("/change_to", change_to);
    }
    let (year, old, new) = (seed.number(2020..=2040), format!("old{}", seed.name()), format!("new{}", seed.name()));
    let mut first = made_up(year, 1);
    first["successor"] = json!(new);
    let calendar = json!({ &old: first, &new: made_up(year, 6) });
    ask(&calendar, &old, &format!("{year}-05-31")).expect_json_at("/change_to", json!(new));
    ask(&calendar, &old, &format!("{year}-06-01")).expect_json_at("/change_to", json!(null));
}

#[test]
fn refuses_a_runtime_that_nobody_knows() {
    let unknown = format!("{}1.x", Seed::at_run_time().name().to_lowercase());
    for runtime in ["nodejs99.x", &unknown] {
        ask(&aws(), runtime, "2026-11-22").expect_error_saying("UnknownRuntime", runtime);
    }
}
