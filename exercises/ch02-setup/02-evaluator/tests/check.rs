//! What the shop expects of its policy evaluator.

use course::{Seed, fixture_json};
use local_aws_policy::{Policies, Policy, Request};
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
fn allows_what_a_statement_without_a_condition_allows() {
    let photo = format!("arn:aws:s3:::ferris-{}/7.jpg", Seed::at_run_time().name().to_lowercase());
    expect_alone(
        "allow",
        "a policy about this very bucket",
        with(read(), json!({ "resource": &photo })),
        allow("s3:GetObject", &photo),
    );
    let several = with(allow("s3:GetObject", PHOTO), json!({ "Resource": [&photo, PHOTO] }));
    expect_alone("allow", "a policy about two buckets", read(), several);
}

#[test]
fn denies_what_nobody_allows() {
    let photo = format!("arn:aws:s3:::ferris-{}/7.jpg", Seed::at_run_time().name().to_lowercase());
    expect("implicit deny", "a role without policies", json!({ "request": read(), "identity": [] }));
    expect_alone("implicit deny", "a policy about another bucket", read(), allow("s3:GetObject", &photo));
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
    expect(
        "explicit deny",
        "an Allow and a Deny in one policy",
        json!({ "request": read(), "identity": [policy(statements)] }),
    );
    let by_bucket = policy(to(json!("*"), denied.clone()));
    expect(
        "explicit deny",
        "an Allow in the role's policy, a Deny in that of the bucket",
        json!({ "request": read(), "identity": [policy(everything.clone())], "resource": by_bucket }),
    );
    let bucket = policy(to(json!("*"), everything.clone()));
    let identity = json!([policy(everything.clone()), policy(denied)]);
    expect(
        "explicit deny",
        "a Deny in the second policy of the role, while its first and the bucket's allow it",
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
    let call = request("s3.amazonaws.com", &account);
    let event = json!({ "request": &call, "identity": [policy(allow("*", "*"))] });
    expect("implicit deny", "the function has no policy, and that of a role does not speak for S3", event);
    let limit = policy(json!([allow("s3:*", "*"), statement("Deny", "lambda:*", "*")]));
    let event = json!({
        "request": &call, "identity": [policy(statement("Deny", "*", "*"))], "resource": policy(permission),
        "organization": [limit],
    });
    expect("allow", "a role and an organization deny it, and neither is asked about S3", event);
}

#[test]
fn a_statement_without_resource_is_about_all_of_them() {
    let role = format!("arn:aws:iam::{SHOP}:role/{}", Seed::at_run_time().name());
    let assume =
        |service: &str| json!({ "principal": service, "action": "sts:AssumeRole", "resource": role, "owner": SHOP });
    for (service, decision) in [("lambda.amazonaws.com", "allow"), ("ec2.amazonaws.com", "implicit deny")] {
        let event = json!({ "request": assume(service), "resource": fixture_json("deploy/thumbnailer/trust") });
        expect(decision, format!("the trust policy of the thumbnailer, and {service} wants to put the role on"), event);
    }
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
    let event =
        json!({ "request": read(), "identity": identity, "organization": [policy(allow("sqs:*", "*")), &read_only] });
    expect("allow", "the second policy of the organization allows it, and one is enough", event);
    let bucket = policy(to(json!({ "AWS": ROLE }), allow("s3:*", "*")));
    let sqs_only = policy(allow("sqs:*", "*"));
    let event = json!({ "request": read(), "identity": [], "resource": bucket, "organization": [&sqs_only] });
    expect("implicit deny", "the bucket allows it, outside the organization's limit", event);
    let event =
        json!({ "request": read(), "identity": [policy(statement("Deny", "s3:*", "*"))], "organization": [sqs_only] });
    expect("explicit deny", "outside the organization's limit, and the role's own policy denies it", event);
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
    let shouted = source.to_uppercase();
    for (decision, condition) in [
        ("allow", json!({ "StringEquals": { "aws:SourceAccount": [LAB, SHOP] } })),
        ("implicit deny", json!({ "StringEquals": { "aws:SourceAccount": LAB } })),
        ("implicit deny", json!({ "StringEquals": { "aws:SourceAccount": "1111*" } })),
        ("allow", json!({ "ArnLike": { "lambda:SourceFunctionArn": &pattern } })),
        ("implicit deny", json!({ "ArnLike": { "lambda:SourceFunctionArn": format!("{pattern}x") } })),
        ("implicit deny", json!({ "StringEquals": { "lambda:SourceFunctionArn": &shouted } })),
        ("allow", json!({ "StringNotEquals": { "lambda:SourceFunctionArn": &shouted } })),
        ("implicit deny", json!({ "ArnLike": { "lambda:SourceFunctionArn": &shouted } })),
        ("allow", json!({ "Bool": { "aws:SecureTransport": "true" } })),
        ("allow", json!({ "Bool": { "aws:SecureTransport": "True" } })),
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
    let event = json!({ "request": &create, "identity": [policy(lambda.clone())], "resource": open });
    expect("implicit deny", "the policy of the function does not speak for the role", event);
    let identity = json!([policy(lambda.clone()), policy(pass(&role))]);
    let event = json!({ "request": &create, "identity": identity, "organization": [policy(allow("lambda:*", "*"))] });
    expect("implicit deny", "the organization's limit allows lambda:* alone, and passing a role is outside it", event);
    let denied = json!([policy(json!([&lambda, pass("*")])), policy(statement("Deny", "iam:PassRole", "*"))]);
    let event = json!({ "request": &create, "identity": denied });
    expect("explicit deny", "the second policy of the deployer denies passing any role", event);
}

#[test]
fn passing_a_role_is_a_request_of_its_own() {
    let name = Seed::at_run_time().name();
    let (ours, theirs) = (format!("arn:aws:iam::{SHOP}:role/{name}"), format!("arn:aws:iam::{LAB}:role/{name}"));
    let request = |action: &str, passes: &str| {
        json!({
            "principal": format!("arn:aws:iam::{SHOP}:role/deployer"), "action": action, "resource": FUNCTION,
            "owner": SHOP, "passes": passes, "context": { "aws:sourceaccount": SHOP },
        })
    };
    let both = json!([allow("lambda:*", FUNCTION), allow("iam:PassRole", "*")]);
    let update = "lambda:UpdateFunctionConfiguration";
    expect_alone("allow", "another action that passes a role", request(update, &ours), both.clone());
    let lambda = json!([allow("lambda:*", FUNCTION)]);
    expect_alone("implicit deny", "another action that passes a role, lambda:* alone", request(update, &ours), lambda);
    expect_alone(
        "implicit deny",
        "the role belongs to another account, which would have to allow it as well",
        request("lambda:CreateFunction", &theirs),
        both,
    );
    let when = json!({ "StringEquals": { "aws:SourceAccount": SHOP } });
    let pass = with(allow("iam:PassRole", "*"), json!({ "Condition": when }));
    let story = "iam:PassRole on a condition that only the context of the first request would meet";
    expect_alone("implicit deny", story, request(update, &ours), json!([allow("lambda:*", FUNCTION), pass]));
}

const PRINCIPALS: [&str; 4] =
    [ROLE, "arn:aws:iam::111122223333:role/clerk", "arn:aws:iam::444455556666:role/press", S3];
const S3: &str = "s3.amazonaws.com";
const RESOURCES: [&str; 4] =
    [PHOTO, "arn:aws:s3:::ferris-photos/originals/7.jpg", "arn:aws:s3:::Ferris-photos/7.jpg", FUNCTION];

/// A statement of which most things fit sometimes.
fn drawn_statement(seed: &mut Seed, of_resource: bool) -> Value {
    const ACTIONS: [&str; 7] =
        ["*", "s3:*", "S3:getobject", "s3:GetObject?ersion", "s3:GetObject", "lambda:Invoke*", "s3:PutObject"];
    let resources = ["*", "arn:aws:s3:::ferris-photos/*", "arn:aws:s3:::?erris-photos/7.jpg", RESOURCES[1], FUNCTION];
    let effect = *seed.pick(&["Allow", "Allow", "Deny"]);
    let actions = match seed.number(1..=2) {
        1 => json!(seed.pick(&ACTIONS)),
        _ => json!([seed.pick(&ACTIONS), seed.pick(&ACTIONS)]),
    };
    let mut drawn = json!({ "Effect": effect, "Resource": seed.pick(&resources) });
    drawn[*seed.pick(&["Action", "Action", "Action", "NotAction"])] = actions;
    if of_resource {
        let principals = [
            json!("*"),
            json!({ "AWS": ROLE }),
            json!({ "AWS": [LAB, PRINCIPALS[1]] }),
            json!({ "AWS": format!("arn:aws:iam::{SHOP}:root") }),
            json!({ "Service": S3 }),
        ];
        drawn["Principal"] = seed.pick(&principals).clone();
    }
    if seed.number(1..=3) == 1 {
        let conditions = [
            json!({ "StringEquals": { "aws:SourceAccount": [SHOP, "777788889999"] } }),
            json!({ "StringNotEquals": { "aws:SourceAccount": LAB } }),
            json!({ "ArnLike": { "aws:SourceArn": "arn:aws:s3:::ferris-*" } }),
            json!({ "Bool": { "aws:SecureTransport": "true" } }),
        ];
        drawn["Condition"] = seed.pick(&conditions).clone();
    }
    drawn
}

fn drawn_policy(seed: &mut Seed, of_resource: bool, most: u64) -> Value {
    let statements = seed.number(1..=most);
    policy((0..statements).map(|_| drawn_statement(seed, of_resource)).collect::<Vec<_>>())
}

/// A request and policies without an organization. Statements are at most so many a policy.
fn drawn_question(seed: &mut Seed, most: u64) -> Value {
    let actions = ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "lambda:InvokeFunction"];
    let mut context = json!({});
    for (key, values) in [
        ("aws:sourceaccount", [SHOP, LAB]),
        ("aws:sourcearn", ["arn:aws:s3:::ferris-photos", "arn:aws:s3:::other"]),
        ("aws:securetransport", ["true", "false"]),
    ] {
        if seed.number(1..=2) == 1 {
            context[key] = json!(seed.pick(&values));
        }
    }
    let identity: Vec<Value> = (0..seed.number(0..=2)).map(|_| drawn_policy(seed, false, most)).collect();
    let resource = (seed.number(1..=2) == 1).then(|| drawn_policy(seed, true, most));
    json!({
        "request": {
            "principal": seed.pick(&PRINCIPALS), "action": seed.pick(&actions), "resource": seed.pick(&RESOURCES),
            "owner": seed.pick(&[SHOP, LAB]), "context": context,
        },
        "identity": identity, "resource": resource,
    })
}

/// What the course's own evaluator decides, the one by which `local-aws` judges the calls of your functions.
fn local_aws_decides(question: &Value) -> &'static str {
    let text = |name: &str| question["request"][name].as_str().expect("a text");
    let mut request = Request::new(text("action"), text("resource")).by(text("principal")).owned_by(text("owner"));
    for (key, value) in question["request"]["context"].as_object().expect("a context") {
        request = request.with(key, value.as_str().expect("a text"));
    }
    let mut policies = Policies::new();
    let identity = question["identity"].as_array().expect("policies");
    // No role's policy is asked about a service.
    for document in identity.iter().filter(|_| text("principal") != S3) {
        policies = policies.with_identity(Policy::identity(document).expect("a policy of a role"));
    }
    if question["resource"].is_object() {
        policies = policies.with_resource(Policy::resource(&question["resource"]).expect("a policy of a resource"));
    }
    match policies.decide(&request) {
        local_aws_policy::Decision::Allowed => "allow",
        local_aws_policy::Decision::Denied { .. } => "explicit deny",
        local_aws_policy::Decision::NotAllowed { .. } => "implicit deny",
    }
}

#[test]
fn decides_any_question_as_local_aws_does() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for number in 0..400 {
        // The short questions come first: a failure should be easy to read.
        let question = drawn_question(&mut seed, 1 + number / 200);
        let expected = local_aws_decides(&question);
        let outcome = function.story("a question drawn by lot").invoke(question);
        outcome.expect_json(json!({ "decision": expected }));
    }
}
