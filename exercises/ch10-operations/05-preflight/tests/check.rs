//! What the shop expects of a preflight.

use course::{Seed, values};
use local_lambda::{Function, Outcome, binary};
use serde_json::{Value, json};

const QUEUE: &str = "arn:aws:sqs:us-east-1:123456789012:print-jobs";
const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:on-call";

/// A candidate, version 8 of till, against which nothing speaks.
fn ready() -> Value {
    json!({
        "today": "2026-11-30",
        "function": "till",
        "candidate": "8",
        "configuration": {
            "FunctionName": "till", "Version": "8", "State": "Active", "LastUpdateStatus": "Successful",
            "PackageType": "Zip", "Runtime": "provided.al2023", "Handler": "bootstrap", "Timeout": 20,
            "MemorySize": 512, "Architectures": ["arm64"],
            "Environment": { "Variables": { "TABLE": "orders", "REGION": "eu-central-1" } },
            "LoggingConfig": { "LogFormat": "JSON", "LogGroup": "/aws/lambda/till" },
        },
        "live": {
            "FunctionName": "till", "Version": "7", "State": "Active", "LastUpdateStatus": "Successful",
            "PackageType": "Zip", "Runtime": "provided.al2023", "Handler": "bootstrap", "Timeout": 20,
        },
        "calendar": values("runtimes")["calendar"],
        "mappings": [{ "UUID": "a1b2c3d4-5678-90ab-cdef-11111EXAMPLE", "EventSourceArn": QUEUE, "State": "Enabled" }],
        "queues": { QUEUE: { "VisibilityTimeout": "120", "RedrivePolicy": r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:123456789012:broken","maxReceiveCount":5}"# } },
        "asynchronous": ["s3.amazonaws.com"],
        "on_failure": { "Destination": "arn:aws:sqs:us-east-1:123456789012:failed" },
        "concurrency": {},
        "log_groups": [{ "logGroupName": "/aws/lambda/till", "retentionInDays": 30 }],
        "alarms": [alarm("till-errors", "till", "OK")],
        "metrics": { "7": { "invocations": 9_000, "errors": 3 }, "8": { "invocations": 400, "errors": 1 } },
    })
}

fn alarm(name: &str, function: &str, state: &str) -> Value {
    json!({
        "AlarmName": name, "StateValue": state, "ActionsEnabled": true, "AlarmActions": [TOPIC],
        "Dimensions": [{ "Name": "FunctionName", "Value": function }],
    })
}

/// The facts with one of them set; `null` where it could not be read.
fn with(mut facts: Value, path: &str, value: Value) -> Value {
    let (parent, name) = path.rsplit_once('/').expect("a pointer");
    facts.pointer_mut(parent).expect("a place").as_object_mut().expect("an object").insert(name.to_owned(), value);
    facts
}

fn without(mut facts: Value, path: &str) -> Value {
    let (parent, name) = path.rsplit_once('/').expect("a pointer");
    facts.pointer_mut(parent).expect("a place").as_object_mut().expect("an object").remove(name);
    facts
}

fn reason(verdict: &str, code: &str, about: &str) -> Value {
    json!({ "verdict": verdict, "code": code, "about": about })
}

const CHECKS: [&str; 9] =
    ["state", "runtime", "environment", "sources", "failures", "logs", "concurrency", "alarms", "errors"];

fn fly(function: &Function, story: &str, facts: &Value) -> Outcome {
    function.story(story).invoke(facts.clone())
}

/// The reasons of one check, and its verdict.
fn expect_check(outcome: &Outcome, check: &str, reasons: &[Value]) {
    let at = CHECKS.iter().position(|one| *one == check).expect("a check");
    outcome.expect_json_at(&format!("/checks/{at}/check"), check);
    outcome.expect_json_at(&format!("/checks/{at}/reasons"), json!(reasons));
    outcome.expect_json_at(&format!("/checks/{at}/verdict"), worst(reasons));
}

fn worst(of: &[Value]) -> &'static str {
    ["fail", "warn"].into_iter().find(|verdict| of.iter().any(|one| one["verdict"] == *verdict)).unwrap_or("pass")
}

/// What the page says of these facts, check by check.
fn oracle(facts: &Value) -> Value {
    let all: Vec<Value> = CHECKS
        .iter()
        .map(|check| {
            let reasons = reasons(check, facts);
            json!({ "check": check, "verdict": worst(&reasons), "reasons": reasons })
        })
        .collect();
    json!({ "verdict": worst(&all), "checks": all })
}

fn no_data(about: &str) -> Vec<Value> {
    vec![reason("warn", "no-data", about)]
}

fn reasons(check: &str, facts: &Value) -> Vec<Value> {
    let candidate = &facts["configuration"];
    if candidate.is_null() && !["concurrency", "alarms", "errors"].contains(&check) {
        return no_data("configuration");
    }
    let needed = match check {
        "sources" => "mappings",
        "failures" => "asynchronous",
        "logs" => "log_groups",
        "concurrency" => "concurrency",
        "alarms" => "alarms",
        "errors" => "metrics",
        _ => "function",
    };
    if facts[needed].is_null() {
        return no_data(needed);
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut reasons = Vec::new();
    match check {
        "state" => {
            for (name, wanted, code) in
                [("State", "Active", "not-active"), ("LastUpdateStatus", "Successful", "not-updated")]
            {
                match candidate[name].as_str() {
                    None => reasons.extend(no_data(name)),
                    Some(is) if is != wanted => reasons.push(reason("fail", code, is)),
                    Some(_) => {}
                }
            }
        }
        "runtime" if candidate["PackageType"] != "Image" => {
            let (runtime, calendar) = (text(&candidate["Runtime"]), &facts["calendar"]);
            let dates = &calendar[&runtime];
            let since = |name: &str| dates[name].as_str().is_some_and(|day| day <= text(&facts["today"]).as_str());
            if candidate["Runtime"].is_null() {
                reasons = no_data("Runtime");
            } else if calendar.is_null() {
                reasons = no_data("calendar");
            } else if dates.is_null() {
                reasons.push(reason("warn", "unknown-runtime", &runtime));
            } else if since("update_blocked") {
                reasons.push(reason("fail", "update-blocked", &runtime));
            } else if since("deprecated") {
                reasons.push(reason("warn", "deprecated", &runtime));
            }
        }
        "environment" if !candidate["Environment"]["Error"].is_null() => reasons = no_data("Environment"),
        "environment" => {
            let variables = candidate["Environment"]["Variables"].as_object();
            let bytes: usize =
                variables.into_iter().flatten().map(|(name, value)| name.len() + text(value).len()).sum();
            if bytes > 3_600 {
                reasons.push(reason("warn", "nearly-full", &bytes.to_string()));
            }
        }
        "sources" => {
            let arns =
                facts["mappings"].as_array().into_iter().flatten().map(|mapping| text(&mapping["EventSourceArn"]));
            for arn in arns.filter(|arn| arn.starts_with("arn:aws:sqs:")) {
                let queue = &facts["queues"][&arn];
                if queue.is_null() {
                    reasons.extend(no_data(&arn));
                    continue;
                }
                let visible: u64 = text(&queue["VisibilityTimeout"]).parse().expect("a number");
                let timeout = candidate["Timeout"].as_u64().expect("a number");
                if visible < timeout {
                    reasons.push(reason("fail", "visibility-below-timeout", &arn));
                } else if visible < 6 * timeout {
                    reasons.push(reason("warn", "visibility-below-six-timeouts", &arn));
                }
                if queue["RedrivePolicy"].is_null() {
                    reasons.push(reason("fail", "no-dead-letter-queue", &arn));
                }
            }
        }
        "failures" if candidate["DeadLetterConfig"]["TargetArn"].is_null() => {
            let services = facts["asynchronous"].as_array().expect("a list");
            if facts["on_failure"].is_null() && !services.is_empty() {
                reasons = no_data("on_failure");
            } else if facts["on_failure"]["Destination"].is_null() {
                reasons.extend(services.iter().map(|service| reason("fail", "failures-vanish", &text(service))));
            }
        }
        "logs" => {
            let named = candidate["LoggingConfig"]["LogGroup"].as_str().map(str::to_owned);
            let name = named.unwrap_or_else(|| format!("/aws/lambda/{}", text(&facts["function"])));
            let groups = facts["log_groups"].as_array().expect("a list");
            match groups.iter().find(|group| group["logGroupName"] == name.as_str()) {
                None => reasons.push(reason("warn", "no-log-group", &name)),
                Some(group) if group["retentionInDays"].is_null() => {
                    reasons.push(reason("warn", "kept-for-ever", &name));
                }
                Some(_) => {}
            }
        }
        "concurrency" if facts["concurrency"]["ReservedConcurrentExecutions"] == 0 => {
            reasons.push(reason("fail", "stopped", "0"));
        }
        "alarms" => {
            let dimension = json!({ "Name": "FunctionName", "Value": facts["function"] });
            let alarms = facts["alarms"].as_array().expect("a list").iter();
            let own = alarms.filter(|alarm| alarm["Dimensions"].as_array().is_some_and(|all| all.contains(&dimension)));
            let mut count = 0;
            for alarm in own {
                count += 1;
                let name = text(&alarm["AlarmName"]);
                match alarm["StateValue"].as_str() {
                    Some("ALARM") => reasons.push(reason("fail", "ringing", &name)),
                    Some("OK") => {}
                    _ => reasons.extend(no_data(&name)),
                }
                if alarm["ActionsEnabled"] == false || alarm["AlarmActions"] == json!([]) {
                    reasons.push(reason("warn", "tells-nobody", &name));
                }
            }
            if count == 0 {
                reasons.push(reason("fail", "no-alarm", &text(&facts["function"])));
            }
        }
        "errors" => {
            let candidate = text(&facts["candidate"]);
            let count = |name: &str| facts["metrics"][&candidate][name].as_u64().unwrap_or(0);
            match (count("errors"), count("invocations")) {
                (_, 0) => reasons = no_data(&candidate),
                (errors, all) if 100 * errors > all => {
                    reasons.push(reason("fail", "too-many-errors", &format!("{errors}/{all}")));
                }
                (_, all) if all < 100 => reasons.push(reason("warn", "few-invocations", &all.to_string())),
                _ => {}
            }
        }
        _ => {}
    }
    reasons
}

#[test]
fn passes_a_candidate_against_which_nothing_speaks() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    let handler = with(ready(), "/configuration/Handler", json!(format!("orders-{}", seed.number(1..=99))));
    let unnamed = without(without(ready(), "/configuration/LoggingConfig"), "/configuration/Environment");
    let nothing_asynchronous = with(with(ready(), "/asynchronous", json!([])), "/on_failure", Value::Null);
    for (story, facts) in [
        ("all is well", ready()),
        ("a program of one's own, and some text as handler", handler),
        ("no variables, and the log group that Lambda names", unnamed),
        ("no service calls it asynchronously, and where failures go was not asked", nothing_asynchronous),
        ("twenty executions are reserved", with(ready(), "/concurrency/ReservedConcurrentExecutions", json!(20))),
    ] {
        let outcome = fly(&function, story, &facts);
        for check in CHECKS {
            expect_check(&outcome, check, &[]);
        }
        outcome.expect_json_at("/verdict", "pass").expect_json(oracle(&facts));
    }
}

#[test]
fn never_passes_what_it_does_not_know() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for (fact, checks) in [
        ("configuration", &["state", "runtime", "environment", "sources", "failures", "logs"][..]),
        ("calendar", &["runtime"]),
        ("mappings", &["sources"]),
        ("asynchronous", &["failures"]),
        ("on_failure", &["failures"]),
        ("log_groups", &["logs"]),
        ("concurrency", &["concurrency"]),
        ("alarms", &["alarms"]),
        ("metrics", &["errors"]),
    ] {
        let path = format!("/{fact}");
        let is_null = seed.number(0..=1) == 0;
        let facts = if is_null { with(ready(), &path, Value::Null) } else { without(ready(), &path) };
        let outcome = fly(&function, &format!("{fact} could not be read"), &facts);
        for check in checks {
            expect_check(&outcome, check, &[reason("warn", "no-data", fact)]);
        }
        outcome.expect_json_at("/verdict", "warn").expect_json(oracle(&facts));
    }
    let nothing = json!({ "today": "2026-11-30", "function": "till", "candidate": "8" });
    fly(&function, "nothing at all could be read", &nothing).expect_json(oracle(&nothing));
}

