//! What the shop expects of whoever passes orders on. The check plays the next service and the collector, and notes what
//! each of them gets.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use course::{Seed, Service, fixture_json};
use local_lambda::{Function, Outcome, binary};
use serde_json::{Value, json};

/// What a service got.
#[derive(Clone)]
struct Got {
    path: String,
    headers: BTreeMap<String, String>,
    text: String,
    body: Value,
}

/// How a service that is played treats a request.
#[derive(Clone, Copy)]
enum Manner {
    Answers(u16),
    /// Answers 503 to what contains the first order's number, 200 to the others.
    RefusesOdd,
    AnswersLate,
    Hangs,
}

/// A service that is played. `got` has requests, `answered` how many of them have their answer.
struct Played {
    service: Service,
    got: Arc<Mutex<Vec<Got>>>,
    answered: Arc<Mutex<usize>>,
}

impl Played {
    fn start(manner: Manner) -> Played {
        let (got, answered): (Arc<Mutex<Vec<Got>>>, Arc<Mutex<usize>>) = Default::default();
        let (noted, counted) = (Arc::clone(&got), Arc::clone(&answered));
        let service = Service::start(move |stream| {
            let Ok(request) = read(stream) else { return };
            noted.lock().expect("no panic").push(request.clone());
            let status = match manner {
                Manner::Answers(status) => status,
                Manner::RefusesOdd => {
                    if request.text.contains("o-odd") {
                        503
                    } else {
                        200
                    }
                }
                Manner::AnswersLate => {
                    thread::sleep(Duration::from_millis(100));
                    200
                }
                Manner::Hangs => {
                    // Until the function goes away.
                    let _ = { stream }.read(&mut [0]);
                    return;
                }
            };
            *counted.lock().expect("no panic") += 1;
            let _ = write!({ stream }, "HTTP/1.1 {status} -\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        });
        Played { service, got, answered }
    }

    fn endpoint(&self) -> String {
        format!("http://{}", self.service.address())
    }

    /// What it got since somebody looked last.
    fn take(&self) -> Vec<Got> {
        std::mem::take(&mut *self.got.lock().expect("no panic"))
    }
}

fn read(stream: &TcpStream) -> io::Result<Got> {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let text = String::from_utf8_lossy(&body).into_owned();
    let body = serde_json::from_str(&text).unwrap_or_default();
    Ok(Got { path: first.split_whitespace().nth(1).unwrap_or_default().to_owned(), headers, text, body })
}

struct Shop {
    next: Played,
    collector: Played,
    function: Function,
}

impl Shop {
    fn open() -> Shop {
        Shop::with(Manner::Answers(200), Manner::Answers(200))
    }

    fn with(next: Manner, collector: Manner) -> Shop {
        let (next, collector) = (Played::start(next), Played::start(collector));
        let function = Function::builder(binary!())
            .env("NEXT", next.endpoint())
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint())
            .timeout(Duration::from_secs(8))
            .freeze(true)
            .start();
        Shop { next, collector, function }
    }

    /// What the next service got of one order that is sent on.
    #[track_caller]
    fn sent(&self, outcome: &Outcome) -> Sent {
        let got = self.next.take();
        outcome.expect(&format!("one order is passed on, and the next service got {}", got.len()), |_| got.len() == 1);
        Sent::of(&got[0], outcome)
    }

    /// The spans that the collector has, and in which texts they came.
    #[track_caller]
    fn spans(&self, outcome: &Outcome) -> Vec<Span> {
        let got = self.collector.take();
        outcome.expect(&format!("one export, and the collector got {}", got.len()), |_| got.len() == 1);
        let spans = got[0].body.pointer("/resourceSpans/0/scopeSpans/0/spans").and_then(Value::as_array).cloned();
        // Every customer of this check has such an address.
        let told = got[0].text.contains("@example.org");
        outcome.expect("the collector does not hear of a customer, …@example.org", |_| !told);
        outcome.expect("the export is OTLP, sent to /v1/traces", |_| got[0].path == "/v1/traces" && spans.is_some());
        spans.unwrap_or_default().iter().map(Span::of).collect()
    }
}

/// What came along with an order.
#[derive(Debug, PartialEq)]
struct Sent {
    trace: String,
    parent: String,
    sampled: bool,
    state: Option<String>,
    lineage: Option<String>,
    order: String,
}

impl Sent {
    /// Reads both headers, wherever they are, which must say the same.
    #[track_caller]
    fn of(got: &Got, outcome: &Outcome) -> Sent {
        let inner = |pointer: &str| -> Value {
            let text = got.body.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
            serde_json::from_str(text).unwrap_or_default()
        };
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        let (traceparent, state, x_ray, order) = match got.headers.get("x-amz-target").map(String::as_str) {
            Some("AmazonSQS.SendMessage") => {
                let attribute = |name: &str| text(got.body.pointer(&format!("/MessageAttributes/{name}/StringValue")));
                let x_ray = text(got.body.pointer("/MessageSystemAttributes/AWSTraceHeader/StringValue"));
                (attribute("traceparent"), attribute("tracestate"), x_ray, inner("/MessageBody"))
            }
            Some(_) => {
                let input = inner("/input");
                let x_ray = text(got.body.get("traceHeader"));
                (text(input.get("traceparent")), text(input.get("tracestate")), x_ray, input)
            }
            None => {
                let header = |name: &str| got.headers.get(name).cloned();
                (header("traceparent"), header("tracestate"), header("x-amzn-trace-id"), got.body.clone())
            }
        };
        let (traceparent, x_ray) = (traceparent.unwrap_or_default(), x_ray.unwrap_or_default());
        let parts: Vec<&str> = traceparent.split('-').collect();
        let well = matches!(parts.as_slice(), ["00", id, parent, "00" | "01"] if hex(id, 32) && hex(parent, 16));
        outcome
            .expect(&format!("traceparent is 00-(32 digits)-(16 digits)-00 or -01, and it is {traceparent:?}"), |_| {
                well
            });
        let (trace, parent, sampled) = (parts[1], parts[2], parts[3] == "01");
        let (time, random) = trace.split_at(8);
        let begin = format!("Root=1-{time}-{random};Parent={parent};Sampled={}", u8::from(sampled));
        let rest = x_ray.strip_prefix(&begin);
        let lineage = rest.and_then(|rest| rest.strip_prefix(";Lineage="));
        outcome.expect(
            &format!(
                "X-Amzn-Trace-Id says the same as traceparent, {begin} and nothing more but ;Lineage=…; it is {x_ray:?}"
            ),
            |_| rest == Some("") || lineage.is_some(),
        );
        Sent {
            trace: trace.to_owned(),
            parent: parent.to_owned(),
            sampled,
            state,
            lineage: lineage.map(str::to_owned),
            order: text(order.get("order")).unwrap_or_default(),
        }
    }

    #[track_caller]
    fn expect_trace(&self, outcome: &Outcome, trace: &str, sampled: bool) {
        outcome.expect(&format!("the order goes on in the trace {trace}, and it is in {}", self.trace), |_| {
            self.trace == trace
        });
        outcome.expect(&format!("sampled is {sampled}, and it is {}", self.sampled), |_| self.sampled == sampled);
    }
}

#[derive(Debug)]
struct Span {
    trace: String,
    id: String,
    parent: String,
    name: String,
    kind: u64,
    status: u64,
    attributes: BTreeMap<String, String>,
    start: u128,
    end: u128,
}

impl Span {
    fn of(span: &Value) -> Span {
        let text = |name: &str| span[name].as_str().unwrap_or_default().to_owned();
        let attributes = span["attributes"].as_array().into_iter().flatten();
        Span {
            trace: text("traceId"),
            id: text("spanId"),
            parent: text("parentSpanId"),
            name: text("name"),
            kind: span["kind"].as_u64().unwrap_or_default(),
            status: span["status"]["code"].as_u64().unwrap_or_default(),
            attributes: attributes
                .map(|attribute| {
                    let value = attribute["value"]["stringValue"].as_str().unwrap_or_default();
                    (attribute["key"].as_str().unwrap_or_default().to_owned(), value.to_owned())
                })
                .collect(),
            start: text("startTimeUnixNano").parse().unwrap_or_default(),
            end: text("endTimeUnixNano").parse().unwrap_or_default(),
        }
    }
}

fn hex(text: &str, digits: usize) -> bool {
    let is_hex = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    text.len() == digits && is_hex && text.bytes().any(|byte| byte != b'0')
}

/// So many hexadecimal digits, the first of them none of zero.
fn digits(seed: &mut Seed, count: usize) -> String {
    let digits: Vec<char> = "0123456789abcdef".chars().collect();
    let first = *seed.pick(&digits[1..]);
    std::iter::once(first).chain((1..count).map(|_| *seed.pick(&digits)).collect::<Vec<_>>()).collect()
}

fn x_ray(trace: &str, parent: &str, sampled: u8) -> String {
    format!("Root=1-{}-{};Parent={parent};Sampled={sampled}", &trace[..8], &trace[8..])
}

/// An order, with a customer of whom nobody else must hear.
fn job(seed: &mut Seed, to: &str) -> Value {
    // Ten digits: the orders of a batch are told apart by them.
    let order = format!("o-{}", seed.number(1_000_000_000..=9_999_999_999));
    json!({ "order": order, "customer": format!("{}.{}@example.org", seed.name(), seed.number(100..=999)), "to": to })
}

fn request(headers: &[(&str, &str)], job: &Value) -> Value {
    let mut request = fixture_json("apigateway/http-api-quote");
    for header in ["x-amzn-trace-id", "X-Amzn-Trace-Id", "traceparent", "tracestate"] {
        request["headers"].as_object_mut().expect("headers").remove(header);
    }
    for (name, value) in headers {
        request["headers"][*name] = json!(value);
    }
    request["body"] = json!(job.to_string());
    request["isBase64Encoded"] = json!(false);
    request
}

/// A message of a batch. With `traceparent`, `tracestate`, `AWSTraceHeader` where they are given.
fn message(id: &str, carrier: &[(&str, &str)], job: &Value) -> Value {
    let mut message = fixture_json("sqs/print-jobs")["Records"][0].clone();
    message["messageId"] = json!(id);
    message["body"] = json!(job.to_string());
    message["messageAttributes"] = json!({});
    for (name, value) in carrier {
        match *name {
            "AWSTraceHeader" => message["attributes"]["AWSTraceHeader"] = json!(value),
            name => {
                message["messageAttributes"][name] = json!({
                    "stringValue": value, "stringListValues": [], "binaryListValues": [], "dataType": "String",
                })
            }
        }
    }
    message
}

const TO: [&str; 3] = ["http", "queue", "workflow"];

#[test]
fn goes_on_with_the_trace_of_a_traceparent() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::open();
    for to in TO {
        for (flags, sampled, state) in [
            ("01", true, Some("shop=t61rcWkgMzE,other=1")),
            ("03", true, None),
            ("00", false, Some("a=b")),
            ("02", false, None),
            ("10", false, None),
            ("f1", true, None),
        ] {
            let (trace, parent) = (digits(&mut seed, 32), digits(&mut seed, 16));
            let job = job(&mut seed, to);
            let traceparent = format!("00-{trace}-{parent}-{flags}");
            let mut headers = vec![("traceparent", traceparent.as_str())];
            headers.extend(state.map(|state| ("tracestate", state)));
            let outcome = shop
                .function
                .story(format!("a request with the flags {flags}; the order goes to the {to}"))
                .invoke(request(&headers, &job));
            outcome.expect_json_at("/statusCode", 202);
            let sent = shop.sent(&outcome);
            sent.expect_trace(&outcome, &trace, sampled);
            outcome.expect(&format!("tracestate is {state:?}, and it is {:?}", sent.state), |_| {
                sent.state.as_deref() == state
            });
            outcome.expect("the next service's parent is a span of this function, not the one that came in", |_| {
                sent.parent != parent
            });
            outcome.expect(&format!("the order is {}, and it is {:?}", job["order"], sent.order), |_| {
                job["order"] == sent.order.as_str()
            });
            shop.collector.take();
        }
    }
}

#[test]
fn goes_on_with_the_trace_of_x_ray() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::open();
    let (lower, mixed) = ("x-amzn-trace-id", "X-Amzn-Trace-Id");
    for (name, form, sampled) in [
        (lower, "Root=ROOT;Parent=PARENT;Sampled=1", true),
        (mixed, "Root=ROOT;Parent=PARENT;Sampled=0", false),
        (lower, "Sampled=1; Parent=PARENT; Root=ROOT", true),
        (mixed, "Self=1-67891234-12456789abcdef012345678;Root=ROOT", true),
        (lower, "Root=ROOT;Parent=PARENT;Sampled=?", true),
        (lower, "Root=ROOT;Parent=nobody;Sampled=1", true),
        (lower, "Root=ROOT;Parent=0000000000000000;Sampled=1", true),
        (mixed, "Parent=PARENT ; Root=ROOT ;  Sampled=0 ; Self=1", false),
        (lower, "Root=ROOT;Lineage=1:a87bd80c:0;Sampled=0;Parent=PARENT", false),
    ] {
        let (trace, parent) = (digits(&mut seed, 32), digits(&mut seed, 16));
        let header = form.replace("ROOT", &format!("1-{}-{}", &trace[..8], &trace[8..])).replace("PARENT", &parent);
        let job = job(&mut seed, "http");
        let outcome =
            shop.function.story(format!("a request with {name}: {form}")).invoke(request(&[(name, &header)], &job));
        let sent = shop.sent(&outcome);
        sent.expect_trace(&outcome, &trace, sampled);
        outcome.expect(&format!("there is no tracestate, and it is {:?}", sent.state), |_| sent.state.is_none());
        if sampled {
            let spans = shop.spans(&outcome);
            let has_parent = form.contains("PARENT");
            let expected = if has_parent { parent.as_str() } else { "" };
            let got = spans
                .iter()
                .find(|span| span.name == "handle order")
                .map(|span| span.parent.clone())
                .unwrap_or_default();
            outcome.expect(&format!("the parent of \"handle order\" is {expected:?}, and it is {got:?}"), |_| {
                got == expected
            });
        }
        shop.collector.take();
    }
}

