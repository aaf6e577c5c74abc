//! Whom the shop believes that an order was paid. The check has the keys, and plays both the payment service and those
//! who would like to be it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use course::{Seed, fixture_json};
use local_lambda::{Event, Function, Outcome, binary};
use ring::hmac::{HMAC_SHA256, Key, sign};
use serde_json::{Value, json};

/// When a request arrives, in milliseconds since 1970: what API Gateway says in the fixture.
const ARRIVAL: i64 = 1_795_356_228_113;

/// The same in whole seconds, as a signature says it.
const NOW: i64 = ARRIVAL / 1_000;

/// A header of this time and this signature.
type SpellHeader = fn(i64, &str) -> String;

/// The JSON of a payment.
type SpellBody = fn(&Payment) -> String;

fn new_key(seed: &mut Seed) -> Vec<u8> {
    (0..32).map(|_| seed.number(0..=255) as u8).collect()
}

/// The shop's function with these keys.
fn shop(keys: &[&[u8]]) -> Function {
    let keys: Vec<String> = keys.iter().map(|key| STANDARD.encode(key)).collect();
    Function::builder(binary!()).env("PAYMENT_KEYS", keys.join(",")).start()
}

fn payment(seed: &mut Seed) -> Payment {
    let id = format!("pay-{}-{}", seed.name(), seed.number(100..=999));
    Payment { id, order: seed.number(1..=99_999), cents: seed.number(1..=99_999) }
}

struct Payment {
    id: String,
    order: u64,
    cents: u64,
}

impl Payment {
    fn body(&self) -> String {
        let Payment { id, order, cents } = self;
        json!({ "id": id, "order": order, "cents": cents, "currency": "EUR" }).to_string()
    }

    /// The line of the ledger.
    fn booked(&self) -> String {
        format!("booked {}: {} cents for order {}", self.id, self.cents, self.order)
    }
}