#[test]
fn waits_until_the_candidate_is_there() {
    let function = Function::start(binary!());
    for (name, is, code) in [
        ("State", "Pending", "not-active"),
        ("State", "Failed", "not-active"),
        ("LastUpdateStatus", "InProgress", "not-updated"),
        ("LastUpdateStatus", "Failed", "not-updated"),
    ] {
        let facts = with(ready(), &format!("/configuration/{name}"), json!(is));
        let outcome = fly(&function, &format!("{name} of the candidate is {is}"), &facts);
        expect_check(&outcome, "state", &[reason("fail", code, is)]);
    }
    let facts = without(with(ready(), "/configuration/State", json!("Inactive")), "/configuration/LastUpdateStatus");
    let outcome = fly(&function, "State is Inactive, and there is no LastUpdateStatus", &facts);
    let both = [reason("fail", "not-active", "Inactive"), reason("warn", "no-data", "LastUpdateStatus")];
    expect_check(&outcome, "state", &both);
}

#[test]
fn reads_the_calendar_and_leaves_images_alone() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    let image = without(without(ready(), "/configuration/Runtime"), "/configuration/Handler");
    let image = with(image, "/configuration/PackageType", json!("Image"));
    let image = if seed.number(0..=1) == 0 { image } else { with(image, "/calendar", Value::Null) };
    expect_check(&fly(&function, "an image, without runtime and handler", &image), "runtime", &[]);
    let dates = json!({ "deprecated": "2026-11-30", "update_blocked": "2027-03-03" });
    let never = json!({ "deprecated": null, "update_blocked": null });
    for (today, dates, reasons) in [
        ("2026-11-29", &dates, vec![]),
        ("2026-11-30", &dates, vec![reason("warn", "deprecated", "rust9.x")]),
        ("2027-03-02", &dates, vec![reason("warn", "deprecated", "rust9.x")]),
        ("2027-03-03", &dates, vec![reason("fail", "update-blocked", "rust9.x")]),
        ("2031-01-01", &never, vec![]),
        ("2026-11-30", &json!(null), vec![reason("warn", "unknown-runtime", "rust9.x")]),
    ] {
        let mut facts = with(ready(), "/configuration/Runtime", json!("rust9.x"));
        facts["today"] = json!(today);
        if !dates.is_null() {
            facts["calendar"]["rust9.x"] = dates.clone();
        }
        let outcome = fly(&function, &format!("{today}, and rust9.x has the dates {dates}"), &facts);
        expect_check(&outcome, "runtime", &reasons);
    }
    let nameless = without(ready(), "/configuration/Runtime");
    let outcome = fly(&function, "a zip of which the runtime is not known", &nameless);
    expect_check(&outcome, "runtime", &[reason("warn", "no-data", "Runtime")]);
    let nameless = without(nameless, "/configuration/Handler");
    let outcome = fly(&function, "a zip of which neither runtime nor handler is known", &nameless);
    expect_check(&outcome, "runtime", &[reason("warn", "no-data", "Runtime")]);
}

