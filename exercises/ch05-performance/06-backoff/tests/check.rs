//! What the shop expects of whoever hands parcels over. The courier's service notes when each attempt came.

use std::io::{BufRead as _, BufReader, Write as _};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use course::{Seed, Service};
use local_lambda::{Function, Outcome, binary};
use serde_json::{Value, json};

/// A courier that gives these replies one after the other, and then the last of them for ever. An empty reply is none:
/// the connection ends.
struct Courier {
    service: Service,
    attempts: Arc<Mutex<Vec<Attempt>>>,
}

struct Attempt {
    came: Instant,
    answered: Instant,
}

impl Courier {
    fn replying(replies: &[&str]) -> Courier {
        let replies: Vec<String> = replies.iter().map(|reply| (*reply).to_owned()).collect();
        let attempts: Arc<Mutex<Vec<Attempt>>> = Arc::default();
        let noted = Arc::clone(&attempts);
        let service = Service::start(move |stream| {
            let came = Instant::now();
            let _ = BufReader::new(stream).read_line(&mut String::new());
            let mut attempts = noted.lock().expect("no panic");
            let reply = &replies[attempts.len().min(replies.len() - 1)];
            attempts.push(Attempt { came, answered: Instant::now() });
            let _ = { stream }.write_all(reply.as_bytes());
        });
        Courier { service, attempts }
    }

    fn attempts(&self) -> usize {
        self.attempts.lock().expect("no panic").len()
    }

    /// How long it was between an answer and the attempt after it, in milliseconds.
    fn pauses_ms(&self) -> Vec<u64> {
        let attempts = self.attempts.lock().expect("no panic");
        attempts.windows(2).map(|pair| (pair[1].came - pair[0].answered).as_millis() as u64).collect()
    }

    fn function(&self, timeout_ms: u64) -> Function {
        Function::builder(binary!())
            .env("COURIER", self.service.address())
            .timeout(Duration::from_millis(timeout_ms))
            .start()
    }

    /// The courier was asked so often, and no more.
    #[track_caller]
    fn expect_attempts(&self, outcome: &Outcome, expected: usize) {
        let attempts = self.attempts();
        let what = format!("{expected} attempts, and the courier counted {attempts}");
        outcome.expect(&what, |_| attempts == expected);
    }
}

/// Policies of a few milliseconds, so that the check need not wait.
fn policy(attempts: u64, base_ms: u64, cap_ms: u64, margin_ms: u64) -> Value {
    json!({ "attempts": attempts, "base_ms": base_ms, "cap_ms": cap_ms, "margin_ms": margin_ms })
}

fn order(seed: &mut Seed, policy: Value) -> Value {
    json!({ "parcel": format!("{}-{}", seed.name(), seed.number(1..=99)), "policy": policy, "seed": seed.number(0..=u64::MAX) })
}

fn waits(outcome: &Outcome) -> Vec<u64> {
    let answer = outcome.expect_response();
    let waits = answer["waits_ms"].as_array().cloned().unwrap_or_default();
    waits.iter().filter_map(Value::as_u64).collect()
}

#[test]
fn hands_a_parcel_over_once_when_all_is_well() {
    let mut seed = Seed::at_run_time();
    let courier = Courier::replying(&["200"]);
    let order = order(&mut seed, policy(5, 2, 20, 500));
    let outcome = courier.function(3_000).story("the courier takes the parcel at once").invoke(order.clone());
    outcome.expect_json(json!({ "parcel": order["parcel"], "attempts": 1, "waits_ms": [] }));
    courier.expect_attempts(&outcome, 1);
}

#[test]
fn tries_again_what_may_pass() {
    let mut seed = Seed::at_run_time();
    for (replies, story) in [
        (["429", "200"], "too many requests, then well"),
        (["500", "201"], "an error of the courier's, then well"),
        (["502", "200"], "a bad gateway, then well"),
        (["503", "200"], "the service is away, then well"),
        (["504", "204"], "a timeout of a gateway, then well"),
        (["", "200"], "the connection breaks without a reply, then well"),
    ] {
        let courier = Courier::replying(&replies);
        let outcome = courier.function(3_000).story(story).invoke(order(&mut seed, policy(4, 2, 4, 500)));
        outcome.expect_json_at("/attempts", 2);
        courier.expect_attempts(&outcome, 2);
    }
}

#[test]
fn does_not_try_again_what_will_not_pass() {
    let mut seed = Seed::at_run_time();
    for status in ["400", "403", "404", "409", "413", "501"] {
        let courier = Courier::replying(&[status, "200"]);
        let story = format!("the courier answers {status}");
        let outcome = courier.function(3_000).story(story).invoke(order(&mut seed, policy(4, 2, 4, 500)));
        outcome.expect_error_saying("Refused", status);
        courier.expect_attempts(&outcome, 1);
    }
    let courier = Courier::replying(&["503", "404", "200"]);
    let outcome = courier.function(3_000).story("503 first, then 404").invoke(order(&mut seed, policy(4, 2, 4, 500)));
    outcome.expect_error_saying("Refused", "404");
    courier.expect_attempts(&outcome, 2);
}

