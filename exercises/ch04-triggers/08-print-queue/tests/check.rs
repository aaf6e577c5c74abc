//! What the shop expects of its print room. The queues are those of the local service, with visibility, receive counts
//! and dead letters; a message that fails is received three times, 30 seconds apart, and no time is spent waiting.

use course::Seed;
use local_lambda::{Function, binary};
use local_lambda_sources::sqs::{MessageAttribute, Queue};
use local_lambda_sources::{LambdaFunction, Target, World};
use serde_json::{Map, Value, json};

/// A queue, its dead letters, and the function that prints.
struct PrintRoom {
    world: World,
    printer: LambdaFunction,
    jobs: Queue,
    dead_letters: Queue,
}

impl PrintRoom {
    /// `jams` says how often the paper jams at a job before it is printed.
    fn new(queue: &str, jams: &[(&str, u32)]) -> PrintRoom {
        let jams: Map<String, Value> = jams.iter().map(|&(job, times)| (job.to_owned(), times.into())).collect();
        PrintRoom::with_variable(queue, "JAMS", &Value::Object(jams).to_string())
    }

    /// The variable is one of those that `printer.rs` reads.
    fn with_variable(queue: &str, name_of_variable: &str, value: &str) -> PrintRoom {
        let world = World::new();
        let function = Function::builder(binary!()).env(name_of_variable, value).start();
        let printer = world.function(Target::from(function)).create();
        let (jobs, dead_letters) = mapped_queue(&world, queue, &printer);
        PrintRoom { world, printer, jobs, dead_letters }
    }

    /// One more queue of the same function.
    fn another_queue(&self, name: &str) -> Queue {
        mapped_queue(&self.world, name, &self.printer).0
    }

    fn send_page(&self, album: &str, page: &str, body: &str) {
        let message = self.jobs.message(body).group_id(album).deduplication_id(page);
        message.send().expect("the queue takes a page");
    }

    /// The queue is worked off; then exactly these jobs are printed, in this order.
    #[track_caller]
    fn expect_printed(&self, story: &str, expected: &[String]) {
        self.world.run_until_idle();
        let printed = self.printed();
        assert!(
            printed == expected,
            "{story}\n  expected to be printed {expected:?}\n  got                    {printed:?}\n{}",
            self.happened()
        );
    }

    /// The same, in whatever order.
    #[track_caller]
    fn expect_printed_sometime(&self, story: &str, expected: &[String]) {
        self.world.run_until_idle();
        let (mut printed, mut sorted) = (self.printed(), expected.to_vec());
        printed.sort();
        sorted.sort();
        assert!(
            printed == sorted,
            "{story}\n  expected to be printed {sorted:?}\n  got                    {printed:?}\n{}",
            self.happened()
        );
    }

    #[track_caller]
    fn expect_dead_letters(&self, story: &str, expected: &[String]) {
        let dead = self.dead_letters.bodies();
        assert!(
            dead == expected,
            "{story}\n  expected in the dead-letter queue {expected:?}\n  got                               {dead:?}\n{}",
            self.happened()
        );
    }

    /// The jobs in the order in which the printer printed them.
    fn printed(&self) -> Vec<String> {
        printed_by(&self.log())
    }

    /// Those that it printed for the first batch.
    fn printed_at_once(&self) -> Vec<String> {
        self.logs().first().map(|log| printed_by(log)).unwrap_or_default()
    }

    fn log(&self) -> Vec<String> {
        self.logs().concat()
    }

    /// What the function logged, batch by batch.
    fn logs(&self) -> Vec<Vec<String>> {
        let answers = self.world.answers();
        let runs = answers.iter().filter_map(|answer| answer.outcome.as_ref());
        runs.map(|run| run.function_log().map(str::to_owned).collect()).collect()
    }

    fn happened(&self) -> String {
        format!("what happened\n{}\nthe function's log\n  {}", self.world.trace(), self.log().join("\n  "))
    }
}

/// A queue that is mapped to this function, and its dead letters.
fn mapped_queue(world: &World, name: &str, printer: &LambdaFunction) -> (Queue, Queue) {
    let (plain, fifo) = name.split_at(name.find('.').unwrap_or(name.len()));
    let dead_letters = world.queue(format!("{plain}-dead{fifo}")).create();
    let queue = world.queue(name).redrive(&dead_letters, 3).create();
    world.map(&queue, printer).report_batch_item_failures().create();
    (queue, dead_letters)
}

fn printed_by(log: &[String]) -> Vec<String> {
    let job = |line: &String| line.strip_prefix("printed ").and_then(|rest| rest.split(' ').next()).map(str::to_owned);
    log.iter().filter_map(job).collect()
}

/// Jobs with numbers that nobody knows beforehand.
fn jobs(seed: &mut Seed, count: u64) -> Vec<String> {
    let first = seed.number(1000..=9000);
    (first..first + count).map(|number| format!("p-{number}")).collect()
}

