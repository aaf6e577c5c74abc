//! What chapter 1 prints. Bills and concurrency are answers of the exercises' solutions.

use std::fmt::Write as _;
use std::thread;
use std::time::Duration;

use course::{data, fixture_json, values};
use local_lambda::{Function, Outcome};
use serde_json::{Value, json};

use crate::{builder, facts, function, grouped, same, told, units, usd};

#[test]
fn a_function_starts_once_and_answers_twice() {
    let function = function("ch01_life", "look");
    let mut text = String::new();
    for event in [r#"{"visitor":"Ferris"}"#, r#"{"visitor":"Zoe"}"#] {
        let _ = writeln!(text, "{}", told(event, &function.invoke(event)));
    }
    same("ch01", "life.txt", &text);
}

#[test]
fn a_frozen_process_stands_still() {
    let function = builder("ch01_alarm", "alarm").freeze(true).start();
    let mut text = String::new();
    for number in 1..=2 {
        let outcome = function.invoke(json!({ "event": number }));
        let _ = writeln!(text, "during event {number}");
        for line in outcome.function_log() {
            let _ = writeln!(text, "  {line}");
        }
        if number == 1 {
            let _ = writeln!(text, "half a second passes, and nothing is logged");
            // Real time has to pass for a process that must not notice it.
            thread::sleep(Duration::from_millis(500));
        }
    }
    text.push_str("the environment is taken away\n");
    for line in function.shut_down().iter().flat_map(|end| &end.log) {
        let _ = writeln!(text, "  {}", line.text);
    }
    same("ch01", "freeze.txt", &text);
}

/// What the second of two events finds of the first.
fn left_behind(first: &Value, function: &Function) -> Outcome {
    function.invoke(first.clone());
    function.invoke(json!({}))
}

#[test]
fn what_the_next_event_finds() {
    let start = || builder("ch01_life", "look").timeout(Duration::from_millis(800)).start();
    let mut table = String::from("| Before it | The process | A static | `/tmp` |\n|---|---|---|---|\n");
    let mut row = |what: &str, next: &Outcome| {
        let kept = |part: &str| if next.expect_response()[part] == true { "kept" } else { "gone" };
        let process = if next.cold { "new" } else { "the same" };
        let _ = writeln!(table, "| {what} | {process} | {} | {} |", kept("static"), kept("tmp"));
    };
    row("an answer", &left_behind(&json!({}), &start()));
    row("an error", &left_behind(&json!({ "then": "fail" }), &start()));
    row("a panic that unwinds", &left_behind(&json!({ "then": "panic" }), &start()));
    row("a kill by the timeout", &left_behind(&json!({ "then": "hang" }), &start()));
    let function = start();
    let first = function.request().send(json!({ "then": "take your time" }));
    row("another event that is still running", &function.invoke(json!({})));
    first.wait();
    same("ch01", "survives.md", &table);
}

#[test]
fn the_price_list() {
    let prices = data("prices");
    let mut table = String::from("| us-east-1, USD | x86_64 | arm64 |\n|---|---|---|\n");
    let fact = |name: String| prices[name]["value"].clone();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut row = |what: String, of: &dyn Fn(&str) -> String| {
        let _ = writeln!(table, "| {what} | {} | {} |", of("x86_64"), of("arm64"));
    };
    row("request".into(), &|_| text(&fact("request".into())));
    row("GB-second".into(), &|a| text(&fact(format!("{a}_gigabyte_second"))));
    for (tier, what) in ["second tier", "third tier"].iter().enumerate() {
        row(format!("GB-second, {what}"), &|architecture| {
            let above = &fact(format!("{architecture}_gigabyte_second_above"))[tier];
            let from = grouped(above["gigabyte_seconds"].as_u64().unwrap_or_default());
            format!("{} above {from} a month", text(&above["usd"]))
        });
    }
    row("GB-second of `/tmp` above 512 MB".into(), &|_| text(&fact("ephemeral_storage_gigabyte_second".into())));
    row("GB-second kept ready".into(), &|a| text(&fact(format!("{a}_provisioned_gigabyte_second"))));
    row("GB-second running on what is kept ready".into(), &|a| {
        text(&fact(format!("{a}_gigabyte_second_on_provisioned")))
    });
    let (date, source) = (&prices["request"]["as_of"], &prices["request"]["source"]);
    let _ =
        writeln!(table, "\nRead on [{}]({}).", date.as_str().unwrap_or_default(), source.as_str().unwrap_or_default());
    same("ch01", "prices.md", &table);
}

