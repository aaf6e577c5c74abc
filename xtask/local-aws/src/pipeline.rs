//! What happens to a call, in order: it is understood, noted, judged by the policies, goes wrong where the test wants
//! it to, is served, and its end is noted.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::aws::{LocalAws, lock};
use crate::batch;
use crate::engine::{self, parameters};
use crate::error::AwsError;
use crate::faults::{self, Filter, What};
use crate::http::{HttpRequest, HttpResponse};
use crate::identify::{Asked, identify};
use crate::service::{Protocol, Service};
use crate::tap::{Call, Outcome};

/// The answer to a request that came over a connection; none hangs up.
pub(crate) async fn answer(aws: &LocalAws, request: HttpRequest, connection: u64) -> Option<HttpResponse> {
    if parameters::is_meant(&request) {
        return Some(parameters::answer(aws, &request).await);
    }
    let asked = match identify(&request) {
        Ok(asked) => asked,
        Err((service, error)) => return Some(error.response(service, &aws.next_request_id())),
    };
    let noted = note(aws, &asked, connection);
    let _ends = EndsSomehow(aws, noted);
    let answer = serve(aws, asked.clone(), request).await;
    note_end(aws, noted, &asked, answer.as_ref());
    answer
}

fn note(aws: &LocalAws, asked: &Asked, connection: u64) -> u64 {
    let call = Call {
        service: asked.service,
        operation: asked.operation.clone(),
        params: asked.params.clone(),
        at: aws.since_start(),
        connection,
        outcome: Outcome::Pending,
        answer: Value::Null,
    };
    aws.tap().note(call)
}

/// A call that a client no longer waits for came to no end of its own.
struct EndsSomehow<'a>(&'a LocalAws, u64);

impl Drop for EndsSomehow<'_> {
    fn drop(&mut self) {
        if let Some(call) = self.0.tap().noted(self.1)
            && call.outcome == Outcome::Pending
        {
            call.outcome = Outcome::HungUp;
        }
    }
}

fn note_end(aws: &LocalAws, noted: u64, asked: &Asked, answer: Option<&HttpResponse>) {
    let (outcome, body) = match answer {
        None => (Outcome::HungUp, Value::Null),
        Some(answer) if answer.is_success() => (Outcome::Done, told(asked, answer)),
        Some(answer) => (Outcome::Failed { code: code_of(answer), status: answer.status }, told(asked, answer)),
    };
    // The test may have forgotten the calls in the meantime.
    if let Some(call) = aws.tap().noted(noted) {
        (call.outcome, call.answer) = (outcome, body);
    }
}

/// What is kept of an answer.
fn told(asked: &Asked, answer: &HttpResponse) -> Value {
    if asked.service != Service::S3 {
        return serde_json::from_slice(&answer.body).unwrap_or_default();
    }
    if asked.operation != "ListObjectsV2" {
        return Value::Null;
    }
    match between(&answer.body, "<NextContinuationToken>", "</NextContinuationToken>") {
        Some(token) => json!({ "NextContinuationToken": token }),
        None => json!({}),
    }
}

fn between(body: &[u8], open: &str, close: &str) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let (_, rest) = text.split_once(open)?;
    let (inner, _) = rest.split_once(close)?;
    Some(inner.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\""))
}

/// The error's code, wherever its protocol has it.
fn code_of(answer: &HttpResponse) -> String {
    let last = |code: &str| code.rsplit('#').next().unwrap_or(code).to_owned();
    if let Some(code) = answer.headers.get("x-amzn-errortype").and_then(|code| code.to_str().ok()) {
        return last(code.split(':').next().unwrap_or(code));
    }
    if let Ok(body) = serde_json::from_slice::<Value>(&answer.body)
        && let Some(code) = body["__type"].as_str()
    {
        return last(code);
    }
    between(&answer.body, "<Code>", "</Code>").unwrap_or_else(|| answer.status.to_string())
}

