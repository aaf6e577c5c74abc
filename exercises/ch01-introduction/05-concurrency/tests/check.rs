//! What the shop expects to be told about its concurrency.

use course::{Seed, values};
use local_lambda::{Function, Outcome, binary};
use serde_json::{Value, json};

/// The numbers that the task names. An event with all of Lambda's could not be read in a failure.
const NAMES: [&str; 8] = [
    "account_concurrency",
    "unreserved_concurrency",
    "requests_per_environment",
    "scaling_environments",
    "scaling_interval",
    "scaling_start",
    "scaling_step",
    "scaling_maximum",
];

/// The numbers of an ordinary account.
fn facts() -> Value {
    let (mut all, sqs) = (values("concurrency"), values("sqs"));
    let (Some(facts), Value::Object(sqs)) = (all.as_object_mut(), sqs) else { panic!("facts are maps") };
    facts.extend(sqs);
    facts.retain(|name, _| NAMES.contains(&name.as_str()));
    all
}

/// The numbers of an account with another concurrency: less when it is new, more when it has grown.
fn account(concurrency: u64) -> Value {
    let mut facts = facts();
    facts["account_concurrency"] = json!(concurrency);
    facts
}

/// The answer to a question. The numbers are many, so the story tells the question.
fn ask(story: impl Into<String>, facts: &Value, question: &Value) -> Outcome {
    let told = format!("{}: {question}", story.into());
    Function::start(binary!()).story(told).invoke(json!({ "facts": facts, "question": question }))
}

fn requests(per_second: u64, duration_ms: u64) -> Outcome {
    let story = format!("a rate of {per_second} a second, each {duration_ms} ms long");
    ask(story, &facts(), &json!({ "requests": { "per_second": per_second, "duration_ms": duration_ms } }))
}

fn queue(messages: u64, batch: u64, duration_ms: u64, maximum: Option<u64>) -> Value {
    let queue = json!({
        "messages": messages, "batch": batch, "duration_ms": duration_ms, "maximum_concurrency": maximum,
    });
    json!({ "queue": queue })
}

#[test]
fn multiplies_the_rate_by_the_duration() {
    let mut seed = Seed::at_run_time();
    for (per_second, duration_ms, in_flight) in [(100, 500, 50), (20_000, 50, 1_000), (3, 200_000, 600)] {
        requests(per_second, duration_ms).expect_json_at("/in_flight", in_flight);
    }
    let (environments, seconds) = (seed.number(1..=900), seed.number(1..=9));
    requests(environments, 1_000 * seconds).expect_json_at("/in_flight", environments * seconds);
}

#[test]
fn takes_a_whole_environment_for_a_part_of_a_request() {
    let mut seed = Seed::at_run_time();
    for (per_second, duration_ms, in_flight) in [(1, 1, 1), (3, 400, 2), (1_001, 999, 1_000), (0, 400, 0)] {
        requests(per_second, duration_ms).expect_json_at("/in_flight", in_flight);
    }
    let environments = seed.number(2..=400);
    requests(environments, 1_001).expect_json_at("/in_flight", environments + 1);
}

#[test]
fn needs_a_unit_of_concurrency_for_ten_requests_a_second() {
    let mut seed = Seed::at_run_time();
    requests(20_000, 50).expect_json_at("/for_the_rate", 2_000).expect_json_at("/needed", 2_000);
    let outcome = requests(91, 10);
    outcome.expect_json_at("/in_flight", 1).expect_json_at("/for_the_rate", 10).expect_json_at("/needed", 10);
    let per_second = 10 * seed.number(1..=300);
    let short = requests(per_second, seed.number(1..=99));
    short.expect_json_at("/for_the_rate", per_second / 10).expect_json_at("/needed", per_second / 10);
    let long = requests(per_second, 2_000);
    long.expect_json_at("/for_the_rate", per_second / 10).expect_json_at("/needed", 2 * per_second);
}

