//! The environments of one function: which one takes the next event, when a new one is made, when the caller is
//! throttled.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::config::FunctionConfig;
use crate::environment::extensions::ShutdownReason;
use crate::environment::{Environment, Shutdown};
use crate::ids::Ids;
use crate::limits;
use crate::outcome::{Fate, InitError, Outcome, ThrottleReason};
use crate::wire::next::Handout;

/// The environments of one function.
#[derive(Debug)]
pub(crate) struct Pool {
    config: Arc<FunctionConfig>,
    ids: Arc<Mutex<Ids>>,
    epoch: Instant,
    members: Mutex<Members>,
}

#[derive(Debug, Default)]
struct Members {
    running: Vec<Member>,
    /// How many environments there have been: the number of the next.
    made: usize,
    closed: bool,
}

#[derive(Debug)]
struct Member {
    environment: Arc<Environment>,
    busy: usize,
    /// No longer wanted: it gets no more events, and ends when it has nothing to do.
    retired: bool,
}

impl Pool {
    pub(crate) fn new(config: Arc<FunctionConfig>, ids: Arc<Mutex<Ids>>) -> Pool {
        Pool { config, ids, epoch: Instant::now(), members: Mutex::default() }
    }

    fn members(&self) -> MutexGuard<'_, Members> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many environments there are.
    pub(crate) fn len(&self) -> usize {
        self.members().running.len()
    }

    /// Runs one invocation in the first environment with a free slot, else in a new one.
    pub(crate) async fn invoke(&self, handout: Handout) -> Outcome {
        let environment = match self.acquire() {
            Ok(environment) => environment,
            Err(fate) => return self.refuse(*fate, handout.request_id),
        };
        let lease = Lease { pool: self, environment };
        lease.environment.invoke(handout).await
    }

    /// The outcome of an event that no environment sees.
    pub(crate) fn refuse(&self, fate: Fate, request_id: String) -> Outcome {
        Outcome::refused(fate, request_id, self.config.memory_mb)
    }

    fn acquire(&self) -> Result<Arc<Environment>, Box<Fate>> {
        let slots = self.config.slots.unwrap_or(1);
        let mut members = self.members();
        if let Some(member) = members.running.iter_mut().find(|member| !member.retired && member.busy < slots) {
            member.busy += 1;
            return Ok(Arc::clone(&member.environment));
        }
        let limit = self.config.reserved_concurrency;
        if members.running.len() >= limit.unwrap_or(limits::ACCOUNT_CONCURRENCY) {
            let reason = match limit {
                Some(reserved) => ThrottleReason::ReservedConcurrency { reserved },
                None => ThrottleReason::AccountConcurrency,
            };
            return Err(Box::new(Fate::Throttled(reason)));
        }
        if members.closed {
            return Err(not_started("the function was dropped"));
        }
        let environment = Environment::new(members.made, Arc::clone(&self.config), Arc::clone(&self.ids), self.epoch);
        let environment = Arc::new(environment.map_err(|error| not_started(&format!("no temporary folder: {error}")))?);
        members.made += 1;
        members.running.push(Member { environment: Arc::clone(&environment), busy: 1, retired: false });
        Ok(environment)
    }

    /// Ends all environments: those without work now, the others when they are done. The next event meets a cold
    /// start. `reason`: what extensions are told; none to kill at once.
    pub(crate) async fn retire(&self, reason: Option<ShutdownReason>) -> Vec<Shutdown> {
        let idle: Vec<_> = {
            let mut members = self.members();
            for member in &mut members.running {
                member.retired = true;
            }
            members.running.extract_if(.., |member| member.busy == 0).collect()
        };
        let mut shutdowns = Vec::new();
        for member in idle {
            shutdowns.push(member.environment.shut_down(reason).await);
        }
        shutdowns
    }

    /// Kills everything, also what is at work. No environment is made afterwards.
    pub(crate) async fn close(&self) {
        let all: Vec<_> = {
            let mut members = self.members();
            members.closed = true;
            members.running.drain(..).collect()
        };
        for member in all {
            member.environment.shut_down(None).await;
        }
    }
}

fn not_started(reason: &str) -> Box<Fate> {
    Box::new(Fate::InitError(InitError::NotStarted { reason: reason.to_owned() }))
}

/// One slot of one environment, given back also when the invocation is abandoned half way.
struct Lease<'a> {
    pool: &'a Pool,
    environment: Arc<Environment>,
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        let mut members = self.pool.members();
        let Some(index) = members.running.iter().position(|member| Arc::ptr_eq(&member.environment, &self.environment))
        else {
            return;
        };
        let member = &mut members.running[index];
        member.busy -= 1;
        if member.retired && member.busy == 0 {
            let member = members.running.swap_remove(index);
            tokio::spawn(async move { member.environment.shut_down(Some(ShutdownReason::Spindown)).await });
        }
    }
}
