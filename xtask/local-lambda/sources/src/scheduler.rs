//! EventBridge Scheduler: schedules that invoke a target at their times.
//!
//! A schedule is due in virtual time, which passes only when a test lets it: [`World::advance`](crate::World::advance).
//! `run_until_idle` does not wait for the next time of a schedule, since there is always one more.
//!
//! Sources: <https://docs.aws.amazon.com/scheduler/latest/UserGuide/what-is-scheduler.html>,
//! <https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html>.

use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use local_lambda::Ids;
use serde_json::{Value, json};

use crate::agenda::{Kind, TaskId};
use crate::core::{Core, later, lock};
use crate::events::{default_policy, failure_attributes, retry_policy};
use crate::function::{Destination, Parcel};
use crate::route::{Route, RouteSettings, Shipment, unrest};
use crate::schedule_expression::{FlexibleTimeWindow, InvalidSchedule, ScheduleExpression};
use crate::sqs::{MessageAttribute, MessageAttributes};
use crate::trace::{Entry, What};
use crate::world::World;

/// Schedules.
impl World {
    /// A schedule of EventBridge Scheduler, to be described. `expression`: `rate(…)`, `cron(…)` or `at(…)`.
    pub fn schedule(&self, name: impl Into<String>, expression: impl Into<String>) -> ScheduleBuilder {
        ScheduleBuilder::new(Arc::clone(&self.core), name.into(), expression.into())
    }
}

/// A schedule to be described. Made by [`World::schedule`](crate::World::schedule).
#[derive(Debug)]
#[must_use = "a schedule is made by `create`"]
pub struct ScheduleBuilder {
    core: Arc<Core>,
    name: String,
    expression: String,
    zone: String,
    window: FlexibleTimeWindow,
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    input: Option<Value>,
    to: Option<Destination>,
    settings: RouteSettings,
}

impl ScheduleBuilder {
    pub(crate) fn new(core: Arc<Core>, name: String, expression: String) -> ScheduleBuilder {
        ScheduleBuilder {
            core,
            name,
            expression,
            zone: "UTC".to_owned(),
            window: FlexibleTimeWindow::Off,
            start: None,
            end: None,
            input: None,
            to: None,
            settings: default_policy(),
        }
    }

    /// The time zone in which the expression is meant, such as `Asia/Taipei`; `UTC` if not given.
    pub fn time_zone(mut self, zone: impl Into<String>) -> Self {
        self.zone = zone.into();
        self
    }

    /// The target is invoked at some time within this many minutes after it is due, drawn from the world's seed.
    pub fn flexible_time_window(mut self, window: FlexibleTimeWindow) -> Self {
        self.window = window;
        self
    }

    /// Before this time it is not due; when it is made, if not given. A `rate` counts from it.
    pub fn start(mut self, time: Timestamp) -> Self {
        self.start = Some(time);
        self
    }

    /// After this time it is not due any more.
    pub fn end(mut self, time: Timestamp) -> Self {
        self.end = Some(time);
        self
    }

    /// What the target gets, in which `<aws.scheduler.scheduled-time>`, `<aws.scheduler.schedule-arn>`,
    /// `<aws.scheduler.execution-id>` and `<aws.scheduler.attempt-number>` stand for what they say; an event that tells
    /// of the schedule if not given.
    ///
    /// Source: <https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html>.
    /// Different on purpose: the number of the attempt is always 1, since the event is made once.
    pub fn input(mut self, input: Value) -> Self {
        self.input = Some(input);
        self
    }

    /// The target: a function, a queue, a topic or a bus.
    pub fn target(mut self, receiver: impl Into<Destination>) -> Self {
        self.to = Some(receiver.into());
        self
    }

    /// Makes the schedule.
    ///
    /// # Panics
    /// When Scheduler would not take it; [`ScheduleBuilder::try_create`] gives the reason about its expression as a
    /// value.
    #[track_caller]
    pub fn create(self) -> Schedule {
        match self.try_create() {
            Ok(schedule) => schedule,
            Err(error) => panic!("the schedule cannot be made: {error}"),
        }
    }

    /// Makes the schedule (`CreateSchedule`).
    ///
    /// # Errors
    /// When the expression or the time zone is refused.
    ///
    /// # Panics
    /// When there is no target, when the world has a schedule of this name, and when the retry policy is not one of
    /// AWS.
    #[track_caller]
    pub fn try_create(self) -> Result<Schedule, InvalidSchedule> {
        let ScheduleBuilder { core, name, expression, zone, window, start, end, input, to, settings } = self;
        settings.assert_policy();
        let to = to.unwrap_or_else(|| panic!("the schedule {name} has no target"));
        let expression = ScheduleExpression::parse(&expression, &zone)?;
        let arn = format!("arn:aws:scheduler:{}:{}:schedule/default/{name}", core.region, core.account);
        let route = Route::new(&name, to, settings);
        let state = Arc::new(ScheduleState {
            name,
            arn: arn.clone(),
            expression,
            window,
            end,
            input,
            route: Arc::clone(&route),
            next: Mutex::new(Next { enabled: true, due: None, task: None }),
        });
        core.add_resource(&arn, Arc::clone(&state));
        let begin = start.map_or(core.now(), |start| start.max(core.now()));
        let first = match start.filter(|start| *start < core.now()) {
            // A rate goes on counting from a start that has passed.
            Some(start) => state.expression.times(start).find(|due| *due >= core.now()),
            None => state.expression.first(begin),
        };
        state.plan(&core, first);
        Ok(Schedule { core, state, route })
    }
}

