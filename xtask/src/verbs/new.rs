//! `new`: lays out an exercise with all its parts: crate, check, solution, starter, two mistakes, page. What it lays
//! out is a small exercise that works and keeps every rule; the author makes another one of it. With `--file NAME` the
//! learner mends that file instead of a program.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::cli::{Options, Usage};
use crate::course::{Course, numbered};
use crate::rules::mended;
use crate::{manifest, store};

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
    let parts = match &options.file {
        Some(file) if manifest::may_be_mended(file) => filled(&file_parts(file), &chapter_dir, &dir, file),
        Some(file) => {
            let message = format!("{file:?} cannot be mended; name a file like policy.json or template.yaml");
            return Err(Usage(message).into());
        }
        None => filled(&PROGRAM, &chapter_dir, &dir, "src/main.rs"),
    };
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

/// A part's path below the course's root, and its text, both with places to fill.
type Part = (&'static str, &'static str);

const PROGRAM: [Part; 9] = [
    ("exercises/{name}/Cargo.toml", include_str!("../new_exercise/exercise.toml")),
    ("exercises/{name}/src/main.rs", include_str!("../new_exercise/starter.rs")),
    ("exercises/{name}/tests/check.rs", include_str!("../new_exercise/check.rs")),
    ("solutions/{name}/Cargo.toml", include_str!("../new_exercise/solution.toml")),
    ("solutions/{name}/src/main.rs", include_str!("../new_exercise/solution.rs")),
    ("solutions/{name}/starter/src/main.rs", include_str!("../new_exercise/starter.rs")),
    ("solutions/{name}/mistakes/counts-prints.rs", include_str!("../new_exercise/counts-prints.rs")),
    ("solutions/{name}/mistakes/counts-the-first.rs", include_str!("../new_exercise/counts-the-first.rs")),
    ("src/en/{name}.md", include_str!("../new_exercise/page.md")),
];

/// The same for a file that is mended: JSON, or a format of lines with comments.
fn file_parts(file: &str) -> [Part; 9] {
    let (check, starter, solution, short, long) = match mended::has_comments(Path::new(file)) {
        false => (
            include_str!("../new_file/check-json.rs"),
            "{ \"retentionInDays\": 0 }\n",
            "{ \"retentionInDays\": 90 }\n",
            "{ \"retentionInDays\": 7 }\n",
            "{ \"retentionInDays\": 3653 }\n",
        ),
        true => (
            include_str!("../new_file/check-text.rs"),
            "# TODO: keep logs long enough, and no longer.\nretention_in_days: 0\n",
            "retention_in_days: 90\n",
            "retention_in_days: 7\n",
            "retention_in_days: 3653\n",
        ),
    };
    [
        ("exercises/{name}/Cargo.toml", include_str!("../new_file/exercise.toml")),
        ("exercises/{name}/{file}", starter),
        ("exercises/{name}/tests/check.rs", check),
        ("solutions/{name}/{file}", solution),
        ("solutions/{name}/starter/{file}", starter),
        ("solutions/{name}/mistakes.toml", include_str!("../new_file/mistakes.toml")),
        ("solutions/{name}/mistakes/a-week{ending}", short),
        ("solutions/{name}/mistakes/for-ever{ending}", long),
        ("src/en/{name}.md", include_str!("../new_file/page.md")),
    ]
}

fn filled(parts: &[Part], chapter_dir: &str, dir: &str, file: &str) -> Vec<(PathBuf, String)> {
    let (chapter, _) = chapter_dir.split_once('-').unwrap_or((chapter_dir, ""));
    let (number, slug) = dir.split_once('-').unwrap_or((dir, ""));
    let ending = Path::new(file).extension().map_or_else(String::new, |ending| format!(".{}", ending.display()));
    let fill = |template: &str| {
        template
            .replace("{package}", &format!("{chapter}-{dir}"))
            .replace("{name}", &format!("{chapter_dir}/{dir}"))
            .replace("{id}", &format!("{chapter}/{number}"))
            .replace("{title}", &title(dir))
            .replace("{slug}", slug)
            .replace("{file}", file)
            .replace("{ending}", &ending)
    };
    parts.iter().map(|(path, text)| (PathBuf::from(fill(path)), fill(text))).collect()
}

fn title(dir: &str) -> String {
    let words = dir.split_once('-').map_or(dir, |(_, slug)| slug).replace('-', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
