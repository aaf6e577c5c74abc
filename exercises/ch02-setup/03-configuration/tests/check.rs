//! What the shop expects of its look at configurations.

use course::{Seed, values};
use local_lambda::{Function, Outcome, binary};
use serde_json::{Value, json};

/// All limits, by name.
fn limits() -> Value {
    let all = ["invoke-limits", "limits", "compute", "configuration"].map(values);
    Value::Object(all.iter().flat_map(|facts| facts.as_object().expect("limits are maps of facts").clone()).collect())
}

/// What the function says to a configuration with these settings, and a good name if it has none.
fn ask(story: &str, settings: &Value) -> Outcome {
    ask_under(&limits(), story, settings)
}

fn ask_under(limits: &Value, story: &str, settings: &Value) -> Outcome {
    let mut requested = json!({ "name": "thumbnailer" });
    merge(&mut requested, settings);
    // The limits are many, so the story tells what is requested, if it is not long itself.
    let told = requested.to_string();
    let told = if told.len() <= 200 { format!("{story}: {told}") } else { story.to_owned() };
    Function::start(binary!()).story(told).invoke(json!({ "limits": limits, "requested": requested }))
}

fn merge(into: &mut Value, settings: &Value) {
    for (name, setting) in settings.as_object().expect("settings have names") {
        into[name] = setting.clone();
    }
}

/// The settings are taken as they are, and what is not set has its default.
#[track_caller]
fn expect_taken(story: &str, settings: &Value) {
    let mut configuration = json!({
        "name": "thumbnailer", "memory": 128, "timeout": 3, "tmp": 512, "layers": [], "environment": {},
        "snap_start": false, "provisioned_concurrency": 0, "capacity_provider": null,
    });
    merge(&mut configuration, settings);
    ask(story, settings).expect_json(json!({ "configuration": configuration }));
}

#[track_caller]
fn expect_problem(story: &str, settings: &Value, problem: &Value) {
    ask(story, settings).expect_json(json!({ "problems": [problem] }));
}

fn limit(name: &str, has: u64, allowed: u64) -> Value {
    json!({ "limit": { "name": name, "has": has, "allowed": allowed } })
}

const PROVIDER: &str = "arn:aws:lambda:us-east-1:111122223333:capacity-provider:darkroom";

#[test]
fn gives_what_is_not_set_its_default() {
    expect_taken("a name and nothing else", &json!({}));
    expect_taken("another name", &json!({ "name": Seed::at_run_time().name() }));
}

#[test]
fn takes_memory_in_steps_of_one() {
    let mut seed = Seed::at_run_time();
    for memory in [128, 129, 10_240, 64 * seed.number(3..=150) + seed.number(1..=63)] {
        expect_taken(&format!("{memory} MB"), &json!({ "memory": memory }));
    }
}

#[test]
fn keeps_memory_between_its_limits() {
    let mut seed = Seed::at_run_time();
    for memory in [127, 0, seed.number(1..=126)] {
        let story = format!("{memory} MB, too little");
        expect_problem(&story, &json!({ "memory": memory }), &limit("minimum_memory", memory, 128));
        let story = format!("{memory} MB, too little with a capacity provider too");
        let managed = json!({ "memory": memory, "capacity_provider": PROVIDER });
        expect_problem(&story, &managed, &limit("minimum_memory", memory, 128));
    }
    for memory in [10_241, seed.number(10_242..=32_768)] {
        let story = format!("{memory} MB, too much");
        expect_problem(&story, &json!({ "memory": memory }), &limit("maximum_memory", memory, 10_240));
    }
}

#[test]
fn keeps_the_timeout_between_its_limits() {
    let mut seed = Seed::at_run_time();
    for timeout in [1, 1_800, seed.number(2..=1_799)] {
        expect_taken(&format!("{timeout} seconds"), &json!({ "timeout": timeout }));
    }
    expect_problem("no time at all", &json!({ "timeout": 0 }), &limit("minimum_timeout", 0, 1));
    for timeout in [1_801, seed.number(1_802..=5_400)] {
        let story = format!("{timeout} seconds without a capacity provider");
        expect_problem(&story, &json!({ "timeout": timeout }), &limit("maximum_timeout", timeout, 1_800));
    }
}

