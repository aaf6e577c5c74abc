//! What Lambda does when a release script calls it, and so what its double has to do.

use std::collections::{BTreeMap, BTreeSet};

use course::Seed;
use local_lambda::{Function, Outcome, binary};
use serde_json::{Value, json};

/// Calls of one script, and what is expected of each answer.
struct Script {
    story: String,
    calls: Vec<Value>,
    expected: Vec<Value>,
}

impl Script {
    fn new(story: impl Into<String>) -> Script {
        Script { story: story.into(), calls: Vec::new(), expected: Vec::new() }
    }

    /// A call whose answer is this.
    fn then(mut self, call: Value, answer: Value) -> Script {
        self.calls.push(call);
        self.expected.push(answer);
        self
    }

    /// Another code, and the version that it is published as.
    fn release(self, code: &str, version: u64) -> Script {
        self.then(json!({ "call": "update_code", "code": code }), json!({ "ok": null })).publish(version)
    }

    fn publish(self, version: u64) -> Script {
        self.then(json!({ "call": "publish" }), json!({ "ok": { "version": version.to_string() } }))
    }

    fn delete(self, version: u64, error: Option<&str>) -> Script {
        let answer = error.map_or(json!({ "ok": null }), |error| json!({ "error": error }));
        self.then(json!({ "call": "delete_version", "version": version.to_string() }), answer)
    }

    /// An answer that is looked at in another way.
    fn call(self, call: Value) -> Script {
        self.then(call, Value::Null)
    }

    /// Runs it, and every answer is the expected one.
    #[track_caller]
    fn run(self, function: &Function) -> (Outcome, Vec<Value>) {
        let outcome = function.story(&self.story).invoke(json!({ "calls": self.calls }));
        let answers = outcome.expect_response()["answers"].as_array().cloned().unwrap_or_default();
        let (got, called) = (answers.len(), self.calls.len());
        outcome.expect(&format!("there are {called} answers, one for each call; there are {got}"), |_| got == called);
        for (number, expected) in self.expected.iter().enumerate().filter(|(_, expected)| !expected.is_null()) {
            let (call, answer) = (&self.calls[number], &answers[number]);
            let what = format!("call {}, {call}, is answered with {expected}; it is {answer}", number + 1);
            outcome.expect(&what, |_| answer == expected);
        }
        (outcome, answers)
    }
}

fn invoked(version: &str, code: &str, memory_mb: u64) -> Value {
    json!({ "ok": { "version": version, "code": code, "memory_mb": memory_mb } })
}

fn invoke(qualifier: &str, draw: f64) -> Value {
    json!({ "call": "invoke", "qualifier": qualifier, "draw": draw })
}

fn create(alias: &str, version: &str) -> Value {
    json!({ "call": "create_alias", "alias": alias, "version": version })
}

fn get(alias: &str) -> Value {
    json!({ "call": "get_alias", "alias": alias })
}

/// An update with these fields beside the alias.
fn update(alias: &str, fields: Value) -> Value {
    let mut call = json!({ "call": "update_alias", "alias": alias });
    if let (Value::Object(call), Value::Object(fields)) = (&mut call, fields) {
        call.extend(fields);
    }
    call
}

/// So many different codes.
fn codes(seed: &mut Seed, count: usize) -> Vec<String> {
    let mut codes = BTreeSet::new();
    while codes.len() < count {
        codes.insert(format!("{}-{}", seed.name(), seed.number(1..=999)));
    }
    codes.into_iter().collect()
}

/// Publishes these codes as 1, 2, 3 and so on.
fn released(story: &str, codes: &[String]) -> Script {
    (1..).zip(codes).fold(Script::new(story), |script, (version, code)| script.release(code, version))
}

#[test]
fn a_number_is_given_once() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for _ in 0..4 {
        let codes = codes(&mut seed, 15);
        let (first, second) = (seed.number(1..=4), seed.number(5..=9));
        released("two of twelve versions are deleted, and then there are two releases", &codes[..12])
            .delete(first, None)
            .delete(second, None)
            .then(invoke(&first.to_string(), 0.0), json!({ "error": "ResourceNotFoundException" }))
            .delete(first, Some("ResourceNotFoundException"))
            .release(&codes[12], 13)
            .release(&codes[13], 14)
            .then(invoke("12", 0.0), invoked("12", &codes[11], 128))
            .then(invoke("13", 0.0), invoked("13", &codes[12], 128))
            .delete(14, None)
            .release(&codes[14], 15)
            .run(&function);
    }
}

