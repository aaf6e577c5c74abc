//! Whom the print club takes, and what becomes of everything else that comes through its letter box.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use course::{Seed, fixture_json};
use local_lambda::{Event, Function, Outcome, binary};
use serde_json::{Value, json};

const MOST_BYTES: usize = 4096;

fn club() -> Function {
    Function::start(binary!())
}

/// A form as API Gateway passes it on as text.
fn posted(body: &str) -> Event {
    let mut event = fixture_json("apigateway/http-api-sign-up");
    event["body"] = json!(body);
    Event::named("apigateway/http-api-sign-up, with another body", event)
}

/// The same in base64, as it comes with a content type that API Gateway does not take for text.
fn encoded(body: &[u8]) -> Event {
    as_base64(&STANDARD.encode(body))
}

fn as_base64(body: &str) -> Event {
    let mut event = fixture_json("apigateway/http-api-sign-up");
    event["headers"]["content-type"] = json!("application/octet-stream");
    event["body"] = json!(body);
    event["isBase64Encoded"] = json!(true);
    Event::named("apigateway/http-api-sign-up, with a body in base64", event)
}

/// What a customer may type, and what the answer says of it.
#[derive(Clone)]
struct Typed {
    login: String,
    name: String,
    mail: String,
    age: i64,
}

impl Typed {
    fn new(seed: &mut Seed) -> Typed {
        let first = seed.name();
        Typed {
            login: format!("{}-{}", first.to_lowercase(), seed.number(1..=99)),
            name: format!("{first} {}", seed.name()),
            mail: format!("{first}.{}@ferris-prints.example", seed.number(1..=999)),
            age: seed.number(16..=120) as i64,
        }
    }

    fn json(&self) -> Value {
        json!({ "login": self.login, "name": self.name, "mail": self.mail, "age": self.age })
    }

    fn text(&self) -> String {
        self.json().to_string()
    }

    /// With blanks behind it, so that it has so many bytes.
    fn of_bytes(&self, bytes: usize) -> String {
        format!("{:<bytes$}", self.text())
    }
}

/// The status and the JSON in the answer's body.
#[track_caller]
fn expect(outcome: &Outcome, status: u64, body: &Value) {
    outcome.expect_json_at("/statusCode", status);
    outcome.expect_that(&format!("the answer's body is the text {body}"), |answer| {
        answer["body"].as_str().is_some_and(|text| serde_json::from_str::<Value>(text).is_ok_and(|got| got == *body))
    });
}

#[track_caller]
fn expect_malformed(outcome: &Outcome) {
    expect(outcome, 400, &json!({ "error": "malformed" }));
}

#[track_caller]
fn expect_too_large(outcome: &Outcome) {
    expect(outcome, 413, &json!({ "error": "too large" }));
}

#[track_caller]
fn expect_invalid(outcome: &Outcome, fields: &[&str]) {
    expect(outcome, 422, &json!({ "error": "invalid", "fields": fields }));
}

#[test]
fn takes_a_customer() {
    let mut seed = Seed::at_run_time();
    let club = club();
    for _ in 0..3 {
        let typed = Typed::new(&mut seed);
        expect(&club.story("somebody signs up").invoke(posted(&typed.text())), 201, &typed.json());
    }
}

#[test]
fn reads_a_body_in_base64() {
    let mut seed = Seed::at_run_time();
    let club = club();
    for name in ["Zoë Ångström", "渡辺 直美", "Ferris 🦀"] {
        let typed = Typed { name: name.to_owned(), ..Typed::new(&mut seed) };
        let outcome = club.story("the form comes in base64").invoke(encoded(typed.text().as_bytes()));
        expect(&outcome, 201, &typed.json());
    }
    let text = Typed::new(&mut seed).text();
    let outcome = club.story("the event says base64, and the body is none").invoke(as_base64(&text));
    expect_malformed(&outcome);
    for length in [1, 2] {
        // Blanks behind the form, until its base64 ends with one sign of padding, or with two.
        let bytes = text.len().next_multiple_of(3) + length;
        let base64 = STANDARD.encode(format!("{text:<bytes$}"));
        let bare = base64.trim_end_matches('=');
        let outcome = club.story("the form comes in base64 without its padding").invoke(as_base64(bare));
        expect_malformed(&outcome);
        for (what, base64) in [
            ("a line break in it", format!("{}\n{}", &base64[..8], &base64[8..])),
            ("a blank behind it", format!("{base64} ")),
        ] {
            let outcome = club.story(format!("the form comes in base64 with {what}")).invoke(as_base64(&base64));
            expect_malformed(&outcome);
        }
    }
    let outcome = club.story("the event says text, and the body is base64").invoke(posted(&STANDARD.encode(&text)));
    expect_malformed(&outcome);
    let mut bytes = text.into_bytes();
    let at = bytes.windows(7).position(|window| window == b"\"name\":").expect("a name") + 9;
    bytes[at] = 0xff;
    let outcome = club.story("a byte of the name is 0xFF, which is not UTF-8").invoke(encoded(&bytes));
    expect_malformed(&outcome);
}