#[test]
fn gives_more_on_managed_instances() {
    let mut seed = Seed::at_run_time();
    let with = |name: &str, number: u64| json!({ name: number, "capacity_provider": PROVIDER });
    for (name, numbers, limit_name, most) in [
        ("timeout", [1_801, 5_400, seed.number(1_802..=5_399)], "managed_instances_timeout", 5_400),
        ("memory", [10_241, 32_768, seed.number(10_242..=32_767)], "managed_instances_memory", 32_768),
    ] {
        for number in numbers {
            expect_taken(&format!("{name} of {number} with a capacity provider"), &with(name, number));
        }
        let more = most + seed.number(1..=999);
        let story = format!("{name} of {more}, too much with a capacity provider too");
        expect_problem(&story, &with(name, more), &limit(limit_name, more, most));
    }
}

#[test]
fn gives_an_arn_more_room_than_a_name() {
    let mut seed = Seed::at_run_time();
    let name = |length: usize| "n".repeat(length);
    let arn = |length: usize| format!("{:n<length$}", "arn:aws:lambda:us-east-1:111122223333:function:thumbnailer:");
    for taken in [name(1), name(64), arn(65), arn(140)] {
        expect_taken(&format!("{} characters", taken.len()), &json!({ "name": taken }));
    }
    for length in [65, seed.number(66..=140)] {
        let story = format!("a name of {length} characters");
        expect_problem(&story, &json!({ "name": name(length as usize) }), &limit("function_name", length, 64));
    }
    let arnold = format!("{:n<70}", "arnold-");
    expect_problem(
        "a name that begins like an ARN, and is none",
        &json!({ "name": arnold }),
        &limit("function_name", 70, 64),
    );
    let with_colons = "lambda:function:thumbnailer:in-the-middle-of-a-name-is-no-arn-of-a-function";
    let story = "a name with `:function:` in it, which is no ARN";
    let problem = limit("function_name", with_colons.len() as u64, 64);
    expect_problem(story, &json!({ "name": with_colons }), &problem);
    for length in [141, seed.number(142..=200)] {
        let story = format!("an ARN of {length} characters");
        expect_problem(&story, &json!({ "name": arn(length as usize) }), &limit("function_arn", length, 140));
    }
}

#[test]
fn takes_five_layers_and_no_sixth() {
    let layers = |count: u64| json!({ "layers": (1..=count).map(|n| format!("arn:aws:lambda:us-east-1:111122223333:layer:fonts:{n}")).collect::<Vec<_>>() });
    expect_taken("five layers", &layers(5));
    expect_problem("six layers", &layers(6), &limit("layers", 6, 5));
}

#[test]
fn measures_the_environment_in_bytes() {
    let mut seed = Seed::at_run_time();
    for character in ["x", "ü", "明", "🦀"] {
        let name = seed.name().to_uppercase();
        // {"NAME":"…"}
        let room = 4_096 - name.len() - 7;
        let value = format!("{}{}", character.repeat(room / character.len()), "x".repeat(room % character.len()));
        let fits = json!({ "environment": { &name: value } });
        expect_taken(&format!("4,096 bytes of {character}"), &fits);
        let too_long = json!({ "environment": { &name: format!("{value}x") } });
        expect_problem(
            &format!("one byte more than 4,096, of {character}"),
            &too_long,
            &limit("environment_variables", 4_097, 4_096),
        );
    }
}

#[test]
fn measures_what_json_escapes_as_it_is_escaped() {
    let name = Seed::at_run_time().name().to_uppercase();
    for (what, character) in [("quotation mark", "\""), ("backslash", "\\"), ("line break", "\n")] {
        // {"NAME":"…"}, and each character takes two bytes in it.
        let room = 4_096 - name.len() - 7;
        let value = format!("{}{}", character.repeat(room / 2), "x".repeat(room % 2));
        let fits = json!({ "environment": { &name: value } });
        expect_taken(&format!("4,096 bytes, and every {what} takes two"), &fits);
        let too_long = json!({ "environment": { &name: format!("{value}x") } });
        let story = format!("one byte more than 4,096, and every {what} takes two");
        expect_problem(&story, &too_long, &limit("environment_variables", 4_097, 4_096));
    }
}

#[test]
fn measures_all_variables_together() {
    let count = Seed::at_run_time().number(300..=400);
    let many: Value = (0..count).map(|number| (format!("V{number:03}"), json!("five5"))).collect();
    let has = many.to_string().len() as u64;
    let settings = json!({ "environment": many });
    expect_problem("many short variables", &settings, &limit("environment_variables", has, 4_096));
}

