//! One failed test in full: what was sent, what was expected and what came, the function's own log lines.

use serde_json::Value;

use crate::term::{Style, without_escapes};
use crate::verdict::JudgedTest;
use crate::wrap;

/// No text of a function or a check takes more lines than this on the screen.
const MAX_LINES: usize = 30;

/// Nor is a line longer than this. An event that fits is shown, since it is often the question.
const MAX_WIDTH: usize = 700;

/// The column in which values begin, after their labels.
const VALUES: usize = 14;

/// The block of one failed test, from the report where the check wrote one, else from libtest's own output.
#[must_use]
pub fn block(style: Style, judged: &JudgedTest) -> String {
    let mut text = format!("  {}\n", style.bold(&judged.test.name));
    match &judged.failure {
        Some(failure) => text.push_str(&from_report(style, failure)),
        None => text.push_str(&indented(&judged.test.output, "    ")),
    }
    text
}

/// Text of unknown origin, safe, cut, and indented.
#[must_use]
pub fn indented(text: &str, indent: &str) -> String {
    let clean = without_escapes(text);
    let count = clean.lines().count();
    let mut shown = String::new();
    for line in clean.lines().take(MAX_LINES) {
        let cut: String = line.chars().take(MAX_WIDTH).collect();
        let more = if cut.len() < line.len() { " [cut]" } else { "" };
        shown.push_str(format!("{indent}{cut}{more}").trim_end());
        shown.push('\n');
    }
    if count > MAX_LINES {
        shown.push_str(&format!("{indent}[{} more lines]\n", count - MAX_LINES));
    }
    shown
}

fn from_report(style: Style, failure: &Value) -> String {
    let mut text = String::new();
    let event = &failure["event"];
    if let Some(body) = event["text"].as_str() {
        let size = format!("{} bytes", event["bytes"].as_u64().unwrap_or(body.len() as u64));
        match event["name"].as_str() {
            Some(name) => text.push_str(&field(style, "sent", &format!("{name} ({size})"))),
            None if body.chars().count() <= MAX_WIDTH => text.push_str(&field(style, "sent", body)),
            None => text.push_str(&field(style, "sent", &format!("an event of {size}"))),
        }
    }
    let words = [("story", "story"), ("rule", "expectation"), ("expected", "expected"), ("got", "got")];
    for (label, key) in words {
        // A rule in words says what was expected, too.
        if key == "expected" && failure[key] == failure["expectation"] {
            continue;
        }
        if let Some(value) = failure[key].as_str() {
            let is_prose = matches!(label, "story" | "rule");
            text.push_str(&if is_prose { sentence(style, label, value) } else { field(style, label, value) });
        }
    }
    match (failure["path"].as_str(), failure["difference"].as_str()) {
        (Some(path), Some(difference)) => {
            text.push_str(&field(style, "differs", &format!("at {path:?}: {difference}")))
        }
        (Some(path), None) => text.push_str(&field(style, "differs", &format!("at {path:?}"))),
        (None, Some(difference)) => text.push_str(&field(style, "differs", difference)),
        (None, None) => {}
    }
    let logs: Vec<&str> = failure["logs"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if !logs.is_empty() {
        text.push_str(&format!("    {}\n", style.dim("your function logged")));
        text.push_str(&indented(&logs.join("\n"), "      | "));
    }
    text
}

/// `label  words`, broken at blanks where they do not fit. JSON has none, so it stays whole, on a line of its own.
fn sentence(style: Style, label: &str, words: &str) -> String {
    if words.trim_end().contains('\n') {
        return field(style, label, words);
    }
    let below = " ".repeat(VALUES);
    let told = wrap::prose(&indented(words, &below), &below);
    format!("    {} {}\n", style.dim(&format!("{label:<9}")), told.trim())
}

/// `label  value`, or the value below its label when it has several lines.
fn field(style: Style, label: &str, value: &str) -> String {
    let value = value.trim_end();
    if value.contains('\n') {
        format!("    {}\n{}", style.dim(label), indented(value, "      "))
    } else {
        let line = indented(value, "");
        format!("    {} {}\n", style.dim(&format!("{label:<9}")), line.trim_end())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_long_story_goes_on_below_its_beginning() {
        let function = json!({ "memory_mb": 1024, "architecture": "x86_64" }).to_string();
        let story = format!("two functions of one architecture use more than is free; free are 1000000: {function}");
        let shown = from_report(Style::Plain, &json!({ "story": story }));
        let lines: Vec<&str> = shown.lines().collect();
        assert!(lines[0].starts_with("    story     two functions"), "{shown}");
        assert!(lines[1].starts_with("              1000000: "), "{shown}");
        assert!(lines.iter().all(|line| line.len() <= 80), "{shown}");
        assert!(lines.iter().any(|line| line.ends_with(&function)), "{shown}");
    }

    #[test]
    fn a_sentence_is_not_shown_twice() {
        let rule = "the log has one line for each order";
        let shown = from_report(Style::Plain, &json!({ "expectation": rule, "expected": rule, "got": "no line" }));
        assert_eq!(shown.matches(rule).count(), 1, "{shown}");
        let shown = from_report(Style::Plain, &json!({ "expectation": rule, "expected": "2", "got": "1" }));
        assert!(shown.contains(rule) && shown.contains("expected  2"), "{shown}");
    }
}
