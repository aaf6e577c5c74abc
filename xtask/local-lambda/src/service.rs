//! The face of the local service: a function is started, events are sent to it, outcomes come back. Everything here
//! blocks, and may be called from any thread, also from inside an async runtime.

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::{Notify, oneshot};

use crate::config::{AtSnapshot, FunctionConfig};
use crate::environment::Shutdown;
use crate::environment::extensions::ShutdownReason;
use crate::ids::Ids;
use crate::limits;
use crate::outcome::{Fate, Outcome, TooLarge};
use crate::platform_log::LogFormat;
use crate::pool::Pool;
use crate::report_file;
use crate::wire::next::Handout;

/// An event: the bytes that a function is invoked with, and a name for messages.
///
/// Made from a [`serde_json::Value`], from text or from bytes, which are sent as they are, also when they are not
/// JSON: that the Invoke API takes only JSON is a matter of its HTTP side.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Event {
    pub(crate) name: Option<String>,
    pub(crate) body: Bytes,
}

impl Event {
    /// An event with a name, such as the path of the fixture that it was read from.
    pub fn named(name: impl Into<String>, body: impl Into<Event>) -> Event {
        Event { name: Some(name.into()), ..body.into() }
    }

    /// The name, if it has one.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The bytes.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// For messages: JSON without its blanks, other text as it is.
    pub(crate) fn on_one_line(&self) -> String {
        match serde_json::from_slice::<Value>(&self.body) {
            Ok(value) => value.to_string(),
            Err(_) => String::from_utf8_lossy(&self.body).into_owned(),
        }
    }
}

impl From<Bytes> for Event {
    fn from(body: Bytes) -> Event {
        Event { name: None, body }
    }
}

impl From<Vec<u8>> for Event {
    fn from(body: Vec<u8>) -> Event {
        Bytes::from(body).into()
    }
}

impl From<String> for Event {
    fn from(body: String) -> Event {
        Bytes::from(body).into()
    }
}

impl From<&str> for Event {
    fn from(body: &str) -> Event {
        body.to_owned().into()
    }
}

impl From<&Value> for Event {
    fn from(body: &Value) -> Event {
        body.to_string().into()
    }
}

impl From<Value> for Event {
    fn from(body: Value) -> Event {
        (&body).into()
    }
}

/// A function that can be invoked.
///
/// Cheap to clone; the clones are one function. Its processes end, and its temporary folders are removed, when the
/// last clone is dropped.
///
/// ```no_run
/// # use local_lambda::{Function, binary};
/// # use serde_json::json;
/// let function = Function::start(binary!());
/// function.story("a guest without a name").invoke(json!({})).expect_json(json!({ "greeting": "Hello, guest" }));
/// ```
#[derive(Debug, Clone)]
pub struct Function {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    config: Arc<FunctionConfig>,
    ids: Arc<Mutex<Ids>>,
    pool: Arc<Pool>,
    runtime: Runtime,
}

impl Function {
    /// A function with Lambda's default configuration: 128 MB, 3 seconds, one event at a time per environment.
    /// No process is started before the first event.
    pub fn start(program: impl Into<PathBuf>) -> Function {
        Function::builder(program).start()
    }

    /// A function to be configured. `program`: the path of an executable, or a name that is looked up in `PATH`.
    pub fn builder(program: impl Into<PathBuf>) -> FunctionBuilder {
        FunctionBuilder { config: FunctionConfig::new(program.into()), seed: 0 }
    }

    /// Sends an event and waits for the outcome.
    pub fn invoke(&self, event: impl Into<Event>) -> Outcome {
        self.request().invoke(event)
    }

    /// A request with one sentence that says what is going on. It stands at the top of the message when an
    /// expectation fails, so write it for somebody who has not read the test.
    pub fn story(&self, story: impl Into<String>) -> Request<'_> {
        self.request().story(story)
    }

    /// A request to be described further before it is sent.
    pub fn request(&self) -> Request<'_> {
        Request {
            function: self,
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

    /// The function's name.
    pub fn name(&self) -> &str {
        &self.shared.config.name
    }

    /// The function's ARN, with a version or alias at its end where one is given.
    pub fn arn(&self, qualifier: Option<&str>) -> String {
        self.shared.config.arn(qualifier)
    }

    /// How many environments there may be at once, if that was limited.
    pub fn reserved_concurrency(&self) -> Option<usize> {
        self.shared.config.reserved_concurrency
    }

    /// How many environments there are now.
    pub fn environments(&self) -> usize {
        self.shared.pool.len()
    }

    /// Ends the environments as Lambda does when it no longer needs them ("spindown"): with SIGTERM, a SHUTDOWN
    /// event and time to act on them where an extension is registered, with SIGKILL otherwise. What they still wrote
    /// comes back. The function stays usable: the next event meets a cold start.
    pub fn shut_down(&self) -> Vec<Shutdown> {
        let pool = Arc::clone(&self.shared.pool);
        self.shared.runtime.run(async move { pool.retire(Some(ShutdownReason::Spindown)).await }).unwrap_or_default()
    }

    /// Makes sure that the next event meets a cold start. An environment that is at work ends when it is done.
    pub fn force_cold(&self) {
        let pool = Arc::clone(&self.shared.pool);
        self.shared.runtime.run(async move { pool.retire(None).await });
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let pool = Arc::clone(&self.pool);
        self.runtime.run(async move { pool.close().await });
    }
}

