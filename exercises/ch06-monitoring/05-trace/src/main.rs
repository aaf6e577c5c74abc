//! Takes orders in and passes them on, and leaves a trace that somebody can follow.

mod events;
mod http;
mod otlp;
mod outbox;

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

use crate::events::{Event, Job, Message, To};
use crate::otlp::{Kind, Span, export, new_trace_id};
use crate::outbox::{Carrier, send};

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(desk)).await
}

async fn desk(event: LambdaEvent<Event>) -> Result<Value, Diagnostic> {
    let (event, context) = event.into_parts();
    let own = context.xray_trace_id.unwrap_or_default();
    let mut spans = Vec::new();
    let answer = match event {
        Event::Http { headers, body: job } => {
            // TODO: go on with the trace of whoever asks.
            let trace = Trace::choose(headers.get("traceparent").map(String::as_str), &own);
            match pass_on(&job, Kind::Server, &trace, &mut spans).await {
                Ok(()) => json!({ "statusCode": 202, "body": job.order }),
                Err(_) => json!({ "statusCode": 502, "body": job.order }),
            }
        }
        Event::Queue { records } => {
            let mut failures = Vec::new();
            for record in records {
                let trace = Trace::of_message(&record, &own);
                if pass_on(&record.body, Kind::Consumer, &trace, &mut spans).await.is_err() {
                    failures.push(json!({ "itemIdentifier": record.message_id }));
                }
            }
            json!({ "batchItemFailures": failures })
        }
        Event::Task(job) => {
            let trace = Trace::choose(None, &own);
            match pass_on(&job, Kind::Server, &trace, &mut spans).await {
                Ok(()) => json!({ "order": job.order }),
                Err(reason) => return Err(Diagnostic { error_type: "NotSent".to_owned(), error_message: reason }),
            }
        }
    };
    // TODO: export before the process is frozen, whatever came of the work, and whatever comes of the export.
    tokio::spawn(async move { export(&spans).await });
    Ok(answer)
}

/// Sends the order on, in spans of its own.
async fn pass_on(job: &Job, kind: Kind, trace: &Trace, spans: &mut Vec<Span>) -> Result<(), String> {
    // TODO: who is whose parent, what an error leaves in a span, and what is nobody's business.
    let mut handling = Span::start(&trace.id, trace.parent.as_deref(), "handle order", kind);
    let kind = if job.to == To::Queue { Kind::Producer } else { Kind::Client };
    let mut sending = Span::start(&trace.id, trace.parent.as_deref(), "send order", kind);
    handling.attributes.push(("event", json!(job).to_string()));
    let sent = send(job, &trace.carrier()).await;
    sending.end(None);
    handling.end(None);
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
    fn choose(traceparent: Option<&str>, own: &str) -> Trace {
        let new = || Trace { id: new_trace_id(), parent: None, sampled: true, state: None };
        traceparent.and_then(Trace::from_w3c).or_else(|| Trace::from_x_ray(own)).unwrap_or_else(new)
    }

    fn of_message(message: &Message, own: &str) -> Trace {
        // TODO: look where the sender has put its trace.
        let _ = (&message.attributes, message.message_attributes.values().map(|value| &value.string_value));
        Trace::choose(None, own)
    }

    fn from_w3c(header: &str) -> Option<Trace> {
        // TODO: read what the standard allows, and nothing else.
        let parts: Vec<&str> = header.split('-').collect();
        let [_, id, parent, _] = parts.as_slice() else { return None };
        Some(Trace { id: (*id).to_owned(), parent: Some((*parent).to_owned()), sampled: true, state: None })
    }

    fn from_x_ray(header: &str) -> Option<Trace> {
        // TODO: read the fields of `X-Amzn-Trace-Id`.
        header.split(';').find_map(|field| field.strip_prefix("Root=")).and_then(Trace::from_w3c)
    }

    /// What goes along with work that is part of this trace.
    fn carrier(&self) -> Carrier {
        // TODO: write both headers, and keep what others need.
        let parent = self.parent.clone().unwrap_or_default();
        let sampled = u8::from(self.sampled);
        Carrier {
            traceparent: format!("00-{}-{parent}-01", self.id),
            tracestate: self.state.clone(),
            x_ray: format!("Root={};Parent={parent};Sampled={sampled}", self.id),
        }
    }
}