retry_policy!(ScheduleBuilder);

/// A schedule. It goes on when this handle is dropped. Cheap to clone, and usable from any thread.
#[derive(Debug, Clone)]
pub struct Schedule {
    core: Arc<Core>,
    state: Arc<ScheduleState>,
    route: Arc<Route>,
}

unrest!(Schedule);

impl Schedule {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.state.name
    }

    /// Its ARN.
    pub fn arn(&self) -> &str {
        &self.state.arn
    }

    /// When it is due next, without what a flexible window adds.
    pub fn next(&self) -> Option<Timestamp> {
        lock(&self.state.next).due
    }

    /// Stops the schedule, or lets it go on. What would have been due meanwhile is not made up for.
    pub fn set_enabled(&self, enabled: bool) {
        lock(&self.state.next).enabled = enabled;
        let words = if enabled { "the schedule is enabled" } else { "the schedule is disabled" };
        self.core.record(Entry::new(What::Configured, &self.state.name).detail(words));
    }

    /// Takes the schedule away. What is on its way still arrives.
    pub fn delete(&self) {
        let task = {
            let mut next = lock(&self.state.next);
            next.due = None;
            next.enabled = false;
            next.task.take()
        };
        if let Some(task) = task {
            self.core.cancel(task);
        }
        self.core.remove_resource(&self.state.arn);
    }
}

/// A schedule, behind its lock.
#[derive(Debug)]
struct ScheduleState {
    name: String,
    arn: String,
    expression: ScheduleExpression,
    window: FlexibleTimeWindow,
    end: Option<Timestamp>,
    input: Option<Value>,
    route: Arc<Route>,
    next: Mutex<Next>,
}

#[derive(Debug)]
struct Next {
    enabled: bool,
    due: Option<Timestamp>,
    task: Option<TaskId>,
}

impl ScheduleState {
    fn plan(self: &Arc<Self>, core: &Arc<Core>, due: Option<Timestamp>) {
        let due = due.filter(|due| self.end.is_none_or(|end| *due <= end));
        let task = due.map(|due| {
            let schedule = Arc::downgrade(self);
            core.plan_at(due, Kind::Background, move |core| {
                if let Some(schedule) = schedule.upgrade() {
                    schedule.fall_due(core, due);
                }
            })
        });
        let mut next = lock(&self.next);
        (next.due, next.task) = (due, task);
    }

    fn fall_due(self: Arc<Self>, core: &Arc<Core>, due: Timestamp) {
        if lock(&self.next).enabled {
            let id = core.draw(Ids::uuid);
            let delay = self.window.delay(core.draw(Ids::draw));
            let entry = Entry::new(What::Sent, &self.name).item(&id);
            core.record(match delay.is_zero() {
                true => entry.detail("due"),
                false => entry.detail(format!("due, within its window at {:.3}", later(due, delay))),
            });
            let schedule = Arc::clone(&self);
            core.plan_in(delay, Kind::Work, move |core| schedule.send(core, &id, due));
        }
        self.plan(core, self.expression.next_after(due));
    }

    fn send(&self, core: &Arc<Core>, id: &str, due: Timestamp) {
        let time = format!("{due:.0}");
        let body = match &self.input {
            Some(input) => [
                ("<aws.scheduler.scheduled-time>", time.as_str()),
                ("<aws.scheduler.schedule-arn>", &self.arn),
                ("<aws.scheduler.execution-id>", id),
                ("<aws.scheduler.attempt-number>", "1"),
            ]
            .iter()
            .fold(input.to_string(), |text, (name, value)| text.replace(name, value)),
            None => json!({
                "version": "0",
                "id": id,
                "detail-type": "Scheduled Event",
                "source": "aws.scheduler",
                "account": core.account,
                "time": time,
                "region": core.region,
                "resources": [self.arn],
                "detail": "{}",
            })
            .to_string(),
        };
        let attributes = [
            ("EXECUTION_ID", id),
            ("IS_PAYLOAD_TRUNCATED", "false"),
            ("SCHEDULED_TIME", &time),
            ("SCHEDULE_ARN", &self.arn),
            ("TARGET_ARN", self.route.to.arn()),
        ];
        let shipment = Shipment {
            item: id.to_owned(),
            parcel: Parcel { body, attributes: MessageAttributes::new(), trace_header: None },
            dead_letter: None,
            attributes: attributes.map(|(name, value)| (name.to_owned(), MessageAttribute::string(value))).into(),
        };
        self.route.send(core, &shipment, failure_attributes);
    }
}
