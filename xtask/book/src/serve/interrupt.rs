//! Ctrl-C and its kin: noticed between two looks at the sources, so that the temporary book is removed. A second one
//! ends the process at once.

use std::sync::atomic::{AtomicBool, Ordering};

static CAME: AtomicBool = AtomicBool::new(false);

pub(super) fn came() -> bool {
    CAME.load(Ordering::Relaxed)
}

#[cfg(unix)]
#[expect(unsafe_code, reason = "std cannot hear signals")]
pub(super) fn listen() {
    extern "C" fn note(signal: libc::c_int) {
        CAME.store(true, Ordering::Relaxed);
        // SAFETY: `signal` may be called in a handler, and the default action needs no handler of ours.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
        // SAFETY: the handler only stores to an atomic and calls `signal`, both allowed in a handler.
        unsafe { libc::signal(signal, note as *const () as libc::sighandler_t) };
    }
}

#[cfg(not(unix))]
pub(super) fn listen() {}
