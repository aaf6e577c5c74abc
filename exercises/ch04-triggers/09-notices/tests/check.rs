//! What the shop expects of its notice board. One topic has three subscribers, all of them the same function: by SNS
//! directly, through a queue, and through a queue with raw delivery. Whatever is published has to arrive three times in
//! the same words.

use course::{Seed, fixture_json};
use local_lambda::{Function, Outcome, binary};
use local_lambda_sources::sns::Topic;
use local_lambda_sources::sqs::{MessageAttribute, Queue};
use local_lambda_sources::{Target, World};
use serde_json::{Value, json};

const WAYS: [&str; 3] = ["by SNS itself", "through a queue", "through a queue, raw"];

/// A topic, and a function that stands at the end of each of the three ways.
struct Shop {
    world: World,
    topic: Topic,
    dead: Queue,
}

impl Shop {
    fn new() -> Shop {
        let world = World::new();
        let topic = world.topic("shop-notices").create();
        // A batch that fails is not tried again: what is asked here is answered at the first attempt.
        let dead = world.queue("dead-notices").create();
        let (wrapped, raw) = (world.queue("notices").redrive(&dead, 1), world.queue("raw-notices").redrive(&dead, 1));
        let (wrapped, raw) = (wrapped.create(), raw.create());
        let function = world.function(Target::from(Function::start(binary!()))).maximum_retry_attempts(0).create();
        topic.subscribe(&function).create();
        topic.subscribe(&wrapped).create();
        topic.subscribe(&raw).raw_message_delivery().create();
        world.map(&wrapped, &function).report_batch_item_failures().create();
        world.map(&raw, &function).report_batch_item_failures().create();
        Shop { world, topic, dead }
    }

    /// Publishes, and gives what the function did, for each of [`WAYS`].
    #[track_caller]
    fn publish(&self, text: &str, attributes: &[(&str, MessageAttribute)]) -> [Vec<String>; 3] {
        let before = self.world.answers().len();
        let mut message = self.topic.message(text).subject("from the print room");
        for (name, value) in attributes {
            message = message.attribute(*name, value.clone());
        }
        message.publish().expect("the topic takes the notice");
        self.world.run_until_idle();
        let answers = self.world.answers();
        let mut done: [Vec<String>; 3] = [vec![], vec![], vec![]];
        for answer in &answers[before..] {
            let outcome = answer.outcome.as_ref().expect("a function that ran");
            let event: Value = serde_json::from_slice(&answer.event).expect("an event in JSON");
            let source = event["Records"][0]["eventSourceARN"].as_str().unwrap_or_default();
            let way = if source.is_empty() { 0 } else { 1 + usize::from(source.ends_with(":raw-notices")) };
            done[way].extend(lines(outcome));
        }
        done
    }

    #[track_caller]
    fn expect_posted(&self, story: &str, text: &str, kind: &str, printer: &str) {
        let is_number = printer.parse::<u32>().is_ok();
        let printer_attribute =
            if is_number { MessageAttribute::number(printer) } else { MessageAttribute::string(printer) };
        let attributes = [("kind", MessageAttribute::string(kind)), ("printer", printer_attribute)];
        let expected = json!({ "posted": { "kind": kind, "printer": printer, "text": text } });
        expect_everywhere(story, &self.publish(text, &attributes), &expected);
        self.expect_success(story);
    }

    #[track_caller]
    fn expect_set_aside(&self, story: &str, text: &str, attributes: &[(&str, MessageAttribute)]) {
        expect_everywhere(story, &self.publish(text, attributes), &json!({ "set aside": text }));
        self.expect_success(story);
    }

    /// What a mapping takes for a failure is in the dead-letter queue by now.
    #[track_caller]
    fn expect_success(&self, story: &str) {
        let answers = self.world.answers();
        let last = answers.last().and_then(|answer| answer.outcome.as_ref()).map(Outcome::payload).unwrap_or_default();
        assert!(
            self.dead.bodies().is_empty(),
            "{story}; it is done, and the answer says that it failed\n  expected an answer that the mapping of a queue takes for success\n  got      {}",
            String::from_utf8_lossy(&last)
        );
    }
}

/// What the function did, line by line: `posted …` or `set aside …`, and last of all how it failed, if it did.
fn lines(outcome: &Outcome) -> Vec<String> {
    let done = |line: &&str| line.starts_with("posted ") || line.starts_with("set aside ");
    let failure = outcome.function_error().map(|_| {
        let error: Value = serde_json::from_slice(&outcome.payload()).unwrap_or_default();
        format!("the function failed: {}", error["errorMessage"].as_str().unwrap_or_default())
    });
    outcome.function_log().filter(done).map(str::to_owned).chain(failure).collect()
}

/// A line as what it says: `{"posted": {…}}`, or `{"set aside": "text"}` for whatever reason.
fn read(line: &str) -> Value {
    let parse = |json: &str| serde_json::from_str::<Value>(json).unwrap_or_else(|_| json!(json));
    match line.split_once(" {") {
        Some(("posted", rest)) => json!({ "posted": parse(&format!("{{{rest}")) }),
        Some((_, rest)) => json!({ "set aside": parse(&format!("{{{rest}"))["text"] }),
        None => json!(line),
    }
}

#[track_caller]
fn expect_everywhere(story: &str, done: &[Vec<String>; 3], expected: &Value) {
    for (way, lines) in WAYS.iter().zip(done) {
        let got: Vec<Value> = lines.iter().map(|line| read(line)).collect();
        let short = shortened(&json!(got));
        assert!(
            got == [expected.clone()],
            "{story}; it comes {way}\n  expected {}\n  got      {short}",
            shortened(expected)
        );
    }
}

