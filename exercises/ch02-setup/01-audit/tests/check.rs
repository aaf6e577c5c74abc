//! What the shop expects of its audit.

use course::Seed;
use local_lambda::{Function, Outcome, binary};
use serde_json::{Value, json};

/// What the audit says about some actions under one policy with these statements.
fn audit(story: impl Into<String>, statements: impl Into<Value>, actions: &[&str]) -> Outcome {
    audit_all(story, &[statements.into()], actions)
}

/// What it says under several policies, each with these statements.
fn audit_all(story: impl Into<String>, policies: &[Value], actions: &[&str]) -> Outcome {
    let policy = |statements: &Value| json!({ "Version": "2012-10-17", "Statement": statements });
    let policies: Vec<Value> = policies.iter().map(policy).collect();
    Function::start(binary!()).story(story).invoke(json!({ "policies": policies, "actions": actions }))
}

fn allow(action: impl Into<Value>) -> Value {
    json!({ "Effect": "Allow", "Action": action.into(), "Resource": "*" })
}

fn deny(action: impl Into<Value>) -> Value {
    json!({ "Effect": "Deny", "Action": action.into(), "Resource": "*" })
}

#[test]
fn grants_what_a_list_names() {
    let mut seed = Seed::at_run_time();
    let (mine, other) = (format!("s3:Get{}", seed.name()), format!("s3:Put{}", seed.name()));
    let outcome = audit("a list of two actions", json!([allow(json!(["sqs:SendMessage", &mine]))]), &[&mine, &other]);
    outcome.expect_json(json!({ "granted": [mine] }));
    let outcome =
        audit("a list with a pattern", json!([allow(json!(["logs:*"]))]), &["logs:PutLogEvents", "s3:GetObject"]);
    outcome.expect_json(json!({ "granted": ["logs:PutLogEvents"] }));
}

#[test]
fn grants_one_action_that_is_written_without_a_list() {
    let mut seed = Seed::at_run_time();
    let object = seed.name();
    let (get, put) = (format!("s3:Get{object}"), format!("s3:Put{object}"));
    let outcome = audit("one action and one statement, no lists", allow(get.as_str()), &[&get, &put]);
    outcome.expect_json(json!({ "granted": [&get] }));
    let outcome = audit("one pattern without a list", allow("s3:Get*"), &[&get, &put]);
    outcome.expect_json(json!({ "granted": [get] }));
    let outcome = audit("one action in other letters", allow("S3:GETOBJECT"), &["s3:GetObject", "s3:GetBucketAcl"]);
    outcome.expect_json(json!({ "granted": ["s3:GetObject"] }));
    for pattern in ["s3:*Object", "s3:Get*ject", "*:GetObject"] {
        let outcome = audit(format!("{pattern} without a list"), allow(pattern), &["s3:GetObject", "s3:PutObjectAcl"]);
        outcome.expect_json(json!({ "granted": ["s3:GetObject"] }));
    }
}

#[test]
fn grants_what_any_of_the_policies_names() {
    let mut seed = Seed::at_run_time();
    let (first, second, other) = (seed.name(), seed.name(), seed.name());
    let [first, second, other] = [first, second, other].map(|name| format!("sqs:{name}"));
    let policies = [allow(first.as_str()), json!([allow("logs:*"), allow(second.as_str())])];
    let outcome = audit_all("the role has two policies", &policies, &[&second, &other, &first]);
    outcome.expect_json(json!({ "granted": [second, first] }));
}

#[test]
fn grants_nothing_that_is_only_a_part_of_a_name() {
    let mut seed = Seed::at_run_time();
    for (granted, asked) in [
        ("s3:GetObjectVersion".to_owned(), "s3:GetObject".to_owned()),
        ("s3:GetObject".to_owned(), "s3:GetObjectVersion".to_owned()),
        ("lambda:InvokeFunctionUrl".to_owned(), "lambda:InvokeFunction".to_owned()),
        (format!("sqs:Send{}Batch", seed.name()), "sqs:Send".to_owned()),
    ] {
        let outcome = audit(format!("{granted} is allowed, without a list"), allow(granted.as_str()), &[&asked]);
        outcome.expect_json(json!({ "granted": [] }));
    }
}

#[test]
fn refuses_a_statement_that_does_not_say_its_effect() {
    let action = format!("s3:Get{}", Seed::at_run_time().name());
    for (story, statement) in [
        ("somebody forgot Effect", json!({ "Action": [&action], "Resource": "*" })),
        ("somebody wrote effect", json!({ "effect": "Allow", "Action": &action, "Resource": "*" })),
        ("an Effect of null", json!({ "Effect": null, "Action": &action, "Resource": "*" })),
        ("an Effect of allow, in small letters", json!({ "Effect": "allow", "Action": &action, "Resource": "*" })),
        ("an empty Effect", json!({ "Effect": "", "Action": &action, "Resource": "*" })),
        ("somebody forgot Effect, of an action that nobody asks about", json!({ "Action": "sqs:*", "Resource": "*" })),
    ] {
        let outcome = audit(story, json!([allow("logs:*"), statement]), &[&action]);
        outcome.expect_function_error();
    }
}

#[test]
fn a_deny_takes_away_wherever_it_stands() {
    let mut seed = Seed::at_run_time();
    let (kept, taken) = (format!("s3:Get{}", seed.name()), format!("s3:Delete{}", seed.name()));
    for statements in [[allow("s3:*"), deny("s3:Delete*")], [deny("s3:Delete*"), allow("s3:*")]] {
        let outcome = audit("everything but deleting", json!(statements), &[&kept, &taken]);
        outcome.expect_json(json!({ "granted": [&kept] }));
    }
    for policies in [[allow("s3:*"), deny("s3:Delete*")], [deny("s3:Delete*"), allow("s3:*")]] {
        let outcome = audit_all("one policy allows, another denies", &policies, &[&kept, &taken]);
        outcome.expect_json(json!({ "granted": [&kept] }));
    }
    let outcome = audit("only a denial", deny(taken.as_str()), &[&kept, &taken]);
    outcome.expect_json(json!({ "granted": [] }));
}
