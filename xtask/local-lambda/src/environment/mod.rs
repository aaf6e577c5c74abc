//! One execution environment: a process of the function, the socket that serves it, and what survives when the
//! process does not (`TMPDIR`, the log stream). Only this module and what lies below it touch the operating system.
//!
//! In reading order: [`record`] collects what happened; [`api`] and [`extensions`] are the state behind the two APIs,
//! without I/O; [`http`] is the socket in front of them (a connection is a [`mod@line`], a streamed response is read by
//! [`stream_reader`]); [`process`] and [`output`] are the process and what it writes; [`instance`] is all of that
//! together, from start to end; this file runs invocations on it.

pub(crate) mod api;
pub(crate) mod extensions;
pub(crate) mod http;
pub(crate) mod instance;
pub(crate) mod line;
pub(crate) mod output;
pub(crate) mod process;
pub(crate) mod record;
pub(crate) mod stream_reader;

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Mutex as AsyncMutex;

use self::api::{Answer, Current};
use self::extensions::ShutdownReason;
use self::instance::{End, Instance};
use self::record::Record;
use crate::config::FunctionConfig;
use crate::event::Event;
use crate::folder::Folder;
use crate::ids::Ids;
use crate::log::LogLine;
use crate::outcome::{
    Exit, Fate, FunctionError, InitError, Outcome, Report, Status, TooLarge, exit_message, timeout_message,
};
use crate::platform_log::{Phase, whole_millis};
use crate::transcript::{KillReason, Step, What};
use crate::wire::next::Handout;

/// An execution environment of a function.
#[derive(Debug)]
pub(crate) struct Environment {
    index: usize,
    config: Arc<FunctionConfig>,
    ids: Arc<Mutex<Ids>>,
    record: Arc<Record>,
    folder: Folder,
    log_stream: String,
    instance: AsyncMutex<Option<Arc<Instance>>>,
    /// The process that is being initialized, for whoever cannot wait until it is.
    starting: Mutex<Option<Arc<Instance>>>,
    /// Killed: no process is started any more.
    closed: AtomicBool,
    /// Whether a process of this environment has failed: the next start is a "suppressed init".
    was_reset: AtomicBool,
    attempts: AtomicU32,
}

/// What the start of a process came to, for the invocation that it was started for.
#[derive(Debug, Default)]
struct Start {
    cold: bool,
    log: Vec<LogLine>,
    dropped: usize,
    init_duration: Option<Duration>,
    restore_duration: Option<Duration>,
    /// How much of the function's timeout an initialization inside the invocation used.
    spent: Duration,
}

impl Start {
    fn take_log(&mut self, instance: &Instance) {
        let (lines, dropped) = instance.cut_log();
        self.log.extend(lines);
        self.dropped += dropped;
    }
}

/// How an environment ended.
#[derive(Debug)]
#[non_exhaustive]
pub struct Shutdown {
    /// Which environment it was.
    pub environment: usize,
    /// How its process ended; none when it had none.
    pub exit: Option<Exit>,
    /// What it still wrote.
    pub log: Vec<LogLine>,
    /// The steps since its last invocation.
    pub transcript: Vec<Step>,
}

impl Environment {
    /// A new environment; its process is started by the first invocation.
    ///
    /// # Errors
    /// When no temporary folder can be made.
    pub(crate) fn new(
        index: usize,
        config: Arc<FunctionConfig>,
        ids: Arc<Mutex<Ids>>,
        epoch: Instant,
    ) -> io::Result<Environment> {
        let log_stream = {
            let mut ids = ids.lock().unwrap_or_else(PoisonError::into_inner);
            format!("2026/01/01/[{}]{}", config.version, ids.hex32())
        };
        Ok(Environment {
            index,
            config,
            ids,
            record: Arc::new(Record::new(epoch, index)),
            folder: Folder::create()?,
            log_stream,
            instance: AsyncMutex::new(None),
            starting: Mutex::new(None),
            closed: AtomicBool::new(false),
            was_reset: AtomicBool::new(false),
            attempts: AtomicU32::new(0),
        })
    }

