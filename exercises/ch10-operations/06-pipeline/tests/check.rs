//! What the shop expects of its pipeline. Lambda's control plane is slow here, refuses what comes at the wrong time, loses
//! answers, and has other users.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use course::Seed;
use local_aws::{LocalAws, OnLocalAws};
use local_lambda::{Function, Outcome, binary};
use local_lambda_sources::{Alias, HandlerError, LambdaFunction, Settling, Target, Version};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Lambda, and the pipeline that uses it.
struct Shop {
    aws: LocalAws,
    pipeline: Function,
    seed: Seed,
}

/// A function that customers call, with some versions, and code that is to be released.
struct Prints {
    name: String,
    function: LambdaFunction,
    live: Alias,
    before: u32,
    /// The number that the next version gets.
    next: u32,
    /// How the new code does from now on.
    state: Arc<AtomicU8>,
    event: Value,
}

/// The new code answers as it should, fails, or gives another answer.
const WELL: u8 = 0;
const FAILS: u8 = 1;
const GREY: u8 = 2;

impl Shop {
    fn open() -> Shop {
        let aws = LocalAws::start();
        let pipeline = Function::builder(binary!()).timeout(Duration::from_secs(30)).on(&aws).start();
        Shop { aws, pipeline, seed: Seed::at_run_time() }
    }

    /// A function with a few versions, the alias at one of them, which need not be the last, and new code that has been
    /// built.
    fn prints(&mut self) -> Prints {
        let name = format!("prints-{}-{}", self.seed.name(), self.seed.number(0..=9_999));
        let versions = u32::try_from(self.seed.number(4..=6)).expect("a few");
        let before = versions - u32::try_from(self.seed.number(1..=2)).expect("a few");
        let function = self.aws.world().function(prints(&name, "old")).create();
        for version in 1..=versions {
            function.publish_version();
            let quality = if version + 1 == before { "old" } else { "grey" };
            function.update_code(prints(&name, quality));
        }
        let live = function.alias("live", before);
        let state = Arc::new(AtomicU8::new(WELL));
        let now = Arc::clone(&state);
        let key = format!("{name}/{:08x}.zip", self.seed.number(0..=0xffff_ffff));
        let place = format!("s3://artifacts/{key}");
        let code = Target::closure(name.clone(), move |invocation| match now.load(Ordering::SeqCst) {
            FAILS => Err(HandlerError::new("OutOfInk", "the ink is empty")),
            GREY => Ok(json!({ "print": invocation.event["photo"], "quality": "grey" })),
            _ => Ok(json!({ "print": invocation.event["photo"], "quality": "new" })),
        });
        self.aws.code(&place, code);
        let photos = [self.seed.name(), self.seed.name()];
        let smoke_tests: Vec<Value> = photos
            .iter()
            .map(|photo| json!({ "event": { "photo": photo }, "expect": { "print": photo, "quality": "new" } }))
            .collect();
        let event = json!({
            "function": name,
            "alias": "live",
            "code": { "bucket": "artifacts", "key": key, "sha256": BASE64_STANDARD.encode(Sha256::digest(&place)) },
            "memory_mb": self.seed.number(2..=80) * 128,
            "smoke_tests": smoke_tests,
            "wait": { "polls": 6, "poll_ms": 1 },
        });
        self.aws.functions_settle(Settling::Polls(1));
        self.aws.forget();
        Prints { name, function, live, before, next: versions + 1, state, event }
    }

    fn release(&self, prints: &Prints, story: impl Into<String>) -> Outcome {
        self.pipeline.story(story).invoke(prints.event.clone())
    }

    /// What came of the release, and where the alias is now: at one version alone.
    #[track_caller]
    fn expect(&self, prints: &Prints, outcome: &Outcome, word: &str, version: Option<u32>, live: u32) {
        outcome.expect_that(&format!("`outcome` is `{word}`"), |answer| answer["outcome"] == word);
        let published = version.map_or(Value::Null, |version| json!(version.to_string()));
        outcome.expect_json_at("/version", published);
        outcome.expect_json_at("/previous", prints.before.to_string());
        if !["promoted", "unchanged"].contains(&word) {
            let is_text = |answer: &Value| answer["reason"].as_str().is_some_and(|reason| !reason.trim().is_empty());
            outcome.expect_that("`reason` says why in words", is_text);
        }
        self.expect_live(prints, outcome, live);
    }

    #[track_caller]
    fn expect_live(&self, prints: &Prints, outcome: &Outcome, live: u32) {
        let now = prints.live.routing();
        let what = format!(
            "in the end the alias points to version {live} alone; it is at {now:?}. The calls were\n{}",
            self.aws.calls()
        );
        outcome.expect(&what, |_| now == Some((Version::Published(live), None)));
    }

