//! The state behind the Extensions API: who has registered, for which events, and who waits for one. No I/O.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html>; error types and refusals are
//! RAPID's.

use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::ids::Ids;
use crate::limits;
use crate::wire::header;
use crate::wire::next::Handout;
use crate::wire::reply::Reply;

/// What an extension is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Registered,
    Ready,
    Running,
    Failed,
}

impl State {
    /// The name in RAPID's messages.
    fn name(self) -> &'static str {
        match self {
            State::Registered => "Registered",
            State::Ready => "Ready",
            State::Running => "Running",
            State::Failed => "ExitError",
        }
    }
}

#[derive(Debug)]
struct Extension {
    id: String,
    name: String,
    external: bool,
    invoke: bool,
    shutdown: bool,
    state: State,
    waiting: Option<oneshot::Sender<Reply>>,
}

/// The extensions of one environment.
#[derive(Debug, Default)]
pub(crate) struct Extensions {
    /// File names of external extensions that were started and must register.
    expected: Vec<String>,
    registered: Vec<Extension>,
    /// The type of the first error that an extension posted.
    failed: Option<String>,
}

/// A refusal of the Extensions API: reply and what was wrong.
pub(crate) type Refused = (Reply, String);

fn refuse(error_type: &str, message: String) -> Refused {
    (Reply::extension_refused(error_type, &message), message)
}

impl Extensions {
    /// `external`: the file names of the external extensions that are started.
    pub(crate) fn new(external: Vec<String>) -> Extensions {
        Extensions { expected: external, ..Extensions::default() }
    }

    /// `POST …/extension/register`.
    ///
    /// # Errors
    /// What RAPID refuses: no name, a name taken, an unknown event, registration after initialization.
    pub(crate) fn register(
        &mut self,
        name: Option<&str>,
        body: &[u8],
        initialized: bool,
        ids: &mut Ids,
        function: &Value,
    ) -> Result<Reply, Refused> {
        let Some(name) = name.filter(|name| !name.is_empty()) else {
            return Err(refuse("Extension.InvalidExtensionName", "Empty extension name".to_owned()));
        };
        let body: Value =
            serde_json::from_slice(body).map_err(|error| refuse("InvalidRequestFormat", error.to_string()))?;
        let external = self.expected.iter().any(|expected| expected == name);
        let mut subscribed = (false, false);
        for event in body["events"].as_array().into_iter().flatten() {
            match event.as_str() {
                Some("INVOKE") => subscribed.0 = true,
                Some("SHUTDOWN") if external => subscribed.1 = true,
                Some("SHUTDOWN") => {
                    let message = "SHUTDOWN: ShutdownEventNotSupportedForInternalExtension".to_owned();
                    return Err(refuse("Extension.InvalidEventType", message));
                }
                _ => return Err(refuse("Extension.InvalidEventType", format!("{event}: InvalidEventType"))),
            }
        }
        if self.registered.iter().any(|extension| extension.name == name) {
            let message = "Extension with this name already registered".to_owned();
            return Err(refuse("Extension.InvalidExtensionState", message));
        }
        if initialized {
            return Err(refuse("Extension.RegistrationClosed", "Extension registration closed already".to_owned()));
        }
        if self.registered.len() >= limits::EXTENSIONS {
            let message = format!("Extension limit ({}) reached", limits::EXTENSIONS);
            return Err(refuse("Extension.TooManyExtensions", message));
        }
        let id = ids.uuid();
        self.registered.push(Extension {
            id: id.clone(),
            name: name.to_owned(),
            external,
            invoke: subscribed.0,
            shutdown: subscribed.1,
            state: State::Registered,
            waiting: None,
        });
        Ok(Reply::json(hyper::StatusCode::OK, function).with_header(header::EXTENSION_ID, id))
    }

    fn find(&mut self, id: Option<&str>) -> Result<&mut Extension, Refused> {
        let Some(id) = id else {
            let message = "Missing Lambda-Extension-Identifier header".to_owned();
            return Err(refuse("Extension.MissingExtensionIdentifier", message));
        };
        let is_uuid = id.len() == 36 && id.bytes().all(|c| c.is_ascii_hexdigit() || c == b'-');
        if !is_uuid {
            let message = "Invalid Lambda-Extension-Identifier".to_owned();
            return Err(refuse("Extension.InvalidExtensionIdentifier", message));
        }
        self.registered
            .iter_mut()
            .find(|extension| extension.id == id)
            .ok_or_else(|| refuse("Extension.UnknownExtensionIdentifier", format!("Unknown extension {id}")))
    }

    /// `GET …/extension/event/next`: waits for the next event.
    ///
    /// # Errors
    /// An unknown extension, or one that waits already.
    pub(crate) fn next(&mut self, id: Option<&str>) -> Result<oneshot::Receiver<Reply>, Refused> {
        let extension = self.find(id)?;
        match extension.state {
            State::Registered | State::Running => {}
            // The connection of the first call is gone: the same call again.
            State::Ready if extension.waiting.as_ref().is_none_or(oneshot::Sender::is_closed) => {}
            state => return Err(transition_refused(extension, state, "Ready")),
        }
        extension.state = State::Ready;
        let (sender, receiver) = oneshot::channel();
        extension.waiting = Some(sender);
        Ok(receiver)
    }

    /// `POST …/extension/init/error` or `…/exit/error`.
    ///
    /// # Errors
    /// An unknown extension, no error type, or an init error after initialization.
    pub(crate) fn fail(&mut self, id: Option<&str>, error_type: Option<&str>, at_init: bool) -> Result<Reply, Refused> {
        let extension = self.find(id)?;
        let Some(error_type) = error_type.filter(|error_type| !error_type.is_empty()) else {
            let message = format!("{} not found", header::EXTENSION_ERROR_TYPE);
            return Err(refuse("Extension.MissingHeader", message));
        };
        match extension.state {
            State::Ready | State::Running if at_init => {
                let state = extension.state;
                return Err(transition_refused(extension, state, "InitError"));
            }
            _ => extension.state = State::Failed,
        }
        self.failed.get_or_insert_with(|| error_type.to_owned());
        Ok(Reply::accepted())
    }

