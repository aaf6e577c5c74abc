//! The terminal: colour only where one wants it, progress on one line that cleans up after itself, plain words else.

use std::io::{IsTerminal as _, Write as _};
use std::os::fd::AsFd as _;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, Once, OnceLock};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{stream, wrap};

/// How text is marked: with colours and symbols, or not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    Colour,
    Plain,
}

impl Style {
    /// The style of standard output.
    #[must_use]
    pub fn of_stdout() -> Style {
        if std::io::stdout().is_terminal() && wants_colour() { Style::Colour } else { Style::Plain }
    }

    #[must_use]
    pub fn good(self, text: &str) -> String {
        self.paint("32", text)
    }

    #[must_use]
    pub fn bad(self, text: &str) -> String {
        self.paint("31", text)
    }

    #[must_use]
    pub fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    #[must_use]
    pub fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// What a compiler rendered, with its colours or without.
    #[must_use]
    pub fn rendered(self, text: &str) -> String {
        match self {
            Style::Colour => text.to_owned(),
            Style::Plain => without_escapes(text),
        }
    }

    fn paint(self, code: &str, text: &str) -> String {
        match self {
            Style::Colour => format!("\x1b[{code}m{text}\x1b[0m"),
            Style::Plain => text.to_owned(),
        }
    }
}

/// Text of unknown origin, made safe for a terminal: no escape sequences, no control characters but tab and newline.
#[must_use]
pub fn without_escapes(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\x1b' if chars.next_if_eq(&'[').is_some() => {
                while chars.next().is_some_and(|c| !('@'..='~').contains(&c)) {}
            }
            '\x1b' if chars.next_if_eq(&']').is_some() => while chars.next().is_some_and(|c| c != '\x07') {},
            '\t' | '\n' => clean.push(c),
            c if c.is_control() => {}
            c => clean.push(c),
        }
    }
    clean
}

/// Elsewhere than on a terminal, a line so often says how far it is.
const PACE: Duration = Duration::from_secs(5);

/// What goes on: one line rewritten on a terminal; elsewhere notices, and how far it is every few seconds; both on
/// standard error. Or events for a program, see [`crate::stream`].
#[derive(Debug)]
pub struct Progress {
    to: To,
    steps: AtomicUsize,
    /// What was said last of the bar, which cargo repeats.
    bar: Mutex<(usize, usize)>,
    started: Instant,
    /// What it waits for, which cargo says again at each of its steps.
    awaited: Mutex<String>,
    /// When it was last said, elsewhere than on a terminal, how far it is.
    said: Mutex<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum To {
    Terminal,
    Notices,
    Stream,
    Nowhere,
}

impl Progress {
    #[must_use]
    pub fn new() -> Progress {
        let lively = std::io::stderr().is_terminal() && wants_colour();
        Progress::to(if lively { To::Terminal } else { To::Notices })
    }

    /// Events on standard output.
    #[must_use]
    pub fn streaming() -> Progress {
        Progress::to(To::Stream)
    }

    /// Of what goes on beside something that is told.
    #[must_use]
    pub fn silent() -> Progress {
        Progress::to(To::Nowhere)
    }

    fn to(to: To) -> Progress {
        let started = Instant::now();
        let (steps, bar, said) = (AtomicUsize::new(0), Mutex::default(), Mutex::new(started));
        Progress { to, steps, bar, started, awaited: Mutex::default(), said }
    }

    #[must_use]
    pub fn streams(&self) -> bool {
        self.to == To::Stream
    }

    /// One more crate was downloaded, of so many that were missing.
    pub fn downloaded(&self, name: &str, number: usize, of: usize) {
        let of = Some(of).filter(|of| *of > 0);
        let words = of.map_or_else(String::new, |of| format!(" of {of}"));
        self.show(&format!("downloading: {number}{words}, {name}, {} s", self.started.elapsed().as_secs()));
        self.tell("downloading", || json!({ "done": number, "of": of, "crates": name }));
    }