    /// So many calls of an operation came, no more and no fewer.
    #[track_caller]
    fn expect_calls(&self, outcome: &Outcome, operation: &str, expected: usize) {
        let count = self.aws.calls().of(operation).count();
        let what = format!("{expected} calls of {operation}; there were {count}:\n{}", self.aws.calls());
        outcome.expect(&what, |_| count == expected);
    }

    /// Versions, by the names that smoke tests and others used for them.
    fn invoked(&self) -> Vec<String> {
        self.aws.calls().of("Invoke").iter().map(|call| call.param("/Qualifier").unwrap_or_default()).collect()
    }
}

fn prints(name: &str, quality: &'static str) -> Target {
    Target::closure(name.to_owned(), move |invocation| {
        Ok(json!({ "print": invocation.event["photo"], "quality": quality }))
    })
}

#[test]
fn brings_new_code_to_the_alias() {
    let mut shop = Shop::open();
    for round in 0..3 {
        let prints = shop.prints();
        let outcome = shop.release(&prints, format!("new code that is well, release {round} of three functions"));
        shop.expect(&prints, &outcome, "promoted", Some(prints.next), prints.next);
        let versions = prints.function.versions();
        outcome.expect("one version was published", |_| versions.last() == Some(&prints.next));
        let published = shop.aws.calls().of("PublishVersion");
        let answer = published.iter().last().map(|call| call.answer.clone()).unwrap_or_default();
        for (field, expected) in
            [("CodeSha256", &prints.event["code"]["sha256"]), ("MemorySize", &prints.event["memory_mb"])]
        {
            let what = format!("{field} of the version is {expected}; it is {}", answer[field]);
            outcome.expect(&what, |_| answer[field] == *expected);
        }
    }
}

#[test]
fn waits_until_each_update_is_done() {
    let mut shop = Shop::open();
    for polls in [0, 2, 5] {
        let prints = shop.prints();
        shop.aws.functions_settle(Settling::Polls(polls));
        let story = format!("each update is in progress for {polls} of six polls");
        let outcome = shop.release(&prints, story);
        shop.expect(&prints, &outcome, "promoted", Some(prints.next), prints.next);
    }
}

#[test]
fn does_not_wait_for_ever() {
    let mut shop = Shop::open();
    for polls in [1, shop.seed.number(2..=9)] {
        let mut prints = shop.prints();
        prints.event["wait"]["polls"] = json!(polls);
        shop.aws.functions_settle(Settling::Polls(u32::try_from(polls).expect("few")));
        let outcome =
            shop.release(&prints, format!("an update is in progress for all {polls} polls, and for one more"));
        outcome.expect_error("NotSettled");
        shop.expect_live(&prints, &outcome, prints.before);
        let asked =
            shop.aws.calls().of("GetFunctionConfiguration").count() + shop.aws.calls().of("GetFunction").count();
        outcome.expect(&format!("it asks {polls} times; it asked {asked} times"), |_| asked as u64 == polls);
        shop.expect_calls(&outcome, "PublishVersion", 0);
    }
}

#[test]
fn lets_another_update_end_first() {
    let mut shop = Shop::open();
    for (operation, times) in [("UpdateFunctionCode", 1), ("UpdateFunctionCode", 2), ("UpdateFunctionConfiguration", 2)]
    {
        let prints = shop.prints();
        let conflict = "The operation cannot be performed at this time. An update is in progress for resource";
        shop.aws.fault(operation).times(times).error("ResourceConflictException", 409, conflict);
        let outcome = shop.release(&prints, format!("another update is in the way of {operation}, {times} times"));
        shop.expect(&prints, &outcome, "promoted", Some(prints.next), prints.next);
    }
    let prints = shop.prints();
    shop.aws.fault("UpdateFunctionCode").fail_after_acting();
    let outcome = shop.release(&prints, "the answer to UpdateFunctionCode is lost, and the SDK sends it again");
    shop.expect(&prints, &outcome, "promoted", Some(prints.next), prints.next);
    let prints = shop.prints();
    shop.aws.fault("UpdateFunctionCode").always().error("ResourceConflictException", 409, "An update is in progress");
    let outcome = shop.release(&prints, "other updates are in the way, one after the other");
    outcome.expect_error("CallFailed");
    shop.expect_calls(&outcome, "UpdateFunctionCode", 3);
    shop.expect_live(&prints, &outcome, prints.before);
}

