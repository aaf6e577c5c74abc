//! caught-by: writes_text_when_the_format_is_not_json
//!
//! Puts text between quotation marks and forgets those that are inside.
#![allow(unused)]

#[path = "../src/bank.rs"]
mod bank;
#[path = "../src/fields.rs"]
mod fields;
#[path = "../src/shapes.rs"]
mod shapes;

use std::env;
use std::error::Error as StdError;
use std::io::{self, Write as _};
use std::panic;
use std::time::Instant;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use lambda_runtime::tracing::span::{Attributes, Id};
use lambda_runtime::tracing::subscriber::filter::{LevelFilter, filter_fn};
use lambda_runtime::tracing::subscriber::fmt::time::{FormatTime as _, SystemTime};
use lambda_runtime::tracing::subscriber::layer::{Context, Layer, SubscriberExt as _};
use lambda_runtime::tracing::subscriber::registry::LookupSpan;
use lambda_runtime::tracing::subscriber::util::SubscriberInitExt as _;
use lambda_runtime::tracing::subscriber::{fmt::format::Writer, registry};
use lambda_runtime::tracing::{Event, Subscriber, debug, error, info, warn};
use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::bank::BankError;
use crate::fields::Fields;
use crate::shapes::{REDACTED, SECRET_NAMES, mask};

#[derive(Serialize)]
struct Paid {
    order: String,
    paid: bool,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let level = level();
    // Spans pass at any level: the request id stands in one.
    let wanted = filter_fn(move |metadata| metadata.is_span() || *metadata.level() <= level);
    registry().with(Log { format: Format::of_the_function() }.with_filter(wanted)).init();
    panic::set_hook(Box::new(|panic| error!("{panic}")));
    run(service_fn(pay)).await
}

async fn pay(event: LambdaEvent<Value>) -> Result<Paid, Diagnostic> {
    let started = Instant::now();
    let request = event.payload;
    let order = request["order"].as_str().unwrap_or_default().to_owned();
    debug!(%request, "asked to pay");
    let answer = bank::charge(&request).await;
    let duration_ms = started.elapsed().as_millis() as u64;
    match answer {
        Ok(()) => {
            info!(order, duration_ms, "paid");
            Ok(Paid { order, paid: true })
        }
        Err(declined @ BankError::Declined(_)) => {
            warn!(order, duration_ms, error = &declined as &dyn StdError, "not paid");
            Ok(Paid { order, paid: false })
        }
        Err(away @ BankError::Away(_)) => {
            error!(order, duration_ms, error = &away as &dyn StdError, "bank away");
            Err(Diagnostic { error_type: "BankAway".to_owned(), error_message: "try again later".to_owned() })
        }
    }
}

/// The level from which on lines are written.
fn level() -> LevelFilter {
    match env::var("AWS_LAMBDA_LOG_LEVEL").as_deref() {
        // `tracing` knows nothing worse than an error.
        Ok("FATAL") => LevelFilter::OFF,
        Ok(name) => name.parse().unwrap_or(LevelFilter::INFO),
        Err(_) => LevelFilter::INFO,
    }
}

enum Format {
    Json,
    Text,
}

impl Format {
    fn of_the_function() -> Format {
        match env::var("AWS_LAMBDA_LOG_FORMAT") {
            Ok(name) if name.eq_ignore_ascii_case("json") => Format::Json,
            _ => Format::Text,
        }
    }
}

/// Writes events of `tracing` to standard output, a line for each.
struct Log {
    format: Format,
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Log {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            span.extensions_mut().insert(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut line = cleaned_fields(fields.0);
        line.insert("timestamp".to_owned(), now().into());
        line.insert("level".to_owned(), event.metadata().level().as_str().into());
        line.insert("requestId".to_owned(), request_id(event, &context));
        let text = match self.format {
            Format::Json => Value::Object(line).to_string(),
            Format::Text => as_text(line),
        };
        // There is nobody to tell that the log cannot be written.
        let _ = writeln!(io::stdout().lock(), "{text}");
    }
}

/// The time in RFC 3339, which is the only one that Lambda takes over.
fn now() -> String {
    let mut time = String::new();
    let _ = SystemTime.format_time(&mut Writer::new(&mut time));
    time
}

/// The request id of the invocation in which this happens, or null outside of any.
fn request_id<S: Subscriber + for<'a> LookupSpan<'a>>(event: &Event<'_>, context: &Context<'_, S>) -> Value {
    let spans = context.event_scope(event).into_iter().flatten();
    let mut ids = spans.filter_map(|span| span.extensions().get::<Fields>()?.0.get("requestId").cloned());
    ids.next().unwrap_or(Value::Null)
}

/// `LEVEL request-id message name=value …`, with values as JSON has them.
fn as_text(mut line: Map<String, Value>) -> String {
    line.remove("timestamp");
    let mut take = |name| match line.remove(name) {
        Some(Value::String(text)) => text.replace('\n', "\\n").replace('\r', "\\r"),
        other => other.unwrap_or_default().to_string(),
    };
    let mut text = format!("{} {} {}", take("level"), take("requestId"), take("message"));
    for (name, value) in line {
        match value {
            Value::String(inside) => text.push_str(&format!(" {name}=\"{}\"", inside.replace('\n', "\\n"))),
            value => text.push_str(&format!(" {name}={value}")),
        }
    }
    text
}

/// The value without secrets: none under a secret's name, none that looks like one, however deep, encoded or not.
fn cleaned(value: Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(cleaned_fields(fields)),
        Value::Array(items) => Value::Array(items.into_iter().map(cleaned).collect()),
        Value::String(text) => match decoded(&text) {
            Some(inside) => cleaned(inside),
            None => Value::String(mask(&text)),
        },
        other => other,
    }
}

fn cleaned_fields(fields: Map<String, Value>) -> Map<String, Value> {
    let clean = |(name, value): (String, Value)| {
        let value = if is_secret(&name) { REDACTED.into() } else { cleaned(value) };
        (name, value)
    };
    fields.into_iter().map(clean).collect()
}

fn is_secret(name: &str) -> bool {
    let name: String = name.chars().filter(|c| !"-_".contains(*c)).collect();
    SECRET_NAMES.contains(&name.to_lowercase().as_str())
}

/// The object or array that the text is, in JSON, in a JSON string or in base64, as often as it may be.
fn decoded(text: &str) -> Option<Value> {
    match serde_json::from_str(text) {
        Ok(value @ (Value::Object(_) | Value::Array(_))) => Some(value),
        Ok(Value::String(inside)) => decoded(&inside),
        _ => {
            let inside = String::from_utf8(BASE64_STANDARD.decode(text).ok()?).ok()?;
            if inside.is_empty() { None } else { decoded(&inside) }
        }
    }
}
