//! Decisions of IAM, each reached by the sets of statements that apply.
//!
//! Source of the rules:
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html>
//! and, between accounts,
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html>.

use serde_json::{Value, json};

use crate::vectors;

/// `*` is any text, `?` any character.
fn like(pattern: &[char], text: &[char]) -> bool {
    match (pattern, text) {
        ([], []) => true,
        (['*', rest @ ..], _) => like(rest, text) || (!text.is_empty() && like(pattern, &text[1..])),
        ([p, rest @ ..], [t, text @ ..]) => (*p == '?' || p == t) && like(rest, text),
        _ => false,
    }
}

fn any_like(patterns: &Value, text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let patterns = patterns.as_array().expect("a list").iter().map(|pattern| pattern.as_str().expect("a text"));
    patterns.into_iter().any(|pattern| like(&pattern.chars().collect::<Vec<_>>(), &text))
}

fn lower(patterns: &Value) -> Value {
    patterns
        .as_array()
        .expect("a list")
        .iter()
        .map(|text| json!(text.as_str().expect("a text").to_lowercase()))
        .collect()
}

fn decide(input: &Value, request: &Value) -> Value {
    let statements = input["statements"].as_array().expect("statements");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let applying: Vec<(usize, String, String)> = statements
        .iter()
        .enumerate()
        .filter(|(_, statement)| {
            any_like(&lower(&statement["actions"]), &text(&request["action"]).to_lowercase())
                && any_like(&statement["resources"], &text(&request["resource"]))
        })
        .map(|(index, statement)| (index, text(&statement["effect"]), text(&statement["place"])))
        .collect();
    let first = |effect: &str, place: Option<&str>| {
        let fits = |(_, e, p): &&(usize, String, String)| e == effect && place.is_none_or(|place| p == place);
        applying.iter().find(fits).map(|(index, ..)| *index)
    };
    let guarded = statements.iter().any(|statement| statement["place"] == "organization");
    let same = input["same_account"] == true;

    let denied = first("Deny", None);
    let mut steps = vec![json!({ "check": "deny", "statement": denied })];
    // Inside an account one Allow of the two is enough; between accounts both are needed.
    let grants = if same { ["resource", "identity"] } else { ["identity", "resource"] };
    let mut decision = "implicit deny";
    if denied.is_some() {
        decision = "explicit deny";
    } else {
        let ceiling = first("Allow", Some("organization"));
        if guarded {
            steps.push(json!({ "check": "organization", "statement": ceiling }));
        }
        if !guarded || ceiling.is_some() {
            let found = grants.map(|place| first("Allow", Some(place)));
            let settled_by_first = found[0].is_some() == same;
            let asked = if settled_by_first { 1 } else { 2 };
            for (place, statement) in grants.into_iter().zip(found).take(asked) {
                steps.push(json!({ "check": place, "statement": statement }));
            }
            let both = found.iter().all(Option::is_some);
            let either = found.iter().any(Option::is_some);
            if (same && either) || both {
                decision = "allow";
            }
        }
    }
    json!({ "decision": decision, "steps": steps })
}

fn evaluate(input: &Value) -> Value {
    let asked = input["requests"].as_array().expect("requests");
    let requests: Vec<Value> = asked.iter().map(|request| decide(input, request)).collect();
    let refused = requests.iter().find(|request| request["decision"] != "allow");
    json!({ "decision": refused.map_or(json!("allow"), |request| request["decision"].clone()), "requests": requests })
}

fn statement(place: &str, effect: &str, actions: &[&str], resource: &str) -> Value {
    json!({ "place": place, "effect": effect, "actions": actions, "resources": [resource] })
}

const PHOTOS: &str = "arn:aws:s3:::ferris-photos/*";
const PHOTO: &str = "arn:aws:s3:::ferris-photos/7.jpg";
const PRINTER: &str = "arn:aws:lambda:us-east-1:111122223333:function:printer";
const ROLE: &str = "arn:aws:iam::111122223333:role/printer";

