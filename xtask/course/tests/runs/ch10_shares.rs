//! What chapter 10 prints of a share of an alias: hours of one seed, with few calls and with many.

use std::fmt::Write as _;

use local_lambda_sources::{Target, World};
use serde_json::json;

use crate::same;

/// What comes to version 43 in an hour, when a tenth of the alias is its share.
#[test]
fn a_share_is_a_chance() {
    const HOURS: usize = 100;
    let world = World::builder().seed(43).build();
    let function = world.function(Target::closure("print-jobs", |_| Ok(json!("printed")))).create();
    let stable = function.publish_version();
    function.update_code(Target::closure("print-jobs", |_| Ok(json!("printed quickly"))));
    let candidate = function.publish_version();
    let live = function.alias("live", stable);
    live.route(candidate, 0.1);
    let mut table = String::from(
        "| Calls in an hour | For the candidate, on average | Fewest and most in 100 hours | Hours without any |\n\
         |---|---|---|---|\n",
    );
    for calls in [10, 20, 100] {
        let hour = |_| {
            let answers = (0..calls).map(|_| live.invoke(json!({})));
            answers.filter(|answer| answer.version == candidate.to_string()).count()
        };
        let mut hours: Vec<usize> = (0..HOURS).map(hour).collect();
        hours.sort_unstable();
        let tenths = hours.iter().sum::<usize>() * 10 / HOURS;
        let silent = hours.iter().filter(|count| **count == 0).count();
        assert!(hours[0] < calls / 10 && hours[HOURS - 1] > calls / 10, "{hours:?}");
        let (average, tenth) = (tenths / 10, tenths % 10);
        let (fewest, most) = (hours[0], hours[HOURS - 1]);
        writeln!(table, "| {calls} | {average}.{tenth} | {fewest} to {most} | {silent} |").expect("memory");
    }
    same("ch10", "shares.md", table.trim_end());
}
