//! One process of a function together with the socket that serves it: from its start to its end.

use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use std::{io, net::SocketAddr, path::Path};

use bytes::Bytes;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use super::api::{Api, Current};
use super::extensions::{Extensions, ShutdownReason};
use super::http;
use super::output::Output;
use super::process::Process;
use super::record::Record;
use crate::clock;
use crate::config::{Address, AtSnapshot, FunctionConfig, find_program};
use crate::ids::Ids;
use crate::limits;
use crate::log::{LogLine, LogSource};
use crate::outcome::{Exit, FunctionError, InitError};
use crate::sys::{self, Signal};
use crate::transcript::{KillReason, What};
use crate::wire::next::Handout;

/// A process, its pipe and its socket.
#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) config: Arc<FunctionConfig>,
    pub(crate) ids: Arc<Mutex<Ids>>,
    pub(crate) record: Arc<Record>,
    pub(crate) output: Output,
    pub(crate) open_connections: AtomicUsize,
    /// How many of them belong to external extensions.
    pub(crate) extension_connections: AtomicUsize,
    /// The port of the last connection that was accepted.
    pub(crate) last_accepted: AtomicUsize,
    pub(crate) changed: Notify,
    api: Mutex<Api>,
    process: Process,
    extensions: Vec<External>,
    address: SocketAddr,
    started: Instant,
    peak_memory_kib: AtomicU64,
    out_of_memory: AtomicBool,
    frozen: Mutex<bool>,
    ended: AtomicBool,
    tasks: Mutex<Vec<AbortHandle>>,
}

/// The process of an external extension.
#[derive(Debug)]
struct External {
    /// The name of its file, under which it must register.
    name: String,
    process: Process,
    output: Output,
}

/// What came of an initialization.
#[derive(Debug)]
pub(crate) struct Initialized {
    /// How long the hooks after a SnapStart restore took, where there was one.
    pub(crate) restore_duration: Option<Duration>,
    /// What was written before the snapshot.
    pub(crate) log_before_snapshot: Option<(Vec<LogLine>, usize)>,
}

/// How an invocation ended for the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Over,
    Exited(Exit),
    TimedOut,
    /// An external extension ended, or one reported an error; and with it the environment ends.
    ExtensionEnded(Option<Exit>),
}

