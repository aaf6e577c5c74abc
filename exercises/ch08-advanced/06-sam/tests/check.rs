//! What the shop expects of the print room's template. It is deployed on the local service: queues with visibility,
//! receive counts and retention, a mapping, and the printer, with the settings that the template gives them.

use std::time::Duration;

use course::{Seed, judged_file};
use deployed::template::{Resource, Settings, Stack, deploy};
use local_aws_policy::{Policies, Policy, Request};
use local_lambda::{Function, binary};
use local_lambda_sources::sqs::Queue;
use local_lambda_sources::{LambdaFunction, Target, World};
use serde_json::{Value, json};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The stack of the template, under a name that is another one each time.
#[track_caller]
fn stack(seed: &mut Seed, stage: &str) -> Stack {
    let settings = Settings::new(&format!("{stage}-{}", seed.name().to_lowercase()), seed.number(1..=999_999));
    deploy(judged_file!("template.yaml").text(), &settings)
        .unwrap_or_else(|refused| panic!("AWS does not make this stack; it says\n{refused}"))
}

#[track_caller]
fn find<'s>(stack: &'s Stack, id: &str, kind: &str) -> &'s Resource {
    let found = stack.resource(id).unwrap_or_else(|| panic!("the template has no resource {id}; the page names it"));
    assert!(found.kind == kind, "{id} is of the kind {}; expected is {kind}", found.kind);
    found
}

fn printer(stack: &Stack) -> &Resource {
    find(stack, "Printer", "AWS::Lambda::Function")
}

/// The only mapping that calls the printer for the jobs.
#[track_caller]
fn mapping(stack: &Stack) -> &Resource {
    let jobs = find(stack, "Jobs", "AWS::SQS::Queue");
    let printer = printer(stack);
    // By its name, its ARN, or that of a version or an alias.
    let names = |value: &Value| {
        value
            .as_str()
            .is_some_and(|text| text == printer.name || format!("{text}:").starts_with(&format!("{}:", printer.arn)))
    };
    for one in &stack.resources {
        let calls = match one.kind.as_str() {
            "AWS::Lambda::Permission" => names(one.at("FunctionName")),
            "AWS::Lambda::Url" => names(one.at("TargetFunctionArn")),
            _ => false,
        };
        assert!(
            !calls,
            "{} ({}) lets {} call the printer, and it is called for Jobs and for nothing else",
            one.id,
            one.kind,
            one.text("Principal").unwrap_or("whoever knows the address")
        );
    }
    let reserved = printer.number("ReservedConcurrentExecutions");
    assert!(reserved != Some(0), "the printer has ReservedConcurrentExecutions 0, so each call of it is throttled");
    let of_printer = |one: &&Resource| names(one.at("FunctionName"));
    let mut all = stack.of_kind("AWS::Lambda::EventSourceMapping").filter(of_printer);
    match (all.next(), all.next()) {
        (Some(mapping), None) => {
            assert!(
                mapping.text("EventSourceArn") == Some(&jobs.arn),
                "the printer is called for the messages of {}, and not of Jobs, which is {}",
                mapping.at("EventSourceArn"),
                jobs.arn
            );
            mapping
        }
        (None, _) => panic!("nothing calls the printer: it has no event of the type SQS"),
        _ => panic!("the printer has two events; it is called for Jobs and for nothing else"),
    }
}

/// The stack as it runs, on a virtual clock.
struct PrintRoom {
    world: World,
    jobs: Queue,
    dead: Queue,
    printer: LambdaFunction,
}

impl PrintRoom {
    #[track_caller]
    fn open(stack: &Stack) -> PrintRoom {
        let world = World::builder().at("2026-11-30T09:00:00Z").build();
        let (jobs, printer, mapping) = (find(stack, "Jobs", "AWS::SQS::Queue"), printer(stack), mapping(stack));
        assert!(jobs.at("FifoQueue") != true, "Jobs is a standard queue");
        let dead = stack.named(jobs.at("RedrivePolicy.deadLetterTargetArn"));
        let dead =
            dead.unwrap_or_else(|| panic!("Jobs has no dead-letter queue: a broken job comes back for four days"));
        assert!(dead.id != "Jobs", "Jobs is its own dead-letter queue: a broken job would never leave it");
        let receives = jobs.number("RedrivePolicy.maxReceiveCount").and_then(|n| u32::try_from(n).ok()).unwrap_or(1);
        let dead = queue(&world, dead).create();
        let jobs = queue(&world, jobs).redrive(&dead, receives).create();

        let mut function = Function::builder(binary!()).timeout(seconds(printer, "Timeout", 3));
        for (name, value) in printer.at("Environment.Variables").as_object().into_iter().flatten() {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            function = function.env(name, value);
        }
        let printer = world.function(Target::from(function.start())).takes(Duration::from_secs(50)).create();
        let mut builder =
            world.map(&jobs, &printer).batching_window(seconds(mapping, "MaximumBatchingWindowInSeconds", 0));
        if let Some(size) = mapping.number("BatchSize").and_then(|size| usize::try_from(size).ok()) {
            builder = builder.batch_size(size);
        }
        if let Some(most) =
            mapping.number("ScalingConfig.MaximumConcurrency").and_then(|most| usize::try_from(most).ok())
        {
            builder = builder.maximum_concurrency(most);
        }
        if mapping.at("FunctionResponseTypes").as_array().is_some_and(|types| !types.is_empty()) {
            builder = builder.report_batch_item_failures();
        }
        for filter in mapping.at("FilterCriteria.Filters").as_array().into_iter().flatten() {
            builder = builder.filter(filter["Pattern"].as_str().unwrap_or_default());
        }
        let made = builder.create();
        made.set_enabled(mapping.at("Enabled") != false);
        PrintRoom { world, jobs, dead, printer }
    }