#[test]
fn takes_the_first_context_that_can_be_read() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::open();
    let (ours, theirs) = (digits(&mut seed, 32), digits(&mut seed, 32));
    let parent = digits(&mut seed, 16);
    let zeros = "0".repeat(32);
    let good = format!("00-{ours}-{parent}-00");
    for (traceparent, is_readable, story) in [
        (good.clone(), true, "both can be read"),
        (format!("01-{ours}-{parent}-00"), true, "traceparent of a later version"),
        (
            format!("cc-{ours}-{parent}-00-what-comes-later"),
            true,
            "traceparent of a later version, with more behind it",
        ),
        (format!("00-{ours}-{parent}-00-more"), false, "version 00 with a fifth part"),
        (format!("00-{ours}-{parent}-00-"), false, "version 00 with a dash at the end"),
        (format!("ff-{ours}-{parent}-00"), false, "version ff, which there is not"),
        (format!("00-{zeros}-{parent}-00"), false, "a trace of zeros"),
        (format!("00-{ours}-{}-00", &zeros[..16]), false, "a parent of zeros"),
        (
            format!("00-{}-{parent}-00", ours.replace(|sign: char| sign.is_ascii_digit(), "a").to_uppercase()),
            false,
            "capital letters",
        ),
        (format!("00-{}-{parent}-00", &ours[1..]), false, "a trace of 31 digits"),
        (format!("00-{ours}0-{parent}-00"), false, "a trace of 33 digits"),
        (format!("00-{ours}-{parent}0-00"), false, "a parent of 17 digits"),
        (format!("00-{ours}-{parent}-1"), false, "flags of one digit"),
        (format!("00-{ours}-{parent}-00ab"), false, "flags of four digits"),
        (format!("00-{ours}-{parent}"), false, "no flags"),
        (String::new(), false, "an empty traceparent"),
        ("-".to_owned(), false, "a dash"),
        (format!("00-{}é-{parent}-00", &ours[2..]), false, "another letter of two bytes"),
    ] {
        let header = x_ray(&theirs, &parent, 1);
        let job = job(&mut seed, "http");
        let headers =
            [("traceparent", traceparent.as_str()), ("tracestate", "a=b"), ("x-amzn-trace-id", header.as_str())];
        let outcome =
            shop.function.story(format!("a request with both headers: {story}")).invoke(request(&headers, &job));
        let sent = shop.sent(&outcome);
        sent.expect_trace(&outcome, if is_readable { &ours } else { &theirs }, !is_readable);
        let state = is_readable.then_some("a=b");
        outcome.expect(&format!("tracestate is {state:?}, and it is {:?}", sent.state), |_| {
            sent.state.as_deref() == state
        });
        shop.collector.take();
    }
}

