//! Who makes a function's environments go on: a caller that waits, or a thread of its own.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};

/// Drives one function's environments.
///
/// Whoever waits for an outcome drives them on his own thread, which saves two changes of thread per invocation, about
/// a quarter of the time that the service itself takes. A thread of the driver's own takes over when nobody has waited
/// for a moment, so that output is read and late calls are answered between invocations too.
pub(crate) struct Driver {
    inner: Arc<Inner>,
    thread: Option<JoinHandle<()>>,
}

struct Inner {
    tokio: tokio::runtime::Runtime,
    /// How many callers wait, and so drive.
    waiting: AtomicUsize,
    /// Tells the driver's own thread to let a caller drive, or to stop.
    make_way: Notify,
    stopping: AtomicBool,
}

/// How long the driver's own thread leaves the driving to callers that may come back.
const CALLERS_MAY_COME_BACK: Duration = Duration::from_millis(3);

impl Driver {
    /// A driver with its thread.
    ///
    /// # Panics
    /// When the system gives this process no thread, socket or pipe any more.
    pub(crate) fn start() -> Driver {
        let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let inner = Arc::new(Inner {
            tokio: tokio.expect("the system gives this process no more sockets"),
            waiting: AtomicUsize::new(0),
            make_way: Notify::new(),
            stopping: AtomicBool::new(false),
        });
        let driver = Arc::clone(&inner);
        let thread = thread::Builder::new().name("local-lambda".to_owned()).spawn(move || driver.drive_when_idle());
        Driver { inner, thread: Some(thread.expect("the system gives this process no more threads")) }
    }

    /// Begins a task; what it gives can be waited for.
    pub(crate) fn begin<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> oneshot::Receiver<T> {
        let (sender, receiver) = oneshot::channel();
        self.inner.tokio.spawn(async move {
            let _ = sender.send(task.await);
        });
        receiver
    }

    /// Waits for a task; nothing when it failed.
    pub(crate) fn wait<T: Send + 'static>(&self, receiver: oneshot::Receiver<T>) -> Option<T> {
        self.inner.wait(receiver)
    }

    /// Runs a task to its end.
    pub(crate) fn run<T: Send + 'static>(&self, task: impl Future<Output = T> + Send + 'static) -> Option<T> {
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

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").finish_non_exhaustive()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.inner.stopping.store(true, Ordering::SeqCst);
        self.inner.make_way.notify_one();
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}