fn asks(same_account: bool, requests: &[(&str, &str)], statements: &[Value]) -> Value {
    let requests: Vec<Value> =
        requests.iter().map(|(action, resource)| json!({ "action": action, "resource": resource })).collect();
    json!({ "same_account": same_account, "requests": requests, "statements": statements })
}

#[test]
fn a_function_is_not_created_without_pass_role_nor_by_an_allow_of_one_account_alone() {
    let create = [("lambda:CreateFunction", PRINTER), ("iam:PassRole", ROLE)];
    let lambda = statement("identity", "Allow", &["lambda:*"], PRINTER);
    assert_eq!(evaluate(&asks(true, &create, std::slice::from_ref(&lambda)))["decision"], "implicit deny");
    let pass = statement("identity", "Allow", &["iam:PassRole"], ROLE);
    assert_eq!(evaluate(&asks(true, &create, &[lambda, pass]))["decision"], "allow");

    let bucket = statement("resource", "Allow", &["s3:GetObject"], PHOTOS);
    let read = [("s3:GetObject", PHOTO)];
    assert_eq!(evaluate(&asks(true, &read, std::slice::from_ref(&bucket)))["decision"], "allow");
    assert_eq!(evaluate(&asks(false, &read, &[bucket]))["decision"], "implicit deny");
}

#[test]
fn iam_vectors_are_up_to_date() {
    let read: &[(&str, &str)] = &[("s3:GetObject", PHOTO)];
    let create: &[(&str, &str)] = &[("lambda:CreateFunction", PRINTER), ("iam:PassRole", ROLE)];
    let identity = |actions: &[&str], resource: &str| statement("identity", "Allow", actions, resource);
    let bucket = statement("resource", "Allow", &["s3:GetObject"], PHOTOS);
    let guard = statement("organization", "Allow", &["*"], "*");
    let forbids = statement("organization", "Deny", &["s3:*", "iam:*"], "*");
    let inputs = [
        asks(true, read, &[]),
        asks(true, read, &[identity(&["s3:GetObject"], PHOTOS)]),
        asks(true, read, &[identity(&["s3:Get"], PHOTOS)]),
        asks(true, read, &[identity(&["S3:get*"], PHOTOS)]),
        asks(true, read, &[identity(&["s3:Get?bject"], PHOTOS)]),
        asks(true, read, &[identity(&["*"], "arn:aws:s3:::ferris-photos")]),
        asks(true, read, &[identity(&["s3:*"], "arn:aws:s3:::Ferris-photos/*")]),
        asks(true, read, &[identity(&["s3:*"], "arn:aws:s3:::ferris-photos/7?jpg"), bucket.clone()]),
        asks(true, read, std::slice::from_ref(&bucket)),
        asks(false, read, std::slice::from_ref(&bucket)),
        asks(false, read, &[identity(&["s3:*"], "*")]),
        asks(false, read, &[identity(&["s3:*"], "*"), bucket.clone()]),
        asks(true, read, &[bucket.clone(), guard.clone(), forbids.clone()]),
        asks(true, read, &[bucket.clone(), statement("organization", "Allow", &["lambda:*"], "*")]),
        asks(true, read, &[statement("identity", "Deny", &["s3:*"], "*"), bucket, identity(&["*"], "*")]),
        asks(true, create, &[identity(&["lambda:*"], PRINTER)]),
        asks(true, create, &[identity(&["lambda:*"], PRINTER), identity(&["iam:PassRole"], ROLE)]),
        asks(true, create, &[identity(&["lambda:*"], PRINTER), identity(&["iam:PassRole"], ROLE), guard, forbids]),
        asks(true, &[("s3:ListBucket", "arn:aws:s3:::ferris-photos")], &[identity(&["s3:*"], PHOTOS)]),
        asks(
            true,
            &[("s3:GetObject", "arn:aws:s3:::ferris.photos/7.jpg")],
            &[identity(&["s3:*"], "arn:aws:s3:::ferris?photos/*.jpg")],
        ),
    ];
    vectors("iam", &inputs, evaluate);
}
