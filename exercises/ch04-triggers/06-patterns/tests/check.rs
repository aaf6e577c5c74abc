//! Which events the sorting office passes on, and which messages it lets go.

use course::Seed;
use local_lambda::{Event, Function, binary};
use local_lambda_sources::filter_criteria::{FilterCriteria, RecordSource};
use local_lambda_sources::pattern::Pattern;
use serde_json::{Map, Value, json};

/// Asks about all events at once; each is expected to pass or not.
#[track_caller]
fn expect(office: &Function, story: &str, pattern: &Value, expected: &[(Value, bool)]) {
    let events: Vec<&Value> = expected.iter().map(|(event, _)| event).collect();
    let question = Event::named(format!("the pattern {pattern}"), json!({ "pattern": pattern, "events": events }));
    let outcome = office.story(story).invoke(question);
    let answer = outcome.expect_response();
    for (index, (event, passes)) in expected.iter().enumerate() {
        let words = if *passes { "passes on" } else { "does not pass on" };
        outcome.expect(&format!("the pattern {pattern} {words} {event}"), |_| answer["matches"][index] == *passes);
    }
}

#[test]
fn passes_on_what_has_one_of_the_wanted_values() {
    let mut seed = Seed::at_run_time();
    let office = Function::start(binary!());
    let (state, other) = (seed.name(), format!("{}x", seed.name()));
    let pattern = json!({ "state": [state, "printed"], "rush": [true] });
    let story = "printed or of another state, and in a rush";
    expect(
        &office,
        story,
        &pattern,
        &[
            (json!({ "state": state, "rush": true, "more": 7 }), true),
            (json!({ "state": "printed", "rush": true }), true),
            (json!({ "state": other, "rush": true }), false),
            (json!({ "state": "printed", "rush": false }), false),
            (json!({ "state": "printed" }), false),
            (json!({ "state": "Printed", "rush": true }), false),
            (json!({ "state": "printed", "rush": "true" }), false),
        ],
    );
}

#[test]
fn looks_into_objects() {
    let mut seed = Seed::at_run_time();
    let office = Function::start(binary!());
    let name = seed.name();
    let pattern = json!({ "source": ["shop"], "detail": { "printer": { "name": [name] }, "copies": [1, 2] } });
    expect(
        &office,
        "one or two copies of one printer",
        &pattern,
        &[
            (json!({ "source": "shop", "detail": { "printer": { "name": name }, "copies": 2 } }), true),
            (json!({ "source": "shop", "detail": { "printer": { "name": name }, "copies": 3 } }), false),
            (json!({ "source": "shop", "detail": { "printer": name, "copies": 2 } }), false),
            (json!({ "source": "shop", "detail": { "name": name, "copies": 2 } }), false),
            (json!({ "source": "shop" }), false),
            (json!({ "source": "till", "detail": { "printer": { "name": name }, "copies": 2 } }), false),
        ],
    );
}

#[test]
fn finds_a_value_in_a_list() {
    let mut seed = Seed::at_run_time();
    let office = Function::start(binary!());
    let tag = seed.name();
    expect(
        &office,
        "one tag of several",
        &json!({ "tags": [tag, "gift"] }),
        &[
            (json!({ "tags": [tag] }), true),
            (json!({ "tags": ["rush", "gift"] }), true),
            (json!({ "tags": "gift" }), true),
            (json!({ "tags": [["rush"], [["gift"]]] }), true),
            (json!({ "tags": ["rush", "gifts"] }), false),
            (json!({ "tags": [] }), false),
        ],
    );
    let story = "a job of an order, of which one has both";
    expect(
        &office,
        story,
        &json!({ "jobs": { "size": ["10x15"], "state": ["lost"] } }),
        &[
            (json!({ "jobs": [{ "size": "13x18", "state": "lost" }, { "size": "10x15", "state": "lost" }] }), true),
            (json!({ "jobs": [{ "size": "13x18", "state": "lost" }, { "size": "10x15", "state": "done" }] }), false),
            (json!({ "jobs": { "size": "10x15", "state": "lost" } }), true),
            (json!({ "jobs": ["10x15", { "size": "10x15", "state": "lost" }] }), true),
            (json!({ "jobs": ["10x15", "lost", { "size": "10x15", "state": "done" }] }), false),
            (json!({ "jobs": [[{ "size": "13x18" }], [{ "size": "10x15", "state": "lost" }]] }), true),
        ],
    );
}

