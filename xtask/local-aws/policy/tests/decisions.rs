//! What IAM's own pages say about decisions; the name of each test is the rule.

use local_aws_policy::{Decision, Kind, Policies, Policy, Request};
use serde_json::{Value, json};

const KEY: &str = "arn:aws:s3:::photos/cat.jpg";

fn identity(statements: Value) -> Policies {
    Policies::new().with_identity(read(Policy::identity, statements))
}

fn read(how: impl Fn(&Value) -> Result<Policy, local_aws_policy::PolicyError>, statements: Value) -> Policy {
    how(&json!({ "Version": "2012-10-17", "Statement": statements })).unwrap_or_else(|error| panic!("{error}"))
}

#[track_caller]
fn allows(statement: Value, request: Request) {
    assert!(identity(statement.clone()).decide(&request).is_allowed(), "{statement} must allow {request:?}");
}

#[track_caller]
fn allows_not(statement: Value, request: Request) {
    assert!(!identity(statement.clone()).decide(&request).is_allowed(), "{statement} must not allow {request:?}");
}

fn get() -> Request {
    Request::new("s3:GetObject", KEY)
}

fn when(condition: Value) -> Value {
    json!({ "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition })
}

#[test]
fn what_nobody_allows_is_denied() {
    assert_eq!(Policies::new().decide(&get()), Decision::NotAllowed { missing: Kind::Identity });
    allows_not(json!({ "Effect": "Allow", "Action": "s3:PutObject", "Resource": "*" }), get());
}

#[test]
fn an_explicit_deny_counts_more_than_any_allow() {
    let all = json!({ "Effect": "Allow", "Action": "*", "Resource": "*" });
    let deny = json!({ "Effect": "Deny", "Action": "s3:Get*", "Resource": KEY });
    for statements in [json!([all, deny]), json!([deny, all])] {
        assert_eq!(identity(statements).decide(&get()), Decision::Denied { by: Kind::Identity });
    }
}

#[test]
fn a_deny_gives_nothing_to_others() {
    allows_not(json!({ "Effect": "Deny", "Action": "s3:PutObject", "Resource": "*" }), get());
}

#[test]
fn an_action_is_not_matched_by_its_beginning_and_not_by_case() {
    allows_not(json!({ "Effect": "Allow", "Action": "s3:Get", "Resource": "*" }), get());
    allows(json!({ "Effect": "Allow", "Action": "S3:GETOBJECT", "Resource": "*" }), get());
    allows(json!({ "Effect": "Allow", "Action": ["sqs:*", "s3:?etObject"], "Resource": "*" }), get());
}

#[test]
fn a_bucket_is_not_its_keys() {
    allows_not(json!({ "Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::photos" }), get());
    allows(json!({ "Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::photos/*" }), get());
}

#[test]
fn not_action_and_not_resource_are_all_the_others() {
    allows(json!({ "Effect": "Allow", "NotAction": "iam:*", "Resource": "*" }), get());
    allows_not(json!({ "Effect": "Allow", "NotAction": "s3:*", "Resource": "*" }), get());
    allows(json!({ "Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::secrets/*" }), get());
    allows_not(json!({ "Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::photos/*" }), get());
}

#[test]
fn within_one_account_either_policy_is_enough() {
    let bucket = json!({
        "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::123456789012:role/function" },
        "Action": "s3:GetObject", "Resource": "arn:aws:s3:::photos/*",
    });
    let policies = Policies::new().with_resource(read(Policy::resource, bucket));
    assert!(policies.decide(&get()).is_allowed());
    let session = get().by("arn:aws:sts::123456789012:assumed-role/function/run-7");
    assert!(policies.decide(&session).is_allowed(), "a session is its role");
    assert!(!policies.decide(&get().by("arn:aws:iam::123456789012:role/other")).is_allowed());
}

#[test]
fn across_accounts_both_policies_must_allow() {
    let theirs = get().by("arn:aws:iam::999999999999:role/guest").owned_by("123456789012");
    let bucket = read(
        Policy::resource,
        json!({ "Effect": "Allow", "Principal": { "AWS": "999999999999" }, "Action": "s3:*", "Resource": "*" }),
    );
    let own = read(Policy::identity, json!({ "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*" }));
    let only_bucket = Policies::new().with_resource(bucket.clone());
    let only_own = Policies::new().with_identity(own.clone());
    assert_eq!(only_bucket.decide(&theirs), Decision::NotAllowed { missing: Kind::Identity });
    assert_eq!(only_own.decide(&theirs), Decision::NotAllowed { missing: Kind::Resource });
    assert!(only_bucket.with_identity(own).decide(&theirs).is_allowed());
}

#[test]
fn a_service_needs_the_resources_policy_and_the_condition_keeps_others_out() {
    let statement = json!({
        "Effect": "Allow", "Principal": { "Service": "s3.amazonaws.com" }, "Action": "sqs:SendMessage", "Resource": "*",
        "Condition": { "ArnLike": { "aws:SourceArn": "arn:aws:s3:::photos" } },
    });
    let policies = Policies::new().with_resource(read(Policy::resource, statement));
    let send = Request::new("sqs:SendMessage", "arn:aws:sqs:us-east-1:123456789012:jobs").by("s3.amazonaws.com");
    assert!(policies.decide(&send.clone().with("aws:SourceArn", "arn:aws:s3:::photos")).is_allowed());
    assert!(!policies.decide(&send.clone().with("aws:SourceArn", "arn:aws:s3:::other")).is_allowed());
    assert!(!policies.decide(&send).is_allowed(), "a key that is not there equals nothing");
}

#[test]
fn all_conditions_must_hold_and_one_value_of_each_is_enough() {
    let statement = when(json!({
        "StringEquals": { "aws:RequestedRegion": ["us-east-1", "eu-west-1"] },
        "Bool": { "aws:SecureTransport": "true" },
    }));
    let request = get().with("aws:RequestedRegion", "eu-west-1");
    allows(statement.clone(), request.clone().with("aws:SecureTransport", "true"));
    allows_not(statement.clone(), request.clone().with("aws:SecureTransport", "false"));
    allows_not(statement, request);
}

#[test]
fn a_negated_operator_holds_where_the_key_is_missing() {
    let statement = when(json!({ "StringNotEquals": { "aws:RequestedRegion": ["us-east-1", "eu-west-1"] } }));
    allows(statement.clone(), get());
    allows(statement.clone(), get().with("aws:RequestedRegion", "ap-southeast-1"));
    allows_not(statement, get().with("aws:RequestedRegion", "us-east-1"));
}

#[test]
fn if_exists_and_null_speak_of_keys_that_are_missing() {
    allows(when(json!({ "StringEqualsIfExists": { "s3:prefix": "a/" } })), get());
    allows_not(when(json!({ "StringEqualsIfExists": { "s3:prefix": "a/" } })), get().with("s3:prefix", "b/"));
    allows(when(json!({ "Null": { "aws:TokenIssueTime": "true" } })), get());
    allows_not(when(json!({ "Null": { "aws:TokenIssueTime": "false" } })), get());
}

#[test]
fn sets_of_values_are_compared_as_sets() {
    let tags = |names: [&str; 2]| names.iter().fold(get(), |request, name| request.with("aws:TagKeys", *name));
    let all = when(json!({ "ForAllValues:StringEquals": { "aws:TagKeys": ["team", "cost"] } }));
    allows(all.clone(), tags(["team", "cost"]));
    allows_not(all.clone(), tags(["team", "owner"]));
    allows(all, get());
    let any = when(json!({ "ForAnyValue:StringEquals": { "aws:TagKeys": ["team"] } }));
    allows(any.clone(), tags(["team", "owner"]));
    allows_not(any, get());
}

#[test]
fn numbers_dates_addresses_and_patterns_are_compared_as_what_they_are() {
    allows(when(json!({ "NumericLessThanEquals": { "s3:max-keys": "10" } })), get().with("s3:max-keys", "9"));
    allows_not(when(json!({ "NumericLessThanEquals": { "s3:max-keys": "10" } })), get().with("s3:max-keys", "100"));
    let before = when(json!({ "DateLessThan": { "aws:CurrentTime": "2026-12-01T00:00:00Z" } }));
    allows(before.clone(), get().with("aws:CurrentTime", "2026-11-30T23:59:59Z"));
    allows_not(before, get().with("aws:CurrentTime", "2026-12-01T08:00:00+08:00"));
    let office = when(json!({ "IpAddress": { "aws:SourceIp": "203.0.113.0/24" } }));
    allows(office.clone(), get().with("aws:SourceIp", "203.0.113.9"));
    allows_not(office, get().with("aws:SourceIp", "198.51.100.9"));
    allows(when(json!({ "StringLike": { "s3:prefix": "orders/*" } })), get().with("s3:prefix", "orders/2026"));
}

#[test]
fn variables_are_filled_in_and_a_missing_one_fits_nothing() {
    let statement =
        json!({ "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::photos/${aws:username}/*" });
    let request = Request::new("s3:GetObject", "arn:aws:s3:::photos/ferris/cat.jpg");
    allows(statement.clone(), request.clone().with("aws:username", "ferris"));
    allows_not(statement.clone(), request.clone().with("aws:username", "corro"));
    allows_not(statement, request);
}

#[test]
fn a_denial_says_why_as_aws_says_it() {
    let decision = Policies::new().decide(&get());
    assert_eq!(decision.reason("s3:GetObject"), "because no identity-based policy allows the s3:GetObject action");
    let deny = json!({ "Effect": "Deny", "Action": "*", "Resource": "*" });
    assert_eq!(
        identity(deny).decide(&get()).reason("s3:GetObject"),
        "with an explicit deny in an identity-based policy"
    );
}

#[test]
fn a_document_that_is_not_a_policy_is_refused_with_a_reason() {
    let good = json!({ "Effect": "Allow", "Action": "s3:*", "Resource": "*" });
    let without = |key: &str| {
        let mut statement = good.clone();
        statement.as_object_mut().unwrap().remove(key);
        json!({ "Version": "2012-10-17", "Statement": [good, statement] })
    };
    let with = |key: &str, value: Value| {
        let mut statement = good.clone();
        statement[key] = value;
        json!({ "Version": "2012-10-17", "Statement": [statement] })
    };
    for (document, words) in [
        (json!([]), "a JSON object"),
        (json!({ "Version": "2012-10-17" }), "Statement"),
        (json!({ "Version": "2026-01-01", "Statement": good }), "Version"),
        (json!({ "Statement": good, "Statements": [] }), "no element Statements"),
        (without("Effect"), "statement 1: Effect"),
        (without("Action"), "Action or NotAction"),
        (without("Resource"), "Resource or NotResource"),
        (with("effect", json!("Deny")), "no element effect"),
        (with("NotAction", json!("s3:PutObject")), "exclude each other"),
        (with("Action", json!([])), "not empty"),
        (with("Action", json!("GetObject")), "no service"),
        (with("Principal", json!("*")), "names no principal"),
        (with("Condition", json!({ "StringSame": { "a": "b" } })), "no condition operator StringSame"),
        (with("Condition", json!({ "NumericEquals": { "a": "many" } })), "cannot compare"),
    ] {
        let error = Policy::identity(&document).expect_err(&document.to_string()).to_string();
        assert!(error.contains(words), "{document}: {error}");
    }
    let error = Policy::resource(&json!({ "Statement": good })).unwrap_err().to_string();
    assert!(error.contains("names a principal"), "{error}");
}

#[test]
fn a_document_without_a_version_has_no_variables() {
    let document = json!({ "Statement": {
        "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::photos/${aws:username}" } });
    let policies = Policies::new().with_identity(Policy::identity(&document).unwrap());
    let named = Request::new("s3:GetObject", "arn:aws:s3:::photos/ferris").with("aws:username", "ferris");
    assert!(!policies.decide(&named).is_allowed());
}
