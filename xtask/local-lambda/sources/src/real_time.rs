//! A world's clock bound to real time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::core::{Core, Until, later};

/// The longest that the clock stands still when nothing is due: `World::now` is never further behind.
const TICK: Duration = Duration::from_millis(20);

/// The clock of a world follows real time until this is dropped. Made by [`World::follow_real_time`].
///
/// [`World::follow_real_time`]: crate::World::follow_real_time
#[derive(Debug)]
pub struct RealTime {
    core: Arc<Core>,
    stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl RealTime {
    #[track_caller]
    pub(crate) fn start(core: &Arc<Core>, speed: f64) -> RealTime {
        assert!(speed.is_finite() && speed > 0.0, "a clock cannot go at a speed of {speed}");
        assert!(!core.is_bound_to_real_time(), "the world follows real time already");
        core.set_bound_to_real_time(true);
        let stopping = Arc::new(AtomicBool::new(false));
        let (begun, virtual_begin) = (Instant::now(), core.now());
        let follower = (Arc::clone(core), Arc::clone(&stopping));
        let thread = thread::Builder::new().name("virtual clock".to_owned()).spawn(move || {
            let (core, stopping) = follower;
            while !stopping.load(Ordering::SeqCst) {
                let now = later(virtual_begin, begun.elapsed().mul_f64(speed));
                core.drive(Until::Time(now));
                core.wait_for_change(core.changes(), until_next(&core, now, speed));
            }
        });
        RealTime { core: Arc::clone(core), stopping, thread: Some(thread.expect("the system gives no more threads")) }
    }
}

/// How long to wait in real time until something is due.
fn until_next(core: &Core, now: Timestamp, speed: f64) -> Duration {
    let due =
        core.next_at().map_or(TICK, |at| Duration::try_from(at.duration_since(now)).unwrap_or_default().div_f64(speed));
    due.clamp(Duration::from_micros(100), TICK)
}

impl Drop for RealTime {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.core.ring();
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            self.core.set_bound_to_real_time(false);
            // A closure that panicked in the clock's thread is a failed test.
            if let (Err(panic), false) = (ended, thread::panicking()) {
                std::panic::resume_unwind(panic);
            }
        }
    }
}
