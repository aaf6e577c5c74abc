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

/// Why an environment ends, as its extensions are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ShutdownReason {
    /// Nobody needs it any longer.
    Spindown,
    /// An invocation took longer than the function's timeout.
    Timeout,
    /// The function's process has ended.
    Failure,
}

impl ShutdownReason {
    /// The name in the SHUTDOWN event. AWS documents capitals and sends small letters.
    fn name(self) -> &'static str {
        match self {
            ShutdownReason::Spindown => "spindown",
            ShutdownReason::Timeout => "timeout",
            ShutdownReason::Failure => "failure",
        }
    }
}

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
    /// Whether it has heard of the end: nobody does twice.
    knows_of_end: bool,
    state: State,
    waiting: Option<oneshot::Sender<Reply>>,
}

impl Extension {
    /// Answers its waiting call with an event; says whether there was one.
    fn hear(&mut self, event: &Value, ids: &mut Ids) -> bool {
        let Some(waiting) = self.waiting.take() else { return false };
        self.state = State::Running;
        let reply = Reply::json(hyper::StatusCode::OK, event);
        waiting.send(reply.with_header(header::EXTENSION_EVENT_ID, ids.uuid())).is_ok()
    }

    /// The same with the SHUTDOWN event, for whoever wants it and does not know yet.
    fn hear_of_end(&mut self, event: &Value, ids: &mut Ids) -> bool {
        let hears = self.shutdown && !self.knows_of_end && self.hear(event, ids);
        self.knows_of_end |= hears;
        hears
    }
}

/// The extensions of one environment.
#[derive(Debug, Default)]
pub(crate) struct Extensions {
    /// File names of external extensions that were started and must register.
    expected: Vec<String>,
    registered: Vec<Extension>,
    /// The type of the first error that an extension posted.
    failed: Option<String>,
    /// The SHUTDOWN event, once the environment ends: also for an extension that asks only then.
    ending: Option<Value>,
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
            knows_of_end: false,
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

    /// `GET …/extension/event/next`: waits for the next event. With the name of the extension, where this call is
    /// answered with SHUTDOWN.
    ///
    /// # Errors
    /// An unknown extension, or one that waits already.
    pub(crate) fn next(
        &mut self,
        id: Option<&str>,
        ids: &mut Ids,
    ) -> Result<(oneshot::Receiver<Reply>, Option<String>), Refused> {
        let ending = self.ending.clone();
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
        let told = ending.is_some_and(|event| extension.hear_of_end(&event, ids));
        Ok((receiver, told.then(|| extension.name.clone())))
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
            extension.hear(&event, ids);
        }
    }

    /// Sends the SHUTDOWN event to the external extensions that want it, and says who heard it. Who is still at work
    /// hears it when it asks for its next event.
    pub(crate) fn shut_down(&mut self, reason: ShutdownReason, deadline_ms: u64, ids: &mut Ids) -> Vec<String> {
        let event = json!({ "eventType": "SHUTDOWN", "shutdownReason": reason.name(), "deadlineMs": deadline_ms });
        let mut told = Vec::new();
        for extension in &mut self.registered {
            if extension.hear_of_end(&event, ids) {
                told.push(extension.name.clone());
            }
        }
        self.ending = Some(event);
        told
    }

    /// Whether an extension of this file name wants to hear of the end.
    pub(crate) fn wants_shutdown(&self, name: &str) -> bool {
        self.registered.iter().any(|extension| extension.shutdown && extension.name == name)
    }

    /// Lets every waiting call go without an answer.
    pub(crate) fn hang_up(&mut self) {
        for extension in &mut self.registered {
            extension.waiting = None;
        }
    }

    /// The same for those of the function's own process.
    pub(crate) fn hang_up_internal(&mut self) {
        for extension in self.registered.iter_mut().filter(|extension| !extension.external) {
            extension.waiting = None;
        }
    }

    /// Whether a call with this name or this identifier comes from an external extension.
    pub(crate) fn is_external(&self, name: Option<&str>, id: Option<&str>) -> bool {
        self.expected.iter().any(|expected| Some(expected.as_str()) == name)
            || self.registered.iter().any(|extension| extension.external && Some(extension.id.as_str()) == id)
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
        let _waiting = extensions.next(Some(&id), &mut Ids::new(1)).unwrap();
        assert!(extensions.all_polling() && extensions.all_done());
    }

    #[test]
    fn only_external_extensions_hear_of_shutdown() {
        let mut extensions = Extensions::new(vec!["flusher".to_owned()]);
        assert!(register(&mut extensions, "inside", &json!(["SHUTDOWN"])).is_err());
        let id = register(&mut extensions, "flusher", &json!(["INVOKE", "SHUTDOWN"])).unwrap();
        assert!(extensions.wants_shutdown("flusher") && !extensions.wants_shutdown("inside"));
        let ids = &mut Ids::new(1);
        let (mut waiting, _) = extensions.next(Some(&id), ids).unwrap();
        assert_eq!(extensions.shut_down(ShutdownReason::Spindown, 1, ids), ["flusher"]);
        let reply = waiting.try_recv().unwrap();
        let event: Value = serde_json::from_slice(&reply.body).unwrap();
        assert_eq!(event["shutdownReason"], "spindown");
    }

    #[test]
    fn an_extension_that_is_at_work_hears_of_the_end_when_it_asks() {
        let mut extensions = Extensions::new(vec!["flusher".to_owned()]);
        let id = register(&mut extensions, "flusher", &json!(["SHUTDOWN"])).unwrap();
        let ids = &mut Ids::new(1);
        assert!(extensions.shut_down(ShutdownReason::Timeout, 1, ids).is_empty(), "nobody waits");
        let (mut waiting, told) = extensions.next(Some(&id), ids).unwrap();
        assert_eq!(told.as_deref(), Some("flusher"));
        let event: Value = serde_json::from_slice(&waiting.try_recv().unwrap().body).unwrap();
        assert_eq!(event["shutdownReason"], "timeout");
        let (mut waiting, told) = extensions.next(Some(&id), ids).unwrap();
        assert!(told.is_none() && waiting.try_recv().is_err(), "it hears so once");
    }

    #[test]
    fn strangers_and_double_names_are_refused() {
        let mut extensions = Extensions::default();
        register(&mut extensions, "one", &json!([])).unwrap();
        assert!(register(&mut extensions, "one", &json!([])).unwrap_err().contains("already registered"));
        assert!(register(&mut extensions, "two", &json!(["COFFEE"])).is_err());
        for stranger in [None, Some("x"), Some("00000000-0000-4000-8000-000000000000")] {
            assert!(extensions.next(stranger, &mut Ids::new(1)).is_err(), "{stranger:?}");
        }
        for n in 0..limits::EXTENSIONS - 1 {
            register(&mut extensions, &format!("more-{n}"), &json!([])).unwrap();
        }
        assert!(register(&mut extensions, "too-many", &json!([])).unwrap_err().contains("limit"));
    }
}