#[test]
fn says_whether_the_account_has_it() {
    let mut seed = Seed::at_run_time();
    for (per_second, fits) in [(10_000, true), (10_001, false)] {
        requests(per_second, 20).expect_json_at("/fits", fits);
    }
    let concurrency = seed.number(10..=90);
    for (per_second, fits) in [(concurrency, true), (concurrency + 1, false)] {
        let question = json!({ "requests": { "per_second": per_second, "duration_ms": 1_000 } });
        let story = format!("a new account with {concurrency} gets {per_second} requests a second of a second each");
        ask(story, &account(concurrency), &question).expect_json_at("/fits", fits);
    }
}

#[test]
fn waits_for_environments_that_come_in_steps() {
    let mut seed = Seed::at_run_time();
    for (needed, seconds) in [(0, 0), (1, 0), (1_000, 0), (1_001, 10), (2_000, 10), (2_001, 20), (10_000, 90)] {
        requests(needed, 1_000).expect_json_at("/needed", needed).expect_json_at("/seconds_to_scale", seconds);
    }
    let (step, steps) = (seed.number(100..=900), seed.number(2..=9));
    let mut facts = facts();
    facts["scaling_environments"] = json!(step);
    let question = json!({ "requests": { "per_second": step * steps, "duration_ms": 1_000 } });
    let outcome = ask(format!("{step} environments every ten seconds"), &facts, &question);
    outcome.expect_json_at("/seconds_to_scale", 10 * (steps - 1));
}

#[test]
fn reserves_all_but_a_hundred() {
    let mut seed = Seed::at_run_time();
    let reserve = |reserved: &[u64], more: u64| json!({ "reserve": { "reserved": reserved, "more": more } });
    for (reserved, more, left, granted) in [
        (vec![], 900, 900, true),
        (vec![], 901, 900, false),
        (vec![300, 200], 400, 400, true),
        (vec![900], 1, 0, false),
    ] {
        let outcome = ask(format!("{reserved:?} are reserved, {more} more"), &facts(), &reserve(&reserved, more));
        outcome.expect_json(json!({ "left": left, "granted": granted }));
    }
    let quota = seed.number(1_000..=9_000);
    let (first, second) = (seed.number(1..=400), seed.number(1..=400));
    let left = quota - 100 - first - second;
    let outcome = ask(format!("a quota of {quota}"), &account(quota), &reserve(&[first, second], left + 1));
    outcome.expect_json(json!({ "left": left, "granted": false }));
}

#[test]
fn has_nothing_to_reserve_in_a_new_account() {
    let mut seed = Seed::at_run_time();
    for concurrency in [10, seed.number(11..=99), 100] {
        let question = json!({ "reserve": { "reserved": [], "more": 1 } });
        let outcome = ask(format!("a new account with {concurrency}"), &account(concurrency), &question);
        outcome.expect_json(json!({ "left": 0, "granted": false }));
    }
}

#[test]
fn begins_a_queue_with_five_and_adds_300_a_minute() {
    let mut seed = Seed::at_run_time();
    // A batch of one message that takes a minute keeps one invocation busy for one minute.
    for (messages, minutes, peak) in
        [(0, 0, 0), (5, 1, 5), (6, 2, 305), (310, 2, 305), (311, 3, 605), (1_820, 4, 905), (10_000, 11, 1_250)]
    {
        let story = format!("{messages} messages of a minute, and concurrency enough");
        let outcome = ask(story, &account(5_000), &queue(messages, 1, 60_000, None));
        outcome.expect_json(json!({ "minutes": minutes, "peak": peak }));
    }
    let later = seed.number(1..=50);
    // 5, 305, 605, 905 and 1,205 in the first five minutes, then 1,250 in each.
    let messages = 5 + 305 + 605 + 905 + 1_205 + 1_250 * later;
    let outcome = ask("a long queue", &account(5_000), &queue(messages, 1, 60_000, None));
    outcome.expect_json(json!({ "minutes": 5 + later, "peak": 1_250 }));
    let outcome = ask("one message of a millisecond", &account(5_000), &queue(1, 1, 1, None));
    outcome.expect_json(json!({ "minutes": 1, "peak": 5 }));
}

#[test]
fn counts_batches_and_not_messages() {
    let mut seed = Seed::at_run_time();
    let batch = seed.number(2..=10);
    for (messages, minutes, peak) in [(5 * batch, 1, 5), (5 * batch + 1, 2, 305), (1, 1, 5)] {
        let story = format!("{messages} messages in batches of {batch}");
        let outcome = ask(story, &facts(), &queue(messages, batch, 60_000, None));
        outcome.expect_json(json!({ "minutes": minutes, "peak": peak }));
    }
}

