//! What the till expects of its greeter.

use course::Seed;
use local_lambda::{Function, binary};
use serde_json::{Value, json};

// ANCHOR: test
#[test]
fn greets_by_name() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for name in ["Ferris".to_owned(), seed.name(), seed.name()] {
        let outcome = function.story(format!("{name} comes in")).invoke(json!({ "name": name }));
        outcome.expect_json_at("/greeting", format!("Hello, {name}!"));
    }
}
// ANCHOR_END: test

#[test]
fn ignores_fields_that_it_does_not_know() {
    let mut seed = Seed::at_run_time();
    let name = seed.name();
    let function = Function::start(binary!());
    let outcome = function
        .story("a newer till also sends the language and the loyalty card")
        .invoke(json!({ "language": "zh-TW", "name": name, "card": { "points": seed.number(1..=900) } }));
    outcome.expect_json(json!({ "greeting": format!("Hello, {name}!"), "number": 1 }));
}

#[test]
fn greets_a_guest_whose_name_is_absent_null_or_blank() {
    let function = Function::start(binary!());
    let name = Seed::at_run_time().name();
    function.story("somebody with a name comes first").invoke(json!({ "name": name }));
    for (story, visitor) in [
        ("the till sends no name", json!({})),
        ("the till sends null for the name", json!({ "name": null })),
        ("the till sends an empty name", json!({ "name": "" })),
        ("the till sends a name of blanks", json!({ "name": "  " })),
        ("the till sends a tabulator for the name", json!({ "name": "\t" })),
        ("the till sends the wide blank of a Chinese keyboard", json!({ "name": "\u{3000}" })),
    ] {
        function.story(story).invoke(visitor).expect_json_at("/greeting", "Hello, guest!");
    }
}

#[test]
fn leaves_every_script_and_emoji_as_it_came() {
    let function = Function::start(binary!());
    for name in ["小明", "Zoë", "🦀", "أحمد", "👩\u{200d}🚀"] {
        let outcome = function.story("not everybody writes their name in ASCII").invoke(json!({ "name": name }));
        outcome.expect_json_at("/greeting", format!("Hello, {name}!"));
    }
}

#[test]
fn leaves_the_blanks_round_a_name() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for name in
        [format!("  {}", seed.name()), format!("{} ", seed.name()), format!(" {} {} ", seed.name(), seed.name())]
    {
        let outcome = function.story(format!("the till sends {name:?}")).invoke(json!({ "name": name }));
        outcome.expect_json_at("/greeting", format!("Hello, {name}!"));
    }
}

#[test]
fn prints_at_most_twenty_characters_of_a_name() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    let letters = seed.number(1..=18) as usize;
    for name in [
        "Hubert Blaine Wolfeschlegelsteinhausenbergerdorff".to_owned(),
        "🦀".repeat(25),
        format!("{}{}", "n".repeat(letters), "ö".repeat(30)),
        "exactly twenty chars".to_owned(),
        "one more than twenty.".to_owned(),
        "👩\u{200d}🚀".repeat(7),
    ] {
        let printed: String = name.chars().take(20).collect();
        let outcome = function.story("a ticket has room for 20 characters").invoke(json!({ "name": name }));
        outcome.expect_json_at("/greeting", format!("Hello, {printed}!"));
    }
}

#[test]
fn numbers_the_visitors_of_one_process() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    let visitors = seed.number(3..=9);
    for number in 1..=visitors {
        let story = format!("visitor {number} since the process started");
        function.story(story).invoke(json!({ "name": seed.name() })).expect_json_at("/number", number);
    }
    let name = seed.name();
    for (place, (story, visitor)) in [
        ("a guest is a visitor too", json!({})),
        ("after a guest comes somebody with a name", json!({ "name": name })),
        ("somebody of the same name comes again", json!({ "name": name })),
        ("and one more guest", json!({ "name": null })),
    ]
    .into_iter()
    .enumerate()
    {
        function.story(story).invoke(visitor).expect_json_at("/number", visitors + 1 + place as u64);
    }
    function.force_cold();
    let outcome = function.story("the first visitor after a cold start").invoke(json!({ "name": seed.name() }));
    outcome.expect_json_at("/number", 1);
}

#[test]
fn refuses_a_name_that_is_not_text_and_goes_on() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    function.story("the first visitor").invoke(json!({ "name": seed.name() })).expect_json_at("/number", 1);
    for name in [json!(seed.number(0..=99)), json!(["Ferris"]), Value::Bool(true)] {
        function
            .story("a broken till sends a name that is not text")
            .invoke(json!({ "name": name }))
            .expect_function_error();
    }
    let outcome = function.story("the next visitor meets the same process").invoke(json!({ "name": seed.name() }));
    outcome.expect_warm().expect_json_at("/number", 2);
}