    /// What the printer printed, in order of names.
    fn printed(&self) -> Vec<String> {
        let lines = self.log();
        let job = |line: &String| line.strip_prefix("printed ")?.split(' ').next().map(str::to_owned);
        let mut printed: Vec<String> = lines.iter().filter_map(job).collect();
        printed.sort();
        printed
    }

    fn log(&self) -> Vec<String> {
        let answers = self.world.answers();
        let runs = answers.iter().filter_map(|answer| answer.outcome.as_ref());
        runs.flat_map(|run| run.function_log().map(str::to_owned)).collect()
    }

    fn happened(&self) -> String {
        format!(
            "what happened\n{}\nthe log of {}\n  {}",
            self.world.trace(),
            self.printer.name(),
            self.log().join("\n  ")
        )
    }
}

/// A queue with the settings of the template.
fn queue(world: &World, queue: &Resource) -> local_lambda_sources::sqs::QueueBuilder {
    world
        .queue(&queue.name)
        .visibility_timeout(seconds(queue, "VisibilityTimeout", 30))
        .retention(seconds(queue, "MessageRetentionPeriod", 4 * 24 * 60 * 60))
        .delay(seconds(queue, "DelaySeconds", 0))
}

fn seconds(resource: &Resource, name: &str, else_: u64) -> Duration {
    Duration::from_secs(resource.number(name).and_then(|seconds| u64::try_from(seconds).ok()).unwrap_or(else_))
}

fn jobs(seed: &mut Seed, count: u64) -> Vec<String> {
    let first = seed.number(1000..=9000);
    (first..first + count).map(|number| format!("p-{number}")).collect()
}

fn body(job: &str) -> String {
    json!({ "job": job, "copies": 1 }).to_string()
}

#[test]
fn two_stacks_are_deployed_side_by_side() {
    let mut seed = Seed::at_run_time();
    let (test, live) = (stack(&mut seed, "test"), stack(&mut seed, "live"));
    for id in ["Jobs", "Printer", "Printed"] {
        assert!(live.resource(id).is_some(), "the template has no resource {id}; the page names it");
    }
    for one in &live.resources {
        let taken = test.resources.iter().any(|other| other.kind == one.kind && other.name == one.name);
        assert!(
            !taken,
            "the stack for tests is there, and the live one is rolled back: {} ({}) is to be called {}, and that name \
             is taken",
            one.id, one.kind, one.name
        );
    }
    let exported = live.exports.iter().find(|name| test.exports.contains(name));
    assert!(
        exported.is_none(),
        "the stack for tests is there, and the live one is rolled back: Export with name {} is already exported, and each \
         name of an export is there once in an account and Region",
        exported.map_or("", String::as_str)
    );
    let (jobs, url) = (find(&live, "Jobs", "AWS::SQS::Queue"), &live.outputs.get("QueueUrl"));
    assert!(
        url.and_then(Value::as_str) == Some(&jobs.reference),
        "the output QueueUrl is {url:?}; the web shop sends jobs to Jobs, which is {}",
        jobs.reference
    );
}

#[test]
fn every_job_is_printed_once() {
    let mut seed = Seed::at_run_time();
    let stack = stack(&mut seed, "live");
    let room = PrintRoom::open(&stack);
    let jobs = jobs(&mut seed, 25);
    jobs.iter().for_each(|job| drop(room.jobs.send(body(job))));
    room.world.run_until_idle();
    let printed = room.printed();
    assert!(
        printed == jobs,
        "25 jobs are sent\n  expected to be printed {jobs:?}\n  got {printed:?}\n{}",
        room.happened()
    );
    let table = &find(&stack, "Printed", "AWS::DynamoDB::Table").name;
    let noted = room.log().iter().all(|line| line.ends_with(&format!(" noted in {table}")));
    assert!(noted, "the printer notes its jobs in another table than Printed, which is {table}\n{}", room.happened());
}

