//! Hosts a service of the `winterbaume` family behind our port.

use winterbaume_core::{MockRequest, MockService};

use super::{Answering, Engine};
use crate::aws::LocalAws;
use crate::http::{HttpRequest, HttpResponse};
use crate::identify::Asked;
use crate::permission::REGION;

/// A service that is called as if it had its own host.
pub(crate) struct Hosted<S>(S);

impl<S: MockService> Hosted<S> {
    pub(crate) fn new(service: S) -> Hosted<S> {
        Hosted(service)
    }

    /// Calls the service.
    pub(crate) async fn call(&self, request: HttpRequest) -> HttpResponse {
        let uri = format!("https://{}.{REGION}.amazonaws.com{}", self.0.service_name(), request.target());
        let HttpRequest { method, headers, body, .. } = request;
        let answer = self.0.handle(MockRequest { method, uri, headers, body }).await;
        let mut headers = answer.headers;
        // Whoever writes the body counts it.
        headers.remove(hyper::header::TRANSFER_ENCODING);
        HttpResponse { status: answer.status, headers, body: answer.body }
    }
}

impl<S: MockService> Engine for Hosted<S> {
    fn answer<'a>(&'a self, aws: &'a LocalAws, _asked: &'a Asked, request: HttpRequest) -> Answering<'a> {
        Box::pin(async move { self.call(request).await.with("x-amzn-requestid", &aws.next_request_id()) })
    }
}
