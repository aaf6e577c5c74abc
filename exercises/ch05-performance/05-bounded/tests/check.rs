//! What the shop expects of whoever has its jobs printed. The print house counts how many jobs are there at once.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use course::{Seed, Service};
use local_lambda::{Function, FunctionBuilder, binary};
use serde_json::{Value, json};

/// Long enough for every job that is printed at all, in milliseconds.
const GENEROUS: u64 = 4_000;

/// For how long the print house looks whether another job comes, when as many are there as may be.
const LOOK: Duration = Duration::from_millis(60);

/// For how long the print house keeps its answers back until the others are there whom it waits for.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Default)]
struct Floor {
    jobs: Mutex<Jobs>,
    changed: Condvar,
}

#[derive(Default)]
struct Jobs {
    came: usize,
    here: usize,
    most: usize,
    printed: Vec<String>,
    /// When the last of those that were here left, and how long it took at the shortest until another one came.
    empty_since: Option<Instant>,
    shortest_gap: Option<Duration>,
    /// How long the jobs that were given up were here.
    given_up_after: Vec<Duration>,
    /// How many jobs had come when the print house had waited for more in vain. From then on it waits no more.
    in_vain: Option<usize>,
}

impl Floor {
    fn jobs(&self) -> MutexGuard<'_, Jobs> {
        self.jobs.lock().expect("no panic")
    }

    /// Keeps an answer back until this holds for the jobs, but not for ever.
    fn wait(&self, until: impl Fn(&Jobs) -> bool) {
        let waits = |jobs: &mut Jobs| jobs.in_vain.is_none() && !until(jobs);
        let (mut jobs, waited) = self.changed.wait_timeout_while(self.jobs(), PATIENCE, waits).expect("no panic");
        if waited.timed_out() {
            jobs.in_vain = Some(jobs.came);
            self.changed.notify_all();
        }
    }

    /// Looks whether more than so many come.
    fn look(&self, allowed: usize) {
        let waits = |jobs: &mut Jobs| jobs.most <= allowed;
        drop(self.changed.wait_timeout_while(self.jobs(), LOOK, waits).expect("no panic"));
    }

    /// No more jobs were here at once than allowed.
    #[track_caller]
    fn expect_at_most(&self, story: &str, allowed: usize) {
        let most = self.jobs().most;
        assert!(
            most <= allowed,
            "{story}\n  expected  no more than {allowed} at the print house at once\n  got       {most}"
        );
    }

    /// Those came for whom the print house kept its answers back.
    #[track_caller]
    fn expect_not_in_vain(&self, story: &str, waited_for: &str) {
        if let Some(came) = self.jobs().in_vain {
            panic!(
                "{story}\n  expected  {waited_for}, while the print house keeps its first answer back\n  got       {came} \
                 sent within {PATIENCE:?}"
            );
        }
    }

    /// Every job came once.
    #[track_caller]
    fn expect_each_once(&self, story: &str, jobs: usize) {
        let came = self.jobs().came;
        assert!(
            came == jobs,
            "{story}\n  expected  {jobs} jobs at the print house, each once, whatever becomes of it\n  got       {came}"
        );
    }

    /// How many jobs are here after the last has been answered or given up: none, in a moment.
    fn left_behind(&self) -> usize {
        let waits = |jobs: &mut Jobs| jobs.here > 0;
        self.changed.wait_timeout_while(self.jobs(), PATIENCE, waits).expect("no panic").0.here
    }

    fn change(&self, change: impl FnOnce(&mut Jobs)) {
        change(&mut self.jobs());
        self.changed.notify_all();
    }

    /// One job, from its arrival to its answer. The house never answers a job that `print` gives none for.
    fn serve(&self, stream: &TcpStream, print: impl Fn(&str) -> Option<String>) {
        let mut reader = BufReader::new(stream);
        let mut job = String::new();
        let _ = reader.read_line(&mut job);
        let job = job.trim_end();
        let arrived = Instant::now();
        self.change(|jobs| {
            let gap = jobs.empty_since.take().map(|since| arrived - since);
            jobs.shortest_gap = [jobs.shortest_gap, gap].into_iter().flatten().min();
            jobs.came += 1;
            jobs.here += 1;
            jobs.most = jobs.most.max(jobs.here);
        });
        let answer = print(job);
        if answer.is_none() {
            let _ = reader.read_to_end(&mut Vec::new());
        }
        // Before the answer: the function may send the next job as soon as it has it.
        self.change(|jobs| {
            jobs.here -= 1;
            jobs.empty_since = (jobs.here == 0).then(Instant::now);
            jobs.given_up_after.extend(answer.is_none().then(|| arrived.elapsed()));
            jobs.printed.extend(answer.is_some().then(|| job.to_owned()));
        });
        let _ = { stream }.write_all(format!("{}\n", answer.unwrap_or_default()).as_bytes());
    }
}

