//! What the shop expects of the payment desk's log.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use course::Seed;
use local_lambda::{Function, FunctionBuilder, LogFormat, Outcome, binary};
use serde_json::{Value, json};

/// A desk that writes JSON and everything from `level` on.
fn desk(level: &str) -> Function {
    in_json().log_level(level).start()
}

fn in_json() -> FunctionBuilder {
    patient().log_format(LogFormat::Json)
}

/// A busy machine may stop a function for some seconds, which is no fault of its log.
fn patient() -> FunctionBuilder {
    Function::builder(binary!()).timeout(Duration::from_secs(60))
}

/// A request, and what the bank does with it.
fn request(seed: &mut Seed, bank: Value) -> Value {
    json!({ "order": order(seed), "bank": bank })
}

fn order(seed: &mut Seed) -> String {
    format!("{}-{}", seed.name(), seed.number(1000..=9999))
}

/// A line of the function's log in which this is the message.
#[track_caller]
fn line(outcome: &Outcome, message: &str) -> Value {
    let parsed = || outcome.function_log().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let what = format!("one line of the log is a JSON object with the message {message:?}");
    outcome.expect(&what, |_| parsed().filter(|line| line["message"] == message).count() == 1);
    parsed().find(|line| line["message"] == message).unwrap_or_default()
}

/// The request in the line "asked to pay", which may be written as JSON or as text of JSON.
#[track_caller]
fn logged_request(outcome: &Outcome) -> Value {
    let line = line(outcome, "asked to pay");
    let logged = line["request"].as_object().cloned().map(Value::Object);
    logged.or_else(|| serde_json::from_str(line["request"].as_str()?).ok()).unwrap_or_default()
}

/// The field of the line is this.
#[track_caller]
fn expect_field(outcome: &Outcome, line: &Value, name: &str, expected: &str) {
    let what = format!("the line {:?} has the {name} {expected:?}, not {}", line["message"], line[name]);
    outcome.expect(&what, |_| line[name] == expected);
}

/// Seconds since 1970 of a time in RFC 3339, in UTC.
fn seconds(text: &str) -> Option<u64> {
    let (date, time) = text.strip_suffix('Z').or_else(|| text.strip_suffix("+00:00"))?.split_once('T')?;
    let numbers = |text: &str, by: char| text.split(by).map(|n| n.parse::<f64>().ok()).collect::<Option<Vec<f64>>>();
    let ([year, month, day], [hours, minutes, seconds]) =
        (numbers(date, '-')?.try_into().ok()?, numbers(time, ':')?.try_into().ok()?);
    let (year, month) = if month > 2.0 { (year, month - 3.0) } else { (year - 1.0, month + 9.0) };
    let leap_days = (year / 4.0).floor() - (year / 100.0).floor() + (year / 400.0).floor();
    let days = year * 365.0 + leap_days + ((153.0 * month + 2.0) / 5.0).floor() + day - 719_469.0;
    (text.len() >= 20).then_some(((days * 24.0 + hours) * 3_600.0 + minutes * 60.0 + seconds) as u64)
}

/// The number of a card, with the check digit that it needs, in groups of four.
fn card(seed: &mut Seed) -> String {
    let mut digits: Vec<u64> = (0..15).map(|_| seed.number(1..=9)).collect();
    let weighted = digits.iter().enumerate().map(|(place, digit)| match place % 2 {
        0 => digit * 2 / 10 + digit * 2 % 10,
        _ => *digit,
    });
    digits.push((10 - weighted.sum::<u64>() % 10) % 10);
    let groups = digits.chunks(4).map(|group| group.iter().map(u64::to_string).collect::<String>());
    groups.collect::<Vec<_>>().join(" ")
}

/// Something that nobody may read.
fn secret(seed: &mut Seed) -> String {
    format!("{}{}{}", seed.name(), seed.number(100_000..=999_999), seed.name())
}

/// The log has none of the secrets and all of the rest.
#[track_caller]
fn expect_clean(outcome: &Outcome, secrets: &[&str], rest: &[&str]) {
    for secret in secrets {
        let shown = outcome.function_log().find(|line| line.contains(secret));
        let what = format!("no line of the log shows the secret {secret:?}; this does: {}", shown.unwrap_or_default());
        outcome.expect(&what, |_| shown.is_none());
    }
    for word in rest {
        outcome.expect(&format!("the log still shows {word:?}, which is no secret"), |outcome| {
            outcome.function_log().any(|line| line.contains(word))
        });
    }
}

