//! What the shop expects of its look at the limits.

use course::{Seed, values};
use local_lambda::{Function, Outcome, binary};
use serde_json::{Value, json};

/// The limits that the task names. An event with all of Lambda's could not be read in a failure.
const NAMES: [&str; 11] = [
    "synchronous_event",
    "asynchronous_event",
    "sns_message",
    "sqs_message",
    "zip_upload",
    "layers",
    "unzipped_package",
    "image",
    "environment_variables",
    "minimum_tmp",
    "maximum_tmp",
];

/// The limits, by name.
fn limits() -> Value {
    let (mut all, more) = (values("invoke-limits"), values("limits"));
    let (Some(facts), Value::Object(more)) = (all.as_object_mut(), more) else { panic!("limits are maps of facts") };
    facts.extend(more);
    facts.retain(|name, _| NAMES.contains(&name.as_str()));
    all
}

fn limit(name: &str) -> u64 {
    limits()[name].as_u64().unwrap_or_else(|| panic!("no limit {name}"))
}

/// What the function says to a plan under the limits of today. They are many, so the story tells the plan, if it is not
/// long itself.
fn ask(story: impl Into<String>, plan: Value) -> Outcome {
    let mut told = story.into();
    let text = plan.to_string();
    if text.len() <= 200 {
        told = format!("{told}: {text}");
    }
    Function::start(binary!()).story(told).invoke(json!({ "limits": limits(), "plan": plan }))
}

#[track_caller]
fn expect_fits(outcome: &Outcome) {
    outcome.expect_json(json!({ "fits": true, "broken": null }));
}

#[track_caller]
fn expect_broken(outcome: &Outcome, limit: &str, has: u64, allowed: u64) {
    outcome.expect_json(json!({ "fits": false, "broken": { "limit": limit, "has": has, "allowed": allowed } }));
}

/// A payload of this size fits, and one byte more breaks this limit.
#[track_caller]
fn expect_boundary(way: &Value, limit: &str, allowed: u64) {
    let send = |bytes: u64| json!({ "send": { "to": way, "payload": { "bytes": bytes } } });
    expect_fits(&ask(format!("{allowed} bytes through {way}"), send(allowed)));
    let outcome = ask(format!("one byte more through {way}"), send(allowed + 1));
    expect_broken(&outcome, limit, allowed + 1, allowed);
}

#[test]
fn takes_a_payload_as_large_as_the_call_allows() {
    expect_boundary(&json!("invoke_and_wait"), "synchronous_event", 6_291_456);
    expect_boundary(&json!("invoke_and_go_on"), "asynchronous_event", 1_048_576);
}

#[test]
fn takes_300_kb_without_waiting_but_not_through_an_ordinary_topic() {
    let mut seed = Seed::at_run_time();
    let topic = json!({ "topic": { "maximum_message_size": null } });
    for bytes in [300_000, seed.number(262_145..=1_048_576)] {
        let send = |way: &Value| json!({ "send": { "to": way, "payload": { "bytes": bytes } } });
        expect_fits(&ask(format!("{bytes} bytes without waiting"), send(&json!("invoke_and_go_on"))));
        expect_fits(&ask(format!("{bytes} bytes through a queue"), send(&json!("queue"))));
        let outcome = ask(format!("{bytes} bytes through a topic"), send(&topic));
        expect_broken(&outcome, "sns_message", bytes, limit("sns_message"));
    }
    expect_boundary(&topic, "sns_message", 262_144);
}

#[test]
fn asks_the_topic_for_its_own_size() {
    let mut seed = Seed::at_run_time();
    for maximum in [1_048_576, seed.number(1_024..=262_143), seed.number(262_145..=1_000_000)] {
        expect_boundary(&json!({ "topic": { "maximum_message_size": maximum } }), "sns_message", maximum);
    }
}

#[test]
fn asks_the_queue_before_the_function_that_polls_it() {
    expect_boundary(&json!("queue"), "sqs_message", 1_048_576);
    let send = json!({ "send": { "to": "queue", "payload": { "bytes": 7_000_000 } } });
    let outcome = ask("a message too large for the queue and for the function", send);
    expect_broken(&outcome, "sqs_message", 7_000_000, limit("sqs_message"));
}

#[test]
fn asks_the_function_after_the_topic_and_the_queue() {
    let mut seed = Seed::at_run_time();
    let topic = json!({ "topic": { "maximum_message_size": 900_000 } });
    for (way, name) in [(topic, "asynchronous_event"), (json!("queue"), "synchronous_event")] {
        let mut limits = limits();
        let allowed = seed.number(300_000..=700_000);
        limits[name] = json!(allowed);
        let send = |bytes: u64| json!({ "send": { "to": way, "payload": { "bytes": bytes } } });
        let ask = |bytes: u64| json!({ "limits": limits, "plan": send(bytes) });
        let function = Function::start(binary!());
        let story = format!("{way} takes 900,000 bytes, the function behind it {allowed}");
        expect_fits(&function.story(story.clone()).invoke(ask(allowed)));
        let more = allowed + seed.number(1..=100_000);
        expect_broken(&function.story(story).invoke(ask(more)), name, more, allowed);
    }
}

