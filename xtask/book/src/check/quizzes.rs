//! Quizzes: the one markup that `CONTRIBUTING.md` gives, an answer among the choices, a reason for every other choice,
//! and a name that no other quiz has, since what a reader chose is remembered under it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::check::tags::{Tag, tags};
use crate::finding::Finding;

const KINDS: [&str; 4] = ["choose", "several", "predict", "order"];

/// `texts` are the pages with their names relative to the root.
pub fn findings(texts: &[(PathBuf, String)]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut seen: BTreeMap<String, (PathBuf, usize)> = BTreeMap::new();
    for (file, text) in texts {
        for (id, line, words) in wrong(text) {
            findings.extend(words.into_iter().map(|(line, words)| Finding::new(file, line, words)));
            match seen.get(&id) {
                Some((first, at)) => {
                    let words =
                        format!("the quiz \"{id}\" is in {}:{at} already: give it another data-quiz", first.display());
                    findings.push(Finding::new(file, line, words));
                }
                None => drop(seen.insert(id, (file.clone(), line))),
            }
        }
    }
    findings
}

type Wrong = Vec<(usize, String)>;

/// Each quiz of a page: its name, its line, and what is wrong with it.
fn wrong(text: &str) -> Vec<(String, usize, Wrong)> {
    let all = tags(text);
    let forms = all.iter().filter(|tag| tag.name == "form" && tag.has_class("quiz"));
    forms
        .map(|form| {
            let end = form.inner + form.content(text).len();
            let inside: Vec<_> = all.iter().filter(|tag| (form.inner..end).contains(&tag.start)).collect();
            let id = form.value("data-quiz").unwrap_or_default().to_owned();
            (id, form.line, in_quiz(text, form, &inside))
        })
        .collect()
}