#[test]
fn writes_one_json_object_with_time_level_message_and_request_id() {
    let mut seed = Seed::at_run_time();
    let desk = desk("INFO");
    for (answer, level, message) in [
        ("pays", "INFO", "paid"),
        ("declines", "WARN", "not paid"),
        ("is away", "ERROR", "bank away"),
        ("pays", "INFO", "paid"),
    ] {
        let request = request(&mut seed, json!({ "answer": answer }));
        let outcome = desk.story(format!("the bank {answer}")).invoke(request.clone());
        match answer {
            "is away" => _ = outcome.expect_error("BankAway"),
            answer => _ = outcome.expect_json(json!({ "order": request["order"], "paid": answer == "pays" })),
        }
        outcome.expect("every line of the log is a JSON object", |outcome| {
            outcome.function_log().all(|line| serde_json::from_str::<Value>(line).is_ok_and(|line| line.is_object()))
        });
        let line = line(&outcome, message);
        expect_field(&outcome, &line, "level", level);
        expect_field(&outcome, &line, "requestId", &outcome.request_id);
        expect_field(&outcome, &line, "order", request["order"].as_str().unwrap_or_default());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let time = line["timestamp"].as_str().unwrap_or_default();
        // An hour is for clocks that are set while the check runs.
        let what = format!("the timestamp is the time in RFC 3339, in UTC; it is {}", line["timestamp"]);
        outcome.expect(&what, |_| seconds(time).is_some_and(|then| then.abs_diff(now) < 3_600));
    }
}

#[test]
fn says_when_each_thing_happened() {
    let mut seed = Seed::at_run_time();
    let desk = desk("DEBUG");
    for (answer, message) in [("pays", "paid"), ("declines", "not paid")] {
        // More than a second, since the time may be written in whole ones.
        let bank = json!({ "answer": answer, "takes_ms": 1_100 });
        let outcome = desk.story(format!("the bank {answer} after 1.1 s")).invoke(request(&mut seed, bank));
        let (before, after) = (line(&outcome, "asked to pay"), line(&outcome, message));
        let times = (&before["timestamp"], &after["timestamp"]);
        let what = format!("\"asked to pay\" and {message:?} have times of their own, not {} and {}", times.0, times.1);
        outcome.expect(&what, |_| times.0.is_string() && times.1.is_string() && times.0 != times.1);
    }
}

#[test]
fn says_how_long_the_bank_took() {
    let mut seed = Seed::at_run_time();
    let desk = in_json().start();
    for answer in ["pays", "declines", "is away"] {
        let takes_ms = seed.number(20..=60);
        let outcome = desk
            .story(format!("the bank {answer} after {takes_ms} ms, and the timeout is a minute"))
            .invoke(request(&mut seed, json!({ "answer": answer, "takes_ms": takes_ms })));
        let message = if answer == "pays" {
            "paid"
        } else if answer == "declines" {
            "not paid"
        } else {
            "bank away"
        };
        let line = line(&outcome, message);
        let longest = outcome.report.duration.as_millis() as u64 + 1;
        let what = format!("duration_ms is a whole number from {takes_ms} to {longest}; it is {}", line["duration_ms"]);
        outcome.expect(&what, |_| line["duration_ms"].as_u64().is_some_and(|ms| (takes_ms..=longest).contains(&ms)));
    }
}

#[test]
fn obeys_the_log_level() {
    let mut seed = Seed::at_run_time();
    let messages = ["asked to pay", "paid", "not paid", "bank away"];
    for (level, from) in [
        (Some("TRACE"), 0),
        (Some("DEBUG"), 0),
        (Some("INFO"), 1),
        (None, 1),
        (Some("WARN"), 2),
        (Some("ERROR"), 3),
        (Some("FATAL"), 4),
    ] {
        let builder = in_json().env("RUST_LOG", "trace");
        let desk = match level {
            Some(level) => builder.log_level(level).start(),
            None => builder.start(),
        };
        for (answer, own) in [("pays", 1), ("declines", 2), ("is away", 3)] {
            let outcome = desk
                .story(format!(
                    "the bank {answer}; AWS_LAMBDA_LOG_LEVEL is {}, RUST_LOG is trace",
                    level.unwrap_or("not set")
                ))
                .invoke(request(&mut seed, json!({ "answer": answer })));
            for (index, message) in messages.iter().enumerate() {
                let expected = index >= from && (index == 0 || index == own);
                let found = outcome.function_log().any(|line| line.contains(&format!("\"{message}\"")));
                let words = if expected { "has" } else { "does not have" };
                outcome.expect(&format!("the log {words} a line {message:?}"), |_| found == expected);
            }
            outcome.expect("with FATAL, nothing at all is written", |outcome| {
                from < 4 || outcome.function_log().next().is_none()
            });
        }
    }
}