#[test]
fn tells_absent_null_and_empty_apart() {
    let office = Function::start(binary!());
    let (absent, null, empty) = (json!({}), json!({ "coupon": null }), json!({ "coupon": "" }));
    let filled = json!({ "coupon": Seed::at_run_time().name() });
    for (pattern, expected) in [
        (json!({ "coupon": [null] }), [false, true, false, false]),
        (json!({ "coupon": [""] }), [false, false, true, false]),
        (json!({ "coupon": [{ "exists": true }] }), [false, true, true, true]),
        (json!({ "coupon": [{ "exists": false }] }), [true, false, false, false]),
        (json!({ "coupon": [null, { "exists": false }] }), [true, true, false, false]),
        (json!({ "coupon": [{ "anything-but": "" }] }), [false, true, false, true]),
        (json!({ "coupon": [{ "anything-but": [null] }] }), [false, false, true, true]),
        (json!({ "coupon": { "code": [{ "exists": false }] } }), [true, true, true, true]),
    ] {
        let events = [&absent, &null, &empty, &filled].map(Value::clone);
        let expected: Vec<(Value, bool)> = events.into_iter().zip(expected).collect();
        expect(&office, "a coupon is there, or is null, or empty, or none", &pattern, &expected);
    }
    expect(
        &office,
        "there is an object, which is no value",
        &json!({ "coupon": [{ "exists": true }] }),
        &[
            (json!({ "coupon": { "code": "X" } }), false),
            (json!({ "coupon": [] }), false),
            (json!({ "coupon": [null] }), true),
        ],
    );
}

#[test]
fn knows_the_operators_for_text() {
    let mut seed = Seed::at_run_time();
    let office = Function::start(binary!());
    let name = seed.name();
    let key = format!("uploads/{name}.JPG");
    for (pattern, expected) in [
        (json!({ "key": [{ "prefix": "uploads/" }] }), [true, false, false]),
        (json!({ "key": [{ "suffix": ".jpg" }] }), [false, true, false]),
        (json!({ "key": [{ "suffix": ".jpg" }, { "suffix": ".JPG" }] }), [true, true, false]),
        (json!({ "key": [{ "equals-ignore-case": key.to_uppercase() }] }), [true, false, false]),
        (json!({ "key": [{ "anything-but": [key, 7] }] }), [false, true, false]),
        (json!({ "key": [{ "anything-but": key }] }), [false, true, true]),
        (json!({ "key": [{ "anything-but": { "prefix": "uploads/" } }] }), [false, true, true]),
        (json!({ "key": [{ "prefix": "7" }] }), [false, false, false]),
    ] {
        let events = [json!({ "key": key }), json!({ "key": "thumbs/a.jpg" }), json!({ "key": 7 })];
        let expected: Vec<(Value, bool)> = events.into_iter().zip(expected).collect();
        expect(&office, "photos by the beginning and the end of their keys", &pattern, &expected);
    }
    expect(
        &office,
        "a name with umlauts",
        &json!({ "customer": [{ "equals-ignore-case": format!("MÖWE {name}") }] }),
        &[
            (json!({ "customer": format!("Möwe {name}") }), true),
            (json!({ "customer": format!("möwe {}", name.to_lowercase()) }), true),
            (json!({ "customer": format!("Mowe {name}") }), false),
        ],
    );
    let pattern = json!({ "tags": [{ "anything-but": ["gift"] }] });
    expect(
        &office,
        "a list has a tag that is not gift",
        &pattern,
        &[
            (json!({ "tags": ["gift", "rush"] }), true),
            (json!({ "tags": ["gift"] }), false),
            (json!({ "tags": [] }), false),
        ],
    );
}