#[test]
fn a_version_stays_as_it_was_published() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for _ in 0..4 {
        let codes = codes(&mut seed, 2);
        let (small, large) = (seed.number(129..=1_024), seed.number(1_025..=10_240));
        let memory = |memory_mb: u64| json!({ "call": "update_config", "memory_mb": memory_mb });
        Script::new("one code is published with three memory sizes, then another code, then the first one again")
            .release(&codes[0], 1)
            .then(memory(small), json!({ "ok": null }))
            .publish(2)
            .then(memory(large), json!({ "ok": null }))
            .then(invoke("$LATEST", 0.0), invoked("$LATEST", &codes[0], large))
            .publish(3)
            .publish(3)
            .then(json!({ "call": "update_code", "code": codes[0] }), json!({ "ok": null }))
            .publish(3)
            .release(&codes[1], 4)
            .release(&codes[0], 5)
            .publish(5)
            .then(invoke("1", 0.5), invoked("1", &codes[0], 128))
            .then(invoke("2", 0.5), invoked("2", &codes[0], small))
            .then(invoke("3", 0.5), invoked("3", &codes[0], large))
            .then(invoke("4", 0.5), invoked("4", &codes[1], large))
            .then(invoke("5", 0.5), invoked("5", &codes[0], large))
            .run(&function);
    }
}

#[test]
fn an_alias_is_served_by_its_version_or_by_a_share_of_the_second() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for _ in 0..4 {
        let codes = codes(&mut seed, 2);
        let percent = seed.number(2..=98) as f64;
        let weight = percent / 100.0;
        let below = (percent - 1.0) / 100.0;
        released("live serves version 1 and gives a share of its calls to version 2", &codes)
            .call(create("live", "1"))
            .then(create("live", "2"), json!({ "error": "ResourceConflictException" }))
            .then(create("next", "3"), json!({ "error": "ResourceNotFoundException" }))
            .then(get("next"), json!({ "error": "ResourceNotFoundException" }))
            .then(invoke("live", 0.0), invoked("1", &codes[0], 128))
            .call(update("live", json!({ "routing": { "2": weight } })))
            .then(invoke("live", 0.0), invoked("2", &codes[1], 128))
            .then(invoke("live", below), invoked("2", &codes[1], 128))
            .then(invoke("live", weight), invoked("1", &codes[0], 128))
            .then(invoke("live", 0.999), invoked("1", &codes[0], 128))
            .then(invoke("next", 0.5), json!({ "error": "ResourceNotFoundException" }))
            .call(create("edited", "$LATEST"))
            .then(invoke("edited", 0.5), invoked("$LATEST", &codes[1], 128))
            .then(update("next", json!({ "version": "1" })), json!({ "error": "ResourceNotFoundException" }))
            .run(&function);
    }
}

#[test]
fn of_two_who_have_seen_the_same_one_wins() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for _ in 0..3 {
        let codes = codes(&mut seed, 3);
        let weight = seed.number(1..=99) as f64 / 100.0;
        let script = |story: &str| released(story, &codes).call(create("live", "1")).call(get("live"));
        let (outcome, answers) = script("live is created and looked at").run(&function);
        // Two calls release a code.
        let first = 2 * codes.len();
        let seen = answers[first]["ok"]["revision"].clone();
        outcome.expect("a revision is a text, the same from create_alias and get_alias", |_| {
            seen.is_string() && seen == answers[first + 1]["ok"]["revision"]
        });
        let refused = json!({ "error": "PreconditionFailedException" });
        let there = update("live", json!({ "version": "2", "revision": seen }));
        let back = update("live", json!({ "version": "1" }));
        let same = update("live", json!({ "version": "1", "routing": {} }));
        let canary = update("live", json!({ "version": "3", "routing": { "2": weight }, "revision": seen }));
        let expect_kept = |(outcome, answers): (Outcome, Vec<Value>), version: &str| {
            let last = answers.last().cloned().unwrap_or_default();
            let what =
                format!("who came too late has changed nothing: live serves version {version} alone; it is {last}");
            let right = last["ok"]["version"] == version && last["ok"]["routing"] == json!({});
            outcome.expect(&what, |_| right);
        };
        let story = "two have seen live; the first points it to version 2, the second comes too late";
        expect_kept(
            script(story).call(there.clone()).then(canary.clone(), refused.clone()).call(get("live")).run(&function),
            "2",
        );
        let story = "the first points live to version 2 and back; the second, who has seen it before, comes too late";
        let script_back = script(story).call(there.clone()).call(back).then(canary.clone(), refused.clone());
        expect_kept(script_back.call(get("live")).run(&function), "1");
        let story = "the first updates live with what it is already; the second comes too late";
        expect_kept(
            script(story).call(same).then(canary.clone(), refused.clone()).call(get("live")).run(&function),
            "1",
        );
        let (outcome, answers) = script("only one has seen live, and looks again after each update")
            .call(there)
            .call(get("live"))
            .run(&function);
        let after = &answers[first + 2]["ok"];
        let right = after["version"] == "2"
            && after["revision"].is_string()
            && after["revision"] != seen
            && after == &answers[first + 3]["ok"];
        outcome.expect(
            "an update with the right revision is done, and answers as get_alias does, with a new revision",
            |_| right,
        );
    }
}