    /// Runs one invocation to its end. `handout.deadline_ms` is set when the event is handed out.
    pub(crate) async fn invoke(&self, handout: Handout) -> Outcome {
        let request_id = handout.request_id.clone();
        let mut start = Start::default();
        loop {
            let instance = match self.running_instance(&mut start).await {
                Ok(instance) => instance,
                Err(error) => return self.init_failed(&request_id, start, error),
            };
            let limit = self.config.timeout.saturating_sub(start.spent);
            let (end, current) = instance.invoke(handout.clone(), limit).await;
            // A warm process that turns out to be dead never saw the event.
            if matches!(end, End::Exited(_)) && current.is_none() && !start.cold {
                continue;
            }
            return self.finish(&instance, &request_id, start, end, current).await;
        }
    }

    /// The process that takes the next event: the running one, or a new one.
    async fn running_instance(&self, start: &mut Start) -> Result<Arc<Instance>, InitError> {
        let mut slot = self.instance.lock().await;
        if let Some(instance) = slot.take() {
            if instance.is_alive() {
                *slot = Some(Arc::clone(&instance));
                return Ok(instance);
            }
            // It ended between two invocations.
            self.was_reset.store(true, Ordering::Relaxed);
            instance.shut_down(ShutdownReason::Failure).await;
        }
        start.cold = true;
        let format = self.config.log_format;
        if !self.was_reset.load(Ordering::Relaxed) {
            start.log.push(LogLine::platform(format.init_start(&self.config)));
            match self.start_instance(start, self.config.init_limit(), Phase::Init).await {
                Ok((instance, init, restore)) => {
                    start.init_duration = (!self.config.snap_start).then_some(init);
                    start.restore_duration = restore;
                    *slot = Some(Arc::clone(&instance));
                    return Ok(instance);
                }
                Err(error @ InitError::NotStarted { .. }) => return Err(error),
                Err(_) => {}
            }
        }
        // Lambda initializes again inside the invocation, under the function's own timeout.
        let (instance, init, _) = self.start_instance(start, self.config.timeout, Phase::Invoke).await?;
        start.spent = init;
        *slot = Some(Arc::clone(&instance));
        Ok(instance)
    }

    /// Starts a process and waits until it polls; a failure is logged and the process ended.
    async fn start_instance(
        &self,
        start: &mut Start,
        limit: Duration,
        phase: Phase,
    ) -> Result<(Arc<Instance>, Duration, Option<Duration>), InitError> {
        if self.closed.load(Ordering::Relaxed) {
            return Err(InitError::NotStarted { reason: "the function was dropped".to_owned() });
        }
        let attempt = self.attempts.fetch_add(1, Ordering::Relaxed) + 1;
        let (config, ids, record) = (Arc::clone(&self.config), Arc::clone(&self.ids), Arc::clone(&self.record));
        let instance = match Instance::start(config, ids, record, self.folder.path(), &self.log_stream).await {
            Ok(instance) => instance,
            Err(error) => return Err(InitError::NotStarted { reason: error.to_string() }),
        };
        self.record.step(None, What::ProcessStarted { attempt });
        *self.starting() = Some(Arc::clone(&instance));
        if self.closed.load(Ordering::Relaxed) {
            instance.kill(KillReason::Shutdown);
        }
        let result = instance.initialized(limit).await;
        *self.starting() = None;
        let took = instance.age();
        if result.is_err() {
            self.was_reset.store(true, Ordering::Relaxed);
            // What AWS promises extensions, it promises for failures of an invocation.
            instance.end(KillReason::Reset).await;
        }
        match result {
            Ok(initialized) => {
                if let Some((lines, dropped)) = initialized.log_before_snapshot {
                    start.log.extend(lines);
                    start.dropped += dropped;
                    start.log.push(LogLine::platform(self.config.log_format.restore_start(&self.config)));
                }
                start.take_log(&instance);
                Ok((instance, took, initialized.restore_duration))
            }
            Err(error) => {
                start.take_log(&instance);
                let (status, error_type) = init_status(&error);
                let line = self.config.log_format.init_report(took, phase, status, error_type.as_deref());
                start.log.push(LogLine::platform(line));
                if phase == Phase::Invoke {
                    start.spent = took;
                }
                Err(error)
            }
        }
    }

