//! What the shop expects of the policy: the invoice desk does its work under it, and whoever takes the desk over can do
//! no more than that.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::sync::{Arc, Mutex};

use course::{Seed, Service, judged_file};
use local_aws_policy::{Policies, Policy, Request};
use local_lambda::{Function, Outcome, binary};
use serde_json::json;

const TABLE: &str = "arn:aws:dynamodb:eu-central-1:123456789012:table/orders";
const BUCKET: &str = "arn:aws:s3:::ferris-invoices";
const KEY: &str = "arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-1234-4567-89ab-0123456789ab";
const ROLE: &str = "arn:aws:sts::123456789012:assumed-role/invoice-desk/invoice-desk";

fn policies() -> Policies {
    match Policy::identity(&judged_file!("policy.json").json()) {
        Ok(policy) => Policies::new().with_identity(policy),
        Err(error) => panic!("IAM would not take policy.json: {error}"),
    }
}

/// The part of AWS that the desk calls. All invoices are encrypted with a key of the shop's.
struct Aws {
    policies: Policies,
    orders: Vec<String>,
    invoices: BTreeSet<String>,
}

impl Aws {
    /// The answer to a line, as the desk's `aws.rs` reads it.
    fn answer(&mut self, line: &str) -> String {
        let mut parts = line.trim_end().split('\t');
        let mut next = || parts.next().unwrap_or_default();
        let (action, resource) = (next(), next());
        let answer = match action {
            "dynamodb:Query" => self.may(action, resource).map(|()| self.orders.join(" ")),
            "s3:GetObject" => self.get(resource),
            "s3:PutObject" => {
                self.may(action, resource).and_then(|()| self.may("kms:GenerateDataKey", KEY)).map(|()| {
                    self.invoices.insert(resource.to_owned());
                    String::new()
                })
            }
            other => Err(format!("UnknownOperationException\t{other}")),
        };
        answer.map_or_else(|refusal| refusal, |text| format!("200\t{text}"))
    }

    /// Whoever may not list a bucket does not learn that an object is missing.
    ///
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>.
    fn get(&self, resource: &str) -> Result<String, String> {
        self.may("s3:GetObject", resource)?;
        if self.invoices.contains(resource) {
            self.may("kms:Decrypt", KEY)?;
            return Ok("a page".to_owned());
        }
        self.may("s3:ListBucket", BUCKET)?;
        Err("NoSuchKey\tThe specified key does not exist.".to_owned())
    }

    fn may(&self, action: &str, resource: &str) -> Result<(), String> {
        let via = if action.starts_with("kms:") { "s3.eu-central-1.amazonaws.com" } else { "" };
        let decision = self.policies.decide(&Request::new(action, resource).with("kms:ViaService", via));
        if decision.is_allowed() {
            return Ok(());
        }
        let code = if action.starts_with("dynamodb:") { "AccessDeniedException" } else { "AccessDenied" };
        let reason = decision.reason(action);
        Err(format!("{code}\tUser: {ROLE} is not authorized to perform: {action} on resource: {resource} {reason}"))
    }
}

