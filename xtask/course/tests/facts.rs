//! Facts in the prose are those of `exercises/fixtures/data`: where a page says one in a sentence, a comment after it
//! names the fact, and the words before the comment must say its value.
//!
//! ```text
//! The default is 3 seconds<!-- fact: invoke-limits/default_timeout -->.
//! ```
//!
//! The comment is Markdown's own: it shows nowhere, with or without a preprocessor.

use std::fs;
use std::path::Path;

use course::{fixture_json, root};
use serde_json::Value;

const MARK: &str = "<!-- fact: ";

/// The value in every form that a sentence may give it: `21600 seconds` is `six hours`, too.
fn forms(fact: &Value) -> Vec<String> {
    let unit = fact["unit"].as_str().unwrap_or_default();
    let word = unit.split([' ', ',']).next().unwrap_or_default();
    if let Some(text) = fact["value"].as_str() {
        return date_forms(text).unwrap_or_else(|| vec![text.to_owned()]);
    }
    let Some(value) = fact["value"].as_u64() else { return vec![fact["value"].to_string()] };
    let mut forms = with_word(value, word);
    let larger: &[(u64, &str)] = match word {
        "seconds" => &[(60, "minutes"), (3_600, "hours"), (86_400, "days")],
        "bytes" => &[(1 << 10, "KB"), (1 << 20, "MB"), (1 << 30, "GB")],
        "MB" => &[(1 << 10, "GB")],
        _ => &[],
    };
    for (size, word) in larger.iter().filter(|(size, _)| value % size == 0) {
        forms.extend(with_word(value / size, word));
    }
    if word == "retries" {
        forms.extend(["once", "twice", "three times"].get((value as usize).wrapping_sub(1)).map(|s| (*s).to_owned()));
    }
    forms
}

/// `3 seconds`, `three seconds`; `6,291,456 bytes`; one of anything without its s.
fn with_word(value: u64, word: &str) -> Vec<String> {
    const WORDS: [&str; 12] =
        ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    let digits = value.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let named = value.checked_sub(1).and_then(|index| WORDS.get(index as usize)).map(|name| (*name).to_owned());
    let word = if value == 1 { word.trim_end_matches('s') } else { word };
    [Some(digits), Some(grouped), named].into_iter().flatten().map(|number| format!("{number} {word}")).collect()
}

/// `30 June 2029` and `June 2029` of `2029-06-30`.
fn date_forms(text: &str) -> Option<Vec<String>> {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return None };
    let (month, day) = (month.parse::<usize>().ok()?, day.parse::<u8>().ok()?);
    let month = MONTHS.get(month.checked_sub(1)?)?;
    Some(vec![text.to_owned(), format!("{month} {year}"), format!("{day} {month} {year}")])
}

/// What is wrong with the facts of one page, with lines.
fn problems(text: &str, fact: impl Fn(&str) -> Value) -> Vec<String> {
    let mut problems = Vec::new();
    let mut in_code = false;
    for (index, line) in text.lines().enumerate() {
        in_code ^= line.trim_start().starts_with("```");
        for (at, _) in line.match_indices(MARK).filter(|_| !in_code) {
            let name = line[at + MARK.len()..].split(" -->").next().unwrap_or_default();
            let forms = forms(&fact(name));
            let said = &line[..at];
            let ends_with = |form: &str| {
                let before = said.strip_suffix(form).map(|rest| rest.chars().next_back());
                // `16 hours` does not say `6 hours`.
                before.is_some_and(|c| !c.is_some_and(|c| c.is_alphanumeric() || matches!(c, ',' | '.')))
            };
            let says = |form: &String| ends_with(form) || ends_with(&form.replace(' ', "\u{a0}"));
            if !forms.iter().any(says) {
                let end: String = said.chars().rev().take(30).collect::<Vec<_>>().into_iter().rev().collect();
                let number = index + 1;
                problems
                    .push(format!("{number}: \"…{end}\" does not end with {name}, which is {}", forms.join(" or ")));
            }
        }
    }
    problems
}

fn pages(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.path() {
            path if path.is_dir() => pages(&path, found),
            path if path.extension().is_some_and(|extension| extension == "md") => found.push(path),
            _ => {}
        }
    }
}

#[test]
fn every_marked_fact_in_the_prose_is_the_one_of_its_data_file() {
    let mut found = Vec::new();
    pages(&root().join("src/en"), &mut found);
    let mut marked = 0;
    let mut all = Vec::new();
    for page in found {
        let text = fs::read_to_string(&page).expect("a page is text");
        marked += text.matches(MARK).count();
        let fact = |name: &str| {
            let (file, key) = name.split_once('/').unwrap_or((name, ""));
            let fact = fixture_json(&format!("data/{file}"))[key].clone();
            assert!(fact.is_object(), "{}: exercises/fixtures/data/{file}.json has no {key}", page.display());
            fact
        };
        all.extend(problems(&text, fact).into_iter().map(|problem| format!("{}:{problem}", page.display())));
    }
    assert!(marked > 0, "no page marks a fact");
    assert_eq!(all, Vec::<String>::new());
}

#[test]
fn a_fact_that_moved_is_noticed_in_every_form() {
    let fact = |value: Value, unit: &'static str| move |_: &str| serde_json::json!({ "value": value, "unit": unit });
    let told = |text: &str, value: Value, unit| problems(&format!("{text}{MARK}a/b -->."), fact(value, unit)).len();
    for right in ["six hours", "6 hours", "360 minutes", "21,600 seconds", "21600 seconds"] {
        assert_eq!(told(right, Value::from(21_600), "seconds, unless configured"), 0, "{right}");
    }
    assert_eq!(told("five hours", Value::from(21_600), "seconds"), 1);
    assert_eq!(told("6 hours", Value::from(25_200), "seconds"), 1);
    assert_eq!(told("June 2029", Value::from("2029-06-30"), "date"), 0);
    assert_eq!(told("July 2029", Value::from("2029-06-30"), "date"), 1);
    assert_eq!(told("4 KB", Value::from(4096), "bytes, before base64"), 0);
    assert_eq!(told("twice", Value::from(2), "retries, unless configured"), 0);
    assert_eq!(told("once", Value::from(2), "retries"), 1);
    assert_eq!(told("16 hours", Value::from(21_600), "seconds"), 1, "the end of a number is not the number");
}