/// A print house that prints as `print` says.
fn house(print: impl Fn(&Floor, &str) -> Option<String> + Send + Sync + 'static) -> (Service, Arc<Floor>) {
    let floor = Arc::new(Floor::default());
    let seen = Arc::clone(&floor);
    (Service::start(move |stream| floor.serve(stream, |job| print(&floor, job))), seen)
}

/// Jobs, and for each the number of sheets that the print house makes of it.
fn jobs(seed: &mut Seed, count: u64) -> (Vec<String>, HashMap<String, u64>) {
    let jobs: Vec<String> = (1..=count).map(|number| format!("{}-{number}", seed.name())).collect();
    let sheets = jobs.iter().map(|job| (job.clone(), seed.number(1..=99))).collect();
    (jobs, sheets)
}

fn answer(sheets: &HashMap<String, u64>, job: &str) -> String {
    sheets.get(job).map_or_else(|| format!("{job} is no job"), |sheets| format!("sheets {sheets}"))
}

fn printer(service: &Service) -> FunctionBuilder {
    Function::builder(binary!()).env("PRINT_HOUSE", service.address()).timeout(Duration::from_secs(9))
}

fn order(jobs: &[String], at_once: u64, limit_ms: u64) -> Value {
    json!({ "jobs": jobs, "at_once": at_once, "limit_ms": limit_ms })
}

/// The answer in which these jobs are printed, and others, by their place, have failed.
fn printed(jobs: &[String], sheets: &HashMap<String, u64>, failed: &[(usize, &str)]) -> Value {
    let results = jobs.iter().enumerate().map(|(index, job)| match failed.iter().find(|(place, _)| *place == index) {
        Some((_, reason)) => json!({ "job": job, "error": reason }),
        None => json!({ "job": job, "sheets": sheets[job] }),
    });
    json!({ "printed": results.collect::<Vec<_>>() })
}

#[test]
fn prints_every_job_and_tells_its_sheets() {
    let mut seed = Seed::at_run_time();
    for (count, at_once) in [(seed.number(3..=5), 2), (1, seed.number(2..=9))] {
        let (jobs, sheets) = jobs(&mut seed, count);
        let known = sheets.clone();
        let (service, _) = house(move |_, job| Some(answer(&known, job)));
        let function = printer(&service).start();
        let outcome =
            function.story(format!("an order of {count}, {at_once} at once")).invoke(order(&jobs, at_once, GENEROUS));
        outcome.expect_json(printed(&jobs, &sheets, &[]));
    }
}

#[test]
fn refuses_an_order_that_allows_no_job_at_once() {
    let mut seed = Seed::at_run_time();
    let (jobs, sheets) = jobs(&mut seed, 2);
    let (service, floor) = house(move |_, job| Some(answer(&sheets, job)));
    let function = printer(&service).timeout(Duration::from_secs(3)).start();
    for (jobs, story) in [(&jobs[..], "at_once is 0"), (&[], "at_once is 0, and there are no jobs")] {
        function.story(story).invoke(order(jobs, 0, GENEROUS)).expect_error("InvalidOrder");
    }
    assert_eq!(floor.jobs().came, 0, "no job of a refused order is printed");
}

