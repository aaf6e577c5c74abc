//! The services of one test: started, told what to do, looked at.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use local_aws_policy::Policy;
use local_lambda::FunctionBuilder;
use local_lambda_sources::World;
use serde_json::Value;
use tokio::sync::watch;

use crate::engine::parameters::Parameter;
use crate::engine::{Engines, lambda};
use crate::error::AwsError;
use crate::faults::{Fault, FaultBuilder};
use crate::http::{HttpRequest, HttpResponse};
use crate::identify::Asked;
use crate::permission::{Permission, REGION};
use crate::runtime;
use crate::server;
use crate::service::{Protocol, Service};
use crate::tap::{Calls, Tap};

/// AWS services on a loopback port of their own, empty at first, gone with the last clone.
///
/// ```no_run
/// use local_aws::{LocalAws, OnLocalAws};
/// use local_lambda::{Function, binary};
///
/// let aws = LocalAws::start();
/// let jobs = aws.queue("print-jobs");
/// let function = Function::builder(binary!()).on(&aws).env("QUEUE_URL", jobs.url()).start();
/// function.story("two photos are uploaded").invoke(r#"{ "photos": ["cat.jpg", "dog.jpg"] }"#);
/// assert_eq!(jobs.bodies(), ["cat.jpg", "dog.jpg"]);
/// aws.calls().of("SendMessageBatch").expect_count(1);
/// ```
#[derive(Clone)]
pub struct LocalAws {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    address: SocketAddr,
    pub(crate) engines: Engines,
    pub(crate) world: World,
    pub(crate) remote: Option<String>,
    started: Instant,
    tap: Mutex<Tap>,
    pub(crate) faults: Mutex<Vec<Fault>>,
    pub(crate) permission: Mutex<Permission>,
    requests: AtomicU64,
    pub(crate) parameters: Mutex<BTreeMap<String, Parameter>>,
    /// What Lambda's own API knows.
    pub(crate) lambda: lambda::Account,
    /// The buckets of the world that are told of what happens in ours of the same name.
    pub(crate) told: Mutex<BTreeMap<String, local_lambda_sources::Bucket>>,
    /// The notifications that `PutBucketNotificationConfiguration` made, by bucket.
    #[cfg(feature = "s3")]
    pub(crate) notified: Mutex<BTreeMap<String, Vec<local_lambda_sources::s3::Notification>>>,
    /// Dropped with us, which ends the server.
    _running: watch::Sender<()>,
}

impl LocalAws {
    /// Starts the services with a world of their own.
    ///
    /// # Panics
    /// When the system gives no port.
    #[must_use]
    pub fn start() -> LocalAws {
        LocalAws::start_in(&World::new())
    }

    /// Starts the services in front of a world: its queues, topics, streams and functions are theirs, and its clock.
    ///
    /// # Panics
    /// When the system gives no port.
    #[must_use]
    pub fn start_in(world: &World) -> LocalAws {
        LocalAws::start_at(world, 0)
    }

    /// The same on a port of one's choice; 0 lets the system choose.
    ///
    /// # Panics
    /// When the port is taken.
    #[must_use]
    pub fn start_at(world: &World, port: u16) -> LocalAws {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .unwrap_or_else(|error| panic!("cannot listen on 127.0.0.1:{port}: {error}"));
        let address = listener.local_addr().expect("a listener has an address");
        let (running, ended) = watch::channel(());
        let remote = std::env::var("LOCAL_AWS").ok().filter(|endpoint| !endpoint.is_empty());
        let inner = Inner {
            address,
            engines: Engines::new(world, address, remote.as_deref()),
            world: world.clone(),
            remote,
            started: Instant::now(),
            tap: Mutex::default(),
            faults: Mutex::default(),
            permission: Mutex::default(),
            requests: AtomicU64::new(0),
            parameters: Mutex::default(),
            lambda: lambda::Account::default(),
            told: Mutex::default(),
            #[cfg(feature = "s3")]
            notified: Mutex::default(),
            _running: running,
        };
        let aws = LocalAws { inner: Arc::new(inner) };
        server::start(listener, Arc::downgrade(&aws.inner), ended);
        aws
    }

