//! What the shop expects of the policy on its function `receipts:live`: those who have to reach it do, and nobody else,
//! however they dress.

use course::{Seed, judged_file};
use local_aws_policy::{Policies, Policy, Request};
use serde_json::{Value, json};

const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:receipts";
const SHOP: &str = "123456789012";
const LAB: &str = "222233334444";
const ORGANIZATION: &str = "o-ferris12345";
const INVOKE: &str = "lambda:InvokeFunction";

/// Somebody who asks for something: a service on behalf of a resource, or a role with a policy of its own.
#[derive(Debug, Clone)]
struct Caller {
    who: String,
    principal: String,
    /// What the request says of the caller.
    context: Vec<(&'static str, String)>,
    /// The policy of the caller's role.
    own: Option<Value>,
}

impl Caller {
    fn service(who: &str, service: &str, source_arn: &str, source_account: Option<&str>) -> Caller {
        let mut context = vec![("aws:SourceArn", source_arn.to_owned())];
        context.extend(source_account.map(|account| ("aws:SourceAccount", account.to_owned())));
        let who = format!("{who} ({source_arn})");
        Caller { who, principal: format!("{service}.amazonaws.com"), context, own: None }
    }

    fn bucket(who: &str, bucket: &str, account: &str) -> Caller {
        let mut caller = Caller::service(who, "s3", &format!("arn:aws:s3:::{bucket}"), Some(account));
        caller.who = format!("{who} (arn:aws:s3:::{bucket} of the account {account})");
        caller
    }

    fn api(who: &str, account: &str, path: &str) -> Caller {
        let arn = format!("arn:aws:execute-api:us-east-1:{account}:{path}");
        Caller::service(who, "apigateway", &arn, None)
    }

    fn rule(who: &str, account: &str, rule: &str) -> Caller {
        let arn = format!("arn:aws:events:us-east-1:{account}:rule/{rule}");
        Caller::service(who, "events", &arn, None)
    }

    /// A session of a role, whose own policy allows everything unless it is said otherwise.
    fn role(who: &str, account: &str, role: &str, organization: Option<&str>) -> Caller {
        let everything = json!({ "Statement": { "Effect": "Allow", "Action": "*", "Resource": "*" } });
        Caller {
            who: format!("{who} (arn:aws:iam::{account}:role/{role})"),
            principal: format!("arn:aws:sts::{account}:assumed-role/{role}/session"),
            context: organization.map(|id| ("aws:PrincipalOrgID", id.to_owned())).into_iter().collect(),
            own: Some(everything),
        }
    }

    /// The print lab, as it will call.
    fn lab() -> Caller {
        let own = serde_json::from_str(include_str!("policies/lab-orders.json")).expect("lab-orders.json");
        Caller { own: Some(own), ..Caller::role("the print lab", LAB, "lab-orders", Some(ORGANIZATION)) }
    }

    /// What its request says, as a line of a table: that of a role has the role's ARN too.
    fn says(&self) -> String {
        let role = self.own.is_some().then(|| self.who.split(['(', ')']).nth(1).unwrap_or(&self.principal));
        let role = role.map(|arn| format!("aws:PrincipalArn = {arn}"));
        let said = self.context.iter().map(|(key, value)| format!("{key} = {value}"));
        let said: Vec<String> = said.chain(role).collect();
        if said.is_empty() { "nothing besides".to_owned() } else { said.join(", ") }
    }

