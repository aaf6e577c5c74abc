//! What the shop expects of its door.

use course::Seed;
use local_lambda::{Function, Outcome, binary};
use serde_json::{Value, json};

/// The answer has the visitor's name and the id of this very request.
#[track_caller]
fn expect_hello(outcome: &Outcome, name: &str) {
    outcome.expect_json_at("/hello", name).expect_json_at("/slip", outcome.request_id.clone());
}

#[test]
fn says_hello_and_hands_out_a_slip() {
    let mut seed = Seed::at_run_time();
    for name in ["Ferris".to_owned(), seed.name(), "小明".to_owned()] {
        let function = Function::start(binary!());
        let outcome = function.story(format!("{name} opens the door")).invoke(json!({ "name": name }));
        expect_hello(&outcome, &name);
    }
}

#[test]
fn gives_every_visitor_of_one_process_the_id_of_their_own_request() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for visitor in 1..=seed.number(2..=5) {
        let (name, id) = (seed.name(), format!("8f5d1e2a-6c37-4b0e-9a41-{:012}", seed.number(0..=999_999_999)));
        let story = format!("{name} is visitor {visitor} of this process");
        let outcome = function.story(story).request_id(&id).invoke(json!({ "name": name }));
        outcome.expect_json(json!({ "hello": name, "slip": id }));
        if visitor > 1 {
            outcome.expect_warm();
        }
    }
}

#[test]
fn says_what_is_missing() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for event in [json!({}), json!({ "visitor": seed.name() }), json!({ "nam": seed.name() })] {
        let outcome = function.story("the event has no `name`").invoke(event);
        let error_type = outcome.expect_function_error().error_type.clone();
        outcome.expect_error_saying(&error_type, "name");
    }
}

#[test]
fn fails_without_a_name_and_serves_the_next_visitor() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    let name = seed.name();
    expect_hello(&function.story(format!("{name} comes first")).invoke(json!({ "name": name })), &name);
    for event in [json!({}), json!({ "name": Value::Null }), json!({ "name": seed.number(0..=99) })] {
        function.story("an event without a name that is text").invoke(event).expect_function_error();
    }
    let name = seed.name();
    let outcome =
        function.story(format!("{name} comes next and meets the same process")).invoke(json!({ "name": name }));
    expect_hello(&outcome, &name);
    outcome.expect_warm();
}

#[test]
fn survives_an_event_that_is_not_json() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for event in ["{\"name\": ", "Ferris"] {
        function.story("the event is not JSON").invoke(event).expect_function_error();
    }
    let name = seed.name();
    let outcome =
        function.story(format!("{name} comes next and meets the same process")).invoke(json!({ "name": name }));
    expect_hello(&outcome, &name);
    outcome.expect_warm();
}
