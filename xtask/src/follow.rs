//! Follows a check while it runs, for [`crate::stream`]: which test is at work, what it sent, what came of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::course::Exercise;
use crate::libtest::{self, Outcome};
use crate::stream;

/// So many events of one exercise are told; a property test may send thousands.
const MOST_SENT: usize = 200;

/// What was told of one running check.
#[derive(Debug)]
pub struct Follower<'a> {
    exercise: &'a Exercise,
    report: PathBuf,
    /// How far the report was read.
    read: u64,
    /// The tests that have not begun, in libtest's order.
    waiting: Vec<String>,
    ended: BTreeSet<String>,
    failures: BTreeMap<String, Value>,
    sent: BTreeMap<String, usize>,
    told: usize,
}

impl<'a> Follower<'a> {
    /// Tells that the check begins. `source` is the check's text.
    #[must_use]
    pub fn start(exercise: &'a Exercise, source: &str, report: PathBuf) -> Follower<'a> {
        let names: Vec<String> = libtest::declared(source).into_iter().map(|(_, name)| name).collect();
        stream::tell("running", json!({ "exercise": exercise.name(), "tests": names }));
        let mut follower = Follower {
            exercise,
            report,
            read: 0,
            waiting: names,
            ended: BTreeSet::new(),
            failures: BTreeMap::new(),
            sent: BTreeMap::new(),
            told: 0,
        };
        // libtest begins tests in the order of their names, as many at once as there are processors, and the next one
        // whenever one ends: https://doc.rust-lang.org/rustc/tests/index.html#--test-threads-num_threads
        follower.waiting.sort_by(|a, b| b.cmp(a));
        let at_once = std::thread::available_parallelism().map_or(1, usize::from);
        (0..at_once).for_each(|_| follower.begin_next());
        follower
    }

    /// Tells what is new: lines that the check printed since the last look, and steps of its report.
    pub fn look(&mut self, lines: &[String]) {
        for step in self.new_steps() {
            self.step(&step);
        }
        for test in lines.iter().filter_map(|line| libtest::result_line(line)) {
            if self.ended.insert(test.name.clone()) {
                self.end(&test.name, test.outcome);
            }
        }
    }

    fn begin_next(&mut self) {
        if let Some(name) = self.waiting.pop() {
            stream::tell("test", json!({ "exercise": self.exercise.name(), "name": name, "outcome": "started" }));
        }
    }

    fn end(&mut self, name: &str, outcome: Outcome) {
        self.waiting.retain(|waiting| waiting != name);
        let failure = self.failures.remove(name);
        let fields = json!({
            "exercise": self.exercise.name(), "name": name, "outcome": outcome.key(), "failure": failure,
        });
        stream::tell("test", fields);
        self.begin_next();
    }

    fn step(&mut self, step: &Value) {
        let test = step["test"].as_str().unwrap_or_default().to_owned();
        match step["step"].as_str() {
            Some("failed") => {
                self.failures.entry(test).or_insert_with(|| step.clone());
            }
            Some("invoked") => {
                let number = self.sent.entry(test.clone()).or_default();
                *number += 1;
                self.told += 1;
                if self.told <= MOST_SENT {
                    let fields = json!({
                        "exercise": self.exercise.name(), "test": test, "number": number, "story": step["story"],
                        "fate": step["outcome"]["fate"], "report": stream::figures(&step["outcome"]),
                    });
                    stream::tell("sent", fields);
                }
            }
            _ => {}
        }
    }

    /// Whole lines only: the last one may still be on its way.
    fn new_steps(&mut self) -> Vec<Value> {
        let mut bytes = Vec::new();
        let read = File::open(&self.report).and_then(|mut file| {
            file.seek(SeekFrom::Start(self.read))?;
            file.read_to_end(&mut bytes)
        });
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        if read.is_err() || whole == 0 {
            return Vec::new();
        }
        self.read += whole as u64;
        let text = String::from_utf8_lossy(&bytes[..whole]).into_owned();
        let steps = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        steps.filter(|step| step["version"] == 1).collect()
    }
}
