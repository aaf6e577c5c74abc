//! Schedules.

use std::time::Duration;

use local_lambda::Function;
use local_lambda_sources::schedule_expression::FlexibleTimeWindow;
use local_lambda_sources::sqs::MessageAttribute;
use local_lambda_sources::{Timestamp, What, World};
use serde_json::{Value, json};

use crate::support::{Recorder, binary, logged};

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// The scheduled times of the events that a function got.
fn times(seen: &Recorder) -> Vec<String> {
    seen.events().iter().map(|event| event["time"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_schedule_invokes_its_target_at_its_local_time() {
    let (world, seen) = (World::builder().at("2026-01-15T12:00:00Z").build(), Recorder::default());
    let nightly = seen.content(&world, "nightly");
    let schedule = world.schedule("nightly", "cron(0 8 * * ? *)").time_zone("Asia/Taipei").target(&nightly).create();
    assert_eq!(schedule.next(), Some("2026-01-16T00:00:00Z".parse().unwrap()));
    world.run_until_idle();
    assert!(seen.events().is_empty(), "idle does not mean that the next night has come");
    world.advance(2 * DAY);
    assert_eq!(times(&seen), ["2026-01-16T00:00:00Z", "2026-01-17T00:00:00Z"]);
    assert_eq!(
        seen.events()[0],
        json!({
            "version": "0",
            "id": seen.events()[0]["id"],
            "detail-type": "Scheduled Event",
            "source": "aws.scheduler",
            "account": "123456789012",
            "time": "2026-01-16T00:00:00Z",
            "region": "us-east-1",
            "resources": [schedule.arn()],
            "detail": "{}",
        })
    );
}

#[test]
fn a_day_of_daylight_saving_has_23_and_25_hours() {
    for (begin, expected) in [
        ("2026-03-07T12:00:00Z", ["2026-03-09T06:30:00Z", "2026-03-10T06:30:00Z"]),
        ("2026-10-31T12:00:00Z", ["2026-11-01T07:30:00Z", "2026-11-02T07:30:00Z"]),
    ] {
        let (world, seen) = (World::builder().at(begin).build(), Recorder::default());
        let nightly = seen.content(&world, "nightly");
        let schedule = world.schedule("nightly", "cron(30 2 * * ? *)").time_zone("America/New_York");
        schedule.target(&nightly).create();
        world.advance(3 * DAY);
        // On 8 March, 02:30 does not exist: the night is skipped.
        assert_eq!(times(&seen)[..2], expected, "{begin}");
    }
}

#[test]
fn a_rate_begins_at_once_or_at_its_start_and_stops_at_its_end() {
    let (world, seen) = (World::new(), Recorder::default());
    let tick = seen.content(&world, "tick");
    world.schedule("now", "rate(1 hour)").target(&tick).create().delete();
    let start: Timestamp = "2026-01-15T13:30:00Z".parse().unwrap();
    let end: Timestamp = "2026-01-15T15:00:00Z".parse().unwrap();
    world.schedule("later", "rate(1 hour)").start(start).end(end).target(&tick).create();
    world.advance(DAY);
    assert_eq!(times(&seen), ["2026-01-15T13:30:00Z", "2026-01-15T14:30:00Z"]);
    let again = world.schedule("again", "rate(2 hours)").target(&tick).create();
    world.advance(Duration::ZERO);
    assert_eq!(seen.events().len(), 3);
    again.set_enabled(false);
    world.advance(DAY);
    assert_eq!(seen.events().len(), 3);
}

#[test]
fn a_one_time_schedule_is_due_once() {
    let (world, seen) = (World::new(), Recorder::default());
    let once = seen.content(&world, "once");
    let schedule = world.schedule("once", "at(2026-01-15T14:00:00)").target(&once).create();
    world.advance(2 * DAY);
    assert_eq!(times(&seen), ["2026-01-15T14:00:00Z"]);
    assert_eq!(schedule.next(), None);
}

#[test]
fn a_flexible_window_delays_but_keeps_the_scheduled_time() {
    let begun_at = |seed| {
        let (world, seen) = (World::builder().seed(seed).build(), Recorder::default());
        let tick = seen.content(&world, "tick");
        let window = FlexibleTimeWindow::minutes(15).unwrap();
        world.schedule("tick", "at(2026-01-15T14:00:00)").flexible_time_window(window).target(&tick).create();
        world.advance(DAY);
        assert_eq!(times(&seen), ["2026-01-15T14:00:00Z"]);
        world.trace().of(What::Invoked).next().unwrap().at
    };
    let due: Timestamp = "2026-01-15T14:00:00Z".parse().unwrap();
    let delays: Vec<i64> = (0..20).map(|seed| begun_at(seed).duration_since(due).as_secs()).collect();
    assert!(delays.iter().all(|delay| (0..900).contains(delay)), "{delays:?}");
    assert!(delays.iter().any(|delay| *delay != delays[0]), "{delays:?}");
    assert_eq!(begun_at(7), begun_at(7));
}

#[test]
fn an_input_can_tell_of_its_schedule() {
    let (world, seen) = (World::new(), Recorder::default());
    let backup = seen.content(&world, "backup");
    let input = json!({ "at": "<aws.scheduler.scheduled-time>", "by": "<aws.scheduler.schedule-arn>", "table": "t" });
    let schedule = world.schedule("backup", "at(2026-01-15T14:00:00)").input(input).target(&backup).create();
    world.advance(DAY);
    assert_eq!(seen.events(), [json!({ "at": "2026-01-15T14:00:00Z", "by": schedule.arn(), "table": "t" })]);
}

#[test]
fn a_delivery_that_fails_is_tried_again_with_the_same_time_and_given_up_in_the_end() {
    let (world, seen) = (World::new(), Recorder::default());
    let dlq = world.queue("dlq").create();
    let tick = seen.content(&world, "tick");
    let schedule = world.schedule("tick", "rate(1 hour)").maximum_retry_attempts(2).dead_letter_queue(&dlq);
    let schedule = schedule.target(&tick).create();
    schedule.fail_next(2);
    world.advance(HOUR / 2);
    assert_eq!(times(&seen), ["2026-01-15T12:00:00Z"]);
    schedule.fail_next(3);
    world.advance(HOUR);
    assert_eq!(seen.events().len(), 1);
    let message = &dlq.messages()[0];
    let text = |name: &str| message.attributes.get(name).cloned();
    assert_eq!(text("SCHEDULE_ARN"), Some(MessageAttribute::string(schedule.arn())));
    assert_eq!(text("SCHEDULED_TIME"), Some(MessageAttribute::string("2026-01-15T13:00:00Z")));
    assert_eq!(text("RETRY_ATTEMPTS"), Some(MessageAttribute::string("2")));
    assert_eq!(text("EXHAUSTED_RETRY_CONDITION"), Some(MessageAttribute::string("MaximumRetryAttempts")));
}

#[test]
fn a_schedule_fires_twice_on_request() {
    let (world, seen) = (World::new(), Recorder::default());
    let tick = seen.content(&world, "tick");
    world.schedule("tick", "rate(1 hour)").target(&tick).create().duplicate_next(1);
    world.advance(HOUR / 2);
    let events = seen.events();
    assert_eq!(events.len(), 2);
    assert_eq!(events[0], events[1], "the same execution: a function has to notice by the event");
}

#[test]
#[should_panic(expected = "Invalid Schedule Expression cron(0 8 * * * *)")]
fn an_expression_that_is_none_is_refused() {
    let world = World::new();
    let queue = world.queue("q").create();
    world.schedule("bad", "cron(0 8 * * * *)").target(&queue).create();
}

#[test]
fn a_virtual_day_of_hourly_schedules_runs_a_real_function() {
    let world = World::new();
    let function = world.function(Function::builder(binary()).name("tick").start()).create();
    for minute in 0..10 {
        let expression = format!("cron({minute} * * * ? *)");
        world.schedule(format!("hourly-{minute}"), expression).target(&function).create();
    }
    let begun = std::time::Instant::now();
    world.advance(DAY - Duration::from_secs(1));
    println!("a virtual day with 240 invocations of a real function: {:?}", begun.elapsed());
    assert_eq!(world.trace().count(What::Succeeded), 240);
    assert_eq!(logged(&world).len(), 240);
    let value: Value = serde_json::from_str(world.trace().to_json_lines().lines().next().unwrap()).unwrap();
    assert_eq!(value["what"], "sent");
}