#[test]
fn compares_numbers_and_no_text() {
    let mut seed = Seed::at_run_time();
    let office = Function::start(binary!());
    let low = seed.number(10..=400);
    let high = low + seed.number(2..=90);
    for (numeric, expected) in [
        (json!([">", low, "<=", high]), [false, true, true, false]),
        (json!([">=", low, "<", high]), [true, true, false, false]),
        (json!(["=", low]), [true, false, false, false]),
        (json!([">", high]), [false, false, false, true]),
        (json!(["<=", low]), [true, false, false, false]),
    ] {
        let pattern = json!({ "cents": [{ "numeric": numeric }] });
        let mut events: Vec<(Value, bool)> = [low, low + 1, high, high + 1]
            .into_iter()
            .zip(expected)
            .map(|(cents, passes)| (json!({ "cents": cents }), passes))
            .collect();
        let as_text = [low, low + 1, high, high + 1].map(|cents| (json!({ "cents": cents.to_string() }), false));
        events.extend(as_text);
        expect(&office, "an order's price, as a number and as text", &pattern, &events);
    }
}

#[test]
fn takes_one_of_several_patterns_and_all_that_stands_beside_them() {
    let mut seed = Seed::at_run_time();
    let office = Function::start(binary!());
    let state = seed.name();
    let story = "for a gift or for much money, and of this state";
    let either = json!([{ "tags": ["gift"] }, { "price": { "cents": [{ "numeric": [">", 500] }] } }]);
    expect(
        &office,
        story,
        &json!({ "state": [state], "$or": either }),
        &[
            (json!({ "state": state, "tags": ["gift"] }), true),
            (json!({ "state": state, "price": { "cents": 501 } }), true),
            (json!({ "state": state, "tags": ["gift"], "price": { "cents": 501 } }), true),
            (json!({ "state": state, "price": { "cents": 500 } }), false),
            (json!({ "state": "else", "tags": ["gift"] }), false),
            (json!({ "tags": ["gift"], "price": { "cents": 501 } }), false),
        ],
    );
    let inside = json!({ "detail": { "state": [state], "$or": [{ "a": [1] }, { "b": [{ "exists": false }] }] } });
    expect(
        &office,
        "the same below a field",
        &inside,
        &[
            (json!({ "detail": { "state": state, "a": 1, "b": 2 } }), true),
            (json!({ "detail": { "state": state, "a": 2 } }), true),
            (json!({ "detail": { "state": state, "a": 2, "b": 2 } }), false),
            (json!({ "state": state, "detail": { "a": 1 } }), false),
        ],
    );
}

#[test]
fn agrees_with_the_event_bus_about_events_that_nobody_thought_of() {
    let mut seed = Seed::at_run_time();
    let office = Function::start(binary!());
    for _ in 0..60 {
        let pattern = random_pattern(&mut seed, &FIELDS, 2);
        let oracle = Pattern::parse(&pattern.to_string()).expect("the generator writes valid patterns");
        let events = (0..8).map(|_| random_event(&mut seed, 2));
        let expected: Vec<(Value, bool)> = events.map(|event| (event.clone(), oracle.matches(&event))).collect();
        expect(&office, "made up by chance", &pattern, &expected);
    }
}

#[test]
fn deletes_the_messages_that_no_filter_passes() {
    let mut seed = Seed::at_run_time();
    let office = Function::start(binary!());
    let jobs = r#"{"job":"p-7","size":"10x15","copies":3}"#;
    for (story, filters) in [
        ("a filter for one size", vec![json!({ "body": { "size": ["10x15"] } })]),
        (
            "two filters, of which one has to pass a message",
            vec![
                json!({ "body": { "size": ["13x18"] } }),
                json!({ "body": { "copies": [{ "numeric": [">=", 3, "<=", seed.number(4..=9)] }] } }),
            ],
        ),
        ("a filter for what is not there", vec![json!({ "body": { "coupon": [{ "exists": false }] } })]),
        ("a filter for text", vec![json!({ "body": ["open", { "prefix": "p" }] })]),
        ("a filter for text that is not there", vec![json!({ "body": [{ "exists": false }] })]),
        ("a filter for text or for JSON", vec![json!({ "body": ["7"] }), json!({ "body": { "copies": [2] } })]),
        ("a filter that does not look at the body", vec![json!({ "messageId": ["m-1", "m-4"] })]),
    ] {
        let bodies = [
            jobs.to_owned(),
            json!({ "size": "13x18", "copies": 2 }).to_string(),
            json!({ "size": "10x15", "copies": seed.number(10..=99) }).to_string(),
            "print three, please".to_owned(),
            "open".to_owned(),
            "7".to_owned(),
            r#"["open"]"#.to_owned(),
            r#"{"size":"10x15""#.to_owned(),
        ];
        let messages: Vec<Value> = bodies
            .iter()
            .enumerate()
            .map(|(index, body)| json!({ "messageId": format!("m-{index}"), "body": body, "eventSource": "aws:sqs" }))
            .collect();
        let texts = filters.iter().map(Value::to_string);
        let oracle = FilterCriteria::parse(RecordSource::Sqs, texts).expect("valid filters");
        let outcome = office.story(story).invoke(json!({ "filters": filters, "messages": messages }));
        let answer = outcome.expect_response();
        let has = |list: &str, id: &Value| answer[list].as_array().is_some_and(|ids| ids.contains(id));
        for message in &messages {
            let (id, passes) = (&message["messageId"], oracle.matches(message));
            let words = if passes { "passed" } else { "deleted" };
            let what = format!("{} the body {} is {words}", Value::from(filters.clone()), message["body"]);
            outcome.expect(&what, |_| has("passed", id) == passes && has("deleted", id) != passes);
        }
    }
}

