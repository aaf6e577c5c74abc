//! The way from a bucket, topic, bus or schedule to one receiver: delivery with retries and a dead-letter queue, and
//! what may go wrong with it on request.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;

use crate::agenda::Kind;
use crate::core::{Core, later, lock};
use crate::function::{Destination, Parcel};
use crate::sqs::MessageAttributes;
use crate::trace::{Entry, What};

/// A way, for those whom the core keeps.
#[derive(Debug)]
pub(crate) struct Route {
    /// The name of the source, for the trace.
    pub(crate) place: String,
    pub(crate) to: Destination,
    settings: Mutex<RouteSettings>,
    unrest: Mutex<Unrest>,
}

/// What is configured for a way.
#[derive(Debug, Clone)]
pub(crate) struct RouteSettings {
    /// How long to wait before a retry, by its number, counted from 1.
    pub(crate) wait: fn(u32) -> Duration,
    pub(crate) maximum_retry_attempts: u32,
    /// Without end if none.
    pub(crate) maximum_event_age: Option<Duration>,
    pub(crate) dead_letter_queue: Option<Destination>,
}

/// What goes wrong on request.
#[derive(Debug, Default)]
struct Unrest {
    duplicate_next: usize,
    fail_next: usize,
    late_by_up_to: Duration,
}

/// One thing that is on its way.
#[derive(Debug, Clone)]
pub(crate) struct Shipment {
    /// Its id, for the trace.
    pub(crate) item: String,
    pub(crate) parcel: Parcel,
    /// What goes to the dead-letter queue instead, if it is not the same.
    pub(crate) dead_letter: Option<String>,
    /// Attributes of the dead letter beside those of the failure.
    pub(crate) attributes: MessageAttributes,
}

/// How a delivery failed for good.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) retries: u32,
    /// `MaximumRetryAttempts` or `MaximumEventAgeInSeconds`; none when there was no point in a retry.
    pub(crate) exhausted: Option<&'static str>,
}

/// Makes the attributes of a dead letter that tell of its failure.
pub(crate) type FailureAttributes = fn(&Failure) -> MessageAttributes;

impl Route {
    pub(crate) fn new(place: &str, to: Destination, settings: RouteSettings) -> Arc<Route> {
        let (settings, unrest) = (Mutex::new(settings), Mutex::default());
        Arc::new(Route { place: place.to_owned(), to, settings, unrest })
    }

    pub(crate) fn change_settings(&self, change: impl FnOnce(&mut RouteSettings)) {
        change(&mut lock(&self.settings));
    }

    /// Sends something on its way. `attributes` makes what a dead letter tells of the failure.
    pub(crate) fn send(self: &Arc<Self>, core: &Arc<Core>, shipment: &Shipment, attributes: FailureAttributes) {
        let (copies, late_by_up_to) = {
            let mut unrest = lock(&self.unrest);
            let twice = unrest.duplicate_next > 0;
            unrest.duplicate_next -= usize::from(twice);
            (1 + usize::from(twice), unrest.late_by_up_to)
        };
        for _ in 0..copies {
            let wait = match usize::try_from(late_by_up_to.as_millis()) {
                Ok(0) | Err(_) => Duration::ZERO,
                Ok(millis) => Duration::from_millis(core.draw(|ids| ids.below(millis + 1)) as u64),
            };
            let (route, shipment, sent) = (Arc::clone(self), shipment.clone(), core.now());
            core.plan_in(wait, Kind::Work, move |core| route.attempt(core, shipment, sent, 0, attributes));
        }
    }

