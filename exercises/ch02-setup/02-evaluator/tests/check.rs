//! What the shop expects of its policy evaluator.

use course::Seed;
use local_lambda::{Function, Outcome, binary};
use serde_json::{Value, json};

const SHOP: &str = "111122223333";
const LAB: &str = "444455556666";
const ROLE: &str = "arn:aws:iam::111122223333:role/thumbnailer";
const PHOTO: &str = "arn:aws:s3:::ferris-photos/7.jpg";
const FUNCTION: &str = "arn:aws:lambda:us-east-1:111122223333:function:printer";

/// A role of the shop wants to read a photo of the shop.
fn read() -> Value {
    json!({ "principal": ROLE, "action": "s3:GetObject", "resource": PHOTO, "owner": SHOP })
}

/// The value with some of its fields changed.
fn with(mut value: Value, changes: Value) -> Value {
    let (Some(fields), Value::Object(changes)) = (value.as_object_mut(), changes) else { panic!("both are objects") };
    fields.extend(changes);
    value
}

fn statement(effect: &str, action: impl Into<Value>, resource: &str) -> Value {
    json!({ "Effect": effect, "Action": action.into(), "Resource": resource })
}

fn allow(action: impl Into<Value>, resource: &str) -> Value {
    statement("Allow", action, resource)
}

/// A statement of a resource's policy.
fn to(principal: Value, statement: Value) -> Value {
    with(statement, json!({ "Principal": principal }))
}

fn policy(statements: impl Into<Value>) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements.into() })
}

#[track_caller]
fn expect(decision: &str, story: impl Into<String>, event: Value) {
    let outcome: Outcome = Function::start(binary!()).story(story).invoke(event);
    outcome.expect_json(json!({ "decision": decision }));
}

/// What one statement of the role's policy decides.
#[track_caller]
fn expect_alone(decision: &str, story: impl Into<String>, request: Value, statement: Value) {
    expect(decision, story, json!({ "request": request, "identity": [policy(statement)] }));
}

#[test]
fn denies_what_nobody_allows() {
    let mut seed = Seed::at_run_time();
    expect("implicit deny", "a role without policies", json!({ "request": read(), "identity": [] }));
    let photo = format!("arn:aws:s3:::ferris-{}/7.jpg", seed.name().to_lowercase());
    expect_alone("implicit deny", "a policy about another bucket", read(), allow("s3:GetObject", &photo));
    expect_alone(
        "allow",
        "the bucket that it is about",
        with(read(), json!({ "resource": &photo })),
        allow("s3:GetObject", &photo),
    );
    let several = with(allow("s3:GetObject", PHOTO), json!({ "Resource": [&photo, PHOTO] }));
    expect_alone("allow", "a policy about two buckets", read(), several);
    expect_alone("implicit deny", "a policy about another action", read(), allow("s3:GetObjectVersion", PHOTO));
    expect_alone("implicit deny", "a part of the action's name", read(), allow("s3:Get", PHOTO));
}

#[test]
fn reads_stars_and_question_marks() {
    let mut seed = Seed::at_run_time();
    let name = seed.name();
    let request = |action: &str| with(read(), json!({ "action": action, "resource": format!("{PHOTO}{name}") }));
    for (action, resource, decision) in [
        ("s3:*", "arn:aws:s3:::ferris-photos/*", "allow"),
        ("*", "*", "allow"),
        ("s3:Get?bject", "arn:aws:s3:::ferris-photos/?.jpg*", "allow"),
        ("s3:Get?object", "arn:aws:s3:::ferris-photos/*", "implicit deny"),
        ("s3:*", "arn:aws:s3:::ferris-photos", "implicit deny"),
        ("s3:*Bucket", "arn:aws:s3:::*", "implicit deny"),
    ] {
        let story = format!("{action} on {resource}");
        expect_alone(decision, story, request("s3:GetObject"), allow(action, resource));
    }
}

