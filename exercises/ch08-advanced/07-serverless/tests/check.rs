//! What the shop expects of the price list's service. The file is compiled as `osls` does it, for several stages, and
//! each template becomes a stack.

use course::{Seed, judged_file};
use deployed::serverless::{Compiled, compile, satisfies};
use deployed::template::{Resource, Settings, Stack, deploy_value};
use local_aws_policy::{Policies, Policy, Request};
use serde_json::{Value, json};

const ARTIFACT: &str = "target/lambda/importer/bootstrap.zip";

/// The file for a stage; without one, for that which the file has itself.
#[track_caller]
fn compiled(stage: Option<&str>) -> Compiled {
    compile(judged_file!("serverless.yml").text(), stage)
        .unwrap_or_else(|invalid| panic!("osls does not take the file: {invalid}"))
}

/// The stack of a stage.
#[track_caller]
fn stack(seed: &mut Seed, stage: Option<&str>) -> (String, Stack) {
    let Compiled { stack: name, template, .. } = compiled(stage);
    let settings = Settings::new(&name, seed.number(1..=999_999));
    let stack = deploy_value(template, &settings)
        .unwrap_or_else(|refused| panic!("AWS does not make the stack {name}; it says\n{refused}"));
    (name, stack)
}

/// The stack of a stage that nobody has seen yet.
#[track_caller]
fn live(seed: &mut Seed) -> Stack {
    stack(seed, Some("live")).1
}

#[track_caller]
fn find<'s>(stack: &'s Stack, id: &str, kind: &str) -> &'s Resource {
    let found = stack.resource(id).unwrap_or_else(|| panic!("there is no {id}; the page names it"));
    assert!(found.kind == kind, "{id} is of the kind {}; expected is {kind}", found.kind);
    found
}

#[track_caller]
fn importer(stack: &Stack) -> &Resource {
    find(stack, "ImporterLambdaFunction", "AWS::Lambda::Function")
}

#[track_caller]
fn updates(stack: &Stack) -> &Resource {
    find(stack, "Updates", "AWS::SQS::Queue")
}

#[track_caller]
fn prices(stack: &Stack) -> &Resource {
    find(stack, "Prices", "AWS::DynamoDB::Table")
}

#[test]
fn the_shops_tool_takes_the_file() {
    let range = compiled(None).framework_version;
    let range = range.unwrap_or_else(|| panic!("the file takes any version of the tool: it has no frameworkVersion"));
    for other in [[3, 40, 0], [5, 0, 0]] {
        let [major, minor, patch] = other;
        assert!(satisfies(&range, other) == Some(false), "frameworkVersion {range} also takes {major}.{minor}.{patch}");
    }
}

#[test]
fn stages_stand_side_by_side() {
    let mut seed = Seed::at_run_time();
    let name = seed.name().to_lowercase();
    let stacks = ["live", "test", name.as_str()].map(|stage| (stage, stack(&mut seed, Some(stage))));
    for (place, (stage, (name, stack))) in stacks.iter().enumerate() {
        for (other_stage, (other_name, other)) in &stacks[..place] {
            assert!(
                name != other_name,
                "the stages {stage} and {other_stage} are one stack, {name}: deploying one turns the other into it"
            );
            for one in &stack.resources {
                let taken = other.resources.iter().any(|other| other.kind == one.kind && other.name == one.name);
                assert!(
                    !taken,
                    "the stage {other_stage} is deployed, and {stage} is rolled back: {} ({}) is to be called {}, and that \
                     name is taken",
                    one.id, one.kind, one.name
                );
            }
            let exported = stack.exports.iter().find(|name| other.exports.contains(name));
            assert!(
                exported.is_none(),
                "the stage {other_stage} is deployed, and {stage} is rolled back: Export with name {} is already exported",
                exported.map_or("", String::as_str)
            );
        }
    }
    let unnamed = compiled(None).stack;
    let (_, (live, _)) = &stacks[0];
    assert!(unnamed != *live, "osls deploy without --stage changes {live}");
}

