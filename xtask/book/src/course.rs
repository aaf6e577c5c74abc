//! What the book states about exercises: the `[package.metadata.exercise]` of their manifests, and nothing else.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::Table;

/// The exercises by their names, such as `ch03-first-function/01-greeter`; a book without a course has none.
#[derive(Debug, Default)]
pub struct Course {
    exercises: BTreeMap<String, Exercise>,
}

#[derive(Debug, Default)]
pub struct Exercise {
    pub minutes: i64,
    pub kind: String,
    pub concepts: Vec<String>,
    pub services: Vec<String>,
}

impl Course {
    /// A manifest that cannot be read is `verify`'s business; here it has no exercise.
    pub fn read(root: &Path) -> Course {
        let mut course = Course::default();
        for path in Course::manifests(root) {
            let manifest = std::fs::read_to_string(&path).unwrap_or_default().parse::<Table>();
            if let Some(exercise) = manifest.ok().as_ref().and_then(Exercise::of) {
                let mut names = path.iter().rev().skip(1).map(|name| name.to_string_lossy());
                let (name, chapter) = (names.next().unwrap_or_default(), names.next().unwrap_or_default());
                course.exercises.insert(format!("{chapter}/{name}"), exercise);
            }
        }
        course
    }

    /// Where the facts stand, in the course's order.
    pub fn manifests(root: &Path) -> Vec<PathBuf> {
        let exercises = root.join("exercises");
        let chapters = folders(&exercises).into_iter().map(|chapter| exercises.join(chapter));
        let of_chapter = |dir: PathBuf| folders(&dir).into_iter().map(move |name| dir.join(name).join("Cargo.toml"));
        chapters.flat_map(of_chapter).collect()
    }

    pub fn exercise(&self, name: &str) -> Option<&Exercise> {
        self.exercises.get(name)
    }

    /// The exercises of a chapter, such as `ch03-first-function`, in the order of their numbers.
    pub fn chapter<'a>(&'a self, chapter: &'a str) -> impl Iterator<Item = (&'a str, &'a Exercise)> {
        let of_chapter = move |name: &str| name.split_once('/').is_some_and(|(dir, _)| dir == chapter);
        self.exercises
            .iter()
            .filter(move |(name, _)| of_chapter(name))
            .map(|(name, exercise)| (name.as_str(), exercise))
    }
}

impl Exercise {
    fn of(manifest: &Table) -> Option<Exercise> {
        let metadata = manifest.get("package")?.get("metadata")?.get("exercise")?;
        let texts = |key: &str| {
            let values = metadata.get(key).and_then(|value| value.as_array());
            values.into_iter().flatten().filter_map(|value| value.as_str().map(str::to_owned)).collect()
        };
        Some(Exercise {
            minutes: metadata.get("minutes")?.as_integer()?,
            kind: metadata.get("kind").and_then(|kind| kind.as_str()).unwrap_or_default().to_owned(),
            concepts: texts("concepts"),
            services: texts("services"),
        })
    }
}

/// `ch03-first-function` is 3, `01-greeter` is 1.
pub fn number(dir: &str) -> Option<u32> {
    let digits = dir.trim_start_matches("ch");
    let (digits, _) = digits.split_once('-')?;
    digits.parse().ok()
}

/// What the command line calls an exercise: `ch03/01`.
pub fn short_name(name: &str) -> Option<String> {
    let (chapter, exercise) = name.split_once('/')?;
    Some(format!("ch{:02}/{:02}", number(chapter)?, number(exercise)?))
}

/// Minutes as a reader says them: `50 minutes`, `1 h 55 min`.
pub fn duration(minutes: i64) -> String {
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} minutes"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

fn folders(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let mut names: Vec<_> = entries
        .filter(|entry| entry.path().is_dir())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| number(name).is_some())
        .collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_their_numbers() {
        assert_eq!(number("ch10-operations"), Some(10));
        assert_eq!(number("fixtures"), None);
        assert_eq!(short_name("ch03-first-function/01-greeter").as_deref(), Some("ch03/01"));
    }

    #[test]
    fn minutes_are_said_as_people_say_them() {
        let said = [50, 60, 115].map(duration);
        assert_eq!(said, ["50 minutes", "1 h", "1 h 55 min"]);
    }
}