#[test]
fn tells_no_variables_from_variables_that_nobody_may_see() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    let denied = json!({ "Error": { "ErrorCode": "AccessDeniedException", "Message": "Lambda was unable to decrypt your environment variables" } });
    let outcome =
        fly(&function, "the variables cannot be decrypted", &with(ready(), "/configuration/Environment", denied));
    expect_check(&outcome, "environment", &[reason("warn", "no-data", "Environment")]);
    for (bytes, is_much) in [(3_599, false), (3_600, false), (3_601, true), (seed.number(3_700..=4_096), true)] {
        // A letter of two bytes, and names that count as well.
        let variables = json!({ "LABEL": "é".repeat(100), "REST": "x".repeat(bytes as usize - 200 - 9) });
        let facts = with(ready(), "/configuration/Environment", json!({ "Variables": variables }));
        let outcome = fly(&function, &format!("names and values of variables have {bytes} bytes"), &facts);
        let much = [reason("warn", "nearly-full", &bytes.to_string())];
        expect_check(&outcome, "environment", if is_much { &much } else { &[] });
    }
}

#[test]
fn compares_queues_with_the_candidates_own_timeout() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    let second = "arn:aws:sqs:us-east-1:123456789012:returns";
    let timeout = seed.number(11..=60);
    for (visible, live, reasons) in [
        (6 * timeout, timeout * 3, vec![]),
        (6 * timeout - 1, 1, vec![reason("warn", "visibility-below-six-timeouts", QUEUE)]),
        (timeout, 1, vec![reason("warn", "visibility-below-six-timeouts", QUEUE)]),
        (timeout - 1, 1, vec![reason("fail", "visibility-below-timeout", QUEUE)]),
    ] {
        let mut facts = with(ready(), "/configuration/Timeout", json!(timeout));
        facts["live"]["Timeout"] = json!(live);
        facts["queues"][QUEUE]["VisibilityTimeout"] = json!(visible.to_string());
        let story =
            format!("till:8 has {timeout} seconds, till:7 had {live}; print-jobs hides a message for {visible}");
        expect_check(&fly(&function, &story, &facts), "sources", &reasons);
    }
    let mut facts = with(ready(), "/configuration/Timeout", json!(900));
    let stream = "arn:aws:dynamodb:us-east-1:123456789012:table/sqs-orders/stream/2026-11-30T09:00:00.000";
    facts["mappings"] = json!([
        { "EventSourceArn": second }, { "EventSourceArn": stream }, { "EventSourceArn": QUEUE },
    ]);
    facts["queues"][QUEUE] = json!({ "VisibilityTimeout": "30" });
    let story = "900 seconds; returns is not known, a stream has no visibility, print-jobs hides for 30 and has no dead-letter queue";
    let all = [
        reason("warn", "no-data", second),
        reason("fail", "visibility-below-timeout", QUEUE),
        reason("fail", "no-dead-letter-queue", QUEUE),
    ];
    expect_check(&fly(&function, story, &facts), "sources", &all);
}