#[test]
fn releases_the_code_and_the_size_that_were_meant() {
    let mut shop = Shop::open();
    let mut prints = shop.prints();
    prints.event["code"]["sha256"] = json!(BASE64_STANDARD.encode(Sha256::digest(shop.seed.name())));
    let outcome = shop.release(&prints, "other code lies in the bucket than was built");
    shop.expect(&prints, &outcome, "rejected", None, prints.before);
    outcome.expect("nothing is published", |_| prints.function.versions().last() == Some(&(prints.next - 1)));

    let prints = shop.prints();
    let (function, name) = (prints.function.clone(), prints.name.clone());
    let other = move |_: &LocalAws| function.update_code(self::prints(&name, "grey"));
    shop.aws.fault("PublishVersion").do_first(other);
    let outcome = shop.release(&prints, "somebody uploads other code just before the version is published");
    shop.expect(&prints, &outcome, "rejected", None, prints.before);

    let prints = shop.prints();
    let name = prints.name.clone();
    shop.aws.fault("PublishVersion").do_first(move |aws| aws.reconfigure(&name, &json!({ "MemorySize": 129 })));
    let outcome = shop.release(&prints, "somebody sets the memory to 129 MB just before the version is published");
    shop.expect(&prints, &outcome, "rejected", None, prints.before);
    shop.expect_calls(&outcome, "Invoke", 0);

    let prints = shop.prints();
    let outcome = shop.release(&prints, "this code and this size for the first time");
    shop.expect(&prints, &outcome, "promoted", Some(prints.next), prints.next);
    let again = Prints { before: prints.next, ..prints };
    shop.aws.forget();
    let outcome = shop.release(&again, "and once more: nothing has changed");
    shop.expect(&again, &outcome, "unchanged", Some(again.next), again.next);
    shop.expect_calls(&outcome, "Invoke", 0);
    shop.expect_calls(&outcome, "UpdateAlias", 0);
}

#[test]
fn tries_the_version_before_customers_do() {
    let mut shop = Shop::open();
    let prints = shop.prints();
    let outcome = shop.release(&prints, "new code that is well");
    let (version, tests) = (prints.next.to_string(), prints.event["smoke_tests"].as_array().map_or(0, Vec::len));
    let expected = [vec![version; tests], vec!["live".to_owned(); tests]].concat();
    let invoked = shop.invoked();
    outcome.expect(&format!("smoke tests of version and alias, {expected:?}; there were {invoked:?}"), |_| {
        invoked == expected
    });

    let prints = shop.prints();
    prints.state.store(FAILS, Ordering::SeqCst);
    let outcome = shop.release(&prints, "the new code fails: status 200, with FunctionError");
    shop.expect(&prints, &outcome, "rejected", Some(prints.next), prints.before);
    shop.expect_calls(&outcome, "UpdateAlias", 0);

    let mut prints = shop.prints();
    prints.event["smoke_tests"][1]["expect"]["quality"] = json!("glossy");
    let outcome = shop.release(&prints, "the second smoke test expects another answer");
    shop.expect(&prints, &outcome, "rejected", Some(prints.next), prints.before);

    let mut prints = shop.prints();
    let failure = json!({ "errorType": "OutOfInk", "errorMessage": "the ink is empty" });
    prints.event["smoke_tests"] = json!([{ "event": { "photo": "x" }, "expect": failure }]);
    prints.state.store(FAILS, Ordering::SeqCst);
    let outcome = shop.release(&prints, "the function fails, and its error looks like the answer that is expected");
    shop.expect(&prints, &outcome, "rejected", Some(prints.next), prints.before);
}

#[test]
fn takes_a_call_that_reached_nobody_for_no_evidence() {
    let mut shop = Shop::open();
    let denied = "User is not authorized to perform: lambda:InvokeFunction";
    for case in 0..2 {
        let prints = shop.prints();
        let fault = || shop.aws.fault("Invoke").times(9);
        let story = if case == 0 { "the smoke tests are throttled" } else { "the smoke tests are denied" };
        match case {
            0 => fault().throttle(),
            _ => fault().error("AccessDeniedException", 403, denied),
        }
        let outcome = shop.release(&prints, story);
        shop.expect(&prints, &outcome, "undecided", Some(prints.next), prints.before);

        let prints = shop.prints();
        let fault = || shop.aws.fault("Invoke").after(2).times(9);
        match case {
            0 => fault().throttle(),
            _ => fault().error("AccessDeniedException", 403, denied),
        }
        let outcome = shop.release(&prints, format!("the version passes; then, by the alias, {story}"));
        shop.expect(&prints, &outcome, "unverified", Some(prints.next), prints.next);
    }
    let prints = shop.prints();
    shop.aws.fault("Invoke").throttle();
    let outcome = shop.release(&prints, "one call is throttled, and the SDK sends it again");
    shop.expect(&prints, &outcome, "promoted", Some(prints.next), prints.next);
    let mut prints = shop.prints();
    prints.event["smoke_tests"] = json!([]);
    let outcome = shop.release(&prints, "there are no smoke tests");
    shop.expect(&prints, &outcome, "undecided", Some(prints.next), prints.before);
}

