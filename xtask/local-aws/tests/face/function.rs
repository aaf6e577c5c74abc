//! A real function: `examples/stores_orders.rs`, started as Lambda does.

use std::path::PathBuf;

use local_aws::{LocalAws, OnLocalAws};
use local_lambda::Function;
use serde_json::json;

/// Cargo builds examples for tests, and puts them beside the folder of the tests.
pub(crate) fn example(name: &str) -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let program = tests.parent().and_then(|deps| deps.parent()).unwrap().join("examples").join(name);
    assert!(program.is_file(), "{program:?} is not built: cargo test builds it with `--examples` or without a target");
    program
}

#[test]
fn a_function_needs_nothing_but_its_environment() {
    let aws = LocalAws::start();
    let (orders, jobs) = (aws.table("orders", "id"), aws.queue("jobs"));
    let function = Function::builder(example("stores_orders")).on(&aws).env("QUEUE_URL", jobs.url()).start();
    for id in ["o-1", "o-2"] {
        function.invoke(json!({ "id": id })).expect_json(json!({ "stored": id }));
    }
    function.invoke(json!({ "id": "o-1" })).expect_function_error();
    assert_eq!(jobs.bodies(), ["o-1", "o-2"]);
    assert_eq!(orders.items().len(), 2);
    aws.calls().of("PutItem").expect_count(3).expect_one_connection();
}