#[test]
fn what_some_months_cost() {
    let calculator = function("ch01_bill", "bill");
    let mut table =
        String::from("| A month of | Requests | Duration | Other | Together, USD |\n|---|---|---|---|---|\n");
    let thumbnails = |architecture: &str| json!({ "architecture": architecture, "memory_mb": 512, "invocations": [{ "count": 10_000_000, "duration_us": 120_000 }] });
    let mut row = |what: &str, functions: Value| {
        let bill = calculator.invoke(json!({ "prices": values("prices"), "functions": functions })).expect_response();
        let line = |name: &str| u128::from(bill[name].as_u64().unwrap_or_default());
        let other = usd(line("tmp") + line("provisioned"));
        let (requests, duration, total) = (usd(line("requests")), usd(line("duration")), usd(line("total")));
        let _ = writeln!(table, "| {what} | {requests} | {duration} | {other} | {total} |");
    };
    row("10 million thumbnails, 120 ms, 512 MB, x86_64", json!([thumbnails("x86_64")]));
    row("the same on arm64", json!([thumbnails("arm64")]));
    let mut cold = thumbnails("arm64");
    cold["invocations"] = json!([
        { "count": 9_800_000, "duration_us": 120_000 },
        { "count": 200_000, "duration_us": 120_000, "init_us": 150_000 },
    ]);
    row("on arm64, 2 % of them cold, with 150 ms of INIT", json!([cold]));
    let mut disk = thumbnails("arm64");
    disk["tmp_mb"] = json!(10_240);
    row("on arm64, none cold, with 10,240 MB of `/tmp`", json!([disk]));
    let two = json!([thumbnails("arm64"), thumbnails("arm64")]);
    row("two functions on arm64, each with 10 million, one free tier", two);
    let mut ready = thumbnails("arm64");
    ready["provisioned"] = json!({ "environments": 5, "seconds": 30 * 86_400 });
    row("one on arm64, with 5 environments kept ready for 30 days", json!([ready]));
    let idle = json!({ "architecture": "arm64", "memory_mb": 512, "provisioned": { "environments": 5, "seconds": 30 * 86_400 } });
    row("5 environments kept ready, and nobody comes", json!([idle]));
    row("a function that nobody calls", json!([{ "architecture": "arm64", "memory_mb": 512 }]));
    same("ch01", "bill.md", &table);
}

/// A function of one vCPU beside a container of one vCPU, both on arm64, for a month of 730 hours.
#[test]
fn when_a_container_costs_less() {
    let (prices, memory) = (data("prices"), data("compute"));
    let price = |name: &str| units(&prices[name]["value"]);
    let megabytes = u128::from(memory["one_vcpu_memory"]["value"].as_u64().expect("megabytes"));
    let container = 730 * (price("fargate_arm64_vcpu_hour") + 2 * price("fargate_arm64_gigabyte_hour"));
    let function = |per_mille: u128| 730 * 3_600 * megabytes * price("arm64_gigabyte_second") * per_mille / 1_024_000;
    let mut table = String::from("| Busy | A function, 1,769 MB | A container, 1 vCPU, 2 GB |\n|---|---|---|\n");
    let even = (0..=1_000).find(|busy| function(*busy) >= container).expect("they meet");
    for busy in [10, 20, 100, 250, even, 1_000] {
        let percent = format!("{}.{} %", busy / 10, busy % 10);
        let _ = writeln!(table, "| {percent} of the time | {} | {} |", usd(function(busy)), usd(container));
    }
    same("ch01", "break-even.md", &table);
}

#[test]
fn the_limits_of_a_function() {
    let table = facts(&[
        ("compute", "minimum_memory", "memory, at least"),
        ("compute", "maximum_memory", "memory, at most"),
        ("compute", "one_vcpu_memory", "memory for one vCPU"),
        ("invoke-limits", "default_timeout", "timeout unless set"),
        ("invoke-limits", "maximum_timeout", "longest timeout"),
        ("limits", "managed_instances_timeout", "longest timeout on Managed Instances"),
        ("compute", "init_time", "INIT"),
        ("limits", "minimum_tmp", "`/tmp`, at least"),
        ("limits", "maximum_tmp", "`/tmp`, at most"),
        ("limits", "environment_variables", "environment variables"),
        ("limits", "zip_upload", "zip file with the call"),
        ("limits", "unzipped_package", "zip file and layers, unzipped"),
        ("limits", "layers", "layers"),
        ("limits", "image", "container image"),
    ]);
    same("ch01", "limits.md", &table);
}

#[test]
fn the_limits_on_the_way_to_a_function() {
    let table = facts(&[
        ("invoke-limits", "synchronous_event", "event of a caller who waits"),
        ("invoke-limits", "asynchronous_event", "event of a caller who does not"),
        ("limits", "streamed_response", "answer that is streamed"),
        ("limits", "sns_message", "message to a topic of SNS"),
        ("limits", "sns_largest_message", "the same, where the topic allows it"),
        ("limits", "sqs_message", "message to a queue of SQS"),
        ("limits", "eventbridge_entry", "event to EventBridge"),
    ]);
    same("ch01", "payloads.md", &table);
}

