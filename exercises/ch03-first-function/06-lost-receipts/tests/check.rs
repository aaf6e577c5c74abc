//! What the shop expects of its till. As on Lambda, the process stands still between two invocations.

use std::thread;
use std::time::Duration;

use course::Seed;
use local_lambda::{Function, Outcome, binary};
use serde_json::{Value, json};

fn till() -> Function {
    Function::builder(binary!()).freeze(true).start()
}

fn order(number: u64) -> Value {
    json!({ "number": number, "mail": address(number) })
}

fn address(number: u64) -> String {
    format!("customer-{number}@ferris-prints.example")
}

/// The receipts that were sent while this invocation ran.
fn receipts(outcome: &Outcome) -> Vec<&str> {
    outcome.function_log().filter(|line| line.starts_with("receipt ")).collect()
}

#[test]
fn takes_an_order() {
    let number = Seed::at_run_time().number(1000..=9999);
    let outcome = till().story("a customer orders").invoke(order(number));
    outcome.expect_json(json!({ "order": number, "status": "taken" })).expect_logged(&format!("order {number} taken"));
}

#[test]
fn refuses_an_order_without_a_number_and_sends_no_receipt() {
    let till = till();
    let address = address(Seed::at_run_time().number(1000..=9999));
    for order in [order(0), json!({ "number": 0, "mail": address })] {
        let outcome = till.story("the order's number is 0").invoke(order);
        outcome.expect_error("InvalidOrder");
        outcome.expect_not_logged("receipt ").expect_not_logged("taken");
    }
}

#[test]
fn sends_each_receipt_while_its_own_order_is_handled() {
    let mut seed = Seed::at_run_time();
    let till = till();
    let first = seed.number(1000..=9999);
    let orders = first..=first + seed.number(2..=4);
    let mut sent = Vec::new();
    for number in orders.clone() {
        let outcome = till.story(format!("order {number} comes in")).invoke(order(number));
        outcome.expect_json_at("/order", number);
        sent.push(format!("during order {number}: {:?}", receipts(&outcome)));
        // For the frozen process this time does not pass.
        thread::sleep(Duration::from_millis(130));
    }
    let expected: Vec<String> = orders
        .map(|number| format!("during order {number}: {:?}", [format!("receipt {number} sent to {}", address(number))]))
        .collect();
    assert!(sent == expected, "each receipt must be sent during its own order:\n  {}", sent.join("\n  "));
}

#[test]
fn sends_the_only_order_of_the_day_its_receipt() {
    let number = Seed::at_run_time().number(1000..=9999);
    let till = till();
    let outcome = till.story("one order comes, and then nobody for hours").invoke(order(number));
    outcome.expect_logged(&format!("receipt {number} sent to {}", address(number)));
}

#[test]
fn fails_when_the_receipt_cannot_be_sent() {
    let mut seed = Seed::at_run_time();
    let till = till();
    for number in [seed.number(1000..=4999), seed.number(5000..=9999)] {
        let outcome = till
            .story("the customer's mail address is not one")
            .invoke(json!({ "number": number, "mail": format!("customer {number}") }));
        outcome.expect_error_saying("ReceiptNotSent", &format!("refused the receipt of order {number}"));
    }
    let number = seed.number(1000..=9999);
    let outcome = till.story("the next customer's is").invoke(order(number));
    outcome.expect_warm().expect_json(json!({ "order": number, "status": "taken" }));
}