#[test]
fn compares_actions_in_any_case_and_resources_exactly() {
    let name = Seed::at_run_time().name();
    let request =
        with(read(), json!({ "action": format!("s3:Get{name}"), "resource": format!("arn:aws:s3:::ferris/{name}") }));
    let other = name.to_uppercase();
    let resource = format!("arn:aws:s3:::ferris/{name}");
    expect_alone("allow", "capitals in the action", request.clone(), allow(format!("S3:GET{other}"), &resource));
    let resource = format!("arn:aws:s3:::ferris/{other}");
    expect_alone("implicit deny", "capitals in the resource", request, allow("s3:*", &resource));
}

#[test]
fn an_explicit_deny_beats_every_allow() {
    let mut seed = Seed::at_run_time();
    let everything = allow("*", "*");
    let denied = statement("Deny", format!("s3:{}*", seed.pick(&["G", "Get", "GetO"])), "*");
    let mut statements = vec![everything.clone(), denied.clone()];
    if seed.number(0..=1) == 1 {
        statements.reverse();
    }
    expect("explicit deny", "in one policy", json!({ "request": read(), "identity": [policy(statements)] }));
    let by_bucket = policy(to(json!("*"), denied.clone()));
    expect(
        "explicit deny",
        "in the policy of the bucket",
        json!({ "request": read(), "identity": [policy(everything.clone())], "resource": by_bucket }),
    );
    let bucket = policy(to(json!("*"), everything.clone()));
    let identity = json!([policy(everything.clone()), policy(denied)]);
    expect(
        "explicit deny",
        "in another policy of the role, while the bucket allows it",
        json!({ "request": read(), "identity": identity, "resource": bucket }),
    );
    expect_alone(
        "allow",
        "a deny about something else",
        read(),
        json!([everything, statement("Deny", "s3:Put*", "*")]),
    );
}

#[test]
fn one_allow_is_enough_inside_an_account() {
    let mut seed = Seed::at_run_time();
    let principal = seed.pick(&[json!("*"), json!({ "AWS": ROLE }), json!({ "AWS": SHOP })]).clone();
    let bucket = policy(to(principal, allow("s3:GetObject", PHOTO)));
    expect("allow", "only the bucket allows it", json!({ "request": read(), "identity": [], "resource": bucket }));
    let other = format!("arn:aws:iam::{SHOP}:role/{}", seed.name());
    let bucket = policy(to(json!({ "AWS": other }), allow("s3:GetObject", PHOTO)));
    expect(
        "implicit deny",
        "the bucket allows it to another role",
        json!({ "request": read(), "identity": [], "resource": &bucket }),
    );
    let identity = json!([policy(allow("s3:GetObject", PHOTO))]);
    expect("allow", "only the role allows it", json!({ "request": read(), "identity": identity, "resource": bucket }));
}

#[test]
fn both_have_to_allow_it_between_accounts() {
    let mut seed = Seed::at_run_time();
    let owner = format!("{}", seed.number(500_000_000_000..=900_000_000_000));
    let request = with(read(), json!({ "owner": owner }));
    let identity = json!([policy(allow("s3:*", "*"))]);
    let bucket = policy(to(json!({ "AWS": format!("arn:aws:iam::{SHOP}:root") }), allow("s3:GetObject", PHOTO)));
    let stranger = policy(to(json!({ "AWS": LAB }), allow("s3:GetObject", PHOTO)));
    for (story, decision, identity, resource) in [
        ("only the role", "implicit deny", &identity, &Value::Null),
        ("only the bucket", "implicit deny", &json!([]), &bucket),
        ("both", "allow", &identity, &bucket),
        ("the role, and the bucket for a third account", "implicit deny", &identity, &stranger),
    ] {
        let event = json!({ "request": &request, "identity": identity, "resource": resource });
        expect(decision, format!("another account's bucket, and {story} allows it"), event);
    }
}