#[test]
fn asks_where_failed_events_go() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    let services = ["s3.amazonaws.com", "sns.amazonaws.com", "events.amazonaws.com"];
    let count = seed.number(1..=3) as usize;
    let called = with(ready(), "/asynchronous", json!(services[..count]));
    let vanish: Vec<Value> =
        services[..count].iter().map(|service| reason("fail", "failures-vanish", service)).collect();
    let nowhere = with(called.clone(), "/on_failure", json!({}));
    let story = format!("{count} services call it asynchronously, and nothing takes what failed");
    expect_check(&fly(&function, &story, &nowhere), "failures", &vanish);
    let dead = json!({ "TargetArn": "arn:aws:sqs:us-east-1:123456789012:failed" });
    for on_failure in [json!({}), Value::Null] {
        let facts =
            with(with(called.clone(), "/on_failure", on_failure), "/configuration/DeadLetterConfig", dead.clone());
        expect_check(&fly(&function, "a dead-letter queue takes what failed", &facts), "failures", &[]);
    }
    let unknown = with(with(ready(), "/asynchronous", json!(services)), "/on_failure", Value::Null);
    let outcome = fly(&function, "three services call it asynchronously, and on_failure could not be read", &unknown);
    expect_check(&outcome, "failures", &[reason("warn", "no-data", "on_failure")]);
    let empty = with(nowhere, "/configuration/DeadLetterConfig", json!({}));
    expect_check(&fly(&function, "a DeadLetterConfig without a target", &empty), "failures", &vanish);
}