#[test]
fn a_header_with_one_wrong_sign_is_passed_over() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::open();
    for _ in 0..60 {
        let (ours, theirs, parent) = (digits(&mut seed, 32), digits(&mut seed, 32), digits(&mut seed, 16));
        let mut header = format!("00-{ours}-{parent}-01");
        let at = seed.number(0..=header.len() as u64 - 1) as usize;
        let wrong = *seed.pick(&["g", "_", " ", "F", ";"]);
        header.replace_range(at..=at, wrong);
        let x_ray = x_ray(&theirs, &parent, 1);
        let job = job(&mut seed, "http");
        let outcome = shop
            .function
            .story(format!("traceparent with a wrong sign, {header:?}, and X-Amzn-Trace-Id"))
            .invoke(request(&[("traceparent", &header), ("x-amzn-trace-id", &x_ray)], &job));
        shop.sent(&outcome).expect_trace(&outcome, &theirs, true);
        shop.collector.take();
    }
}

#[test]
fn falls_back_to_the_invocation_and_then_to_a_trace_of_its_own() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::open();
    let (own, theirs) = (digits(&mut seed, 32), digits(&mut seed, 32));
    let parent = digits(&mut seed, 16);
    let half = format!("Root=1-{}-{}", &theirs[..8], &theirs[9..]);
    let second = format!("Root=2-{}-{}", &theirs[..8], &theirs[8..]);
    let long = format!("Root=1-{}-{}-00;Sampled=1", &theirs[..8], &theirs[8..]);
    let cut = format!("Root=1-{}-{}", &theirs[..9], &theirs[9..]);
    let capital = format!("Root=1-A{}-{}", &theirs[1..8], &theirs[8..]);
    let zeros = format!("Root=1-{}-{};Sampled=1", "0".repeat(8), "0".repeat(24));
    for broken in [
        "",
        "Root",
        "Sampled=1",
        "Root=;Parent=;Sampled=1",
        &half,
        &second,
        &long,
        &cut,
        &capital,
        &zeros,
        "Root=1-zzzzzzzz-00000000000000000000000z",
    ] {
        for sampled in [1, 0] {
            let job = job(&mut seed, "http");
            let outcome = shop
                .function
                .story(format!(
                    "a request with X-Amzn-Trace-Id: {broken:?}; the invocation's own has Sampled={sampled}"
                ))
                .trace_header(x_ray(&own, &parent, sampled))
                .invoke(request(&[("x-amzn-trace-id", broken)], &job));
            shop.sent(&outcome).expect_trace(&outcome, &own, sampled == 1);
            shop.collector.take();
        }
    }
    let mut traces = BTreeSet::new();
    for (header, story) in [
        ("Root=1-nothing", "nothing that can be read"),
        ("Sampled=0;Lineage=1:a87bd80c:0", "the invocation's own without a Root"),
        ("Root=1-nothing", "once more nothing"),
    ] {
        let job = job(&mut seed, "http");
        let outcome =
            shop.function.story(format!("a request with {story}")).trace_header(header).invoke(request(&[], &job));
        let sent = shop.sent(&outcome);
        outcome.expect("a new trace is sampled", |_| sent.sampled);
        let lineage = header.split_once("Lineage=").map(|(_, lineage)| lineage);
        outcome.expect(&format!("Lineage is {lineage:?}, and it is {:?}", sent.lineage), |_| {
            sent.lineage.as_deref() == lineage
        });
        let spans = shop.spans(&outcome);
        let of_trace = spans.iter().all(|span| span.trace == sent.trace);
        let root = spans.iter().find(|span| span.name == "handle order").map(|span| span.parent.clone());
        outcome.expect("the spans are of the new trace, and \"handle order\" has no parent", |_| {
            of_trace && root.as_deref() == Some("")
        });
        outcome.expect("each new trace has an id of its own", |_| traces.insert(sent.trace.clone()));
    }
}

