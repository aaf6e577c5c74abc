//! Our own words within the terminal's columns, or 80 where there is none. What stands between backticks is a command to
//! copy and stays on one line; a word that is longer than a line, such as a path, stays whole.

use crate::term;

/// Where there is no terminal; and the least, since narrower ones would break every line.
const WIDTH: usize = 80;

/// Longer lines are hard to read.
const WIDEST: usize = 100;

/// Each line that is too long, broken at blanks; what follows a break is indented.
#[must_use]
pub fn prose(text: &str, indent: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| broken(line, &words(line), indent)).collect();
    lines.join("\n")
}

/// Each line that is too long, broken only after `: ` and `; `, so that a path with blanks stays whole.
#[must_use]
pub fn clauses(text: &str) -> String {
    let of = |line: &str| {
        let mut clauses: Vec<String> = Vec::new();
        for word in words(line) {
            match clauses.last_mut() {
                Some(clause) if !clause.ends_with([':', ';']) || clause == "error:" || clause == "warning:" => {
                    clause.push(' ');
                    clause.push_str(&word);
                }
                _ => clauses.push(word),
            }
        }
        clauses
    };
    let lines: Vec<String> = text.lines().map(|line| broken(line, &of(line), "  ")).collect();
    lines.join("\n")
}

/// Markdown as it is read in a terminal: paragraphs and items of lists filled anew, code and tables as they are.
#[must_use]
pub fn markdown(text: &str) -> String {
    let mut blocks: Vec<(String, bool)> = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        let start = line.trim_start();
        let is_fence = start.starts_with("```") || start.starts_with("~~~");
        let is_verbatim = fenced || is_fence || start.is_empty() || start.starts_with(['|', '#', '<']);
        fenced ^= is_fence;
        match blocks.last_mut() {
            Some((paragraph, true)) if !is_verbatim && item_indent(line) == 0 => {
                paragraph.push(' ');
                paragraph.push_str(start);
            }
            _ => blocks.push((line.to_owned(), !is_verbatim)),
        }
    }
    let filled = blocks.into_iter().map(|(block, is_prose)| {
        let leading = block.len() - block.trim_start().len();
        if is_prose { prose(&block, &" ".repeat(leading + item_indent(&block))) } else { block }
    });
    filled.collect::<Vec<_>>().join("\n")
}

/// The width of `- ` or `12. ` at the start of an item of a list; 0 where there is none.
fn item_indent(line: &str) -> usize {
    let line = line.trim_start();
    let digits = line.chars().take_while(char::is_ascii_digit).count();
    match digits {
        0 if line.starts_with("- ") || line.starts_with("* ") => 2,
        0 => 0,
        digits if line[digits..].starts_with(". ") => digits + 2,
        _ => 0,
    }
}

/// The words of a line; what stands between two backticks counts as one.
fn words(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut is_open = false;
    for word in line.split_whitespace() {
        match words.last_mut() {
            Some(last) if is_open => {
                last.push(' ');
                last.push_str(word);
            }
            _ => words.push(word.to_owned()),
        }
        is_open ^= word.matches('`').count() % 2 == 1;
    }
    words
}

/// A line put together again from its parts, with as many of them on each line as fit; one that fits stays as it is.
fn broken(line: &str, parts: &[String], indent: &str) -> String {
    if line.chars().count() <= WIDTH {
        return line.to_owned();
    }
    broken_at(term::columns().map_or(WIDTH, |columns| columns.clamp(WIDTH, WIDEST)), line, parts, indent)
}

fn broken_at(width: usize, line: &str, parts: &[String], indent: &str) -> String {
    if line.chars().count() <= width {
        return line.to_owned();
    }
    let leading = line.len() - line.trim_start().len();
    let mut text = line[..leading].to_owned();
    let mut column = leading;
    for (index, part) in parts.iter().enumerate() {
        let length = part.chars().count();
        if index > 0 && column + 1 + length > width {
            text.push_str(&format!("\n{indent}"));
            column = indent.chars().count();
        } else if index > 0 {
            text.push(' ');
            column += 1;
        }
        text.push_str(part);
        column += length;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_broken_at_blanks_and_never_within_a_command() {
        let line = format!("{} `cargo xtask check ch01/02` ends", "word ".repeat(14).trim_end());
        let wrapped = broken_at(80, &line, &words(&line), "  ");
        let lines: Vec<&str> = wrapped.lines().collect();
        assert_eq!(lines[1], "  `cargo xtask check ch01/02` ends");
        assert!(wrapped.lines().all(|line| line.len() <= 80));
        assert_eq!(broken_at(120, &line, &words(&line), "  "), line);
        let path = format!("/{}", "a".repeat(100));
        assert_eq!(prose(&path, "  "), path);
    }

    #[test]
    fn an_error_is_broken_between_its_clauses_only() {
        let error = "error: cannot write /home/somebody/a course of mine/.progress/progress.txt; it is untouched: no";
        let told = "error: cannot write /home/somebody/a course of mine/.progress/progress.txt;\n  it is untouched: no";
        assert_eq!(clauses(error), told);
    }

    #[test]
    fn paragraphs_are_filled_and_code_stays() {
        let long = "word ".repeat(20);
        let text = format!("One\nparagraph.\n\n- {long}\n  more\n- two\n\n```rust\n{long}\n```");
        let told = markdown(&text);
        assert!(told.starts_with("One paragraph.\n\n- word"), "{told}");
        assert!(told.contains("\n  word ") && told.contains(" more\n- two\n\n```rust\n"), "{told}");
        assert!(told.ends_with(&format!("{long}\n```")), "{told}");
    }
}