#[test]
fn an_update_changes_what_it_names() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for _ in 0..4 {
        let codes = codes(&mut seed, 3);
        let (weight, other) = (seed.number(1..=50) as f64 / 100.0, seed.number(51..=99) as f64 / 100.0);
        let script = released("an alias with a second version is updated in many ways", &codes)
            .call(create("live", "1"))
            .call(update("live", json!({ "routing": { "3": weight } })))
            .call(update("live", json!({ "version": "2" })))
            .call(update("live", json!({ "routing": { "3": other } })))
            .call(update("live", json!({})))
            .call(update("live", json!({ "routing": null, "version": null })))
            .call(update("live", json!({ "routing": {} })))
            .call(update("live", json!({ "version": "3", "routing": { "1": weight } })))
            .call(update("live", json!({ "version": "1", "routing": {} })));
        let (outcome, answers) = script.run(&function);
        let expected = [
            ("1", json!({}), "create_alias makes it without a second version"),
            ("1", json!({ "3": weight }), "a second version is added"),
            ("2", json!({ "3": weight }), "the version is another, and the second one stays"),
            ("2", json!({ "3": other }), "the share is another, and the version stays"),
            ("2", json!({ "3": other }), "nothing is named, and everything stays"),
            ("2", json!({ "3": other }), "null names nothing, and everything stays"),
            ("2", json!({}), "an empty routing takes the second version away"),
            ("3", json!({ "1": weight }), "both are others"),
            ("1", json!({}), "the version is what the second one was, which goes"),
        ];
        for ((version, routing, told), answer) in expected.into_iter().zip(&answers[2 * codes.len()..]) {
            let right = answer["ok"]["alias"] == "live"
                && answer["ok"]["version"] == version
                && answer["ok"]["routing"] == routing;
            outcome.expect(&format!("{told}: version {version}, routing {routing}; it is {answer}"), |_| right);
        }
    }
}

#[test]
fn a_version_that_an_alias_serves_cannot_be_deleted() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    // A share of nothing is a share: an update of the alias may make more of it.
    for (percent, share) in [(seed.number(1..=99), "a share"), (0, "a share of 0"), (100, "all")] {
        let codes = codes(&mut seed, 4);
        let conflict = Some("ResourceConflictException");
        let story =
            format!("live serves version 1 and gives {share} of its calls to version 2, night serves version 3");
        released(&story, &codes)
            .call(create("live", "1"))
            .call(update("live", json!({ "routing": { "2": percent as f64 / 100.0 } })))
            .call(create("night", "3"))
            .delete(1, conflict)
            .delete(2, conflict)
            .delete(3, conflict)
            .then(
                json!({ "call": "delete_version", "version": "$LATEST" }),
                json!({ "error": "InvalidParameterValueException" }),
            )
            .then(invoke("2", 0.0), invoked("2", &codes[1], 128))
            .call(update("live", json!({ "routing": {} })))
            .delete(2, None)
            .then(invoke("2", 0.0), json!({ "error": "ResourceNotFoundException" }))
            .call(update("night", json!({ "version": "4" })))
            .delete(3, None)
            .then(invoke("night", 0.0), invoked("4", &codes[3], 128))
            .run(&function);
    }
}