    fn attempt(
        self: Arc<Self>,
        core: &Arc<Core>,
        shipment: Shipment,
        sent: Timestamp,
        retries: u32,
        attributes: FailureAttributes,
    ) {
        let outage = {
            let mut unrest = lock(&self.unrest);
            let outage = unrest.fail_next > 0;
            unrest.fail_next -= usize::from(outage);
            outage
        };
        let failure =
            |code, message: &str, exhausted| Failure { code, message: message.to_owned(), retries, exhausted };
        if !outage {
            return match self.to.deliver(core, shipment.parcel.clone()) {
                Ok(()) => drop(core.record(self.entry(What::Delivered, &shipment, retries).detail(self.towards()))),
                // What the receiver refuses will be refused again: it is not retried.
                Err(reason) => self.give_up(core, &shipment, &failure("NO_RESOURCE", &reason, None), attributes),
            };
        }
        let (code, message) = ("ERROR_FROM_TARGET", "the service is not available");
        core.record(self.entry(What::Failed, &shipment, retries).detail(format!("{}: {message}", self.towards())));
        let settings = lock(&self.settings).clone();
        if retries >= settings.maximum_retry_attempts {
            let failure = failure(code, message, Some("MaximumRetryAttempts"));
            return self.give_up(core, &shipment, &failure, attributes);
        }
        let at = later(core.now(), (settings.wait)(retries + 1));
        let ends = settings.maximum_event_age.map(|age| later(sent, age));
        if let Some(ends) = ends.filter(|ends| at > *ends) {
            let failure = failure(code, message, Some("MaximumEventAgeInSeconds"));
            core.plan_at(ends, Kind::Work, move |core| self.give_up(core, &shipment, &failure, attributes));
            return;
        }
        core.record(self.entry(What::RetryPlanned, &shipment, retries).detail(format!("tried again at {at:.3}")));
        core.plan_at(at, Kind::Work, move |core| self.attempt(core, shipment, sent, retries + 1, attributes));
    }

    fn give_up(&self, core: &Arc<Core>, shipment: &Shipment, failure: &Failure, attributes: FailureAttributes) {
        let entry = self.entry(What::Dropped, shipment, failure.retries);
        core.record(entry.detail(format!("{}: {}", self.towards(), failure.message)));
        let Some(queue) = lock(&self.settings).dead_letter_queue.clone() else { return };
        let mut parcel = shipment.parcel.clone();
        if let Some(body) = &shipment.dead_letter {
            parcel.body.clone_from(body);
        }
        parcel.attributes.extend(shipment.attributes.clone());
        parcel.attributes.extend(attributes(failure));
        let delivered = queue.deliver(core, parcel);
        core.record(match delivered {
            Ok(()) => self.entry(What::DeadLettered, shipment, failure.retries).detail(format!("to {}", queue.name())),
            Err(reason) => {
                let entry = self.entry(What::Dropped, shipment, failure.retries);
                entry.detail(format!("not delivered to {}: {reason}", queue.name()))
            }
        });
    }

    fn towards(&self) -> String {
        format!("to {}", self.to.name())
    }

    fn entry(&self, what: What, shipment: &Shipment, retries: u32) -> Entry {
        let entry = Entry::new(what, &self.place).item(&shipment.item);
        Entry { attempt: Some(retries + 1), ..entry }
    }

    /// On request: each of the next things is delivered twice.
    pub(crate) fn duplicate_next(&self, count: usize) {
        lock(&self.unrest).duplicate_next = count;
    }

    /// On request: the next attempts fail, as when the receiver's service is not available.
    pub(crate) fn fail_next(&self, attempts: usize) {
        lock(&self.unrest).fail_next = attempts;
    }

    /// On request: everything comes late, by a time that is drawn for each, and so out of order.
    pub(crate) fn late_by_up_to(&self, time: Duration) {
        lock(&self.unrest).late_by_up_to = time;
    }
}

/// Writes the three requests for a handle that has a field `route`.
macro_rules! unrest {
    ($handle:ty) => {
        /// What may happen on AWS too, on request.
        impl $handle {
            /// Each of the next deliveries happens twice.
            pub fn duplicate_next(&self, deliveries: usize) {
                self.route.duplicate_next(deliveries);
            }

            /// The next attempts to deliver fail, as when the receiver's service is not available.
            pub fn fail_next(&self, attempts: usize) {
                self.route.fail_next(attempts);
            }

            /// Everything comes late, by up to this time, drawn for each delivery from the world's seed: so also out
            /// of order. Zero ends it.
            pub fn late_by_up_to(&self, time: std::time::Duration) {
                self.route.late_by_up_to(time);
            }
        }
    };
}
pub(crate) use unrest;

/// No attributes.
pub(crate) fn no_attributes(_: &Failure) -> MessageAttributes {
    MessageAttributes::new()
}
