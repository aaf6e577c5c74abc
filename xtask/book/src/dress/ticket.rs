//! The ticket of an exercise: minutes, kind, what to read before, concepts, steps, state, and the command that checks.
//! The numbers and names are the catalogue's, steps and reading the page's own.

use super::{SHOWN, chapter_link, insert_before, kicker, state, text_start};
use crate::course::{self, Course};
use crate::text::{escape_html, plain};

/// What the place of Check says in a static copy.
const UNSERVED: &str = "<p class=\"check-unserved\">This copy of the book is to be read. Start it with \
                        <code>cargo xtask serve</code> in the course’s folder, and this place checks your work.</p>";

pub(super) fn add(html: &str, name: &str, course: &Course) -> String {
    let (Some(exercise), Some(short)) = (course.exercise(name), course::short_name(name)) else {
        return html.to_owned();
    };
    let chapter = name.split('/').next().unwrap_or_default();
    let mut rows = row("Time", &format!("about {}", course::duration(exercise.minutes)));
    rows += &row("Kind", kind(&exercise.kind));
    let before = links(section(html, "before-you-start"));
    if !before.is_empty() {
        rows += &row("Read before", &format!("<ul>{before}</ul>"));
    }
    rows += &row("Concepts", &escape_html(&exercise.concepts.join(", ")));
    if !exercise.services.is_empty() {
        rows += &row("AWS services", &escape_html(&exercise.services.join(", ")));
    }
    rows += &row("Steps", &format!("<ol>{}</ol>", steps(html)));
    let ticket = format!(
        "\n<section class=\"ticket\" aria-label=\"About this exercise\" data-exercise=\"{name}\">\
         <div class=\"ticket-head\"><span class=\"ticket-number\">{short}</span>{}</div>\
         <dl>{rows}</dl><code class=\"ticket-command\">cargo xtask check {short}</code></section>\n",
        state(name, SHOWN)
    );
    let all = course.chapter(chapter).count();
    let place = course.chapter(chapter).position(|(other, _)| other == name).map_or(0, |at| at + 1);
    let number = course::number(chapter).unwrap_or_default();
    let html = kicker(html, &format!("{} · exercise {place} of {all}", chapter_link(number)));
    let html = match html.find("</h1>").map(|at| at + "</h1>".len()) {
        Some(at) => format!("{}{ticket}{}", &html[..at], &html[at..]),
        None => html,
    };
    // Check and its results come where the task ends; the words stand there while nobody serves the book.
    let place = format!("<section class=\"check\" data-check=\"{name}\">{UNSERVED}</section>\n");
    insert_before(&html, "<h2 id=\"hints\"", &place)
}

fn row(term: &str, html: &str) -> String {
    format!("<div><dt>{term}</dt><dd>{html}</dd></div>")
}

fn kind(kind: &str) -> &str {
    match kind {
        "core" => "core",
        "challenge" => "a challenge",
        "spot-the-bug" => "a bug to find",
        other => other,
    }
}

/// The HTML between the heading with this id and the next of its kind.
fn section<'a>(html: &'a str, id: &str) -> &'a str {
    let Some(start) = html.find(&format!("<h2 id=\"{id}\"")) else { return "" };
    let rest = &html[start + 1..];
    &rest[..rest.find("<h2 ").unwrap_or(rest.len())]
}

/// The links of a part that lead to pages of the book, as items.
fn links(html: &str) -> String {
    let mut items = String::new();
    for piece in html.split("<a ").skip(1) {
        let Some((tag, rest)) = piece.split_once('>') else { continue };
        let Some((words, _)) = rest.split_once("</a>") else { continue };
        let Some(href) = tag.split_once("href=\"").and_then(|(_, rest)| rest.split_once('"')).map(|(href, _)| href)
        else {
            continue;
        };
        if !tag.contains("class=\"header\"") && !href.contains(':') {
            items.push_str(&format!("<li><a href=\"{href}\">{words}</a></li>"));
        }
    }
    items
}

fn steps(html: &str) -> String {
    let text = text_start(html).map_or("", |start| &html[start..]);
    let mut items = String::new();
    for piece in text.split("<h2 id=\"").skip(1) {
        if let (Some((id, _)), Some((heading, _))) = (piece.split_once('"'), piece.split_once("</h2>")) {
            let words = heading.split_once('>').map_or("", |(_, words)| words);
            items.push_str(&format!("<li><a href=\"#{id}\">{}</a></li>", escape_html(&plain(words))));
        }
    }
    items
}