#[test]
fn refuses_what_is_not_the_form() {
    let mut seed = Seed::at_run_time();
    let club = club();
    let typed = Typed::new(&mut seed);
    let with = |name: &str, value: Value| {
        let mut form = typed.json();
        form[name] = value;
        form.to_string()
    };
    let twice = |name: &str, value: &Value| typed.text().replacen('{', &format!("{{\"{name}\":{value},"), 1);
    let without = |name: &str| {
        let mut form = typed.json();
        form.as_object_mut().expect("a form").remove(name);
        form.to_string()
    };
    let unknown = seed.name().to_lowercase();
    let deep = "[".repeat(1500);
    for (story, body) in [
        ("somebody signs up as an administrator", with("role", json!("admin"))),
        ("a field that the form does not have", with(&unknown, json!(1))),
        ("a field in other letters, beside the right one", with("Age", json!(17))),
        ("a form without a mail address", without("mail")),
        ("a form without an age", without("age")),
        ("a login that is null", with("login", json!(null))),
        ("a mail address that is a list of two", with("mail", json!([typed.mail, "thief@example.com"]))),
        ("a name that is an object", with("name", json!({ "$ne": "" }))),
        ("two ages: one program reads the first, another one the last", twice("age", &json!(15))),
        ("two mail addresses, the same twice", twice("mail", &json!(typed.mail))),
        ("two logins", twice("login", &json!("administrator"))),
        ("a form, and more behind it", format!("{} {{}}", typed.text())),
        ("a form that breaks off", typed.text()[..typed.text().len() - 1].to_owned()),
        ("a text", json!(typed.text()).to_string()),
        ("nothing", String::new()),
        ("a letter bomb, 1,500 levels deep", with("bomb", json!(0)).replace("\"bomb\":0", &format!("\"bomb\":{deep}"))),
        ("a letter bomb of nothing but brackets", deep.clone()),
    ] {
        let outcome = club.story(story).invoke(posted(&body));
        expect_malformed(&outcome);
    }
    for body in [json!(null), Value::Null] {
        let mut event = fixture_json("apigateway/http-api-sign-up");
        event["requestContext"]["requestId"] = json!(seed.name());
        event["body"] = body;
        expect_malformed(&club.story("a request without a body").invoke(event));
    }
    let mut event = fixture_json("apigateway/http-api-sign-up");
    event.as_object_mut().expect("an event").remove("body");
    expect_malformed(&club.story("a request without a body").invoke(event));
    let outcome = club.story("after all these, an honest form").invoke(posted(&typed.text()));
    outcome.expect_warm();
    expect(&outcome, 201, &typed.json());
}

#[test]
fn takes_an_age_for_a_whole_number_and_nothing_else() {
    let mut seed = Seed::at_run_time();
    let club = club();
    let typed = Typed::new(&mut seed);
    let form = |age: &str| typed.text().replace(&format!("\"age\":{}", typed.age), &format!("\"age\":{age}"));
    let years = seed.number(17..=119);
    for age in
        [format!("\"{years}\""), format!("{years}.0"), format!("{years}.5"), format!("{years}e0"), "1.8e1".into()]
            .iter()
            .map(String::as_str)
            .chain(["true", "null", "[30]", "\"\"", "030", "0x1e", "NaN", "+30"])
            // One more than an i64 has room for, one less, and one more than 128 bits have.
            .chain(["9223372036854775808", "-9223372036854775809", "18446744073709551616"])
            .chain(["340282366920938463463374607431768211486"])
    {
        let outcome = club.story(format!("the form says \"age\":{age}")).invoke(posted(&form(age)));
        expect_malformed(&outcome);
    }
    for age in [15, 0, -1, -17, 121, 128, 255, 256, 256 + 30, 65_536 + 30, (1 << 32) + 30, i64::MAX, i64::MIN] {
        let outcome = club.story(format!("somebody of {age} years")).invoke(posted(&form(&age.to_string())));
        expect_invalid(&outcome, &["age"]);
    }
    for age in [16, 17, 119, 120] {
        let outcome = club.story(format!("somebody of {age} years")).invoke(posted(&form(&age.to_string())));
        expect(&outcome, 201, &Typed { age, ..typed.clone() }.json());
    }
}