#[test]
fn measures_text_in_bytes() {
    let mut seed = Seed::at_run_time();
    let topic = json!({ "topic": { "maximum_message_size": 1_024 } });
    let send = |text: &str| json!({ "send": { "to": topic, "payload": { "text": text } } });
    for (character, bytes) in [('a', 1), ('ö', 2), ('明', 3), ('🦀', 4)] {
        let count = 1_024 / bytes;
        let fits = character.to_string().repeat(count);
        expect_fits(&ask(format!("{count} times {character} for a topic of 1,024 bytes"), send(&fits)));
        let more = character.to_string().repeat(count + seed.number(1..=20) as usize);
        let outcome = ask(format!("some {character} more"), send(&more));
        expect_broken(&outcome, "sns_message", more.len() as u64, 1_024);
    }
}

#[test]
fn counts_the_layers_into_the_unzipped_package() {
    let mut seed = Seed::at_run_time();
    let mb = 1_048_576;
    let zip = |unzipped: u64, layers: &[u64]| json!({ "deploy": { "zip": { "zipped": 9 * mb, "unzipped": unzipped, "layers": layers } } });
    let (function, fonts) = (seed.number(100..=140) * mb, seed.number(60..=100) * mb);
    expect_fits(&ask("code and fonts", zip(function, &[fonts])));
    let icc = 250 * mb - function - fonts + seed.number(1..=1_000);
    let outcome = ask("code, fonts, and colour profiles in layers", zip(function, &[fonts, icc]));
    expect_broken(&outcome, "unzipped_package", function + fonts + icc, limit("unzipped_package"));
    let outcome = ask("six small layers", zip(mb, &[1, 2, 3, 4, 5, 6]));
    expect_broken(&outcome, "layers", 6, limit("layers"));
    expect_fits(&ask("five small layers", zip(mb, &[1, 2, 3, 4, 5])));
}

#[test]
fn limits_a_zip_file_that_is_sent_with_the_call_and_not_one_from_s3() {
    let mut seed = Seed::at_run_time();
    let zipped = 52_428_800 + seed.number(1..=9_000_000);
    let zip = |zipped: u64| json!({ "deploy": { "zip": { "zipped": zipped, "unzipped": 99_000_000, "layers": [] } } });
    let outcome = ask("a large zip file with the call", zip(zipped));
    expect_broken(&outcome, "zip_upload", zipped, limit("zip_upload"));
    let in_s3 = json!({ "deploy": { "zip_in_s3": { "unzipped": 99_000_000, "layers": [1_000] } } });
    expect_fits(&ask("the same zip file in S3", in_s3));
    let unzipped = 262_144_000 + seed.number(1..=9_000_000);
    let in_s3 = json!({ "deploy": { "zip_in_s3": { "unzipped": unzipped, "layers": [] } } });
    let outcome = ask("a zip file in S3 that is too large unzipped", in_s3);
    expect_broken(&outcome, "unzipped_package", unzipped, limit("unzipped_package"));
    expect_fits(&ask("a smaller zip file with the call", zip(52_428_799)));
}

#[test]
fn gives_an_image_ten_gigabytes_and_no_layers() {
    let mut seed = Seed::at_run_time();
    let image = |size: u64, layers: &[u64]| json!({ "deploy": { "image": { "size": size, "layers": layers } } });
    let size = seed.number(262_144_001..=10_737_418_240);
    expect_fits(&ask("an image larger than any zip file", image(size, &[])));
    let larger = 10_737_418_240 + seed.number(1..=999);
    expect_broken(&ask("an image that is too large", image(larger, &[])), "image", larger, limit("image"));
    expect_broken(&ask("a small image with a layer", image(1_000, &[5])), "layers", 1, 0);
}