/// How a function is to run. Made by [`Function::builder`].
#[derive(Debug, Clone)]
#[must_use = "a function is made by `start`"]
pub struct FunctionBuilder {
    config: FunctionConfig,
    seed: u64,
}

impl FunctionBuilder {
    /// The function's name; the program's file name if not given.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.config.name = name.into();
        self
    }

    /// The version that the function is told it is (`AWS_LAMBDA_FUNCTION_VERSION`, log stream, START line);
    /// `$LATEST` if not given.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.config.version = version.into();
        self
    }

    /// Arguments for the program.
    pub fn args<S: Into<String>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.config.args = args.into_iter().map(Into::into).collect();
        self
    }

    /// The working directory, Lambda's `/var/task`; ours if not given.
    pub fn current_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.config.current_dir = Some(folder.into());
        self
    }

    /// The memory size in MiB: a process whose resident set grows larger is killed. Looked at every 5 ms and when it
    /// answers; only the function's own process counts, not its children.
    pub fn memory_mb(mut self, megabytes: u32) -> Self {
        self.config.memory_mb = megabytes;
        self
    }

    /// The timeout. Unlike on Lambda it need not be whole seconds, so that a test of a time-out takes milliseconds.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.config.timeout = timeout;
        self
    }

    /// How long initialization may take before it is begun again inside the first invocation;
    /// [`limits::INIT_TIMEOUT`] if not given.
    pub fn init_timeout(mut self, timeout: Duration) -> Self {
        self.config.init_timeout = Some(timeout);
        self
    }

    /// An environment variable for the function. Nothing of the test's own environment is passed on.
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.config.env.insert(name.into(), value.into());
        self
    }

    /// The Region; `us-east-1` if not given.
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.config.region = region.into();
        self
    }

    /// The account in the function's ARN; `123456789012` if not given.
    pub fn account(mut self, account: impl Into<String>) -> Self {
        self.config.account = account.into();
        self
    }

    /// The log format.
    pub fn log_format(mut self, format: LogFormat) -> Self {
        self.config.log_format = format;
        self
    }

    /// The log level that the function is told in `AWS_LAMBDA_LOG_LEVEL`.
    pub fn log_level(mut self, level: impl Into<String>) -> Self {
        self.config.log_level = Some(level.into());
        self
    }

    /// Stops the process between invocations, as Lambda freezes an environment: timers and background tasks go on
    /// only in the next invocation.
    pub fn freeze(mut self, freeze: bool) -> Self {
        self.config.freeze = freeze;
        self
    }

    /// Starts the function as SnapStart does: it may wait on `restore/next` at the end of its initialization.
    pub fn snap_start(mut self, snap_start: bool) -> Self {
        self.config.snap_start = snap_start;
        self
    }

    /// What happens between the snapshot and the restore, which on Lambda may be weeks: connections are cut, credentials
    /// run out, the clock goes on. It is called for each environment, and the restore begins when it returns. What it
    /// serves to the function must be served by other threads.
    ///
    /// A process cannot be copied here. So each environment has an initialization of its own, and a test that plays
    /// "several environments of one snapshot" gives the same to each of them before its snapshot.
    pub fn at_snapshot(mut self, happens: impl Fn() + Send + Sync + 'static) -> Self {
        self.config.at_snapshot = Some(AtSnapshot(Arc::new(happens)));
        self
    }

    /// Several events at once in one environment, as on Lambda Managed Instances: sets `AWS_LAMBDA_MAX_CONCURRENCY`,
    /// hands events to the polling workers by a seeded draw, and reports a timeout without killing the process.
    ///
    /// Source: <https://docs.aws.amazon.com/lambda/latest/dg/lambda-managed-instances-runtimes.html>.
    pub fn max_concurrency(mut self, slots: usize) -> Self {
        self.config.slots = Some(slots.max(1));
        self
    }

    /// How many environments there may be at once; further requests are throttled.
    pub fn reserved_concurrency(mut self, environments: usize) -> Self {
        self.config.reserved_concurrency = Some(environments);
        self
    }

    /// An external extension: an executable that is started before the function and must register under its file
    /// name.
    pub fn extension(mut self, program: impl Into<PathBuf>) -> Self {
        self.config.extensions.push(program.into());
        self
    }

    /// The seed of all ids and draws; 0 if not given.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Makes the function. No process is started before the first event.
    ///
    /// # Panics
    /// When the system gives this process no thread, socket or pipe any more.
    pub fn start(self) -> Function {
        let config = Arc::new(self.config);
        let ids = Arc::new(Mutex::new(Ids::new(self.seed)));
        let pool = Arc::new(Pool::new(Arc::clone(&config), Arc::clone(&ids)));
        Function { shared: Arc::new(Shared { config, ids, pool, runtime: Runtime::start() }) }
    }
}

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

