//! What the shop expects of whoever says what a metric filter counts.

use course::Seed;
use local_lambda::{Event, Function, Outcome, binary};
use serde_json::{Value, json};

/// Asks about all lines at once; each is expected to match or not.
#[track_caller]
fn expect(counter: &Function, story: &str, pattern: &str, lines: &[(String, bool)]) -> Outcome {
    let texts: Vec<&str> = lines.iter().map(|(line, _)| line.as_str()).collect();
    let outcome = ask(counter, story, pattern, "1", &texts);
    let answer = outcome.expect_response();
    let found: Vec<u64> = answer["matches"].as_array().into_iter().flatten().filter_map(Value::as_u64).collect();
    for (index, (line, matches)) in lines.iter().enumerate() {
        let words = if *matches { "matches" } else { "does not match" };
        outcome.expect(&format!("the pattern {pattern} {words} the line {line}"), |_| {
            found.contains(&(index as u64)) == *matches
        });
    }
    let expected: Vec<u64> = (0..).zip(lines).filter(|(_, (_, matches))| *matches).map(|(index, _)| index).collect();
    outcome.expect("each line that matches is named once, in the order of the lines", |_| found == expected);
    outcome.expect_that(&format!("with the value 1 the sum is {}", expected.len()), |answer| {
        answer["sum"].as_f64() == Some(expected.len() as f64)
    });
    outcome
}

fn ask(counter: &Function, story: &str, pattern: &str, value: &str, lines: &[&str]) -> Outcome {
    let question = json!({ "pattern": pattern, "value": value, "lines": lines });
    counter.story(story).invoke(Event::named(format!("the pattern {pattern}"), question))
}

/// Lines and whether they match.
fn lines<const N: usize>(lines: [(Value, bool); N]) -> Vec<(String, bool)> {
    lines.into_iter().map(|(line, matches)| (line.to_string(), matches)).collect()
}

fn texts<const N: usize>(lines: [(&str, bool); N]) -> Vec<(String, bool)> {
    lines.into_iter().map(|(line, matches)| (line.to_owned(), matches)).collect()
}

#[test]
fn finds_text_in_a_field_of_an_object() {
    let mut seed = Seed::at_run_time();
    let counter = Function::start(binary!());
    let level = seed.name().to_uppercase();
    let pattern = format!("{{ $.level = \"{level}\" }}");
    expect(
        &counter,
        "lines with a level, and lines that only speak of it",
        &pattern,
        &lines([
            (json!({ "level": level, "message": "bank away" }), true),
            (json!({ "level": "INFO", "message": format!("no {level} today") }), false),
            (json!({ "level": level.to_lowercase() }), false),
            (json!({ "level": format!("{level}S") }), false),
            (json!({ "fields": { "level": level } }), false),
            (json!({ "message": level }), false),
            (json!({ "level": [level] }), false),
            (json!([{ "level": level }]), false),
        ]),
    );
    let story = "the same words without quotation marks, and lines that are no JSON";
    let pattern = format!("{{$.level={level}}}");
    expect(
        &counter,
        story,
        &pattern,
        &[
            (format!("{{\"level\":\"{level}\"}}"), true),
            (format!(" {{ \"level\" : \"{level}\" }} "), true),
            (format!("level {level}"), false),
            (level.clone(), false),
            (format!("{{\"level\":\"{level}\"}} again"), false),
            (format!("\"{level}\""), false),
            (String::new(), false),
        ],
    );
}

#[test]
fn goes_into_objects_and_lists() {
    let mut seed = Seed::at_run_time();
    let counter = Function::start(binary!());
    let name = seed.name();
    expect(
        &counter,
        "the name of the second printer",
        &format!("{{ $.shop.printers[1].name = \"{name}\" }}"),
        &lines([
            (json!({ "shop": { "printers": [{ "name": "a" }, { "name": name }] } }), true),
            (json!({ "shop": { "printers": [{ "name": name }, { "name": "a" }] } }), false),
            (json!({ "shop": { "printers": [{ "name": name }] } }), false),
            (json!({ "shop": { "printers": { "1": { "name": name } } } }), false),
            (json!({ "shop.printers[1].name": name }), false),
            (json!({ "shop": name }), false),
        ]),
    );
    let number = seed.number(1..=99);
    expect(
        &counter,
        "a number in a list of lists",
        &format!("{{ $.at[0][2] = {number} }}"),
        &lines([
            (json!({ "at": [[0, 0, number]] }), true),
            (json!({ "at": [[0, number, 0]] }), false),
            (json!({ "at": [0, 0, number] }), false),
        ]),
    );
}

