//! Small changes to a program's text that make it wrong: the way to ask whether a check would notice.
//!
//! It works on the text, not on syntax: what does not compile does not count. Comments and strings are left alone.

/// One change: the whole changed text, and where and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mutant {
    pub line: usize,
    pub from: String,
    pub to: String,
    pub text: String,
}

/// Words of code, each with what it is replaced by. Blanks around an operator tell it from generics and references.
const SWAPS: [(&str, &str); 29] = [
    (" == ", " != "),
    (" != ", " == "),
    (" < ", " <= "),
    (" <= ", " < "),
    (" > ", " >= "),
    (" >= ", " > "),
    (" + ", " - "),
    (" - ", " + "),
    (" * ", " + "),
    (" / ", " * "),
    (" % ", " + "),
    (" += ", " -= "),
    (" -= ", " += "),
    (" && ", " || "),
    (" || ", " && "),
    ("true", "false"),
    ("false", "true"),
    ("if !", "if "),
    (".is_some()", ".is_none()"),
    (".is_none()", ".is_some()"),
    (".is_ok()", ".is_err()"),
    (".is_err()", ".is_ok()"),
    (".any(", ".all("),
    (".all(", ".any("),
    (".min(", ".max("),
    (".max(", ".min("),
    (".first()", ".last()"),
    (".last()", ".first()"),
    (".rev()", ""),
];

const TRUTHS: [(&str, &str); 2] = [("true", "false"), ("false", "true")];

/// Every mutant of a program.
#[must_use]
pub fn mutants(source: &str) -> Vec<Mutant> {
    let code = code_only(source);
    let mut mutants = swaps(source, &code, &SWAPS);
    mutants.extend(numbers(source, &code));
    mutants.extend(conditions(source, &code));
    mutants.extend(statements(source, &code));
    mutants.extend(bodies(source, &code));
    mutants.sort_by_key(|mutant| mutant.line);
    mutants
}

/// Truths and numbers that are others, for a text that is no program.
#[must_use]
pub fn values(source: &str, code: &str) -> Vec<Mutant> {
    let mut mutants = swaps(source, code, &TRUTHS);
    mutants.extend(numbers(source, code));
    mutants
}

fn swaps(source: &str, code: &str, swaps: &[(&str, &str)]) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    for (from, to) in swaps {
        for (start, _) in code.match_indices(from).filter(|(start, _)| is_word(code, *start, from)) {
            mutants.push(mutant(source, start, from, to));
        }
    }
    mutants
}

/// The text with comments and the insides of strings blanked out, byte for byte.
fn code_only(source: &str) -> String {
    let mut code = String::with_capacity(source.len());
    let (mut in_string, mut in_comment, mut escaped) = (false, false, false);
    let mut chars = source.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let is_quote = c == '"' && !in_comment && !(source[..at].ends_with('\'') && source[at + 1..].starts_with('\''));
        let starts_comment = !in_string && c == '/' && chars.peek().is_some_and(|(_, next)| *next == '/');
        in_comment = (in_comment || starts_comment) && c != '\n';
        let ends_or_begins = is_quote && !escaped;
        let hidden = in_comment || (in_string && !ends_or_begins);
        in_string ^= ends_or_begins;
        escaped = in_string && c == '\\' && !escaped;
        match hidden && c != '\n' {
            true => code.extend(std::iter::repeat_n(' ', c.len_utf8())),
            false => code.push(c),
        }
    }
    code
}

/// `to` for what stands at `start` of the source, which is `from`.
#[must_use]
pub fn mutant(source: &str, start: usize, from: &str, to: &str) -> Mutant {
    let line = source[..start].matches('\n').count() + 1;
    let text = format!("{}{to}{}", &source[..start], &source[start + from.len()..]);
    Mutant { line, from: from.trim().to_owned(), to: to.trim().to_owned(), text }
}

