//! `reset`: the starter again. What the learner had is kept in a dated folder, and `--undo` brings it back.

use anyhow::{Result, bail};
use serde_json::json;

use crate::cli::{Format, Options, Usage};
use crate::course::{Course, Exercise};
use crate::fingerprint;
use crate::fingerprint::Judges;
use crate::progress::Progress;
use crate::view::json::to_text;
use crate::view::text::counted;
use crate::{state, store};

pub fn run(course: &Course, options: &Options) -> Result<u8> {
    let chosen: Vec<&Exercise> = match (options.all, options.names.is_empty()) {
        (true, true) => course.exercises.iter().collect(),
        (true, false) => {
            return Err(Usage("--all names every exercise; leave out either it or the names".to_owned()).into());
        }
        (false, _) => state::chosen(course, &options.names, &Progress::load(course), &Judges::read(course))?,
    };
    if chosen.is_empty() {
        return Err(Usage("name the exercise to reset, such as ch05/06".to_owned()).into());
    }
    let mut done = Vec::new();
    let (several, mut untouched) = (chosen.len() > 1, 0);
    for exercise in chosen {
        let done_here = if options.undo { undo(course, exercise)? } else { reset(course, exercise)? };
        let (words, is_untouched) = match done_here {
            Done::Changed(words) => (words, false),
            Done::Nothing(words) => (words, true),
        };
        untouched += usize::from(is_untouched);
        match options.format {
            Format::Text if several && is_untouched => {}
            Format::Text => println!("{words}"),
            Format::Json => done.push(json!({
                "exercise": exercise.name(),
                "id": exercise.id(),
                "words": words,
                "can_undo": !store::kept_copies(course, exercise)?.is_empty(),
            })),
        }
    }
    if several && untouched > 0 && options.format == Format::Text {
        let why = if options.undo { "nothing was kept of" } else { "the starter already:" };
        println!("{why} {}", counted(untouched, "exercise"));
    }
    if options.format == Format::Json {
        print!("{}", to_text(&json!({ "version": 1, "command": "reset", "exercises": done })));
    }
    Ok(0)
}

/// What became of one exercise, in words.
enum Done {
    Changed(String),
    Nothing(String),
}

fn reset(course: &Course, exercise: &Exercise) -> Result<Done> {
    let starter = exercise.solution_path.join("starter");
    let id = exercise.id();
    if !starter.is_dir() {
        bail!("{id} has no starter at {}; `git restore` may bring its files back", course.shown(&starter));
    }
    if fingerprint::starter(exercise) == Some(fingerprint::work(exercise)) {
        return Ok(Done::Nothing(format!("{id} {}: is the starter already; nothing to reset", exercise.slug())));
    }
    let kept = store::keep(course, exercise)?;
    store::lay_over(exercise, &starter)?;
    Ok(Done::Changed(match kept {
        Some(kept) => format!(
            "{id} {}: the starter again\n  yours is kept in {}\n  undo: cargo xtask reset {id} --undo",
            exercise.slug(),
            course.shown(&kept)
        ),
        None => format!("{id} {}: the starter again; there was nothing to keep", exercise.slug()),
    }))
}

/// The newest kept copy. What is there is kept too, so undoing twice goes back and forth and loses nothing.
fn undo(course: &Course, exercise: &Exercise) -> Result<Done> {
    let id = exercise.id();
    let copies = store::kept_copies(course, exercise)?;
    let Some(newest) = copies.last() else {
        let words = format!("{id} {}: nothing was kept, so there is nothing to undo", exercise.slug());
        return Ok(Done::Nothing(words));
    };
    store::keep(course, exercise)?;
    store::lay_over(exercise, newest)?;
    Ok(Done::Changed(format!("{id} {}: yours again\n  from {}", exercise.slug(), course.shown(newest))))
}