    /// One more crate is being built.
    pub fn step(&self, name: &str) {
        let number = self.steps.fetch_add(1, Ordering::Relaxed) + 1;
        // Once cargo says how many there are in all, that says more.
        if self.bar.lock().is_ok_and(|bar| *bar == (0, 0)) {
            self.show(&format!("building: crate {number}, {name}, {} s", self.started.elapsed().as_secs()));
        }
        self.tell("compiling", || json!({ "done": number, "of": null, "crates": name }));
    }

    /// How many of all units are built, and which are being built.
    pub fn built(&self, bar: Option<(usize, usize, &str)>) {
        let Some((done, of, crates)) = bar else { return };
        let news = self.bar.lock().is_ok_and(|mut last| std::mem::replace(&mut *last, (done, of)) != (done, of));
        if news {
            self.count(&format!("building: {done} of {of}"), self.started, &format!(", {crates}"));
            self.tell("compiling", || json!({ "done": done, "of": of, "crates": crates }));
        }
    }

    pub fn running(&self, number: usize, of: usize, name: &str) {
        let text = match of {
            1 => format!("checking: {name}"),
            _ => format!("checking: {number} of {of} begun, {name}"),
        };
        self.count(&text, Instant::now(), "");
    }

    /// Shows a text with the seconds since then. On a terminal they go on by themselves: a check that hangs tells
    /// nothing, nor does cargo while a large crate compiles.
    fn count(&self, before: &str, since: Instant, after: &str) {
        let counting = Counting { before: before.to_owned(), since, after: after.to_owned() };
        self.show(&counting.text());
        if self.to == To::Terminal {
            go_on_counting(counting);
        }
    }

    pub fn doing(&self, what: &str) {
        self.show(&format!("{what} ..."));
    }

    /// Something else has to end first.
    pub fn waiting(&self, words: &str) {
        if self.awaited.lock().is_ok_and(|mut last| std::mem::replace(&mut *last, words.to_owned()) == words) {
            return;
        }
        match self.to {
            To::Stream => self.tell("waiting", || json!({ "words": words })),
            To::Terminal | To::Notices => self.notice(words),
            To::Nowhere => {}
        }
    }

    /// Something worth a line of its own everywhere.
    pub fn notice(&self, text: &str) {
        self.clear();
        match self.to {
            To::Stream => self.tell("notice", || json!({ "words": text })),
            To::Terminal | To::Notices => eprintln!("{text}"),
            To::Nowhere => {}
        }
    }

    pub fn clear(&self) {
        stop_counting();
        if let (To::Terminal, Ok(mut is_shown)) = (self.to, LINE.lock()) {
            clear_line(&mut is_shown);
        }
    }

    fn tell(&self, event: &str, fields: impl FnOnce() -> Value) {
        if self.streams() {
            stream::tell(event, fields());
        }
    }