#[test]
fn counts_characters_where_people_do_and_bytes_where_machines_do() {
    let mut seed = Seed::at_run_time();
    let club = club();
    let typed = Typed::new(&mut seed);
    let letter = *seed.pick(&['é', '語', '🦀', 'ß', 'Ж']);
    for (letter, count, fits) in
        [('a', 40, true), (letter, 40, true), ('a', 41, false), (letter, 41, false), (letter, 1, true)]
    {
        let name: String = std::iter::repeat_n(letter, count).collect();
        let typed = Typed { name: name.clone(), ..typed.clone() };
        let story = format!("a name of {count} characters, which are {} bytes", name.len());
        let outcome = club.story(story).invoke(posted(&typed.text()));
        if fits { expect(&outcome, 201, &typed.json()) } else { expect_invalid(&outcome, &["name"]) }
    }
    for (blanks, name) in [("  ", "a".repeat(40)), (" \t", typed.name.clone()), ("\u{3000}", "渡".repeat(40))] {
        let padded = Typed { name: format!("{blanks}{name}{blanks}"), ..typed.clone() };
        let outcome = club.story("a name with white space at both ends").invoke(posted(&padded.text()));
        expect(&outcome, 201, &Typed { name, ..typed.clone() }.json());
    }
    // 4,096 bytes are fewer characters when each of them takes three.
    let form = Typed { name: "語".repeat(1_340), ..typed.clone() }.text();
    let story = format!("a form of {} characters, which are {} bytes", form.chars().count(), form.len());
    let small = form.len() <= MOST_BYTES;
    assert!(!small && form.chars().count() < MOST_BYTES, "{story}: that is not what this test is about");
    expect_too_large(&club.story(story).invoke(posted(&form)));
}

#[test]
fn looks_at_the_size_before_it_looks_inside() {
    let mut seed = Seed::at_run_time();
    let club = club();
    let typed = Typed::new(&mut seed);
    for bytes in [MOST_BYTES - 1, MOST_BYTES, MOST_BYTES + 1, MOST_BYTES + 2, MOST_BYTES + 3, 3 * MOST_BYTES] {
        let body = typed.of_bytes(bytes);
        for (how, event) in [("as text", posted(&body)), ("in base64", encoded(body.as_bytes()))] {
            let outcome = club.story(format!("a good form of {bytes} bytes, {how}")).invoke(event);
            match bytes <= MOST_BYTES {
                true => expect(&outcome, 201, &typed.json()),
                false => expect_too_large(&outcome),
            }
        }
    }
    let nonsense = seed.name();
    for (story, event) in [
        ("5,000 bytes that are no form", posted(&nonsense.repeat(5000 / nonsense.len() + 1))),
        ("a letter bomb of 200,000 brackets", posted(&"[".repeat(200_000))),
        ("a book of five megabytes", posted(&format!("{{\"{nonsense}\":\"{}\"}}", "a".repeat(5_000_000)))),
        ("5,000 bytes in base64 that are no form", encoded(nonsense.repeat(5000 / nonsense.len() + 1).as_bytes())),
        ("6,000 characters that should be base64 and are none: too many for a form", as_base64(&"*".repeat(6000))),
        ("5,465 characters that should be base64: one more than 4,096 bytes need", as_base64(&"*".repeat(5465))),
    ] {
        let outcome = club.story(story).invoke(event);
        expect_too_large(&outcome);
    }
    let outcome =
        club.story("5,464 characters that should be base64 and are none").invoke(as_base64(&"*".repeat(5464)));
    expect_malformed(&outcome);
}

