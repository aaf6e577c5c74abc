//! Passes orders on. The endpoint of all receivers is `NEXT`.

use std::env;

use serde_json::{Map, Value, json};

use crate::events::{Job, To};
use crate::http::post;

/// What goes along with an order, so that its receiver can go on with the trace.
pub(crate) struct Carrier {
    pub(crate) traceparent: String,
    /// What came with a `traceparent` and is handed on as it is.
    pub(crate) tracestate: Option<String>,
    /// The value of `X-Amzn-Trace-Id`.
    pub(crate) x_ray: String,
}

/// Sends the order to whoever is next: over HTTP in headers, to a queue in attributes of the message, to a workflow in
/// its trace header and its input.
///
/// # Errors
/// Why it was not taken: the status, or `unreachable`. The text has nothing of the order in it.
pub(crate) async fn send(job: &Job, carrier: &Carrier) -> Result<(), String> {
    let Carrier { traceparent, tracestate, x_ray } = carrier;
    let order = json!({ "order": job.order, "customer": job.customer });
    let w3c = [("traceparent", Some(traceparent)), ("tracestate", tracestate.as_ref())];
    let w3c: Vec<(&str, &str)> = w3c.into_iter().filter_map(|(name, value)| Some((name, value?.as_str()))).collect();
    let mut headers = vec![("x-amzn-trace-id", x_ray.as_str())];
    let (path, body) = match job.to {
        To::Http => {
            headers.extend(&w3c);
            ("/prints", order)
        }
        To::Queue => {
            headers.push(("x-amz-target", "AmazonSQS.SendMessage"));
            let attribute = |value: &str| json!({ "DataType": "String", "StringValue": value });
            let attributes: Map<String, Value> =
                w3c.iter().map(|(name, value)| ((*name).to_owned(), attribute(value))).collect();
            let message = json!({
                "QueueUrl": "https://sqs.eu-west-1.amazonaws.com/123456789012/print-jobs",
                "MessageBody": order.to_string(),
                "MessageAttributes": attributes,
                "MessageSystemAttributes": { "AWSTraceHeader": attribute(x_ray) },
            });
            ("/", message)
        }
        To::Workflow => {
            headers.push(("x-amz-target", "AWSStepFunctions.StartExecution"));
            let mut input = order;
            for (name, value) in &w3c {
                input[*name] = json!(value);
            }
            let execution = json!({
                "stateMachineArn": "arn:aws:states:eu-west-1:123456789012:stateMachine:albums",
                "name": job.order,
                "input": input.to_string(),
                "traceHeader": x_ray,
            });
            ("/", execution)
        }
    };
    let endpoint = env::var("NEXT").unwrap_or_default();
    match post(&endpoint, path, &headers, &body.to_string()).await {
        Ok(200..300) => Ok(()),
        Ok(status) => Err(status.to_string()),
        Err(_) => Err("unreachable".to_owned()),
    }
}