#[test]
fn measures_environment_variables_as_the_json_that_they_are_sent_as() {
    let mut seed = Seed::at_run_time();
    let configure = |environment: &Value| json!({ "configure": { "environment": environment, "tmp_mb": 512 } });
    for character in ["x", "ü", "明"] {
        let name = seed.name().to_uppercase();
        // {"NAME":"…"}
        let room = 4_096 - name.len() - 7;
        let value = character.repeat(room / character.len());
        let fits = json!({ &name: value });
        expect_fits(&ask(format!("one long variable of {character}"), configure(&fits)));
        let too_long = json!({ &name: format!("{value}{character}") });
        let outcome = ask(format!("one {character} more"), configure(&too_long));
        expect_broken(&outcome, "environment_variables", too_long.to_string().len() as u64, 4_096);
    }
    for character in ["\"", "\\"] {
        let name = seed.name().to_uppercase();
        let room = 4_096 - name.len() - 7;
        let value = format!("{}{}", character.repeat(room / 2), "x".repeat(room % 2));
        let fits = json!({ &name: value });
        expect_fits(&ask(format!("a variable of {character}, which are two bytes each in JSON"), configure(&fits)));
        let too_long = json!({ &name: format!("{value}{character}") });
        let outcome = ask(format!("one {character} more"), configure(&too_long));
        expect_broken(&outcome, "environment_variables", too_long.to_string().len() as u64, 4_096);
    }
    let many: Value = (0..400).map(|number| (format!("V{number:03}"), json!("five5"))).collect();
    let outcome = ask("many short variables, whose JSON is longer than they are", configure(&many));
    expect_broken(&outcome, "environment_variables", many.to_string().len() as u64, 4_096);
}

#[test]
fn keeps_tmp_between_its_two_limits() {
    let mut seed = Seed::at_run_time();
    let configure = |tmp_mb: u64| json!({ "configure": { "environment": { "STAGE": "live" }, "tmp_mb": tmp_mb } });
    for tmp_mb in [512, 10_240, seed.number(513..=10_239)] {
        expect_fits(&ask(format!("/tmp of {tmp_mb} MB"), configure(tmp_mb)));
    }
    for tmp_mb in [511, seed.number(0..=510)] {
        expect_broken(&ask(format!("/tmp of {tmp_mb} MB"), configure(tmp_mb)), "minimum_tmp", tmp_mb, 512);
    }
    for tmp_mb in [10_241, seed.number(10_242..=99_999)] {
        expect_broken(&ask(format!("/tmp of {tmp_mb} MB"), configure(tmp_mb)), "maximum_tmp", tmp_mb, 10_240);
    }
}

#[test]
fn names_the_first_of_two_limits() {
    let mut seed = Seed::at_run_time();
    let layers: Vec<u64> = (0..seed.number(6..=9)).map(|_| 60_000_000).collect();
    let zipped = 52_428_800 + seed.number(1..=9_000_000);
    let zip = json!({ "deploy": { "zip": { "zipped": zipped, "unzipped": 9_000, "layers": &layers } } });
    let outcome = ask("a zip file too large for the call, and large layers, too many of them", zip);
    expect_broken(&outcome, "zip_upload", zipped, limit("zip_upload"));
    let in_s3 = json!({ "deploy": { "zip_in_s3": { "unzipped": 9_000, "layers": &layers } } });
    let outcome = ask("a zip file in S3, and large layers, too many of them", in_s3);
    expect_broken(&outcome, "layers", layers.len() as u64, limit("layers"));
    let small: Vec<u64> = layers.iter().map(|_| 1_000).collect();
    let in_s3 = json!({ "deploy": { "zip_in_s3": { "unzipped": 9_000, "layers": &small } } });
    let outcome = ask("a zip file in S3, and small layers, too many of them", in_s3);
    expect_broken(&outcome, "layers", layers.len() as u64, limit("layers"));
    let image = json!({ "deploy": { "image": { "size": 20_000_000_000_u64, "layers": &layers } } });
    let outcome = ask("an image that is too large, with layers", image);
    expect_broken(&outcome, "layers", layers.len() as u64, 0);
    let environment = json!({ "NOTES": "x".repeat(4_096 + seed.number(1..=99) as usize) });
    let has = environment.to_string().len() as u64;
    let outcome = ask(
        "variables that are too long, and /tmp of 100 MB",
        json!({ "configure": { "environment": environment, "tmp_mb": 100 } }),
    );
    expect_broken(&outcome, "environment_variables", has, 4_096);
}

#[test]
fn keeps_the_limits_that_it_is_given() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for (way, name) in [("invoke_and_wait", "synchronous_event"), ("invoke_and_go_on", "asynchronous_event")] {
        let mut limits = limits();
        let allowed = seed.number(1_000..=900_000);
        limits[name] = json!(allowed);
        let send = |bytes: u64| json!({ "send": { "to": way, "payload": { "bytes": bytes } } });
        let ask = |bytes: u64| json!({ "limits": limits, "plan": send(bytes) });
        let story = format!("{name} is {allowed} in this account");
        expect_fits(&function.story(story.clone()).invoke(ask(allowed)));
        expect_broken(&function.story(story).invoke(ask(allowed + 1)), name, allowed + 1, allowed);
    }
}
