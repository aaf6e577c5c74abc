//! What stands behind each service: an engine that others maintain, a front of ours before local-lambda's own state, or
//! another endpoint that a test was pointed at.

#[cfg(feature = "dynamodb")]
mod dynamodb;
mod event_rules;
mod events;
pub(crate) mod lambda;
pub(crate) mod lambda_route;
pub(crate) mod parameters;
mod receiver;
mod remote;
#[cfg(feature = "s3")]
mod s3;
#[cfg(feature = "s3")]
mod s3_body;
#[cfg(feature = "s3")]
mod s3_notifications;
#[cfg(feature = "s3")]
mod s3_tell;
#[cfg(feature = "secretsmanager")]
mod secrets;
#[cfg(feature = "sfn")]
pub(crate) mod sfn;
#[cfg(feature = "sfn")]
mod sfn_names;
mod sns;
mod sns_topics;
mod sqs;
#[cfg(feature = "dynamodb")]
mod table_streams;
#[cfg(feature = "winterbaume")]
mod winterbaume;

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
#[cfg(any(feature = "dynamodb", feature = "sfn"))]
use std::sync::Arc;

use local_lambda_sources::World;
use serde_json::{Value, json};

use crate::aws::LocalAws;
use crate::error::{AwsError, escape};
use crate::http::{HttpRequest, HttpResponse};
use crate::identify::Asked;
use crate::service::{Protocol, Service};

/// An answer that is on its way.
pub(crate) type Answering<'a> = Pin<Box<dyn Future<Output = HttpResponse> + Send + 'a>>;

/// What stands behind a service.
pub(crate) trait Engine: Send + Sync {
    /// Serves a call.
    fn answer<'a>(&'a self, aws: &'a LocalAws, asked: &'a Asked, request: HttpRequest) -> Answering<'a>;
}

/// An engine that knows nothing of the wire.
pub(crate) trait JsonEngine: Send + Sync {
    /// Carries out an operation.
    fn call(&self, operation: &str, params: &Value) -> Result<Value, AwsError>;
}

/// A service whose protocol we write down.
struct Written<E>(E);

impl<E: JsonEngine> Engine for Written<E> {
    fn answer<'a>(&'a self, aws: &'a LocalAws, asked: &'a Asked, _request: HttpRequest) -> Answering<'a> {
        Box::pin(async move {
            // State of local-lambda is behind ordinary locks, and a receive may wait.
            let result = tokio::task::block_in_place(|| self.0.call(&asked.operation, &asked.params));
            written(asked.service, &asked.operation, result, &aws.next_request_id())
        })
    }
}

/// All engines that were compiled in.
pub(crate) struct Engines {
    engines: Vec<(Service, Box<dyn Engine>)>,
    #[cfg(feature = "dynamodb")]
    streams: Arc<table_streams::TableStreams>,
    #[cfg(feature = "sfn")]
    state_machines: Arc<sfn::StateMachines>,
}

impl Engines {
    pub(crate) fn new(world: &World, address: SocketAddr, remote: Option<&str>) -> Engines {
        #[cfg(feature = "dynamodb")]
        let streams = Arc::<table_streams::TableStreams>::default();
        #[cfg(feature = "sfn")]
        let state_machines = Arc::new(sfn::StateMachines::new(world));
        if let Some(endpoint) = remote {
            let engine = |service| (service, Box::new(remote::Remote::new(endpoint, service)) as Box<dyn Engine>);
            return Engines {
                engines: Service::ALL.map(engine).into(),
                #[cfg(feature = "dynamodb")]
                streams,
                #[cfg(feature = "sfn")]
                state_machines,
            };
        }
        let engines: Vec<(Service, Box<dyn Engine>)> = vec![
            (Service::Sqs, Box::new(Written(sqs::Sqs::new(world, address)))),
            (Service::Sns, Box::new(Written(sns::Sns::new(world)))),
            (Service::EventBridge, Box::new(Written(events::EventBridge::new(world)))),
            (Service::Lambda, Box::new(lambda::Lambda)),
            #[cfg(feature = "dynamodb")]
            (Service::DynamoDb, Box::new(dynamodb::DynamoDb::new(world, Arc::clone(&streams)))),
            #[cfg(feature = "dynamodb")]
            (Service::DynamoDbStreams, Box::new(Written(table_streams::DynamoDbStreams(Arc::clone(&streams))))),
            #[cfg(feature = "s3")]
            (Service::S3, Box::new(s3::S3::new())),
            #[cfg(feature = "secretsmanager")]
            (Service::SecretsManager, Box::new(secrets::Secrets::new())),
            #[cfg(feature = "kms")]
            (Service::Kms, Box::new(winterbaume::Hosted::new(winterbaume_kms::KmsService::new()))),
            #[cfg(feature = "sfn")]
            (Service::StepFunctions, Box::new(Written(sfn::StepFunctions(Arc::clone(&state_machines))))),
        ];
        Engines {
            engines,
            #[cfg(feature = "dynamodb")]
            streams,
            #[cfg(feature = "sfn")]
            state_machines,
        }
    }

