//! What the shop expects of {package}.

use std::time::{SystemTime, UNIX_EPOCH};

use local_lambda::{Function, binary};
use serde_json::json;

#[test]
fn answers_with_the_copies_of_one_print() {
    let function = Function::start(binary!());
    let outcome = function.story("an order of one print, three times").invoke(json!({ "prints": [{ "copies": 3 }] }));
    outcome.expect_json(json!({ "copies": 3 }));
}

#[test]
fn adds_up_the_copies_of_every_print() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is right");
    let seed = u64::from(now.subsec_nanos());
    let (first, second) = (2 + seed % 7, 11 + seed % 13);
    let function = Function::start(binary!());
    let outcome = function
        .story("an order of two prints, several times each")
        .invoke(json!({ "prints": [{ "copies": first }, { "copies": second }] }));
    outcome.expect_json(json!({ "copies": first + second }));
}