#[test]
fn finds_the_log_group_that_is_written_to() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    let own = format!("/ferris/{}", seed.name());
    let named = with(ready(), "/configuration/LoggingConfig/LogGroup", json!(own));
    let outcome = fly(&function, "it names a log group that is not there", &named);
    expect_check(&outcome, "logs", &[reason("warn", "no-log-group", &own)]);
    let kept = with(
        named,
        "/log_groups",
        json!([{ "logGroupName": "/aws/lambda/till", "retentionInDays": 7 }, { "logGroupName": own }]),
    );
    let outcome = fly(&function, "it names a log group without a retention", &kept);
    expect_check(&outcome, "logs", &[reason("warn", "kept-for-ever", &own)]);
    let longer = json!([{ "logGroupName": "/aws/lambda/till-backup", "retentionInDays": 7 }]);
    let outcome = fly(&function, "only a group with a longer name is there", &with(ready(), "/log_groups", longer));
    expect_check(&outcome, "logs", &[reason("warn", "no-log-group", "/aws/lambda/till")]);
}

#[test]
fn notices_that_somebody_stopped_the_function() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for (reserved, reasons) in [(0, vec![reason("fail", "stopped", "0")]), (seed.number(1..=90), vec![])] {
        let facts = with(ready(), "/concurrency/ReservedConcurrentExecutions", json!(reserved));
        let outcome = fly(&function, &format!("{reserved} executions are reserved"), &facts);
        expect_check(&outcome, "concurrency", &reasons);
    }
}