#[test]
fn the_quotas_of_concurrency() {
    let table = facts(&[
        ("concurrency", "account_concurrency", "concurrency of an account"),
        ("concurrency", "unreserved_concurrency", "of it, never reserved"),
        ("concurrency", "requests_per_environment", "requests"),
        ("concurrency", "scaling_environments", "growth of one function"),
        ("concurrency", "scaling_interval", "in an interval of"),
        ("sqs", "scaling_start", "a queue begins with"),
        ("sqs", "scaling_step", "a queue grows by"),
        ("sqs", "scaling_maximum", "a queue ends at"),
    ]);
    same("ch01", "quotas.md", &table);
}

fn facts_of_an_account() -> Value {
    let (Value::Object(mut facts), Value::Object(queues)) = (values("concurrency"), values("sqs")) else {
        panic!("facts are maps")
    };
    facts.extend(queues);
    Value::Object(facts)
}

#[test]
fn what_some_loads_need() {
    let calculator = function("ch01_concurrency", "concurrency");
    let numbers = facts_of_an_account();
    let mut table = String::from(
        "| Requests a second | Each | In flight | For the rate | Needed | With a quota of 1,000 |\n|---|---|---|---|---|---|\n",
    );
    for (per_second, duration_ms) in [(100, 500), (1_000, 3_000), (900, 1_000), (10_000, 10), (20_000, 50)] {
        let question = json!({ "requests": { "per_second": per_second, "duration_ms": duration_ms } });
        let load = calculator.invoke(json!({ "facts": numbers, "question": question })).expect_response();
        let number = |name: &str| grouped(load[name].as_u64().unwrap_or_default());
        let fits = if load["fits"] == true { "fits" } else { "is throttled" };
        let _ = writeln!(
            table,
            "| {} | {} ms | {} | {} | {} | {fits} |",
            grouped(per_second),
            grouped(duration_ms),
            number("in_flight"),
            number("for_the_rate"),
            number("needed")
        );
    }
    same("ch01", "loads.md", &table);
}

/// What the vectors of a widget say, case by case.
fn cases(widget: &str) -> Vec<Value> {
    let vectors = fixture_json(&format!("vectors/{widget}"));
    vectors["cases"].as_array().expect("cases").clone()
}

/// The calculator has no line for logs, and no factor for how many functions there are.
#[test]
fn the_cost_widget_computes_as_the_solution_does() {
    let calculator = function("ch01_bill", "bill");
    for case in cases("cost") {
        let input = &case["input"];
        let mut prices = values("prices");
        if input["free_tier"] == false {
            prices["free_requests"] = json!(0);
            prices["free_gigabyte_seconds"] = json!(0);
        }
        let of = |name: &str| input[name].as_u64().expect("a number");
        let bill = |init_ms: u64| {
            let invocations = json!([
                { "count": of("requests") - of("cold_starts"), "duration_us": of("duration_ms") * 1_000 },
                { "count": of("cold_starts"), "duration_us": of("duration_ms") * 1_000, "init_us": init_ms * 1_000 },
            ]);
            let function = json!({
                "architecture": input["architecture"], "memory_mb": input["memory_mb"], "invocations": invocations,
            });
            let functions = vec![function; of("functions") as usize];
            calculator.invoke(json!({ "prices": prices, "functions": functions })).expect_response()
        };
        let line = |bill: &Value, name: &str| bill[name].as_u64().expect("an amount");
        let (whole, warm) = (bill(of("init_ms")), bill(0));
        let said = |name: &str| case["output"][name].as_str().and_then(|text| text.parse::<u64>().ok());
        assert_eq!(said("requests"), Some(line(&whole, "requests")), "{input}");
        assert_eq!(said("duration"), Some(line(&whole, "duration")), "{input}");
        assert_eq!(said("init"), Some(line(&whole, "duration") - line(&warm, "duration")), "{input}");
        assert_eq!(said("total"), Some(line(&whole, "total") + said("logs").unwrap_or_default()), "{input}");
    }
}

#[test]
fn the_concurrency_widget_computes_as_the_solution_does() {
    let calculator = function("ch01_concurrency", "concurrency");
    for case in cases("concurrency") {
        let (input, output) = (&case["input"], &case["output"]);
        let mut numbers = facts_of_an_account();
        numbers["account_concurrency"] = input["account"].clone();
        let ask = |question: Value| calculator.invoke(json!({ "facts": numbers, "question": question }));
        if output["accepted"] == false {
            let refused = ask(json!({ "reserve": { "reserved": [], "more": input["reserved"] } }));
            refused.expect_json(json!({ "left": output["most_reservable"], "granted": false }));
            continue;
        }
        let load = ask(json!({ "requests": { "per_second": input["rate"], "duration_ms": input["duration_ms"] } }));
        load.expect_json_at("/in_flight", output["by_duration"].clone());
        load.expect_json_at("/for_the_rate", output["by_rate"].clone());
        load.expect_json_at("/needed", output["needed"].clone());
    }
}