#[test]
fn a_broken_job_is_tried_five_times_and_put_aside() {
    let mut seed = Seed::at_run_time();
    for broken in [format!("job {}", seed.number(1..=99)), json!({ "job": seed.name() }).to_string()] {
        let room = PrintRoom::open(&stack(&mut seed, "live"));
        let jobs = jobs(&mut seed, 6);
        jobs[..3].iter().for_each(|job| drop(room.jobs.send(body(job))));
        room.jobs.send(&broken);
        jobs[3..].iter().for_each(|job| drop(room.jobs.send(body(job))));
        room.world.run_until_idle();
        let story = format!("six good jobs are sent, and among them one that reads {broken}");
        let (printed, dead) = (room.printed(), room.dead.bodies());
        assert!(printed == jobs, "{story}\n  expected to be printed {jobs:?}\n  got {printed:?}\n{}", room.happened());
        assert!(dead == [broken.clone()], "{story}\n  the dead-letter queue has {dead:?}\n{}", room.happened());
        let tries = room.log().iter().filter(|line| line.starts_with("cannot read")).count();
        assert!(tries == 5, "{story}\n  expected: it is tried 5 times\n  got: {tries} times\n{}", room.happened());
    }
}

#[test]
fn a_broken_job_waits_for_the_holidays_to_end() {
    let mut seed = Seed::at_run_time();
    let room = PrintRoom::open(&stack(&mut seed, "live"));
    let broken = format!("job {}", seed.number(1..=99));
    room.jobs.send(&broken);
    room.world.run_until_idle();
    room.world.advance(DAY * 13);
    let dead = room.dead.bodies();
    assert!(
        dead == [broken],
        "a broken job is sent, and nobody looks for 13 days\n  the dead-letter queue has {dead:?}; how long does it keep \
         a message?\n{}",
        room.happened()
    );
}

#[test]
fn a_job_that_is_being_printed_is_hidden_long_enough() {
    let stack = stack(&mut Seed::at_run_time(), "live");
    let timeout = printer(&stack).number("Timeout").unwrap_or(3);
    assert!(timeout == 60, "a page takes up to 50 seconds, and the printer gets {timeout}; the page says 60");
    let visibility = find(&stack, "Jobs", "AWS::SQS::Queue").number("VisibilityTimeout").unwrap_or(30);
    assert!(
        visibility >= 6 * timeout,
        "Jobs hides a message for {visibility} seconds, and the printer may take {timeout}: that is less than six times \
         as long"
    );
}

#[test]
fn the_printer_is_built_for_arm64_and_a_runtime_that_lasts() {
    let stack = stack(&mut Seed::at_run_time(), "live");
    let printer = printer(&stack);
    let architectures = printer.at("Architectures");
    assert!(architectures == &json!(["arm64"]), "the printer runs on {architectures}; without a word that is x86_64");
    let runtime = printer.text("Runtime").unwrap_or("none");
    let calendar = course::data("runtimes")["calendar"]["value"].clone();
    let deprecated = calendar[runtime]["deprecated"].as_str().unwrap_or("before there was a calendar");
    assert!(
        runtime.starts_with("provided") && deprecated > "2027-11-30",
        "the printer's runtime is {runtime}, which is deprecated since {deprecated}: take one for a program of its own \
         that is kept a year longer"
    );
    let method = &printer.metadata["BuildMethod"];
    assert!(method == "rust-cargolambda", "sam build is told to build it by {method}; for Rust it is rust-cargolambda");
    let memory = printer.number("MemorySize").unwrap_or(128);
    assert!(memory == 256, "the printer has {memory} MB; the page says 256");
}