#[test]
fn each_message_of_a_batch_has_a_trace_of_its_own() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::open();
    for to in TO {
        let traces: Vec<String> = (0..4).map(|_| digits(&mut seed, 32)).collect();
        let (parent, own) = (digits(&mut seed, 16), digits(&mut seed, 32));
        let w3c = format!("00-{}-{parent}-01", traces[0]);
        let aws = x_ray(&traces[1], &parent, 1);
        let both = (format!("00-{}-{parent}-00", traces[2]), x_ray(&traces[3], &parent, 1));
        let broken = x_ray(&traces[3], &parent, 1);
        let jobs: Vec<Value> = (0..5).map(|_| job(&mut seed, to)).collect();
        let records = json!({ "Records": [
            message("m-1", &[("traceparent", &w3c), ("tracestate", "a=1")], &jobs[0]),
            message("m-2", &[("AWSTraceHeader", &aws)], &jobs[1]),
            message("m-3", &[("traceparent", &both.0), ("AWSTraceHeader", &both.1)], &jobs[2]),
            message("m-4", &[("traceparent", "00-broken"), ("tracestate", "a=4"), ("AWSTraceHeader", &broken)], &jobs[3]),
            message("m-5", &[], &jobs[4]),
        ] });
        let outcome = shop
            .function
            .story(format!(
                "five messages: traceparent, AWSTraceHeader, both, one broken, none; each order goes to the {to}"
            ))
            .trace_header(x_ray(&own, &parent, 1))
            .invoke(records);
        outcome.expect_json(json!({ "batchItemFailures": [] }));
        let sent: Vec<Sent> = shop.next.take().iter().map(|got| Sent::of(got, &outcome)).collect();
        let expected = [
            (&traces[0], true, Some("a=1")),
            (&traces[1], true, None),
            (&traces[2], false, None),
            (&traces[3], true, None),
            (&own, true, None),
        ];
        outcome.expect(&format!("five orders are passed on, and there are {}", sent.len()), |_| sent.len() == 5);
        for ((job, (trace, sampled, state)), number) in jobs.iter().zip(expected).zip(1..) {
            let found = sent.iter().find(|sent| job["order"] == sent.order.as_str());
            outcome.expect(&format!("the order of m-{number} is passed on"), |_| found.is_some());
            let found = found.expect("it was looked at");
            found.expect_trace(&outcome, trace, sampled);
            outcome.expect(&format!("the tracestate of m-{number} is {state:?}, and it is {:?}", found.state), |_| {
                found.state.as_deref() == state
            });
        }
        let spans = shop.spans(&outcome);
        let ids: BTreeSet<&str> = spans.iter().map(|span| span.id.as_str()).collect();
        outcome.expect(
            &format!("eight spans, two for each message that is sampled, and there are {}", spans.len()),
            |_| spans.len() == 8,
        );
        outcome.expect(&format!("each span has an id of its own of 16 digits, and they are {ids:?}"), |_| {
            ids.len() == 8 && ids.iter().all(|id| hex(id, 16))
        });
    }
}

