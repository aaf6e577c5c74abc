//! The threads behind all services of this process.

use std::future::Future;
use std::sync::{OnceLock, mpsc};

use tokio::runtime::{Builder, Handle, Runtime};

fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        let built = Builder::new_multi_thread().worker_threads(2).thread_name("local-aws").enable_all().build();
        built.unwrap_or_else(|error| panic!("the system gives no threads any more: {error}"))
    })
}

/// Where tasks run.
pub(crate) fn handle() -> &'static Handle {
    runtime().handle()
}

/// Waits for a future, from any thread, also from inside an async runtime.
///
/// # Panics
/// When the future does.
pub(crate) fn wait_for<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> T {
    let (sender, receiver) = mpsc::channel();
    handle().spawn(async move {
        // Nobody is left to be told only when the thread that waits is gone.
        let _ = sender.send(future.await);
    });
    receiver.recv().expect("a call of the test's own panicked; the message is above")
}
