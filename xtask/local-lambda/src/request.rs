//! One request to a function, from its description to its outcome.

use std::sync::{Arc, PoisonError};

use serde_json::Value;
use tokio::sync::oneshot;

use crate::event::Event;
use crate::limits;
use crate::outcome::{Fate, Outcome, TooLarge};
use crate::report_file;
use crate::service::Function;
use crate::wire::next::Handout;

/// How a function is invoked.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InvocationType {
    /// The caller waits: events of up to 6 MB.
    #[default]
    RequestResponse,
    /// The event is queued: up to 1 MB. Here only the limit is different, and that there is no client context; the
    /// queue with its retries is not part of this function.
    Event,
}

/// One request to a function. Made by [`Function::request`] or [`Function::story`].
#[derive(Debug, Clone)]
#[must_use = "a request is sent by `invoke` or `send`"]
pub struct Request<'f> {
    function: &'f Function,
    story: Option<String>,
    invocation_type: InvocationType,
    request_id: Option<String>,
    trace_header: Option<String>,
    client_context: Option<Value>,
    cognito_identity: Option<(String, String)>,
    tenant: Option<String>,
    qualifier: Option<String>,
}

impl<'f> Request<'f> {
    pub(crate) fn to(function: &'f Function) -> Request<'f> {
        Request {
            function,
            story: None,
            invocation_type: InvocationType::RequestResponse,
            request_id: None,
            trace_header: None,
            client_context: None,
            cognito_identity: None,
            tenant: None,
            qualifier: None,
        }
    }

    /// One sentence that says what is going on, for the message when an expectation fails.
    pub fn story(mut self, story: impl Into<String>) -> Self {
        self.story = Some(story.into());
        self
    }

    /// How the function is invoked.
    pub fn invocation_type(mut self, invocation_type: InvocationType) -> Self {
        self.invocation_type = invocation_type;
        self
    }

    /// A request id of one's own, as a retry of an asynchronous invocation has the id of the first attempt.
    pub fn request_id(mut self, id: impl Into<String>) -> Self {
        self.request_id = Some(id.into());
        self
    }

    /// The X-Ray trace header; a new one that is not sampled if not given.
    pub fn trace_header(mut self, header: impl Into<String>) -> Self {
        self.trace_header = Some(header.into());
        self
    }

    /// The client context of a mobile SDK.
    pub fn client_context(mut self, context: Value) -> Self {
        self.client_context = Some(context);
        self
    }

    /// The caller's Cognito identity: its id and its pool's id.
    pub fn cognito_identity(mut self, id: impl Into<String>, pool_id: impl Into<String>) -> Self {
        self.cognito_identity = Some((id.into(), pool_id.into()));
        self
    }

    /// The tenant, for functions with tenant isolation. All tenants share this function's environments.
    pub fn tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tenant = Some(tenant.into());
        self
    }

    /// The version or alias that the caller named; it stands at the end of the function's ARN.
    pub fn qualifier(mut self, qualifier: impl Into<String>) -> Self {
        self.qualifier = Some(qualifier.into());
        self
    }

    /// Sends the event and waits for the outcome.
    pub fn invoke(self, event: impl Into<Event>) -> Outcome {
        self.send(event).wait()
    }

    /// Sends the event without waiting, to have several under way at once.
    pub fn send(self, event: impl Into<Event>) -> Pending {
        let event = event.into();
        let function = self.function;
        let shared = &function.shared;
        let story = self.story.clone();
        let limit = match self.invocation_type {
            InvocationType::RequestResponse => limits::SYNC_EVENT_BYTES,
            InvocationType::Event => limits::ASYNC_EVENT_BYTES,
        };
        let handout = self.handout(&event);
        let pool = Arc::clone(&shared.pool);
        let bytes = event.body.len();
        let receiver = shared.driver.begin(async move {
            if bytes > limit {
                return pool.refuse(Fate::TooLarge(TooLarge::Event { bytes, limit }), handout.request_id);
            }
            pool.invoke(handout).await
        });
        Pending { receiver, event, story, function: function.clone() }
    }

    fn handout(self, event: &Event) -> Handout {
        let config = &self.function.shared.config;
        let mut ids = self.function.shared.ids.lock().unwrap_or_else(PoisonError::into_inner);
        let synchronous = self.invocation_type == InvocationType::RequestResponse;
        let cognito_json = |(id, pool): (String, String)| {
            serde_json::json!({ "cognitoIdentityId": id, "cognitoIdentityPoolId": pool }).to_string()
        };
        Handout {
            request_id: self.request_id.unwrap_or_else(|| ids.uuid()),
            invocation_id: ids.uuid(),
            deadline_ms: 0,
            function_arn: config.arn(self.qualifier.as_deref()),
            trace_id: Some(self.trace_header.unwrap_or_else(|| ids.trace_header())),
            client_context: self.client_context.filter(|_| synchronous).map(|context| ascii_json(&context)),
            cognito_identity: self.cognito_identity.map(cognito_json),
            tenant_id: self.tenant,
            event: event.body.clone(),
        }
    }
}

/// JSON that a header can carry: characters beyond ASCII as escapes.
fn ascii_json(value: &Value) -> String {
    let mut text = String::new();
    for c in value.to_string().chars() {
        if c.is_ascii() {
            text.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                text.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    text
}

/// An invocation under way.
#[derive(Debug)]
#[must_use = "the outcome comes from `wait`"]
pub struct Pending {
    receiver: oneshot::Receiver<Outcome>,
    event: Event,
    story: Option<String>,
    /// Keeps the function running.
    function: Function,
}

impl Pending {
    /// Waits for the outcome.
    ///
    /// # Panics
    /// When the local service itself has failed: a bug of this crate.
    pub fn wait(self) -> Outcome {
        let Some(mut outcome) = self.function.shared.driver.wait(self.receiver) else {
            panic!("the local Lambda service of {} has stopped unexpectedly", self.function.shared.config.name);
        };
        outcome.event = self.event;
        outcome.story = self.story;
        report_file::invoked(&outcome);
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_context_fits_into_a_header() {
        let json = ascii_json(&serde_json::json!({ "name": "小明 🦀" }));
        assert!(json.is_ascii());
        assert_eq!(serde_json::from_str::<Value>(&json).unwrap()["name"], "小明 🦀");
    }
}
