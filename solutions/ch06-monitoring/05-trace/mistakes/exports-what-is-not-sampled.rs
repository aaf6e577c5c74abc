//! caught-by: what_is_not_sampled_leaves_no_span
//!
//! Exports everything: the decision that the first service made is not kept, and the bill is.
#![allow(unused)]

#[path = "../src/events.rs"]
mod events;
#[path = "../src/http.rs"]
mod http;
#[path = "../src/otlp.rs"]
mod otlp;
#[path = "../src/outbox.rs"]
mod outbox;

use std::time::Duration;

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::events::{Event, Job, Message, To};
use crate::otlp::{Kind, Span, export, new_trace_id};
use crate::outbox::{Carrier, send};

/// How long the collector may take. Its troubles are not the customer's.
const PATIENCE: Duration = Duration::from_secs(1);

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(desk)).await
}

async fn desk(event: LambdaEvent<Event>) -> Result<Value, Diagnostic> {
    let (event, context) = event.into_parts();
    let own = context.xray_trace_id.unwrap_or_default();
    let lineage = x_ray_field(&own, "Lineage");
    let mut spans = Vec::new();
    let answer = match event {
        Event::Http { headers, body: job } => {
            let header = |wanted: &str| {
                let found = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
                found.map(|(_, value)| value.as_str())
            };
            let trace = Trace::choose(header("traceparent"), header("tracestate"), header("x-amzn-trace-id"), &own);
            Ok(match pass_on(&job, Kind::Server, &trace, lineage, &mut spans).await {
                Ok(()) => json!({ "statusCode": 202, "body": job.order }),
                Err(_) => json!({ "statusCode": 502, "body": job.order }),
            })
        }
        Event::Queue { records } => {
            let mut failures = Vec::new();
            for record in records {
                let trace = Trace::of_message(&record, &own);
                if pass_on(&record.body, Kind::Consumer, &trace, lineage, &mut spans).await.is_err() {
                    failures.push(json!({ "itemIdentifier": record.message_id }));
                }
            }
            Ok(json!({ "batchItemFailures": failures }))
        }
        Event::Task(job) => {
            let trace = Trace::choose(None, None, None, &own);
            match pass_on(&job, Kind::Server, &trace, lineage, &mut spans).await {
                Ok(()) => Ok(json!({ "order": job.order })),
                Err(reason) => Err(Diagnostic { error_type: "NotSent".to_owned(), error_message: reason }),
            }
        }
    };
    // On every way out, and before the answer: afterwards the process is frozen.
    if !spans.is_empty() && !matches!(timeout(PATIENCE, export(&spans)).await, Ok(Ok(()))) {
        eprintln!("{} spans were not exported", spans.len());
    }
    answer
}

/// Sends the order on, in spans of its own.
async fn pass_on(
    job: &Job,
    kind: Kind,
    trace: &Trace,
    lineage: Option<&str>,
    spans: &mut Vec<Span>,
) -> Result<(), String> {
    let mut handling = Span::start(&trace.id, trace.parent.as_deref(), "handle order", kind);
    let kind = if job.to == To::Queue { Kind::Producer } else { Kind::Client };
    let mut sending = Span::start(&trace.id, Some(&handling.span_id), "send order", kind);
    let sent = send(job, &trace.carrier(&sending.span_id, lineage)).await;
    sending.end(sent.clone().err());
    handling.attributes.push(("shop.order", job.order.clone()));
    handling.end(sent.clone().err());
    spans.extend([handling, sending]);
    sent
}

/// The trace that work belongs to, and the span that it is part of.
#[derive(Clone)]
struct Trace {
    /// 32 hexadecimal digits.
    id: String,
    parent: Option<String>,
    sampled: bool,
    /// W3C's `tracestate`, which is for others to read.
    state: Option<String>,
}

impl Trace {
    /// The first of them that can be read, or a new one.
    fn choose(traceparent: Option<&str>, tracestate: Option<&str>, x_ray: Option<&str>, own: &str) -> Trace {
        traceparent
            .and_then(|header| Trace::from_w3c(header, tracestate))
            .or_else(|| x_ray.and_then(Trace::from_x_ray))
            .or_else(|| Trace::from_x_ray(own))
            .unwrap_or_else(|| Trace { id: new_trace_id(), parent: None, sampled: true, state: None })
    }

    fn of_message(message: &Message, own: &str) -> Trace {
        let attribute = |name| message.message_attributes.get(name).and_then(|value| value.string_value.as_deref());
        let x_ray = message.attributes.get("AWSTraceHeader").map(String::as_str);
        Trace::choose(attribute("traceparent"), attribute("tracestate"), x_ray, own)
    }

    /// <https://www.w3.org/TR/trace-context/#traceparent-header>
    fn from_w3c(header: &str, state: Option<&str>) -> Option<Trace> {
        let mut parts = header.split('-');
        let (version, id, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let is_known = version == "00" && parts.next().is_none();
        let is_later = is_hex(version, 2) && version != "00" && version != "ff";
        if !(is_known || is_later) || !is_id(id, 32) || !is_id(parent, 16) || !is_hex(flags, 2) {
            return None;
        }
        let flags = u8::from_str_radix(flags, 16).ok()?;
        Some(Trace {
            id: id.to_owned(),
            parent: Some(parent.to_owned()),
            sampled: flags & 1 == 1,
            state: state.map(str::to_owned),
        })
    }

    /// <https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader>
    fn from_x_ray(header: &str) -> Option<Trace> {
        let mut root = x_ray_field(header, "Root")?.split('-');
        let (version, time, random) = (root.next()?, root.next()?, root.next()?);
        let id = format!("{time}{random}");
        if version != "1" || root.next().is_some() || time.len() != 8 || !is_id(&id, 32) {
            return None;
        }
        Some(Trace {
            id,
            parent: x_ray_field(header, "Parent").filter(|parent| is_id(parent, 16)).map(str::to_owned),
            // `?`, or nothing, leaves the decision to us.
            sampled: x_ray_field(header, "Sampled") != Some("0"),
            state: None,
        })
    }

    /// What goes along with work that is part of this span.
    fn carrier(&self, span_id: &str, lineage: Option<&str>) -> Carrier {
        let sampled = u8::from(self.sampled);
        let (time, random) = self.id.split_at(8);
        let lineage = lineage.map(|lineage| format!(";Lineage={lineage}")).unwrap_or_default();
        Carrier {
            traceparent: format!("00-{}-{span_id}-{sampled:02x}", self.id),
            tracestate: self.state.clone(),
            x_ray: format!("Root=1-{time}-{random};Parent={span_id};Sampled={sampled}{lineage}"),
        }
    }
}

/// The value of one field of `X-Amzn-Trace-Id`, whose fields come in any order.
fn x_ray_field<'a>(header: &'a str, wanted: &str) -> Option<&'a str> {
    let mut fields = header.split(';').filter_map(|field| field.trim().split_once('='));
    fields.find(|(name, _)| *name == wanted).map(|(_, value)| value)
}

/// Whether the text is an id of so many digits: zeros alone are none.
fn is_id(text: &str, digits: usize) -> bool {
    is_hex(text, digits) && text.bytes().any(|byte| byte != b'0')
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
