//! The server: one thread for each connection, on loopback only, and the `match` that says what is at which path.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context as _, anyhow};

use super::api::{self, Api};
use super::guard;
use super::http::{Request, Response, Status};
use super::live::{Listener, Live, Now};
use super::page::{self, ASSETS};
use crate::site::{File, Place};
use crate::text::{escape_html, percent_decode};

/// Tried first, so that the address, and what the browser keeps for it, stays the same from day to day.
const USUAL_PORT: u16 = 3773;

/// A browser opens six; the rest is for many windows and an occasional script.
const MOST_CONNECTIONS: usize = 128;

/// For a client that is slow to ask, or to take its answer.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) fn bind(port: Option<u16>) -> anyhow::Result<TcpListener> {
    let bind = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    match port {
        Some(port) => bind(port).map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => {
                anyhow!("port {port} is taken: name another with --port, or none for a free one")
            }
            _ => anyhow!(error).context(format!("failed to listen on port {port} of 127.0.0.1")),
        }),
        None => bind(USUAL_PORT).or_else(|_| bind(0)).context("failed to listen on 127.0.0.1"),
    }
}

pub(super) fn start(listener: TcpListener, port: u16, live: Arc<Live>, api: Option<Api>) {
    let api = Arc::new(api);
    let open = Arc::new(AtomicUsize::new(0));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(stream) = stream else {
                std::thread::sleep(Duration::from_millis(50)); // out of file descriptors, most likely
                continue;
            };
            let (live, api, open) = (Arc::clone(&live), Arc::clone(&api), Arc::clone(&open));
            if open.fetch_add(1, Ordering::Relaxed) >= MOST_CONNECTIONS {
                open.fetch_sub(1, Ordering::Relaxed);
                continue; // closed without an answer; a browser asks again
            }
            std::thread::spawn(move || {
                // A reader who goes away in the middle is no error.
                let _ = answer(&stream, port, &live, api.as_ref().as_ref()).and_then(|()| hang_up(&stream));
                open.fetch_sub(1, Ordering::Relaxed);
            });
        }
    });
}

/// Closing a connection on which something is still unread would tear the answer from the reader's hands.
fn hang_up(mut stream: &TcpStream) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    stream.set_read_timeout(Some(Duration::from_millis(500)))?;
    let mut rest = [0; 4096];
    for _ in 0..64 {
        if stream.read(&mut rest)? == 0 {
            break;
        }
    }
    Ok(())
}

fn answer(mut stream: &TcpStream, port: u16, live: &Live, api: Option<&Api>) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    let Some(request) = Request::read(&mut stream)? else {
        return Response::text(Status::BadRequest, "this is no HTTP request that the server understands")
            .write(&mut stream, true);
    };
    if let Some(refusal) = guard::refusal(&request, port) {
        return refusal.write(&mut stream, request.method != "HEAD");
    }
    match (request.method.as_str(), request.path()) {
        ("GET", "/-/events") => tell(stream, live, Listener::Page),
        (_, path) if path.starts_with(api::PREFIX) => match api {
            Some(api) => match api.answer(&request, &mut stream)? {
                api::Answer::Once(response) => response.write(&mut stream, true),
                api::Answer::Events => tell(stream, live, Listener::Trusted),
            },
            None => Response::text(Status::NotFound, "this book is only read: `cargo xtask serve` can check as well")
                .write(&mut stream, true),
        },
        ("GET" | "HEAD", path) => look_up(&live.now(), path).write(&mut stream, request.method == "GET"),
        _ => {
            let mut response = Response::text(Status::MethodNotAllowed, "the book is only read: use GET");
            response.extra.push(("Allow", "GET, HEAD".to_owned()));
            response.write(&mut stream, true)
        }
    }
}

fn tell(mut stream: &TcpStream, live: &Live, listener: Listener) -> io::Result<()> {
    let head = Response::new(Status::Ok, "text/event-stream", "").head(None);
    stream.write_all(head.as_bytes())?;
    live.tell(&mut stream, listener)
}

fn look_up(now: &Now, path: &str) -> Response {
    if let Some((_, content_type, content)) = ASSETS.iter().find(|(asset, ..)| *asset == path) {
        return Response::new(Status::Ok, content_type, *content);
    }
    let Some(site) = &now.site else {
        return no_book(now.error.as_deref().unwrap_or("the book is being built for the first time"));
    };
    match site.find(&percent_decode(path)) {
        Place::File(file) => {
            let mut response = page(Status::Ok, file, now);
            // Without JavaScript, a page has its contents in a frame.
            response.framed = path.ends_with("/toc.html");
            response
        }
        Place::Folder => {
            let mut response = Response::text(Status::MovedPermanently, "the page is a folder");
            response.extra.push(("Location", format!("{path}/")));
            response
        }
        Place::Nowhere => match site.find("/404.html") {
            Place::File(file) => page(Status::NotFound, file, now),
            _ => Response::text(Status::NotFound, "there is no such page in the book"),
        },
    }
}

fn page(status: Status, file: &File, now: &Now) -> Response {
    let mut response = Response::new(status, file.content_type, file.bytes.as_slice());
    response.scripts.clone_from(&file.scripts);
    if file.content_type.starts_with("text/html") {
        page::add_live_parts(&mut response.body, &now.build);
    }
    response
}

/// The page while there is no book at all.
fn no_book(words: &str) -> Response {
    let html = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>The book could not be built</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"></head>\
         <body style=\"font-family: system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem\">\
         <h1>The book could not be built</h1><pre style=\"white-space: pre-wrap\">{}</pre>\
         <p>Mend it and save: this page renews itself.</p>\
         {}</body></html>",
        escape_html(words),
        page::script("")
    );
    Response::new(Status::ServiceUnavailable, "text/html; charset=utf-8", html)
}
