//! What the pages get after mdBook wrote them: the contents for readers without scripts, what the catalogue says of an
//! exercise, a description of their own, and the list of files for reading offline. Plain `mdbook build` leaves all
//! this out, and the pages read well without it.

mod code;
mod contents;
mod front;
mod offline;
mod readme;
mod ticket;
mod widgets;

use std::path::Path;

use anyhow::Context as _;

use crate::course::{self, Course};
use crate::source::Page;
use crate::text::{escape_html, plain};

/// Which page of the course a page is.
enum Kind<'a> {
    Front,
    /// The chapter's folder.
    Chapter(&'a str),
    /// The exercise's name in the catalogue.
    Exercise(&'a str),
    Other,
}

/// Dresses all pages of the book in `dest`.
pub fn dress(root: &Path, dest: &Path, pages: &[Page]) -> anyhow::Result<()> {
    let course = Course::read(root);
    for page in pages {
        edit(&dest.join(&page.html), |html| one(html, page, pages, &course))?;
    }
    for other in ["print.html", "toc.html", "404.html"] {
        if dest.join(other).is_file() {
            edit(&dest.join(other), |html| code::dedent(&widgets::keep_used(&readme::link_to_index(&html))))?;
        }
    }
    offline::remove_unused(dest)?;
    offline::write_worker(dest)
}

fn edit(path: &Path, change: impl FnOnce(String) -> String) -> anyhow::Result<()> {
    let html = std::fs::read_to_string(path).with_context(|| format!("failed to read {}", path.display()))?;
    std::fs::write(path, change(html)).with_context(|| format!("failed to write {}", path.display()))
}

fn one(html: String, page: &Page, pages: &[Page], course: &Course) -> String {
    let mut html = code::dedent(&widgets::keep_used(&readme::link_to_index(&html)));
    // Another frame than ours has none of the places that follow.
    if !html.contains("<main id=\"text\"") {
        return html;
    }
    html = html.replacen("<html ", &format!("<html data-offline=\"{}\" ", offline::WORKER), 1);
    html = contents::fill(&html, page, pages, course);
    if let Some(words) = first_paragraph(&html) {
        html = replace_between(&html, "<meta name=\"description\" content=\"", "\">", &escape_html(&words));
    }
    let name = page.html.trim_end_matches(".html");
    match kind(page, name, course) {
        Kind::Front => front::fill(&html, pages, course),
        Kind::Chapter(chapter) => kicker(&html, &chapter_words(chapter, course)),
        Kind::Exercise(name) => ticket::add(&html, name, course),
        Kind::Other => match page.html.split_once('/').and_then(|(chapter, _)| course::number(chapter)) {
            Some(number) => kicker(&html, &chapter_link(number)),
            None => html,
        },
    }
}

fn kind<'a>(page: &'a Page, name: &'a str, course: &Course) -> Kind<'a> {
    if page.html == "index.html" {
        return Kind::Front;
    }
    match page.html.strip_suffix("/index.html") {
        Some(chapter) if course::number(chapter).is_some() => Kind::Chapter(chapter),
        _ if course.exercise(name).is_some() => Kind::Exercise(name),
        _ => Kind::Other,
    }
}

fn chapter_words(chapter: &str, course: &Course) -> String {
    let (count, minutes) =
        course.chapter(chapter).fold((0, 0), |(count, minutes), (_, exercise)| (count + 1, minutes + exercise.minutes));
    let number = course::number(chapter).unwrap_or_default();
    match count {
        0 => format!("Chapter {number}"),
        1 => format!("Chapter {number} · 1 exercise, {}", course::duration(minutes)),
        _ => format!("Chapter {number} · {count} exercises, {}", course::duration(minutes)),
    }
}

/// The way up from a page below a chapter.
fn chapter_link(number: u32) -> String {
    format!("<a href=\"index.html\">Chapter {number}</a>")
}

/// A line above the title that says where the page stands; `words` are HTML.
fn kicker(html: &str, words: &str) -> String {
    insert_before(html, "<h1", &format!("<p class=\"kicker\">{words}</p>\n"))
}

/// Inserts before the first `mark` of the text proper.
fn insert_before(html: &str, mark: &str, insert: &str) -> String {
    match text_start(html).and_then(|start| html[start..].find(mark).map(|at| start + at)) {
        Some(at) => format!("{}{insert}{}", &html[..at], &html[at..]),
        None => html.to_owned(),
    }
}

fn text_start(html: &str) -> Option<usize> {
    html.find("<main id=\"text\"")
}

/// The part between two marks, replaced; the text as it was where they are missing.
fn replace_between(text: &str, before: &str, after: &str, new: &str) -> String {
    let start = text.find(before).map(|at| at + before.len());
    match start.and_then(|start| text[start..].find(after).map(|length| (start, start + length))) {
        Some((start, end)) => format!("{}{new}{}", &text[..start], &text[end..]),
        None => text.to_owned(),
    }
}

/// What a page is about, for search engines and previews: its first sentences.
fn first_paragraph(html: &str) -> Option<String> {
    const MOST: usize = 200;
    let text = &html[text_start(html)?..];
    let text = &text[text.find("</h1>")?..];
    let (paragraph, _) = text[text.find("<p>")? + 3..].split_once("</p>")?;
    let words = plain(paragraph);
    if words.chars().count() <= MOST {
        return Some(words);
    }
    let cut: String = words.chars().take(MOST).collect();
    let end = cut.rfind(['.', '。']).map(|at| at + cut[at..].chars().next().map_or(1, char::len_utf8));
    Some(match end {
        Some(end) => cut[..end].to_owned(),
        None => format!("{}…", cut.rsplit_once(' ').map_or(cut.as_str(), |(words, _)| words)),
    })
}

/// Whether this is what mdBook puts behind a file's name.
fn is_hash(text: &str) -> bool {
    text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The sign and word of a state, which the reader's progress fills in.
fn state(name: &str, word_class: &str) -> String {
    format!(
        "<span class=\"state\" data-exercise=\"{name}\" data-state=\"not-started\"><span class=\"{word_class}\">not started</span></span>"
    )
}

/// Where a state stands for itself.
const SHOWN: &str = "state-word";
/// Where the sign is enough for who can see it.
const SPOKEN: &str = "state-word visually-hidden";