#[test]
fn messages_without_a_trace_do_not_share_one() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::open();
    for to in TO {
        let jobs: Vec<Value> = (0..3).map(|_| job(&mut seed, to)).collect();
        let records: Vec<Value> = (1..).zip(&jobs).map(|(n, job)| message(&format!("m-{n}"), &[], job)).collect();
        let outcome = shop
            .function
            .story(format!("three messages without a context, nor has the invocation one; orders go to the {to}"))
            .trace_header("Root=1-nothing")
            .invoke(json!({ "Records": records }));
        outcome.expect_json(json!({ "batchItemFailures": [] }));
        let traces: BTreeSet<String> = shop.next.take().iter().map(|got| Sent::of(got, &outcome).trace).collect();
        outcome.expect(&format!("three orders in three new traces, and they are {traces:?}"), |_| traces.len() == 3);
        shop.collector.take();
    }
}

#[test]
fn a_task_goes_on_with_the_trace_of_the_invocation() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::open();
    for (to, sampled) in [("http", 1), ("queue", 0), ("workflow", 1)] {
        let (own, parent) = (digits(&mut seed, 32), digits(&mut seed, 16));
        let job = job(&mut seed, to);
        let outcome = shop
            .function
            .story(format!("a task of Step Functions with Sampled={sampled}; the order goes to the {to}"))
            .trace_header(x_ray(&own, &parent, sampled))
            .invoke(job.clone());
        outcome.expect_json(json!({ "order": job["order"] }));
        shop.sent(&outcome).expect_trace(&outcome, &own, sampled == 1);
        shop.collector.take();
    }
}

