//! What Lambda expects of a runtime. Whatever breaks its contract is recorded as a violation.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use course::Seed;
use local_lambda::{Exit, Fate, Function, FunctionBuilder, InitError, Outcome, What, binary};
use serde_json::{Value, json};

fn shop() -> FunctionBuilder {
    Function::builder(binary!()).env("SHOP_NAME", "Ferris Prints")
}

fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is past 1970");
    u64::try_from(now.as_millis()).expect("a time of this age")
}

/// An id as Lambda gives them.
fn id(seed: &mut Seed) -> String {
    let mut part = |max: u64| seed.number(0..=max);
    let (a, b, c, d, e) = (part(0xffff_ffff), part(0xffff), part(0xfff), part(0xfff), part(0xffff_ffff_ffff));
    format!("{a:08x}-{b:04x}-4{c:03x}-8{d:03x}-{e:012x}")
}

/// The failure has been posted: all of it in the body, and its type besides in the header.
#[track_caller]
fn expect_posted(outcome: &Outcome, error_type: &str, message: &str) {
    let body = json!({ "errorType": error_type, "errorMessage": message, "stackTrace": [] });
    let posted: Value = serde_json::from_slice(&outcome.payload()).unwrap_or_default();
    outcome.expect(&format!("the error is posted with the body {body}; its body is {posted}"), |_| posted == body);
    outcome.expect_recorded_type(&format!("Function.{error_type}"));
    outcome.expect_no_violations();
}

#[test]
fn answers_each_event_under_its_own_id() {
    let mut seed = Seed::at_run_time();
    let name = seed.name();
    let function = shop().env("SHOP_NAME", &name).start();
    for number in 0..3 {
        let (id, said) = (id(&mut seed), seed.name());
        let outcome = function.story(format!("event {number}")).request_id(&id).invoke(json!({ "say": &said }));
        outcome.expect_no_violations();
        outcome.expect_json_at("/request_id", id);
        outcome.expect_json_at("/said", said).expect_json_at("/shop", name.as_str());
    }
    assert_eq!(function.environments(), 1, "one process should have answered all three events");
}

#[test]
fn tells_the_handler_when_its_time_is_up() {
    let mut seed = Seed::at_run_time();
    for seconds in [3, seed.number(4..=900)] {
        let function = shop().timeout(Duration::from_secs(seconds)).start();
        let from = now_ms() + seconds * 1_000;
        let outcome =
            function.story(format!("a function with {seconds} seconds")).invoke(json!({ "say": seed.name() }));
        let to = now_ms() + seconds * 1_000;
        let rule = format!("deadline_ms is what the header says, {from} or a few milliseconds more");
        outcome.expect_that(&rule, |answer| {
            answer["deadline_ms"].as_u64().is_some_and(|deadline| (from - 1..=to + 1).contains(&deadline))
        });
    }
}

#[test]
fn tells_the_handler_which_function_was_called() {
    let mut seed = Seed::at_run_time();
    for name in ["printer".to_owned(), seed.name()] {
        let function = shop().name(&name).start();
        let qualifier = seed.name();
        let outcome = function
            .story(format!("{name} is called by the alias {qualifier}"))
            .qualifier(&qualifier)
            .invoke(json!({ "say": seed.name() }));
        outcome.expect_json_at("/function_arn", function.arn(Some(&qualifier)));
    }
}

#[test]
fn reports_an_error_in_the_body_and_in_the_header() {
    let mut seed = Seed::at_run_time();
    let function = shop().start();
    for error_type in ["OutOfPaper".to_owned(), format!("OutOf{}", seed.name())] {
        let outcome = function.story("the handler fails").invoke(json!({ "fail": &error_type }));
        outcome.expect_error(&error_type);
        expect_posted(&outcome, &error_type, "Ferris Prints is out of it");
    }
    let outcome = function.story("the next event is answered as usual").invoke(json!({ "say": "again" }));
    outcome.expect_warm().expect_json_at("/said", "again");
}

#[test]
fn goes_on_after_a_panic_of_the_handler() {
    let mut seed = Seed::at_run_time();
    let function = shop().start();
    for time in ["once", "once more"] {
        let message = format!("the {} jammed", seed.name());
        let outcome = function.story(format!("the handler panics {time}")).invoke(json!({ "panic": &message }));
        outcome.expect_error("HandlerPanicked");
        expect_posted(&outcome, "HandlerPanicked", &message);
        let said = seed.name();
        let outcome = function.story("the event after the panic").invoke(json!({ "say": &said }));
        outcome.expect_warm().expect_json_at("/said", said);
    }
}

#[test]
fn reports_that_it_cannot_start() {
    let said = Seed::at_run_time().name();
    let outcome = Function::builder(binary!())
        .start()
        .story("the shop has no name, and does not open")
        .invoke(json!({ "say": said }));
    outcome.expect("the runtime posts to /runtime/init/error", |outcome| {
        matches!(&outcome.fate, Fate::InitError(InitError::Reported(_)))
    });
    expect_posted(&outcome, "NoShopName", "SHOP_NAME is not set");
    let ends: Vec<String> = outcome
        .transcript
        .iter()
        .filter(|step| matches!(step.what, What::Killed(_) | What::Exited(Exit::Code(0))))
        .map(ToString::to_string)
        .collect();
    let rule = "after its report the process ends by itself, and with an error";
    outcome.expect(&format!("{rule}; the record says {ends:?}"), |_| ends.is_empty());
}
