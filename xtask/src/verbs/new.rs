//! `new`: lays out an exercise with all its parts: crate, check, solution, starter, two mistakes, page. What it lays
//! out is a small exercise that works and keeps every rule; the author makes another one of it.

use std::path::PathBuf;

use anyhow::Result;

use crate::cli::{Options, Usage};
use crate::course::{Course, numbered};
use crate::store;

/// The chapters, fixed from the start: progress, links and section numbers hang on their names.
pub const CHAPTERS: [&str; 10] = [
    "ch01-introduction",
    "ch02-setup",
    "ch03-first-function",
    "ch04-triggers",
    "ch05-performance",
    "ch06-monitoring",
    "ch07-security",
    "ch08-advanced",
    "ch09-case-studies",
    "ch10-operations",
];

pub fn run(course: &Course, options: &Options) -> Result<u8> {
    let [name] = options.names.as_slice() else {
        return Err(Usage("name the exercise: `cargo xtask new ch05/09-name`".to_owned()).into());
    };
    let (chapter_dir, dir) = names(course, name)?;
    let parts = parts(&chapter_dir, &dir);
    if let Some((path, _)) = parts.iter().find(|(path, _)| course.root.join(path).exists()) {
        return Err(Usage(format!("{} exists already; choose another number or name", path.display())).into());
    }
    for (path, text) in parts {
        store::write_whole(&course.root.join(&path), text.as_bytes())?;
        println!("{}", path.display());
    }
    println!("\nadd to the book's SUMMARY.md: [{}]({chapter_dir}/{dir}.md)", title(&dir));
    println!("then: cargo xtask verify {chapter_dir}/{dir}");
    Ok(0)
}

/// The folders that `ch05/09-name` or `ch05-performance/09-name` means.
fn names(course: &Course, typed: &str) -> Result<(String, String), Usage> {
    let wrong = || Usage(format!("{typed:?} is no name for an exercise; it is like ch05/09-name, in small letters"));
    let (chapter, dir) = typed.split_once('/').ok_or_else(wrong)?;
    let of_course = course.exercises.iter().map(|exercise| exercise.chapter_dir.as_str());
    let chapter_dir = of_course
        .chain(CHAPTERS)
        .find(|known| *known == chapter || known.split_once('-').is_some_and(|(number, _)| number == chapter))
        .ok_or_else(|| Usage(format!("there is no chapter {chapter:?}; they are {}", CHAPTERS.join(", "))))?;
    let is_plain = dir.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    let number = numbered(dir, "").filter(|_| is_plain).ok_or_else(wrong)?;
    let taken =
        course.exercises.iter().find(|exercise| exercise.chapter_dir == chapter_dir && exercise.number == number);
    match taken {
        Some(exercise) => Err(Usage(format!("{} is taken by {}", exercise.id(), exercise.name()))),
        None => Ok((chapter_dir.to_owned(), dir.to_owned())),
    }
}

fn parts(chapter_dir: &str, dir: &str) -> Vec<(PathBuf, String)> {
    let (chapter, _) = chapter_dir.split_once('-').unwrap_or((chapter_dir, ""));
    let (number, slug) = dir.split_once('-').unwrap_or((dir, ""));
    let fill = |template: &str| {
        template
            .replace("{package}", &format!("{chapter}-{dir}"))
            .replace("{name}", &format!("{chapter_dir}/{dir}"))
            .replace("{id}", &format!("{chapter}/{number}"))
            .replace("{title}", &title(dir))
            .replace("{slug}", slug)
    };
    let (exercise, solution) = (format!("exercises/{chapter_dir}/{dir}"), format!("solutions/{chapter_dir}/{dir}"));
    let starter = include_str!("../new_exercise/starter.rs");
    [
        (format!("{exercise}/Cargo.toml"), include_str!("../new_exercise/exercise.toml")),
        (format!("{exercise}/src/main.rs"), starter),
        (format!("{exercise}/tests/check.rs"), include_str!("../new_exercise/check.rs")),
        (format!("{solution}/Cargo.toml"), include_str!("../new_exercise/solution.toml")),
        (format!("{solution}/src/main.rs"), include_str!("../new_exercise/solution.rs")),
        (format!("{solution}/starter/src/main.rs"), starter),
        (format!("{solution}/mistakes/counts-prints.rs"), include_str!("../new_exercise/counts-prints.rs")),
        (format!("{solution}/mistakes/counts-the-first.rs"), include_str!("../new_exercise/counts-the-first.rs")),
        (format!("src/en/{chapter_dir}/{dir}.md"), include_str!("../new_exercise/page.md")),
    ]
    .into_iter()
    .map(|(path, template)| (PathBuf::from(path), fill(template)))
    .collect()
}

fn title(dir: &str) -> String {
    let words = dir.split_once('-').map_or(dir, |(_, slug)| slug).replace('-', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
