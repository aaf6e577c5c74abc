//! What chapter 7 prints of networks, secrets and callers: packets on their way through templates of exercise 1, two
//! types for one password, and decisions about policies of exercise 4.

use std::fmt::Write as _;
use std::fs;

use course::root;
use local_aws_policy::{Policies, Policy, Request};
use serde_json::{Value, json};

use crate::{function, same, told};

#[path = "../../../../exercises/ch07-security/01-network/tests/network/mod.rs"]
mod network;

use network::{Interface, Region, Stack, To};

fn file(exercise: &str, name: &str) -> Value {
    let path = root().join("solutions/ch07-security").join(exercise).join(name);
    serde_json::from_str(&fs::read_to_string(&path).expect("a file of a solution")).expect("JSON")
}

/// Which of the clerk's connections are made, from the first of its subnets.
fn connections(template: &Value) -> [String; 4] {
    let zones = ["a", "b", "c"].map(|zone| format!("us-east-1{zone}")).into();
    let region = Region { name: "us-east-1".to_owned(), zones, s3_prefix_list: "pl-0001".to_owned() };
    let stack = Stack::read(template, &region);
    assert!(stack.dangling().is_empty() && stack.refused().is_empty(), "{:?}", stack.refused());
    let subnet = &stack.texts("Clerk", "VpcConfig/SubnetIds")[0];
    let clerk = stack.interface("the clerk", subnet, 20, stack.texts("Clerk", "VpcConfig/SecurityGroupIds"));
    let database = stack.interface("database", "PrivateSubnetB", 40, stack.texts("Database", "VPCSecurityGroups"));
    let press = Interface {
        is_public: true,
        ..stack.interface("press", "PublicSubnet", 60, stack.texts("Press", "SecurityGroupIds"))
    };
    assert!(!stack.is_open_to_the_internet(&database, 5432), "the database is never open to the internet");
    let ways = [
        stack.connect(&clerk, To::Interface(&database), 5432, None),
        stack.connect(&clerk, To::S3, 443, None),
        stack.connect(&clerk, To::SecretsManager, 443, None),
        stack.connect(&clerk, To::Interface(&press), 443, None),
    ];
    assert!(stack.connect(&clerk, To::Internet, 443, None).is_err(), "none of these has a way to the internet");
    ways.map(|way| if way.is_ok() { "yes".to_owned() } else { "no".to_owned() })
}

#[test]
fn which_packets_arrive() {
    let rows = [
        ("in a public subnet", "mistakes/public-subnet.json"),
        ("its route table has no subnets", "mistakes/table-of-nobody.json"),
        ("the network has no private names", "mistakes/endpoint-without-a-name.json"),
        ("port 443 out to everywhere", "mistakes/outbound-to-everybody.json"),
        ("as it should be", "template.json"),
    ];
    let mut table =
        String::from("| The template | database | S3 | Secrets Manager | the press |\n|---|---|---|---|---|\n");
    for (what, name) in rows {
        let _ = writeln!(table, "| {what} | {} |", connections(&file("01-network", name)).join(" | "));
    }
    same("ch07", "packets.md", &table);
}

#[test]
fn what_two_types_show_of_a_password() {
    let login = function("ch07_login", "login");
    let mut text = String::new();
    for secret in [r#"{"username":"till","password":"hunter2"}"#, r#""hunter2""#] {
        let event = json!({ "secret": secret }).to_string();
        let _ = writeln!(text, "{}", told(&event, &login.invoke(event.as_str())));
    }
    same("ch07", "login.txt", text.trim_end());
}

const LIVE: &str = "arn:aws:lambda:us-east-1:123456789012:function:receipts:live";

#[test]
fn on_whose_behalf_a_bucket_calls() {
    let callers =
        [("ferris-scans", "123456789012"), ("ferris-photos", "123456789012"), ("ferris-scans", "999999999999")];
    let rows = [
        ("none", "mistakes/any-bucket.json"),
        ("the bucket's ARN", "mistakes/bucket-without-its-owner.json"),
        ("the account", "mistakes/account-without-the-bucket.json"),
        ("both", "policy.json"),
    ];
    let mut table = String::from(
        "| Condition | our bucket | another bucket of ours | a stranger's, of the same name |\n|---|---|---|---|\n",
    );
    for (what, name) in rows {
        let policy = Policy::resource(&file("04-deputy", name)).expect("a policy of a function");
        let answers = callers.map(|(bucket, account)| {
            let call = Request::new("lambda:InvokeFunction", LIVE).by("s3.amazonaws.com").owned_by("123456789012");
            let call = call.with("aws:SourceArn", format!("arn:aws:s3:::{bucket}")).with("aws:SourceAccount", account);
            let may = Policies::new().with_resource(policy.clone()).decide(&call).is_allowed();
            if may { "calls" } else { "refused" }
        });
        let _ = writeln!(table, "| {what} | {} |", answers.join(" | "));
    }
    same("ch07", "buckets.md", &table);
}

#[test]
fn two_accounts_have_a_say() {
    let own = json!({ "Statement": { "Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": LIVE } });
    let own = Policy::identity(&own).expect("a policy of a role");
    let mut table = String::from(
        "| The caller's policy | the function's policy | from the lab's account | from the function's account |\n|---|---|---|---|\n",
    );
    let roles = ["arn:aws:iam::222233334444:role/lab-orders", "arn:aws:iam::123456789012:role/lab-orders"];
    for (has_own, has_resource) in [(true, true), (true, false), (false, true), (false, false)] {
        let answers = roles.map(|role| {
            let mut policies = Policies::new();
            if has_own {
                policies = policies.with_identity(own.clone());
            }
            if has_resource {
                // The same statement, about a role of each account.
                let mut document = file("04-deputy", "policy.json");
                document["Statement"][3]["Principal"] = json!({ "AWS": role });
                policies = policies.with_resource(Policy::resource(&document).expect("a policy of a function"));
            }
            let call = Request::new("lambda:InvokeFunction", LIVE).by(role).owned_by("123456789012");
            let call = call.with("aws:PrincipalOrgID", "o-ferris12345");
            if policies.decide(&call).is_allowed() { "calls" } else { "refused" }
        });
        let said = |says: bool| if says { "allows" } else { "says nothing" };
        let _ = writeln!(table, "| {} | {} | {} |", said(has_own), said(has_resource), answers.join(" | "));
    }
    same("ch07", "two-accounts.md", &table);
}