    fn starting(&self) -> MutexGuard<'_, Option<Arc<Instance>>> {
        self.starting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn init_failed(&self, request_id: &str, start: Start, error: InitError) -> Outcome {
        let (status, error_type) = init_status(&error);
        let message = match &error {
            InitError::NotStarted { reason } => Some(reason.clone()),
            InitError::Exited(exit) => Some(exit_message(request_id, *exit)),
            InitError::TimedOut { after } => Some(timed_out_line(request_id, *after)),
            InitError::Reported(_) => None,
        };
        let report = Report {
            duration: start.spent,
            init_duration: None,
            restore_duration: None,
            billed_duration: whole_millis(start.spent),
            memory_size_mb: self.config.memory_mb,
            max_memory_kib: 0,
            status,
            error_type,
        };
        self.outcome(request_id, start, Fate::InitError(error), report, Vec::new(), message)
    }

    async fn finish(
        &self,
        instance: &Instance,
        request_id: &str,
        start: Start,
        end: End,
        current: Option<Current>,
    ) -> Outcome {
        let mut current = current;
        let max_memory_kib = instance.peak_memory_kib();
        let answer = current.as_mut().and_then(|current| current.answer.take());
        let (cut, dropped) = current.as_mut().and_then(|current| current.log.take()).unwrap_or_default();
        let mut log = cut;
        let mut start = start;
        let (extensions, lost) = instance.take_extension_log();
        log.extend(extensions);
        start.dropped += dropped + lost;
        // With several slots the timeout is told, and the process goes on.
        let gives_up_only = end == End::TimedOut && self.config.slots.is_some();
        if end != End::Over && !gives_up_only {
            self.was_reset.store(true, Ordering::Relaxed);
            let reason = if end == End::TimedOut { ShutdownReason::Timeout } else { ShutdownReason::Failure };
            instance.shut_down(reason).await;
            let (rest, dropped) = instance.cut_log();
            log.extend(rest);
            start.dropped += dropped;
            let mut slot = self.instance.lock().await;
            if slot.as_ref().is_some_and(|running| std::ptr::eq(Arc::as_ptr(running), instance)) {
                *slot = None;
            }
        }
        let sent_at = current.as_ref().map(|current| current.sent_at);
        let completed_at = current.as_ref().and_then(|current| current.completed_at);
        let ran = match (end, sent_at) {
            (End::TimedOut, _) => self.config.timeout.saturating_sub(start.spent),
            (_, Some(sent_at)) => completed_at.unwrap_or_else(Instant::now).saturating_duration_since(sent_at),
            (_, None) => Duration::ZERO,
        };
        let duration = start.spent + ran;
        let fate = fate(end, answer, self.config.timeout, instance, request_id);
        let (status, error_type) = status_of(end, &fate);
        let message = match (&fate, end) {
            (Fate::TimedOut { after }, _) => Some(timed_out_line(request_id, *after)),
            (_, End::Exited(exit)) => Some(exit_message(request_id, exit)),
            (Fate::FunctionError(error), End::ExtensionEnded(_)) => Some(error.message.clone()),
            _ => None,
        };
        let report = Report {
            duration,
            init_duration: start.init_duration,
            restore_duration: start.restore_duration,
            billed_duration: whole_millis(
                duration + start.init_duration.unwrap_or_default() + start.restore_duration.unwrap_or_default(),
            ),
            memory_size_mb: self.config.memory_mb,
            max_memory_kib,
            status,
            error_type,
        };
        self.outcome(request_id, start, fate, report, log, message)
    }

    /// Puts the log in AWS's order: initialization, START, the function's lines, why it failed, END, REPORT.
    fn outcome(
        &self,
        request_id: &str,
        start: Start,
        fate: Fate,
        report: Report,
        function_log: Vec<LogLine>,
        message: Option<String>,
    ) -> Outcome {
        let format = self.config.log_format;
        let mut log = start.log;
        log.push(LogLine::platform(format.start(request_id, &self.config.version)));
        log.extend(function_log);
        if let Some(message) = message {
            let lines = format.failure(&message, report.error_type.as_deref());
            log.extend(lines.into_iter().map(LogLine::platform));
        }
        log.extend(format.end(request_id).map(LogLine::platform));
        log.push(LogLine::platform(format.report(request_id, &report)));
        Outcome {
            fate,
            request_id: request_id.to_owned(),
            environment: Some(self.index),
            cold: start.cold,
            report,
            log,
            log_bytes_dropped: start.dropped,
            transcript: self.record.take(request_id),
            event: Event::default(),
            story: None,
        }
    }

