//! What the shop expects of whoever hands parcels over. The courier's service notes when each attempt came.

use std::io::{BufRead as _, BufReader, Write as _};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use std::{iter, thread};

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
        Courier::thinking(Duration::ZERO, replies)
    }

    /// One that takes its time for every reply.
    fn thinking(time: Duration, replies: &[&str]) -> Courier {
        let replies: Vec<String> = replies.iter().map(|reply| (*reply).to_owned()).collect();
        let attempts: Arc<Mutex<Vec<Attempt>>> = Arc::default();
        let noted = Arc::clone(&attempts);
        let service = Service::start(move |stream| {
            let came = Instant::now();
            let _ = BufReader::new(stream).read_line(&mut String::new());
            thread::sleep(time);
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

    /// Before each attempt but the first, it was at least as long as these waits since the answer before it.
    #[track_caller]
    fn expect_pauses(&self, outcome: &Outcome, waits: &[u64]) {
        let attempts = self.attempts.lock().expect("no panic");
        let pauses = attempts.windows(2).map(|pair| (pair[1].came - pair[0].answered).as_millis() as u64);
        let short = (1..).zip(pauses.zip(waits)).find(|(_, (pause, wait))| pause < *wait);
        let what = short.map_or_else(
            || "it waits as long as it says".to_owned(),
            |(number, (pause, wait))| {
                format!("wait {number} is one of {wait} ms, as the answer says; the courier saw a pause of {pause} ms")
            },
        );
        outcome.expect(&what, |_| short.is_none() && attempts.len() == waits.len() + 1);
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

/// The longest waits: doubled each time, up to the cap.
fn ceilings(base_ms: u64, cap_ms: u64) -> impl Iterator<Item = u64> {
    iter::successors(Some(base_ms), move |ceiling| Some((ceiling * 2).min(cap_ms)))
}

/// Hands so many parcels over at the same time, and each fails so often before the courier takes it. Gives the waits of
/// each, none of which was over its ceiling.
#[track_caller]
fn waits_of(seed: &mut Seed, parcels: usize, failures: usize, (base_ms, cap_ms): (u64, u64)) -> Vec<Vec<u64>> {
    let replies = [vec!["503"; failures], vec!["200"]].concat();
    let couriers: Vec<Courier> = (0..parcels).map(|_| Courier::replying(&replies)).collect();
    // The waits are short; the time is for a machine that has other things to do.
    let functions: Vec<Function> = couriers.iter().map(|courier| courier.function(20_000)).collect();
    let pending: Vec<_> = functions
        .iter()
        .map(|function| {
            let order = order(seed, policy(failures as u64 + 1, base_ms, cap_ms, 500));
            function.story(format!("503 {failures} times, base {base_ms} ms, cap {cap_ms} ms")).send(order)
        })
        .collect();
    let outcomes = pending.into_iter().map(|pending| pending.wait()).zip(&couriers);
    outcomes
        .map(|(outcome, courier)| {
            let waits = waits(&outcome);
            outcome.expect(&format!("{failures} waits"), |_| waits.len() == failures);
            let over = (1..).zip(waits.iter().zip(ceilings(base_ms, cap_ms))).find(|(_, (wait, most))| *wait > most);
            let what = over.map_or_else(
                || "no wait is longer than its ceiling".to_owned(),
                |(number, (wait, most))| format!("wait {number} is at most {most} ms, and it is {wait}"),
            );
            outcome.expect(&what, |_| over.is_none());
            courier.expect_pauses(&outcome, &waits);
            waits
        })
        .collect()
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
    for status in ["100", "301", "400", "403", "404", "408", "409", "413", "425", "501"] {
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
        let replies = [vec!["503"; attempts as usize - 1], vec!["503 1500"]].concat();
        let courier = Courier::replying(&replies);
        let outcome = courier
            .function(4_000)
            .story(format!(
                "the courier is away for the day; {attempts} attempts are allowed, and to the last of them the courier \
                 answers Retry-After: 1500 ms"
            ))
            .invoke(order(&mut seed, policy(attempts, 1, 1, 100)));
        outcome.expect_error_saying("GaveUp", &format!("{attempts} attempt"));
        courier.expect_attempts(&outcome, attempts as usize);
        let idle = courier.attempts.lock().expect("no panic").last().map(|last| last.answered.elapsed());
        let idle = idle.unwrap_or_default();
        let what = format!("it gives up at once after the last attempt; it took {idle:.1?}");
        outcome.expect(&what, |_| idle < Duration::from_millis(1_500));
    }
}

#[test]
fn draws_each_wait_between_nothing_and_a_ceiling_that_doubles_up_to_the_cap() {
    const BASE_AND_CAP: (u64, u64) = (2, 12);
    const WAITS: usize = 6;
    let mut seed = Seed::at_run_time();
    let parcels: Vec<Vec<u64>> = (0..10).flat_map(|_| waits_of(&mut seed, 4, WAITS, BASE_AND_CAP)).collect();
    let count = parcels.len();
    for (index, ceiling) in ceilings(BASE_AND_CAP.0, BASE_AND_CAP.1).take(WAITS).enumerate() {
        let drawn = || parcels.iter().map(|waits| waits[index]);
        let (low, high) = (drawn().min().unwrap_or_default(), drawn().max().unwrap_or_default());
        let number = index + 1;
        // One right solution in a million draws no number below the middle, or none in the upper third.
        assert!(
            low < ceiling.div_ceil(2) && high > ceiling * 2 / 3,
            "wait {number} of {count} parcels was from {low} to {high} ms, expected anything from 0 to {ceiling}"
        );
        let longest = drawn().filter(|wait| *wait == ceiling).count();
        assert!(
            ceiling < BASE_AND_CAP.1 || longest < count / 2,
            "wait {number} of {longest} of {count} parcels was exactly the cap, {ceiling} ms, expected each number from \
             0 to {ceiling} as often as the others"
        );
    }
}

#[test]
fn draws_up_to_the_cap_after_however_many_attempts() {
    const BASE_AND_CAP: (u64, u64) = (1, 7);
    let waits = waits_of(&mut Seed::at_run_time(), 6, 69, BASE_AND_CAP);
    // Two to the power of 32 and of 64, where a shift begins again at the base: one right solution in ten million draws
    // the waits after it so short for every parcel.
    for number in [33, 65] {
        let again =
            |waits: &Vec<u64>| waits[number - 1..].iter().zip(ceilings(1, 7)).take(3).all(|(wait, most)| *wait <= most);
        let drawn: Vec<u64> = waits.iter().map(|waits| waits[number - 1]).collect();
        assert!(
            !waits.iter().all(again),
            "wait {number} of six parcels was {drawn:?} ms, expected anything from 0 to 7: the ceiling is not 1 ms again"
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
        courier.expect_pauses(&outcome, &waits(&outcome));
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
    const TIMEOUT: u64 = 2_000;
    const MARGIN: u64 = 1_400;
    let mut seed = Seed::at_run_time();
    for (thinking, base, what) in [(0, 20, "waits of 20 ms"), (60, 1, "replies that take 60 ms each")] {
        let courier = Courier::thinking(Duration::from_millis(thinking), &["503"]);
        let outcome = courier
            .function(TIMEOUT)
            .story(format!("ten thousand attempts are allowed; {TIMEOUT} ms are not enough for them, with {what}"))
            .invoke(order(&mut seed, policy(10_000, base, base, MARGIN)));
        outcome.expect_error("GaveUp");
        let attempts = courier.attempts();
        outcome.expect(&format!("it tries again while there is time; the courier counted {attempts} attempts"), |_| {
            attempts >= 2
        });
    }
}