#[test]
fn compares_numbers_as_numbers() {
    let mut seed = Seed::at_run_time();
    let counter = Function::start(binary!());
    type Compares = fn(f64, f64) -> bool;
    let ops: [(&str, Compares); 6] = [
        ("=", |a, b| a == b),
        ("!=", |a, b| a != b),
        ("<", |a, b| a < b),
        ("<=", |a, b| a <= b),
        (">", |a, b| a > b),
        (">=", |a, b| a >= b),
    ];
    for (op, compares) in ops {
        let limit = seed.number(2..=2_000) as f64 / 2.0;
        let mut drawn: Vec<f64> = (0..100).map(|_| seed.number(0..=4_000) as f64 / 2.0).collect();
        drawn.extend([limit, limit - 0.5, limit + 0.5, limit * 10.0, -limit, 0.0]);
        let mut lines: Vec<(String, bool)> =
            drawn.iter().map(|ms| (json!({ "ms": ms }).to_string(), compares(*ms, limit))).collect();
        let whole = limit.ceil();
        lines.push((json!({ "ms": whole as u64 }).to_string(), compares(whole, limit)));
        // Text is none of the numbers, and neither is what is no value.
        if op != "=" && op != "!=" {
            lines.extend(
                [json!("9"), json!("99999"), json!(null), json!(true), json!([1]), json!({ "is": 1 })]
                    .map(|other| (json!({ "ms": other }).to_string(), false)),
            );
        }
        expect(&counter, &format!("a hundred times, {op} {limit}"), &format!("{{ $.ms {op} {limit} }}"), &lines);
    }
    let story = "numbers in other spellings";
    for (pattern, expected) in [
        ("{ $.code = 4e2 }", [true, true, false, false]),
        ("{ $.code = +400 }", [true, true, false, false]),
        ("{ $.code > -1e-3 }", [true, true, true, false]),
        ("{ $.code != 400.0 }", [false, false, true, true]),
    ] {
        let values = [json!(400), json!(400.0), json!(404), json!(-1)];
        let lines: Vec<_> =
            values.iter().zip(expected).map(|(code, matches)| (json!({ "code": code }).to_string(), matches)).collect();
        expect(&counter, story, pattern, &lines);
    }
}

#[test]
fn knows_the_asterisk() {
    let mut seed = Seed::at_run_time();
    let counter = Function::start(binary!());
    let name = seed.name();
    for (pattern, expected) in [
        (format!("{{ $.who = \"{name}*\" }}"), [true, true, false, false, false]),
        (format!("{{ $.who = \"*{name}\" }}"), [true, false, true, false, false]),
        (format!("{{ $.who = *{name}* }}"), [true, true, true, true, false]),
        ("{ $.who = * }".to_owned(), [true, true, true, true, true]),
        (format!("{{ $.who != \"*{name}*\" }}"), [false, false, false, false, true]),
    ] {
        let who =
            [name.clone(), format!("{name} & co"), format!("the {name}"), format!("a {name} b"), "nobody".to_owned()];
        let mut lines: Vec<_> =
            who.iter().zip(expected).map(|(who, matches)| (json!({ "who": who }).to_string(), matches)).collect();
        lines.extend(
            [json!({ "who": { "name": name } }), json!({ "who": [name] }), json!({ "who": null }), json!({})]
                .map(|line| (line.to_string(), false)),
        );
        expect(&counter, "a name, alone and among other words", &pattern, &lines);
    }
    let lines = lines([
        (json!({ "status": 400 }), true),
        (json!({ "status": 499 }), true),
        (json!({ "status": "418" }), true),
        (json!({ "status": 500 }), false),
        (json!({ "status": 14 }), false),
    ]);
    let points = [(json!(400), false), (json!(400.0), true), (json!(400.5), false), (json!("400.0"), true)];
    let points = points.map(|(code, matches)| (json!({ "code": code }).to_string(), matches));
    expect(&counter, "a number as it stands in JSON", "{ $.code = *.0 }", &points);
    expect(&counter, "a number against text", "{ $.code = \"400.0\" }", &points);
    expect(&counter, "every status that begins with a 4, as a number or as text", "{ $.status = 4* }", &lines);
}