const FIELDS: [&str; 4] = ["state", "copies", "tags", "coupon"];
const WORDS: [&str; 6] = ["printed", "Printed", "print", "lost", "ed", ""];

fn random_scalar(seed: &mut Seed) -> Value {
    match seed.number(0..=9) {
        0 => Value::Null,
        1 => json!(seed.number(0..=1) == 1),
        2..=4 => json!(seed.number(0..=4)),
        _ => json!(*seed.pick(&WORDS)),
    }
}

fn random_event(seed: &mut Seed, depth: u64) -> Value {
    let mut event = Map::new();
    for field in FIELDS {
        let value = match seed.number(0..=9) {
            0..=2 => continue,
            3..=7 => random_scalar(seed),
            _ => (0..seed.number(0..=3)).map(|_| random_scalar(seed)).collect(),
        };
        event.insert(field.to_owned(), value);
    }
    if depth > 0 {
        let inner = match seed.number(0..=9) {
            0 => None,
            1 => Some(random_scalar(seed)),
            2..=4 => Some((0..seed.number(0..=3)).map(|_| random_event(seed, depth - 1)).collect()),
            _ => Some(random_event(seed, depth - 1)),
        };
        event.extend(inner.map(|inner| ("detail".to_owned(), inner)));
    }
    event.into()
}

fn random_matcher(seed: &mut Seed) -> Value {
    let word = *seed.pick(&["printed", "Printed", "print", "lost", "ed"]);
    match seed.number(0..=11) {
        0 => json!({ "exists": true }),
        1 => json!({ "exists": false }),
        2 => json!({ "prefix": word }),
        3 => json!({ "suffix": word }),
        4 => json!({ "equals-ignore-case": word }),
        5 => json!({ "anything-but": [word, "lost"] }),
        6 => json!({ "anything-but": { "prefix": word } }),
        7 => json!({ "numeric": [">=", seed.number(0..=2), "<", seed.number(3..=5)] }),
        8 => json!({ "numeric": [*seed.pick(&["=", ">", ">=", "<", "<="]), seed.number(0..=4)] }),
        _ => random_scalar(seed),
    }
}

/// A pattern that asks for some of these fields, and never twice for one.
fn random_pattern(seed: &mut Seed, fields: &[&str], depth: u64) -> Value {
    let mut pattern = Map::new();
    let (first, rest) = fields.split_at(fields.len().div_ceil(2));
    let matchers = |seed: &mut Seed| -> Value { (0..seed.number(1..=3)).map(|_| random_matcher(seed)).collect() };
    let asked = (*seed.pick(first)).to_owned();
    pattern.insert(asked, matchers(seed));
    if !rest.is_empty() && seed.number(0..=2) == 0 {
        let alternatives: Vec<Value> =
            rest.iter().map(|field| json!({ *field: matchers(seed) })).chain([json!({ "none": [1] })]).collect();
        pattern.insert("$or".to_owned(), alternatives.into());
    }
    if depth > 0 && seed.number(0..=1) == 0 {
        pattern.insert("detail".to_owned(), random_pattern(seed, fields, depth - 1));
    }
    pattern.into()
}