/// The signature of these bytes, in hexadecimal.
fn signature(key: &[u8], time: impl ToString, body: &[u8]) -> String {
    let signed = [time.to_string().as_bytes(), b".", body].concat();
    hex(sign(&Key::new(HMAC_SHA256, key), &signed).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The header that the payment service writes.
fn header(key: &[u8], time: i64, body: &[u8]) -> String {
    format!("t={time},v1={}", signature(key, time, body))
}

/// A request that arrives at [`ARRIVAL`].
fn posted(header: &str, body: &str) -> Event {
    let mut event = fixture_json("apigateway/http-api-payment");
    event["headers"]["payment-signature"] = json!(header);
    event["requestContext"]["timeEpoch"] = json!(ARRIVAL);
    event["body"] = json!(body);
    Event::named("apigateway/http-api-payment, with another body and signature", event)
}

/// The same with bytes that API Gateway does not take for text.
fn encoded(header: &str, body: &[u8]) -> Event {
    let mut event = fixture_json("apigateway/http-api-payment");
    event["headers"]["payment-signature"] = json!(header);
    event["headers"]["content-type"] = json!("application/vnd.kraken-pay");
    event["requestContext"]["timeEpoch"] = json!(ARRIVAL);
    event["body"] = json!(STANDARD.encode(body));
    event["isBase64Encoded"] = json!(true);
    Event::named("apigateway/http-api-payment, with a body in base64", event)
}

#[track_caller]
fn expect(outcome: &Outcome, status: u64, body: Value) {
    outcome.expect_json_at("/statusCode", status);
    outcome.expect_that(&format!("the answer's body is the text {body}"), |answer| {
        answer["body"].as_str().is_some_and(|text| serde_json::from_str::<Value>(text).is_ok_and(|got| got == body))
    });
}

#[track_caller]
fn expect_booked(outcome: &Outcome, payment: &Payment) {
    expect(outcome, 200, json!({ "received": true }));
    let lines = outcome.function_log().filter(|line| *line == payment.booked()).count();
    outcome.expect(&format!("it is booked once: {}", payment.booked()), |_| lines == 1);
}

/// The request is believed, and changes nothing.
#[track_caller]
fn expect_nothing_more(outcome: &Outcome) {
    expect(outcome, 200, json!({ "received": true }));
    outcome.expect_not_logged("booked");
}

#[track_caller]
fn expect_unauthorized(outcome: &Outcome) {
    expect(outcome, 401, json!({ "error": "unauthorized" }));
    outcome.expect_not_logged("booked");
}

#[test]
fn books_a_payment_that_is_signed() {
    let mut seed = Seed::at_run_time();
    let key = new_key(&mut seed);
    let shop = shop(&[&key]);
    for _ in 0..3 {
        let payment = payment(&mut seed);
        let body = payment.body();
        let outcome = shop.story("an order was paid").invoke(posted(&header(&key, NOW, body.as_bytes()), &body));
        expect_booked(&outcome, &payment);
    }
}

#[test]
fn believes_nobody_else() {
    let mut seed = Seed::at_run_time();
    let key = new_key(&mut seed);
    let shop = shop(&[&key]);
    let payment = payment(&mut seed);
    let (body, other) = (payment.body(), Payment { cents: payment.cents + 1, ..self::payment(&mut seed) }.body());
    let genuine = signature(&key, NOW, body.as_bytes());
    let bit = seed.number(0..=63) as usize;
    let digit = if &genuine[bit..=bit] == "0" { "1" } else { "0" };
    let near = format!("{}{digit}{}", &genuine[..bit], &genuine[bit + 1..]);
    let without_time = hex(sign(&Key::new(HMAC_SHA256, &key), body.as_bytes()).as_ref());
    for (story, header) in [
        ("no signature", String::new()),
        ("a time and no signature", format!("t={NOW}")),
        ("a signature and no time", format!("v1={genuine}")),
        ("a signature without its name", format!("t={NOW},{genuine}")),
        ("an empty signature", format!("t={NOW},v1=")),
        ("a signature of zeros", format!("t={NOW},v1={}", "0".repeat(64))),
        ("the first half of the right signature", format!("t={NOW},v1={}", &genuine[..32])),
        ("the first byte of the right signature", format!("t={NOW},v1={}", &genuine[..2])),
        ("the right signature, and a byte more", format!("t={NOW},v1={genuine}00")),
        ("a signature with one digit changed", format!("t={NOW},v1={near}")),
        ("a signature of letters that are no digits", format!("t={NOW},v1={}", "g".repeat(64))),
        ("a signature in umlauts", format!("t={NOW},v1={}", "ä".repeat(32))),
        ("the signature of another payment", self::header(&key, NOW, other.as_bytes())),
        ("a signature with another key", self::header(&new_key(&mut seed), NOW, body.as_bytes())),
        ("a signature with an empty key", self::header(b"", NOW, body.as_bytes())),
        ("a signature with a key of zeros", self::header(&[0; 32], NOW, body.as_bytes())),
        ("a signature without the time in it", format!("t={NOW},v1={without_time}")),
        (
            "the signature of a second before, under this time",
            format!("t={NOW},v1={}", signature(&key, NOW - 1, body.as_bytes())),
        ),
        ("the right signature under the name v0", format!("t={NOW},v0={genuine}")),
        ("the right signature under the name v2", format!("t={NOW},v2={genuine}")),
        ("the right signature under the name v10", format!("t={NOW},v10={genuine}")),
        ("the right signature under the name v1a", format!("t={NOW},v1a={genuine}")),
        ("the right signature under the name xv1", format!("t={NOW},xv1={genuine}")),
        ("the right signature under the name V1", format!("t={NOW},V1={genuine}")),
        ("the right signature under no name", format!("t={NOW},={genuine}")),
        ("the right signature, and a time under the name T", format!("T={NOW},v1={genuine}")),
        (
            "an old signature, and a time of today behind it",
            format!("{},t={NOW}", self::header(&key, NOW - 4000, body.as_bytes())),
        ),
        (
            "a time of today, and an old signature behind it",
            format!("t={NOW},{}", self::header(&key, NOW - 4000, body.as_bytes())),
        ),
        ("two times, and a signature for the first", format!("t={NOW},t={},v1={genuine}", NOW - 1)),
        ("two times, and a signature for the second", format!("t={},t={NOW},v1={genuine}", NOW - 1)),
        ("the same time twice", format!("t={NOW},v1={genuine},t={NOW}")),
        ("the right signature, and a nought before the time that was signed", format!("t=0{NOW},v1={genuine}")),
        ("a signature with text for a time", format!("t=now,v1={}", signature(&key, "now", body.as_bytes()))),
        ("a signature with no digits for a time", format!("t=,v1={}", signature(&key, "", body.as_bytes()))),
    ] {
        expect_unauthorized(&shop.story(story).invoke(posted(&header, &body)));
    }
    let mut event = fixture_json("apigateway/http-api-payment");
    event["headers"].as_object_mut().expect("headers").remove("payment-signature");
    expect_unauthorized(&shop.story("a request without the header").invoke(event));
    let story = "what is behind the base64 is not what was signed";
    expect_unauthorized(
        &shop.story(story).invoke(encoded(&self::header(&key, NOW, body.as_bytes()), other.as_bytes())),
    );
    let outcome = shop
        .story("after all these, the payment service")
        .invoke(posted(&self::header(&key, NOW, body.as_bytes()), &body));
    outcome.expect_warm();
    expect_booked(&outcome, &payment);
}

#[test]
fn reads_a_signature_however_it_is_written() {
    let mut seed = Seed::at_run_time();
    let key = new_key(&mut seed);
    let shop = shop(&[&key]);
    let spellings: [(&str, SpellHeader); 7] = [
        ("in capital letters", |time, right| format!("t={time},v1={}", right.to_uppercase())),
        ("before the time", |time, right| format!("v1={right},t={time}")),
        ("between other schemes", |time, right| format!("v0={},t={time},v1={right},v2=x==", "0".repeat(64))),
        ("behind a wrong one", |time, right| format!("t={time},v1={},v1={right}", "0".repeat(64))),
        ("before a wrong one", |time, right| format!("t={time},v1={right},v1={}", "f".repeat(64))),
        ("behind one that is no signature", |time, right| format!("t={time},v1=soon,v1={right}")),
        ("with a part of which nobody has heard", |time, right| {
            format!("id=7,t={time},v1={right},").trim_end_matches(',').to_owned()
        }),
    ];
    for (how, spell) in spellings {
        let payment = payment(&mut seed);
        let body = payment.body();
        let header = spell(NOW, &signature(&key, NOW, body.as_bytes()));
        let outcome = shop.story(format!("the right signature stands {how}")).invoke(posted(&header, &body));
        expect_booked(&outcome, &payment);
    }
}

#[test]
fn checks_the_bytes_as_they_were_sent() {
    let mut seed = Seed::at_run_time();
    let key = new_key(&mut seed);
    let shop = shop(&[&key]);
    let spellings: [(&str, SpellBody); 7] = [
        ("with blanks and line breaks", |p| {
            format!("{{\r\n  \"id\" : \"{}\",\n\t\"order\":{} , \"cents\":  {}}}\n", p.id, p.order, p.cents)
        }),
        ("with its fields in another order", |p| {
            format!("{{\"order\":{},\"cents\":{},\"id\":\"{}\"}}", p.order, p.cents, p.id)
        }),
        ("with escapes that nobody needs", |p| {
            p.body().replace("\"pay-", "\"\\u0070ay\\u002d").replace("EUR", "\\u0045UR")
        }),
        ("with a number that can be written shorter", |p| p.body().replacen('{', "{\"rate\":1.0e0,", 1)),
        ("with a name in other letters", |p| p.body().replacen('{', "{\"payer\":\"Zoë 渡辺 🦀\",", 1)),
        ("with a field twice that the shop does not read", |p| p.body().replacen('{', "{\"note\":1,\"note\":2,", 1)),
        ("with a line break at its end", |p| format!("{}\n", p.body())),
    ];
    for (how, spell) in spellings {
        let payment = payment(&mut seed);
        let body = spell(&payment);
        let header = header(&key, NOW, body.as_bytes());
        let outcome = shop.story(format!("a body {how}, as text")).invoke(posted(&header, &body));
        expect_booked(&outcome, &payment);

        let payment = self::payment(&mut seed);
        let body = spell(&payment);
        let header = self::header(&key, NOW, body.as_bytes());
        let outcome = shop.story(format!("a body {how}, in base64")).invoke(encoded(&header, body.as_bytes()));
        expect_booked(&outcome, &payment);

        let payment = self::payment(&mut seed);
        let body = spell(&payment);
        let header = self::header(&key, NOW, body.as_bytes());
        let story = format!("a body {how}, signed, and then a blank was added");
        expect_unauthorized(&shop.story(story).invoke(posted(&header, &format!("{body} "))));
    }
}

#[test]
fn knows_every_key_while_they_change() {
    let mut seed = Seed::at_run_time();
    let (old, new, gone) = (new_key(&mut seed), new_key(&mut seed), new_key(&mut seed));
    for keys in [[&old[..], &new], [&new[..], &old]] {
        let shop = shop(&keys);
        for (story, signed_with) in [
            ("the payment service still signs with the old key", vec![&old]),
            ("the payment service signs with the new key", vec![&new]),
            ("the payment service signs with both", vec![&new, &old]),
            ("the payment service signs with the old key, and one that the shop does not have yet", vec![&gone, &old]),
        ] {
            let payment = payment(&mut seed);
            let body = payment.body();
            let tags: String =
                signed_with.iter().map(|key| format!(",v1={}", signature(key, NOW, body.as_bytes()))).collect();
            expect_booked(&shop.story(story).invoke(posted(&format!("t={NOW}{tags}"), &body)), &payment);
        }
        let body = payment(&mut seed).body();
        let outcome = shop
            .story("somebody has found a key that was taken back")
            .invoke(posted(&header(&gone, NOW, body.as_bytes()), &body));
        expect_unauthorized(&outcome);
    }
}

#[test]
fn knows_each_of_many_keys() {
    let mut seed = Seed::at_run_time();
    let keys: Vec<Vec<u8>> = (0..5).map(|_| new_key(&mut seed)).collect();
    let shop = shop(&keys.iter().map(Vec::as_slice).collect::<Vec<_>>());
    for (number, key) in (1..).zip(&keys) {
        let payment = payment(&mut seed);
        let body = payment.body();
        let wrong = "0".repeat(64);
        let right = signature(key, NOW, body.as_bytes());
        let tags: String = (1..=5).map(|at| format!(",v1={}", if at == number { &right } else { &wrong })).collect();
        let outcome = shop
            .story(format!("the shop has five keys, the payment service signs with number {number}"))
            .invoke(posted(&format!("t={NOW}{tags}"), &body));
        expect_booked(&outcome, &payment);
    }
}

#[test]
fn believes_no_signature_from_another_time() {
    let mut seed = Seed::at_run_time();
    let key = new_key(&mut seed);
    let shop = shop(&[&key]);
    // At 300,000 milliseconds it is still believed: signed 299,900 before the arrival, which is a tenth past a second.
    for (time, at, believed) in [
        (NOW, NOW * 1_000 + 300_000, true),
        (NOW, NOW * 1_000 + 300_001, false),
        (NOW, NOW * 1_000 + 300_999, false),
        (NOW, NOW * 1_000 + 301_000, false),
        (NOW, NOW * 1_000 - 300_000, true),
        (NOW, NOW * 1_000 - 300_001, false),
        (NOW, NOW * 1_000 - 300_999, false),
        (NOW, NOW * 1_000 + 86_400_000, false),
        (NOW, NOW * 1_000 - 86_400_000, false),
        (NOW, NOW * 1_000 + seed.number(0..=299_999) as i64, true),
        (NOW, NOW * 1_000 - seed.number(0..=299_999) as i64, true),
        (999_999_999, 999_999_999_500, true),
        (10_000_000_000, 10_000_000_000_500, true),
        (0, ARRIVAL, false),
        (NOW + (1 << 32), ARRIVAL, false),
        (((i128::from(ARRIVAL) + (1 << 64)) / 1_000) as i64, ARRIVAL, false),
        (NOW * 1_000, ARRIVAL, false),
        (i64::MAX, ARRIVAL, false),
    ] {
        let payment = payment(&mut seed);
        let body = payment.body();
        let mut event = fixture_json("apigateway/http-api-payment");
        event["headers"]["payment-signature"] = json!(header(&key, time, body.as_bytes()));
        event["requestContext"]["timeEpoch"] = json!(at);
        event["body"] = json!(body);
        let (ahead, apart) =
            (i128::from(time) * 1_000 > i128::from(at), (i128::from(time) * 1_000).abs_diff(at.into()));
        let when = if ahead { "after" } else { "before" };
        let outcome = shop.story(format!("it was signed {apart} ms {when} it arrives")).invoke(event);
        if believed { expect_booked(&outcome, &payment) } else { expect_unauthorized(&outcome) }
    }
    for time in ["18446744073709551615", "99999999999999999999999"] {
        let body = payment(&mut seed).body();
        let header = format!("t={time},v1={}", signature(&key, time, body.as_bytes()));
        let outcome = shop.story(format!("it was signed in the second {time}")).invoke(posted(&header, &body));
        expect_unauthorized(&outcome);
    }
}

#[test]
fn books_a_payment_once() {
    let mut seed = Seed::at_run_time();
    let key = new_key(&mut seed);
    let shop = shop(&[&key]);
    let payment = payment(&mut seed);
    let body = payment.body();
    let forged = Payment { id: payment.id.clone(), order: payment.order, cents: 1 }.body();
    let outcome = shop
        .story("somebody was there first, with the id of a payment and no key")
        .invoke(posted(&header(&new_key(&mut seed), NOW, forged.as_bytes()), &forged));
    expect_unauthorized(&outcome);
    let unreadable = format!("{{\"id\":\"{}\"}}", payment.id);
    let outcome = shop
        .story("the payment service sends a payment without its amount")
        .invoke(posted(&header(&key, NOW, unreadable.as_bytes()), &unreadable));
    expect(&outcome, 400, json!({ "error": "malformed" }));
    let outcome = shop
        .story("and sends the same again, without the amount")
        .invoke(posted(&header(&key, NOW, unreadable.as_bytes()), &unreadable));
    expect(&outcome, 400, json!({ "error": "malformed" }));
    let late = header(&key, NOW - 301, body.as_bytes());
    expect_unauthorized(&shop.story("a request that was on its way for too long").invoke(posted(&late, &body)));
    let first = header(&key, NOW, body.as_bytes());
    expect_booked(&shop.story("the payment comes").invoke(posted(&first, &body)), &payment);
    expect_nothing_more(
        &shop.story("somebody has recorded the request, and sends it again").invoke(posted(&first, &body)),
    );
    let again = header(&key, NOW - 60, body.as_bytes());
    let story = "the payment service was not sure, and sends it again with a new time and a new signature";
    expect_nothing_more(&shop.story(story).invoke(posted(&again, &body)));
    let told_otherwise = [
        ("the same payment, told with a field more", body.replacen('{', "{\"try\":3,", 1)),
        ("the same payment, told with blanks", body.replace(',', ", ")),
        (
            "the same payment, told with another amount",
            Payment { id: payment.id.clone(), ..self::payment(&mut seed) }.body(),
        ),
    ];
    for (story, body) in &told_otherwise {
        let header = header(&key, NOW - 1, body.as_bytes());
        expect_nothing_more(&shop.story(*story).invoke(posted(&header, body)));
    }
    let other = Payment { id: self::payment(&mut seed).id, ..payment };
    let outcome = shop
        .story("another payment for the same order and of the same amount")
        .invoke(posted(&header(&key, NOW, other.body().as_bytes()), &other.body()));
    expect_booked(&outcome, &other);
    for _ in 0..20 {
        let payment = self::payment(&mut seed);
        let body = payment.body();
        let outcome = shop.story("a busy hour between").invoke(posted(&header(&key, NOW, body.as_bytes()), &body));
        expect_booked(&outcome, &payment);
    }
    expect_nothing_more(&shop.story("the first payment, after many others").invoke(posted(&again, &body)));
    let again = header(&key, NOW, other.body().as_bytes());
    expect_nothing_more(&shop.story("the second payment, after many others").invoke(posted(&again, &other.body())));
}

#[test]
fn reads_nothing_before_it_knows_who_wrote_it() {
    let mut seed = Seed::at_run_time();
    let key = new_key(&mut seed);
    let shop = shop(&[&key]);
    let body = payment(&mut seed).body();
    for (story, body) in [
        ("no JSON", seed.name()),
        ("nothing", String::new()),
        ("JSON that is no payment", json!([seed.name()]).to_string()),
        ("a payment that breaks off", body[..body.len() - 1].to_owned()),
        ("a payment of less than nothing", body.replace("\"cents\":", "\"cents\":-")),
        ("a payment with two amounts", body.replacen('{', "{\"cents\":1,", 1)),
        ("a payment with two ids", body.replacen('{', "{\"id\":\"pay-0\",", 1)),
        ("a payment, and something behind it", format!("{body}{body}")),
    ] {
        let unsigned = header(&new_key(&mut seed), NOW, body.as_bytes());
        let outcome =
            shop.story(format!("{story}, signed with a key that is not the shop's")).invoke(posted(&unsigned, &body));
        expect_unauthorized(&outcome);
        let signed = header(&key, NOW, body.as_bytes());
        let outcome = shop.story(format!("{story}, and it is signed")).invoke(posted(&signed, &body));
        expect(&outcome, 400, json!({ "error": "malformed" }));
    }
    let bytes = [b"{\"id\":\"pay-\xff".as_slice(), seed.name().as_bytes(), b"\",\"order\":1,\"cents\":1}"].concat();
    let outcome = shop.story("bytes that are not UTF-8, signed").invoke(encoded(&header(&key, NOW, &bytes), &bytes));
    expect(&outcome, 400, json!({ "error": "malformed" }));
    for (story, signed) in [
        ("the event says base64, the body is none, and was signed as it is", body.as_str()),
        ("the event says base64, the body is none, and nothing was signed", ""),
    ] {
        let mut event = fixture_json("apigateway/http-api-payment");
        event["requestContext"]["timeEpoch"] = json!(ARRIVAL);
        event["headers"]["payment-signature"] = json!(header(&key, NOW, signed.as_bytes()));
        event["body"] = json!(body);
        event["isBase64Encoded"] = json!(true);
        expect_unauthorized(&shop.story(story).invoke(event));
    }
    for base64 in [false, true] {
        let mut event = fixture_json("apigateway/http-api-payment");
        event["requestContext"]["timeEpoch"] = json!(ARRIVAL);
        event["headers"]["payment-signature"] = json!(header(&key, NOW, b""));
        event.as_object_mut().expect("an event").remove("body");
        event["isBase64Encoded"] = json!(base64);
        let outcome = shop.story("the event has no body, and that is signed").invoke(event);
        expect(&outcome, 400, json!({ "error": "malformed" }));
    }
}

/// Neither the caller nor the log has this signature, however it is written.
#[track_caller]
fn expect_not_given_away(outcome: &Outcome, right: &str) {
    let bytes: Vec<u8> = (0..right.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&right[at..at + 2], 16).expect("hexadecimal"))
        .collect();
    let list = bytes.iter().take(8).map(u8::to_string).collect::<Vec<_>>().join(", ");
    let base64 = STANDARD.encode(&bytes);
    for spelling in [&right[..16], &right[..16].to_uppercase(), &base64[..16], &list] {
        outcome.expect_payload_without(spelling).expect_not_logged(spelling);
    }
}

#[test]
fn gives_no_signature_away() {
    let mut seed = Seed::at_run_time();
    let (key, second) = (new_key(&mut seed), new_key(&mut seed));
    let shop = shop(&[&key, &second]);
    for story in ["somebody sends a body of his own, and hopes to read its signature", "and another one"] {
        let body = payment(&mut seed).body();
        let outcome = shop.story(story).invoke(posted(&format!("t={NOW},v1={}", "0".repeat(64)), &body));
        expect_unauthorized(&outcome);
        for key in [&key, &second] {
            expect_not_given_away(&outcome, &signature(key, NOW, body.as_bytes()));
            outcome.expect_not_logged(&STANDARD.encode(key));
        }
    }
    let body = payment(&mut seed).body();
    for (story, time, body, status) in [
        ("a payment, signed", NOW, body.as_str(), 200),
        ("the same again", NOW - 1, body.as_str(), 200),
        ("what is no payment, signed", NOW, "{}", 400),
        ("a payment, signed too long ago", NOW - 301, body.as_str(), 401),
    ] {
        let outcome = shop.story(story).invoke(posted(&header(&key, time, body.as_bytes()), body));
        outcome.expect_json_at("/statusCode", status);
        expect_not_given_away(&outcome, &signature(&key, time, body.as_bytes()));
    }
}