impl Request<'_> {
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
        let receiver = shared.runtime.begin(async move {
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
        let Some(mut outcome) = self.function.shared.runtime.wait(self.receiver) else {
            panic!("the local Lambda service of {} has stopped unexpectedly", self.function.shared.config.name);
        };
        outcome.event = self.event;
        outcome.story = self.story;
        report_file::invoked(&outcome);
        outcome
    }
}

/// Drives one function's environments.
///
/// Whoever waits for an outcome drives them on his own thread, which saves two changes of thread per invocation, about
/// a quarter of the time that the service itself takes. A thread of the runtime's own takes over when nobody has waited for a moment, so that output is
/// read and late calls are answered between invocations too.
struct Runtime {
    inner: Arc<Inner>,
    thread: Option<JoinHandle<()>>,
}

struct Inner {
    tokio: tokio::runtime::Runtime,
    /// How many callers wait, and so drive.
    waiting: AtomicUsize,
    /// Tells the runtime's own thread to let a caller drive, or to stop.
    make_way: Notify,
    stopping: AtomicBool,
}

/// How long the runtime's own thread leaves the driving to callers that may come back.
const CALLERS_MAY_COME_BACK: Duration = Duration::from_millis(3);

impl Runtime {
    fn start() -> Runtime {
        let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let inner = Arc::new(Inner {
            tokio: tokio.expect("the system gives this process no more sockets"),
            waiting: AtomicUsize::new(0),
            make_way: Notify::new(),
            stopping: AtomicBool::new(false),
        });
        let driver = Arc::clone(&inner);
        let thread = thread::Builder::new().name("local-lambda".to_owned()).spawn(move || driver.drive_when_idle());
        Runtime { inner, thread: Some(thread.expect("the system gives this process no more threads")) }
    }

    /// Begins a task; what it gives can be waited for.
    fn begin<T: Send + 'static>(&self, task: impl Future<Output = T> + Send + 'static) -> oneshot::Receiver<T> {
        let (sender, receiver) = oneshot::channel();
        self.inner.tokio.spawn(async move {
            let _ = sender.send(task.await);
        });
        receiver
    }

    /// Waits for a task; nothing when it failed.
    fn wait<T: Send + 'static>(&self, receiver: oneshot::Receiver<T>) -> Option<T> {
        self.inner.wait(receiver)
    }

    /// Runs a task to its end.
    fn run<T: Send + 'static>(&self, task: impl Future<Output = T> + Send + 'static) -> Option<T> {
        self.wait(self.begin(task))
    }
}

impl Inner {
    fn wait<T: Send + 'static>(&self, receiver: oneshot::Receiver<T>) -> Option<T> {
        if tokio::runtime::Handle::try_current().is_ok() {
            // Inside somebody's runtime no second one can be driven; our own thread does it.
            return thread::scope(|scope| scope.spawn(|| self.wait(receiver)).join().ok().flatten());
        }
        self.waiting.fetch_add(1, Ordering::SeqCst);
        self.make_way.notify_one();
        let result = self.tokio.block_on(receiver);
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        result.ok()
    }

    fn drive_when_idle(&self) {
        while !self.stopping.load(Ordering::SeqCst) {
            if self.waiting.load(Ordering::SeqCst) == 0 {
                self.tokio.block_on(self.make_way.notified());
            }
            thread::park_timeout(CALLERS_MAY_COME_BACK);
        }
    }
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime").finish_non_exhaustive()
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        self.inner.stopping.store(true, Ordering::SeqCst);
        self.inner.make_way.notify_one();
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
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