    /// Ends the environment. `reason`: `Some` for a graceful end with the reason of a SHUTDOWN event, none to kill.
    pub(crate) async fn shut_down(&self, reason: Option<ShutdownReason>) -> Shutdown {
        if reason.is_none() {
            self.closed.store(true, Ordering::Relaxed);
            if let Some(starting) = self.starting().take() {
                starting.kill(KillReason::Shutdown);
            }
        }
        let instance = self.instance.lock().await.take();
        let mut shutdown = Shutdown { environment: self.index, exit: None, log: Vec::new(), transcript: Vec::new() };
        if let Some(instance) = instance {
            let exit = match reason {
                Some(reason) => instance.shut_down(reason).await,
                None => instance.end(KillReason::Shutdown).await,
            };
            shutdown.exit = Some(exit);
            shutdown.log = instance.cut_log().0;
        }
        shutdown.transcript = self.record.take_all();
        shutdown
    }
}

/// The log line of a timeout: time, request id, message.
fn timed_out_line(request_id: &str, after: Duration) -> String {
    let now = crate::clock::rfc3339_millis(std::time::SystemTime::now());
    format!("{now} {request_id} {}", timeout_message(after))
}

fn init_status(error: &InitError) -> (Status, Option<String>) {
    match error {
        InitError::NotStarted { .. } => (Status::Error, Some("Runtime.InvalidEntrypoint".to_owned())),
        InitError::Exited(_) => (Status::Error, Some("Runtime.ExitError".to_owned())),
        InitError::Reported(error) => (Status::Error, Some(error.recorded_type.clone())),
        InitError::TimedOut { .. } => (Status::Timeout, None),
    }
}

/// What an invocation came to. An answer that arrived counts, however the process ended after it.
fn fate(end: End, answer: Option<Answer>, timeout: Duration, instance: &Instance, request_id: &str) -> Fate {
    let out_of_memory = instance.was_out_of_memory();
    match (answer, end) {
        (Some(Answer::Response(response)), _) => Fate::Response(response),
        (Some(Answer::Error(error)), _) => Fate::FunctionError(error),
        (Some(Answer::TooLarge { bytes, limit }), _) => Fate::TooLarge(TooLarge::Response { bytes, limit }),
        (Some(Answer::Truncated), End::Exited(exit)) => Fate::Exited { exit, out_of_memory },
        (Some(Answer::Truncated), _) => Fate::FunctionError(truncated_response()),
        (None, End::Exited(exit)) => Fate::Exited { exit, out_of_memory },
        (None, End::TimedOut) => Fate::TimedOut { after: timeout },
        (None, End::ExtensionEnded(exit)) => Fate::FunctionError(instance.extension_failure(Some(request_id), exit)),
        (None, End::Over) => Fate::FunctionError(truncated_response()),
    }
}

/// A function that went on without a whole answer.
fn truncated_response() -> FunctionError {
    let body =
        serde_json::json!({ "errorType": "Runtime.TruncatedResponse", "errorMessage": "the response broke off" });
    FunctionError::new(body.to_string().into(), "Runtime.TruncatedResponse".to_owned())
}

fn status_of(end: End, fate: &Fate) -> (Status, Option<String>) {
    match (end, fate) {
        (End::TimedOut, _) => (Status::Timeout, None),
        (End::Exited(_), _) => (Status::Error, Some("Runtime.ExitError".to_owned())),
        (End::ExtensionEnded(_), Fate::FunctionError(error)) => (Status::Error, Some(error.recorded_type.clone())),
        (End::ExtensionEnded(_), _) => (Status::Error, None),
        (End::Over, Fate::Response(_)) => (Status::Success, None),
        (End::Over, Fate::FunctionError(error)) => (Status::Failure, Some(error.recorded_type.clone())),
        (End::Over, Fate::TooLarge(_)) => (Status::Error, Some("Function.ResponseSizeTooLarge".to_owned())),
        (End::Over, _) => (Status::Error, None),
    }
}