#[test]
fn a_service_is_allowed_by_the_resource_alone() {
    let account = format!("{}", Seed::at_run_time().number(100_000_000_000..=900_000_000_000));
    let request = |service: &str, source: &str| {
        json!({
            "principal": service, "action": "lambda:InvokeFunction", "resource": FUNCTION, "owner": SHOP,
            "context": { "aws:sourceaccount": source },
        })
    };
    let mut permission = to(json!({ "Service": "s3.amazonaws.com" }), allow("lambda:InvokeFunction", FUNCTION));
    permission["Condition"] = json!({ "StringEquals": { "AWS:SourceAccount": account } });
    for (service, source, decision) in [
        ("s3.amazonaws.com", account.as_str(), "allow"),
        ("s3.amazonaws.com", LAB, "implicit deny"),
        ("sns.amazonaws.com", account.as_str(), "implicit deny"),
    ] {
        let event = json!({ "request": request(service, source), "resource": policy(permission.clone()) });
        expect(decision, format!("{service} calls, for account {source}"), event);
    }
    let identity = json!([policy(allow("*", "*"))]);
    let event = json!({ "request": request("s3.amazonaws.com", LAB), "identity": identity });
    expect("implicit deny", "the function has no policy, and its role's does not speak for S3", event);
}

#[test]
fn the_organization_sets_a_limit_and_grants_nothing() {
    let mut seed = Seed::at_run_time();
    let read_only = policy(allow(json!(["s3:Get*", format!("sqs:{}", seed.name())]), "*"));
    let identity = json!([policy(allow("s3:*", "*"))]);
    let ask = |request: Value, identity: &Value| json!({ "request": request, "identity": identity, "organization": [&read_only] });
    expect("allow", "inside the limit", ask(read(), &identity));
    expect("implicit deny", "inside the limit, and the role does not allow it", ask(read(), &json!([])));
    let write = with(read(), json!({ "action": format!("s3:Put{}", seed.name()) }));
    expect("implicit deny", "outside the limit", ask(write, &identity));
    let guard = policy(json!([allow("*", "*"), statement("Deny", "s3:*", "*")]));
    let event = json!({ "request": read(), "identity": identity, "organization": [guard] });
    expect("explicit deny", "the organization denies it", event);
}

#[test]
fn not_action_is_about_everything_else() {
    let mut seed = Seed::at_run_time();
    let named = format!("s3:Get{}", seed.name());
    let request = |action: &str| with(read(), json!({ "action": action }));
    let mut all_but = json!({ "Effect": "Allow", "NotAction": [&named, "iam:*"], "Resource": "*" });
    expect_alone("implicit deny", "the action that NotAction names", request(&named), all_but.clone());
    expect_alone("allow", "an action that NotAction does not name", request("s3:GetObject"), all_but.clone());
    let identity = json!([policy(json!([&all_but, allow(named.as_str(), "*")]))]);
    let event = json!({ "request": request(&named), "identity": identity });
    expect("allow", "what NotAction leaves out may be allowed elsewhere: it is no denial", event);
    all_but["Effect"] = json!("Deny");
    let identity = json!([policy(json!([all_but, allow("*", "*")]))]);
    expect("explicit deny", "a deny of all but a few", json!({ "request": read(), "identity": &identity }));
    expect("allow", "one of the few", json!({ "request": request(&named), "identity": identity }));
}