    /// Sends the INVOKE event to those that want it.
    pub(crate) fn invoke(&mut self, handout: &Handout, ids: &mut Ids) {
        let event = json!({
            "eventType": "INVOKE",
            "deadlineMs": handout.deadline_ms,
            "requestId": handout.request_id,
            "invokedFunctionArn": handout.function_arn,
            "tracing": { "type": "X-Amzn-Trace-Id", "value": handout.trace_id },
        });
        for extension in self.registered.iter_mut().filter(|extension| extension.invoke) {
            if let Some(waiting) = extension.waiting.take() {
                extension.state = State::Running;
                let reply = Reply::json(hyper::StatusCode::OK, &event);
                let _ = waiting.send(reply.with_header(header::EXTENSION_EVENT_ID, ids.uuid()));
            }
        }
    }

    /// Sends the SHUTDOWN event to the external extensions that want it, and says to whom.
    pub(crate) fn shut_down(&mut self, reason: &str, deadline_ms: u64, ids: &mut Ids) -> Vec<String> {
        let event = json!({ "eventType": "SHUTDOWN", "shutdownReason": reason, "deadlineMs": deadline_ms });
        let mut told = Vec::new();
        for extension in self.registered.iter_mut().filter(|extension| extension.shutdown) {
            if let Some(waiting) = extension.waiting.take() {
                extension.state = State::Running;
                let reply = Reply::json(hyper::StatusCode::OK, &event);
                if waiting.send(reply.with_header(header::EXTENSION_EVENT_ID, ids.uuid())).is_ok() {
                    told.push(extension.name.clone());
                }
            }
        }
        told
    }

    /// Lets every waiting call go without an answer.
    pub(crate) fn hang_up(&mut self) {
        for extension in &mut self.registered {
            extension.waiting = None;
        }
    }

    /// Whether every external extension has registered, and every registered one asked for its first event.
    pub(crate) fn all_polling(&self) -> bool {
        let registered = |name: &String| self.registered.iter().any(|extension| extension.name == *name);
        self.expected.iter().all(registered)
            && self.registered.iter().all(|extension| !matches!(extension.state, State::Registered | State::Failed))
    }

    /// Whether every extension that was told of the invocation is done with it.
    pub(crate) fn all_done(&self) -> bool {
        self.registered.iter().all(|extension| extension.state != State::Running)
    }

    pub(crate) fn failed(&self) -> Option<&str> {
        self.failed.as_deref()
    }

    pub(crate) fn any(&self) -> bool {
        !self.registered.is_empty()
    }

    pub(crate) fn any_external(&self) -> bool {
        self.registered.iter().any(|extension| extension.external)
    }
}

fn transition_refused(extension: &Extension, from: State, to: &str) -> Refused {
    let message = format!(
        "State transition from {} to {to} failed for extension {}. Error: State transition is not allowed",
        from.name(),
        extension.id
    );
    refuse("Extension.InvalidExtensionState", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn register(extensions: &mut Extensions, name: &str, events: &Value) -> Result<String, String> {
        let body = json!({ "events": events }).to_string();
        let mut ids = Ids::new(extensions.registered.len() as u64);
        match extensions.register(Some(name), body.as_bytes(), false, &mut ids, &json!({})) {
            Ok(reply) => Ok(reply.headers[0].1.clone()),
            Err((_, message)) => Err(message),
        }
    }

    #[test]
    fn the_no_op_extension_of_a_graceful_shutdown_client_registers_and_waits() {
        let mut extensions = Extensions::default();
        let id = register(&mut extensions, "_graceful-shutdown", &json!([])).unwrap();
        assert!(!extensions.all_polling(), "initialization waits for its first next");
        let _waiting = extensions.next(Some(&id)).unwrap();
        assert!(extensions.all_polling() && extensions.all_done());
    }

    #[test]
    fn only_external_extensions_hear_of_shutdown() {
        let mut extensions = Extensions::new(vec!["flusher".to_owned()]);
        assert!(register(&mut extensions, "inside", &json!(["SHUTDOWN"])).is_err());
        let id = register(&mut extensions, "flusher", &json!(["INVOKE", "SHUTDOWN"])).unwrap();
        let mut waiting = extensions.next(Some(&id)).unwrap();
        assert_eq!(extensions.shut_down("spindown", 1, &mut Ids::new(1)), ["flusher"]);
        let reply = waiting.try_recv().unwrap();
        let event: Value = serde_json::from_slice(&reply.body).unwrap();
        assert_eq!(event["shutdownReason"], "spindown");
    }

    #[test]
    fn strangers_and_double_names_are_refused() {
        let mut extensions = Extensions::default();
        register(&mut extensions, "one", &json!([])).unwrap();
        assert!(register(&mut extensions, "one", &json!([])).unwrap_err().contains("already registered"));
        assert!(register(&mut extensions, "two", &json!(["COFFEE"])).is_err());
        assert!(extensions.next(None).is_err() && extensions.next(Some("x")).is_err());
        assert!(extensions.next(Some("00000000-0000-4000-8000-000000000000")).is_err());
        for n in 0..limits::EXTENSIONS - 1 {
            register(&mut extensions, &format!("more-{n}"), &json!([])).unwrap();
        }
        assert!(register(&mut extensions, "too-many", &json!([])).unwrap_err().contains("limit"));
    }
}