#[test]
fn has_no_more_jobs_at_the_print_house_than_are_allowed() {
    let mut seed = Seed::at_run_time();
    let orders: Vec<(usize, _)> =
        [seed.number(2..=3), 1].map(|at_once| (at_once as usize, jobs(&mut seed, 2 * at_once))).into();
    let known: HashMap<String, u64> = orders.iter().flat_map(|(_, (_, sheets))| sheets.clone()).collect();
    let places: HashMap<String, usize> =
        orders.iter().flat_map(|(at_once, (jobs, _))| jobs.iter().map(|job| (job.clone(), *at_once))).collect();
    let (service, floor) = house(move |floor, job| {
        let full = places.get(job).copied().unwrap_or(1);
        floor.wait(|jobs| jobs.here >= full || jobs.came == 2 * full);
        floor.look(full);
        Some(answer(&known, job))
    });
    let function = printer(&service).start();
    for (at_once, (jobs, sheets)) in &orders {
        floor.change(|jobs| *jobs = Jobs::default());
        let count = jobs.len();
        let story = format!(
            "an order of {count}, of which {at_once} may be at the print house at once; one process has both orders"
        );
        let outcome = function.story(&story).invoke(order(jobs, *at_once as u64, GENEROUS));
        floor.expect_at_most(&story, *at_once);
        floor.expect_not_in_vain(&story, &format!("{at_once} are sent at once"));
        outcome.expect_json(printed(jobs, sheets, &[]));
    }
}

#[test]
fn has_as_many_jobs_at_the_print_house_as_are_allowed() {
    let mut seed = Seed::at_run_time();
    for (at_once, times) in [(seed.number(4..=6), 1), (12, 2)] {
        let count = times * at_once;
        let (jobs, sheets) = jobs(&mut seed, count);
        let known = sheets.clone();
        let full = at_once as usize;
        let (service, floor) = house(move |floor, job| {
            floor.wait(|jobs| jobs.most >= full);
            Some(answer(&known, job))
        });
        let story = format!("an order of {count}, of which {at_once} may be at the print house at once");
        let outcome = printer(&service).start().story(&story).invoke(order(&jobs, at_once, GENEROUS));
        floor.expect_not_in_vain(&story, &format!("{at_once} are sent at once"));
        outcome.expect_json(printed(&jobs, &sheets, &[]));
    }
}

#[test]
fn gives_the_results_in_the_order_of_the_jobs() {
    let mut seed = Seed::at_run_time();
    let count = seed.number(4..=6);
    let (mut jobs, sheets) = jobs(&mut seed, count);
    jobs.push(jobs[0].clone());
    let (known, names) = (sheets.clone(), jobs.clone());
    let (service, floor) = house(move |floor, job| {
        let place = names.iter().rposition(|name| name == job).unwrap_or_default();
        if let Some(next) = names.get(place + 1) {
            floor.wait(|jobs| jobs.printed.contains(next));
        }
        Some(answer(&known, job))
    });
    let story = "the job that came last is printed first; the first one is printed twice";
    let outcome = printer(&service).start().story(story).invoke(order(&jobs, jobs.len() as u64, GENEROUS));
    floor.expect_not_in_vain(story, &format!("all {} are sent at once, as many as are allowed", jobs.len()));
    outcome.expect_json(printed(&jobs, &sheets, &[]));
}

#[test]
fn prints_the_others_when_some_fail() {
    let mut seed = Seed::at_run_time();
    let (jobs, mut sheets) = jobs(&mut seed, 5);
    let known = sheets.clone();
    let failing = [jobs[0].clone(), jobs[3].clone()];
    sheets.retain(|job, _| !failing.contains(job));
    let jammed = failing.clone();
    let (service, floor) = house(move |_, job| {
        Some(if jammed.iter().any(|jam| jam == job) { "paper jam".to_owned() } else { answer(&known, job) })
    });
    let function = printer(&service).start();
    for at_once in [1, 3] {
        floor.change(|jobs| *jobs = Jobs::default());
        let story = format!("the paper jams at two of five jobs, {at_once} at once");
        let outcome = function.story(&story).invoke(order(&jobs, at_once, GENEROUS));
        outcome.expect_json(printed(&jobs, &sheets, &[(0, "paper jam"), (3, "paper jam")]));
        floor.expect_each_once(&story, 5);
    }
}

