//! What the shop expects of the policy: the print clerk does its work under it, and whoever takes the clerk over can do
//! no more than that.

use std::time::Duration;

use course::{Seed, judged_file};
use local_aws::{Call, LocalAws, OnLocalAws, Outcome, QueueFace};
use local_aws_policy::{Policies, Policy, Request};
use local_lambda::{Function, binary};
use serde_json::{Value, json};

const SECRET: &str = "print-lab/customer";
const QUEUE: &str = "print-jobs";

/// A shop in which functions have the role with `policy.json`.
struct Shop {
    aws: LocalAws,
    jobs: QueueFace,
    /// The number by which the print lab knows the shop.
    customer: String,
}

impl Shop {
    #[track_caller]
    fn open(seed: &mut Seed) -> Shop {
        let aws = LocalAws::start();
        let customer = format!("{}-{}", seed.name(), seed.number(1000..=9999));
        aws.secret(SECRET, &customer);
        let jobs = aws.queue(QUEUE);
        aws.permit(&judged_file!("policy.json").json());
        Shop { aws, jobs, customer }
    }

    /// A function of the shop. A debug build takes its time, and this is not about time.
    fn function(&self, program: std::path::PathBuf) -> Function {
        let builder = Function::builder(program).timeout(Duration::from_secs(30)).on(&self.aws);
        builder.env("SECRET", SECRET).env("QUEUE", QUEUE).start()
    }

    /// The nosy twin tries these calls, and each of them has to be refused.
    #[track_caller]
    fn expect_refused(&self, story: &str, tries: &[(&str, &str)]) {
        let twin = self.function(binary!("nosy-twin"));
        self.aws.forget();
        let event: Vec<Value> = tries.iter().map(|(call, on)| json!({ "call": call, "on": on })).collect();
        let outcome = twin.story(story).invoke(json!({ "tries": event }));
        let calls = self.aws.calls();
        assert!(calls.count() == tries.len(), "the twin made other calls than it should:\n{calls}\n{outcome}");
        let let_through = calls.filter(|call| !is_denied(call));
        assert!(let_through.is_empty(), "{story}: policy.json lets the nosy twin do this\n{let_through}");
    }
}

fn is_denied(call: &Call) -> bool {
    matches!(&call.outcome, Outcome::Failed { code, .. } if code.starts_with("AccessDenied"))
}

#[test]
fn the_clerk_does_its_work() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::open(&mut seed);
    let clerk = shop.function(binary!());
    let photos = [format!("{}.jpg", seed.name()), format!("{}/2.jpg", seed.name())];
    for photo in &photos {
        let outcome = clerk.story("an order comes in").invoke(json!({ "photo": photo }));
        outcome.expect_json(json!({ "queued": photo }));
    }
    let jobs: Vec<Value> =
        shop.jobs.bodies().iter().map(|body| serde_json::from_str(body).expect("the clerk writes JSON")).collect();
    let expected = photos.map(|photo| json!({ "customer": &shop.customer, "photo": photo }));
    assert_eq!(jobs, expected, "each order is a job in the queue {QUEUE}");
}

#[test]
fn the_twin_reads_no_other_secret() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::open(&mut seed);
    let name = seed.name().to_lowercase();
    let others = [name.clone(), format!("print-lab/{name}"), format!("{SECRET}-of-{name}"), format!("{SECRET}{name}")];
    for other in &others {
        shop.aws.secret(other, &seed.name());
    }
    let tries: Vec<(&str, &str)> = others.iter().map(|other| ("GetSecretValue", other.as_str())).collect();
    shop.expect_refused("it reads the secrets of others", &tries);

    let account = seed.number(200_000_000_000..=999_999_999_999);
    let abroad = format!("arn:aws:secretsmanager:us-east-1:{account}:secret:{SECRET}-AbCdEf");
    let elsewhere = format!("arn:aws:secretsmanager:eu-west-1:123456789012:secret:{SECRET}-AbCdEf");
    let tries = [("GetSecretValue", abroad.as_str()), ("GetSecretValue", &elsewhere)];
    shop.expect_refused("it reads the same secret of another account and in another Region", &tries);
}

#[test]
fn the_twin_sends_to_no_other_queue() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::open(&mut seed);
    let name = seed.name().to_lowercase();
    for other in [name.clone(), format!("print-{name}"), format!("{QUEUE}-{name}"), format!("{name}-{QUEUE}")] {
        let queue = shop.aws.queue(&other);
        shop.expect_refused(
            "it sends to the queue of others",
            &[("GetQueueUrl", &other), ("SendMessage", queue.url())],
        );
    }
}