#[test]
fn gives_up_after_as_many_attempts_as_allowed() {
    let mut seed = Seed::at_run_time();
    for attempts in [1, 2, seed.number(3..=5), 70] {
        let courier = Courier::replying(&["503"]);
        let outcome = courier
            .function(3_000)
            .story(format!("the courier is away for the day; {attempts} attempts are allowed"))
            .invoke(order(&mut seed, policy(attempts, 1, 1, 100)));
        outcome.expect_error_saying("GaveUp", &format!("{attempts} attempts"));
        courier.expect_attempts(&outcome, attempts as usize);
    }
}

#[test]
fn draws_each_wait_between_nothing_and_a_ceiling_that_doubles_up_to_the_cap() {
    const CEILINGS: [u64; 4] = [2, 4, 5, 5];
    let mut seed = Seed::at_run_time();
    let mut drawn: [Vec<u64>; 4] = Default::default();
    for _ in 0..10 {
        let couriers: Vec<Courier> = (0..4).map(|_| Courier::replying(&["503", "503", "503", "503", "200"])).collect();
        let functions: Vec<Function> = couriers.iter().map(|courier| courier.function(3_000)).collect();
        let pending: Vec<_> = functions
            .iter()
            .map(|function| {
                let order = order(&mut seed, policy(5, 2, 5, 500));
                function.story("503 four times, base 2 ms, cap 5 ms").send(order)
            })
            .collect();
        for (outcome, courier) in pending.into_iter().map(|pending| pending.wait()).zip(&couriers) {
            let waits = waits(&outcome);
            outcome.expect(&format!("four waits, each at most {CEILINGS:?}"), |_| {
                waits.len() == 4 && waits.iter().zip(CEILINGS).all(|(wait, ceiling)| *wait <= ceiling)
            });
            let pauses = courier.pauses_ms();
            outcome.expect(&format!("it waits as it says; the courier saw pauses of {pauses:?} ms"), |_| {
                pauses.len() == 4 && pauses.iter().zip(&waits).all(|(pause, wait)| pause >= wait)
            });
            waits.iter().zip(&mut drawn).for_each(|(wait, drawn)| drawn.push(*wait));
        }
    }
    for (index, (drawn, ceiling)) in drawn.iter().zip(CEILINGS).enumerate() {
        let (low, high) = (drawn.iter().min().copied(), drawn.iter().max().copied());
        let number = index + 1;
        assert!(
            low < Some(ceiling.div_ceil(2)) && high > Some(ceiling / 2),
            "wait {number} of {} parcels was between {low:?} and {high:?} ms, expected anything from 0 to {ceiling}",
            drawn.len()
        );
    }
}

#[test]
fn waits_at_least_as_long_as_the_courier_says() {
    let mut seed = Seed::at_run_time();
    for status in ["429", "503"] {
        let asked = seed.number(20..=40);
        let courier = Courier::replying(&[&format!("{status} {asked}"), "200"]);
        let outcome = courier
            .function(3_000)
            .story(format!("the courier answers {status} and Retry-After says {asked} ms; the cap is 3 ms"))
            .invoke(order(&mut seed, policy(3, 1, 3, 500)));
        outcome.expect_that(&format!("one wait of {asked} ms or a little more"), |answer| {
            let waits = answer["waits_ms"].as_array();
            waits.is_some_and(|waits| waits.len() == 1)
                && answer["waits_ms"][0].as_u64().is_some_and(|wait| (asked..=asked + 3).contains(&wait))
        });
        let pauses = courier.pauses_ms();
        outcome.expect(&format!("it waits as it says; the courier saw pauses of {pauses:?} ms"), |_| {
            pauses.first() >= Some(&asked)
        });
    }
}

#[test]
fn does_not_begin_a_wait_that_would_pass_the_margin() {
    let mut seed = Seed::at_run_time();
    for (asked, story) in [
        (3_600_000, "Retry-After says an hour, and the function has two seconds"),
        (1_700, "Retry-After says 1,700 ms of the two seconds, of which 500 are the margin"),
        (u64::MAX, "Retry-After says half a billion years"),
    ] {
        let courier = Courier::replying(&[&format!("503 {asked}"), "200"]);
        let outcome = courier.function(2_000).story(story).invoke(order(&mut seed, policy(5, 2, 4, 500)));
        outcome.expect_error_saying("GaveUp", "1 attempt");
        courier.expect_attempts(&outcome, 1);
        outcome.expect_within(Duration::from_millis(1_400));
    }
    let courier = Courier::replying(&["503", "200"]);
    let outcome = courier
        .function(2_000)
        .story("the margin is longer than the timeout: there is time for one attempt and no wait")
        .invoke(order(&mut seed, policy(5, 2, 4, u64::MAX)));
    outcome.expect_error_saying("GaveUp", "1 attempt");
}

#[test]
fn answers_in_time_when_every_single_wait_is_short() {
    let mut seed = Seed::at_run_time();
    for (timeout, margin) in [(1_300, 1_000), (1_400, 1_150)] {
        let courier = Courier::replying(&["503"]);
        let outcome = courier
            .function(timeout)
            .story(format!("ten thousand attempts are allowed, {timeout} ms are not enough for them"))
            .invoke(order(&mut seed, policy(10_000, 20, 20, margin)));
        outcome.expect_error("GaveUp");
        let attempts = courier.attempts();
        outcome.expect(&format!("it tries again while there is time; the courier counted {attempts} attempts"), |_| {
            attempts >= 2
        });
    }
}