#[test]
fn the_lineage_of_the_invocation_goes_along_with_everything() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::open();
    for lineage in [
        Some(format!("1:{}:0|{}:5", digits(&mut seed, 8), digits(&mut seed, 8))),
        None,
        Some(format!("1:{}:15", digits(&mut seed, 8))),
    ] {
        for to in TO {
            let (own, theirs, parent) = (digits(&mut seed, 32), digits(&mut seed, 32), digits(&mut seed, 16));
            let header =
                lineage.iter().fold(x_ray(&own, &parent, 0), |header, lineage| format!("{header};Lineage={lineage}"));
            let traceparent = format!("00-{theirs}-{parent}-01");
            let job = job(&mut seed, to);
            let with_other = x_ray(&theirs, &parent, 1) + ";Lineage=1:ffffffff:3";
            for (event, trace, story) in [
                (request(&[("traceparent", &traceparent)], &job), &theirs, "a request with a traceparent"),
                (request(&[("x-amzn-trace-id", &with_other)], &job), &theirs, "a request with another lineage"),
                (json!({ "Records": [message("m-1", &[("traceparent", &traceparent)], &job)] }), &theirs, "a message"),
                (job.clone(), &own, "a task"),
            ] {
                let outcome = shop
                    .function
                    .story(format!("{story}; the invocation's Lineage is {lineage:?}; the order goes to the {to}"))
                    .trace_header(header.clone())
                    .invoke(event);
                let sent = shop.sent(&outcome);
                outcome.expect(&format!("Lineage is {lineage:?}, and it is {:?}", sent.lineage), |_| {
                    sent.lineage == lineage
                });
                sent.expect_trace(&outcome, trace, *trace == theirs);
                shop.collector.take();
            }
        }
    }
}

