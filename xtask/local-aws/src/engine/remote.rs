//! Another endpoint: `LOCAL_AWS=http://…` points a test at it. Everything before the engine stays ours: tap, faults,
//! policies.

use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderValue, TRANSFER_ENCODING};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::{Answering, Engine};
use crate::aws::LocalAws;
use crate::error::AwsError;
use crate::http::{HttpRequest, HttpResponse};
use crate::identify::Asked;
use crate::permission::REGION;
use crate::service::Service;

/// An endpoint that has the service.
pub(crate) struct Remote {
    authority: String,
    service: Service,
}

impl Remote {
    pub(crate) fn new(endpoint: &str, service: Service) -> Remote {
        let authority =
            endpoint.strip_prefix("http://").unwrap_or_else(|| panic!("LOCAL_AWS={endpoint} is not http://…"));
        Remote { authority: authority.trim_end_matches('/').to_owned(), service }
    }

    async fn forward(&self, request: HttpRequest) -> Result<HttpResponse, Box<dyn std::error::Error + Send + Sync>> {
        let stream = TcpStream::connect(&self.authority).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let mut forwarded = Request::builder().method(request.method.as_str()).uri(request.target());
        for (name, value) in &request.headers {
            if ![HOST, CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING].contains(name) {
                forwarded = forwarded.header(name, value);
            }
        }
        forwarded = forwarded.header(HOST, HeaderValue::from_str(&self.authority)?);
        if request.header("authorization").is_none() && request.query_value("X-Amz-Signature").is_none() {
            // Emulators look here for the service that is meant.
            let scope = format!("AKIAIOSFODNN7EXAMPLE/20260101/{REGION}/{}/aws4_request", self.service.prefix());
            let value =
                format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature={}", "0".repeat(64));
            forwarded = forwarded.header("authorization", value);
        }
        let answer = sender.send_request(forwarded.body(Full::new(request.body))?).await?;
        let (parts, body) = answer.into_parts();
        let body = body.collect().await?.to_bytes();
        let mut headers = parts.headers;
        headers.remove(TRANSFER_ENCODING);
        headers.remove(CONNECTION);
        Ok(HttpResponse { status: parts.status.as_u16(), headers, body })
    }
}

impl Engine for Remote {
    fn answer<'a>(&'a self, aws: &'a LocalAws, asked: &'a Asked, request: HttpRequest) -> Answering<'a> {
        Box::pin(async move {
            self.forward(request).await.unwrap_or_else(|error| {
                let message = format!("LOCAL_AWS points at {}, which gave no answer: {error}", self.authority);
                AwsError::new("EndpointUnreachable", 502, message).response(asked.service, &aws.next_request_id())
            })
        })
    }
}
