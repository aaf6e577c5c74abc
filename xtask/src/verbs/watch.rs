//! `watch`: the same as `check` on every save. It looks five times a second, which works on every kind of drive and
//! with editors that rename on saving; without a terminal it has no keys.

use std::io::Read as _;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use anyhow::Result;

use crate::cli::{Options, Usage};
use crate::course::{Course, Exercise};
use crate::fingerprint::{self, Judges};
use crate::page;
use crate::progress::Progress;
use crate::state;
use crate::term::{self, Style};
use crate::verbs::{check, hint, solution};
use crate::verdict::{Fate, Verdict};
use crate::view::text::Scene;

const LOOK: Duration = Duration::from_millis(200);

pub fn run(course: &Course, options: &Options) -> Result<u8> {
    let judges = Judges::read(course);
    let mut chosen = state::chosen(course, &options.names, &Progress::load(course), &judges)?;
    if chosen.is_empty() {
        return Err(Usage("every exercise has passed; name one to watch".to_owned()).into());
    }
    let keys = term::single_keys().then(listen);
    let (mut seen, mut at) = judge_and_show(course, &chosen, options, keys.is_some());
    loop {
        match wait(keys.as_ref()) {
            Key::Quit => break,
            Key::Again => (seen, at) = judge_and_show(course, &chosen, &again(options), keys.is_some()),
            Key::Hint => said(tell_hint(course, chosen[at])),
            Key::Solution => said(tell_solution(course, chosen[at])),
            Key::Next => {
                let (progress, judges) = (Progress::load(course), Judges::read(course));
                match state::next_after(course, chosen[at], &progress, &judges) {
                    Some(next) => {
                        chosen = vec![next];
                        (seen, at) = judge_and_show(course, &chosen, options, true);
                    }
                    None => println!("\nnothing is left after {}", chosen[at].id()),
                }
            }
            Key::Other if look(&chosen) != seen => {
                (seen, at) = judge_and_show(course, &chosen, options, keys.is_some());
            }
            Key::Other => {}
        }
    }
    term::restore();
    Ok(0)
}

#[derive(Debug, Clone, Copy)]
enum Key {
    Hint,
    Solution,
    Next,
    Again,
    Quit,
    /// None, or one that means nothing.
    Other,
}

fn listen() -> Receiver<u8> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut key = [0];
        while std::io::stdin().read_exact(&mut key).is_ok() && sender.send(key[0]).is_ok() {}
    });
    receiver
}

fn wait(keys: Option<&Receiver<u8>>) -> Key {
    let Some(keys) = keys else {
        std::thread::sleep(LOOK);
        return Key::Other;
    };
    match keys.recv_timeout(LOOK) {
        Ok(b'h') => Key::Hint,
        Ok(b's') => Key::Solution,
        Ok(b'n') => Key::Next,
        Ok(b'r') => Key::Again,
        Ok(b'q') | Err(RecvTimeoutError::Disconnected) => Key::Quit,
        Ok(_) | Err(RecvTimeoutError::Timeout) => Key::Other,
    }
}

const KEYS: &str = "; h hint, s solution, n next, r run again, q quit";

/// What the files say: the learner's and the check, of each exercise.
type Seen = Vec<(String, String)>;

/// What the files say now. A file that an editor is just renaming is missing for a moment and seen at the next look.
fn look(chosen: &[&Exercise]) -> Seen {
    chosen.iter().map(|exercise| (fingerprint::work(exercise), fingerprint::check(exercise))).collect()
}

/// Judges and prints; a tool's failure is printed too, since the next save may mend it. Returns what was judged, and
/// which exercise the keys are about: the one that is shown in full, the first that did not pass.
fn judge_and_show(course: &Course, chosen: &[&Exercise], options: &Options, keys: bool) -> (Seen, usize) {
    let seen = look(chosen);
    let mut at = 0;
    // Read anew: the check or the lockfile may have changed while we watched.
    let judges = Judges::read(course);
    match check::grade(course, &judges, chosen, options) {
        Ok(judged) => {
            let progress = Progress::load(course);
            let scene = Scene { course, progress: &progress, style: Style::of_stdout() };
            let verdicts: Vec<(&Exercise, &Verdict)> =
                chosen.iter().copied().zip(judged.iter().map(|one| &one.verdict)).collect();
            at = verdicts.iter().position(|(_, verdict)| verdict.fate != Fate::Passed).unwrap_or(0);
            print!("\n{}", check::show(&scene, &verdicts, false));
        }
        Err(error) => term::error(&format!("{error:#}")),
    }
    println!("\nwatching{}", if keys { KEYS } else { "" });
    (seen, at)
}

fn again(options: &Options) -> Options {
    Options { again: true, solutions: options.solutions, ..Options::default() }
}

fn tell_hint(course: &Course, exercise: &Exercise) -> Result<String> {
    let hints = page::read(&page::path(course, exercise)).hints;
    if hints.is_empty() {
        return Ok(format!("{} has no hints\n", exercise.id()));
    }
    hint::tell(course, exercise, &hints, None, &Progress::load(course), &Judges::read(course))
}

fn tell_solution(course: &Course, exercise: &Exercise) -> Result<String> {
    if solution::is_open(course, exercise) {
        return solution::tell(course, exercise, Style::of_stdout());
    }
    Ok(solution::closed(exercise))
}

fn said(text: Result<String>) {
    match text {
        Ok(text) => print!("\n{text}\nwatching{KEYS}\n"),
        Err(error) => term::error(&format!("{error:#}")),
    }
}
