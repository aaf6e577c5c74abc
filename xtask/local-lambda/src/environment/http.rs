//! The socket of one instance: reads calls, asks the state, writes answers.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpListener;

use super::api::{Answer, AnswerKind, Poll, Refusal};
use super::instance::Instance;
use super::line::Line;
use super::stream_reader::StreamReader;
use crate::config::{ACCESS_KEY_ID, CREDENTIALS_TOKEN, SECRET_ACCESS_KEY, SESSION_TOKEN};
use crate::limits;
use crate::outcome::{FunctionError, Response as FunctionResponse, StreamError, StreamErrorForm};
use crate::transcript::{Violation, ViolationKind, What};
use crate::wire::header;
use crate::wire::reply::{Reply, recorded_error_type};
use crate::wire::route::{NoRoute, Route};
use crate::wire::stream::decode_base64;

/// More connections than this at once are hung up on: Lambda gives a function 1,024 file descriptors in all.
const CONNECTIONS_AT_ONCE: usize = 1_024;

/// How much of a connection's bytes is held at once: room for the headers of any client.
const READ_BUFFER_BYTES: usize = 64 * 1024;

/// Error bodies, registrations and the like are read up to this many bytes; the rest is thrown away.
const SMALL_BODY_BYTES: usize = 1024 * 1024;

/// Accepts connections for as long as the instance lives.
pub(crate) async fn accept(listener: TcpListener, instance: Arc<Instance>) {
    loop {
        let Ok((stream, peer)) = listener.accept().await else {
            // A connection that was gone before it was accepted, or a lack of descriptors: then others must go first.
            tokio::time::sleep(Duration::from_millis(5)).await;
            continue;
        };
        let open = instance.open_connections.fetch_add(1, Ordering::Relaxed);
        instance.last_accepted.store(usize::from(peer.port()), Ordering::Relaxed);
        instance.changed.notify_waiters();
        let instance = Arc::clone(&instance);
        tokio::spawn(async move {
            let line = Line::new(stream);
            if open < CONNECTIONS_AT_ONCE {
                serve(line.clone(), &instance).await;
            }
            if line.is_extensions() {
                instance.extension_connections.fetch_sub(1, Ordering::Relaxed);
            }
            instance.open_connections.fetch_sub(1, Ordering::Relaxed);
            instance.changed.notify_waiters();
        });
    }
}

async fn serve(line: Line, instance: &Arc<Instance>) {
    let service = service_fn(|request| answer(Arc::clone(instance), line.clone(), request));
    // A client may send its answer and be gone: that answer counts.
    let mut builder = http1::Builder::new();
    builder.half_close(true).max_buf_size(READ_BUFFER_BYTES);
    let connection = builder.serve_connection(TokioIo::new(line.clone()), service);
    if let Err(error) = connection.await
        && (error.is_parse() || error.is_incomplete_message())
    {
        let detail = format!("bytes that are not HTTP/1.1: {error}");
        instance.record.violation(Violation { kind: ViolationKind::MalformedHttp, detail, status: 400 });
    }
}

async fn answer(
    instance: Arc<Instance>,
    line: Line,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let mut body = Body { incoming: body, read: 0 };
    let (request_id, reply) = match Route::parse(&parts.method, parts.uri.path()) {
        Ok(route) => dispatch(&instance, &line, route, &parts, &mut body).await,
        Err(no_route) => (None, unknown_call(&instance, &parts, no_route)),
    };
    let what = What::Call {
        method: parts.method.to_string(),
        path: parts.uri.path_and_query().map(|path| clip(path.as_str())).unwrap_or_default(),
        status: reply.status.as_u16(),
        bytes: body.read,
    };
    // A refused answer carries the id of a request that may never have been.
    let request_id = request_id.filter(|_| reply.status.is_success());
    instance.record.step(request_id.as_deref(), what);
    Ok(reply.into())
}

/// The beginning of a text that a stranger may have made long.
fn clip(text: &str) -> String {
    text.chars().take(200).collect()
}

fn unknown_call(instance: &Instance, parts: &Parts, no_route: NoRoute) -> Reply {
    let reply = match no_route {
        NoRoute::UnknownPath => Reply::text(StatusCode::NOT_FOUND, "404 page not found\n"),
        NoRoute::WrongMethod => Reply::text(StatusCode::METHOD_NOT_ALLOWED, ""),
    };
    let detail = format!("{} {}", clip(parts.method.as_str()), clip(parts.uri.path()));
    let violation = Violation { kind: ViolationKind::UnknownCall, detail, status: reply.status.as_u16() };
    instance.record.violation(violation);
    reply
}

