//! The face of the local service: a function is described, started, and ended. Everything here blocks, and may be called
//! from any thread, also from inside an async runtime.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::config::{AtSnapshot, FunctionConfig};
use crate::driver::Driver;
use crate::environment::Shutdown;
use crate::environment::extensions::ShutdownReason;
use crate::event::Event;
use crate::ids::Ids;
use crate::outcome::Outcome;
use crate::platform_log::LogFormat;
use crate::pool::Pool;
use crate::request::Request;

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
    pub(crate) shared: Arc<Shared>,
}

/// What the clones of a function share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Arc<FunctionConfig>,
    pub(crate) ids: Arc<Mutex<Ids>>,
    pub(crate) pool: Arc<Pool>,
    pub(crate) driver: Driver,
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
        Request::to(self)
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
        self.shared.driver.run(async move { pool.retire(Some(ShutdownReason::Spindown)).await }).unwrap_or_default()
    }

    /// Makes sure that the next event meets a cold start. An environment that is at work ends when it is done.
    pub fn force_cold(&self) {
        let pool = Arc::clone(&self.shared.pool);
        self.shared.driver.run(async move { pool.retire(None).await });
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let pool = Arc::clone(&self.pool);
        self.driver.run(async move { pool.close().await });
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
    /// [`limits::INIT_TIMEOUT`](crate::limits::INIT_TIMEOUT) if not given.
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
        Function { shared: Arc::new(Shared { config, ids, pool, driver: Driver::start() }) }
    }
}