#[test]
fn tells_absent_null_true_and_false_apart() {
    let mut seed = Seed::at_run_time();
    let counter = Function::start(binary!());
    let field = seed.name().to_lowercase();
    let other = seed.name();
    for (condition, expected) in [
        ("IS NULL", [false, true, false, false, false, false]),
        ("IS TRUE", [false, false, true, false, false, false]),
        ("IS FALSE", [false, false, false, true, false, false]),
        ("NOT EXISTS", [true, false, false, false, false, false]),
        ("!= \"x\"", [false, false, false, false, true, false]),
        ("= *", [false, false, false, false, true, false]),
        ("!= 7", [false, false, false, false, true, false]),
        (">= 0", [false, false, false, false, false, false]),
    ] {
        let found = [
            json!({ "else": other }),
            json!({ &field: null }),
            json!({ &field: true }),
            json!({ &field: false }),
            json!({ &field: other }),
            json!({ &field: { "id": 7 } }),
        ];
        let mut lines: Vec<_> = found.iter().zip(expected).map(|(line, matches)| (line.to_string(), matches)).collect();
        lines.push((format!("{other} {field}"), false));
        lines.extend([json!(other), json!([]), json!(7), json!(null)].map(|line| (line.to_string(), false)));
        expect(
            &counter,
            "a field that is there, or null, or not there",
            &format!("{{ $.{field} {condition} }}"),
            &lines,
        );
    }
    let pattern = format!("{{ $.{field}.id NOT EXISTS }}");
    let lines = lines([
        (json!({ &field: other }), true),
        (json!({ &field: { "id": null } }), false),
        (json!({ &field: {} }), true),
    ]);
    expect(&counter, "the field of a field", &pattern, &lines);
}

#[test]
fn puts_conditions_together() {
    let mut seed = Seed::at_run_time();
    let counter = Function::start(binary!());
    let limit = seed.number(100..=900);
    let line = |level: &str, ms: u64, retry: bool| json!({ "level": level, "ms": ms, "retry": retry });
    for (pattern, expected) in [
        (format!("{{ $.level = \"ERROR\" && $.ms > {limit} }}"), [true, false, false, false]),
        (format!("{{ $.level = \"ERROR\" || $.ms > {limit} }}"), [true, true, true, false]),
        (format!("{{ $.retry IS TRUE || $.level = \"ERROR\" && $.ms > {limit} }}"), [true, true, false, true]),
        (format!("{{ ($.retry IS TRUE || $.level = \"ERROR\") && $.ms > {limit} }}"), [true, false, false, false]),
    ] {
        let found = [
            line("ERROR", limit + 1, false),
            line("ERROR", limit, true),
            line("INFO", limit + 1, false),
            line("INFO", limit, true),
        ];
        let lines: Vec<_> = found.iter().zip(expected).map(|(line, matches)| (line.to_string(), matches)).collect();
        expect(&counter, "level, time and whether it was tried again", &pattern, &lines);
    }
}

