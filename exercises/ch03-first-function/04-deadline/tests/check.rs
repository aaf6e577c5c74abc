//! What the shop expects of its night shift.

use std::time::Duration;

use course::Seed;
use local_lambda::{Function, Outcome, binary};
use serde_json::json;

/// The night shift with this timeout and margin, in milliseconds.
fn night_shift(timeout: u64, margin: u64) -> Function {
    Function::builder(binary!()).timeout(Duration::from_millis(timeout)).env("MARGIN_MS", margin.to_string()).start()
}

fn jobs(seed: &mut Seed, count: u64) -> Vec<String> {
    (1..=count).map(|number| format!("p-{}-{number}", seed.name())).collect()
}

/// The jobs that the printer printed, by its log.
fn printed(outcome: &Outcome) -> Vec<String> {
    outcome.function_log().filter_map(|line| line.strip_prefix("printed ")).map(str::to_owned).collect()
}

/// The printer printed these jobs in this order, and no others.
#[track_caller]
fn expect_printed(printed: &[String], expected: &[String]) {
    let different = printed.iter().zip(expected).position(|(printed, expected)| printed != expected);
    if let Some(place) = different {
        panic!("print {} was {:?}, expected {:?}", place + 1, printed[place], expected[place]);
    }
    assert_eq!(printed.len(), expected.len(), "how many jobs were printed");
}

#[test]
fn prints_a_small_batch_at_once() {
    let mut seed = Seed::at_run_time();
    let count = seed.number(2..=6);
    let jobs = jobs(&mut seed, count);
    let outcome = night_shift(3_000, 500).story("a few jobs and plenty of time").invoke(json!({ "jobs": jobs }));
    outcome.expect_json(json!({ "printed": count, "cursor": null }));
    expect_printed(&printed(&outcome), &jobs);
    let (again, last) = (jobs[0].clone(), seed.name());
    let jobs = [again.clone(), again.clone(), last, again];
    let story = "three of the four jobs have the same name, and each is a photo that somebody waits for";
    let outcome = night_shift(3_000, 500).story(story).invoke(json!({ "jobs": jobs }));
    outcome.expect_json(json!({ "printed": 4, "cursor": null }));
    expect_printed(&printed(&outcome), &jobs);
    let outcome = night_shift(3_000, 500).story("nothing was left over").invoke(json!({ "jobs": [] }));
    outcome.expect_json(json!({ "printed": 0, "cursor": null }));
}

#[test]
fn goes_on_where_the_cursor_says() {
    let mut seed = Seed::at_run_time();
    let count = seed.number(4..=8);
    let cursor = seed.number(1..=count - 1);
    let jobs = jobs(&mut seed, count);
    let function = night_shift(3_000, 500);
    let story = format!("{cursor} of {count} jobs are printed already");
    let outcome = function.story(story).invoke(json!({ "jobs": jobs, "cursor": cursor }));
    outcome.expect_json(json!({ "printed": count - cursor, "cursor": null }));
    expect_printed(&printed(&outcome), &jobs[cursor as usize..]);
    for cursor in [count, count + 3] {
        let story = format!("the cursor is {cursor} and there are {count} jobs");
        let outcome = function.story(story).invoke(json!({ "jobs": jobs, "cursor": cursor }));
        outcome.expect_json(json!({ "printed": 0, "cursor": null }));
    }
}

#[test]
fn stops_before_the_deadline_and_says_how_far_it_came() {
    let mut seed = Seed::at_run_time();
    for (timeout, margin) in [(800, 400), (500, 250)] {
        let jobs = jobs(&mut seed, 100);
        let function = night_shift(timeout, margin);
        let story = format!("100 jobs of 10 ms, {timeout} ms, of which {margin} are the margin");
        let outcome = function.story(story).invoke(json!({ "jobs": jobs }));
        outcome.expect_that("an answer before the time is over", |_| true);
        let printed = printed(&outcome);
        outcome.expect_json(json!({ "printed": printed.len(), "cursor": printed.len() }));
        expect_printed(&printed, &jobs[..printed.len()]);
    }
}

#[test]
fn works_as_long_as_the_margin_allows() {
    let mut seed = Seed::at_run_time();
    let outcome = night_shift(1_000, 400)
        .story("100 jobs of 10 ms; of 1000 ms the last 400 are the margin")
        .invoke(json!({ "jobs": jobs(&mut seed, 100) }));
    outcome.expect_that("it prints at least ten jobs in 600 ms", |answer| answer["printed"].as_u64() >= Some(10));
    outcome.expect_at_least(Duration::from_millis(580));
}

#[test]
fn begins_no_job_when_less_than_the_margin_is_left() {
    let mut seed = Seed::at_run_time();
    for _ in 0..2 {
        let margin = seed.number(900..=955);
        let function = night_shift(1_000, margin);
        let story = format!("100 jobs of at least 10 ms; of 1000 ms the last {margin} are the margin");
        let outcome = function.story(story).invoke(json!({ "jobs": jobs(&mut seed, 100) }));
        // The first job begins at once, each other one at least 10 ms after the one before.
        let most = (1_000 - margin) / 10 + 1;
        let rule = format!("at most {most} jobs begin in the {} ms before the margin", 1_000 - margin);
        outcome.expect_that(&rule, |answer| answer["printed"].as_u64().is_some_and(|printed| printed <= most));
        assert!(printed(&outcome).len() as u64 <= most, "{rule}, and the printer printed {}", printed(&outcome).len());
    }
}

#[test]
fn does_no_work_when_the_margin_is_all_there_is() {
    let mut seed = Seed::at_run_time();
    let jobs = jobs(&mut seed, 5);
    for (timeout, margin) in [(1_000, 2_000), (2_000, u64::MAX)] {
        let cursor = seed.number(1..=4);
        let function = night_shift(timeout, margin);
        let story = format!("the margin of {margin} ms is longer than the {timeout} ms that there are");
        let outcome = function.story(story).invoke(json!({ "jobs": jobs, "cursor": cursor }));
        outcome.expect_json(json!({ "printed": 0, "cursor": cursor }));
        expect_printed(&printed(&outcome), &[]);
        let outcome =
            function.story("the same, and everything is printed").invoke(json!({ "jobs": jobs, "cursor": 5 }));
        outcome.expect_json(json!({ "printed": 0, "cursor": null }));
    }
}

#[test]
fn prints_every_job_once_over_several_invocations() {
    let mut seed = Seed::at_run_time();
    let count = seed.number(60..=70);
    let jobs = jobs(&mut seed, count);
    let function = night_shift(600, 350);
    let mut all = Vec::new();
    let mut cursor = Some(0);
    let mut invocations = 0;
    while let Some(index) = cursor {
        invocations += 1;
        assert!(invocations <= 30, "after 30 invocations the cursor stands at {index} of {count}");
        let story = format!("invocation {invocations} of the night begins at job {index} of {count}");
        let outcome = function.story(story).invoke(json!({ "jobs": jobs, "cursor": index }));
        all.extend(printed(&outcome));
        outcome.expect_that("the cursor goes on, or is null at the end", |answer| {
            answer["cursor"].is_null() || answer["cursor"].as_u64() >= Some(index)
        });
        cursor = outcome.expect_response()["cursor"].as_u64();
    }
    expect_printed(&all, &jobs);
    assert!(invocations > 1, "{count} jobs of 10 ms do not fit into one invocation");
}