/// From the third smoke test on, which is the first by the alias, or from the last one, the new code does so.
fn turns_bad_by_the_alias(shop: &Shop, prints: &Prints, after: usize, state: u8) {
    let now = Arc::clone(&prints.state);
    shop.aws.fault("Invoke").after(after).do_first(move |_| now.store(state, Ordering::SeqCst));
}

#[test]
fn goes_back_to_what_was_there() {
    let mut shop = Shop::open();
    for (after, state, what) in
        [(2, FAILS, "fails"), (2, GREY, "prints in grey"), (3, FAILS, "fails at the second test")]
    {
        let prints = shop.prints();
        turns_bad_by_the_alias(&shop, &prints, after, state);
        let story = format!("the version passes, and then {what} behind the alias, which was at {}", prints.before);
        let outcome = shop.release(&prints, story);
        shop.expect(&prints, &outcome, "rolled_back", Some(prints.next), prints.before);
    }
    let prints = shop.prints();
    turns_bad_by_the_alias(&shop, &prints, 2, FAILS);
    shop.aws.fault("UpdateAlias").after(1).fail_after_acting();
    let outcome = shop.release(&prints, "the same, and the answer to the change back is lost");
    shop.expect(&prints, &outcome, "rolled_back", Some(prints.next), prints.before);
    let prints = shop.prints();
    turns_bad_by_the_alias(&shop, &prints, 2, FAILS);
    shop.aws.fault("UpdateAlias").after(1).always().throttle();
    let outcome = shop.release(&prints, "the same, and the change back is throttled for good");
    outcome.expect_error("RollbackFailed");
}

#[test]
fn changes_no_alias_that_somebody_else_has_changed() {
    let mut shop = Shop::open();
    let mut prints = shop.prints();
    let alias = prints.live.clone();
    shop.aws.fault("UpdateAlias").do_first(move |_| alias.point_to(1));
    prints.event["memory_mb"] = json!(512);
    let outcome = shop.release(&prints, "somebody moves the alias while the smoke tests run");
    shop.expect(&prints, &outcome, "overtaken", Some(prints.next), 1);

    let prints = shop.prints();
    turns_bad_by_the_alias(&shop, &prints, 2, FAILS);
    let alias = prints.live.clone();
    shop.aws.fault("UpdateAlias").after(1).do_first(move |_| alias.point_to(1));
    let outcome = shop.release(&prints, "it fails behind the alias, and somebody else moves the alias first");
    shop.expect(&prints, &outcome, "overtaken", Some(prints.next), 1);

    let prints = shop.prints();
    let alias = prints.live.clone();
    shop.aws.fault("Invoke").after(2).do_first(move |_| alias.point_to(1));
    let outcome = shop.release(&prints, "after the promotion somebody moves the alias to version 1, which answers");
    shop.expect(&prints, &outcome, "overtaken", Some(prints.next), 1);
    shop.expect_calls(&outcome, "UpdateAlias", 1);

    let prints = shop.prints();
    prints.live.route(1, 0.1);
    let outcome = shop.release(&prints, "version 1 has a tenth of the alias: somebody's canary");
    outcome.expect_json_at("/outcome", "busy");
    outcome.expect_json_at("/version", Value::Null);
    let now = prints.live.routing();
    outcome.expect(&format!("the alias stays as it is; it is at {now:?}"), |_| {
        now == Some((Version::Published(prints.before), Some((1, 0.1))))
    });
    shop.expect_calls(&outcome, "UpdateFunctionCode", 0);
}

#[test]
fn looks_before_it_takes_a_refusal_for_somebody_else() {
    let mut shop = Shop::open();
    for operation in ["UpdateAlias", "PublishVersion"] {
        let prints = shop.prints();
        shop.aws.fault(operation).fail_after_acting();
        let story = format!("the answer to {operation} is lost, and the SDK sends it again");
        let outcome = shop.release(&prints, story);
        shop.expect(&prints, &outcome, "promoted", Some(prints.next), prints.next);
    }
}