    /// Where the services are: `http://127.0.0.1:PORT`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.inner.address)
    }

    /// The world behind the services: its clock, its queues, its functions.
    pub fn world(&self) -> &World {
        &self.inner.world
    }

    /// What a program needs in its environment to find the services; with a Region and credentials that open nothing.
    pub fn environment(&self) -> Vec<(String, String)> {
        [
            ("AWS_ENDPOINT_URL", self.endpoint()),
            ("AWS_REGION", REGION.to_owned()),
            ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned()),
            // The extension of parameters and secrets listens on this port, and asks for the session token.
            ("PARAMETERS_SECRETS_EXTENSION_HTTP_PORT", self.inner.address.port().to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// All calls that clients made, in the order in which they arrived. What a test does by itself is not among them.
    pub fn calls(&self) -> Calls {
        Calls(self.tap().calls())
    }

    /// Forgets the calls until now, and the faults that still stand.
    pub fn forget(&self) {
        self.tap().forget();
        lock(&self.inner.faults).clear();
    }

    /// Something that is to go wrong with the next call of an operation.
    pub fn fault(&self, operation: &str) -> FaultBuilder<'_> {
        FaultBuilder::new(self, operation)
    }

    pub(crate) fn add_fault(&self, fault: Fault) {
        lock(&self.inner.faults).push(fault);
    }

    /// From now on callers may only do what a policy allows: this one, or another that was given. It is the policy of
    /// the function's role.
    ///
    /// # Panics
    /// When it is not a policy.
    #[track_caller]
    pub fn permit(&self, policy: &Value) {
        let policy = Policy::identity(policy).unwrap_or_else(|error| panic!("this is not a policy: {error}\n{policy}"));
        lock(&self.inner.permission).identity.push(policy);
    }

    /// A policy of a resource, by the resource's ARN.
    ///
    /// # Panics
    /// When it is not a policy.
    #[track_caller]
    pub fn permit_on(&self, arn: &str, policy: &Value) {
        let policy = Policy::resource(policy).unwrap_or_else(|error| panic!("this is not a policy: {error}\n{policy}"));
        lock(&self.inner.permission).resources.push((arn.to_owned(), policy));
    }

    /// Makes a call as the test itself: not in the tap, no faults, no permission needed. Parameters and answer are
    /// those of the API, of services that speak JSON.
    ///
    /// # Errors
    /// The service's.
    pub fn call(&self, service: Service, operation: &str, params: Value) -> Result<Value, AwsError> {
        let target = service.target().unwrap_or_else(|| panic!("{service} does not speak JSON"));
        let content_type = match service.protocol() {
            Protocol::Json10 => "application/x-amz-json-1.0",
            _ => "application/x-amz-json-1.1",
        };
        let request = HttpRequest::new("POST", "/", params.to_string())
            .with("content-type", content_type)
            .with("x-amz-target", &format!("{target}.{operation}"));
        let answer = self.send(Asked { service, operation: operation.to_owned(), params }, request);
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if answer.is_success() {
            return Ok(body);
        }
        let code = body["__type"].as_str().unwrap_or_default();
        let message = body["message"].as_str().or(body["Message"].as_str()).unwrap_or_default();
        Err(AwsError::new(code.rsplit('#').next().unwrap_or(code), answer.status, message))
    }

    /// Sends a request of the test to the engine behind a service.
    pub(crate) fn send(&self, asked: Asked, request: HttpRequest) -> HttpResponse {
        let aws = self.clone();
        runtime::wait_for(async move { aws.inner.engines.answer(&aws, &asked, request).await })
    }

    /// The calls that have come to an end, which are forgotten: for whoever shows them as they come.
    pub fn take_finished(&self) -> Calls {
        Calls(self.tap().take_finished())
    }

    pub(crate) fn tap(&self) -> MutexGuard<'_, Tap> {
        lock(&self.inner.tap)
    }

    /// The bucket of the world that is told of what happens in ours with this name; it is made if there is none.
    pub(crate) fn told_bucket(&self, name: &str) -> local_lambda_sources::Bucket {
        let mut told = lock(&self.inner.told);
        told.entry(name.to_owned()).or_insert_with(|| self.world().bucket(name).create()).clone()
    }

    pub(crate) fn since_start(&self) -> std::time::Duration {
        self.inner.started.elapsed()
    }

    /// A request id that nobody had before; the same in each run.
    pub(crate) fn next_request_id(&self) -> String {
        let number = self.inner.requests.fetch_add(1, Ordering::Relaxed);
        format!("00000000-0000-4000-8000-{number:012x}")
    }
}

impl fmt::Debug for LocalAws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalAws").field("endpoint", &self.endpoint()).finish_non_exhaustive()
    }
}

/// For functions that call AWS services.
pub trait OnLocalAws {
    /// Gives the function what it needs to find the services: the endpoint and the Region.
    #[must_use]
    fn on(self, aws: &LocalAws) -> Self;
}

impl OnLocalAws for FunctionBuilder {
    fn on(self, aws: &LocalAws) -> FunctionBuilder {
        let ours = |(name, _): &(String, String)| !name.contains("ACCESS_KEY") && name != "AWS_REGION";
        aws.environment().into_iter().filter(ours).fold(self, |function, (name, value)| function.env(name, value))
    }
}

/// The value of a lock, also after a panic of somebody who held it.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
