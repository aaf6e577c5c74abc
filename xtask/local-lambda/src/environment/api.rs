//! The state behind the Runtime API: what a runtime may call when, and what it is answered. No I/O.
//!
//! The states and their names are RAPID's (`core/states.go` of
//! <https://github.com/aws/aws-lambda-runtime-interface-emulator>). With one slot this is the classic Runtime API;
//! with several it is that of Lambda Managed Instances, where each invocation has its own little state.

use std::fmt;
use std::time::Instant;

use tokio::sync::oneshot;

use super::extensions::Extensions;
use crate::ids::Ids;
use crate::log::LogLine;
use crate::outcome::{FunctionError, Response};
use crate::transcript::{Violation, ViolationKind};
use crate::wire::next::Handout;
use crate::wire::reply::Reply;

/// What a runtime is doing, as RAPID sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Started,
    InitError,
    RestoreReady,
    Restoring,
    RestoreError,
    Ready,
    Running,
    InvocationResponse,
    InvocationErrorResponse,
    ResponseSent,
}

impl Phase {
    /// The name in RAPID's messages.
    fn name(self) -> &'static str {
        match self {
            Phase::Started => "Started",
            Phase::InitError => "InitError",
            Phase::RestoreReady => "RestoreReady",
            Phase::Restoring => "Restoring",
            Phase::RestoreError => "RuntimeRestoreErrorState",
            Phase::Ready => "Ready",
            Phase::Running => "Running",
            Phase::InvocationResponse => "InvocationResponse",
            Phase::InvocationErrorResponse => "InvocationErrorResponse",
            Phase::ResponseSent => "RuntimeResponseSentState",
        }
    }
}

/// Whether an answer comes by `response` or by `error`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AnswerKind {
    Response,
    Error,
}

impl AnswerKind {
    fn phase(self) -> Phase {
        match self {
            AnswerKind::Response => Phase::InvocationResponse,
            AnswerKind::Error => Phase::InvocationErrorResponse,
        }
    }
}

/// What a function answered to one invocation.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    Response(Response),
    Error(FunctionError),
    TooLarge { bytes: usize, limit: usize },
    Truncated,
}

/// One invocation that was handed out and has not been collected.
#[derive(Debug)]
pub(crate) struct Current {
    handout: Handout,
    pub(crate) sent_at: Instant,
    answering: bool,
    pub(crate) answer: Option<Answer>,
    /// When it was over: answered, and (with one slot) followed by the next `next`.
    pub(crate) completed_at: Option<Instant>,
    /// The function's log up to that moment.
    pub(crate) log: Option<(Vec<LogLine>, usize)>,
}

/// What becomes of a call of `next` or `restore/next`.
#[derive(Debug)]
pub(crate) enum Poll {
    /// It waits for this reply.
    Park(oneshot::Receiver<Reply>),
    /// It is answered at once.
    Now(Reply),
}

/// A refused call: the answer, and what stands in the record.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) reply: Reply,
    pub(crate) kind: ViolationKind,
    pub(crate) detail: String,
}

impl Refusal {
    fn new(reply: Reply, kind: ViolationKind, detail: impl Into<String>) -> Refusal {
        Refusal { reply, kind, detail: detail.into() }
    }

    pub(crate) fn violation(&self) -> Violation {
        Violation { kind: self.kind, detail: self.detail.clone(), status: self.reply.status.as_u16() }
    }
}

/// A call of `next` that waits for an event.
struct Poller {
    reply: oneshot::Sender<Reply>,
    hung_up: Box<dyn Fn() -> bool + Send>,
}

impl Poller {
    fn is_there(&self) -> bool {
        !self.reply.is_closed() && !(self.hung_up)()
    }
}

impl fmt::Debug for Poller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Poller").field("is_there", &self.is_there()).finish()
    }
}

/// The state of one process's Runtime API.
#[derive(Debug)]
pub(crate) struct Api {
    slots: Option<usize>,
    phase: Phase,
    pollers: Vec<Poller>,
    restore: Option<oneshot::Sender<Reply>>,
    current: Vec<Current>,
    answered: Option<String>,
    /// Request and invocation ids that were given up while the process ran on.
    given_up: Vec<(String, String)>,
    /// What was posted to `init/error` or `restore/error`.
    pub(crate) init_error: Option<FunctionError>,
    pub(crate) extensions: Extensions,
    pub(crate) restored_at: Option<Instant>,
}

