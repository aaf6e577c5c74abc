//! Secrets Manager by `winterbaume-secretsmanager`, which forgets binary values: in there they are texts with a mark.

use serde_json::{Value, json};
use winterbaume_secretsmanager::SecretsManagerService;

use super::winterbaume::Hosted;
use super::{Answering, Engine};
use crate::aws::LocalAws;
use crate::http::HttpRequest;
use crate::identify::Asked;

/// Stands before the base64 of a binary value. No text that a program sends begins with it.
const MARK: &str = "\u{0}local-aws binary ";

/// Secrets of one account.
pub(crate) struct Secrets {
    engine: Hosted<SecretsManagerService>,
}

impl Secrets {
    pub(crate) fn new() -> Secrets {
        Secrets { engine: Hosted::new(SecretsManagerService::new()) }
    }
}

impl Engine for Secrets {
    fn answer<'a>(&'a self, aws: &'a LocalAws, asked: &'a Asked, mut request: HttpRequest) -> Answering<'a> {
        Box::pin(async move {
            if let Some(binary) = asked.params["SecretBinary"].as_str() {
                let mut params = asked.params.clone();
                params["SecretString"] = json!(format!("{MARK}{binary}"));
                params["SecretBinary"] = Value::Null;
                request.body = params.to_string().into();
            }
            let mut answer = self.engine.call(request).await.with("x-amzn-requestid", &aws.next_request_id());
            if asked.operation == "GetSecretValue"
                && let Ok(mut body) = serde_json::from_slice::<Value>(&answer.body)
                && let Some(binary) = body["SecretString"].as_str().and_then(|text| text.strip_prefix(MARK))
            {
                body["SecretBinary"] = json!(binary);
                if let Some(members) = body.as_object_mut() {
                    members.remove("SecretString");
                }
                answer.body = body.to_string().into();
                answer.headers.remove(hyper::header::CONTENT_LENGTH);
            }
            answer
        })
    }
}