#[test]
fn takes_a_line_apart_at_its_blanks() {
    let mut seed = Seed::at_run_time();
    let counter = Function::start(binary!());
    let (level, name) = (seed.name().to_uppercase(), seed.name());
    let pattern = format!("[time, level = {level}, who]");
    let line = |text: &str| text.replace("LEVEL", &level).replace("NAME", &name);
    let cases = [
        ("10:15 LEVEL NAME", true),
        ("  10:15   LEVEL NAME ", true),
        ("[30 Nov 2026 10:15] LEVEL NAME", true),
        ("\"at ten\" LEVEL NAME", true),
        ("\"at ten\" \"LEVEL\" NAME", true),
        ("\"10:15 LEVEL NAME", true),
        ("[10:15 LEVEL NAME", true),
        ("10:15 \"LEVEL NAME", false),
        ("10:15 INFO LEVEL", false),
        ("10:15 LEVELS NAME", false),
        ("LEVEL NAME", false),
        ("at ten LEVEL NAME", false),
        ("10:15 LEVEL", false),
        ("{\"level\":\"LEVEL\"}", false),
    ]
    .map(|(text, matches)| (line(text), matches));
    expect(&counter, "a time, a level, and who it was", &pattern, &cases);
    let pattern = format!("[time, request = \"GET /{name}*\", status = 4* || status = 5*, bytes > 1000]");
    let cases = [
        ("[10:15] \"GET /NAME HTTP/1.1\" 404 1534", true),
        ("[10:15] \"GET /NAME/2 HTTP/1.1\" 503 1001", true),
        ("[10:15] \"GET /NAME HTTP/1.1\" 404 1000", false),
        ("[10:15] \"GET /NAME HTTP/1.1\" 404 9", false),
        ("[10:15] \"GET /NAME HTTP/1.1\" 200 1534", false),
        ("[10:15] \"PUT /NAME HTTP/1.1\" 404 1534", false),
        ("[10:15] \"GET /NAME HTTP/1.1\" 404 many", false),
        ("10:15 GET /NAME HTTP/1.1 404 1534", false),
    ]
    .map(|(text, matches)| (line(text), matches));
    expect(&counter, "lines of a web server", &pattern, &cases);
}

#[test]
fn gives_the_last_name_all_that_is_left() {
    let mut seed = Seed::at_run_time();
    let counter = Function::start(binary!());
    let name = seed.name();
    let line = |text: &str| text.replace("NAME", &name);
    let four = texts([
        ("one two three", false),
        ("one two three four", true),
        ("one two three four five six", true),
        ("one [two three] four \"five six\"", true),
        ("[one two] three \"four five\"", false),
        ("", false),
    ]);
    expect(&counter, "four names ask for at least four fields", "[a, b, c, d]", &four);
    let cases = [("x y the bank NAME", true), ("x y NAME", true), ("x y NAME away", false), ("x NAME", false)]
        .map(|(text, matches)| (line(text), matches));
    expect(&counter, "the last name has a condition", &format!("[a, b, c = \"*{name}\"]"), &cases);
    let pattern = format!("[a, b, c = \"the  [big]  * {name}\"]");
    let cases = [
        ("x y the  [big]  bank NAME", true),
        ("x y the  [big]  \"bank\" NAME ", true),
        ("x y the [big] bank NAME", false),
        ("x y the  big  bank NAME", false),
    ]
    .map(|(text, matches)| (line(text), matches));
    expect(&counter, "several words are as they stand there, with blanks and brackets", &pattern, &cases);
    expect(
        &counter,
        "one name takes all",
        "[all = \"bank * away\"]",
        &texts([
            ("bank is away", true),
            ("bank away", false),
            ("\"bank is away\"", true),
            ("bank is away today", false),
        ]),
    );
}

#[test]
fn knows_the_ellipsis() {
    let mut seed = Seed::at_run_time();
    let counter = Function::start(binary!());
    let ms = seed.number(100..=900);
    let line = |text: &str| text.replace("SLOW", &(ms + 1).to_string()).replace("FAST", &ms.to_string());
    for (pattern, expected) in [
        (format!("[..., ms > {ms}, unit]"), [true, true, false, false, false, false]),
        (format!("[level = INFO, ..., ms > {ms}, unit]"), [false, true, false, false, false, false]),
        ("[level = INFO, ...]".to_owned(), [false, true, true, true, true, true]),
        ("[level = INFO, a, ..., b]".to_owned(), [false, true, true, true, false, false]),
        ("[...]".to_owned(), [true; 6]),
    ] {
        let cases = ["SLOW ms", "INFO took SLOW ms", "INFO took SLOW ms again", "INFO FAST ms", "INFO SLOW", "INFO"];
        let lines: Vec<_> = cases.iter().zip(expected).map(|(text, matches)| (line(text), matches)).collect();
        expect(&counter, "words before the ones that count", &pattern, &lines);
    }
}