/// Answers a call; with the id of the request that it is about, where it is about one.
async fn dispatch(
    instance: &Instance,
    line: &Line,
    route: Route,
    parts: &Parts,
    body: &mut Body,
) -> (Option<String>, Reply) {
    let headers = &parts.headers;
    match route {
        Route::Ping => (None, Reply::text(StatusCode::OK, "pong")),
        Route::Next => next(instance, line).await,
        Route::Response { request_id } => {
            let reply = respond(instance, &request_id, headers, body).await;
            (Some(request_id), reply)
        }
        Route::Error { request_id } => {
            let reply = report_error(instance, &request_id, headers, body).await;
            (Some(request_id), reply)
        }
        Route::InitError => {
            let error = function_error(headers, body).await;
            let result = instance.api().init_failed(error).map(|()| Reply::accepted());
            (None, settle(instance, result))
        }
        Route::RestoreNext if !instance.config.snap_start => {
            (None, unknown_call(instance, parts, NoRoute::UnknownPath))
        }
        Route::RestoreNext => {
            instance.drain_output();
            let waiting = instance.api().restore_next();
            instance.changed.notify_waiters();
            match waiting {
                Ok(waiting) => (None, waiting.await.unwrap_or_else(|_| shutting_down())),
                Err(refusal) => (None, settle(instance, Err(refusal))),
            }
        }
        Route::RestoreError => {
            let error = function_error(headers, body).await;
            let result = instance.api().restore_failed(error).map(|()| Reply::accepted());
            (None, settle(instance, result))
        }
        Route::Credentials => (None, credentials(headers)),
        Route::Register => {
            note_extension(instance, line, headers);
            (None, register(instance, headers, body).await)
        }
        Route::ExtensionNext => {
            instance.drain_output();
            note_extension(instance, line, headers);
            let id = text(headers, header::EXTENSION_ID);
            let waiting = instance.api().extensions.next(id, &mut instance.ids());
            instance.changed.notify_waiters();
            instance.freeze_if_idle();
            match waiting {
                Ok((waiting, told)) => {
                    if let Some(to) = told {
                        instance.record.step(None, What::ShutdownSent { to });
                    }
                    (None, waiting.await.unwrap_or_else(|_| shutting_down()))
                }
                Err(refused) => (None, refuse_extension(instance, refused)),
            }
        }
        Route::ExtensionInitError => (None, extension_error(instance, headers, true)),
        Route::ExtensionExitError => (None, extension_error(instance, headers, false)),
        Route::Logs => (None, Reply::not_supported("Logs.NotSupported", "Logs API is not supported")),
        Route::Telemetry => (None, Reply::not_supported("Telemetry.NotSupported", "Telemetry API is not supported")),
    }
}

/// What a call that waits is answered when its environment goes away first. The process is dead by then.
fn shutting_down() -> Reply {
    Reply::text(StatusCode::INTERNAL_SERVER_ERROR, "the environment is shutting down")
}

/// The reply of a call, with its refusal in the record.
fn settle(instance: &Instance, result: Result<Reply, Refusal>) -> Reply {
    instance.changed.notify_waiters();
    result.unwrap_or_else(|refusal| {
        instance.record.violation(refusal.violation());
        refusal.reply
    })
}

async fn next(instance: &Instance, line: &Line) -> (Option<String>, Reply) {
    // What was written before this call is in the pipe now.
    instance.drain_output();
    let line = line.clone();
    let polled = instance.api().next(move || line.has_hung_up(), || instance.take_log());
    instance.changed.notify_waiters();
    let reply = match polled {
        Err(refusal) => return (None, settle(instance, Err(refusal))),
        Ok((poll, note)) => {
            if let Some(note) = note {
                instance.record.violation(note.violation());
            }
            instance.freeze_if_idle();
            match poll {
                Poll::Now(reply) => reply,
                Poll::Park(waiting) => waiting.await.unwrap_or_else(|_| shutting_down()),
            }
        }
    };
    let request_id = reply.headers.iter().find(|(name, _)| *name == header::REQUEST_ID).map(|(_, id)| id.clone());
    (request_id, reply)
}

async fn respond(instance: &Instance, request_id: &str, headers: &HeaderMap, body: &mut Body) -> Reply {
    if instance.enforce_memory() {
        return shutting_down();
    }
    let invocation_id = text(headers, header::INVOCATION_ID);
    let begun = instance.api().begin_answer(AnswerKind::Response, request_id, invocation_id);
    if let Err(refusal) = begun {
        body.discard().await;
        return settle(instance, Err(refusal));
    }
    let content_type = text(headers, CONTENT_TYPE.as_str()).map(str::to_owned);
    let (answer, reply) = match text(headers, header::RESPONSE_MODE) {
        None | Some("") => buffered(instance, content_type, body).await,
        Some(mode) if mode.eq_ignore_ascii_case("streaming") => {
            streamed(instance, request_id, content_type, body).await
        }
        Some(mode) => {
            let detail = format!("response mode {:?}", clip(mode));
            instance.api().spoil_answer(request_id);
            let reply = Reply::invalid_response_mode();
            violate(instance, ViolationKind::InvalidResponseMode, detail, &reply);
            body.discard().await;
            instance.changed.notify_waiters();
            return reply;
        }
    };
    instance.api().finish_answer(request_id, answer, || instance.cut_log());
    instance.changed.notify_waiters();
    reply
}