#[test]
fn adds_up_the_work_of_all_batches() {
    let mut seed = Seed::at_run_time();
    // 120 seconds of work a minute. Whole batches would need longer: the third is begun by one alone.
    for (batches, seconds, minutes) in [(3, 100, 3), (1, 120, 1), (1, 121, 2)] {
        let story = format!("two at a time have {} seconds of work, in pieces of any size", batches * seconds);
        let outcome = ask(story, &facts(), &queue(batches, 1, 1_000 * seconds, Some(2)));
        outcome.expect_json(json!({ "minutes": minutes, "peak": 2 }));
    }
    for duration_ms in [150_000, seed.number(120_001..=180_000)] {
        let story = format!("two at a time have {} ms of work, in pieces of any size", 10 * duration_ms);
        let outcome = ask(story, &facts(), &queue(10, 1, duration_ms, Some(2)));
        outcome.expect_json(json!({ "minutes": (5 * duration_ms).div_ceil(60_000), "peak": 2 }));
    }
}

#[test]
fn keeps_the_smallest_of_three_maxima() {
    let mut seed = Seed::at_run_time();
    let (small, large) = (seed.number(6..=300), seed.number(306..=600));
    for (story, facts, maximum, minutes, peak) in [
        ("the mapping's own maximum", account(5_000), Some(small), 1 + 9, small),
        ("a new account's quota", account(small), None, 1 + 9, small),
        ("the smaller of both", account(small), Some(large), 1 + 9, small),
        ("a maximum below five", account(5_000), Some(2), (5 + 9 * small).div_ceil(2), 2),
    ] {
        let outcome = ask(format!("{story} decides"), &facts, &queue(5 + 9 * small, 1, 60_000, maximum));
        outcome.expect_json(json!({ "minutes": minutes, "peak": peak }));
    }
    let outcome = ask("10,000 messages in an ordinary account", &facts(), &queue(10_000, 1, 60_000, None));
    outcome.expect_json(json!({ "minutes": 13, "peak": 1_000 }));
}

#[test]
fn computes_with_the_numbers_that_it_is_given() {
    let mut seed = Seed::at_run_time();
    let (each, unreserved) = (seed.number(2..=9), seed.number(101..=400));
    let (environments, interval) = (seed.number(10..=90), seed.number(11..=60));
    let (start, step) = (seed.number(6..=40), seed.number(10..=90));
    let mut facts = account(5_000);
    let given = json!({
        "requests_per_environment": each, "unreserved_concurrency": unreserved,
        "scaling_environments": environments, "scaling_interval": interval,
        "scaling_start": start, "scaling_step": step, "scaling_maximum": start + step + 1,
    });
    facts.as_object_mut().expect("facts are a map").extend(given.as_object().expect("so are these").clone());

    let (steps, more) = (seed.number(2..=9), seed.number(0..=4_000));
    let needed = environments * steps;
    let question = json!({ "requests": { "per_second": needed * each, "duration_ms": 1 } });
    let story =
        format!("{each} requests a second for each environment, {environments} new ones every {interval} seconds");
    ask(story, &facts, &question)
        .expect_json_at("/for_the_rate", needed)
        .expect_json_at("/seconds_to_scale", (steps - 1) * interval);
    let question = json!({ "reserve": { "reserved": [100], "more": more } });
    let left = 5_000 - 100 - unreserved;
    ask(format!("{unreserved} stay unreserved"), &facts, &question)
        .expect_json(json!({ "left": left, "granted": more <= left }));
    // A minute of the start, one of a step more, and one of the maximum.
    for (messages, minutes, peak) in
        [(start + 1, 2, start + step), (2 * start + step, 2, start + step), (2 * start + step + 1, 3, start + step + 1)]
    {
        let story = format!("pollers begin with {start}, become {step} more a minute, up to {}", start + step + 1);
        let outcome = ask(story, &facts, &queue(messages, 1, 60_000, None));
        outcome.expect_json(json!({ "minutes": minutes, "peak": peak }));
    }
}