#[test]
fn the_printer_may_write_down_jobs_and_no_more() {
    let mut seed = Seed::at_run_time();
    let stack = stack(&mut seed, "live");
    let role =
        stack.named(printer(&stack).at("Role")).unwrap_or_else(|| panic!("the printer's role is none of this stack's"));
    let own = ["AWSLambdaBasicExecutionRole", "AWSLambdaSQSQueueExecutionRole", "AWSXRayDaemonWriteAccess"];
    for managed in role.at("ManagedPolicyArns").as_array().into_iter().flatten().filter_map(Value::as_str) {
        assert!(
            own.iter().any(|name| managed.ends_with(&format!("/{name}"))),
            "the printer's role has {managed}, which is for every table of the account"
        );
    }
    let mut policies = Policies::new();
    for (name, document) in stack.policies_of(role) {
        let document = Policy::identity(document);
        policies = policies.with_identity(document.unwrap_or_else(|error| panic!("{name} is no policy: {error}")));
    }
    let table = &find(&stack, "Printed", "AWS::DynamoDB::Table").arn;
    let allowed = |action: &str, on: &str| policies.decide(&Request::new(action, on)).is_allowed();
    assert!(allowed("dynamodb:PutItem", table), "the printer may not dynamodb:PutItem on {table}: AccessDenied");
    let (name, jobs) = (seed.name().to_lowercase(), &find(&stack, "Jobs", "AWS::SQS::Queue").arn);
    let polls = role.at("ManagedPolicyArns").as_array().is_some_and(|arns| {
        arns.iter().filter_map(Value::as_str).any(|arn| arn.ends_with("/AWSLambdaSQSQueueExecutionRole"))
    });
    for action in ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"] {
        assert!(polls || allowed(action, jobs), "Lambda may not {action} on {jobs} with the printer's role");
    }
    let other = format!("arn:aws:dynamodb:us-east-1:123456789012:table/{name}");
    let tests = &find(&self::stack(&mut seed, "test"), "Printed", "AWS::DynamoDB::Table").arn.clone();
    let beside = &table.replace("Printed", "Invoices");
    let more = [
        "DeleteTable",
        "GetItem",
        "BatchGetItem",
        "Scan",
        "Query",
        "DeleteItem",
        "PartiQLSelect",
        "PartiQLDelete",
        "UpdateTable",
        "PutResourcePolicy",
        "ExportTableToPointInTime",
    ];
    let mut others: Vec<(String, &str)> = more.map(|action| (format!("dynamodb:{action}"), table.as_str())).to_vec();
    for another in [&other, tests, beside].into_iter().filter(|another| *another != table) {
        others.extend(["PutItem", "GetItem"].map(|action| (format!("dynamodb:{action}"), another.as_str())));
    }
    others.extend([("sqs:SendMessage".to_owned(), jobs.as_str()), ("sqs:PurgeQueue".to_owned(), jobs)]);
    others.extend([("s3:GetObject".to_owned(), "arn:aws:s3:::photos/7.jpg"), ("iam:PassRole".to_owned(), "*")]);
    for (action, on) in &others {
        assert!(!allowed(action, on), "the printer may {action} on {on}, which it has no need of");
    }
    for action in stack.actions_of(role) {
        let (service, call) = action.split_once(':').unwrap_or((action, ""));
        let is_needed = match service.to_ascii_lowercase().as_str() {
            "dynamodb" | "sqs" => true,
            "logs" => ["CreateLogGroup", "CreateLogStream", "PutLogEvents"].contains(&call),
            "xray" => call.starts_with("Put"),
            _ => false,
        };
        assert!(is_needed, "a policy of the printer allows {action}, and it uses no other service than its table");
    }
}

#[test]
fn what_was_printed_outlives_the_stack() {
    let stack = stack(&mut Seed::at_run_time(), "live");
    let table = find(&stack, "Printed", "AWS::DynamoDB::Table");
    let mode = table.at("BillingMode");
    assert!(mode == "PAY_PER_REQUEST", "Printed is paid for by {mode}; the page wants it on demand");
    let keys = table.at("KeySchema");
    assert!(
        keys == &json!([{ "AttributeName": "job", "KeyType": "HASH" }]),
        "the key of Printed is {keys}; it was job"
    );
    let keeps = |policy: &Option<String>| matches!(policy.as_deref(), Some("Retain" | "RetainExceptOnCreate"));
    assert!(keeps(&table.deletion_policy), "whoever deletes the stack, or takes Printed out of it, deletes the table");
    assert!(
        keeps(&table.update_replace_policy),
        "a change that CloudFormation can only make by a new table (of its key, say) deletes the old one"
    );
}

#[test]
fn logs_are_deleted_after_thirty_days() {
    let stack = stack(&mut Seed::at_run_time(), "live");
    let printer = printer(&stack);
    let default = Value::from(format!("/aws/lambda/{}", printer.name));
    let group = Some(printer.at("LoggingConfig.LogGroup")).filter(|group| !group.is_null()).unwrap_or(&default);
    let group = stack.named(group).filter(|group| group.kind == "AWS::Logs::LogGroup").unwrap_or_else(|| {
        panic!(
            "the printer writes to {group}, which this stack does not make: Lambda makes it, and it is kept for ever"
        )
    });
    let days = group.number("RetentionInDays");
    assert!(days == Some(30), "{} is kept for {days:?} days, and the page says 30; none means for ever", group.id);
}