#[test]
fn keeps_the_request_id_at_every_level() {
    let mut seed = Seed::at_run_time();
    for (level, answer, message) in [("WARN", "declines", "not paid"), ("ERROR", "is away", "bank away")] {
        let desk = desk(level);
        for _ in 0..2 {
            let outcome = desk
                .story(format!("AWS_LAMBDA_LOG_LEVEL is {level}; the bank {answer}"))
                .invoke(request(&mut seed, json!({ "answer": answer })));
            let line = line(&outcome, message);
            expect_field(&outcome, &line, "requestId", &outcome.request_id);
        }
    }
}

#[test]
fn writes_text_when_the_format_is_not_json() {
    let mut seed = Seed::at_run_time();
    let text = patient().start();
    let named = patient().env("AWS_LAMBDA_LOG_FORMAT", "Text").log_level("DEBUG").start();
    for (desk, story) in [(text, "AWS_LAMBDA_LOG_FORMAT is not set"), (named, "AWS_LAMBDA_LOG_FORMAT is Text")] {
        for (answer, level, message) in
            [("pays", "INFO", "paid"), ("declines", "WARN", "not paid"), ("is away", "ERROR", "bank away")]
        {
            let (card, says) = (card(&mut seed), seed.name());
            let bank = json!({ "answer": answer, "says": format!("{says} does not like\n{card}") });
            let mut request = request(&mut seed, bank);
            request["order"] = format!("{} \"{}\" \\ 1", seed.name(), seed.name()).into();
            let outcome = desk.story(format!("the bank {answer}; {story}")).invoke(request.clone());
            let beginning = format!("{level} {} {message}", outcome.request_id);
            outcome.expect(&format!("one line of the log begins with {beginning:?}"), |outcome| {
                outcome.function_log().filter(|line| line.starts_with(&beginning)).count() == 1
            });
            let order = format!("order={}", request["order"]);
            outcome.expect(&format!("the line {message:?} has {order}"), |outcome| {
                outcome.function_log().any(|line| line.starts_with(&beginning) && line.contains(&order))
            });
            outcome.expect("every line of the log begins with a level", |outcome| {
                let levels = ["ERROR ", "WARN ", "INFO ", "DEBUG "];
                outcome.function_log().all(|line| levels.iter().any(|level| line.starts_with(level)))
            });
            let rest = [says.as_str()];
            expect_clean(&outcome, &[&card], if answer == "pays" { &[] } else { &rest });
        }
    }
}

#[test]
fn hides_what_stands_under_the_name_of_a_secret() {
    let mut seed = Seed::at_run_time();
    let desk = desk("DEBUG");
    for names in [
        ["authorization", "Cookie", "x-api-key", "password"],
        ["Authorization", "Set-Cookie", "X_API_KEY", "PassWord"],
        ["AUTHORIZATION", "set_cookie", "apiKey", "card-number"],
        ["api_key", "CVC", "cardNumber", "setCookie"],
    ] {
        let secrets: Vec<String> = names.iter().map(|_| secret(&mut seed)).collect();
        let number = seed.number(100_000_000..=999_999_999);
        let (neighbour, other) = (seed.name(), order(&mut seed));
        let mut request = request(&mut seed, json!({ "answer": "pays" }));
        request[names[0]] = secrets[0].as_str().into();
        request["headers"] = json!({ names[1]: secrets[1], "accept": neighbour });
        request["parts"] =
            json!([{ "form": { names[2]: [secrets[2]], "postcards": other } }, [{ names[3]: { "is": number } }]]);
        request["more"] = json!({ names[0]: null, names[3]: { "old": secrets[3] } });
        let outcome = desk.story(format!("a request has {}", names.join(", "))).invoke(request);
        let number = number.to_string();
        let mut hidden: Vec<&str> = secrets.iter().map(String::as_str).collect();
        hidden.push(&number);
        expect_clean(&outcome, &hidden, &[&neighbour, &other]);
        let logged = logged_request(&outcome);
        for pointer in [
            format!("/{}", names[0]),
            format!("/headers/{}", names[1]),
            format!("/parts/0/form/{}", names[2]),
            format!("/parts/1/0/{}", names[3]),
            format!("/more/{}", names[0]),
            format!("/more/{}", names[3]),
        ] {
            let shown = logged.pointer(&pointer);
            let what = format!("{pointer} of the logged request is \"[redacted]\"; it is {shown:?}");
            outcome.expect(&what, |_| shown == Some(&json!("[redacted]")));
        }
    }
}