#[test]
fn shows_nothing_of_what_was_typed() {
    let mut seed = Seed::at_run_time();
    let club = club();
    let secret = format!("{}{}", seed.name(), seed.number(1000..=9999));
    let typed = Typed::new(&mut seed);
    let with = |name: &str, value: Value| {
        let mut form = typed.json();
        form[name] = value;
        form.to_string()
    };
    for (story, body) in [
        ("a password in a field of its own", with("password", json!(secret))),
        ("a field whose name is a secret", with(&secret, json!(1))),
        ("a secret where the age should be", with("age", json!(secret))),
        ("a secret for a login", with("login", json!(secret))),
        ("a secret for a mail address", with("mail", json!(secret))),
        (
            "a name with a line break: a line that looks like the log's own",
            with("name", json!(format!("a\nERROR {secret}"))),
        ),
        ("no JSON, but a secret", secret.clone()),
    ] {
        let list = spelled_as_list(&secret);
        let outcome = club.story(story).invoke(posted(&body));
        outcome.expect_payload_without(&secret).expect_not_logged(&secret).expect_not_logged(&list);
        let outcome = club.story(format!("{story}, in base64")).invoke(encoded(body.as_bytes()));
        outcome.expect_payload_without(&secret).expect_not_logged(&secret);
        outcome.expect_not_logged(&STANDARD.encode(&body)).expect_not_logged(&list);
        outcome.expect_not_logged(&spelled_as_list(&STANDARD.encode(&body)));
    }
    // An age that no line of a log has by chance.
    for age in [-(seed.number(100_000_000..=999_999_999) as i64), seed.number(100_000_000..=999_999_999) as i64] {
        let wrong = Typed { age, ..typed.clone() };
        let outcome = club.story("an age that nobody has").invoke(posted(&wrong.text()));
        expect_invalid(&outcome, &["age"]);
        outcome.expect_payload_without(&age.to_string()).expect_not_logged(&age.unsigned_abs().to_string());
    }
    let typed = Typed { login: secret.to_lowercase(), name: secret.clone(), ..typed.clone() };
    let outcome = club.story("a customer is taken, and the log is read by many").invoke(posted(&typed.text()));
    expect(&outcome, 201, &typed.json());
    for private in [&typed.login, &typed.name, &typed.mail] {
        outcome.expect_not_logged(private).expect_not_logged(&spelled_as_list(private));
    }
}

/// A text as `{:?}` writes its bytes.
fn spelled_as_list(text: &str) -> String {
    format!("{:?}", text.as_bytes()).trim_matches(['[', ']']).to_owned()
}

/// What may be typed into a field, and what the answer has then; nothing where a rule is broken.
type Choice<T> = (T, Option<T>);

fn good(text: impl Into<String>) -> Choice<String> {
    let text = text.into();
    (text.clone(), Some(text))
}

fn bad(text: impl Into<String>) -> Choice<String> {
    (text.into(), None)
}

fn logins(seed: &mut Seed) -> Vec<Choice<String>> {
    let name = format!("{}{}", seed.name(), seed.number(1..=9)).to_lowercase();
    vec![
        good(name.clone()),
        good(name[..3].to_owned()),
        good(format!("{name}-{name}-x--")),
        good("x23456789-123456789z"),
        bad("x23456789-123456789zz"),
        bad(name[..2].to_owned()),
        bad(""),
        bad(name.to_uppercase()),
        bad(format!("{}{}", name, 'Q')),
        bad(format!("9{name}")),
        bad(format!("-{name}")),
        bad(format!("{name}_x")),
        bad(format!("{name} x")),
        bad(format!(" {name}")),
        bad(format!("{name}\n")),
        bad(format!("{name}\0")),
        bad(name.replacen(['a', 'e', 'i', 'o', 'u'], "а", 1)), // a Cyrillic one, which looks like an a
        bad(format!("{name}１")),
        bad("ééé"),
        bad(format!("{name}.")),
    ]
}

fn names(seed: &mut Seed) -> Vec<Choice<String>> {
    let name = seed.name();
    vec![
        good(name.clone()),
        good(format!("{name} d'Été-{name}")),
        good("直"),
        good("🦀"),
        (format!(" {name} "), Some(name.clone())),
        (format!("{name}\n"), Some(name.clone())),
        good("ñ".repeat(40)),
        bad("ñ".repeat(41)),
        bad(""),
        bad("   "),
        bad(format!("{name}\n{name}")),
        bad(format!("{name}\0{name}")),
        bad(format!("{name}\u{1b}[31m{name}")),
        bad(format!("{name}\u{85}{name}")),
        bad(format!("{name}\u{7f}")),
    ]
}