#[test]
fn an_alias_has_at_most_two_published_versions() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    let invalid = json!({ "error": "InvalidParameterValueException" });
    let missing = json!({ "error": "ResourceNotFoundException" });
    for _ in 0..3 {
        let codes = codes(&mut seed, 3);
        let weight = seed.number(1..=99) as f64 / 100.0;
        let canary = || {
            released("live serves version 1, and a share of it goes to version 2", &codes)
                .call(create("live", "1"))
                .call(update("live", json!({ "routing": { "2": weight } })))
        };
        for (refused, answer) in [
            (json!({ "routing": { "2": weight, "3": 0.1 } }), &invalid),
            (json!({ "routing": { "1": weight } }), &invalid),
            (json!({ "routing": { "$LATEST": weight } }), &invalid),
            (json!({ "routing": { "9": weight } }), &missing),
            (json!({ "version": "9" }), &missing),
            // What is not named stays, and must fit.
            (json!({ "version": "2" }), &invalid),
            (json!({ "version": "$LATEST" }), &invalid),
        ] {
            canary().then(update("live", refused), answer.clone()).run(&function);
        }
        let script = canary().call(update("live", json!({ "version": "$LATEST", "routing": {} })));
        script.then(update("live", json!({ "routing": { "3": weight } })), invalid.clone()).run(&function);
    }
}

#[test]
fn what_is_refused_has_changed_nothing() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for _ in 0..3 {
        let codes = codes(&mut seed, 3);
        let weight = seed.number(1..=99) as f64 / 100.0;
        for refused in [
            json!({ "version": "3", "routing": { "3": weight } }),
            json!({ "version": "3", "routing": { "9": weight } }),
            json!({ "version": "3", "routing": { "1": weight, "2": weight } }),
            json!({ "version": "9", "routing": {} }),
            json!({ "version": "2" }),
            json!({ "version": "3", "routing": {}, "revision": "of somebody else" }),
        ] {
            let (outcome, answers) =
                released("an update of live is refused, and live is looked at before and after", &codes)
                    .call(create("live", "1"))
                    .call(update("live", json!({ "routing": { "2": weight } })))
                    .call(get("live"))
                    .call(update("live", refused))
                    .call(get("live"))
                    .run(&function);
            let [.., before, refusal, after] = answers.as_slice() else {
                unreachable!("there is an answer for each call")
            };
            outcome.expect(&format!("the update is refused; it is answered with {refusal}"), |_| {
                refusal["error"].is_string()
            });
            let right = before["ok"].is_object() && before == after;
            outcome.expect(&format!("live is as it was, its revision too: {before}; it is {after}"), |_| right);
        }
    }
}

