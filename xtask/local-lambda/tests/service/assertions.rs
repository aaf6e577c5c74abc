//! What a failed expectation says.

use std::panic::{AssertUnwindSafe, catch_unwind};

use local_lambda::{Event, Exit, Outcome};
use serde_json::json;

use crate::support::fates;

/// The message of an expectation that does not hold.
#[track_caller]
fn message(outcome: &Outcome, expectation: impl FnOnce(&Outcome)) -> String {
    let panic = catch_unwind(AssertUnwindSafe(|| expectation(outcome))).expect_err("the expectation should not hold");
    panic.downcast_ref::<String>().expect("the message is text").clone()
}

#[test]
fn a_failure_tells_the_story_the_event_the_difference_and_the_log() {
    let function = fates().start();
    let event = json!({ "fate": "log", "items": [{ "id": 1 }, { "id": 2 }] });
    let outcome = function
        .story("two prints are ordered, and the second is out of stock")
        .invoke(Event::named("orders/two-prints", &event));
    let said = message(&outcome, |outcome| {
        outcome.expect_json(json!({ "fate": "log", "items": [{ "id": 1 }, { "id": 3 }] }));
    });
    assert_eq!(
        said,
        concat!(
            "two prints are ordered, and the second is out of stock\n",
            "  sent      orders/two-prints  {\"fate\":\"log\",\"items\":[{\"id\":1},{\"id\":2}]}\n",
            "  expected  {\"fate\":\"log\",\"items\":[{\"id\":1},{\"id\":3}]}\n",
            "  got       {\"fate\":\"log\",\"items\":[{\"id\":1},{\"id\":2}]}\n",
            "  differs   /items/1/id: expected 3, got 2\n",
            "  the function logged\n",
            "    | initializing\n",
            "    | to standard output\n",
            "    | to standard error\n",
            "    | without an end",
        )
    );
}

#[test]
fn every_expectation_says_what_came_instead() {
    let function = fates().start();
    let answer = function.invoke(json!({ "fate": "log" }));
    let error = function.invoke(json!({ "fate": "error" }));
    for (said, wanted) in [
        (message(&answer, |o| drop(o.expect_error("X").clone())), "got       the answer {\"fate\":\"log\"}"),
        (message(&answer, |o| drop(o.expect_timeout().clone())), "expected  a time-out"),
        (message(&answer, |o| drop(o.expect_exit(Exit::Code(7)).clone())), "expected  exit status 7"),
        (message(&answer, |o| drop(o.expect_throttled().clone())), "expected  429"),
        (message(&answer, |o| drop(o.expect_logged("secret").clone())), "expected  a line with \"secret\""),
        (message(&answer, |o| drop(o.expect_not_logged("standard error").clone())), "got       to standard error"),
        (message(&answer, |o| drop(o.expect_warm().clone())), "got       a cold one"),
        (message(&answer, |o| drop(o.expect_json_at("/a/b", 1).clone())), "differs   /a/b: there is nothing"),
        (message(&answer, |o| drop(o.expect_that("fate is 3 long", |v| v["fate"] == "x").clone())), "fate is 3 long"),
        (
            message(&answer, |o| drop(o.expect("it is an error", |o| o.function_error().is_some()).clone())),
            "expected  it is an error",
        ),
        (message(&error, |o| drop(o.expect_payload_without("no such").clone())), "expected  nothing of \"no such\""),
        (message(&error, |o| drop(o.expect_error_saying("OrderRefused", "stock").clone())), "got       no such print"),
        (
            message(&answer, |o| drop(o.expect_at_least(std::time::Duration::from_secs(9)).clone())),
            "expected  at least 9s",
        ),
        (
            message(&error, |o| drop(o.expect_json(1).clone())),
            "got       an error of the function: no such print (OrderRefused)",
        ),
        (
            message(&error, |o| drop(o.expect_error("Other").clone())),
            "differs   /errorType: expected \"Other\", got \"OrderRefused\"",
        ),
        (message(&error, |o| drop(o.expect_init_error().clone())), "expected  a failed initialization"),
    ] {
        assert!(said.contains(wanted), "{wanted:?} is not in\n{said}");
    }
}

#[test]
fn a_failure_points_at_the_line_of_the_test() {
    let outcome = fates().start().invoke(json!({}));
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        let failing = std::thread::Builder::new().spawn_scoped(scope, || {
            let hook = std::panic::take_hook();
            let sender = std::sync::Mutex::new(sender);
            std::panic::set_hook(Box::new(move |info| {
                let location = info.location().map(|location| (location.file().to_owned(), location.line()));
                let _ = sender.lock().unwrap().send((std::thread::current().id(), location));
            }));
            let here = std::thread::current().id();
            let line = line!() + 1;
            let _ = catch_unwind(AssertUnwindSafe(|| drop(outcome.expect_timeout().clone())));
            std::panic::set_hook(hook);
            (here, line)
        });
        let (thread, line) = failing.unwrap().join().unwrap();
        let location = receiver.try_iter().find(|(id, _)| *id == thread).unwrap().1.unwrap();
        assert_eq!((location.0.ends_with("assertions.rs"), location.1), (true, line));
    });
}