#[test]
fn all_conditions_have_to_hold() {
    let mut seed = Seed::at_run_time();
    let source = format!("arn:aws:lambda:us-east-1:{SHOP}:function:{}", seed.name());
    let conditional = |condition: Value| with(allow("s3:*", "*"), json!({ "Condition": condition }));
    let request = |context: Value| with(read(), json!({ "context": context }));
    let context = json!({
        "aws:sourceaccount": SHOP, "aws:securetransport": "true", "lambda:sourcefunctionarn": &source,
    });
    let pattern = format!("arn:aws:lambda:*:{SHOP}:function:*");
    for (decision, condition) in [
        ("allow", json!({ "StringEquals": { "aws:SourceAccount": [LAB, SHOP] } })),
        ("implicit deny", json!({ "StringEquals": { "aws:SourceAccount": LAB } })),
        ("implicit deny", json!({ "StringEquals": { "aws:SourceAccount": "1111*" } })),
        ("allow", json!({ "ArnLike": { "lambda:SourceFunctionArn": &pattern } })),
        ("implicit deny", json!({ "ArnLike": { "lambda:SourceFunctionArn": format!("{pattern}x") } })),
        ("allow", json!({ "Bool": { "aws:SecureTransport": "true" } })),
        ("implicit deny", json!({ "Bool": { "aws:SecureTransport": "false" } })),
        ("allow", json!({ "Bool": { "aws:SecureTransport": "true" }, "StringEquals": { "aws:SourceAccount": SHOP } })),
        (
            "implicit deny",
            json!({ "Bool": { "aws:SecureTransport": "true" }, "StringEquals": { "aws:SourceAccount": LAB } }),
        ),
        (
            "implicit deny",
            json!({ "StringEquals": { "aws:SourceAccount": SHOP, "lambda:SourceFunctionArn": "another" } }),
        ),
        ("implicit deny", json!({ "StringNotEquals": { "aws:SourceAccount": [LAB, SHOP] } })),
        ("allow", json!({ "StringNotEquals": { "aws:SourceAccount": LAB } })),
    ] {
        expect_alone(decision, condition.to_string(), request(context.clone()), conditional(condition));
    }
}

#[test]
fn a_key_that_the_request_does_not_have_equals_nothing() {
    let key = format!("aws:PrincipalTag/{}", Seed::at_run_time().name());
    for (decision, operator, value) in [
        ("implicit deny", "StringEquals", "shop"),
        ("allow", "StringNotEquals", "shop"),
        ("implicit deny", "ArnLike", "*"),
        ("implicit deny", "Bool", "false"),
    ] {
        let statement = with(allow("s3:*", "*"), json!({ "Condition": { operator: { &key: value } } }));
        expect_alone(decision, format!("{operator} {value}, and the request has no {key}"), read(), statement);
    }
}

#[test]
fn whoever_makes_a_function_has_to_be_allowed_to_pass_its_role() {
    let mut seed = Seed::at_run_time();
    let role = format!("arn:aws:iam::{SHOP}:role/shop/{}", seed.name());
    let create = json!({
        "principal": format!("arn:aws:iam::{SHOP}:role/deployer"), "action": "lambda:CreateFunction",
        "resource": FUNCTION, "owner": SHOP, "passes": &role,
    });
    let lambda = allow("lambda:*", FUNCTION);
    let to_lambda = json!({ "StringEquals": { "iam:PassedToService": "lambda.amazonaws.com" } });
    let to_ec2 = json!({ "StringEquals": { "iam:PassedToService": "ec2.amazonaws.com" } });
    let pass = |resource: &str| allow("iam:PassRole", resource);
    for (story, decision, statements) in [
        ("lambda:* alone", "implicit deny", json!([&lambda])),
        ("the role as well", "allow", json!([&lambda, pass(&role)])),
        ("another role", "implicit deny", json!([&lambda, pass(&format!("{role}2"))])),
        ("to Lambda only", "allow", json!([&lambda, with(pass(&role), json!({ "Condition": to_lambda }))])),
        ("to EC2 only", "implicit deny", json!([&lambda, with(pass(&role), json!({ "Condition": to_ec2 }))])),
        ("the role alone", "implicit deny", json!([pass(&role)])),
        ("a denied role", "explicit deny", json!([&lambda, pass("*"), statement("Deny", "iam:*", &role)])),
    ] {
        expect_alone(decision, format!("CreateFunction with {story}"), create.clone(), statements);
    }
    let open = policy(to(json!("*"), allow("*", "*")));
    let event = json!({ "request": &create, "identity": [policy(lambda)], "resource": open });
    expect("implicit deny", "the policy of the function does not speak for the role", event);
}