fn body(job: &str) -> String {
    json!({ "job": job, "copies": 1 }).to_string()
}

#[test]
fn prints_every_job_once() {
    let mut seed = Seed::at_run_time();
    let room = PrintRoom::new("print-jobs", &[]);
    let jobs = jobs(&mut seed, 12);
    for job in &jobs {
        room.jobs.send(body(job));
    }
    room.expect_printed_sometime("twelve good jobs come in", &jobs);
    room.expect_dead_letters("twelve good jobs come in", &[]);
}

#[test]
fn keeps_a_broken_message_from_harming_its_batch() {
    let mut seed = Seed::at_run_time();
    let job = format!("p-{}", seed.number(1000..=9999));
    let broken = [format!("{job} please"), String::from("null"), json!({ "job": job }).to_string()];
    for broken in broken {
        let room = PrintRoom::new("print-jobs", &[]);
        let jobs = jobs(&mut seed, 9);
        for (place, job) in jobs.iter().enumerate() {
            if place == 4 {
                room.jobs.send(broken.clone());
            }
            room.jobs.send(body(job));
        }
        let story = format!("nine good jobs come in, and among them a message that reads {broken}");
        room.expect_printed_sometime(&story, &jobs);
        room.expect_dead_letters(&story, &[broken]);
    }
}

#[test]
fn prints_a_job_after_the_jam_is_cleared() {
    let mut seed = Seed::at_run_time();
    for jams in [1, 2] {
        let jobs = jobs(&mut seed, 3);
        let room = PrintRoom::new("print-jobs", &[(&jobs[1], jams)]);
        for job in &jobs {
            room.jobs.send(body(job));
        }
        room.expect_printed_sometime(&format!("of three jobs the second jams {jams} times"), &jobs);
        room.expect_dead_letters("the paper jams, and then no longer", &[]);
    }
}

#[test]
fn gives_up_a_job_that_jams_for_good() {
    let mut seed = Seed::at_run_time();
    let jobs = jobs(&mut seed, 4);
    let stuck = *seed.pick(&[0, 1, 2, 3]);
    let room = PrintRoom::new("print-jobs", &[(&jobs[stuck], 99)]);
    for job in &jobs {
        room.jobs.send(body(job));
    }
    let good: Vec<String> = jobs.iter().filter(|job| **job != jobs[stuck]).cloned().collect();
    room.expect_printed_sometime("of four jobs one jams whenever it is tried", &good);
    room.expect_dead_letters("of four jobs one jams whenever it is tried", &[body(&jobs[stuck])]);
}

#[test]
fn prints_once_what_the_queue_delivers_twice() {
    let mut seed = Seed::at_run_time();
    let room = PrintRoom::new("print-jobs", &[]);
    let jobs = jobs(&mut seed, 5);
    room.jobs.duplicate_next(seed.number(1..=5) as usize);
    for job in &jobs {
        room.jobs.send(body(job));
    }
    room.expect_printed_sometime("the queue delivers some of five messages twice", &jobs);
    room.expect_dead_letters("a job that is printed already is no failure", &[]);
}

#[test]
fn prints_once_though_the_power_goes() {
    let mut seed = Seed::at_run_time();
    let jobs = jobs(&mut seed, 5);
    let dark = seed.number(1..=4) as usize;
    let room = PrintRoom::with_variable("print-jobs", "POWER_CUT", &jobs[dark]);
    for job in &jobs {
        room.jobs.send(body(job));
    }
    let story =
        format!("at the {} of five jobs the process dies, and all five come again to the next one", ordinal(dark));
    room.expect_printed_sometime(&story, &jobs);
    room.expect_dead_letters(&story, &[]);
}

fn ordinal(place: usize) -> &'static str {
    ["first", "second", "third", "fourth", "fifth"][place]
}

#[test]
fn prints_once_what_the_shop_sends_twice() {
    let mut seed = Seed::at_run_time();
    let room = PrintRoom::new("print-jobs", &[]);
    let jobs = jobs(&mut seed, 4);
    for job in &jobs {
        room.jobs.send(body(job));
    }
    for (again, job) in jobs[..seed.number(1..=3) as usize].iter().enumerate() {
        // The same job, written by another program of the shop.
        let body = format!("{{ \"job\": \"{job}\", \"copies\": {}, \"sent\": 2 }}", 1 + again);
        room.jobs.message(body).group_id("sent-again").send().expect("the queue takes a job");
    }
    for job in &jobs[..1] {
        room.jobs.send(json!({ "job": job, "copies": 2 }).to_string());
    }
    let story =
        "the shop was not sure, and sent some of its four jobs again: in other words, in a group, with other copies";
    room.expect_printed_sometime(story, &jobs);
    room.expect_dead_letters("a job that is printed already is no failure", &[]);
}

