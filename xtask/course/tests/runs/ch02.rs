//! What chapter 2 prints: decisions about the policies that its page shows, the calendar of runtimes, and the log of a
//! runtime of one's own. All are answers of the exercises' solutions.

use std::fmt::Write as _;

use course::{fixture_json, values};
use serde_json::{Value, json};

use crate::{builder, function, same};

const FUNCTION: &str = "arn:aws:lambda:us-east-1:111122223333:function:thumbnailer";

fn policy(name: &str) -> Value {
    fixture_json(&format!("deploy/thumbnailer/{name}"))
}

/// A request of a role of the shop's account, for something of that account.
fn request(role: &str, action: &str, resource: &str) -> Value {
    let principal = format!("arn:aws:iam::111122223333:role/shop/{role}");
    json!({ "principal": principal, "action": action, "resource": resource, "owner": "111122223333" })
}

#[test]
fn what_the_policies_of_the_page_decide() {
    let evaluator = function("ch02_evaluator", "evaluator");
    let mut table = String::from("| Policy | Request | Decision |\n|---|---|---|\n");
    let mut row = |policies: &str, what: &str, event: Value, expected: &str| {
        let answer = evaluator.invoke(event).expect_response();
        assert_eq!(answer["decision"], expected, "{policies}: {what}");
        let _ = writeln!(table, "| {policies} | {what} | {expected} |");
    };
    let by = |name: &str, request: Value| json!({ "request": request, "identity": [policy(name)] });
    let create = |passes: &str| {
        let mut create = request("deployer", "lambda:CreateFunction", FUNCTION);
        create["passes"] = json!(format!("arn:aws:iam::111122223333:role/{passes}"));
        create
    };
    let other = "arn:aws:lambda:us-east-1:111122223333:function:payroll";
    row("too wide", "create a function", by("too-wide", create("shop/thumbnailer")), "implicit deny");
    row(
        "too wide",
        "delete another team's",
        by("too-wide", request("intern", "lambda:DeleteFunction", other)),
        "allow",
    );
    row("deployer", "create a function", by("deployer", create("shop/thumbnailer")), "allow");
    row("deployer", "create one as administrator", by("deployer", create("administrator")), "implicit deny");
    let delete = request("deployer", "lambda:DeleteFunction", FUNCTION);
    row("deployer", "delete the function", by("deployer", delete), "implicit deny");
    let photos = |action: &str, key: &str| request("thumbnailer", action, &format!("arn:aws:s3:::ferris-photos/{key}"));
    row("thumbnailer", "get an original", by("permissions", photos("s3:GetObject", "originals/7.jpg")), "allow");
    row("thumbnailer", "put a thumbnail", by("permissions", photos("s3:PutObject", "thumbnails/7.jpg")), "allow");
    let overwrite = by("permissions", photos("s3:PutObject", "originals/7.jpg"));
    row("thumbnailer", "overwrite an original", overwrite, "implicit deny");
    let called = |account: &str| {
        let context = json!({ "aws:sourceaccount": account, "aws:sourcearn": "arn:aws:s3:::ferris-photos" });
        let call = json!({ "principal": "s3.amazonaws.com", "action": "lambda:InvokeFunction", "resource": FUNCTION, "owner": "111122223333", "context": context });
        json!({ "request": call, "resource": policy("called-by-bucket") })
    };
    row("called by the bucket", "S3 calls for the shop's account", called("111122223333"), "allow");
    row("called by the bucket", "S3 calls for another account", called("444455556666"), "implicit deny");
    let assume = json!({ "principal": "lambda.amazonaws.com", "action": "sts:AssumeRole", "resource": "arn:aws:iam::111122223333:role/shop/thumbnailer", "owner": "111122223333" });
    row("trust", "Lambda puts on the role", json!({ "request": assume, "resource": policy("trust") }), "allow");
    same("ch02", "decisions.md", &table);
}