fn violate(instance: &Instance, kind: ViolationKind, detail: String, reply: &Reply) {
    let violation = Violation { kind, detail, status: reply.status.as_u16() };
    instance.record.violation(violation);
}

async fn buffered(instance: &Instance, content_type: Option<String>, body: &mut Body) -> (Answer, Reply) {
    match body.collect(limits::RESPONSE_BYTES).await {
        Collected::Whole(bytes) => {
            (Answer::Response(FunctionResponse { body: bytes, content_type, streamed: None }), Reply::accepted())
        }
        Collected::TooLarge => {
            let (bytes, limit) = (body.read, limits::RESPONSE_BYTES);
            let reply = Reply::too_large();
            violate(instance, ViolationKind::ResponseTooLarge, format!("{bytes} bytes"), &reply);
            (Answer::TooLarge { bytes, limit }, reply)
        }
        Collected::BrokenOff => {
            let reply = Reply::truncated();
            let detail = format!("the response broke off after {} bytes", body.read);
            violate(instance, ViolationKind::Truncated, detail, &reply);
            (Answer::Truncated, reply)
        }
    }
}

async fn streamed(
    instance: &Instance,
    request_id: &str,
    content_type: Option<String>,
    body: &mut Body,
) -> (Answer, Reply) {
    let sent_at = instance.api().sent_at(request_id).unwrap_or_else(std::time::Instant::now);
    let mut reader = StreamReader::new(sent_at);
    loop {
        match body.frame().await {
            Frame::Data(bytes) => {
                if !reader.push(bytes) {
                    let reply = Reply::too_large();
                    let (bytes, limit) = (reader.len(), limits::STREAMED_RESPONSE_BYTES);
                    violate(instance, ViolationKind::ResponseTooLarge, format!("{bytes} bytes"), &reply);
                    body.discard().await;
                    return (Answer::TooLarge { bytes, limit }, reply);
                }
            }
            Frame::Trailers(trailers) => {
                let error = text(&trailers, header::FUNCTION_ERROR_TYPE).map(|error_type| {
                    let encoded = text(&trailers, header::FUNCTION_ERROR_BODY).unwrap_or_default();
                    let body = decode_base64(encoded).unwrap_or_else(|| Bytes::copy_from_slice(encoded.as_bytes()));
                    StreamError { error_type: error_type.to_owned(), body, sent_as: StreamErrorForm::Trailers }
                });
                return (Answer::Response(reader.finish(content_type, error)), Reply::accepted());
            }
            Frame::End => return (Answer::Response(reader.finish(content_type, None)), Reply::accepted()),
            Frame::BrokenOff => {
                let reply = Reply::truncated();
                let detail = format!("the stream broke off after {} bytes", body.read);
                violate(instance, ViolationKind::Truncated, detail, &reply);
                let error = StreamError {
                    error_type: "Runtime.TruncatedResponse".to_owned(),
                    body: Bytes::new(),
                    sent_as: StreamErrorForm::BrokenOff,
                };
                return (Answer::Response(reader.finish(content_type, Some(error))), reply);
            }
        }
    }
}

async fn report_error(instance: &Instance, request_id: &str, headers: &HeaderMap, body: &mut Body) -> Reply {
    if instance.enforce_memory() {
        return shutting_down();
    }
    let invocation_id = text(headers, header::INVOCATION_ID);
    let begun = instance.api().begin_answer(AnswerKind::Error, request_id, invocation_id);
    if let Err(refusal) = begun {
        body.discard().await;
        return settle(instance, Err(refusal));
    }
    let error = function_error(headers, body).await;
    instance.api().finish_answer(request_id, Answer::Error(error), || instance.cut_log());
    instance.changed.notify_waiters();
    Reply::accepted()
}

