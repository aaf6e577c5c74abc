//! Spans, and the form in which a collector of OpenTelemetry takes them: OTLP as JSON over HTTP.
//! <https://opentelemetry.io/docs/specs/otlp/>

use std::env;
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::http::post;

/// The part that a span plays, with OpenTelemetry's numbers.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Server = 2,
    Client = 3,
    Producer = 4,
    Consumer = 5,
}

/// One piece of work.
pub(crate) struct Span {
    pub(crate) trace_id: String,
    pub(crate) span_id: String,
    pub(crate) parent: Option<String>,
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) attributes: Vec<(&'static str, String)>,
    /// Why the work failed, if it did: `error.type` of OpenTelemetry.
    pub(crate) error: Option<String>,
    start: SystemTime,
    end: Option<SystemTime>,
}

impl Span {
    /// Begins a span with an id of its own.
    pub(crate) fn start(trace_id: &str, parent: Option<&str>, name: &'static str, kind: Kind) -> Span {
        Span {
            trace_id: trace_id.to_owned(),
            span_id: new_span_id(),
            parent: parent.map(str::to_owned),
            name,
            kind,
            attributes: Vec::new(),
            error: None,
            start: SystemTime::now(),
            end: None,
        }
    }

    /// Ends it. One that was not ended ends when it is exported.
    pub(crate) fn end(&mut self, error: Option<String>) {
        self.error = error;
        self.end = Some(SystemTime::now());
    }

    fn to_json(&self) -> Value {
        let attribute = |name: &str, value: &str| json!({ "key": name, "value": { "stringValue": value } });
        let mut attributes: Vec<Value> = self.attributes.iter().map(|(name, value)| attribute(name, value)).collect();
        attributes.extend(self.error.iter().map(|error| attribute("error.type", error)));
        json!({
            "traceId": self.trace_id,
            "spanId": self.span_id,
            "parentSpanId": self.parent.as_deref().unwrap_or_default(),
            "name": self.name,
            "kind": self.kind as u8,
            "startTimeUnixNano": nanoseconds(self.start),
            "endTimeUnixNano": nanoseconds(self.end.unwrap_or_else(SystemTime::now)),
            "attributes": attributes,
            "status": if self.error.is_some() { json!({ "code": 2 }) } else { json!({}) },
        })
    }
}

/// Sends spans to the collector at `OTEL_EXPORTER_OTLP_ENDPOINT`, in one request, and waits until it has them.
///
/// # Errors
/// When the collector is not there or refuses them. It has no time limit of its own.
pub(crate) async fn export(spans: &[Span]) -> io::Result<()> {
    let spans: Vec<Value> = spans.iter().map(Span::to_json).collect();
    let service = json!([{ "key": "service.name", "value": { "stringValue": "order-desk" } }]);
    let body = json!({ "resourceSpans": [{
        "resource": { "attributes": service },
        "scopeSpans": [{ "scope": { "name": "order-desk" }, "spans": spans }],
    }] });
    let endpoint = env::var("OTEL_EXPORTER_OTLP_ENDPOINT").unwrap_or_default();
    match post(&endpoint, "/v1/traces", &[], &body.to_string()).await? {
        200..300 => Ok(()),
        status => Err(io::Error::other(format!("the collector answers {status}"))),
    }
}

/// A new id of a trace: 32 hexadecimal digits.
pub(crate) fn new_trace_id() -> String {
    format!("{}{}", new_span_id(), new_span_id())
}

/// A new id of a span: 16 hexadecimal digits, and never all zeros.
pub(crate) fn new_span_id() -> String {
    // std's hashers are seeded by the operating system: random enough for an id, and not for a secret.
    format!("{:016x}", RandomState::new().hash_one(SystemTime::now()).max(1))
}

/// Decimal text: JSON's numbers are too small for it.
fn nanoseconds(time: SystemTime) -> String {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos().to_string()
}