    /// The state machines, as the test itself ends their executions.
    #[cfg(feature = "sfn")]
    pub(crate) fn state_machines(&self) -> &sfn::StateMachines {
        &self.state_machines
    }

    /// The stream of a table, if it is switched on.
    #[cfg(feature = "dynamodb")]
    pub(crate) fn table_stream(&self, table: &str) -> Option<local_lambda_sources::TableStream> {
        self.streams.of(table)
    }

    /// Serves a call.
    pub(crate) async fn answer(&self, aws: &LocalAws, asked: &Asked, request: HttpRequest) -> HttpResponse {
        match self.engines.iter().find(|(service, _)| *service == asked.service) {
            Some((_, engine)) => engine.answer(aws, asked, request).await,
            None => {
                let name = asked.service.name();
                let message =
                    format!("{name} is not served here; local-aws has it with the cargo feature `{name}`, or not yet");
                AwsError::new("NotImplemented", 501, message).response(asked.service, &aws.next_request_id())
            }
        }
    }
}

/// A result in the form of its protocol.
pub(crate) fn written(
    service: Service,
    operation: &str,
    result: Result<Value, AwsError>,
    request_id: &str,
) -> HttpResponse {
    let value = match result {
        Ok(value) => value,
        Err(error) => return error.response(service, request_id),
    };
    let json = |content_type| {
        let body = if value.is_null() { json!({}) } else { value.clone() };
        HttpResponse::new(200, content_type, body.to_string()).with("x-amzn-requestid", request_id)
    };
    match service.protocol() {
        Protocol::Json10 => json("application/x-amz-json-1.0"),
        Protocol::Json11 => json("application/x-amz-json-1.1"),
        Protocol::RestJson => json("application/json"),
        Protocol::Query | Protocol::RestXml => {
            let body = format!(
                "<{operation}Response xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><{operation}Result>{}\
                 </{operation}Result><ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>\
                 </{operation}Response>",
                xml(&value)
            );
            HttpResponse::new(200, "text/xml", body).with("x-amzn-requestid", request_id)
        }
    }
}

/// Members as elements, lists as `member`s, the maps that SNS has as `entry`s.
fn xml(value: &Value) -> String {
    const MAPS: [&str; 1] = ["Attributes"];
    match value {
        Value::Object(members) => members
            .iter()
            .filter(|(_, member)| !member.is_null())
            .map(|(name, member)| match member {
                Value::Object(map) if MAPS.contains(&name.as_str()) => {
                    let entry = |(key, value): (&String, &Value)| {
                        format!("<entry><key>{}</key><value>{}</value></entry>", escape(key), xml(value))
                    };
                    format!("<{name}>{}</{name}>", map.iter().map(entry).collect::<String>())
                }
                _ => format!("<{name}>{}</{name}>", xml(member)),
            })
            .collect(),
        Value::Array(list) => list.iter().map(|item| format!("<member>{}</member>", xml(item))).collect(),
        Value::String(text) => escape(text),
        other => other.to_string(),
    }
}