/// The desk's answer for a customer with so many orders that have an invoice, and so many that have none.
#[track_caller]
fn expect_invoices(seed: &mut Seed, with: usize, without: usize) {
    let customer = format!("c-{}", seed.number(100..=999));
    let first = seed.number(1_000..=8_000);
    let orders: Vec<String> = (first..).take(with + without).map(|number| number.to_string()).collect();
    let (found, written) = orders.split_at(with);
    let invoices = found.iter().map(|order| format!("{BUCKET}/paid/{order}.pdf")).collect();
    let aws = Arc::new(Mutex::new(Aws { policies: policies(), orders: orders.clone(), invoices }));
    let service = Service::start(move |mut stream| {
        let mut line = String::new();
        if BufReader::new(stream).read_line(&mut line).is_ok() {
            let answer = aws.lock().expect("no panic").answer(&line);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    let desk = Function::builder(binary!()).env("AWS", service.address()).start();
    let story = format!("{with} orders have an invoice, {without} have none");
    let outcome: Outcome = desk.story(story).invoke(json!({ "customer": customer }));
    outcome.expect_json(json!({ "customer": customer, "found": found, "written": written }));
}

/// The policy allows none of these.
#[track_caller]
fn expect_refused(requests: &[(&str, String)]) {
    let policies = policies();
    for (action, resource) in requests {
        let allowed = policies.decide(&Request::new(*action, resource.as_str())).is_allowed();
        assert!(
            !allowed,
            "policy.json lets the desk do {action} on {resource}, expected that it may not: it has no need to"
        );
    }
}

#[test]
fn the_desk_reads_the_orders_of_a_customer() {
    let mut seed = Seed::at_run_time();
    expect_invoices(&mut seed, 0, 0);
    expect_invoices(&mut seed, 0, 0);
}

#[test]
fn the_desk_finds_the_invoices_that_are_there() {
    let mut seed = Seed::at_run_time();
    expect_invoices(&mut seed, 1, 0);
    expect_invoices(&mut seed, 3, 0);
}

#[test]
fn the_desk_writes_the_invoices_that_are_missing() {
    let mut seed = Seed::at_run_time();
    expect_invoices(&mut seed, 0, 1);
    expect_invoices(&mut seed, 2, 2);
}

#[test]
fn nobody_reads_orders_in_other_ways() {
    let mut seed = Seed::at_run_time();
    let name = seed.name().to_lowercase();
    let index = format!("{TABLE}/index/by-customer");
    expect_refused(&[
        ("dynamodb:Query", TABLE.to_owned()),
        ("dynamodb:Query", format!("{TABLE}/index/{name}")),
        ("dynamodb:Query", format!("{index}-{name}")),
        ("dynamodb:Query", format!("{TABLE}-{name}/index/by-customer")),
        ("dynamodb:Query", format!("arn:aws:dynamodb:eu-central-1:123456789012:table/{name}/index/by-customer")),
        ("dynamodb:Query", index.replace("eu-central-1", "us-east-1")),
        ("dynamodb:Scan", index.clone()),
        ("dynamodb:Scan", TABLE.to_owned()),
        ("dynamodb:GetItem", TABLE.to_owned()),
        ("dynamodb:PutItem", TABLE.to_owned()),
        ("dynamodb:DeleteItem", TABLE.to_owned()),
        ("dynamodb:DeleteTable", TABLE.to_owned()),
        ("dynamodb:DescribeTable", TABLE.to_owned()),
    ]);
}

#[test]
fn nobody_touches_other_objects() {
    let mut seed = Seed::at_run_time();
    let name = seed.name().to_lowercase();
    let objects = [
        format!("{BUCKET}/wages/{name}.pdf"),
        format!("{BUCKET}/{name}"),
        format!("{BUCKET}/paid-{name}/1.pdf"),
        format!("{BUCKET}-{name}/paid/1.pdf"),
        format!("arn:aws:s3:::{name}/paid/1.pdf"),
    ];
    for object in objects {
        expect_refused(&[("s3:GetObject", object.clone()), ("s3:PutObject", object)]);
    }
    let own = format!("{BUCKET}/paid/{}.pdf", seed.number(1_000..=9_999));
    let others = ["s3:DeleteObject", "s3:GetObjectAcl", "s3:PutObjectAcl", "s3:GetObjectVersion", "s3:RestoreObject"];
    expect_refused(&others.map(|action| (action, own.clone())));
    expect_refused(&[
        ("s3:ListBucket", format!("{BUCKET}-{name}")),
        ("s3:ListBucket", format!("arn:aws:s3:::{name}")),
        ("s3:ListBucketVersions", BUCKET.to_owned()),
        ("s3:DeleteBucket", BUCKET.to_owned()),
        ("s3:PutBucketPolicy", BUCKET.to_owned()),
    ]);
}

#[test]
fn nobody_uses_other_keys_or_uses_this_one_otherwise() {
    let mut seed = Seed::at_run_time();
    let other = KEY.replace("0a1b2c3d", &format!("{:08x}", seed.number(0x1000_0000..=0xffff_ffff)));
    for action in ["kms:Decrypt", "kms:GenerateDataKey"] {
        expect_refused(&[(action, other.clone()), (action, KEY.replace("123456789012", "210987654321"))]);
    }
    for operation in ["Encrypt", "ScheduleKeyDeletion", "PutKeyPolicy", "CreateGrant", "DescribeKey", "ReEncryptFrom"] {
        expect_refused(&[(&format!("kms:{operation}"), KEY.to_owned())]);
    }
    for more in ["WithoutPlaintext", "Pair", "PairWithoutPlaintext"] {
        expect_refused(&[(&format!("kms:GenerateDataKey{more}"), KEY.to_owned())]);
    }
    // Between accounts both must allow it, and of the other one nobody knows what it allows.
    let everybody = json!({ "Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*" });
    let theirs = Policy::resource(&json!({ "Version": "2012-10-17", "Statement": [everybody] })).expect("a policy");
    let policies = policies().with_resource(theirs);
    for action in ["kms:Decrypt", "kms:GenerateDataKey"] {
        let key = KEY.replace("123456789012", "210987654321");
        let allowed = policies.decide(&Request::new(action, key.as_str())).is_allowed();
        assert!(
            !allowed,
            "policy.json lets the desk do {action} with a key of another account, {key}, if that allows it"
        );
    }
}

#[test]
fn nobody_lists_what_the_account_has() {
    let mut seed = Seed::at_run_time();
    let name = seed.name().to_lowercase();
    expect_refused(&[
        ("s3:ListAllMyBuckets", "*".to_owned()),
        ("dynamodb:ListTables", "*".to_owned()),
        ("kms:ListKeys", "*".to_owned()),
        ("iam:SimulatePrincipalPolicy", format!("arn:aws:iam::123456789012:role/{name}")),
        ("iam:GetRolePolicy", "arn:aws:iam::123456789012:role/invoice-desk".to_owned()),
    ]);
}