/// How many given-up invocations are remembered.
const GIVEN_UP_REMEMBERED: usize = 1_000;

impl Api {
    /// `slots`: how many invocations at once, for managed instances; none for the classic Runtime API.
    pub(crate) fn new(slots: Option<usize>, extensions: Extensions) -> Api {
        Api {
            slots,
            phase: Phase::Started,
            pollers: Vec::new(),
            restore: None,
            current: Vec::new(),
            answered: None,
            given_up: Vec::new(),
            init_error: None,
            extensions,
            restored_at: None,
        }
    }

    /// Whether initialization is over: the runtime polls, and so does every extension.
    pub(crate) fn is_initialized(&self) -> bool {
        !matches!(
            self.phase,
            Phase::Started | Phase::InitError | Phase::RestoreReady | Phase::Restoring | Phase::RestoreError
        ) && self.extensions.all_polling()
    }

    /// Whether the function waits to be snapshotted.
    pub(crate) fn is_snapshot_ready(&self) -> bool {
        self.phase == Phase::RestoreReady
    }

    /// Whether nothing is going on: it may be frozen.
    pub(crate) fn is_idle(&self) -> bool {
        self.slots.is_none()
            && self.phase == Phase::Ready
            && self.current.iter().all(Current::is_over)
            && self.extensions.all_polling()
            && self.extensions.all_done()
    }

    /// `GET …/invocation/next`. `hung_up` says later whether the caller is gone, `log` cuts the log at this call. A
    /// violation beside a poll is one that RAPID lets pass.
    ///
    /// # Errors
    /// When the state does not allow it.
    pub(crate) fn next(
        &mut self,
        hung_up: impl Fn() -> bool + Send + 'static,
        log: impl FnOnce() -> (Vec<LogLine>, usize),
    ) -> Result<(Poll, Option<Refusal>), Refusal> {
        match self.phase {
            Phase::Started | Phase::Restoring | Phase::Ready => {}
            // RAPID renders the same event again to a runtime that asks twice.
            Phase::Running => {
                let reply = match self.current.last() {
                    Some(current) => current.handout.reply(),
                    None => Reply::invalid_transition(self.phase.name(), "Ready"),
                };
                let detail = "next was called again before the current event was answered";
                let note = Refusal::new(reply.clone(), ViolationKind::NextBeforeAnswer, detail);
                return Ok((Poll::Now(reply), Some(note)));
            }
            Phase::ResponseSent => {
                if let Some(current) = self.current.iter_mut().find(|current| current.completed_at.is_none()) {
                    current.completed_at = Some(Instant::now());
                    current.log = Some(log());
                    self.answered = Some(current.handout.request_id.clone());
                }
            }
            phase => return Err(wrong_state(phase, "Ready", "next")),
        }
        self.phase = Phase::Ready;
        self.pollers.retain(Poller::is_there);
        let busy = self.current.iter().filter(|current| current.answer.is_none()).count();
        let (sender, receiver) = oneshot::channel();
        self.pollers.push(Poller { reply: sender, hung_up: Box::new(hung_up) });
        let note = self.slots.filter(|slots| self.pollers.len() + busy > *slots).map(|slots| {
            let detail = format!("more next calls than the {slots} slots of AWS_LAMBDA_MAX_CONCURRENCY");
            Refusal::new(Reply::accepted(), ViolationKind::TooManyPollers, detail)
        });
        Ok((Poll::Park(receiver), note))
    }

    /// Lets every waiting call of the function's process go without an answer: it is dead.
    pub(crate) fn hang_up(&mut self) {
        self.pollers.clear();
        self.restore = None;
        self.extensions.hang_up_internal();
    }

    /// Hands an event to one of the polling workers, chosen by a seeded draw; says whether there was one.
    pub(crate) fn hand_out(&mut self, handout: &Handout, ids: &mut Ids) -> bool {
        self.pollers.retain(Poller::is_there);
        loop {
            if self.phase != Phase::Ready || self.pollers.is_empty() {
                return false;
            }
            let poller = self.pollers.swap_remove(ids.below(self.pollers.len()));
            if poller.reply.send(handout.reply()).is_ok() {
                break;
            }
        }
        self.extensions.invoke(handout, ids);
        self.current.push(Current {
            handout: handout.clone(),
            sent_at: Instant::now(),
            answering: false,
            answer: None,
            completed_at: None,
            log: None,
        });
        if self.slots.is_none() {
            self.phase = Phase::Running;
        }
        true
    }

