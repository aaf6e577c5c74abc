//! A connection of a runtime client: one that acknowledges at once, and that can be asked whether its peer has hung up.
//!
//! Runtime clients do not switch off Nagle's algorithm, so a small piece of a stream waits in the client until the
//! piece before it has been acknowledged, and a receiver may take 40 ms over that. Lambda's own socket shows no such
//! pause; ours would show it as pieces that arrive together.

use std::io;
use std::os::fd::AsFd;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::sys;

/// A TCP connection that asks the system, after each read, not to delay the acknowledgement. (On Linux; elsewhere it is
/// a plain connection.)
#[derive(Debug, Clone)]
pub(crate) struct Line {
    stream: Arc<TcpStream>,
    is_extensions: Arc<AtomicBool>,
}

impl Line {
    pub(crate) fn new(stream: TcpStream) -> Line {
        // Both options only save time: a system that refuses them is none the worse.
        let _ = stream.set_nodelay(true);
        let line = Line { stream: Arc::new(stream), is_extensions: Arc::default() };
        line.acknowledge_at_once();
        line
    }

    fn acknowledge_at_once(&self) {
        // The option holds until the system thinks better of it, so it is set anew each time.
        #[cfg(target_os = "linux")]
        let _ = self.stream.set_quickack(true);
    }

    /// Notes that an external extension is at the other end; says whether that is news.
    pub(crate) fn belongs_to_extension(&self) -> bool {
        !self.is_extensions.swap(true, Ordering::Relaxed)
    }

    /// Whether an external extension is at the other end.
    pub(crate) fn is_extensions(&self) -> bool {
        self.is_extensions.load(Ordering::Relaxed)
    }

    /// Whether the peer has closed its side, or the connection is broken.
    pub(crate) fn has_hung_up(&self) -> bool {
        sys::is_at_end(self.stream.as_fd())
    }
}

impl AsyncRead for Line {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.stream.poll_read_ready(context))?;
            match self.stream.try_read(buffer.initialize_unfilled()) {
                Ok(count) => {
                    buffer.advance(count);
                    self.acknowledge_at_once();
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl Line {
    fn poll_write_with(
        &self,
        context: &mut Context<'_>,
        write: impl Fn(&TcpStream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.stream.poll_write_ready(context))?;
            match write(&self.stream) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return Poll::Ready(result),
            }
        }
    }
}

impl AsyncWrite for Line {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_with(context, |stream| stream.try_write(buffer))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_with(context, |stream| stream.try_write_vectored(buffers))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// The connection is closed when the last handle to it is dropped, which follows at once.
    fn poll_shutdown(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