#[test]
fn a_list_in_pages_has_every_version_once() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for number in 0..8 {
        let count = if number < 2 { seed.number(101..=140) } else { seed.number(5..=30) };
        let most = match number {
            0 | 1 => 10_000,
            2 => 1,
            _ => seed.number(2..=6),
        };
        let codes = codes(&mut seed, count as usize);
        // From page to page, with a version deleted after each page that was already seen or will be.
        let mut deleted = BTreeMap::new();
        let (mut listed, mut pages, mut markers) = (Vec::new(), Vec::new(), Vec::new());
        loop {
            let story =
                format!("{count} versions, {most} a page at most; {} are deleted between the pages", deleted.len());
            let mut script = released(&story, &codes);
            for (marker, gone) in &markers {
                script = script.call(list(most, marker)).delete(*gone, None);
            }
            let marker = pages.last().map_or(Value::Null, |page: &Value| page["next_marker"].clone());
            let (outcome, answers) = script.call(list(most, &marker)).run(&function);
            let page = answers.last().map(|answer| answer["ok"].clone()).unwrap_or_default();
            let names: Vec<String> = page["versions"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect();
            let (got, last) = (names.len() as u64, page["next_marker"].is_null());
            let what = format!("a page has 1 to {} versions; this one has {got}", most.min(50));
            outcome.expect(&what, |_| (1..=most.min(50)).contains(&got));
            let what = format!("only the last page has fewer than {}; this one has {got}", most.min(50));
            outcome.expect(&what, |_| last || got == most.min(50));
            let again = names.iter().find(|name| listed.contains(*name)).cloned();
            let what = format!("no version is listed on two pages; {} is", again.as_deref().unwrap_or("none"));
            outcome.expect(&what, |_| again.is_none());
            listed.extend(names);
            if last {
                // Whatever was there when its page was looked at.
                let there = (1..=count).filter(|version| deleted.get(version).is_none_or(|seen| *seen));
                let mut expected = vec!["$LATEST".to_owned()];
                expected.extend(there.map(|version| version.to_string()));
                let gone: Vec<&u64> = deleted.keys().collect();
                let what = format!(
                    "all pages together are {expected:?} ({gone:?} were deleted meanwhile); they are {listed:?}"
                );
                outcome.expect(&what, |_| listed == expected);
                break;
            }
            let left: Vec<u64> = (1..count).filter(|version| !deleted.contains_key(version)).collect();
            let gone = *seed.pick(&left);
            deleted.insert(gone, listed.contains(&gone.to_string()));
            markers.push((marker, gone));
            pages.push(page);
        }
    }
    for (count, most, expected) in [
        (3, 10, json!(["$LATEST", "1", "2", "3"])),
        // A page that is just full is the last one.
        (2, 3, json!(["$LATEST", "1", "2"])),
        (0, 5, json!(["$LATEST"])),
    ] {
        let codes = codes(&mut seed, count);
        let story = format!("{count} versions, and a page that has all of them");
        let page = json!({ "ok": { "versions": expected, "next_marker": null } });
        released(&story, &codes).then(list(most, &Value::Null), page).run(&function);
    }
}

fn list(max_items: u64, marker: &Value) -> Value {
    json!({ "call": "list_versions", "max_items": max_items, "marker": marker })
}

/// A long script of any calls: what was published stays, numbers and revisions never come again.
#[test]
fn whatever_is_called_versions_stay_and_nothing_comes_twice() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for _ in 0..20 {
        let (mut code, mut memory) = ("empty".to_owned(), 128);
        let mut script =
            Script::new("a long script of updates, releases, deletions and looks").call(create("live", "$LATEST"));
        let mut published: BTreeMap<u64, (String, u64)> = BTreeMap::new();
        let mut next = 1;
        for _ in 0..60 {
            let versions: Vec<u64> = published.keys().copied().collect();
            script = match seed.number(0..=5) {
                0 => {
                    code = seed.name();
                    script.call(json!({ "call": "update_code", "code": code }))
                }
                1 => {
                    memory = seed.number(128..=10_240);
                    script.call(json!({ "call": "update_config", "memory_mb": memory }))
                }
                2 => {
                    let is = (code.clone(), memory);
                    let last = published.last_key_value().filter(|(_, last)| **last == is).map(|(version, _)| *version);
                    let version = last.unwrap_or(next);
                    next = next.max(version + 1);
                    published.insert(version, is);
                    script.publish(version)
                }
                3 if versions.len() > 1 => {
                    // The one that was published last stays.
                    let gone = *seed.pick(&versions[..versions.len() - 1]);
                    published.remove(&gone);
                    let script = script.call(update("live", json!({ "version": "$LATEST", "routing": {} })));
                    script.delete(gone, None)
                }
                4 if !versions.is_empty() => {
                    let version = *seed.pick(&versions);
                    script.call(update("live", json!({ "version": version.to_string() })))
                }
                _ => script.call(get("live")),
            };
        }
        for (version, (code, memory)) in &published {
            script = script.then(invoke(&version.to_string(), 0.5), invoked(&version.to_string(), code, *memory));
        }
        let calls = script.calls.clone();
        let (outcome, answers) = script.run(&function);
        let updates = calls
            .iter()
            .zip(&answers)
            .filter(|(call, _)| call["call"] == "update_alias" || call["call"] == "create_alias");
        let revisions: Vec<&Value> = updates.map(|(_, answer)| &answer["ok"]["revision"]).collect();
        let different: BTreeSet<String> = revisions.iter().map(|revision| revision.to_string()).collect();
        outcome.expect(
            &format!("each change of live gives it a revision that it never had; they are {revisions:?}"),
            |_| different.len() == revisions.len(),
        );
    }
}
