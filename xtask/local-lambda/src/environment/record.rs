//! The record of one environment: the steps since somebody last took them.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::transcript::{Step, Violation, What};

/// The most steps that are kept between two takings; a function that makes more calls than that loses the latest.
const STEPS_KEPT: usize = 10_000;

/// Collects steps.
#[derive(Debug)]
pub(crate) struct Record {
    epoch: Instant,
    environment: usize,
    steps: Mutex<Vec<Step>>,
}

impl Record {
    /// `epoch`: what the times of the steps are counted from.
    pub(crate) fn new(epoch: Instant, environment: usize) -> Record {
        Record { epoch, environment, steps: Mutex::new(Vec::new()) }
    }

    pub(crate) fn step(&self, request_id: Option<&str>, what: What) {
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        if steps.len() < STEPS_KEPT {
            steps.push(Step {
                at: self.epoch.elapsed(),
                environment: self.environment,
                request_id: request_id.map(str::to_owned),
                what,
            });
        }
    }

    pub(crate) fn violation(&self, violation: Violation) {
        self.step(None, What::Violation(violation));
    }

    /// Takes the steps of one request and those of none; what belongs to another request, which is still running,
    /// stays.
    pub(crate) fn take(&self, request_id: &str) -> Vec<Step> {
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        let is_others = |step: &Step| step.request_id.as_deref().is_some_and(|id| id != request_id);
        let (others, ours) = std::mem::take(&mut *steps).into_iter().partition(is_others);
        *steps = others;
        ours
    }

    /// Takes all steps.
    pub(crate) fn take_all(&self) -> Vec<Step> {
        std::mem::take(&mut *self.steps.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
