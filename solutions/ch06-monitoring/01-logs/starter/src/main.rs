//! The payment desk of Ferris Prints. Its log says what it did, and nothing that a stranger must not read.

mod bank;
mod fields;
mod shapes;

use std::error::Error as StdError;
use std::io::{self, Write as _};
use std::time::{Duration, SystemTime};

use lambda_runtime::tracing::span::{Attributes, Id};
use lambda_runtime::tracing::subscriber::filter::LevelFilter;
use lambda_runtime::tracing::subscriber::layer::{Context, Layer, SubscriberExt as _};
use lambda_runtime::tracing::subscriber::registry;
use lambda_runtime::tracing::subscriber::registry::LookupSpan;
use lambda_runtime::tracing::subscriber::util::SubscriberInitExt as _;
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
    // TODO: the level and the format that the function is set to.
    registry().with(LevelFilter::INFO).with(Log).init();
    // TODO: what a panic says is a line of the log, too.
    run(service_fn(pay)).await
}

async fn pay(event: LambdaEvent<Value>) -> Result<Paid, Diagnostic> {
    let (request, context) = event.into_parts();
    let order = request["order"].as_str().unwrap_or_default().to_owned();
    debug!(%request, "asked to pay");
    let answer = bank::charge(&request).await;
    // TODO: how long it took. This is how much time is left.
    let left = context.deadline().duration_since(SystemTime::now()).unwrap_or(Duration::ZERO);
    let duration_ms = left.as_millis() as u64;
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

/// Writes events of `tracing` to standard output, a line for each.
struct Log;

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Log {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        // What a span knows is kept with it, for the events inside.
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
        // TODO: `timestamp`, `level` and `requestId`. `context.event_scope(event)` has the spans round this event.
        let _ = &context;
        // TODO: as text, where the format is not JSON.
        let text = Value::Object(std::mem::take(&mut line)).to_string();
        // There is nobody to tell that the log cannot be written.
        let _ = writeln!(io::stdout().lock(), "{text}");
    }
}

/// The fields without secrets: none under a secret's name, none that looks like one, however deep, encoded or not.
fn cleaned_fields(fields: Map<String, Value>) -> Map<String, Value> {
    let clean = |(name, value): (String, Value)| {
        // TODO: names in other spellings; objects and arrays; text that is JSON, or base64 of JSON.
        let value = match value {
            _ if SECRET_NAMES.contains(&name.as_str()) => REDACTED.into(),
            Value::String(text) => Value::String(mask(&text)),
            other => other,
        };
        (name, value)
    };
    fields.into_iter().map(clean).collect()
}
