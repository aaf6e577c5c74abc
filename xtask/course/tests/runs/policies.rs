//! The course decides about policies twice: the solution of exercise 2 in chapter 2, and `local-aws-policy`, by which
//! the checks judge calls. What one allows the other has to allow.

use course::Seed;
use local_aws_policy::{Decision, Policies, Policy, Request};
use serde_json::{Value, json};

use crate::function;

const SHOP: &str = "111122223333";
const LAB: &str = "444455556666";

const PRINCIPALS: [&str; 4] = [
    "arn:aws:iam::111122223333:role/thumbnailer",
    "arn:aws:iam::111122223333:role/clerk",
    "arn:aws:iam::444455556666:role/press",
    "s3.amazonaws.com",
];
const ACTIONS: [&str; 4] = ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "lambda:InvokeFunction"];
const RESOURCES: [&str; 4] = [
    "arn:aws:s3:::ferris-photos/7.jpg",
    "arn:aws:s3:::ferris-photos/originals/7.jpg",
    "arn:aws:s3:::Ferris-photos/7.jpg",
    "arn:aws:lambda:us-east-1:111122223333:function:thumbnailer",
];

fn pick(seed: &mut Seed, items: &[&str]) -> String {
    (*seed.pick(items)).to_owned()
}

/// A statement of which most things fit sometimes.
fn statement(seed: &mut Seed, of_resource: bool) -> Value {
    let actions =
        ["*", "s3:*", "S3:getobject", "s3:GetObject?ersion", "s3:GetObject", "lambda:Invoke*", "s3:PutObject"];
    let resources =
        ["*", "arn:aws:s3:::ferris-photos/*", "arn:aws:s3:::?erris-photos/7.jpg", RESOURCES[1], RESOURCES[3]];
    let effect = if seed.number(1..=4) == 1 { "Deny" } else { "Allow" };
    let element = if seed.number(1..=5) == 1 { "NotAction" } else { "Action" };
    let mut statement = json!({ "Effect": effect, "Resource": pick(seed, &resources) });
    statement[element] = match seed.number(1..=2) {
        1 => json!(pick(seed, &actions)),
        _ => json!([pick(seed, &actions), pick(seed, &actions)]),
    };
    if of_resource {
        let root = format!("arn:aws:iam::{SHOP}:root");
        let principals = [
            json!("*"),
            json!({ "AWS": PRINCIPALS[0] }),
            json!({ "AWS": [LAB, PRINCIPALS[1]] }),
            json!({ "AWS": root }),
            json!({ "Service": PRINCIPALS[3] }),
        ];
        statement["Principal"] = seed.pick(&principals).clone();
    }
    let conditions = [
        json!({ "StringEquals": { "aws:SourceAccount": [SHOP, "777788889999"] } }),
        json!({ "StringNotEquals": { "aws:SourceAccount": LAB } }),
        json!({ "ArnLike": { "aws:SourceArn": "arn:aws:s3:::ferris-*" } }),
        json!({ "Bool": { "aws:SecureTransport": "true" } }),
    ];
    if seed.number(1..=3) == 1 {
        statement["Condition"] = seed.pick(&conditions).clone();
    }
    statement
}

fn policy(seed: &mut Seed, of_resource: bool) -> Value {
    let statements: Vec<Value> = (0..seed.number(1..=3)).map(|_| statement(seed, of_resource)).collect();
    json!({ "Version": "2012-10-17", "Statement": statements })
}

#[test]
fn the_evaluator_of_chapter_2_decides_as_local_aws_does() {
    let evaluator = function("ch02_evaluator", "evaluator");
    let mut seed = Seed::at_run_time();
    let mut seen = [0; 3];
    for _ in 0..400 {
        let (principal, action) = (pick(&mut seed, &PRINCIPALS), pick(&mut seed, &ACTIONS));
        let (resource, owner) = (pick(&mut seed, &RESOURCES), pick(&mut seed, &[SHOP, LAB]));
        let identity: Vec<Value> = match principal.as_str() {
            "s3.amazonaws.com" => Vec::new(),
            _ => (0..seed.number(0..=2)).map(|_| policy(&mut seed, false)).collect(),
        };
        let of_resource = (seed.number(1..=3) > 1).then(|| policy(&mut seed, true));
        let context: Vec<(&str, String)> = [
            ("aws:sourceaccount", pick(&mut seed, &[SHOP, LAB])),
            ("aws:sourcearn", pick(&mut seed, &["arn:aws:s3:::ferris-photos", "arn:aws:s3:::other"])),
            ("aws:securetransport", pick(&mut seed, &["true", "false"])),
        ]
        .into_iter()
        .filter(|_| seed.number(1..=2) == 1)
        .collect();

        let mut request = Request::new(&action, &resource).by(&principal).owned_by(&owner);
        let mut policies = Policies::new();
        for (key, value) in &context {
            request = request.with(*key, value);
        }
        for document in &identity {
            policies = policies.with_identity(Policy::identity(document).expect("a policy of a role"));
        }
        if let Some(document) = &of_resource {
            policies = policies.with_resource(Policy::resource(document).expect("a policy of a resource"));
        }
        let (index, expected) = match policies.decide(&request) {
            Decision::Allowed => (0, "allow"),
            Decision::Denied { .. } => (1, "explicit deny"),
            Decision::NotAllowed { .. } => (2, "implicit deny"),
        };
        seen[index] += 1;

        let context: Value = context.into_iter().map(|(key, value)| (key.to_owned(), json!(value))).collect();
        let question = json!({
            "request": { "principal": principal, "action": action, "resource": resource, "owner": owner, "context": context },
            "identity": identity, "resource": of_resource,
        });
        let answer = evaluator.invoke(question.clone()).expect_response();
        assert_eq!(answer["decision"], expected, "{question}");
    }
    assert!(seen.iter().all(|times| *times >= 5), "the questions meet every decision often: {seen:?}");
}
