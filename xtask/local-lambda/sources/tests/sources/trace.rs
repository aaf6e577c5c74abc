//! The trace of a world.

use local_lambda_sources::{Trace, What, World};

use crate::support::{order, printer, secs};

/// An hour with everything in it, before a real function.
fn an_hour(seed: u64) -> Trace {
    let world = World::builder().seed(seed).build();
    let dlq = world.queue("jobs-dlq").create();
    let queue = world.queue("jobs").redrive(&dlq, 3).create();
    queue.reorder(true);
    let function = world.function(printer("report")).on_failure(&dlq).create();
    world.map(&queue, &function).batch_size(4).batching_window(secs(5)).report_batch_item_failures().create();
    for what in ["print", "fail", "print", "panic", "print"] {
        queue.send(order(what));
        function.invoke_async(order(what));
        world.advance(secs(7));
    }
    world.run_until_idle();
    world.advance(secs(3_600));
    world.trace()
}

#[test]
fn the_same_seed_gives_the_same_trace_byte_for_byte() {
    let (first, second) = (an_hour(11), an_hour(11));
    assert_eq!(first.to_json_lines(), second.to_json_lines());
    assert_eq!(first.to_string(), second.to_string());
    assert_ne!(first.to_json_lines(), an_hour(12).to_json_lines());
}

#[test]
fn a_trace_can_be_narrowed_down() {
    let world = World::new();
    let queue = world.queue("jobs").create();
    world.map(&queue, &printer("")).batch_size(1).create();
    let (first, _) = (queue.send(order("print")).message_id, queue.send(order("print")));
    world.run_until_idle();
    let whats: Vec<What> = world.trace().about(&first).entries().iter().map(|entry| entry.what).collect();
    assert_eq!(whats, [What::Sent, What::Invoked, What::Succeeded, What::Deleted]);
    assert_eq!(world.trace().at_place("elsewhere").entries(), []);
}

#[test]
fn json_lines_have_a_number_a_version_and_virtual_times() {
    let world = World::builder().seed(3).build();
    let queue = world.queue("jobs").create();
    world.map(&queue, &printer("")).create();
    let id = queue.send("a").message_id;
    world.run_until_idle();
    let lines = world.trace().to_json_lines();
    let lines: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 4);
    for (index, line) in lines.iter().enumerate() {
        assert_eq!((&line["version"], &line["n"]), (&1.into(), &(index + 1).into()));
        assert_eq!((&line["at"], &line["items"][0]), (&"2026-01-15T12:00:00.000Z".into(), &id.as_str().into()));
    }
    assert_eq!((&lines[1]["function"], &lines[1]["environment"]), (&"printer".into(), &0.into()));
}