/// The value with long texts cut in their middle, so that both their ends and all that stands beside them is seen.
fn shortened(value: &Value) -> Value {
    match value {
        Value::String(text) if text.chars().count() > 100 => {
            let chars: Vec<char> = text.chars().collect();
            let ends = [&chars[..60], &chars[chars.len() - 30..]].map(|end| end.iter().collect::<String>());
            json!(format!("{} … {} more … {}", ends[0], chars.len() - 90, ends[1]))
        }
        Value::Array(items) => items.iter().map(shortened).collect(),
        Value::Object(fields) => fields.iter().map(|(name, field)| (name.clone(), shortened(field))).collect(),
        _ => value.clone(),
    }
}

#[test]
fn posts_what_sns_sends_directly() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    let mut event = fixture_json("sns/paper-is-low");
    let (printer, sheets) = (seed.number(1..=9), seed.number(1..=99));
    event["Records"][0]["Sns"]["Message"] = json!(format!("{sheets} sheets are left"));
    event["Records"][0]["Sns"]["MessageAttributes"] = json!({
        "kind": { "Type": "String", "Value": "paper-low" },
        "printer": { "Type": "Number", "Value": printer.to_string() },
    });
    let expected = json!({
        "posted": { "kind": "paper-low", "printer": printer.to_string(), "text": format!("{sheets} sheets are left") },
    });
    function
        .story("a printer is low on paper, and SNS calls the function")
        .invoke(event)
        .expect(&format!("the log says {expected}"), |outcome| {
            lines(outcome).iter().map(|line| read(line)).eq([expected.clone()])
        });
}

#[test]
fn posts_the_same_whichever_way_it_comes() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::new();
    for kind in ["paper-low", "ink-low", "paper-jam"] {
        let (printer, text) = (seed.number(1..=99).to_string(), format!("please look, {}", seed.name()));
        shop.expect_posted(&format!("printer {printer} has something to say: {kind}"), &text, kind, &printer);
    }
    shop.expect_posted("a printer has a name and no number", "please look", "ink-low", "Lobby");
}

#[test]
fn leaves_the_text_as_it_was_published() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::new();
    let texts = [
        json!({ "sheets": seed.number(1..=99), "size": "10x15" }).to_string(),
        String::from("  {\"sheets\": 4.50}\n"),
        String::from("紙がありません \"quoted\" \\ and + %2B"),
        seed.number(1..=99).to_string(),
    ];
    for text in texts {
        shop.expect_posted(&format!("a printer publishes {text:?}"), &text, "paper-low", "7");
    }
}

#[test]
fn does_not_take_a_text_for_an_envelope() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::new();
    let texts = [
        json!({ "Message": format!("{} sheets", seed.number(1..=99)) }),
        json!({ "Type": "Notification", "Message": "a jam in tray 2" }),
        json!({
            "Type": "JamReport",
            "MessageId": format!("m-{}", seed.number(100..=999)),
            "TopicArn": "arn:aws:sns:eu-central-1:123456789012:jams",
            "Subject": "tray 2",
            "Message": "a jam in tray 2",
            "Timestamp": "2026-05-04T09:00:00.000Z",
            "SignatureVersion": "1",
            "Signature": "none",
            "SigningCertURL": "https://example.com/none.pem",
            "UnsubscribeURL": "https://example.com/none",
            "MessageAttributes": {},
        }),
    ];
    for text in texts {
        shop.expect_posted("a printer's own JSON has names that SNS uses too", &text.to_string(), "paper-jam", "3");
    }
}

#[test]
fn reads_every_message_of_a_batch() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::new();
    let texts: Vec<String> = (0..4).map(|number| format!("{number} {}", seed.name())).collect();
    for text in &texts {
        let message = shop.topic.message(text.as_str()).attribute("kind", MessageAttribute::string("ink-low"));
        message.attribute("printer", MessageAttribute::number(5)).publish().expect("the topic takes the notice");
    }
    shop.world.run_until_idle();
    let answers = shop.world.answers();
    let all: Vec<String> = answers.iter().filter_map(|answer| answer.outcome.as_ref()).flat_map(lines).collect();
    for text in &texts {
        let posted = all.iter().filter(|line| read(line)["posted"]["text"] == **text).count();
        assert!(
            posted == 3,
            "four notices are published at once; expected {text:?} to be posted three times, once for each way\n  got {posted} times, in\n  {}",
            all.join("\n  ")
        );
    }
}

#[test]
fn sets_aside_what_nobody_is_in_charge_of() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::new();
    let printer = || ("printer", MessageAttribute::number(4));
    let text = format!("hello from {}", seed.name());
    for kind in ["coffee-low", "Paper-Low"] {
        let attributes = [("kind", MessageAttribute::string(kind)), printer()];
        shop.expect_set_aside(&format!("a notice of the unknown kind {kind:?}"), &text, &attributes);
    }
    shop.expect_set_aside("a notice that does not say its kind", &text, &[printer()]);
    let kind = ("kind", MessageAttribute::string("ink-low"));
    shop.expect_set_aside("a notice that does not say of which printer", &text, &[kind]);
    shop.expect_set_aside("a notice without any attributes", &text, &[]);
}

#[test]
fn sets_aside_what_no_topic_sent() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for _ in 0..2 {
        let mut event = fixture_json("sqs/print-jobs");
        let text = format!("{{\"job\": \"p-{}\"}}", seed.number(1000..=9999));
        event["Records"].as_array_mut().expect("records").truncate(1);
        event["Records"][0]["body"] = json!(text);
        let outcome = function.story("somebody puts a print job into the wrong queue").invoke(event);
        outcome.expect(&format!("the log says that {text} was set aside, and the function does not fail"), |outcome| {
            outcome.function_error().is_none()
                && lines(outcome).iter().map(|line| read(line)).eq([json!({ "set aside": text })])
        });
    }
}