    /// Whether it may do something, by both policies where there are two.
    #[track_caller]
    fn may(&self, action: &str, resource: &str) -> bool {
        let mut policies = Policies::new().with_resource(policy());
        if let Some(own) = &self.own {
            policies = policies.with_identity(Policy::identity(own).expect("a policy of a role"));
        }
        let request = Request::new(action, resource).by(&self.principal).owned_by(SHOP);
        let request = self.context.iter().fold(request, |request, (key, value)| request.with(*key, value));
        policies.decide(&request).is_allowed()
    }
}

/// The file, as Lambda would take it.
#[track_caller]
fn policy() -> Policy {
    let document = judged_file!("policy.json").json();
    Policy::resource(&document).unwrap_or_else(|error| panic!("policy.json is no policy of a function: {error}"))
}

fn live() -> String {
    format!("{FUNCTION}:live")
}

#[track_caller]
fn expect_let_in(caller: &Caller) {
    let may = caller.may(INVOKE, &live());
    assert!(may, "{} cannot invoke receipts:live; its request says {}", caller.who, caller.says());
}

#[track_caller]
fn expect_kept_out(callers: &[Caller]) {
    for caller in callers {
        let may = caller.may(INVOKE, &live());
        assert!(!may, "{} invokes receipts:live; its request says {}", caller.who, caller.says());
    }
}

/// All that have to reach the function.
fn wanted(seed: &mut Seed) -> Vec<Caller> {
    let stage = seed.name().to_lowercase();
    let path = format!("a1b2c3d4e5/{stage}/GET/receipts/r-{}", seed.number(1..=999_999));
    vec![
        Caller::api("a customer, by the API", SHOP, &path),
        Caller::rule("the rule of every night", SHOP, "nightly-receipts"),
        Caller::bucket("the bucket with scans", "ferris-scans", SHOP),
        Caller::lab(),
    ]
}

/// An account that nobody here has ever heard of.
fn stranger(seed: &mut Seed) -> String {
    seed.number(300_000_000_000..=999_999_999_999).to_string()
}

#[test]
fn what_worked_yesterday_works_today() {
    let mut seed = Seed::at_run_time();
    for _ in 0..2 {
        wanted(&mut seed)[..2].iter().for_each(expect_let_in);
    }
}

#[test]
fn the_bucket_with_scans_reaches_it() {
    expect_let_in(&wanted(&mut Seed::at_run_time())[2]);
}

#[test]
fn the_print_lab_reaches_it() {
    expect_let_in(&Caller::lab());
}

/// Anybody can make a bucket and let S3 call a function: of the service this is not to be seen.
#[test]
fn no_other_bucket_reaches_it() {
    let mut seed = Seed::at_run_time();
    let (name, stranger) = (seed.name().to_lowercase(), stranger(&mut seed));
    expect_kept_out(&[
        Caller::bucket("a stranger's bucket", &name, &stranger),
        Caller::bucket("a bucket of the same name, made again by a stranger", "ferris-scans", &stranger),
        Caller::bucket("another bucket of the shop", &format!("ferris-{name}"), SHOP),
        Caller::bucket("a bucket whose name begins the same", &format!("ferris-scans-{name}"), SHOP),
        Caller::bucket("a bucket of the print lab", "ferris-scans", LAB),
        Caller::bucket("a bucket whose name ends the same", &format!("{name}-ferris-scans"), SHOP),
        Caller::bucket(
            "a bucket of an account whose number begins the same",
            "ferris-scans",
            &format!("1234{}", &stranger[4..]),
        ),
        Caller::bucket(
            "a bucket of an account whose number ends the same",
            "ferris-scans",
            &format!("{}9012", &stranger[..8]),
        ),
    ]);
}

#[test]
fn no_other_api_reaches_it() {
    let mut seed = Seed::at_run_time();
    let (name, stranger) = (seed.name().to_lowercase(), stranger(&mut seed));
    expect_kept_out(&[
        Caller::api("a stranger's API", &stranger, "a1b2c3d4e5/prod/GET/receipts/r-1"),
        Caller::api("another API of the shop", SHOP, &format!("{name}/prod/GET/receipts/r-1")),
        Caller::api("another method", SHOP, "a1b2c3d4e5/prod/DELETE/receipts/r-1"),
        Caller::api("another path", SHOP, &format!("a1b2c3d4e5/prod/GET/{name}/r-1")),
        Caller::api("a path that begins the same", SHOP, &format!("a1b2c3d4e5/prod/GET/receipts-{name}/r-1")),
        Caller::api("the path of all receipts", SHOP, "a1b2c3d4e5/prod/GET/receipts"),
        Caller::api("a path with receipts further behind", SHOP, &format!("a1b2c3d4e5/prod/GET/{name}-receipts/r-1")),
        Caller::api("a method whose name ends the same", SHOP, "a1b2c3d4e5/prod/FORGET/receipts/r-1"),
        Caller::api("an API whose name ends the same", SHOP, &format!("{name}a1b2c3d4e5/prod/GET/receipts/r-1")),
        Caller::service(
            "an API of another Region",
            "apigateway",
            &format!("arn:aws:execute-api:eu-west-1:{SHOP}:a1b2c3d4e5/prod/GET/receipts/r-1"),
            None,
        ),
        Caller::service(
            "a schedule that says it calls for the API",
            "scheduler",
            &format!("arn:aws:execute-api:us-east-1:{SHOP}:a1b2c3d4e5/prod/GET/receipts/r-1"),
            None,
        ),
    ]);
}

#[test]
fn no_other_rule_or_service_reaches_it() {
    let mut seed = Seed::at_run_time();
    let (name, stranger) = (seed.name().to_lowercase(), stranger(&mut seed));
    expect_kept_out(&[
        Caller::rule("a stranger's rule", &stranger, "nightly-receipts"),
        Caller::rule("another rule of the shop", SHOP, &name),
        Caller::rule("a rule whose name begins the same", SHOP, &format!("nightly-receipts-{name}")),
        Caller::rule("a rule whose name ends the same", SHOP, &format!("{name}-nightly-receipts")),
        Caller::rule("a rule of the same name on another bus", SHOP, &format!("{name}/nightly-receipts")),
        Caller::service(
            "a rule of the same name in another Region",
            "events",
            &format!("arn:aws:events:eu-west-1:{SHOP}:rule/nightly-receipts"),
            None,
        ),
        Caller::service(
            "a schedule that says it calls for the rule",
            "scheduler",
            &format!("arn:aws:events:us-east-1:{SHOP}:rule/nightly-receipts"),
            None,
        ),
        Caller::service(
            "S3, for the rule",
            "s3",
            &format!("arn:aws:events:us-east-1:{SHOP}:rule/nightly-receipts"),
            Some(SHOP),
        ),
        Caller::service("EventBridge, for the bucket", "events", "arn:aws:s3:::ferris-scans", Some(SHOP)),
        Caller::service("a topic of a stranger", "sns", &format!("arn:aws:sns:us-east-1:{stranger}:{name}"), None),
        Caller::service("a topic of the shop", "sns", &format!("arn:aws:sns:us-east-1:{SHOP}:{name}"), None),
        Caller::service(
            "a service that says it calls for the bucket",
            &format!("{name}service"),
            "arn:aws:s3:::ferris-scans",
            Some(SHOP),
        ),
    ]);
}

/// Not every request says on whose behalf it comes, and silence is no proof.
#[test]
fn nobody_reaches_it_who_does_not_say_for_whom() {
    let mut seed = Seed::at_run_time();
    let silent = |service: &str| Caller {
        who: format!("{service}, for nobody knows whom"),
        principal: format!("{service}.amazonaws.com"),
        context: Vec::new(),
        own: None,
    };
    let name = seed.name().to_lowercase();
    expect_kept_out(&["s3", "apigateway", "events", "sns", name.as_str()].map(silent));
    let scans = "arn:aws:s3:::ferris-scans";
    expect_kept_out(&[
        Caller::service("S3, which does not say of whose account", "s3", scans, None),
        Caller {
            who: "S3, which says the account and not the bucket".to_owned(),
            context: vec![("aws:SourceAccount", SHOP.to_owned())],
            ..silent("s3")
        },
    ]);
}

/// Whoever names an account trusts everybody in it, today and tomorrow.
#[test]
fn nobody_else_of_the_lab_reaches_it() {
    let mut seed = Seed::at_run_time();
    let name = seed.name().to_lowercase();
    let root = Caller {
        who: "the root user of the lab".to_owned(),
        principal: format!("arn:aws:iam::{LAB}:root"),
        ..Caller::role("", LAB, "", Some(ORGANIZATION))
    };
    expect_kept_out(&[
        Caller::role("an intern of the lab", LAB, &format!("lab-{name}"), Some(ORGANIZATION)),
        Caller::role("a role of the lab whose name begins the same", LAB, "lab-orders-test", Some(ORGANIZATION)),
        Caller::role(
            "a role of the lab whose name ends the same",
            LAB,
            &format!("{name}-lab-orders"),
            Some(ORGANIZATION),
        ),
        root,
    ]);
}

/// The lab was bought by a competitor, and is no longer in our organization.
#[test]
fn the_lab_reaches_it_as_long_as_it_is_in_the_organization() {
    let mut seed = Seed::at_run_time();
    let other = format!("o-{}", seed.name().to_lowercase());
    expect_kept_out(&[
        Caller::role("the lab in another organization", LAB, "lab-orders", Some(&other)),
        Caller::role("the lab without an organization", LAB, "lab-orders", None),
        Caller::role("the lab in an organization whose id begins the same", LAB, "lab-orders", Some("o-ferris67890")),
        Caller::role("the lab in an organization whose id is longer", LAB, "lab-orders", Some("o-ferris123456")),
    ]);
}

/// Inside an account the function's policy is enough, and those of our organization are many.
#[test]
fn nobody_else_of_the_organization_reaches_it() {
    let mut seed = Seed::at_run_time();
    let (name, other) = (seed.name().to_lowercase(), stranger(&mut seed));
    let no_policy = |caller: Caller| Caller { own: None, ..caller };
    expect_kept_out(&[
        no_policy(Caller::role("a function of the shop without a permission", SHOP, &name, Some(ORGANIZATION))),
        no_policy(Caller::role("the shop's own role of the same name", SHOP, "lab-orders", Some(ORGANIZATION))),
        Caller::role("another account of the organization", &other, &name, Some(ORGANIZATION)),
        Caller::role("its role of the same name", &other, "lab-orders", Some(ORGANIZATION)),
        Caller::role("a stranger's role of the same name", &other, "lab-orders", None),
    ]);
}

/// The alias is what the deployment moves. Who calls anything else calls code that was never released, or is no longer.
#[test]
fn nobody_reaches_another_version() {
    let mut seed = Seed::at_run_time();
    let version = seed.number(1..=99);
    let others = [
        FUNCTION.to_owned(),
        format!("{FUNCTION}:{version}"),
        format!("{FUNCTION}:$LATEST"),
        format!("{FUNCTION}:next"),
        format!("{FUNCTION}:live2"),
        format!("{FUNCTION}-archive"),
        format!("{FUNCTION}-archive:live"),
        format!("arn:aws:lambda:us-east-1:{SHOP}:function:{}", seed.name().to_lowercase()),
    ];
    for mut caller in wanted(&mut seed) {
        if caller.own.is_some() {
            // Its own account may allow it what it likes.
            caller.own = Caller::role("", LAB, "", None).own;
        }
        for other in &others {
            assert!(!caller.may(INVOKE, other), "{} invokes {other}, and is to invoke receipts:live only", caller.who);
        }
    }
}

#[test]
fn nobody_does_anything_but_invoke() {
    let mut seed = Seed::at_run_time();
    let actions = [
        "AddPermission",
        "DeleteFunction",
        "GetFunction",
        "GetFunctionConfiguration",
        "GetResourcePolicy",
        "InvokeFunctionUrl",
        "PutResourcePolicy",
        "UpdateAlias",
        "UpdateFunctionCode",
        "UpdateFunctionConfiguration",
    ];
    for mut caller in wanted(&mut seed) {
        if caller.own.is_some() {
            caller.own = Caller::role("", LAB, "", None).own;
        }
        for action in actions.map(|action| format!("lambda:{action}")) {
            assert!(!caller.may(&action, &live()), "{} may {action}, and is to invoke only", caller.who);
        }
    }
}