#[test]
fn hides_what_looks_like_a_secret_in_any_text() {
    let mut seed = Seed::at_run_time();
    let desk = desk("DEBUG");
    for (before, after) in [("", ""), ("pay with ", ", please"), ("«", "»")] {
        let (card, token, name) = (card(&mut seed), secret(&mut seed), seed.name());
        let mut request = request(&mut seed, json!({ "answer": "pays" }));
        request["note"] = format!("{before}{card}{after}").into();
        request["list"] = json!(["first", [{ "deep": format!("{before}{}{after}", card.replace(' ', "")) }]]);
        request["header"] = format!("{before}Bearer {token}{after} of {name}").into();
        let outcome = desk.story("a card and a token stand where nobody expects them").invoke(request);
        expect_clean(&outcome, &[&card, &card.replace(' ', ""), &token], &["first", &name]);
    }
}

#[test]
fn looks_into_text_that_is_json_and_into_base64() {
    let mut seed = Seed::at_run_time();
    let desk = desk("DEBUG");
    type Encode = fn(&Value) -> Value;
    let as_json: Encode = |inside| inside.to_string().into();
    let as_base64: Encode = |inside| BASE64_STANDARD.encode(inside.to_string()).into();
    let in_a_list: Encode = |inside| json!([inside]).to_string().into();
    let twice: Encode = |inside| {
        let inner = json!({ "body": BASE64_STANDARD.encode(inside.to_string()) });
        BASE64_STANDARD.encode(inner.to_string()).into()
    };
    let mixed: Encode =
        |inside| json!({ "record": json!({ "data": inside.to_string() }).to_string() }).to_string().into();
    let list_in_base64: Encode = |inside| BASE64_STANDARD.encode(json!([inside]).to_string()).into();
    let base64_twice: Encode = |inside| BASE64_STANDARD.encode(BASE64_STANDARD.encode(inside.to_string())).into();
    let with_blanks: Encode = |inside| format!("\n {inside} ").into();
    let quoted: Encode = |inside| Value::from(inside.to_string()).to_string().into();
    for (encode, how) in [
        (as_json, "JSON as text"),
        (list_in_base64, "base64 of a list"),
        (base64_twice, "base64 of base64 of JSON"),
        (with_blanks, "JSON as text, with blanks around it"),
        (quoted, "a JSON string of JSON"),
        (as_base64, "base64 of JSON"),
        (in_a_list, "a list in JSON as text"),
        (twice, "base64 in base64"),
        (mixed, "JSON as text, twice, in JSON as text"),
    ] {
        let (password, card, neighbour) = (secret(&mut seed), card(&mut seed), seed.name());
        let inside = json!({ "Password": password, "note": format!("card {card}"), "name": neighbour });
        let mut request = request(&mut seed, json!({ "answer": "pays" }));
        let encoded = encode(&inside);
        request["body"] = encoded.clone();
        request["isBase64Encoded"] = true.into();
        let outcome = desk.story(format!("the body of a request is {how}")).invoke(request);
        let encoded = encoded.as_str().unwrap_or_default();
        expect_clean(&outcome, &[&password, &card, encoded], &[&neighbour]);
        // A secret that was only wrapped again.
        let inner = BASE64_STANDARD.encode(inside.to_string());
        expect_clean(&outcome, &[&inner], &[]);
    }
    for short in [json!({ "cvc": seed.number(100..=999) }), json!([{ "cvc": seed.number(100..=999).to_string() }])] {
        let mut request = request(&mut seed, json!({ "answer": "pays" }));
        let encoded = BASE64_STANDARD.encode(short.to_string());
        request["body"] = encoded.as_str().into();
        let outcome = desk.story(format!("a short body in base64, of {short}")).invoke(request);
        expect_clean(&outcome, &[&encoded], &[]);
    }
}

