//! Those whom the steps ask: the paper shelf, the bank, the carrier. Given; it stays as it is.
//!
//! Each knows tokens: whoever comes with the same token again gets what he got, and nothing is done twice. What is taken
//! back is taken back once. A token that nobody knows has nothing to take back, and is not remembered for it.

use std::cell::Cell;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process;

use serde_json::Value;

use crate::letters::{Action, Command, Step};

/// Why something was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum No {
    /// There is no paper, the card is declined, nobody goes to this address. Nothing was done.
    Refused,
    /// No answer came in time: it may be done, or not.
    NoAnswer,
}

/// The places at which a process may end, as a timeout or a broken machine ends it.
#[derive(Debug)]
pub(crate) struct Places {
    crash_at: Option<u32>,
    passed: Cell<u32>,
}

impl Places {
    pub(crate) fn new(crash_at: Option<u32>) -> Places {
        Places { crash_at, passed: Cell::new(0) }
    }

    pub(crate) fn pass(&self, place: &str) {
        self.passed.set(self.passed.get() + 1);
        if self.crash_at == Some(self.passed.get()) {
            println!("the process ends {place}");
            process::exit(1);
        }
    }
}

/// Whom a step asks.
pub(crate) struct Outside<'p> {
    folder: PathBuf,
    step: Step,
    places: &'p Places,
}

impl<'p> Outside<'p> {
    pub(crate) fn new(folder: &Path, step: Step, places: &'p Places) -> Outside<'p> {
        Outside { folder: folder.to_owned(), step, places }
    }

    /// Reserves the sheets, charges the cents, or ships.
    pub(crate) async fn perform(&self, command: &Command) -> Result<(), No> {
        self.ask(command, Action::Do)
    }

    /// Gives back what was done under this token.
    pub(crate) async fn take_back(&self, command: &Command) -> Result<(), No> {
        self.ask(command, Action::Undo)
    }

    fn ask(&self, command: &Command, action: Action) -> Result<(), No> {
        let (step, id) = (name(self.step), &command.order.id);
        let call = format!("{step}\t{}\t{id}", if action == Action::Do { "do" } else { "undo" });
        let earlier = self.lines("calls.txt").iter().filter(|line| **line == call).count();
        self.note("calls.txt", &call);
        self.places.pass(&format!("before the {step} is asked"));
        // What the check has planned for this call.
        let trouble = fs::read(self.folder.join("trouble.json")).unwrap_or_default();
        let trouble: Value = serde_json::from_slice(&trouble).unwrap_or_default();
        let what = trouble[call.as_str()].as_array().and_then(|plan| plan.get(earlier)?.as_str()).unwrap_or("done");
        match what {
            // What was done under this token is not refused afterwards.
            "refused" if action == Action::Undo || !self.knows(command, "do") => return Err(No::Refused),
            "timeout" => return Err(No::NoAnswer),
            _ => self.act(command, action),
        }
        self.places.pass(&format!("after the {step} was asked"));
        if what == "lost" { Err(No::NoAnswer) } else { Ok(()) }
    }

    fn act(&self, command: &Command, action: Action) {
        let Command { order, token, .. } = command;
        let what = match self.step {
            Step::Paper => format!("{} sheets", order.sheets),
            Step::Payment => format!("{} cents", order.cents),
            Step::Parcel => "parcel".to_owned(),
        };
        let line = |action: &str| format!("{}\t{}\t{action}\t{what}\t{token}", order.id, name(self.step));
        match action {
            Action::Do if !self.knows(command, "do") => self.note("book.txt", &line("do")),
            Action::Undo if self.knows(command, "do") && !self.knows(command, "undo") => {
                self.note("book.txt", &line("undo"))
            }
            _ => {}
        }
    }

    /// Whether this was done or undone under this token, for whichever order.
    fn knows(&self, command: &Command, action: &str) -> bool {
        self.lines("book.txt").iter().any(|line| {
            let parts: Vec<&str> = line.split('\t').collect();
            parts[1] == name(self.step) && parts[2] == action && parts[4..].join("\t") == command.token
        })
    }

    fn lines(&self, file: &str) -> Vec<String> {
        let text = fs::read_to_string(self.folder.join(file)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    fn note(&self, file: &str, line: &str) {
        let file = File::options().append(true).create(true).open(self.folder.join(file));
        file.and_then(|mut file| writeln!(file, "{line}")).expect("the folder of the check");
    }
}

/// The name of a step, which is that of its function as well.
pub(crate) fn name(step: Step) -> &'static str {
    match step {
        Step::Paper => "paper",
        Step::Payment => "payment",
        Step::Parcel => "parcel",
    }
}
