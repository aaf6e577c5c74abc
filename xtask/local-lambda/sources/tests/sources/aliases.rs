//! Versions and aliases.

use std::time::Duration;

use local_lambda_sources::{Alias, ChangeInProgress, LambdaFunction, Settling, Target, Version, What, World};
use serde_json::json;

use crate::support::{panic_of, printer, printer_builder};

/// A function with two published versions, which answer "one" and "two".
fn two_versions(world: &World) -> LambdaFunction {
    let answering = |answer: &'static str| Target::closure("shop", move |_| Ok(json!(answer)));
    let function = world.function(answering("one")).create();
    assert_eq!(function.publish_version(), 1);
    function.update_code(answering("two"));
    assert_eq!(function.publish_version(), 2);
    function
}

fn how_many_get_two(alias: &Alias) -> usize {
    (0..1_000).filter(|_| alias.invoke(json!({})).json() == Some(json!("two"))).count()
}

#[test]
fn a_published_version_does_not_change_any_more() {
    let world = World::new();
    let function = two_versions(&world);
    function.update_code(Target::closure("shop", |_| Ok(json!("three"))));
    let answers =
        [function.version(1).invoke(json!({})), function.version(2).invoke(json!({})), function.invoke(json!({}))];
    assert_eq!(answers.map(|answer| answer.json().unwrap()), [json!("one"), json!("two"), json!("three")]);
}

#[test]
fn an_alias_draws_the_version_for_each_invocation() {
    let world = World::builder().seed(5).build();
    let function = two_versions(&world);
    let live = function.alias("live", 1);
    assert_eq!(how_many_get_two(&live), 0);
    live.route(2, 0.1);
    let tenth = how_many_get_two(&live);
    assert!((60..=140).contains(&tenth), "{tenth} of 1,000");
    live.route(2, 1.0);
    assert_eq!(how_many_get_two(&live), 1_000);
    live.route(2, 0.0);
    assert_eq!(how_many_get_two(&live), 0);
    live.point_to(2);
    assert_eq!(how_many_get_two(&live), 1_000);
}

#[test]
fn the_same_seed_draws_the_same_versions() {
    let draws = |seed: u64| -> Vec<_> {
        let world = World::builder().seed(seed).build();
        let live = two_versions(&world).alias("live", 1);
        live.route(2, 0.5);
        (0..50).map(|_| live.invoke(json!({})).json()).collect()
    };
    assert_eq!(draws(1), draws(1));
    assert_ne!(draws(1), draws(2));
}

#[test]
fn retries_of_one_event_may_meet_both_versions() {
    let world = World::builder().seed(2).build();
    let function = world.function(Target::closure("shop", |_| Err("out of paper".into()))).create();
    function.publish_version();
    function.publish_version();
    let live = function.alias("live", 1);
    live.route(2, 0.5);
    for _ in 0..10 {
        live.request(json!({})).send().unwrap();
    }
    world.run_until_idle();
    let trace = world.trace();
    let versions = |name: &str| trace.of(What::Invoked).filter(|entry| entry.function.as_deref() == Some(name)).count();
    assert_eq!(versions("shop:1") + versions("shop:2"), 30);
    assert!(versions("shop:1") > 5 && versions("shop:2") > 5, "{trace}");
}

#[test]
fn a_real_function_sees_the_alias_in_its_arn() {
    let world = World::new();
    let function = world.function(printer("")).create();
    function.publish_version();
    let live = function.alias("live", 1);
    let answer = live.invoke(json!({})).json().unwrap();
    assert_eq!(answer["arn"], "arn:aws:lambda:us-east-1:123456789012:function:printer:live");
}

#[test]
fn a_real_function_can_be_told_its_version() {
    let world = World::new();
    let of_version = |version| printer_builder("").version(version).start();
    let function = world.function(of_version("1")).create();
    function.publish_version();
    function.update_code(of_version("2"));
    let live = function.alias("live", function.publish_version());
    assert_eq!(live.invoke(json!({})).json().unwrap()["version"], "2");
    assert_eq!(function.version(1).invoke(json!({})).json().unwrap()["version"], "1");
    let answer = world.answers().remove(0);
    let log = &answer.outcome.unwrap().log;
    assert!(log.iter().any(|line| line.text.starts_with("START ") && line.text.ends_with(" Version: 2")), "{log:?}");
}

#[test]
fn a_queue_can_be_mapped_to_an_alias() {
    let world = World::new();
    let queue = world.queue("jobs").create();
    let live = two_versions(&world).alias("live", 2);
    world.map(&queue, &live).create();
    queue.send("a");
    world.run_until_idle();
    assert_eq!(world.answers().last().unwrap().json(), Some(json!("two")));
    let trace = world.trace();
    assert_eq!(trace.of(What::Invoked).next().unwrap().function.as_deref(), Some("shop:2"));
}

#[test]
fn an_alias_of_latest_runs_the_code_of_now() {
    let world = World::new();
    let function = two_versions(&world);
    let edited = function.alias("edited", Version::Latest);
    function.update_code(Target::closure("shop", |_| Ok(json!("three"))));
    let answer = edited.invoke(json!({}));
    assert_eq!((answer.json(), answer.version.as_str()), (Some(json!("three")), "$LATEST"));
    assert_eq!(edited.routing(), Some((Version::Latest, None)));
}

#[test]
fn a_version_is_deleted_when_no_alias_points_to_it_and_its_number_stays_unused() {
    let world = World::new();
    let function = two_versions(&world);
    let live = function.alias("live", 1);
    live.route(2, 0.5);
    assert_eq!(function.delete_version(2), Err(vec!["live".to_owned()]));
    live.point_to(1);
    assert_eq!((function.delete_version(2), function.versions()), (Ok(()), vec![1]));
    assert_eq!(function.publish_version(), 3);
}

#[test]
fn what_does_not_exist_is_refused() {
    let told = |make: &dyn Fn(&LambdaFunction)| panic_of(|| make(&two_versions(&World::new())));
    assert_eq!(told(&|function| _ = function.alias("live", 3)), "shop has no version 3");
    assert_eq!(told(&|function| _ = function.version(7)), "shop has no version or alias 7");
    assert_eq!(told(&|function| function.alias("live", 1).route(1, 0.5)), "the alias live points to version 1 already");
    assert_eq!(told(&|function| function.alias("live", 1).route(2, 1.5)), "a weight of 1.5 is not between 0 and 1");
    let renamed = told(&|function| function.update_code(Target::closure("other", |_| Ok(json!(null)))));
    assert_eq!(renamed, "the code of shop cannot be that of other: give both the same name");
}

#[test]
fn the_old_code_runs_until_a_change_is_done() {
    let world = World::new();
    let function = two_versions(&world);
    let three = || Some(Target::closure("shop", |_| Ok(json!("three"))));
    let answer = || function.invoke(json!({})).json().unwrap();
    function.begin_change(three(), Settling::After(Duration::from_secs(30))).unwrap();
    assert_eq!(function.begin_change(None, Settling::Polls(1)), Err(ChangeInProgress));
    world.advance(Duration::from_secs(29));
    assert_eq!((answer(), function.poll_change()), (json!("two"), true));
    world.advance(Duration::from_secs(1));
    assert_eq!((answer(), function.poll_change()), (json!("three"), false));
    function.begin_change(None, Settling::Polls(2)).unwrap();
    assert_eq!([(); 3].map(|()| function.poll_change()), [true, true, false]);
}