#[test]
fn leaves_what_is_no_secret() {
    let mut seed = Seed::at_run_time();
    let desk = desk("DEBUG");
    for _ in 0..2 {
        let digits = seed.number(1_000..=9_999);
        // Thirteen digits, and no card: the last digit is not the one that the others ask for.
        let parcel = (0..10).map(|last| format!("1111{digits}0000{last}")).find(|number| !is_card(number));
        let (word, name) = (seed.name(), seed.name());
        let harmless = json!({
            "tokens": word, "passwords": 7, "cookies": "rush", "parcel": parcel, "short": "abcd", "number": "1234",
            "bearer": format!("the bearer of {name}"), "unicode": format!("Möwe №{digits} 🦀"), "nothing": null, "yes": true,
            "ratio": 1.5, "below": -7, "long": name.repeat(1_000), "base64": BASE64_STANDARD.encode(format!("of {word}")),
            "quoted": format!("\"{word}\""), "empty": "",
        });
        let mut request = request(&mut seed, json!({ "answer": "pays" }));
        request["harmless"] = harmless.clone();
        let outcome = desk.story("a request in which nothing is secret").invoke(request);
        let logged = logged_request(&outcome);
        for (name, value) in harmless.as_object().into_iter().flatten() {
            let what = format!("{name} is logged as {value}, not as {}", logged["harmless"][name]);
            outcome.expect(&what, |_| logged["harmless"][name] == *value);
        }
        expect_clean(&outcome, &[], &[&name]);
    }
}

/// Whether the last digit is the one that the others ask for.
fn is_card(number: &str) -> bool {
    let weighted =
        number.bytes().rev().map(|byte| u64::from(byte - b'0')).enumerate().map(|(place, digit)| match place % 2 {
            0 => digit,
            _ => digit * 2 / 10 + digit * 2 % 10,
        });
    weighted.sum::<u64>() % 10 == 0
}

#[test]
fn cleans_what_errors_say() {
    let mut seed = Seed::at_run_time();
    let desk = desk("INFO");
    for answer in ["declines", "is away"] {
        let (card, token, name) = (card(&mut seed), secret(&mut seed), seed.name());
        let says = format!("{name} refused {card} that came with Bearer {token}");
        let outcome = desk
            .story(format!("the bank {answer}, and the error has the card and the token in it"))
            .invoke(request(&mut seed, json!({ "answer": answer, "says": says })));
        expect_clean(&outcome, &[&card, &token], &[&format!("{name} refused ")]);
        outcome.expect_payload_without(&token).expect_payload_without(&card);
    }
}

#[test]
fn cleans_what_a_panic_says() {
    let mut seed = Seed::at_run_time();
    for format in [LogFormat::Json, LogFormat::Text] {
        let desk = patient().log_format(format).start();
        let (card, name, end) = (card(&mut seed), seed.name(), seed.name());
        let says = format!("{name} {card}\nand {end}");
        let outcome = desk
            .story("the bank's answer makes the desk panic, and the panic's text has the card in it")
            .invoke(request(&mut seed, json!({ "answer": "sends nonsense", "says": says })));
        outcome.expect_function_error();
        expect_clean(&outcome, &[&card], &[&name, &end]);
        let id = &outcome.request_id;
        outcome.expect("what the panic says stands in one line with the request id", |outcome| {
            outcome.function_log().any(|line| [&name, &end, id].iter().all(|part| line.contains(part.as_str())))
        });
        outcome.expect("that line has the level ERROR", |outcome| {
            outcome.function_log().filter(|line| line.contains(&name)).all(|line| line.contains("ERROR"))
        });
        let outcome =
            desk.story("the next customer's bank pays").invoke(request(&mut seed, json!({ "answer": "pays" })));
        outcome.expect_warm().expect_json_at("/paid", true);
    }
}
