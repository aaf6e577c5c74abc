//! caught-by: tells_the_three_kinds_of_http_request_apart
//!
//! Asks for `httpMethod` first, which a load balancer sends as well as a REST API.
#![allow(unused)]

use aws_lambda_events::alb::AlbTargetGroupRequest;
use aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayV2httpRequest};
use aws_lambda_events::dynamodb;
use aws_lambda_events::eventbridge::EventBridgeEvent;
use aws_lambda_events::s3::S3Event;
use aws_lambda_events::sns::SnsEvent;
use aws_lambda_events::sqs::SqsEvent;
use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// What the log book notes: which service, and the page's facts for each record (one for a request).
#[derive(Serialize)]
struct Entry {
    service: &'static str,
    facts: Vec<Value>,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(note)).await
}

async fn note(event: LambdaEvent<Value>) -> Result<Entry, Diagnostic> {
    let event = event.payload;
    let service = service_of(&event).ok_or_else(|| unknown("no service sends this"))?;
    let facts = match service {
        "sqs" => sqs(parse(event)?),
        "s3" => s3(parse(event)?)?,
        "sns" => sns(parse(event)?),
        "dynamodb" => dynamodb(parse(event)?),
        "eventbridge" => eventbridge(parse(event)?),
        "alb" => alb(parse(event)?),
        "http-api" => http_api(parse(event)?),
        _ => rest_api(parse(event)?),
    };
    Ok(Entry { service, facts })
}

/// What only this service's events have. The type then says whether the rest is there too.
fn service_of(event: &Value) -> Option<&'static str> {
    let record = &event["Records"][0];
    // SNS writes its fields with a capital.
    match record["eventSource"].as_str().or(record["EventSource"].as_str()) {
        Some("aws:sqs") => return Some("sqs"),
        Some("aws:s3") => return Some("s3"),
        Some("aws:sns") => return Some("sns"),
        Some("aws:dynamodb") => return Some("dynamodb"),
        _ => {}
    }
    let context = &event["requestContext"];
    if event["detail-type"].is_string() {
        Some("eventbridge")
    } else if event["httpMethod"].is_string() {
        Some("rest-api")
    } else if context["elb"].is_object() {
        Some("alb")
    } else if context["http"].is_object() {
        Some("http-api")
    } else {
        None
    }
}

fn sqs(event: SqsEvent) -> Vec<Value> {
    let facts = event.records.iter().map(|message| {
        let receives = message.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse::<u32>().ok());
        json!({ "id": message.message_id, "receives": receives, "body": message.body })
    });
    facts.collect()
}

fn s3(event: S3Event) -> Result<Vec<Value>, Diagnostic> {
    let facts = event.records.iter().map(|record| {
        let key = record.s3.object.key.as_deref().map(decoded).transpose()?;
        Ok(json!({ "event": record.event_name, "bucket": record.s3.bucket.name, "key": key }))
    });
    facts.collect()
}

/// S3 writes keys like form fields: a blank is `+`, and a real plus is `%2B`. So `+` goes first.
fn decoded(key: &str) -> Result<String, Diagnostic> {
    let key = key.replace('+', " ");
    match percent_decode_str(&key).decode_utf8() {
        Ok(key) => Ok(key.into_owned()),
        Err(_) => Err(unknown("the key is not UTF-8")),
    }
}

fn sns(event: SnsEvent) -> Vec<Value> {
    let facts = event.records.iter().map(
        |record| json!({ "topic": record.sns.topic_arn, "subject": record.sns.subject, "message": record.sns.message }),
    );
    facts.collect()
}

fn dynamodb(event: dynamodb::Event) -> Vec<Value> {
    let facts = event.records.iter().map(|record| {
        let change = &record.change;
        json!({ "event": record.event_name, "sequence": change.sequence_number, "bytes": change.size_bytes })
    });
    facts.collect()
}

fn eventbridge(event: EventBridgeEvent) -> Vec<Value> {
    vec![json!({ "from": event.source, "type": event.detail_type, "id": event.id })]
}

fn alb(request: AlbTargetGroupRequest) -> Vec<Value> {
    let addresses = request.headers.get("x-forwarded-for").and_then(|value| value.to_str().ok());
    let client = addresses.and_then(|addresses| addresses.split(',').next()).map(str::trim);
    vec![json!({ "method": request.http_method.as_str(), "path": request.path, "client": client })]
}

fn http_api(request: ApiGatewayV2httpRequest) -> Vec<Value> {
    let context = request.request_context;
    let path = request.raw_path.as_deref().map(|path| without_stage(path, context.stage.as_deref()));
    let http = context.http;
    vec![json!({ "method": http.method.as_str(), "path": path, "client": http.source_ip })]
}

/// An HTTP API puts the name of the stage in front of the path, unless it is the one without a name, `$default`.
fn without_stage<'a>(path: &'a str, stage: Option<&str>) -> &'a str {
    let rest = stage.and_then(|stage| path.strip_prefix('/')?.strip_prefix(stage));
    rest.filter(|rest| rest.starts_with('/')).unwrap_or(path)
}

fn rest_api(request: ApiGatewayProxyRequest) -> Vec<Value> {
    let client = request.request_context.identity.source_ip;
    vec![json!({ "method": request.http_method.as_str(), "path": request.path, "client": client })]
}

/// The event as the type that its service sends, or `UnknownEvent` with what is missing.
fn parse<T: DeserializeOwned>(event: Value) -> Result<T, Diagnostic> {
    serde_json::from_value(event).map_err(|error| unknown(&error.to_string()))
}

fn unknown(reason: &str) -> Diagnostic {
    Diagnostic { error_type: "UnknownEvent".to_owned(), error_message: reason.to_owned() }
}