fn mails(seed: &mut Seed) -> Vec<Choice<String>> {
    let name = seed.name();
    let longest = format!("{0}.{0}.{1}", "d".repeat(63), "e".repeat(61));
    vec![
        good(format!("{name}@example.com")),
        good(format!("{name}.x_y%z+tag-{}@a.b-c.d1.example", seed.number(0..=9))),
        (format!("{name}@Example.COM"), Some(format!("{name}@example.com"))),
        good(format!("{}@example.com", "m".repeat(64))),
        bad(format!("{}@example.com", "m".repeat(65))),
        good(format!("{}@{longest}", "m".repeat(64))),
        bad(format!("{}@{longest}f", "m".repeat(64))),
        good(format!("a@{}.example", "d".repeat(63))),
        bad(format!("a@{}.example", "d".repeat(64))),
        bad(name.clone()),
        bad(""),
        bad("@"),
        bad("@example.com"),
        bad(format!("{name}@")),
        bad(format!("{name}@localhost")),
        bad(format!("{name}@example..com")),
        bad(format!("{name}@.example.com")),
        bad(format!("{name}@example.com.")),
        bad(format!("{name}@-a.example")),
        bad(format!("{name}@example.-com")),
        bad(format!("{name}@example.com-")),
        bad(format!("{name}@a-.example")),
        bad(format!("{name}@-.example")),
        bad(format!("{name}@example.-")),
        good(format!("{name}@a--b.example")),
        bad(format!("{name}@{name}@example.com")),
        bad(format!("{name} x@example.com")),
        bad(format!("{name}@exa mple.com")),
        bad(format!(" {name}@example.com")),
        bad(format!("{name}@example.com\n")),
        bad(format!("{name}@example.com\nBcc: all@example.com")),
        bad(format!("\"{name}\"@example.com")),
        bad(format!("{name}<script>@example.com")),
        bad(format!("{name}é@example.com")),
        bad(format!("{name}@exämple.com")),
        bad(format!("{name}@[127.0.0.1]")),
        bad(format!("{name}@exam_ple.com")),
    ]
}

fn ages() -> Vec<Choice<i64>> {
    let ages = [16, 17, 30, 60, 119, 120, 15, 14, 1, 0, -30, 121, 122, 286, 1_000_000];
    ages.map(|age| (age, (16..=120).contains(&age).then_some(age))).to_vec()
}

/// What somebody typed, and what is to become of it.
struct Attempt {
    login: Choice<String>,
    name: Choice<String>,
    mail: Choice<String>,
    age: Choice<i64>,
}

impl Attempt {
    fn drawn(seed: &mut Seed) -> Attempt {
        let (logins, names, mails) = (logins(seed), names(seed), mails(seed));
        Attempt {
            login: seed.pick(&logins).clone(),
            name: seed.pick(&names).clone(),
            mail: seed.pick(&mails).clone(),
            age: *seed.pick(&ages()),
        }
    }

    /// One in which all is well.
    fn good(seed: &mut Seed) -> Attempt {
        let typed = Typed::new(seed);
        Attempt {
            login: good(typed.login),
            name: good(typed.name),
            mail: good(typed.mail),
            age: (typed.age, Some(typed.age)),
        }
    }

    #[track_caller]
    fn expect(&self, club: &Function, seed: &mut Seed) {
        let Attempt { login, name, mail, age } = self;
        let typed = json!({ "login": login.0, "name": name.0, "mail": mail.0, "age": age.0 });
        let body = if seed.number(0..=1) == 0 { typed.to_string() } else { format!("{typed:#}") };
        let event = if seed.number(0..=3) == 0 { encoded(body.as_bytes()) } else { posted(&body) };
        let outcome = club.story(format!("somebody types {typed}")).invoke(event);
        let refused = [
            ("login", login.1.is_none()),
            ("name", name.1.is_none()),
            ("mail", mail.1.is_none()),
            ("age", age.1.is_none()),
        ];
        let refused: Vec<&str> = refused.iter().filter(|(_, refused)| *refused).map(|(field, _)| *field).collect();
        match refused.is_empty() {
            true => expect(&outcome, 201, &json!({ "login": login.1, "name": name.1, "mail": mail.1, "age": age.1 })),
            false => expect_invalid(&outcome, &refused),
        }
    }
}

#[test]
fn keeps_the_rules_of_each_field() {
    let mut seed = Seed::at_run_time();
    let club = club();
    for login in logins(&mut seed) {
        Attempt { login, ..Attempt::good(&mut seed) }.expect(&club, &mut seed);
    }
    for name in names(&mut seed) {
        Attempt { name, ..Attempt::good(&mut seed) }.expect(&club, &mut seed);
    }
    for mail in mails(&mut seed) {
        Attempt { mail, ..Attempt::good(&mut seed) }.expect(&club, &mut seed);
    }
    for age in ages() {
        Attempt { age, ..Attempt::good(&mut seed) }.expect(&club, &mut seed);
    }
}

#[test]
fn names_every_field_that_breaks_a_rule() {
    let mut seed = Seed::at_run_time();
    let club = club();
    for _ in 0..400 {
        Attempt::drawn(&mut seed).expect(&club, &mut seed);
    }
}
