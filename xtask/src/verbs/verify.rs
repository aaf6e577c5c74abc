//! `verify`: every rule that exercises keep, all breaches in one list with file and line.

use anyhow::{Result, bail};
use serde_json::json;

use crate::cli::{Format, Options};
use crate::course::{Course, Exercise};
use crate::fingerprint::{self, Judges};
use crate::names;
use crate::rules::{Violation, behaviour, features, layout, lint, pages};
use crate::term::Progress;
use crate::verified::Verified;
use crate::view::json::to_text;
use crate::view::text::counted;

pub fn run(course: &Course, options: &Options) -> Result<u8> {
    let mut exercises: Vec<&Exercise> = Vec::new();
    for name in &options.names {
        exercises.extend(names::resolve(course, name)?);
    }
    if options.names.is_empty() {
        exercises = course.exercises.iter().collect();
    }
    let violations = violations(course, &exercises, options)?;
    match options.format {
        Format::Json => {
            let list: Vec<_> = violations.iter().map(|violation| violation.to_json(course)).collect();
            let document = json!({
                "version": 1, "command": "verify", "exercises": exercises.len(), "violations": list,
            });
            print!("{}", to_text(&document));
        }
        Format::Text => {
            for violation in &violations {
                println!("{}", violation.to_text(course));
            }
            let blank = if violations.is_empty() { "" } else { "\n" };
            let sum = counted(violations.len(), "violation");
            println!("{blank}{}: {sum}", counted(exercises.len(), "exercise"));
        }
    }
    Ok(u8::from(!violations.is_empty()))
}

fn violations(course: &Course, exercises: &[&Exercise], options: &Options) -> Result<Vec<Violation>> {
    let progress = Progress::new();
    let mut violations: Vec<Violation> = exercises.iter().flat_map(|exercise| layout::check(exercise)).collect();
    violations.extend(exercises.iter().flat_map(|exercise| pages::check(course, exercise)));
    if options.release {
        let is_edited = |e: &&&Exercise| fingerprint::starter(e).is_some_and(|starter| starter != fingerprint::work(e));
        let edited = exercises.iter().filter(is_edited);
        violations.extend(edited.map(|e| Violation::new(e.main_file(), 1, "is not the starter that reset restores")));
    }
    if options.names.is_empty() {
        violations.extend(features::check(course, exercises)?);
    }
    let judges = Judges::read(course);
    let mut verified = Verified::read(course, options.again)?;
    let changed: Vec<&Exercise> = exercises.iter().copied().filter(|one| !verified.has(&judges, one)).collect();
    violations.extend(features::declared(course, &changed)?);
    // Rustfmt needs none of cargo's locks: it works while the checks wait.
    let (behaviour, formatted) = std::thread::scope(|scope| {
        let formatted = scope.spawn(|| lint::formatted(course, &changed));
        (behaviour::check(course, &changed, &progress), formatted.join())
    });
    violations.extend(behaviour?);
    violations.extend(formatted.unwrap_or_else(|_| bail!("rustfmt could not be followed"))?);
    verified.keep(&judges, &changed, &violations)?;
    violations.sort();
    violations.dedup();
    Ok(violations)
}
