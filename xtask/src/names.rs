//! What people type for an exercise, and which exercises they mean by it.

use std::path::Path;

use crate::cli::Usage;
use crate::course::{Course, Exercise};
use crate::page;

/// The exercises that `typed` names: `ch05`, `5`, `ch05/06`, `5/6`, `ch05-performance/06-backoff`, `backoff`,
/// `ch05-06-backoff`, or a path to an exercise, a file in it, or its page.
pub fn resolve<'a>(course: &'a Course, typed: &str) -> Result<Vec<&'a Exercise>, Usage> {
    // The path of a file, as an editor or a shell completes it.
    if let Some(path) = Path::new(typed).canonicalize().ok().filter(|path| path.is_file()) {
        let holds =
            |exercise: &&Exercise| path.starts_with(&exercise.path) || path.starts_with(&exercise.solution_path);
        if let Some(exercise) = course.exercises.iter().find(holds) {
            return Ok(vec![exercise]);
        }
        let of_page: Vec<&Exercise> = course.exercises.iter().filter(|e| page::is_about(course, &path, e)).collect();
        if !of_page.is_empty() {
            return Ok(of_page);
        }
    }
    // The path of a folder, from wherever we stand.
    if let Some(path) = Path::new(typed).canonicalize().ok().filter(|path| path.is_dir()) {
        let inside = standing_in(course, &path);
        if !inside.is_empty() {
            return Ok(inside);
        }
    }
    let name = without_surroundings(typed);
    let found: Vec<&Exercise> = match name.split_once('/') {
        Some((chapter, exercise)) => course
            .exercises
            .iter()
            .filter(|candidate| is_chapter(candidate, chapter) && is_exercise(candidate, exercise))
            .collect(),
        None => {
            let chapter: Vec<&Exercise> = course.exercises.iter().filter(|e| is_chapter(e, name)).collect();
            if !chapter.is_empty() {
                return Ok(chapter);
            }
            course.exercises.iter().filter(|e| e.package() == name || e.dir == name || e.slug() == name).collect()
        }
    };
    match found.as_slice() {
        [] => Err(Usage(unknown(course, typed, name))),
        [_] => Ok(found),
        several => {
            let names: Vec<String> = several.iter().map(|exercise| exercise.name()).collect();
            Err(Usage(format!("{typed:?} names several exercises: {}; say which", names.join(", "))))
        }
    }
}

/// Exactly one exercise, or a usage error that says what to type instead.
pub fn resolve_one<'a>(course: &'a Course, typed: &str) -> Result<&'a Exercise, Usage> {
    match resolve(course, typed)?.as_slice() {
        [one] => Ok(one),
        several => {
            let first = several.first().map_or_else(String::new, |exercise| exercise.id());
            Err(Usage(format!("{typed:?} is a whole chapter; name one exercise of it, such as {first}")))
        }
    }
}

/// The exercises whose folder (or whose chapter's folder) we stand in.
#[must_use]
pub fn standing_in<'a>(course: &'a Course, here: &Path) -> Vec<&'a Exercise> {
    let inside = |exercise: &&Exercise| here.starts_with(&exercise.path) || here.starts_with(&exercise.solution_path);
    let one: Vec<&Exercise> = course.exercises.iter().filter(inside).collect();
    if !one.is_empty() {
        return one;
    }
    let in_chapter = |exercise: &&Exercise| exercise.path.parent() == Some(here);
    course.exercises.iter().filter(in_chapter).collect()
}

/// Up to three of `candidates` that look like `typed`, the nearest first.
#[must_use]
pub fn nearest<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let limit = (typed.chars().count() / 3).max(1);
    let mut near: Vec<(usize, &str)> = candidates
        .into_iter()
        .map(|candidate| (distance(typed, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .collect();
    near.sort();
    near.dedup();
    near.into_iter().take(3).map(|(_, candidate)| candidate).collect()
}

fn without_surroundings(typed: &str) -> &str {
    let mut name = typed.trim_start_matches("./");
    for room in ["exercises/", "solutions/"] {
        name = name.rfind(room).map_or(name, |at| &name[at + room.len()..]);
    }
    for file in ["/src/main.rs", "/tests/check.rs", "/Cargo.toml", "/src", "/tests"] {
        name = name.trim_end_matches('/').strip_suffix(file).unwrap_or(name);
    }
    name.trim_end_matches('/')
}

fn is_chapter(exercise: &Exercise, typed: &str) -> bool {
    let number = typed.strip_prefix("ch").unwrap_or(typed).parse::<u8>();
    number.is_ok_and(|number| number == exercise.chapter)
        || exercise.chapter_dir == typed
        || exercise.chapter_dir.split_once('-').is_some_and(|(_, slug)| slug == typed)
}

fn is_exercise(exercise: &Exercise, typed: &str) -> bool {
    typed.parse::<u8>().is_ok_and(|number| number == exercise.number)
        || exercise.dir == typed
        || exercise.slug() == typed
}

fn unknown(course: &Course, typed: &str, name: &str) -> String {
    let names: Vec<String> = course
        .exercises
        .iter()
        .flat_map(|e| [e.name(), e.id(), e.chapter_dir.clone(), e.slug().to_owned(), e.package()])
        .collect();
    let near = nearest(name, names.iter().map(String::as_str));
    if near.is_empty() {
        format!("no exercise is called {typed:?}; `cargo xtask list` shows all")
    } else {
        format!("no exercise is called {typed:?}; did you mean {}?", near.join(" or "))
    }
}

/// Levenshtein's distance, in characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_finds_a_typing_error_and_nothing_far_away() {
        assert_eq!(nearest("backof", ["backoff", "batch"]), ["backoff"]);
        assert_eq!(nearest("zzzzzz", ["backoff", "batch"]), [""; 0]);
    }

    #[test]
    fn surroundings_of_a_path_are_dropped() {
        for typed in [
            "ch05-performance/06-backoff",
            "exercises/ch05-performance/06-backoff/",
            "./exercises/ch05-performance/06-backoff/src/main.rs",
        ] {
            assert_eq!(without_surroundings(typed), "ch05-performance/06-backoff");
        }
        assert_eq!(without_surroundings("ch06/03-unit-tests/"), "ch06/03-unit-tests");
    }
}