    fn show(&self, text: &str) {
        match self.to {
            To::Terminal => {
                stop_counting();
                if let Ok(mut is_shown) = LINE.lock() {
                    write_line(text);
                    *is_shown = true;
                }
            }
            To::Notices if self.said.lock().is_ok_and(|mut last| is_due(&mut last, Instant::now())) => {
                eprintln!("{}", text.chars().take(80).collect::<String>());
            }
            To::Notices | To::Stream | To::Nowhere => {}
        }
    }
}

/// Whether the next line may be written; then it counts as written.
fn is_due(last: &mut Instant, now: Instant) -> bool {
    let is_due = now.duration_since(*last) >= PACE;
    if is_due {
        *last = now;
    }
    is_due
}

/// Whether a line of progress stands on the terminal.
static LINE: Mutex<bool> = Mutex::new(false);

fn write_line(text: &str) {
    // In the last column a terminal may begin a new line, which would not be rewritten.
    let line: String = text.chars().take(columns().unwrap_or(80) - 1).collect();
    eprint!("\r\x1b[2K{line}");
    let _ = std::io::stderr().flush();
}

/// A line whose seconds go on.
struct Counting {
    before: String,
    since: Instant,
    after: String,
}

impl Counting {
    fn text(&self) -> String {
        let Counting { before, since, after } = self;
        format!("{before}, {} s{after}", since.elapsed().as_secs())
    }
}

static COUNTING: Mutex<Option<Counting>> = Mutex::new(None);

fn go_on_counting(line: Counting) {
    static COUNTER: Once = Once::new();
    if let Ok(mut counting) = COUNTING.lock() {
        *counting = Some(line);
    }
    COUNTER.call_once(|| {
        std::thread::spawn(|| {
            loop {
                std::thread::sleep(Duration::from_secs(1));
                // In this order: who clears the line takes the text away before it waits for the line.
                let (Ok(is_shown), Ok(counting)) = (LINE.lock(), COUNTING.lock()) else { return };
                if let (true, Some(line)) = (*is_shown, counting.as_ref()) {
                    write_line(&line.text());
                }
            }
        });
    });
}

fn stop_counting() {
    if let Ok(mut counting) = COUNTING.lock() {
        *counting = None;
    }
}

fn clear_line(is_shown: &mut bool) {
    if std::mem::take(is_shown) {
        eprint!("\r\x1b[2K");
    }
}

/// The columns of the terminal that we write to; `None` where there is none. Asked for once.
#[must_use]
pub fn columns() -> Option<usize> {
    static COLUMNS: OnceLock<Option<usize>> = OnceLock::new();
    *COLUMNS.get_or_init(|| {
        let (err, out) = (std::io::stderr(), std::io::stdout());
        let terminal = match (err.is_terminal(), out.is_terminal()) {
            (true, _) => err.as_fd().try_clone_to_owned(),
            (_, true) => out.as_fd().try_clone_to_owned(),
            _ => return None,
        };
        let said = Command::new("stty").arg("size").stdin(terminal.ok()?).stderr(Stdio::null()).output().ok()?;
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        said.split_whitespace().nth(1)?.parse().ok().filter(|columns| *columns > 1)
    })
}

impl Default for Progress {
    fn default() -> Self {
        Progress::new()
    }
}

/// The tool's own failure.
pub fn error(text: &str) {
    eprintln!("{}", wrap::clauses(&format!("error: {text}")));
}

/// A command line that makes no sense.
pub fn usage_error(text: &str) {
    eprintln!("{}", wrap::prose(&format!("error: {text}"), "  "));
}

/// Something that does not change the result, said once however often it happens.
pub fn warning_once(text: &str) {
    static SAID: AtomicBool = AtomicBool::new(false);
    if !SAID.swap(true, Ordering::Relaxed) {
        eprintln!("{}", wrap::clauses(&format!("warning: {text}")));
    }
}

static SAVED: Mutex<Option<String>> = Mutex::new(None);

/// Makes the terminal hand over single keys; false when standard input is none.
pub fn single_keys() -> bool {
    if !std::io::stdin().is_terminal() {
        return false;
    }
    let Some(saved) = stty(&["-g"]) else { return false };
    if let Ok(mut slot) = SAVED.lock() {
        *slot = Some(saved.trim().to_owned());
    }
    stty(&["-icanon", "-echo", "min", "1"]).is_some()
}

/// Puts the terminal back as [`single_keys`] found it.
pub fn restore() {
    let saved = SAVED.lock().ok().and_then(|mut slot| slot.take());
    if let Some(saved) = saved {
        stty(&[&saved]);
    }
}

/// Leaves the terminal as a command that was interrupted should: nothing half-written stands before the prompt, and
/// nothing is written any more.
pub fn leave() {
    if let Ok(mut is_shown) = LINE.lock() {
        clear_line(&mut is_shown);
        std::mem::forget(is_shown);
    }
    restore();
}

fn stty(arguments: &[&str]) -> Option<String> {
    let output = Command::new("stty").args(arguments).stdin(Stdio::inherit()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn wants_colour() -> bool {
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !no_color && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elsewhere_than_on_a_terminal_progress_is_told_at_a_calm_pace() {
        let start = Instant::now();
        let mut last = start;
        let mut told = Vec::new();
        for seconds in 0..=12 {
            if is_due(&mut last, start + Duration::from_secs(seconds)) {
                told.push(seconds);
            }
        }
        assert_eq!(told, [5, 10]);
    }

    #[test]
    fn escapes_of_a_function_do_not_reach_the_terminal() {
        assert_eq!(without_escapes("a\x1b[31mred\x1b[0m\x1b]0;title\x07\rb\tc\n"), "aredb\tc\n");
    }
}