#[test]
fn the_zip_is_what_cargo_lambda_built() {
    for stage in ["live", "test"] {
        let artifacts = compiled(Some(stage)).artifacts;
        assert!(
            artifacts.len() == 1 && artifacts[0].0 == "importer",
            "there is one function, importer; got {artifacts:?}"
        );
        let artifact = artifacts[0].1.as_deref().map(|path| path.trim_start_matches("./"));
        assert!(
            artifact == Some(ARTIFACT),
            "the zip of the importer is {}; cargo lambda has built {ARTIFACT}",
            artifact.unwrap_or("made of the whole folder, .env and sources included, without bootstrap at its top")
        );
    }
}

#[test]
fn the_importer_runs_as_it_was_built() {
    let stack = live(&mut Seed::at_run_time());
    let importer = importer(&stack);
    let architectures = importer.at("Architectures");
    assert!(architectures == &json!(["arm64"]), "the importer runs on {architectures}; without a word that is x86_64");
    let runtime = importer.text("Runtime").unwrap_or("none");
    let calendar = course::data("runtimes")["calendar"]["value"].clone();
    let deprecated = calendar[runtime]["deprecated"].as_str().unwrap_or("before there was a calendar");
    assert!(
        runtime.starts_with("provided") && deprecated > "2027-11-30",
        "the importer's runtime is {runtime}, which is deprecated since {deprecated}: take one for a program of its own \
         that is kept a year longer"
    );
    let memory = importer.number("MemorySize");
    assert!(memory == Some(256), "the importer has {memory:?} MB; the page says 256");
}

#[test]
fn no_update_is_lost() {
    let stack = live(&mut Seed::at_run_time());
    let (importer, updates) = (importer(&stack), updates(&stack));
    let timeout = importer.number("Timeout").unwrap_or(3);
    assert!(timeout == 30, "an update takes up to 20 seconds, and the importer gets {timeout}; the page says 30");
    let mut calls = stack.of_kind("AWS::Lambda::EventSourceMapping");
    let mapping = calls.find(|one| one.text("EventSourceArn") == Some(updates.arn.as_str()));
    let mapping =
        mapping.unwrap_or_else(|| panic!("nothing calls the importer for the messages of Updates, {}", updates.arn));
    assert!(mapping.at("Enabled") != false, "the mapping of Updates is switched off");
    let reserved = importer.number("ReservedConcurrentExecutions");
    assert!(reserved != Some(0), "the importer has a reservedConcurrency of 0, so each call of it is throttled");
    for kind in ["AWS::Lambda::Url", "AWS::Lambda::Permission"] {
        let other = stack.of_kind(kind).next();
        assert!(
            other.is_none(),
            "{} ({kind}) lets somebody else call the importer than the queue",
            other.map_or("", |other| other.id.as_str())
        );
    }
    let types = mapping.at("FunctionResponseTypes");
    assert!(
        types == &json!(["ReportBatchItemFailures"]),
        "the importer answers which updates failed, and the mapping listens to {types}: all of the batch are deleted"
    );
    let visibility = updates.number("VisibilityTimeout").unwrap_or(30);
    assert!(
        visibility >= 6 * timeout,
        "Updates hides a message for {visibility} seconds, less than six times {timeout}"
    );
    let dead = stack.named(updates.at("RedrivePolicy.deadLetterTargetArn"));
    let dead =
        dead.unwrap_or_else(|| panic!("Updates has no dead-letter queue: what cannot be read is gone after four days"));
    assert!(dead.id != "Updates", "Updates is its own dead-letter queue");
    let receives = updates.number("RedrivePolicy.maxReceiveCount");
    assert!(receives == Some(5), "an update is tried {receives:?} times before it is put aside; the page says 5");
    let keeps = dead.number("MessageRetentionPeriod").unwrap_or(345_600);
    assert!(
        keeps >= 13 * 86_400,
        "{} keeps an update for {} days from the day it was sent; the page says 13",
        dead.id,
        keeps / 86_400
    );
}