impl Instance {
    /// Starts the process (and its external extensions) with a socket of its own.
    ///
    /// # Errors
    /// When a program cannot be started, with its path.
    pub(crate) async fn start(
        config: Arc<FunctionConfig>,
        ids: Arc<Mutex<Ids>>,
        record: Arc<Record>,
        tmp: &Path,
        log_stream: &str,
    ) -> io::Result<Arc<Instance>> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let api = listener.local_addr()?;
        let at = Address { api, tmp, log_stream };
        let mut extensions: Vec<External> = Vec::new();
        for program in &config.extensions {
            let mut command = Command::new(find_program(program));
            command.env_clear().envs(config.extension_environment(&at));
            let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let (process, output) = spawn(command, program, LogSource::Extension).await?;
            extensions.push(External { name, process, output });
        }
        let names = extensions.iter().map(|extension| extension.name.clone()).collect();
        let mut command = Command::new(find_program(&config.program));
        command.args(&config.args).env_clear().envs(config.environment(&at));
        if let Some(folder) = &config.current_dir {
            command.current_dir(folder);
        }
        let started = Instant::now();
        let (process, output) = spawn(command, &config.program, LogSource::Function).await?;
        let instance = Arc::new(Instance {
            api: Mutex::new(Api::new(config.slots, Extensions::new(names))),
            config,
            ids,
            record,
            output,
            open_connections: AtomicUsize::new(0),
            extension_connections: AtomicUsize::new(0),
            last_accepted: AtomicUsize::new(0),
            changed: Notify::new(),
            process,
            extensions,
            address: api,
            started,
            peak_memory_kib: AtomicU64::new(0),
            out_of_memory: AtomicBool::new(false),
            frozen: Mutex::new(false),
            ended: AtomicBool::new(false),
            tasks: Mutex::new(Vec::new()),
        });
        let tasks = [
            tokio::spawn(http::accept(listener, Arc::clone(&instance))).abort_handle(),
            tokio::spawn(read_output(Arc::clone(&instance))).abort_handle(),
            tokio::spawn(watch_memory(Arc::clone(&instance))).abort_handle(),
        ];
        instance.tasks.lock().unwrap_or_else(PoisonError::into_inner).extend(tasks);
        Ok(instance)
    }

    pub(crate) fn api(&self) -> MutexGuard<'_, Api> {
        self.api.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn ids(&self) -> MutexGuard<'_, Ids> {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From the start of the process until now.
    pub(crate) fn age(&self) -> Duration {
        self.started.elapsed()
    }

    /// Whether the process can take another event: it runs, and its extensions do.
    pub(crate) fn is_alive(&self) -> bool {
        let run = self.extensions.iter().all(|extension| extension.process.exit().is_none());
        run && self.api().extensions.failed().is_none()
            && self.process.exit().is_none()
            && !self.ended.load(Ordering::Relaxed)
    }

    /// The largest resident set when it was last looked at, in KiB.
    pub(crate) fn peak_memory_kib(&self) -> u64 {
        self.peak_memory_kib.load(Ordering::Relaxed)
    }

    /// Looks at the memory, and kills the process if it has used more than it has; says whether it did.
    pub(crate) fn enforce_memory(&self) -> bool {
        if let Some(kib) = self.process.peak_memory_kib() {
            self.peak_memory_kib.fetch_max(kib, Ordering::Relaxed);
        }
        let limit = u64::from(self.config.memory_mb) * 1024;
        if self.peak_memory_kib() <= limit {
            return false;
        }
        if !self.out_of_memory.swap(true, Ordering::Relaxed) {
            self.kill(KillReason::OutOfMemory);
        }
        true
    }

    pub(crate) fn was_out_of_memory(&self) -> bool {
        self.out_of_memory.load(Ordering::Relaxed)
    }

    /// Stops the process group until the next event, where the function is configured so and nothing is going on.
    pub(crate) fn freeze_if_idle(&self) {
        if !self.config.freeze || !self.api().is_idle() {
            return;
        }
        let mut frozen = self.frozen.lock().unwrap_or_else(PoisonError::into_inner);
        if !*frozen {
            self.signal_all(Signal::Stop);
            *frozen = true;
            self.record.step(None, What::Frozen);
        }
    }

    fn thaw(&self) {
        let mut frozen = self.frozen.lock().unwrap_or_else(PoisonError::into_inner);
        if *frozen {
            self.signal_all(Signal::Continue);
            *frozen = false;
            self.record.step(None, What::Thawed);
        }
    }

    fn signal_all(&self, signal: Signal) {
        self.process.signal_group(signal);
        for extension in &self.extensions {
            extension.process.signal_group(signal);
        }
    }

    /// Kills the process group.
    pub(crate) fn kill(&self, reason: KillReason) {
        if self.process.exit().is_none() {
            self.record.step(None, What::Killed(reason));
        }
        self.signal_all(Signal::Kill);
    }

    /// Cuts the log here: what the process wrote until now, an extension's lines behind the function's.
    pub(crate) fn cut_log(&self) -> (Vec<LogLine>, usize) {
        self.drain_output();
        self.take_log()
    }

    /// Reads what the processes wrote until now.
    pub(crate) fn drain_output(&self) {
        self.output.drain();
        for extension in &self.extensions {
            extension.output.drain();
        }
    }

    /// Takes what was read.
    pub(crate) fn take_log(&self) -> (Vec<LogLine>, usize) {
        let (mut lines, mut dropped) = self.output.take();
        let (more, lost) = self.take_extension_log();
        lines.extend(more);
        dropped += lost;
        (lines, dropped)
    }

    /// Takes what was read from the external extensions, which may write after the function is done.
    pub(crate) fn take_extension_log(&self) -> (Vec<LogLine>, usize) {
        let (mut lines, mut dropped) = (Vec::new(), 0);
        for extension in &self.extensions {
            let (more, lost) = extension.output.take();
            lines.extend(more);
            dropped += lost;
        }
        (lines, dropped)
    }

    /// Waits until the function polls for its first event.
    ///
    /// # Errors
    /// When it ends, reports an error (then it is given a while to end by itself, so that what it does after the report
    /// is in the record), or takes longer than `limit`.
    pub(crate) async fn initialized(&self, limit: Duration) -> Result<Initialized, InitError> {
        let mut limit = limit;
        let mut log_before_snapshot = None;
        let mut deadline = Instant::now() + limit;
        let mut is_reported = false;
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            {
                let api = self.api();
                if api.extensions.failed().is_some() {
                    drop(api);
                    return Err(InitError::Reported(self.extension_failure(None, None)));
                }
                if api.is_initialized() {
                    self.record.step(None, What::InitDone);
                    let restore_duration = api.restored_at.map(|restored| restored.elapsed());
                    return Ok(Initialized { restore_duration, log_before_snapshot });
                }
                if api.init_error.is_some() && !is_reported {
                    is_reported = true;
                    deadline = Instant::now() + limits::END_AFTER_INIT_ERROR;
                }
                if api.is_snapshot_ready() {
                    self.record.step(None, What::SnapshotTaken);
                    log_before_snapshot = Some(self.cut_log());
                    drop(api);
                    self.lie_in_snapshot();
                    limit = limits::RESTORE_TIMEOUT;
                    deadline = Instant::now() + limit;
                    self.api().restore();
                    self.record.step(None, What::Restored);
                    continue;
                }
            }
            tokio::select! {
                () = changed => {}
                exit = self.process.wait() => {
                    self.settle().await;
                    let reported = self.api().init_error.take();
                    return Err(reported.map_or(InitError::Exited(exit), InitError::Reported));
                }
                exit = self.extension_exits() => {
                    self.settle().await;
                    return Err(InitError::Reported(self.extension_failure(None, Some(exit))));
                }
                () = tokio::time::sleep_until(deadline.into()) => {
                    let reported = self.api().init_error.take();
                    return Err(reported.map_or(InitError::TimedOut { after: limit }, InitError::Reported));
                }
            }
        }
    }

    /// What the test wants to happen between the snapshot and the restore, while nothing of the function runs.
    fn lie_in_snapshot(&self) {
        if let Some(AtSnapshot(happens)) = &self.config.at_snapshot {
            self.signal_all(Signal::Stop);
            happens();
            self.signal_all(Signal::Continue);
        }
    }

    /// Waits until one of the external extensions ends; for ever where there is none.
    async fn extension_exits(&self) -> Exit {
        let mut exits: Vec<_> = self.extensions.iter().map(|extension| Box::pin(extension.process.wait())).collect();
        std::future::poll_fn(|context| {
            let ended = exits.iter_mut().map(|exit| exit.as_mut().poll(context)).find(std::task::Poll::is_ready);
            ended.unwrap_or(std::task::Poll::Pending)
        })
        .await
    }

    /// Hands one event to the function and waits until it is over. `limit` counts from the handing out.
    pub(crate) async fn invoke(&self, mut handout: Handout, limit: Duration) -> (End, Option<Current>) {
        let invocation_id = handout.invocation_id.clone();
        let request_id = handout.request_id.clone();
        self.thaw();
        let mut deadline = Instant::now() + limit;
        let mut waiting = true;
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if waiting {
                handout.deadline_ms = clock::epoch_millis(SystemTime::now() + limit);
                let handed_out = self.api().hand_out(&handout, &mut self.ids());
                if handed_out {
                    deadline = Instant::now() + limit;
                    self.record.step(Some(&request_id), What::EventSent { bytes: handout.event.len() });
                    waiting = false;
                }
            }
            if !waiting && self.api().is_over(&invocation_id) {
                return (End::Over, self.api().collect(&invocation_id));
            }
            if self.api().extensions.failed().is_some() {
                return (End::ExtensionEnded(None), self.api().collect(&invocation_id));
            }
            tokio::select! {
                () = changed => {}
                exit = self.process.wait() => {
                    self.settle().await;
                    return (End::Exited(exit), self.api().collect(&invocation_id));
                }
                exit = self.extension_exits() => {
                    // Whoever is killed for his memory takes his extensions with him.
                    let end = match self.was_out_of_memory() {
                        true => End::Exited(self.process.wait().await),
                        false => End::ExtensionEnded(Some(exit)),
                    };
                    self.settle().await;
                    return (end, self.api().collect(&invocation_id));
                }
                () = tokio::time::sleep_until(deadline.into()) => {
                    return (End::TimedOut, self.api().collect(&invocation_id));
                }
            }
        }
    }

    /// What the caller gets for the sake of an extension that has ended, or reported an error.
    pub(crate) fn extension_failure(&self, request_id: Option<&str>, exit: Option<Exit>) -> FunctionError {
        let error_type = self.api().extensions.failed().unwrap_or("Extension.Crash").to_owned();
        let request = request_id.map(|id| format!("RequestId: {id} ")).unwrap_or_default();
        let what = match exit {
            Some(Exit::Code(code)) => format!("exit code {code}"),
            Some(exit) => exit.to_string(),
            None => "an extension reported that it failed".to_owned(),
        };
        let body = serde_json::json!({ "errorType": error_type, "errorMessage": format!("{request}Error: {what}") });
        FunctionError::new(Bytes::from(body.to_string()), error_type)
    }

    /// After the process has ended: waits until everything that it sent has been read. Connections are accepted in
    /// their order, so once one of our own has been accepted, so have all of the process's; each of those ends when
    /// what it carried has been dealt with.
    async fn settle(&self) {
        const AT_MOST: Duration = Duration::from_millis(500);
        self.api().hang_up();
        let settled = async {
            let Ok(probe) = TcpStream::connect(self.address).await else { return };
            let Ok(ours) = probe.local_addr() else { return };
            self.until(|| self.last_accepted.load(Ordering::Relaxed) == usize::from(ours.port())).await;
            drop(probe);
            self.until(|| {
                let of_extensions = self.extension_connections.load(Ordering::Relaxed);
                self.open_connections.load(Ordering::Relaxed) <= of_extensions
            })
            .await;
        };
        let _ = tokio::time::timeout(AT_MOST, settled).await;
    }

    async fn until(&self, condition: impl Fn() -> bool) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if condition() {
                return;
            }
            changed.await;
        }
    }

    /// Ends the process, if it still runs, and everything around it. Nothing of it is left afterwards, but for
    /// processes that left its group; those stand in the record.
    pub(crate) async fn end(&self, reason: KillReason) -> Exit {
        self.kill(reason);
        let exit = self.process.wait().await;
        if self.ended.swap(true, Ordering::Relaxed) {
            return exit;
        }
        // Calls that still wait would keep their connections, and those this instance.
        {
            let mut api = self.api();
            api.hang_up();
            api.extensions.hang_up();
        }
        self.record.step(None, What::Exited(exit));
        for extension in &self.extensions {
            self.record.step(None, What::Exited(extension.process.wait().await));
            extension.output.drain_after_exit().await;
        }
        if !self.output.drain_after_exit().await {
            let found = sys::processes_with_runtime_api(&self.address.to_string());
            let escaped = if found.is_empty() { vec![None] } else { found.into_iter().map(Some).collect() };
            for pid in escaped {
                self.record.step(None, What::Escaped { pid });
            }
        }
        for task in self.tasks.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            task.abort();
        }
        exit
    }

    /// Ends the process as Lambda does with an environment that it no longer needs, or that has failed during an
    /// invocation: at once when no extension is registered, else with SIGTERM and, for external extensions, a SHUTDOWN
    /// event. Nobody has longer than the shutdown window.
    ///
    /// Source: "Failure during the invoke phase" and "Shutdown phase" on
    /// <https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html>; the order is RAPID's.
    pub(crate) async fn shut_down(&self, reason: ShutdownReason) -> Exit {
        let kill_reason = match reason {
            ShutdownReason::Spindown => KillReason::Shutdown,
            ShutdownReason::Timeout => KillReason::Timeout,
            ShutdownReason::Failure => KillReason::Reset,
        };
        self.thaw();
        let (any, external) = {
            let api = self.api();
            (api.extensions.any(), api.extensions.any_external())
        };
        if any && !self.ended.load(Ordering::Relaxed) {
            let window = if external { limits::SHUTDOWN_WINDOW_EXTERNAL } else { limits::SHUTDOWN_WINDOW_INTERNAL };
            let deadline = Instant::now() + window;
            let share = if external { window * limits::SHUTDOWN_RUNTIME_SHARE_PERCENT / 100 } else { window };
            self.end_runtime(share, kill_reason).await;
            self.end_extensions(reason, deadline).await;
        }
        self.end(kill_reason).await
    }

    /// Asks the runtime to end, and kills it when it has not within its share of the shutdown window.
    async fn end_runtime(&self, share: Duration, kill_reason: KillReason) {
        if self.process.exit().is_some() {
            return;
        }
        self.record.step(None, What::ShutdownSent { to: "runtime".to_owned() });
        self.process.signal(Signal::Terminate);
        if tokio::time::timeout(share, self.process.wait()).await.is_err() {
            self.record.step(None, What::Killed(kill_reason));
            self.process.signal_group(Signal::Kill);
            self.process.wait().await;
        }
    }

    /// Tells the external extensions that want to know, and waits for those; the others are killed.
    async fn end_extensions(&self, reason: ShutdownReason, deadline: Instant) {
        let left = deadline.saturating_duration_since(Instant::now());
        let deadline_ms = clock::epoch_millis(SystemTime::now() + left);
        let told = self.api().extensions.shut_down(reason, deadline_ms, &mut self.ids());
        for to in told {
            self.record.step(None, What::ShutdownSent { to });
        }
        let all_end = async {
            for extension in &self.extensions {
                let waits = self.api().extensions.wants_shutdown(&extension.name);
                if !waits {
                    extension.process.signal_group(Signal::Kill);
                }
                extension.process.wait().await;
            }
        };
        let _ = tokio::time::timeout_at(deadline.into(), all_end).await;
    }
}

async fn spawn(mut command: Command, program: &Path, source: LogSource) -> io::Result<(Process, Output)> {
    let output = Output::capture(&mut command, source)?;
    match Process::spawn(command).await {
        Ok(process) => Ok((process, output)),
        Err(error) => Err(io::Error::new(error.kind(), format!("{}: {error}", program.display()))),
    }
}

/// Reads the output also when nobody makes a call, so that a full pipe never blocks the function.
async fn read_output(instance: Arc<Instance>) {
    let extensions = instance.extensions.iter().map(|extension| extension.output.drain_to_end());
    let mut all: Vec<_> =
        extensions.map(|end| Box::pin(end) as std::pin::Pin<Box<dyn Future<Output = ()> + Send + '_>>).collect();
    all.push(Box::pin(instance.output.drain_to_end()));
    std::future::poll_fn(|context| {
        all.retain_mut(|end| end.as_mut().poll(context).is_pending());
        if all.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
}

async fn watch_memory(instance: Arc<Instance>) {
    while instance.is_alive() && !instance.enforce_memory() {
        tokio::time::sleep(sys::MEMORY_POLL).await;
    }
}