#[test]
fn prints_once_what_comes_by_both_queues() {
    let mut seed = Seed::at_run_time();
    for (first, second) in [("print-jobs", "album-pages.fifo"), ("album-pages.fifo", "print-jobs")] {
        let room = PrintRoom::new(first, &[]);
        let other = room.another_queue(second);
        let jobs = jobs(&mut seed, 3);
        for (queue, name) in [(&room.jobs, first), (&other, second)] {
            for (place, job) in jobs.iter().enumerate() {
                let mut message = queue.message(body(job)).group_id("customer-7");
                if name.ends_with(".fifo") {
                    message = message.deduplication_id(format!("page {place}"));
                }
                message.send().expect("the queue takes a job");
            }
            room.world.run_until_idle();
        }
        let story = format!("three jobs come in at {first}, and later again at {second}");
        room.expect_printed_sometime(&story, &jobs);
        room.expect_dead_letters(&story, &[]);
    }
}

#[test]
fn keeps_the_pages_of_an_album_in_order() {
    let mut seed = Seed::at_run_time();
    let album = seed.name();
    for (stuck, queue) in ["album-pages.fifo", "calendars.fifo", "print-jobs.fifo"].into_iter().enumerate() {
        let pages = jobs(&mut seed, 4);
        let room = PrintRoom::new(queue, &[(&pages[stuck], 2)]);
        for page in &pages {
            room.send_page(&album, page, &body(page));
        }
        let story = format!("an album of four pages comes in at {queue}, and page {} jams twice", stuck + 1);
        room.expect_printed(&story, &pages);
        room.expect_dead_letters(&story, &[]);
    }
}

#[test]
fn glues_no_page_in_past_a_missing_one() {
    let mut seed = Seed::at_run_time();
    let album = seed.name();
    for readable in [true, false] {
        let pages = jobs(&mut seed, 4);
        let missing = seed.number(0..=2) as usize;
        let mut bodies: Vec<String> = pages.iter().map(|page| body(page)).collect();
        let room = if readable {
            PrintRoom::new("album-pages.fifo", &[(&pages[missing], 99)])
        } else {
            bodies[missing] = format!("{} please", pages[missing]);
            PrintRoom::new("album-pages.fifo", &[])
        };
        for (page, body) in pages.iter().zip(&bodies) {
            room.send_page(&album, page, body);
        }
        let what = if readable { "jams whenever it is tried" } else { "cannot be read" };
        let story = format!("an album of four pages comes in, and page {} {what}", missing + 1);
        room.expect_printed(&story, &pages[..missing]);
        room.expect_dead_letters(&story, &bodies[missing..]);
    }
}

#[test]
fn keeps_two_albums_in_order_each() {
    let mut seed = Seed::at_run_time();
    let pages = jobs(&mut seed, 6);
    let (first, second) = pages.split_at(3);
    let room = PrintRoom::new("album-pages.fifo", &[(&first[0], 1), (&second[1], 1)]);
    for (a, b) in first.iter().zip(second) {
        room.send_page("album-1", a, &body(a));
        room.send_page("album-2", b, &body(b));
    }
    room.world.run_until_idle();
    room.send_page("album-2", "sent again", &body(&first[1]));
    room.world.run_until_idle();
    let printed = room.printed();
    for album in [first, second] {
        let of_album: Vec<&String> = printed.iter().filter(|page| album.contains(page)).collect();
        assert!(
            of_album == album.iter().collect::<Vec<_>>(),
            "two albums come in at once, pages jam in both, and in the end a page of the first is sent again with the second\n  expected of one {album:?}\n  got             {of_album:?}\n{}",
            room.happened()
        );
    }
}

#[test]
fn does_not_hold_up_single_prints_of_a_group() {
    let mut seed = Seed::at_run_time();
    for queue in ["print-jobs", "fifo-prints", "prints-fifo", "album-covers"] {
        let jobs = jobs(&mut seed, 3);
        let room = PrintRoom::new(queue, &[(&jobs[0], 2)]);
        for job in &jobs {
            // Groups of a standard queue keep one customer from crowding out the others, and promise no order.
            let message = room.jobs.message(body(job)).group_id("customer-7");
            message.attribute("priority", MessageAttribute::string("express")).send().expect("the queue takes a job");
        }
        let story = format!(
            "three single prints of one customer come in at the standard queue {queue}, and the first jams twice"
        );
        room.expect_printed_sometime(&story, &jobs);
        let at_once = room.printed_at_once();
        assert!(
            jobs[1..].iter().all(|job| at_once.contains(job)),
            "{story}\n  expected of the first batch, in whatever order, {:?}\n  got                                        \
             {at_once:?}\n{}",
            &jobs[1..],
            room.happened()
        );
    }
}