#[test]
fn the_importer_may_put_prices_and_no_more() {
    let mut seed = Seed::at_run_time();
    let stack = live(&mut seed);
    let role = stack
        .named(importer(&stack).at("Role"))
        .unwrap_or_else(|| panic!("the importer's role is none of this stack's"));
    let managed = role.at("ManagedPolicyArns");
    assert!(managed.is_null(), "the importer's role has {managed}, which is for more than one table");
    let mut policies = Policies::new();
    for (name, document) in stack.policies_of(role) {
        let document = Policy::identity(document);
        policies = policies.with_identity(document.unwrap_or_else(|error| panic!("{name} is no policy: {error}")));
    }
    let allowed = |action: &str, on: &str| policies.decide(&Request::new(action, on)).is_allowed();
    let (table, queue) = (&prices(&stack).arn, &updates(&stack).arn);
    assert!(allowed("dynamodb:PutItem", table), "the importer may not dynamodb:PutItem on {table}: AccessDenied");
    assert!(allowed("sqs:ReceiveMessage", queue), "Lambda may not receive from {queue} with the importer's role");
    let other = format!("arn:aws:dynamodb:us-east-1:123456789012:table/{}", seed.name().to_lowercase());
    let tests = &prices(&self::stack(&mut seed, Some("test")).1).arn.clone();
    let beside = &table.replace("Prices", "Invoices");
    let more = [
        "DeleteTable",
        "Scan",
        "GetItem",
        "BatchGetItem",
        "Query",
        "DeleteItem",
        "PartiQLSelect",
        "PartiQLDelete",
        "UpdateTable",
        "PutResourcePolicy",
    ];
    let mut others = more.map(|call| (format!("dynamodb:{call}"), table.as_str())).to_vec();
    for another in [&other, tests, beside].into_iter().filter(|another| *another != table) {
        others.push(("dynamodb:PutItem".to_owned(), another));
    }
    others.extend([("sqs:SendMessage".to_owned(), queue.as_str()), ("sqs:PurgeQueue".to_owned(), queue)]);
    others.extend([("s3:GetObject".to_owned(), "arn:aws:s3:::photos/7.jpg"), ("iam:PassRole".to_owned(), "*")]);
    for (action, on) in &others {
        assert!(!allowed(action, on), "the importer may {action} on {on}, which it has no need of");
    }
    for action in stack.actions_of(role) {
        let (service, call) = action.split_once(':').unwrap_or((action, ""));
        let is_needed = match service.to_ascii_lowercase().as_str() {
            "dynamodb" | "sqs" => true,
            "logs" => ["CreateLogGroup", "CreateLogStream", "PutLogEvents", "TagResource"].contains(&call),
            "xray" => call.starts_with("Put"),
            _ => false,
        };
        assert!(is_needed, "a policy of the importer allows {action}, and it uses no other service than its table");
    }
}

#[test]
fn prices_outlive_the_stack() {
    let mut seed = Seed::at_run_time();
    for stage in ["live", "test"] {
        let (_, stack) = stack(&mut seed, Some(stage));
        let table = prices(&stack);
        let known = importer(&stack).text("Environment.Variables.PRICES");
        assert!(
            known == Some(&table.name),
            "{stage}: the variable PRICES is {known:?}, and the table Prices is {}",
            table.name
        );
        let mode = table.at("BillingMode");
        assert!(mode == "PAY_PER_REQUEST", "Prices is paid for by {mode}; the page wants it on demand");
        let keys = table.at("KeySchema");
        assert!(
            keys == &json!([{ "AttributeName": "sku", "KeyType": "HASH" }]),
            "the key of Prices is {keys}; it was sku"
        );
    }
    let stack = live(&mut seed);
    let table = prices(&stack);
    let keeps = |policy: &Option<String>| matches!(policy.as_deref(), Some("Retain" | "RetainExceptOnCreate"));
    assert!(keeps(&table.deletion_policy), "osls remove --stage live deletes the prices");
    assert!(keeps(&table.update_replace_policy), "a change that needs a new table deletes the old one with its prices");
}

#[test]
fn logs_are_deleted_after_thirty_days() {
    let stack = live(&mut Seed::at_run_time());
    let group = Value::from(format!("/aws/lambda/{}", importer(&stack).name));
    let group = stack.named(&group).unwrap_or_else(|| panic!("the stack has no log group {group} for the importer"));
    let days = group.number("RetentionInDays");
    assert!(days == Some(30), "{} is kept for {days:?} days, and the page says 30; none means for ever", group.id);
}