fn in_quiz(text: &str, form: &Tag, inside: &[&Tag]) -> Wrong {
    let mut wrong = Vec::new();
    let mut say = |line: usize, words: String| wrong.push((line, words));
    if form.value("data-quiz").unwrap_or_default().is_empty() {
        say(form.line, "the quiz has no name: add data-quiz=\"…\"".to_owned());
    }
    let inputs: Vec<_> = inside.iter().filter(|tag| tag.name == "input").collect();
    let has_type = |kind: &str| inputs.iter().any(|input| input.value("type") == Some(kind));
    let implied = if has_type("checkbox") { "several" } else { "choose" };
    let kind = form.value("data-kind").unwrap_or(implied);
    if !KINDS.contains(&kind) {
        say(form.line, format!("\"{kind}\" is no kind of quiz: write one of {}", KINDS.join(", ")));
        return wrong;
    }
    for name in ["legend", "details"] {
        if !inside.iter().any(|tag| tag.name == name) {
            say(form.line, format!("the quiz has no <{name}>: without scripts nobody could read it"));
        }
    }
    let list = inside.iter().find(|tag| tag.name == "ol" && tag.has_class("quiz-order"));
    let (needs, has) = match kind {
        "order" => ("an <ol class=\"quiz-order\">", list.is_some()),
        "several" => ("checkboxes", has_type("checkbox")),
        "predict" => ("radio buttons or a text field", has_type("radio") || has_type("text")),
        _ => ("radio buttons", has_type("radio")),
    };
    if !has {
        say(form.line, format!("a quiz of the kind {kind} needs {needs}"));
        return wrong;
    }
    let in_list =
        |tag: &Tag| list.is_some_and(|list| (list.inner..list.inner + list.content(text).len()).contains(&tag.start));
    let choices: Vec<(&str, usize)> = match kind {
        "order" => inside
            .iter()
            .filter(|tag| tag.name == "li" && in_list(tag))
            .map(|tag| (tag.value("data-value").unwrap_or_default(), tag.line))
            .collect(),
        _ => inputs.iter().filter_map(|input| Some((input.value("value")?, input.line))).collect(),
    };
    let answer = form.value("data-answer").unwrap_or_default();
    let is_text = has_type("text");
    let answers: Vec<_> =
        if matches!(kind, "several" | "order") { answer.split_whitespace().collect() } else { vec![answer] };
    if answer.is_empty() {
        say(form.line, "the quiz has no answer: add data-answer=\"…\"".to_owned());
    } else if !is_text {
        for missing in answers.iter().filter(|answer| !choices.iter().any(|(value, _)| value == *answer)) {
            say(form.line, format!("the answer \"{missing}\" is none of the choices"));
        }
    }
    for (index, (value, line)) in choices.iter().enumerate() {
        if value.is_empty() {
            say(*line, "the choice has no value".to_owned());
        } else if choices[..index].iter().any(|(other, _)| other == value) {
            say(*line, format!("two choices have the value \"{value}\""));
        }
    }
    if kind == "order" {
        if answers.len() != choices.len() {
            say(form.line, format!("the answer orders {} of {} lines", answers.len(), choices.len()));
        } else if answers.iter().zip(&choices).all(|(answer, (value, _))| answer == value) {
            say(form.line, "the lines stand in the right order already: mix them".to_owned());
        }
        return wrong;
    }
    let reasons: Vec<_> =
        inside.iter().filter(|tag| tag.name == "li").filter_map(|tag| tag.value("data-for")).collect();
    for (value, line) in choices.iter().filter(|(value, _)| !answers.contains(value)) {
        if !reasons.contains(value) {
            say(*line, format!("nothing says why \"{value}\" is wrong: add <li data-for=\"{value}\"> to the answer"));
        }
    }
    if !is_text {
        for reason in reasons.iter().filter(|reason| !choices.iter().any(|(value, _)| value == *reason)) {
            say(form.line, format!("there is a reason for \"{reason}\", which is no choice"));
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "<form class=\"quiz\" data-quiz=\"q\" data-answer=\"b\">\n<fieldset>\n<legend>Which?</legend>\n\
        <label><input type=\"radio\" name=\"q\" value=\"a\"> A</label>\n<label><input type=\"radio\" name=\"q\" value=\"b\"> B</label>\n\
        </fieldset>\n<details><summary>Answer</summary>\n\nB.\n\n<ul class=\"reasons\">\n<li data-for=\"a\">No.</li>\n</ul>\n\n</details>\n</form>\n";

    #[track_caller]
    fn says(change: impl Fn(&str) -> String, line: usize, words: &str) {
        let texts = [(PathBuf::from("a.md"), change(GOOD))];
        let found = findings(&texts);
        assert!(found.iter().any(|finding| finding.line == Some(line) && finding.words.contains(words)), "{found:#?}");
    }

    #[test]
    fn a_quiz_by_the_book_is_fine() {
        assert_eq!(
            findings(&[("a.md".into(), GOOD.to_owned()), ("b.md".into(), "`<form class=\"quiz\">`".to_owned())]),
            []
        );
    }

    #[test]
    fn an_unknown_kind_is_found() {
        says(|good| good.replace("data-quiz", "data-kind=\"guess\" data-quiz"), 1, "\"guess\" is no kind of quiz");
    }

    #[test]
    fn an_answer_that_nobody_can_choose_is_found() {
        says(|good| good.replace("answer=\"b\"", "answer=\"c\""), 1, "\"c\" is none of the choices");
        says(|good| good.replace(" data-answer=\"b\"", ""), 1, "has no answer");
    }

    #[test]
    fn a_distractor_without_a_reason_is_found() {
        says(|good| good.replace("<li data-for=\"a\">", "<li>"), 4, "nothing says why \"a\" is wrong");
        says(|good| good.replace("data-for=\"a\"", "data-for=\"z\""), 1, "\"z\", which is no choice");
    }

    #[test]
    fn the_same_name_or_value_twice_is_found() {
        says(|good| format!("{good}\n{good}"), 18, "the quiz \"q\" is in a.md:1 already");
        says(|good| good.replace("value=\"b\"", "value=\"a\""), 5, "two choices have the value \"a\"");
    }

    #[test]
    fn lines_to_be_ordered_are_mixed_and_all_in_the_answer() {
        let order = |answer: &str| {
            let text = format!(
                "<form class=\"quiz\" data-kind=\"order\" data-quiz=\"o\" data-answer=\"{answer}\">\n<legend>?</legend>\n<ol class=\"quiz-order\">\n\
                 <li data-value=\"x\">X</li>\n<li data-value=\"y\">Y</li>\n</ol>\n<details></details>\n</form>\n"
            );
            findings(&[("a.md".into(), text)]).into_iter().map(|finding| finding.words).collect::<Vec<_>>()
        };
        assert_eq!(order("y x"), Vec::<String>::new());
        assert_eq!(order("x y"), ["the lines stand in the right order already: mix them"]);
        assert_eq!(order("y"), ["the answer orders 1 of 2 lines"]);
    }
}