    /// `POST …/invocation/{id}/response` or `…/error`, before its body is read.
    ///
    /// # Errors
    /// When the id is wrong, the answer comes a second time or too late, or the state does not allow it.
    pub(crate) fn begin_answer(
        &mut self,
        kind: AnswerKind,
        request_id: &str,
        invocation_id: Option<&str>,
    ) -> Result<(), Refusal> {
        let name = kind.phase().name();
        let is_late = |(request, invocation): &(String, String)| {
            request == request_id && invocation_id.is_none_or(|id| id == invocation)
        };
        let Some(current) = self.current.iter_mut().find(|current| current.handout.request_id == request_id) else {
            return Err(if self.given_up.iter().any(is_late) {
                let detail = format!("{name} for {request_id}, which has timed out");
                Refusal::new(Reply::invoke_timeout(), ViolationKind::AnswerAfterTimeout, detail)
            } else if self.answered.as_deref() == Some(request_id) {
                let detail = format!("{name} for {request_id}, which was answered before");
                Refusal::new(Reply::invalid_request_id(), ViolationKind::SecondAnswer, detail)
            } else {
                let detail = format!("{name} for {request_id}, which is not the current request");
                Refusal::new(Reply::invalid_request_id(), ViolationKind::WrongRequestId, detail)
            });
        };
        if let Some(echoed) = invocation_id.filter(|echoed| *echoed != current.handout.invocation_id) {
            let detail = format!("{name} for {request_id} with the invocation id {echoed} of another invocation");
            return Err(Refusal::new(Reply::invoke_timeout(), ViolationKind::StaleInvocationId, detail));
        }
        if current.answering {
            let reply = match self.slots {
                Some(_) => Reply::invalid_request_id(),
                None => Reply::invalid_transition(self.phase.name(), name),
            };
            let detail = format!("{name} for {request_id}, which was answered before");
            return Err(Refusal::new(reply, ViolationKind::SecondAnswer, detail));
        }
        if self.slots.is_none() {
            if self.phase != Phase::Running {
                return Err(wrong_state(self.phase, name, name));
            }
            self.phase = kind.phase();
        }
        current.answering = true;
        Ok(())
    }

    /// The body of an answer has arrived. `log` cuts the log where there is no `next` to cut it at.
    pub(crate) fn finish_answer(
        &mut self,
        request_id: &str,
        answer: Answer,
        log: impl FnOnce() -> (Vec<LogLine>, usize),
    ) {
        let Some(current) = self.current.iter_mut().find(|current| current.handout.request_id == request_id) else {
            return;
        };
        current.answer = Some(answer);
        match self.slots {
            None => self.phase = Phase::ResponseSent,
            Some(_) => {
                current.completed_at = Some(Instant::now());
                current.log = Some(log());
                self.answered = Some(request_id.to_owned());
            }
        }
    }

    /// A response in a mode that does not exist: RAPID fails the invocation and leaves the runtime where it is.
    pub(crate) fn spoil_answer(&mut self, request_id: &str) {
        if let Some(current) = self.current.iter_mut().find(|current| current.handout.request_id == request_id) {
            let recorded = "Runtime.InvalidResponseModeHeader".to_owned();
            current.answer = Some(Answer::Error(FunctionError::new(bytes::Bytes::new(), recorded)));
        }
    }

    /// Whether an invocation is over: answered, the runtime polls again, and so do the extensions that were told.
    pub(crate) fn is_over(&self, invocation_id: &str) -> bool {
        self.current
            .iter()
            .find(|current| current.handout.invocation_id == invocation_id)
            .is_none_or(|current| current.is_over() && self.extensions.all_done())
    }

    /// When an invocation was sent.
    pub(crate) fn sent_at(&self, request_id: &str) -> Option<Instant> {
        self.current.iter().find(|current| current.handout.request_id == request_id).map(|current| current.sent_at)
    }

    /// Takes an invocation out. What is not over is given up: a later answer is told so.
    pub(crate) fn collect(&mut self, invocation_id: &str) -> Option<Current> {
        let index = self.current.iter().position(|current| current.handout.invocation_id == invocation_id)?;
        let current = self.current.swap_remove(index);
        if !current.is_over() {
            if self.given_up.len() == GIVEN_UP_REMEMBERED {
                self.given_up.remove(0);
            }
            self.given_up.push((current.handout.request_id.clone(), current.handout.invocation_id.clone()));
        }
        Some(current)
    }