#[test]
fn listens_to_the_alarms_of_this_function() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    let other = format!("{}-errors", seed.name());
    let mut of_a_queue = alarm(&other, "till", "ALARM");
    of_a_queue["Dimensions"][0]["Name"] = json!("QueueName");
    for (story, alarms, reasons) in [
        ("the alarm of a queue that is called till rings", json!([of_a_queue, alarm("t", "till", "OK")]), vec![]),
        ("no alarms", json!([]), vec![reason("fail", "no-alarm", "till")]),
        (
            "an alarm of till-backup only, whose name begins the same",
            json!([alarm("till", "till-backup", "OK")]),
            vec![reason("fail", "no-alarm", "till")],
        ),
        ("another function's alarm rings", json!([alarm(&other, "press", "ALARM"), alarm("t", "till", "OK")]), vec![]),
        ("till's alarm rings", json!([alarm(&other, "till", "ALARM")]), vec![reason("fail", "ringing", &other)]),
        (
            "till's alarm has no data",
            json!([alarm(&other, "till", "INSUFFICIENT_DATA"), alarm("t", "till", "OK")]),
            vec![reason("warn", "no-data", &other)],
        ),
    ] {
        expect_check(&fly(&function, story, &with(ready(), "/alarms", alarms)), "alarms", &reasons);
    }
    let (mut silent, mut switched_off) = (alarm(&other, "till", "ALARM"), alarm("t", "till", "OK"));
    silent["AlarmActions"] = json!([]);
    switched_off["ActionsEnabled"] = json!(false);
    switched_off["Dimensions"] =
        json!([{ "Name": "Resource", "Value": "till:live" }, { "Name": "FunctionName", "Value": "till" }]);
    let facts = with(ready(), "/alarms", json!([silent, switched_off]));
    let outcome =
        fly(&function, "one alarm rings and has no action, one is well and its actions are switched off", &facts);
    let both = [
        reason("fail", "ringing", &other),
        reason("warn", "tells-nobody", &other),
        reason("warn", "tells-nobody", "t"),
    ];
    expect_check(&outcome, "alarms", &both);
}

#[test]
fn judges_errors_of_the_candidate_alone() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    let many = 100 * seed.number(2..=90);
    for (invocations, errors, reasons) in [
        (0, 0, vec![reason("warn", "no-data", "8")]),
        (100, 1, vec![]),
        (100, 2, vec![reason("fail", "too-many-errors", "2/100")]),
        (many, many / 100, vec![]),
        (many, many / 100 + 1, vec![reason("fail", "too-many-errors", &format!("{}/{many}", many / 100 + 1))]),
        (199, 2, vec![reason("fail", "too-many-errors", "2/199")]),
        (99, 0, vec![reason("warn", "few-invocations", "99")]),
        (99, 1, vec![reason("fail", "too-many-errors", "1/99")]),
        (1, 0, vec![reason("warn", "few-invocations", "1")]),
    ] {
        let mut facts = with(ready(), "/metrics/8", json!({ "invocations": invocations, "errors": errors }));
        facts["metrics"]["7"] = json!({ "invocations": 100_000, "errors": 9_000 });
        let story = format!("till:8 failed {errors} times of {invocations}, till:7 often");
        expect_check(&fly(&function, &story, &facts), "errors", &reasons);
    }
    let facts = without(ready(), "/metrics/8");
    let outcome = fly(&function, "there are numbers of till:7 only", &facts);
    expect_check(&outcome, "errors", &[reason("warn", "no-data", "8")]);
}