#[test]
fn refuses_the_names_that_lambda_keeps_for_itself() {
    let mut seed = Seed::at_run_time();
    let reserved = limits()["reserved_variables"].as_array().expect("names").clone();
    for name in ["AWS_REGION", "_HANDLER", "LAMBDA_TASK_ROOT", seed.pick(&reserved).as_str().expect("a name")] {
        let settings = json!({ "environment": { name: "x", "RUST_LOG": "info" } });
        expect_problem(&format!("the variable {name}"), &settings, &json!({ "reserved": name }));
    }
}

#[test]
fn takes_names_that_only_look_reserved() {
    for name in ["AWS_LAMBDA_EXEC_WRAPPER", "AWS_REGION_OF_THE_SHOP", "HANDLER", "aws_region"] {
        expect_taken(&format!("the variable {name}"), &json!({ "environment": { name: "x" } }));
    }
}

#[test]
fn refuses_snap_start_together_with_provisioned_concurrency() {
    let count = Seed::at_run_time().number(2..=99);
    for count in [1, count] {
        let both = json!({ "snap_start": true, "provisioned_concurrency": count });
        let problem = json!({ "excludes": ["snap_start", "provisioned_concurrency"] });
        expect_problem(&format!("SnapStart, and {count} kept ready"), &both, &problem);
    }
    expect_taken("SnapStart alone", &json!({ "snap_start": true }));
    expect_taken("provisioned concurrency alone", &json!({ "provisioned_concurrency": count }));
}

#[test]
fn says_all_that_is_wrong_at_once() {
    let mut seed = Seed::at_run_time();
    let (memory, timeout, tmp) = (seed.number(0..=127), seed.number(1_801..=9_999), seed.number(0..=511));
    let layers: Vec<String> = (0..seed.number(6..=9)).map(|_| seed.name()).collect();
    let environment = json!({ "AWS_REGION": seed.name(), "LAMBDA_TASK_ROOT": "x", "NOTES": seed.name() });
    // A small limit makes a short event.
    let mut limits = limits();
    merge(&mut limits, &json!({ "environment_variables": 20 }));
    let has = environment.to_string().len() as u64;
    let settings = json!({
        "name": "n".repeat(70), "memory": memory, "timeout": timeout, "tmp": tmp, "layers": layers,
        "environment": environment, "snap_start": true, "provisioned_concurrency": 1,
    });
    ask_under(&limits, "everything wrong at once", &settings).expect_json(json!({ "problems": [
        limit("function_name", 70, 64),
        limit("minimum_memory", memory, 128),
        limit("maximum_timeout", timeout, 1_800),
        limit("minimum_tmp", tmp, 512),
        limit("layers", layers.len() as u64, 5),
        limit("environment_variables", has, 20),
        { "reserved": "AWS_REGION" },
        { "reserved": "LAMBDA_TASK_ROOT" },
        { "excludes": ["snap_start", "provisioned_concurrency"] },
    ] }));
}

/// Draws limits and settings, and works out the problems from the limits one by one.
#[test]
fn keeps_the_limits_that_it_is_given() {
    let mut seed = Seed::at_run_time();
    for _ in 0..8 {
        let mut limits = limits();
        let (least, most) = (seed.number(100..=900), seed.number(2_000..=9_000));
        let (seconds, count) = (seed.number(10..=99), seed.number(1..=4));
        let changed = json!({
            "minimum_memory": least, "maximum_memory": most, "maximum_timeout": seconds, "layers": count,
            "default_memory": least + 7, "default_timeout": seconds - 1,
        });
        merge(&mut limits, &changed);
        let (memory, timeout) = (seed.number(least - 50..=most + 3_000), seed.number(1..=200));
        let layers = seed.number(0..=8);
        let names: Vec<String> = (0..layers).map(|_| seed.name()).collect();
        let settings = json!({ "memory": memory, "timeout": timeout, "layers": names });
        let mut problems = Vec::new();
        problems.extend((memory < least).then(|| limit("minimum_memory", memory, least)));
        problems.extend((memory > most).then(|| limit("maximum_memory", memory, most)));
        problems.extend((timeout > seconds).then(|| limit("maximum_timeout", timeout, seconds)));
        problems.extend((layers > count).then(|| limit("layers", layers, count)));
        let outcome = ask_under(&limits, &format!("other limits: {changed}"), &settings);
        let unset = ask_under(&limits, "nothing set, and other defaults in the limits", &json!({}));
        unset.expect_json_at("/configuration/memory", least + 7).expect_json_at("/configuration/timeout", seconds - 1);
        if problems.is_empty() {
            outcome.expect_json_at("/configuration/memory", memory);
        } else {
            outcome.expect_json(json!({ "problems": problems }));
        }
    }
}
