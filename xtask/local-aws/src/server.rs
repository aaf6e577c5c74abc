//! The port: accepts connections, reads requests, writes answers.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};

use crate::aws::{Inner, LocalAws};
use crate::error::AwsError;
use crate::http::{HttpRequest, HttpResponse};
use crate::pipeline;
use crate::runtime;
use crate::service::Service;

/// The largest body that is read; the rest of a larger one is thrown away. Every limit of a service is below it, but
/// for objects of S3.
const LARGEST_BODY: usize = 64 * 1024 * 1024;

/// Serves until the sender of `ended` is dropped.
pub(crate) fn start(listener: std::net::TcpListener, aws: Weak<Inner>, mut ended: watch::Receiver<()>) {
    listener.set_nonblocking(true).expect("a socket can be made non-blocking");
    let _inside = runtime::handle().enter();
    let listener = TcpListener::from_std(listener).expect("a listener that was just bound");
    runtime::handle().spawn(async move {
        let connections = AtomicU64::new(0);
        loop {
            let accepted = tokio::select! {
                _ = ended.changed() => return,
                accepted = listener.accept() => accepted,
            };
            let Ok((stream, _)) = accepted else {
                // A lack of descriptors: others must go first.
                tokio::time::sleep(Duration::from_millis(5)).await;
                continue;
            };
            let number = connections.fetch_add(1, Ordering::Relaxed) + 1;
            tokio::spawn(serve(stream, number, aws.clone(), ended.clone()));
        }
    });
}

async fn serve(stream: TcpStream, number: u64, aws: Weak<Inner>, mut ended: watch::Receiver<()>) {
    // Small answers must not wait for others: a client that gets one sends its next request.
    let _ = stream.set_nodelay(true);
    let hang_up = Arc::new(Notify::new());
    let service = service_fn(|request| {
        let (aws, hang_up) = (aws.clone(), Arc::clone(&hang_up));
        async move {
            let answer = match aws.upgrade() {
                Some(inner) => answer(LocalAws { inner }, request, number).await,
                None => None,
            };
            match answer {
                Some(answer) => Ok::<_, Infallible>(into_hyper(answer)),
                None => {
                    hang_up.notify_one();
                    std::future::pending().await
                }
            }
        }
    });
    // A client may send all it has, close its side, and wait for the answer.
    let connection = http1::Builder::new().half_close(true).serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        // A client that broke off is its own affair.
        _ = connection => {}
        () = hang_up.notified() => {}
        _ = ended.changed() => {}
    }
}

/// The answer to a request; none hangs up.
async fn answer(aws: LocalAws, request: Request<Incoming>, connection: u64) -> Option<HttpResponse> {
    let (parts, body) = request.into_parts();
    let body = match collect(body).await {
        Ok(Some(body)) => body,
        Ok(None) => {
            let message = "Your proposed upload exceeds the maximum allowed size";
            return Some(AwsError::client("EntityTooLarge", message).response(Service::S3, &aws.next_request_id()));
        }
        Err(()) => return None,
    };
    let request = HttpRequest {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body,
    };
    // A task of its own: what panics in there hangs up on one client and leaves the others alone.
    tokio::spawn(async move { pipeline::answer(&aws, request, connection).await }).await.ok().flatten()
}

/// The whole body; `None` when it is too large, an error when the client broke off.
async fn collect(mut body: Incoming) -> Result<Option<Bytes>, ()> {
    let mut bytes = BytesMut::new();
    let mut is_too_large = false;
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.map_err(|_| ())?.into_data() {
            is_too_large |= bytes.len() + data.len() > LARGEST_BODY;
            if !is_too_large {
                bytes.extend_from_slice(&data);
            }
        }
    }
    Ok((!is_too_large).then(|| bytes.freeze()))
}

fn into_hyper(answer: HttpResponse) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(answer.body));
    *response.status_mut() =
        hyper::StatusCode::from_u16(answer.status).unwrap_or(hyper::StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = answer.headers;
    response
}
