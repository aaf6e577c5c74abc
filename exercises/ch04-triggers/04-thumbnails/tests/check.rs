//! What the shop expects of ch04-04-thumbnails.

use course::Seed;
use local_lambda::{Function, binary};
use serde_json::json;

#[test]
fn answers_with_the_copies_of_one_print() {
    let function = Function::start(binary!());
    for copies in [3, Seed::at_run_time().number(4..=99)] {
        let outcome = function.story("an order of one print").invoke(json!({ "prints": [{ "copies": copies }] }));
        outcome.expect_json(json!({ "copies": copies }));
    }
}

#[test]
fn adds_up_the_copies_of_every_print() {
    let mut seed = Seed::at_run_time();
    let (first, second) = (seed.number(2..=9), seed.number(11..=99));
    let function = Function::start(binary!());
    let outcome = function
        .story("an order of two prints, several times each")
        .invoke(json!({ "prints": [{ "copies": first }, { "copies": second }] }));
    outcome.expect_json(json!({ "copies": first + second }));
}