#[test]
fn the_spans_are_a_tree_from_who_asks_to_who_is_asked() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::open();
    for to in TO {
        for from in ["request", "message", "task"] {
            let (trace, parent) = (digits(&mut seed, 32), digits(&mut seed, 16));
            let header = x_ray(&trace, &parent, 1);
            let job = job(&mut seed, to);
            let event = match from {
                "request" => request(&[("x-amzn-trace-id", &header)], &job),
                "message" => json!({ "Records": [message("m-1", &[("AWSTraceHeader", &header)], &job)] }),
                _ => job.clone(),
            };
            let outcome =
                shop.function.story(format!("a {from}; the order goes to the {to}")).trace_header(header).invoke(event);
            let sent = shop.sent(&outcome);
            let spans = shop.spans(&outcome);
            let find = |name: &str| spans.iter().find(|span| span.name == name);
            let (Some(handling), Some(sending)) = (find("handle order"), find("send order")) else {
                outcome
                    .expect(&format!("the spans \"handle order\" and \"send order\", and there are {spans:?}"), |_| {
                        false
                    });
                return;
            };
            outcome.expect(&format!("two spans, and there are {}", spans.len()), |_| spans.len() == 2);
            outcome.expect(&format!("both are of the trace {trace}: {spans:?}"), |_| {
                spans.iter().all(|span| span.trace == trace)
            });
            for (what, got, expected) in [
                ("the parent of \"handle order\" is the span that came in", &handling.parent, &parent),
                ("the parent of \"send order\" is \"handle order\"", &sending.parent, &handling.id),
                ("the parent that goes out is \"send order\"", &sent.parent, &sending.id),
            ] {
                outcome.expect(&format!("{what}, {expected}, and it is {got}"), |_| got == expected);
            }
            let kinds = (if from == "message" { 5 } else { 2 }, if to == "queue" { 4 } else { 3 });
            let got = (handling.kind, sending.kind);
            outcome.expect(&format!("the kinds are {kinds:?}, and they are {got:?}"), |_| got == kinds);
            let order = handling.attributes.get("shop.order").cloned().unwrap_or_default();
            outcome.expect(
                &format!("\"handle order\" has the attribute shop.order {}, and it is {order:?}", job["order"]),
                |_| job["order"] == order.as_str(),
            );
            outcome.expect("\"send order\" does not have it, too", |_| !sending.attributes.contains_key("shop.order"));
            outcome.expect(&format!("neither has failed: {spans:?}"), |_| {
                spans.iter().all(|span| span.status != 2 && !span.attributes.contains_key("error.type"))
            });
            outcome.expect(&format!("\"send order\" lies within \"handle order\": {spans:?}"), |_| {
                0 < handling.start
                    && handling.start <= sending.start
                    && sending.start <= sending.end
                    && sending.end <= handling.end
            });
        }
    }
}

#[test]
fn what_is_not_sampled_leaves_no_span() {
    let mut seed = Seed::at_run_time();
    let well = Shop::open();
    let badly = Shop::with(Manner::Answers(503), Manner::Answers(200));
    for (to, shop, status) in TO.iter().flat_map(|to| [(to, &well, 200), (to, &badly, 503)]) {
        let (trace, parent) = (digits(&mut seed, 32), digits(&mut seed, 16));
        let job = job(&mut seed, to);
        let traceparent = format!("00-{trace}-{parent}-00");
        let outcome = shop
            .function
            .story(format!("a request that is not sampled; the order goes to the {to}, which answers {status}"))
            .invoke(request(&[("traceparent", &traceparent)], &job));
        shop.sent(&outcome).expect_trace(&outcome, &trace, false);
        let exports = shop.collector.take().len();
        outcome.expect(&format!("nothing is exported, and there were {exports} exports"), |_| exports == 0);
    }
}

#[test]
fn a_failure_stands_in_the_spans_and_tells_nothing_of_the_customer() {
    let mut seed = Seed::at_run_time();
    for status in [503, 404] {
        let shop = Shop::with(Manner::Answers(status), Manner::Answers(200));
        for from in ["request", "message", "task"] {
            let (trace, parent) = (digits(&mut seed, 32), digits(&mut seed, 16));
            let header = x_ray(&trace, &parent, 1);
            let job = job(&mut seed, seed_to(status));
            let event = match from {
                "request" => request(&[("x-amzn-trace-id", &header)], &job),
                "message" => json!({ "Records": [message("m-7", &[("AWSTraceHeader", &header)], &job)] }),
                _ => job.clone(),
            };
            let outcome = shop
                .function
                .story(format!("a {from}, and the next service answers {status}"))
                .trace_header(header)
                .invoke(event);
            match from {
                "request" => drop(outcome.expect_json_at("/statusCode", 502)),
                "message" => drop(outcome.expect_json(json!({ "batchItemFailures": [{ "itemIdentifier": "m-7" }] }))),
                _ => drop(outcome.expect_error_saying("NotSent", &status.to_string())),
            }
            let spans = shop.spans(&outcome);
            outcome.expect(&format!("both spans are exported, and there are {}", spans.len()), |_| spans.len() == 2);
            for span in &spans {
                let kind = span.attributes.get("error.type").cloned().unwrap_or_default();
                outcome.expect(
                    &format!(
                        "{:?} has the status code 2 and the attribute error.type {status}; it has {} and {kind:?}",
                        span.name, span.status
                    ),
                    |_| span.status == 2 && kind == status.to_string(),
                );
            }
        }
    }
}