#[test]
fn gives_up_a_job_that_takes_too_long_and_prints_the_others() {
    let mut seed = Seed::at_run_time();
    let (jobs, sheets) = jobs(&mut seed, 4);
    let (known, stuck) = (sheets.clone(), jobs[0].clone());
    let (service, floor) = house(move |_, job| (job != stuck).then(|| answer(&known, job)));
    let function = printer(&service).start();
    for at_once in [1, 2] {
        floor.change(|jobs| *jobs = Jobs::default());
        let story = format!("the first job is never answered, {at_once} at once; each has 300 ms, once it is there");
        let outcome = function.story(&story).invoke(order(&jobs, at_once, 300));
        outcome.expect_json(printed(&jobs, &sheets, &[(0, "timed out")]));
        let here = floor.left_behind();
        assert!(
            here == 0,
            "{story}\n  expected  a job that is given up leaves the print house: its connection is closed\n  got       \
             {here} still there after the answer"
        );
        floor.expect_each_once(&story, 4);
    }
}

#[test]
fn gives_each_job_the_time_that_it_may_take() {
    let mut seed = Seed::at_run_time();
    for limit_ms in [200, seed.number(300..=500)] {
        let limit = Duration::from_millis(limit_ms);
        let (jobs, sheets) = jobs(&mut seed, 1);
        let (service, floor) = house(|_, _| None);
        let function = printer(&service).start();
        let story = format!("the only job is never answered, and has {limit_ms} ms");
        // The machine may be busy with something else; five times in a row it is not.
        let in_time = (0..5).any(|_| {
            floor.change(|jobs| *jobs = Jobs::default());
            let outcome = function.story(&story).invoke(order(&jobs, 1, limit_ms));
            outcome.expect_json(printed(&jobs, &sheets, &[(0, "timed out")]));
            outcome.expect("the job has its whole time before it is given up", |it| it.report.duration >= limit);
            floor.left_behind();
            floor.jobs().given_up_after.iter().all(|after| *after < limit * 3 / 2)
        });
        let after = floor.jobs().given_up_after.clone();
        assert!(
            in_time,
            "{story}\n  expected  it leaves after {limit_ms} ms, or a little later\n  got       half as much again and more, \
             in each of five attempts; in the last of them {after:?}"
        );
    }
}

#[test]
fn keeps_no_place_that_is_free() {
    let mut seed = Seed::at_run_time();
    let (jobs, sheets) = jobs(&mut seed, 10);
    let known = sheets.clone();
    let (service, floor) = house(move |_, job| Some(answer(&known, job)));
    let function = printer(&service).start();
    for count in [8, 10] {
        let story = format!("an order of {count}, one at once");
        // Of that many gaps one is short, unless each of them has something in it.
        let is_short = (0..5).any(|_| {
            floor.change(|jobs| *jobs = Jobs::default());
            let outcome = function.story(&story).invoke(order(&jobs[..count], 1, GENEROUS));
            outcome.expect_json(printed(&jobs[..count], &sheets, &[]));
            floor.jobs().shortest_gap.is_some_and(|gap| gap < Duration::from_millis(10))
        });
        let shortest = floor.jobs().shortest_gap;
        assert!(
            is_short,
            "{story}\n  expected  the next is sent as soon as one has left\n  got       a print house that is empty in \
             between, for {shortest:?} and more after each job"
        );
    }
}

#[test]
fn sends_the_next_job_as_soon_as_one_has_left() {
    let mut seed = Seed::at_run_time();
    for at_once in [2, 3] {
        let count = seed.number(6..=8) as usize;
        let (jobs, sheets) = jobs(&mut seed, count as u64);
        let (known, slow) = (sheets.clone(), jobs[0].clone());
        let (service, floor) = house(move |floor, job| {
            if job == slow {
                floor.wait(|jobs| jobs.printed.len() == count - 1);
            }
            Some(answer(&known, job))
        });
        let story = format!("the first of {count} jobs is still there when all others are printed, {at_once} at once");
        let outcome = printer(&service).start().story(&story).invoke(order(&jobs, at_once, GENEROUS));
        floor.expect_not_in_vain(&story, &format!("all {count} are sent, one as soon as another has left"));
        outcome.expect_json(printed(&jobs, &sheets, &[]));
    }
}