/// The error that was posted. One with an X-Ray cause carries the three fields of an error and more; the caller gets
/// the three.
async fn function_error(headers: &HeaderMap, body: &mut Body) -> FunctionError {
    const WITH_CAUSE: &str = "application/vnd.aws.lambda.error.cause+json";
    let mut bytes = match body.collect(SMALL_BODY_BYTES).await {
        Collected::Whole(bytes) => bytes,
        Collected::TooLarge | Collected::BrokenOff => Bytes::new(),
    };
    if text(headers, CONTENT_TYPE.as_str()) == Some(WITH_CAUSE)
        && let Ok(value) = serde_json::from_slice::<serde_json::Value>(&bytes)
    {
        let kept = json!({
            "errorMessage": value["errorMessage"], "errorType": value["errorType"], "stackTrace": value["stackTrace"],
        });
        bytes = kept.to_string().into();
    }
    FunctionError::new(bytes, recorded_error_type(text(headers, header::FUNCTION_ERROR_TYPE)))
}

fn credentials(headers: &HeaderMap) -> Reply {
    if text(headers, AUTHORIZATION.as_str()) != Some(CREDENTIALS_TOKEN) {
        return Reply::text(StatusCode::NOT_FOUND, "cannot get credentials for the provided token\n");
    }
    let body = json!({
        "AccessKeyId": ACCESS_KEY_ID,
        "SecretAccessKey": SECRET_ACCESS_KEY,
        "Token": SESSION_TOKEN,
        "Expiration": "2099-01-01T00:00:00Z",
    });
    Reply::json(StatusCode::OK, &body)
}

/// The connection of an external extension outlives the runtime.
fn note_extension(instance: &Instance, line: &Line, headers: &HeaderMap) {
    let (name, id) = (text(headers, header::EXTENSION_NAME), text(headers, header::EXTENSION_ID));
    if instance.api().extensions.is_external(name, id) && line.belongs_to_extension() {
        instance.extension_connections.fetch_add(1, Ordering::Relaxed);
        instance.changed.notify_waiters();
    }
}

async fn register(instance: &Instance, headers: &HeaderMap, body: &mut Body) -> Reply {
    let bytes = match body.collect(SMALL_BODY_BYTES).await {
        Collected::Whole(bytes) => bytes,
        Collected::TooLarge | Collected::BrokenOff => Bytes::new(),
    };
    let wants_account = text(headers, header::EXTENSION_ACCEPT_FEATURE)
        .is_some_and(|features| features.split(',').any(|feature| feature.trim() == "accountId"));
    let config = &instance.config;
    let mut function =
        json!({ "functionName": config.name, "functionVersion": config.version, "handler": "bootstrap" });
    if wants_account {
        function["accountId"] = json!(config.account);
    }
    let registered = {
        let mut api = instance.api();
        let initialized = api.is_initialized();
        let name = text(headers, header::EXTENSION_NAME);
        api.extensions.register(name, &bytes, initialized, &mut instance.ids(), &function)
    };
    registered.unwrap_or_else(|refused| refuse_extension(instance, refused))
}

fn extension_error(instance: &Instance, headers: &HeaderMap, at_init: bool) -> Reply {
    let id = text(headers, header::EXTENSION_ID);
    let error_type = text(headers, header::EXTENSION_ERROR_TYPE);
    let result = instance.api().extensions.fail(id, error_type, at_init);
    instance.changed.notify_waiters();
    result.unwrap_or_else(|refused| refuse_extension(instance, refused))
}

fn refuse_extension(instance: &Instance, (reply, detail): (Reply, String)) -> Reply {
    let violation = Violation { kind: ViolationKind::Extension, detail, status: reply.status.as_u16() };
    instance.record.violation(violation);
    reply
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// A request's body and how much of it has been read.
struct Body {
    incoming: Incoming,
    read: usize,
}

enum Frame {
    Data(Bytes),
    Trailers(HeaderMap),
    End,
    BrokenOff,
}

enum Collected {
    Whole(Bytes),
    TooLarge,
    BrokenOff,
}

impl Body {
    async fn frame(&mut self) -> Frame {
        match self.incoming.frame().await {
            None => Frame::End,
            Some(Err(_)) => Frame::BrokenOff,
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => {
                    self.read += data.len();
                    Frame::Data(data)
                }
                Err(frame) => frame.into_trailers().map_or(Frame::End, Frame::Trailers),
            },
        }
    }

    /// Reads to the end, keeping no more than `limit` bytes: a client that is cut off while it sends would not read
    /// the answer.
    async fn collect(&mut self, limit: usize) -> Collected {
        let mut bytes = Vec::new();
        loop {
            match self.frame().await {
                Frame::Data(data) if self.read <= limit => bytes.extend_from_slice(&data),
                Frame::Data(_) => bytes = Vec::new(),
                Frame::Trailers(_) | Frame::End if self.read <= limit => return Collected::Whole(bytes.into()),
                Frame::Trailers(_) | Frame::End => return Collected::TooLarge,
                Frame::BrokenOff => return Collected::BrokenOff,
            }
        }
    }

    async fn discard(&mut self) {
        let _ = self.collect(0).await;
    }
}