#[test]
fn adds_up_the_numbers_of_a_field() {
    let mut seed = Seed::at_run_time();
    let counter = Function::start(binary!());
    let drawn: Vec<u64> = (0..20).map(|_| seed.number(0..=1_000)).collect();
    let limit = seed.number(200..=800);
    let sum: u64 = drawn.iter().filter(|ms| **ms >= limit).sum();
    let objects: Vec<String> = drawn.iter().map(|ms| json!({ "took": { "ms": ms } }).to_string()).collect();
    let words: Vec<String> = drawn.iter().map(|ms| format!("INFO paid {ms} ms")).collect();
    for (pattern, value, lines) in [
        (format!("{{ $.took.ms >= {limit} }}"), "$.took.ms", &objects),
        (format!("[level, what, ms >= {limit}, unit]"), "$ms", &words),
        (format!("[..., ms >= {limit}, unit]"), "$ms", &words),
    ] {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let outcome = ask(&counter, &format!("the value is {value}"), &pattern, value, &lines);
        outcome.expect_that(&format!("the sum is {sum}"), |answer| answer["sum"].as_f64() == Some(sum as f64));
    }
    let fixed = seed.number(2..=9) as f64 / 2.0;
    let lines = ["{\"ms\":3}", "{\"ms\":\"4\"}", "{\"ms\":null}", "{}", "{\"ms\":5.5}", "{\"ms\":true}", "ms 7"];
    let outcome =
        ask(&counter, "every object matches; two of them have a number", "{ $.x NOT EXISTS }", "$.ms", &lines);
    outcome.expect_json(json!({ "matches": [0, 1, 2, 3, 4, 5], "sum": 8.5 }));
    let outcome = ask(&counter, "the value is a number", "{ $.x NOT EXISTS }", &fixed.to_string(), &lines);
    outcome.expect_json(json!({ "matches": [0, 1, 2, 3, 4, 5], "sum": fixed * 6.0 }));
    let outcome = ask(&counter, "the words of a field are no number", "[a, b]", "$b", &["ms 7", "ms seven", "ms 7 ms"]);
    outcome.expect_json(json!({ "matches": [0, 1, 2], "sum": 7.0 }));
    let odd = ["ms inf", "ms 7", "ms NaN", "ms -infinity"];
    let outcome = ask(&counter, "words that only Rust reads as numbers", "[a, b]", "$b", &odd);
    outcome.expect_json(json!({ "matches": [0, 1, 2, 3], "sum": 7.0 }));
    let outcome = ask(&counter, "words that only Rust reads as numbers", "[a, b > 5]", "1", &odd);
    outcome.expect_json(json!({ "matches": [1], "sum": 1.0 }));
}

#[test]
fn says_why_four_words_count_the_wrong_lines() {
    let mut seed = Seed::at_run_time();
    let counter = Function::start(binary!());
    let names: Vec<String> = (0..3).map(|_| seed.name()).collect();
    let object = |level: &str, message: &str| {
        json!({ "timestamp": "2026-11-30T10:15:30Z", "level": level, "message": message, "requestId": "8f3c" })
            .to_string()
    };
    let log = [
        object("INFO", "paid"),
        object("ERROR", "away"),
        object("INFO", &format!("paid by {} and {}", names[0], names[1])),
        object("ERROR", &format!("{} away", names[2])),
        "2026-11-30T10:15:30Z 8f3c INFO paid".to_owned(),
        "2026-11-30T10:15:30Z 8f3c ERROR the bank is away".to_owned(),
    ];
    for (pattern, expected) in [
        ("[timestamp, id, level, message]", [false, false, true, false, true, true]),
        ("[timestamp, id, level = ERROR, message]", [false, false, false, false, false, true]),
        ("{ $.level = \"ERROR\" }", [false, true, false, true, false, false]),
    ] {
        let lines: Vec<_> = log.iter().cloned().zip(expected).collect();
        expect(&counter, "the log of the desk, before and after it learned JSON", pattern, &lines);
    }
}

#[test]
fn refuses_what_is_no_pattern() {
    let mut seed = Seed::at_run_time();
    let counter = Function::start(binary!());
    let name = seed.name();
    for pattern in [format!("{{ $.{name} = }}"), format!("[{name}, ..., x, ...]"), name.clone()] {
        let outcome = ask(&counter, "a pattern that cannot be read", &pattern, "1", &[name.as_str()]);
        outcome.expect_error("InvalidPattern");
    }
}