#[test]
fn the_worst_reason_decides() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for (story, changes, verdict) in [
        ("two warnings", &[("/log_groups", json!([])), ("/metrics", json!({}))][..], "warn"),
        ("a failure and then a warning", &[("/configuration/State", json!("Failed")), ("/metrics", json!({}))], "fail"),
        (
            "a warning and then a failure",
            &[("/calendar", json!(null)), ("/concurrency", json!({ "ReservedConcurrentExecutions": 0 }))],
            "fail",
        ),
    ] {
        let mut facts = ready();
        facts["function"] = json!(format!("till-{}", seed.number(1..=9)));
        facts["alarms"] = json!([alarm("a", facts["function"].as_str().expect("a name"), "OK")]);
        for (path, value) in changes {
            facts = with(facts, path, value.clone());
        }
        fly(&function, story, &facts).expect_json_at("/verdict", verdict).expect_json(oracle(&facts));
    }
}

#[test]
fn three_hundred_candidates_are_judged_as_the_page_says() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    let choices: Vec<(&str, Vec<Value>)> = vec![
        ("/configuration/State", vec![json!("Pending"), json!("Inactive"), json!(null)]),
        ("/configuration/LastUpdateStatus", vec![json!("InProgress"), json!(null)]),
        (
            "/configuration/Runtime",
            vec![json!("provided.al2"), json!("python3.9"), json!("go1.x"), json!("rust"), json!(null)],
        ),
        ("/configuration/PackageType", vec![json!("Image"), json!(null)]),
        ("/configuration/Timeout", vec![json!(3), json!(21), json!(120), json!(121), json!(900)]),
        (
            "/configuration/Environment",
            vec![json!(null), json!({}), json!({ "Error": { "ErrorCode": "KMSAccessDeniedException" } })],
        ),
        ("/configuration/DeadLetterConfig", vec![json!({}), json!({ "TargetArn": QUEUE }), json!(null)]),
        ("/configuration/LoggingConfig", vec![json!({ "LogGroup": "/ferris/prints" }), json!({}), json!(null)]),
        ("/today", vec![json!("2026-07-31"), json!("2027-03-03"), json!("2030-01-01")]),
        ("/calendar", vec![json!(null), json!({})]),
        (
            "/mappings",
            vec![json!(null), json!([]), json!([{ "EventSourceArn": "arn:aws:sqs:us-east-1:123456789012:other" }])],
        ),
        ("/queues", vec![json!({}), json!({ QUEUE: { "VisibilityTimeout": "119" } })]),
        ("/asynchronous", vec![json!(null), json!([]), json!(["sns.amazonaws.com", "s3.amazonaws.com"])]),
        ("/on_failure", vec![json!(null), json!({})]),
        (
            "/concurrency",
            vec![
                json!(null),
                json!({ "ReservedConcurrentExecutions": 0 }),
                json!({ "ReservedConcurrentExecutions": 1 }),
            ],
        ),
        (
            "/log_groups",
            vec![
                json!(null),
                json!([]),
                json!([{ "logGroupName": "/aws/lambda/till" }, { "logGroupName": "/ferris/prints" }]),
            ],
        ),
        (
            "/alarms",
            vec![json!(null), json!([]), json!([alarm("b", "till", "ALARM"), alarm("a", "till", "INSUFFICIENT_DATA")])],
        ),
        (
            "/metrics",
            vec![
                json!(null),
                json!({}),
                json!({ "8": { "invocations": 0, "errors": 0 } }),
                json!({ "8": { "invocations": 70, "errors": 0 } }),
            ],
        ),
        ("/configuration", vec![json!(null)]),
    ];
    for at in 0..300 {
        let mut facts = ready();
        let mut changed = Vec::new();
        for _ in 0..seed.number(1..=6) {
            let (path, values) = seed.pick(&choices);
            let value = seed.pick(values).clone();
            if facts.pointer(path.rsplit_once('/').map_or("", |(parent, _)| parent)).is_some_and(Value::is_object) {
                changed.push(format!("{path} is {value}"));
                facts = with(facts, path, value);
            }
        }
        let story = format!("candidate {at}: {}", changed.join(", "));
        fly(&function, &story, &facts).expect_json(oracle(&facts));
    }
}
