//! What the shop expects of its release controller. The check is the caller: minute by minute it shows the alias and the
//! numbers, keeps the record, then changes the alias as it was told. Sometimes it crashes, and it is not alone.

use std::time::Duration;

use course::Seed;
use local_lambda::{Function, Outcome, binary};
use serde_json::{Value, json};

/// Where an alias points, and the second version with its share.
type Routing = (String, Option<(String, f64)>);

/// An alias with Lambda's rules.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/api/API_UpdateAlias.html>.
#[derive(Clone)]
struct Alias {
    routing: Routing,
    changes: u64,
}

impl Alias {
    /// Another one after each change. Nothing can be told from it but whether it is the same.
    fn revision(&self) -> String {
        format!("{:016x}", (self.changes + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// As `GetAlias` tells of it: without a second version there is no `RoutingConfig`, or an empty one.
    fn told(&self) -> Value {
        let mut told = json!({
            "AliasArn": "arn:aws:lambda:eu-central-1:123456789012:function:print-jobs:live",
            "Name": "live",
            "Description": "what customers get",
            "FunctionVersion": self.routing.0,
            "RevisionId": self.revision(),
        });
        match &self.routing.1 {
            Some((second, share)) => told["RoutingConfig"] = json!({ "AdditionalVersionWeights": { second: share } }),
            None if self.changes % 3 == 0 => {}
            None if self.changes % 3 == 1 => told["RoutingConfig"] = Value::Null,
            None => told["RoutingConfig"] = json!({ "AdditionalVersionWeights": {} }),
        }
        told
    }

    /// What `UpdateAlias` would make of it. What is not said stays.
    fn updated(&self, update: &Value) -> Result<Routing, String> {
        let (mut version, mut second) = self.routing.clone();
        if let Some(other) = update["FunctionVersion"].as_str() {
            version = other.to_owned();
        }
        if !update["RoutingConfig"].is_null() {
            let weights = update["RoutingConfig"]["AdditionalVersionWeights"].as_object();
            let mut weights = weights.into_iter().flatten();
            second = weights.next().map(|(other, share)| (other.clone(), share.as_f64().unwrap_or(-1.0)));
            if weights.next().is_some() {
                return Err("Number of items in AdditionalVersionWeights cannot be greater than 1".to_owned());
            }
        }
        match &second {
            Some((other, _)) if *other == version => {
                Err(format!("Function version {other} is already included in routing configuration."))
            }
            _ => Ok((version, second)),
        }
    }

    fn moves(&mut self, routing: Routing) {
        self.routing = routing;
        self.changes += 1;
    }

    /// Somebody writes another description: the routing stays, the RevisionId does not.
    fn is_described(&mut self) {
        self.changes += 1;
    }
}

#[derive(Clone)]
struct Policy {
    steps: Vec<f64>,
    bake: u64,
    enough: u64,
    tolerance: u64,
    patience: u64,
}

/// What was kept of a call.
struct Kept {
    now: u64,
    routing: Routing,
    revision: String,
    status: String,
    asked: Option<Routing>,
}

/// A release from the caller's side.
struct Release {
    candidate: String,
    policy: Policy,
    now: u64,
    alias: Alias,
    ticks: Vec<Value>,
    record: Value,
    kept: Vec<Kept>,
}

impl Release {
    fn new(seed: &mut Seed, (stable, candidate): (&str, &str), policy: Policy) -> Release {
        let now = 1_790_000_000 + 60 * seed.number(0..=500_000);
        let alias = Alias { routing: (stable.to_owned(), None), changes: seed.number(0..=1_000_000) };
        let mut release = Release {
            candidate: candidate.to_owned(),
            policy,
            now,
            alias,
            ticks: Vec::new(),
            record: Value::Null,
            kept: Vec::new(),
        };
        // Before the release all went well, for both of them.
        for ago in [60, 120, 3_600] {
            for version in [stable, candidate] {
                release.tick_at(now - ago, version, 1_000_000, 0);
            }
        }
        release
    }

    fn tick_at(&mut self, at: u64, version: &str, invocations: u64, errors: u64) {
        let throttles = if invocations % 2 == 0 { 0 } else { 3 * invocations };
        let tick = json!({
            "at": at, "version": version, "invocations": invocations, "errors": errors, "throttles": throttles,
        });
        // In no order.
        let place = (at.wrapping_mul(31) + invocations) as usize % (self.ticks.len() + 1);
        self.ticks.insert(place, tick);
    }

    /// What comes to a version in the minute that begins now.
    fn tick(&mut self, version: &str, invocations: u64, errors: u64) {
        self.tick_at(self.now, version, invocations, errors);
    }

    fn stable(&self) -> &str {
        self.kept.first().map_or(&self.alias.routing.0, |first| &first.routing.0)
    }

    /// The alias after so many steps.
    fn at_step(&self, step: usize) -> Routing {
        match step.checked_sub(1).map(|index| self.policy.steps.get(index)) {
            None => (self.stable().to_owned(), None),
            Some(Some(share)) => (self.stable().to_owned(), Some((self.candidate.clone(), *share))),
            Some(None) => (self.candidate.clone(), None),
        }
    }

    fn ask(&self, function: &Function, story: impl Into<String>) -> Outcome {
        let policy = &self.policy;
        function.story(story).invoke(json!({
            "now": self.now,
            "candidate": self.candidate,
            "policy": {
                "steps": policy.steps, "bake_seconds": policy.bake, "min_requests": policy.enough,
                "tolerance_permille": policy.tolerance, "patience_seconds": policy.patience,
            },
            "alias": self.alias.told(),
            "ticks": self.ticks,
            "record": self.record,
        }))
    }

    /// The answer has this status, a reason where one is due, and moves the alias there, or leaves it.
    #[track_caller]
    fn expect(&self, outcome: &Outcome, status: &str, moved: Option<&Routing>) {
        outcome.expect_json_at("/status", status);
        let update = outcome.expect_response()["update_alias"].clone();
        match moved {
            None => {
                outcome.expect_that("`update_alias` is null: nothing is to be changed now", |_| update.is_null());
            }
            Some(routing) => {
                let what = format!("`update_alias` asks for a change: from {:?} to {routing:?}", self.alias.routing);
                outcome.expect(&what, |_| update.is_object());
                let what = format!(
                    "`update_alias` brings the alias from {:?} to {routing:?}; what it says makes {:?}",
                    self.alias.routing,
                    self.alias.updated(&update)
                );
                outcome.expect(&what, |_| self.alias.updated(&update).as_ref() == Ok(routing));
                outcome.expect_json_at("/update_alias/RevisionId", self.alias.revision());
            }
        }
        if ["rolling_back", "rolled_back", "aborted"].contains(&status) {
            let is_text = |answer: &Value| answer["reason"].as_str().is_some_and(|reason| !reason.trim().is_empty());
            outcome.expect_that("`reason` says why in words", is_text);
        }
    }

    fn keep(&mut self, outcome: &Outcome) {
        let answer = outcome.expect_response();
        self.record = answer["record"].clone();
        self.kept.push(Kept {
            now: self.now,
            routing: self.alias.routing.clone(),
            revision: self.alias.revision(),
            status: answer["status"].as_str().unwrap_or_default().to_owned(),
            asked: self.alias.updated(&answer["update_alias"]).ok().filter(|_| answer["update_alias"].is_object()),
        });
    }

    /// Changes the alias as the answer says, if it is still the one that was looked at.
    fn act(&mut self, outcome: &Outcome) {
        let update = outcome.expect_response()["update_alias"].clone();
        if update["RevisionId"] == self.alias.revision()
            && let Ok(routing) = self.alias.updated(&update)
        {
            self.alias.moves(routing);
        }
    }

    /// One call that goes well, a minute's time for the change, and what the answer has to be.
    #[track_caller]
    fn minute(&mut self, function: &Function, story: &str, status: &str, moved: Option<&Routing>) {
        let outcome = self.ask(function, story);
        self.expect(&outcome, status, moved);
        self.keep(&outcome);
        self.act(&outcome);
        self.now += 60;
    }

    /// The next step is asked for, taken, and seen a minute later.
    #[track_caller]
    fn take_step(&mut self, function: &Function, step: usize) {
        let next = self.at_step(step);
        self.minute(function, &format!("step {step} is due"), "running", Some(&next));
        self.minute(function, &format!("the alias is seen after step {step}"), "running", None);
        // The minute in which it was seen begins the step.
        self.now -= 60;
    }

    /// What the answer has to be, from all that was kept: a specification in thirty lines.
    fn expected(&self) -> (&str, Option<Routing>) {
        let here = &self.alias.routing;
        let Some(last) = self.kept.last() else {
            return match here {
                (_, Some(_)) => ("aborted", None),
                (version, None) if *version == self.candidate => ("promoted", None),
                _ => ("running", Some(self.at_step(1))),
            };
        };
        let is_done = last.asked.as_ref() == Some(here);
        match last.status.as_str() {
            "rolling_back" => return self.expected_back(),
            "running" => {}
            ended => return (ended, None),
        }
        if !is_done && *here != last.routing {
            return ("aborted", None);
        }
        if !is_done && last.asked.is_some() && last.revision != self.alias.revision() {
            return self.expected_back();
        }
        if here.0 == self.candidate {
            return ("promoted", None);
        }
        let steps = self.policy.steps.len();
        let step = (0..=steps).find(|step| self.at_step(*step) == *here).expect("it is one of ours");
        let seen = self.kept.iter().rev().take_while(|kept| kept.routing == *here).last();
        let since = seen.map_or(self.now, |kept| kept.now);
        let sum = |version: &str, field: &str| -> i128 {
            let ours = |tick: &&Value| tick["version"] == version && tick["at"].as_u64().is_some_and(|at| at >= since);
            self.ticks.iter().filter(ours).map(|tick| i128::from(tick[field].as_u64().unwrap_or_default())).sum()
        };
        let [requests, errors] = ["invocations", "errors"].map(|field| sum(&self.candidate, field));
        let [old_requests, old_errors] = ["invocations", "errors"].map(|field| sum(self.stable(), field));
        let allowed = 1_000 * old_errors + i128::from(self.policy.tolerance) * old_requests.max(1);
        let (age, is_enough) = (self.now - since, requests >= i128::from(self.policy.enough));
        match step {
            0 => ("running", Some(self.at_step(1))),
            _ if is_enough && 1_000 * errors * old_requests.max(1) > allowed * requests => self.expected_back(),
            _ if is_enough && age >= self.policy.bake => ("running", Some(self.at_step(step + 1))),
            _ if !is_enough && age >= self.policy.patience => self.expected_back(),
            _ => ("running", None),
        }
    }

    fn expected_back(&self) -> (&str, Option<Routing>) {
        match &self.alias.routing {
            (version, None) if version == self.stable() => ("rolled_back", None),
            (version, Some((second, _))) if version == self.stable() && *second == self.candidate => {
                ("rolling_back", Some(self.at_step(0)))
            }
            _ => ("aborted", None),
        }
    }

    fn is_over(&self) -> bool {
        self.kept.last().is_some_and(|last| !["running", "rolling_back"].contains(&last.status.as_str()))
    }
}

/// A busy machine is no fault of the controller's.
fn controller() -> Function {
    Function::builder(binary!()).timeout(Duration::from_secs(30)).start()
}

fn usual() -> Policy {
    Policy { steps: vec![0.1, 0.5], bake: 300, enough: 100, tolerance: 10, patience: 1_800 }
}

/// Two versions of which the second is the younger, and not the next one.
fn versions(seed: &mut Seed) -> (String, String) {
    let stable = seed.number(2..=500);
    (stable.to_string(), (stable + seed.number(2..=40)).to_string())
}

/// A release whose alias was seen after so many steps, a moment ago. All went well before.
#[track_caller]
fn after_steps(seed: &mut Seed, function: &Function, steps: usize, policy: Policy) -> Release {
    let (stable, candidate) = versions(seed);
    let mut release = Release::new(seed, (&stable, &candidate), policy);
    for step in 1..=steps {
        release.take_step(function, step);
        if step < steps {
            release.tick(&candidate, release.policy.enough + 100_000, 0);
            release.tick(&stable, 900_000, 0);
            release.now += release.policy.bake;
        }
    }
    release
}

#[test]
fn goes_step_by_step_and_looks_before_each() {
    let mut seed = Seed::at_run_time();
    let function = controller();
    let own = seed.number(1..=98) as f64 / 100.0;
    for steps in [vec![0.1, 0.5], vec![own], vec![0.01, 0.05, 0.25, 0.5, 0.75]] {
        let (stable, candidate) = versions(&mut seed);
        let count = steps.len();
        let mut release = Release::new(&mut seed, (&stable, &candidate), Policy { steps, ..usual() });
        for step in 1..=count {
            release.take_step(&function, step);
            for minute in 0..5 {
                release.tick(&candidate, 200, 0);
                release.tick(&stable, 1_800, 1);
                release.now += 60;
                if minute < 4 {
                    let story = format!("step {step} has lasted {} s of 300, and all is well", (minute + 1) * 60);
                    release.minute(&function, &story, "running", None);
                    release.now -= 60;
                }
            }
        }
        let promoted = (candidate.clone(), None);
        release.minute(&function, "the last step has lasted long enough", "running", Some(&promoted));
        release.minute(&function, "the alias is seen to point to the candidate alone", "promoted", None);
        release.minute(&function, "a minute later", "promoted", None);
    }
}

#[test]
fn goes_on_after_the_bake_time_and_with_enough_requests() {
    let mut seed = Seed::at_run_time();
    let function = controller();
    for step in [1, 2] {
        let policy = Policy { bake: seed.number(200..=900), enough: seed.number(50..=5_000), ..usual() };
        let (bake, enough) = (policy.bake, policy.enough);
        let mut release = after_steps(&mut seed, &function, step, policy);
        let (stable, candidate) = (release.stable().to_owned(), release.candidate.clone());
        release.tick_at(release.now - 1, &candidate, 1_000_000, 0);
        release.tick(&candidate, enough - 1, 0);
        release.tick(&stable, 9_000, 0);
        let begun = release.now;
        release.now = begun + bake;
        let story = format!(
            "after {bake} s, {} requests of {enough} have come in this step, and a million in the minute before it",
            enough - 1
        );
        release.minute(&function, &story, "running", None);
        release.tick_at(begun + 60, &candidate, 1, 0);
        release.now = begun + bake - 1;
        release.minute(&function, "enough requests, and a second is left of the bake time", "running", None);
        release.now = begun + bake;
        let next = release.at_step(step + 1);
        release.minute(&function, "enough requests, and the bake time is over", "running", Some(&next));
    }
}

#[test]
fn does_not_promote_what_nobody_called() {
    let mut seed = Seed::at_run_time();
    let function = controller();
    for (step, short) in [(1, None), (2, Some(1))] {
        let policy = Policy { patience: seed.number(900..=3_600), enough: seed.number(50..=500), ..usual() };
        let (patience, enough) = (policy.patience, policy.enough);
        let mut release = after_steps(&mut seed, &function, step, policy);
        let (begun, candidate) = (release.now, release.candidate.clone());
        if let Some(short) = short {
            release.tick(&candidate, enough - short, enough - short);
        }
        let came = short.map_or(0, |short| enough - short);
        let few = format!("{came} requests of {enough} have come, and all of these failed");
        release.now = begun + 300;
        release.minute(&function, &format!("the bake time is over; {few}"), "running", None);
        release.now = begun + patience - 1;
        release.minute(&function, &format!("a second before the patience ends; {few}"), "running", None);
        let late = if step == 1 { 10 * patience } else { 0 };
        release.now = begun + patience + late;
        let back = release.at_step(0);
        let story = format!("the patience is over, since {late} seconds; {few}");
        release.minute(&function, &story, "rolling_back", Some(&back));
        release.minute(&function, "the alias is seen to be back", "rolled_back", None);
    }
    let mut release = after_steps(&mut seed, &function, 1, Policy { bake: 300, patience: 300, ..usual() });
    let (candidate, next) = (release.candidate.clone(), release.at_step(2));
    release.tick(&candidate, 100, 0);
    release.now += 300;
    let story = "bake time and patience end in the same second, and enough requests have come";
    release.minute(&function, story, "running", Some(&next));
}

#[test]
fn compares_with_the_version_before_in_the_same_minutes() {
    let mut seed = Seed::at_run_time();
    let function = controller();
    let mut cases = vec![
        // (requests, of the version before, its errors, tolerance)
        (1_000, 9_000, 0, 10),
        (1_000, 9_000, 2_700, 0),
        (500, 0, 0, 20),
        (1_000_000_000_000, 999_999_999_999, 500_000_000_000, 1),
        (101, 3, 1, 0),
    ];
    cases.extend((0..8).map(|_| {
        let before = seed.number(1..=100_000);
        (seed.number(100..=50_000), before, seed.number(0..=before / 2), seed.number(0..=50))
    }));
    for (requests, before, before_errors, tolerance) in cases {
        // As many errors as are just allowed.
        let share = if before == 0 { (0, 1) } else { (u128::from(before_errors), u128::from(before)) };
        let allowed = (1_000 * share.0 + u128::from(tolerance) * share.1) * u128::from(requests) / (1_000 * share.1);
        let allowed = u64::try_from(allowed).expect("fewer errors than requests");
        for errors in [allowed, allowed + 1] {
            let mut release = after_steps(&mut seed, &function, 1, Policy { tolerance, ..usual() });
            let (stable, candidate) = (release.stable().to_owned(), release.candidate.clone());
            release.tick(&candidate, requests - 1, errors);
            release.tick(&stable, before - before / 3, before_errors - before_errors / 3);
            // Between the two there is a version that nobody calls by this alias.
            let between = (stable.parse::<u64>().expect("a number") + 1).to_string();
            release.tick(&between, 70_000, 70_000);
            release.now += 60;
            release.tick(&candidate, 1, 0);
            release.tick(&stable, before / 3, before_errors / 3);
            release.now += 240;
            let story = format!(
                "{errors} errors in {requests} requests, and {before_errors} in {before} of the version before; \
                 {tolerance} more in a thousand are allowed"
            );
            let (status, to) = if errors > allowed { ("rolling_back", 0) } else { ("running", 2) };
            let moved = release.at_step(to);
            release.minute(&function, &story, status, Some(&moved));
        }
    }
}

#[test]
fn goes_back_as_soon_as_there_is_enough_to_judge_by() {
    let mut seed = Seed::at_run_time();
    let function = controller();
    for step in [1, 2] {
        let enough = seed.number(50..=500);
        let mut release = after_steps(&mut seed, &function, step, Policy { enough, ..usual() });
        let candidate = release.candidate.clone();
        release.tick(&candidate, enough - 1, enough - 1);
        release.now += 60;
        let story = format!("all of {} requests failed: one fewer than is enough to judge by", enough - 1);
        release.minute(&function, &story, "running", None);
        release.tick_at(release.now - 60, &candidate, 1, 1);
        let back = release.at_step(0);
        let story = format!("all of {enough} requests failed, long before the bake time is over");
        release.minute(&function, &story, "rolling_back", Some(&back));
    }
}

#[test]
fn goes_back_to_the_version_that_was_there_before() {
    let mut seed = Seed::at_run_time();
    let function = controller();
    let high = seed.number(300..=900).to_string();
    let pairs = [("41", "43"), ("9", "10"), ("57", "43"), ("1", high.as_str()), (high.as_str(), "2")];
    for (stable, candidate) in pairs {
        for steps in [1, 2] {
            let mut release = Release::new(&mut seed, (stable, candidate), usual());
            for step in 1..=steps {
                release.take_step(&function, step);
                release.tick(candidate, 1_000, if step == steps { 400 } else { 0 });
                release.tick(stable, 9_000, 9);
                release.now += 300;
            }
            let before = (stable.to_owned(), None);
            let story = format!("the alias was at {stable}; {candidate} fails after step {steps}");
            let outcome = release.ask(&function, story);
            release.expect(&outcome, "rolling_back", Some(&before));
            let reason = outcome.expect_response()["reason"].clone();
            release.keep(&outcome);
            release.act(&outcome);
            release.now += 60;
            let outcome = release.ask(&function, format!("the alias is seen to point to {stable} alone"));
            release.expect(&outcome, "rolled_back", None);
            outcome.expect_json_at("/reason", reason);
        }
    }
}

#[test]
fn tries_again_what_was_not_done() {
    let mut seed = Seed::at_run_time();
    let function = controller();
    for steps in [0, 1, 2] {
        let mut release = after_steps(&mut seed, &function, steps, usual());
        let candidate = release.candidate.clone();
        if steps > 0 {
            release.tick(&candidate, 500, 0);
            release.now += 300;
        }
        let next = release.at_step(steps + 1);
        for time in 1..=3 {
            let story = format!("step {} is due; Lambda throttles the change, {time} times by now", steps + 1);
            let outcome = release.ask(&function, story);
            release.expect(&outcome, "running", Some(&next));
            release.keep(&outcome);
            release.now += 60;
        }
        if steps > 0 {
            release.tick_at(release.now - 60, &candidate, 500, 500);
            let back = release.at_step(0);
            for time in 1..=2 {
                let story = "now the candidate fails. The change back is refused: somebody writes a description";
                let outcome = release.ask(&function, format!("{story}, {time} times by now"));
                release.expect(&outcome, "rolling_back", Some(&back));
                release.keep(&outcome);
                release.alias.is_described();
                release.act(&outcome);
                release.now += 60;
            }
            release.minute(&function, "nobody is in the way any more", "rolling_back", Some(&back));
            release.minute(&function, "the alias is seen to be back", "rolled_back", None);
        }
    }
}

#[test]
fn goes_back_when_somebody_else_was_there_during_a_step() {
    let mut seed = Seed::at_run_time();
    let function = controller();
    for steps in [0, 1, 2] {
        let mut release = after_steps(&mut seed, &function, steps, usual());
        let candidate = release.candidate.clone();
        if steps > 0 {
            release.tick(&candidate, 500, 0);
            release.now += 240;
            release.alias.is_described();
            release.minute(&function, "somebody writes a description while nothing is asked for", "running", None);
        }
        let (next, back) = (release.at_step(steps + 1), release.at_step(0));
        let outcome = release.ask(&function, format!("step {} is due", steps + 1));
        release.expect(&outcome, "running", Some(&next));
        release.keep(&outcome);
        if steps == 0 {
            // The step is taken, and somebody takes it back by hand before anybody looks.
            release.act(&outcome);
            release.alias.moves(back.clone());
        } else {
            release.alias.is_described();
            release.act(&outcome);
        }
        release.now += 60;
        let story = "the alias is as it was before the step, with another RevisionId";
        if steps > 0 {
            release.minute(&function, story, "rolling_back", Some(&back));
        }
        release.minute(&function, story, "rolled_back", None);
    }
}

#[test]
fn leaves_an_alias_to_those_who_moved_it() {
    let mut seed = Seed::at_run_time();
    let function = controller();
    let other = seed.number(1_000..=2_000).to_string();
    let second = |version: &str, share: f64| Some((version.to_owned(), share));
    for steps in [1, 2] {
        for case in 0..6 {
            let mut release = after_steps(&mut seed, &function, steps, usual());
            let (stable, candidate) = (release.stable().to_owned(), release.candidate.clone());
            let here = release.alias.routing.clone();
            let moved = match case {
                0 => (stable, None),
                1 => (candidate.clone(), None),
                2 => (other.clone(), None),
                3 => (stable, second(&candidate, 0.101)),
                4 => (stable, second(&other, release.policy.steps[steps - 1])),
                _ => (other.clone(), second(&candidate, release.policy.steps[steps - 1])),
            };
            release.alias.moves(moved.clone());
            release.tick(&candidate, 1_000, if case % 2 == 0 { 1_000 } else { 0 });
            release.now += 300;
            let story = format!("after step {steps}, somebody moves the alias to {moved:?}");
            release.minute(&function, &story, "aborted", None);
            release.alias.moves(here);
            release.minute(&function, &format!("{story}, and back again"), "aborted", None);
        }
        for case in 0..3 {
            let mut release = after_steps(&mut seed, &function, steps, usual());
            let (stable, candidate, next) =
                (release.stable().to_owned(), release.candidate.clone(), release.at_step(steps + 1));
            release.tick(&candidate, 1_000, 0);
            release.now += 300;
            let outcome = release.ask(&function, format!("step {} is due", steps + 1));
            release.expect(&outcome, "running", Some(&next));
            release.keep(&outcome);
            let moved = match case {
                0 => (other.clone(), None),
                1 => (stable, second(&candidate, 0.999)),
                _ => (stable, None),
            };
            release.alias.moves(moved.clone());
            release.now += 60;
            release.minute(&function, &format!("and somebody moves the alias to {moved:?}"), "aborted", None);
        }
        for case in 0..6 {
            let mut release = after_steps(&mut seed, &function, steps, usual());
            let (stable, candidate, back) =
                (release.stable().to_owned(), release.candidate.clone(), release.at_step(0));
            release.tick(&candidate, 1_000, 1_000);
            release.now += 60;
            let outcome = release.ask(&function, "the candidate fails");
            release.expect(&outcome, "rolling_back", Some(&back));
            release.keep(&outcome);
            let (moved, status) = match case {
                0 => ((other.clone(), second(&candidate, 0.1)), "aborted"),
                1 => ((candidate.clone(), None), "aborted"),
                2 => ((stable, second(&other, 0.1)), "aborted"),
                3 => ((other.clone(), None), "aborted"),
                4 => ((stable, second(&candidate, 0.9)), "rolling_back"),
                _ => ((stable, None), "rolled_back"),
            };
            release.alias.moves(moved.clone());
            release.now += 60;
            let story = format!("it was to go back, and somebody moved the alias to {moved:?} in the meantime");
            let again = Some(&back).filter(|_| status == "rolling_back");
            release.minute(&function, &story, status, again);
        }
    }
    let (stable, candidate) = versions(&mut seed);
    for (main, second_version) in [(&stable, &candidate), (&stable, &other), (&candidate, &stable)] {
        let mut release = Release::new(&mut seed, (&stable, &candidate), usual());
        release.alias.moves((main.clone(), second(second_version, 0.1)));
        let story =
            format!("a release of {candidate} begins on an alias at {main} that gives {second_version} a share");
        release.minute(&function, &story, "aborted", None);
    }
}

#[test]
fn is_over_when_it_is_over() {
    let mut seed = Seed::at_run_time();
    let function = controller();
    let (stable, candidate) = versions(&mut seed);
    let mut release = Release::new(&mut seed, (&candidate, &candidate), usual());
    release.minute(&function, "the candidate is the version that the alias has already", "promoted", None);
    release.tick(&candidate, 10_000, 10_000);
    release.now += 300;
    release.minute(&function, "and later it fails", "promoted", None);

    let mut release = Release::new(&mut seed, (&stable, &candidate), Policy { steps: vec![0.2], ..usual() });
    release.take_step(&function, 1);
    release.tick(&candidate, 10_000, 0);
    release.now += 300;
    let next = release.at_step(2);
    release.minute(&function, "the last step is due", "running", Some(&next));
    release.minute(&function, "the candidate is seen to have everything", "promoted", None);
    release.tick(&candidate, 10_000, 10_000);
    release.now += 3_600;
    release.minute(&function, "an hour later it fails: alarms are for that", "promoted", None);
    release.alias.moves((stable.clone(), None));
    release.minute(&function, "somebody takes it back by hand", "promoted", None);

    let mut release = after_steps(&mut seed, &function, 1, usual());
    let (candidate, back) = (release.candidate.clone(), release.at_step(0));
    release.tick(&candidate, 10_000, 10_000);
    release.now += 60;
    release.minute(&function, "the candidate fails", "rolling_back", Some(&back));
    release.minute(&function, "the alias is seen to be back", "rolled_back", None);
    release.alias.moves((back.0, Some((candidate, 0.1))));
    release.minute(&function, "somebody gives it a share again, by hand", "rolled_back", None);
}

/// Where the caller crashes, or what goes wrong with its call of `UpdateAlias`.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Crash {
    Never,
    BeforeTheRecordIsKept,
    BeforeTheAliasIsChanged,
    /// The change was made, and nobody heard the answer: the same call is sent again.
    AfterTheAliasIsChanged,
}

/// One minute: the answer is as all that was kept demands, then something crashes.
#[track_caller]
fn minute_with(release: &mut Release, function: &Function, story: String, crash: Crash) {
    let outcome = release.ask(function, story);
    let (status, moved) = release.expected();
    release.expect(&outcome, status, moved.as_ref());
    if crash != Crash::BeforeTheRecordIsKept {
        release.keep(&outcome);
    }
    if matches!(crash, Crash::Never | Crash::AfterTheAliasIsChanged) {
        release.act(&outcome);
        release.act(&outcome);
    }
    release.now += 60;
}

#[test]
fn knows_where_it_is_whoever_crashed() {
    const CRASHES: [Crash; 3] =
        [Crash::BeforeTheRecordIsKept, Crash::BeforeTheAliasIsChanged, Crash::AfterTheAliasIsChanged];
    let mut seed = Seed::at_run_time();
    let function = controller();
    for fails_in in [None, Some(2), Some(4)] {
        for (crash, at) in CRASHES.into_iter().flat_map(|crash| (0..7).map(move |at| (crash, at))) {
            let (stable, candidate) = versions(&mut seed);
            let policy = Policy { bake: 120, ..usual() };
            let mut release = Release::new(&mut seed, (&stable, &candidate), policy);
            for minute in 0.. {
                let crashes = if minute == at { crash } else { Crash::Never };
                let story = format!("minute {minute}; in minute {at} the caller crashes: {crash:?}");
                let fails = fails_in.is_some_and(|from| minute >= from);
                release.tick_at(release.now - 60, &stable, 900, 0);
                release.tick_at(release.now - 60, &candidate, 100, if fails { 50 } else { 0 });
                minute_with(&mut release, &function, story, crashes);
                if release.is_over() {
                    break;
                }
                assert!(minute < 30, "the release does not end");
            }
            let end = if fails_in.is_some() { (stable, None) } else { (candidate, None) };
            assert_eq!(release.alias.routing, end, "where the alias is at the end, {crash:?} in minute {at}");
        }
    }
}

#[test]
fn keeps_to_its_rules_in_a_world_full_of_trouble() {
    let mut seed = Seed::at_run_time();
    let function = controller();
    let mut releases: Vec<Release> = Vec::new();
    let mut qualities: Vec<u64> = Vec::new();
    for _ in 0..24 {
        let (stable, candidate) = versions(&mut seed);
        let steps = [vec![0.1, 0.5], vec![0.3], vec![0.05, 0.2, 0.6]][seed.number(0..=2) as usize].clone();
        let bake = 60 * seed.number(1..=4);
        let (tolerance, enough) = (seed.number(0..=30), seed.number(1..=400));
        let patience = bake + 60 * seed.number(0..=5);
        let policy = Policy { steps, bake, enough, tolerance, patience };
        releases.push(Release::new(&mut seed, (&stable, &candidate), policy));
        qualities.push(seed.number(0..=5));
    }
    // All of them at once: what belongs to a release is in its record.
    for minute in 0..40 {
        for (release, quality) in releases.iter_mut().zip(&qualities) {
            let (stable, candidate) = (release.stable().to_owned(), release.candidate.clone());
            let requests = seed.number(0..=150);
            let errors = if *quality == 0 { requests * seed.number(0..=80) / 1_000 } else { requests / 100 };
            // A minute is known when it has passed, or only two minutes later.
            let at = release.now - *seed.pick(&[60, 180]);
            let (requests, errors) = if *quality == 1 { (0, 0) } else { (requests, errors) };
            release.tick_at(at, &candidate, requests, errors);
            release.tick_at(at, &stable, 900, seed.number(0..=9));
            let mut story = format!("minute {minute} of a release among others");
            if seed.number(0..=99) < 2 {
                let share = *seed.pick(&[0.02, 0.9]);
                let second = seed.pick(&[Some((candidate.clone(), share)), None]).clone();
                release.alias.moves((seed.pick(&[stable, candidate, "7777".to_owned()]).clone(), second));
                release.alias.routing.1 =
                    release.alias.routing.1.take().filter(|(it, _)| *it != release.alias.routing.0);
                story += "; somebody has moved the alias";
            }
            if seed.number(0..=99) < 6 {
                release.alias.is_described();
                story += "; somebody has written a description";
            }
            let crash = match seed.number(0..=9) {
                0 => Crash::BeforeTheRecordIsKept,
                1 => Crash::BeforeTheAliasIsChanged,
                2 => Crash::AfterTheAliasIsChanged,
                _ => Crash::Never,
            };
            if !release.is_over() || minute % 8 == 0 {
                minute_with(release, &function, story, crash);
            } else {
                release.now += 60;
            }
        }
    }
}