async fn serve(aws: &LocalAws, mut asked: Asked, mut request: HttpRequest) -> Option<HttpResponse> {
    let service = asked.service;
    let refuse = |error: AwsError| Some(error.response(service, &aws.next_request_id()));
    let permission = lock(&aws.inner.permission).clone();
    if let Err(error) = permission.check(&asked) {
        return refuse(error);
    }
    let taken = faults::take(&mut lock(&aws.inner.faults), &asked.operation, &asked.params);
    let mut failing: Option<Arc<Filter>> = None;
    let mut loses_answer = false;
    for what in taken {
        match what {
            What::Throttle => {
                let (code, status, message) = service.throttling();
                return refuse(AwsError::new(code, status, message));
            }
            What::Error(error) => return refuse(error),
            What::HangUp => return None,
            What::Delay(delay) => tokio::time::sleep(delay).await,
            What::FailAfterActing => loses_answer = true,
            What::FailEntries(fails) => failing = Some(fails),
            What::PageSize(items) => limit_page(&mut asked, &mut request, items),
            What::EmptyPage => {
                if let Some(start) = asked.params.get("ExclusiveStartKey").filter(|key| key.is_object()) {
                    let page = json!({ "Items": [], "Count": 0, "ScannedCount": 0, "LastEvaluatedKey": start });
                    return Some(engine::written(service, &asked.operation, Ok(page), &aws.next_request_id()));
                }
            }
            What::DoFirst(hook) => {
                let aws = aws.clone();
                // It is a test's own code and may block.
                if tokio::task::spawn_blocking(move || hook(&aws)).await.is_err() {
                    return refuse(AwsError::internal(service));
                }
            }
        }
    }
    let answer = match failing {
        Some(fails) => serve_the_others(aws, asked, request, &*fails).await,
        None => aws.inner.engines.answer(aws, &asked, request).await,
    };
    match loses_answer {
        true => refuse(AwsError::internal(service)),
        false => Some(answer),
    }
}

/// Serves the entries of a batch that are not to fail, and tells that the others did.
async fn serve_the_others(aws: &LocalAws, mut asked: Asked, mut request: HttpRequest, fails: &Filter) -> HttpResponse {
    let (operation, whole) = (asked.operation.clone(), asked.params.clone());
    // A batch that is refused as a whole is refused with all its entries.
    if batch::entries(&operation, &whole).len() > batch::largest(&operation) {
        return aws.inner.engines.answer(aws, &asked, request).await;
    }
    batch::retain(&operation, &mut asked.params, |entry| !fails(entry));
    request.body = asked.params.to_string().into();
    let mut answer = match batch::is_empty(&operation, &asked.params) {
        true => {
            let nothing = batch::nothing_done(&operation);
            engine::written(asked.service, &operation, Ok(nothing), &aws.next_request_id())
        }
        false => aws.inner.engines.answer(aws, &asked, request).await,
    };
    if answer.is_success() && asked.service.protocol() != Protocol::Query {
        let mut body = serde_json::from_slice(&answer.body).unwrap_or_default();
        batch::add_failed(&operation, &whole, &|entry| fails(entry), &mut body);
        answer.body = body.to_string().into();
        answer.headers.remove(hyper::header::CONTENT_LENGTH);
        answer.headers.remove("x-amz-crc32");
    }
    answer
}

/// Asks for fewer items than the caller did.
fn limit_page(asked: &mut Asked, request: &mut HttpRequest, items: usize) {
    let smaller = |asked_for: Option<u64>| asked_for.map_or(items, |asked_for| items.min(asked_for as usize));
    match asked.service {
        Service::S3 => {
            let asked_for = request.query_value("max-keys").and_then(|keys| keys.parse().ok());
            request.set_query("max-keys", &smaller(asked_for).to_string());
        }
        Service::Lambda => {
            let asked_for = request.query_value("MaxItems").and_then(|items| items.parse().ok());
            let items = smaller(asked_for);
            request.set_query("MaxItems", &items.to_string());
            asked.params["MaxItems"] = json!(items);
        }
        _ => {
            let name = match (asked.service, asked.operation.as_str()) {
                (Service::DynamoDb, "Query" | "Scan" | "ListTables") => "Limit",
                (Service::DynamoDbStreams, _) | (Service::EventBridge, _) => "Limit",
                (Service::StepFunctions, _) => "maxResults",
                _ => "MaxResults",
            };
            asked.params[name] = json!(smaller(asked.params[name].as_u64()));
            request.body = asked.params.to_string().into();
        }
    }
}