    /// `POST …/init/error`.
    ///
    /// # Errors
    /// After initialization.
    pub(crate) fn init_failed(&mut self, error: FunctionError) -> Result<(), Refusal> {
        match self.phase {
            Phase::Started => self.phase = Phase::InitError,
            // RAPID takes it for restore/error, for runtimes that know only one of the two.
            Phase::Restoring => self.phase = Phase::RestoreError,
            phase => return Err(wrong_state(phase, "InitError", "init/error")),
        }
        self.init_error = Some(error);
        Ok(())
    }

    /// `GET …/restore/next`.
    ///
    /// # Errors
    /// Unless it ends the initialization of a SnapStart function.
    pub(crate) fn restore_next(&mut self) -> Result<oneshot::Receiver<Reply>, Refusal> {
        if self.phase != Phase::Started {
            return Err(wrong_state(self.phase, "RestoreReady", "restore/next"));
        }
        self.phase = Phase::RestoreReady;
        let (sender, receiver) = oneshot::channel();
        self.restore = Some(sender);
        Ok(receiver)
    }

    /// Tells the function that it has been restored.
    pub(crate) fn restore(&mut self) {
        if let Some(waiting) = self.restore.take() {
            self.phase = Phase::Restoring;
            self.restored_at = Some(Instant::now());
            let _ = waiting.send(Reply::text(hyper::StatusCode::OK, ""));
        }
    }

    /// `POST …/restore/error`.
    ///
    /// # Errors
    /// Unless the function is being restored.
    pub(crate) fn restore_failed(&mut self, error: FunctionError) -> Result<(), Refusal> {
        if self.phase != Phase::Restoring {
            return Err(wrong_state(self.phase, "RuntimeRestoreErrorState", "restore/error"));
        }
        self.phase = Phase::RestoreError;
        self.init_error = Some(error);
        Ok(())
    }
}

impl Current {
    fn is_over(&self) -> bool {
        self.completed_at.is_some()
    }
}