#[test]
fn the_twin_does_nothing_else_to_what_the_clerk_uses() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::open(&mut seed);
    let secret = ["DescribeSecret", "PutSecretValue", "DeleteSecret"].map(|call| (call, SECRET));
    shop.expect_refused("it looks at the secret, changes it, deletes it", &secret);
    shop.jobs.send(&seed.name());
    let queue = ["ReceiveMessage", "PurgeQueue", "DeleteQueue"].map(|call| (call, shop.jobs.url()));
    shop.expect_refused("it reads the jobs, throws them away, deletes the queue", &queue);
}

#[test]
fn the_twin_sees_no_list() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::open(&mut seed);
    for list in ["ListSecrets", "ListQueues"] {
        shop.expect_refused("it looks for what is there", &[(list, &seed.name())]);
    }
}

/// Calls that the twin does not know, so they are asked about and not made.
#[test]
fn the_policy_opens_nothing_else() {
    let policy = judged_file!("policy.json").json();
    let policy =
        Policy::identity(&policy).unwrap_or_else(|error| panic!("policy.json is no policy of a role: {error}"));
    let policies = Policies::new().with_identity(policy);
    let name = Seed::at_run_time().name().to_lowercase();
    let secret = |name: &str| format!("arn:aws:secretsmanager:us-east-1:123456789012:secret:{name}");
    let queue = |name: &str| format!("arn:aws:sqs:us-east-1:123456789012:{name}");
    let (its_secret, its_queue) = (secret(&format!("{SECRET}-AbCdEf")), queue(QUEUE));
    let others = [
        ("secretsmanager:GetSecretValue", secret(&format!("{name}/{SECRET}-AbCdEf"))),
        ("secretsmanager:GetSecretValue", secret(&format!("{name}{SECRET}-AbCdEf"))),
        ("sqs:SendMessage", queue(&format!("{QUEUE}.fifo"))),
        ("sqs:SendMessage", queue("print-job5")),
        ("sqs:CreateQueue", queue(&name)),
        ("secretsmanager:CreateSecret", secret(&name)),
        ("secretsmanager:GetRandomPassword", "*".to_owned()),
        ("s3:GetObject", format!("arn:aws:s3:::{name}/7.jpg")),
        ("dynamodb:PutItem", format!("arn:aws:dynamodb:us-east-1:123456789012:table/{name}")),
        ("iam:PassRole", format!("arn:aws:iam::123456789012:role/{name}")),
        ("sts:AssumeRole", format!("arn:aws:iam::123456789012:role/{name}")),
        ("kms:Decrypt", format!("arn:aws:kms:us-east-1:123456789012:key/{name}")),
        ("lambda:InvokeFunction", format!("arn:aws:lambda:us-east-1:123456789012:function:{name}")),
    ];
    let on_its_secret = [
        "BatchGetSecretValue",
        "DeleteResourcePolicy",
        "GetResourcePolicy",
        "ListSecretVersionIds",
        "PutResourcePolicy",
        "RestoreSecret",
        "RotateSecret",
        "TagResource",
        "UpdateSecret",
        "UpdateSecretVersionStage",
    ];
    let on_its_queue = [
        "AddPermission",
        "ChangeMessageVisibility",
        "DeleteMessage",
        "GetQueueAttributes",
        "ListQueueTags",
        "RemovePermission",
        "SetQueueAttributes",
        "StartMessageMoveTask",
        "TagQueue",
    ];
    let on_its_secret = on_its_secret.map(|call| (format!("secretsmanager:{call}"), its_secret.clone()));
    let on_its_queue = on_its_queue.map(|call| (format!("sqs:{call}"), its_queue.clone()));
    let others = others.map(|(action, resource)| (action.to_owned(), resource));
    let open: Vec<String> = [&others[..], &on_its_secret, &on_its_queue]
        .concat()
        .into_iter()
        .filter(|(action, resource)| policies.decide(&Request::new(action, resource)).is_allowed())
        .map(|(action, resource)| format!("{action} on {resource}"))
        .collect();
    assert!(open.is_empty(), "policy.json allows what the clerk does not do:\n{}", open.join("\n"));
}