fn seed_to(status: u16) -> &'static str {
    if status == 503 { "http" } else { "queue" }
}

#[test]
fn one_failure_of_a_batch_is_one_failure() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::with(Manner::RefusesOdd, Manner::Answers(200));
    for odd in [0, 2] {
        let mut records = Vec::new();
        for number in 0..3 {
            let header = x_ray(&digits(&mut seed, 32), &digits(&mut seed, 16), 1);
            let mut job = job(&mut seed, "http");
            if number == odd {
                job["order"] = json!(format!("o-odd-{}", seed.number(1..=99)));
            }
            records.push(message(&format!("m-{number}"), &[("AWSTraceHeader", &header)], &job));
        }
        let outcome = shop
            .function
            .story(format!("three messages, and the order of m-{odd} is refused"))
            .invoke(json!({ "Records": records }));
        outcome.expect_json(json!({ "batchItemFailures": [{ "itemIdentifier": format!("m-{odd}") }] }));
        let spans = shop.spans(&outcome);
        let failed: Vec<&Span> = spans.iter().filter(|span| span.status == 2).collect();
        let handled = failed.iter().find(|span| span.name == "handle order");
        let order = handled.and_then(|span| span.attributes.get("shop.order")).cloned().unwrap_or_default();
        outcome.expect(
            &format!(
                "of six spans the two of the refused order have failed, and of {} it is {}: {order:?}",
                spans.len(),
                failed.len()
            ),
            |_| spans.len() == 6 && failed.len() == 2 && order.starts_with("o-odd"),
        );
        shop.next.take();
    }
}

#[test]
fn has_exported_before_it_answers() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::with(Manner::RefusesOdd, Manner::AnswersLate);
    for (from, order, exports) in [("request", "o-even", 1), ("task", "o-even", 2), ("task", "o-odd", 3)] {
        let (trace, parent) = (digits(&mut seed, 32), digits(&mut seed, 16));
        let header = x_ray(&trace, &parent, 1);
        let mut job = job(&mut seed, "http");
        job["order"] = json!(format!("{order}-{}", seed.number(1..=99)));
        let event = if from == "request" { request(&[], &job) } else { job.clone() };
        let outcome = shop
            .function
            .story(format!("a {from} with the order {}; the collector takes 100 ms to answer", job["order"]))
            .trace_header(header)
            .invoke(event);
        let answered = *shop.collector.answered.lock().expect("no panic");
        outcome.expect(
            &format!(
                "when the function answers, the collector has answered {exports} times in all, and it has {answered}"
            ),
            |_| answered == exports,
        );
        shop.next.take();
    }
}

#[test]
fn answers_whatever_becomes_of_the_export() {
    let mut seed = Seed::at_run_time();
    for (manner, story) in [
        (Some(Manner::Hangs), "the collector takes the spans and never answers"),
        (Some(Manner::Answers(503)), "the collector answers 503"),
        (None, "there is no collector"),
    ] {
        let shop = match manner {
            Some(manner) => Shop::with(Manner::Answers(200), manner),
            None => {
                let next = Played::start(Manner::Answers(200));
                // A port that no test is ever given.
                let nobody = "http://127.0.0.1:1";
                let function = Function::builder(binary!())
                    .env("NEXT", next.endpoint())
                    .env("OTEL_EXPORTER_OTLP_ENDPOINT", nobody)
                    .timeout(Duration::from_secs(8))
                    .start();
                Shop { next, collector: Played::start(Manner::Answers(200)), function }
            }
        };
        for to in ["http", "workflow"] {
            let header = x_ray(&digits(&mut seed, 32), &digits(&mut seed, 16), 1);
            let job = job(&mut seed, to);
            let outcome = shop
                .function
                .story(format!("{story}; the order goes to the {to}"))
                .trace_header(header)
                .invoke(job.clone());
            outcome.expect_json(json!({ "order": job["order"] }));
            if matches!(manner, Some(Manner::Hangs)) {
                let waited = outcome.report.duration.as_millis();
                let what = format!("it waits for the collector for half a second at least; it ended after {waited} ms");
                outcome.expect(&what, |_| waited >= 500);
            }
        }
    }
}
