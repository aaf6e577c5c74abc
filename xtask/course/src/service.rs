//! A service on a loopback port that a check plays for the function under test.

use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How long a conversation may stand still before a read or write fails: longer than any timeout of a check.
const PATIENCE: Duration = Duration::from_secs(20);

/// Listens until it is dropped; then its connections are cut and its threads have ended.
#[derive(Debug)]
pub struct Service {
    address: SocketAddr,
    ends: Arc<AtomicBool>,
    connections: Arc<Mutex<Vec<TcpStream>>>,
    listener: Option<JoinHandle<()>>,
}

impl Service {
    /// Starts it. Each connection is served on a thread of its own, and cut when `serve` returns.
    ///
    /// # Panics
    /// When the system gives this process no port any more.
    #[must_use]
    pub fn start(serve: impl Fn(&TcpStream) + Send + Sync + 'static) -> Service {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port of this machine");
        let address = listener.local_addr().expect("the address of a listener");
        let (ends, connections) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let (its_end, its_connections) = (Arc::clone(&ends), Arc::clone(&connections));
        let listen = move || {
            thread::scope(|scope| {
                while let Ok((stream, _)) = listener.accept() {
                    if its_end.load(Ordering::SeqCst) {
                        break;
                    }
                    let Ok(watched) = prepare(&stream) else { continue };
                    its_connections.lock().unwrap_or_else(PoisonError::into_inner).push(watched);
                    let serve = &serve;
                    scope.spawn(move || {
                        serve(&stream);
                        let _ = stream.shutdown(Shutdown::Both);
                    });
                }
            });
        };
        Service { address, ends, connections, listener: Some(thread::spawn(listen)) }
    }

    /// Where it listens: `127.0.0.1:40123`.
    #[must_use]
    pub fn address(&self) -> String {
        self.address.to_string()
    }
}

fn prepare(stream: &TcpStream) -> io::Result<TcpStream> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.try_clone()
}

impl Drop for Service {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        for connection in self.connections.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let _ = connection.shutdown(Shutdown::Both);
        }
        // Only a connection wakes `accept`.
        let woken = TcpStream::connect(self.address);
        if let (Ok(_), Some(listener)) = (woken, self.listener.take()) {
            let _ = listener.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};

    use super::*;

    #[test]
    fn it_serves_several_connections_at_once() {
        let service = Service::start(|stream| {
            let mut line = String::new();
            let _ = BufReader::new(stream).read_line(&mut line);
            let _ = { stream }.write_all(line.to_uppercase().as_bytes());
        });
        let connect = || TcpStream::connect(service.address()).expect("a connection");
        let (mut first, mut second) = (connect(), connect());
        for (stream, word) in [(&mut second, "two\n"), (&mut first, "one\n")] {
            stream.write_all(word.as_bytes()).expect("it reads");
            let mut answer = String::new();
            stream.read_to_string(&mut answer).expect("it answers and ends");
            assert_eq!(answer, word.to_uppercase());
        }
    }

    #[test]
    fn dropping_it_ends_a_conversation_that_waits() {
        let service = Service::start(|stream| {
            let _ = { stream }.read(&mut [0; 8]);
        });
        let mut stream = TcpStream::connect(service.address()).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        drop(service);
        assert_eq!(stream.read(&mut [0; 8]).unwrap_or(0), 0, "the connection is cut");
    }
}