fn is_word(code: &str, start: usize, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let inner = word.trim();
    let apart = |c: Option<char>| !c.is_some_and(is_part);
    let before = code[..start].chars().next_back();
    let after = code[start + word.len()..].chars().next();
    !inner.starts_with(is_part) || word.ends_with(' ') || word.ends_with('!') || (apart(before) && apart(after))
}

/// `3` becomes `4`.
fn numbers(source: &str, code: &str) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    let mut rest = 0;
    while let Some(found) = code[rest..].find(|c: char| c.is_ascii_digit()) {
        let start = rest + found;
        let length = code[start..].find(|c: char| !c.is_ascii_digit()).unwrap_or(code.len() - start);
        rest = start + length;
        let is_in_name = code[..start].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.');
        if let (false, Ok(number)) = (is_in_name, code[start..rest].parse::<u64>()) {
            mutants.push(mutant(source, start, &code[start..rest], &number.saturating_add(1).to_string()));
        }
    }
    mutants
}

/// `if ready {` becomes `if !(ready) {`.
fn conditions(source: &str, code: &str) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    for (start, _) in code.match_indices("if ") {
        let line_end = code[start..].find('\n').map_or(code.len(), |length| start + length);
        let condition = code[start + 3..line_end].trim_end().strip_suffix('{').map(str::trim);
        let Some(condition) = condition.filter(|c| !c.is_empty() && !c.starts_with(['!']) && !c.contains("let "))
        else {
            continue;
        };
        let from = &source[start + 3..start + 3 + condition.len()];
        mutants.push(mutant(source, start + 3, from, &format!("!({from})")));
    }
    mutants
}

/// A function that does nothing and answers with a default.
fn bodies(source: &str, code: &str) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    for (start, _) in code.match_indices("fn ").filter(|(start, _)| !code[*start..].starts_with("fn main(")) {
        let Some(open) = code[start..].find('{').map(|length| start + length) else { continue };
        let signature = &code[start..open];
        let body = match signature.split_once("->") {
            _ if signature.contains(';') => continue,
            Some((_, answer)) if answer.trim_start().starts_with("Result") => " Ok(Default::default()) ",
            Some(_) => " Default::default() ",
            None => "",
        };
        let mut depth = 0;
        let close = code[open..].find(|c| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            depth == 0
        });
        if let Some(close) = close {
            let mut mutant = mutant(source, open, &source[open..=open + close], &format!("{{{body}}}"));
            mutant.from = format!("the body of {}", signature[3..].split(['(', '<']).next().unwrap_or_default());
            mutants.push(mutant);
        }
    }
    mutants
}

/// A statement of one line that binds nothing is left out.
fn statements(source: &str, code: &str) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    let mut start = 0;
    let mut ended = true;
    for line in code.split_inclusive('\n') {
        let words = line.trim();
        let binds =
            ["let ", "use ", "mod ", "const ", "static ", "type ", "}", ")", "."].iter().any(|s| words.starts_with(s));
        if ended && words.ends_with(';') && !binds {
            let indent = line.len() - line.trim_start().len();
            let from = &source[start + indent..start + indent + words.len()];
            mutants.push(mutant(source, start + indent, from, ""));
        }
        ended = words.is_empty() || words.ends_with([';', '{', '}']);
        start += line.len();
    }
    mutants
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_change_is_made_where_there_is_code() {
        let source = "fn f(a: u8) -> bool {\n    // a == 1\n    log(\"a < b\");\n    if a < 3 {\n        return true;\n    }\n    false\n}\n";
        let mutants = mutants(source);
        let changes: Vec<_> = mutants.iter().map(|m| (m.line, m.from.as_str(), m.to.as_str())).collect();
        assert_eq!(
            changes,
            [
                (1, "the body of f", "{ Default::default() }"),
                (3, "log(\"a < b\");", ""),
                (4, "<", "<="),
                (4, "3", "4"),
                (4, "a < 3", "!(a < 3)"),
                (5, "true", "false"),
                (5, "return true;", ""),
                (7, "false", "true"),
            ]
        );
        assert!(mutants[2].text.contains("if a <= 3 {"));
    }
}