fn wrong_state(phase: Phase, to: &str, call: &str) -> Refusal {
    let reply = Reply::invalid_transition(phase.name(), to);
    Refusal::new(reply, ViolationKind::WrongState, format!("{call} in state {}", phase.name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn no_log() -> (Vec<LogLine>, usize) {
        (Vec::new(), 0)
    }

    fn api(slots: Option<usize>) -> Api {
        Api::new(slots, Extensions::default())
    }

    fn handout(n: u32) -> Handout {
        Handout {
            request_id: format!("request-{n}"),
            invocation_id: format!("invocation-{n}"),
            deadline_ms: 0,
            function_arn: "arn".into(),
            trace_id: None,
            client_context: None,
            cognito_identity: None,
            tenant_id: None,
            event: "{}".into(),
        }
    }

    fn poll(api: &mut Api) -> oneshot::Receiver<Reply> {
        match api.next(|| false, no_log) {
            Ok((Poll::Park(receiver), None)) => receiver,
            other => panic!("next should wait, but: {other:?}"),
        }
    }

    fn response() -> Answer {
        Answer::Response(Response { body: "1".into(), content_type: None, streamed: None })
    }

    #[track_caller]
    fn refused(result: Result<(), Refusal>, status: u16, kind: ViolationKind) {
        let refusal = result.expect_err("the call should be refused");
        assert_eq!((refusal.reply.status.as_u16(), refusal.kind), (status, kind), "{refusal:?}");
    }

    /// An API with one event handed out.
    fn running() -> Api {
        let mut api = api(None);
        let _poller = poll(&mut api);
        assert!(api.is_initialized());
        assert!(api.hand_out(&handout(1), &mut Ids::new(1)));
        api
    }

    #[test]
    fn nothing_is_idle_before_every_extension_has_asked_for_an_event() {
        let mut api = Api::new(None, Extensions::new(vec!["late".to_owned()]));
        let _poller = poll(&mut api);
        assert!(!api.is_idle(), "the runtime waits, and its extension is still starting");
    }

    #[test]
    fn an_invocation_is_over_when_the_runtime_polls_again() {
        let mut api = running();
        api.begin_answer(AnswerKind::Response, "request-1", Some("invocation-1")).unwrap();
        api.finish_answer("request-1", response(), no_log);
        assert!(!api.is_over("invocation-1"), "work after the answer still counts");
        let _poller = poll(&mut api);
        assert!(api.is_over("invocation-1") && api.is_idle());
        assert!(api.collect("invocation-1").is_some_and(|current| current.answer.is_some()));
    }

    #[test]
    fn wrong_second_and_stale_answers_get_what_aws_gives() {
        let mut api = running();
        refused(api.begin_answer(AnswerKind::Response, "request-9", None), 400, ViolationKind::WrongRequestId);
        refused(
            api.begin_answer(AnswerKind::Response, "request-1", Some("invocation-0")),
            410,
            ViolationKind::StaleInvocationId,
        );
        api.begin_answer(AnswerKind::Error, "request-1", None).unwrap();
        refused(api.begin_answer(AnswerKind::Response, "request-1", None), 403, ViolationKind::SecondAnswer);
        api.finish_answer("request-1", response(), no_log);
        refused(api.begin_answer(AnswerKind::Response, "request-1", None), 403, ViolationKind::SecondAnswer);
        let _poller = poll(&mut api);
        api.collect("invocation-1");
        refused(api.begin_answer(AnswerKind::Response, "request-1", None), 400, ViolationKind::SecondAnswer);
    }

    #[test]
    fn an_answer_after_the_timeout_is_gone() {
        let mut api = api(Some(2));
        let _poller = poll(&mut api);
        assert!(api.hand_out(&handout(1), &mut Ids::new(1)));
        api.collect("invocation-1");
        refused(
            api.begin_answer(AnswerKind::Response, "request-1", Some("invocation-1")),
            410,
            ViolationKind::AnswerAfterTimeout,
        );
    }

    #[test]
    fn a_runtime_that_polls_before_it_answers_gets_the_same_event() {
        let mut api = running();
        match api.next(|| false, no_log) {
            Ok((Poll::Now(reply), Some(note))) => {
                assert_eq!(reply.status, 200);
                assert_eq!(note.kind, ViolationKind::NextBeforeAnswer);
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_init_error_is_for_initialization_only() {
        let error = || FunctionError::new("{}".into(), "Runtime.Unknown".into());
        refused(running().init_failed(error()), 403, ViolationKind::WrongState);
        let mut starting = api(None);
        starting.init_failed(error()).unwrap();
        assert!(matches!(starting.next(|| false, no_log), Err(refusal) if refusal.reply.status == 403));
    }

    #[test]
    fn several_slots_take_several_events_and_the_draw_is_seeded() {
        let order = |seed| {
            let mut api = api(Some(3));
            let mut pollers: Vec<_> = (0..3).map(|_| poll(&mut api)).collect();
            let mut ids = Ids::new(seed);
            (0..3)
                .map(|n| {
                    assert!(api.hand_out(&handout(n), &mut ids));
                    let got = pollers.iter_mut().position(|poller| poller.try_recv().is_ok()).unwrap();
                    pollers[got].close();
                    got
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(order(1), order(1));
        assert!((2..50).any(|seed| order(seed) != order(1)), "every seed gives the same order");
        let mut full = api(Some(1));
        let _one = poll(&mut full);
        assert!(
            matches!(full.next(|| false, no_log), Ok((_, Some(note))) if note.kind == ViolationKind::TooManyPollers)
        );
    }

    #[test]
    fn a_worker_that_hung_up_gets_no_event() {
        let mut api = api(None);
        drop(poll(&mut api));
        let gone = api.next(|| true, no_log);
        assert!(matches!(gone, Ok((Poll::Park(_), _))));
        assert!(!api.hand_out(&handout(1), &mut Ids::new(1)));
        let mut alive = poll(&mut api);
        assert!(api.hand_out(&handout(1), &mut Ids::new(1)));
        assert!(alive.try_recv().is_ok());
    }

    #[test]
    fn a_snapshot_is_restored_before_the_first_next() {
        let mut api = api(None);
        let mut restore = api.restore_next().unwrap();
        assert!(api.is_snapshot_ready() && !api.is_initialized());
        api.restore();
        assert!(restore.try_recv().is_ok());
        let _poller = poll(&mut api);
        assert!(api.is_initialized());
        assert!(api.restore_next().is_err());
    }
}