#[test]
fn how_things_stand_with_some_runtimes() {
    let calendar = values("runtimes")["calendar"].clone();
    let asked = function("ch02_calendar", "calendar");
    let on = "2026-11-24";
    let mut table = format!(
        "| Runtime | On {on} | Deprecated | No new functions | No changes | Change to |\n|---|---|---|---|---|---|\n"
    );
    for runtime in [
        "provided.al2023",
        "provided.al2",
        "go1.x",
        "python3.14",
        "python3.10",
        "python3.9",
        "nodejs24.x",
        "nodejs22.x",
        "nodejs18.x",
        "java25",
        "java11",
        "ruby3.2",
        "dotnet10",
        "dotnet8",
    ] {
        let answer = asked.invoke(json!({ "calendar": calendar, "runtime": runtime, "on": on })).expect_response();
        let word = |value: &Value| value.as_str().unwrap_or_default().replace('_', " ");
        let known = &calendar[runtime];
        let day = |name: &str| known[name].as_str().unwrap_or("not set").to_owned();
        let change_to = answer["change_to"].as_str().map(|name| format!("`{name}`")).unwrap_or_default();
        let _ = writeln!(
            table,
            "| `{runtime}` | {} | {} | {} | {} | {change_to} |",
            word(&answer["state"]),
            day("deprecated"),
            day("create_blocked"),
            day("update_blocked"),
        );
    }
    same("ch02", "calendar.md", &table);
}

#[test]
fn the_calendar_agrees_with_the_facts_that_sentences_say() {
    let facts = values("runtimes");
    for (runtime, fact) in [("provided.al2023", "provided_al2023_deprecation"), ("python3.9", "python3_9_deprecation")]
    {
        assert_eq!(facts["calendar"][runtime]["deprecated"], facts[fact], "{runtime} in data/runtimes.json");
    }
}

#[test]
fn a_runtime_of_ones_own_survives_a_panic() {
    let shop = builder("ch02_runtime", "shop").env("SHOP_NAME", "Ferris Prints").start();
    let mut text = String::new();
    for event in [r#"{"say":"hello"}"#, r#"{"panic":"the paper jammed"}"#, r#"{"say":"still here"}"#] {
        let outcome = shop.invoke(event);
        outcome.expect_no_violations();
        let answer: Value = serde_json::from_slice(&outcome.payload()).expect("an answer is JSON");
        let shown = match answer["said"].as_str() {
            Some(said) => format!("said {said:?}"),
            None => format!("{}: {}", answer["errorType"], answer["errorMessage"]),
        };
        let report = outcome.report_line().unwrap_or_default().replace('\t', "  ");
        let _ = writeln!(text, "event   {event}\nanswer  {shown}");
        for line in outcome.function_log().filter(|line| line.contains("jammed")) {
            let _ = writeln!(text, "log     {line}");
        }
        let _ = writeln!(text, "log     {}\n", report.trim_end());
    }
    same("ch02", "runtime.txt", &text);
}

/// The widget's cases, one request after the other.
#[test]
fn the_solution_decides_what_the_widget_decides() {
    let evaluator = function("ch02_evaluator", "evaluator");
    for case in fixture_json("vectors/iam")["cases"].as_array().expect("cases") {
        let input = &case["input"];
        let policy = |place: &str| {
            let of = input["statements"].as_array().expect("statements").iter().filter(|it| it["place"] == place);
            let statements: Vec<Value> = of
                .map(|it| {
                    let mut statement =
                        json!({ "Effect": it["effect"], "Action": it["actions"], "Resource": it["resources"] });
                    if place == "resource" {
                        statement["Principal"] = json!("*");
                    }
                    statement
                })
                .collect();
            (!statements.is_empty()).then(|| json!({ "Statement": statements }))
        };
        let requests = input["requests"].as_array().expect("requests").iter();
        for (request, decided) in requests.zip(case["output"]["requests"].as_array().expect("decisions")) {
            let owner = if input["same_account"] == true { "111122223333" } else { "444455556666" };
            let event = json!({
                "request": {
                    "principal": "arn:aws:iam::111122223333:role/any", "owner": owner,
                    "action": request["action"], "resource": request["resource"],
                },
                "identity": policy("identity").into_iter().collect::<Vec<_>>(),
                "resource": policy("resource"),
                "organization": policy("organization").into_iter().collect::<Vec<_>>(),
            });
            let answer = evaluator.invoke(event).expect_response();
            assert_eq!(answer["decision"], decided["decision"], "{input} differs for {request}");
        }
    }
}
