//! The contents beside the text: what stands before and after the chapters, the chapters, and the pages of the one that
//! the reader is in. `theme/toc.js.hbs` builds the same list where a page came without it.

use super::{SPOKEN, state};
use crate::course::{self, Course};
use crate::source::Page;
use crate::text::escape_html;

const PLACE: &str = "<div class=\"contents-list\">";

pub(super) fn fill(html: &str, page: &Page, pages: &[Page], course: &Course) -> String {
    let Some(at) = html.find(PLACE).map(|at| at + PLACE.len()) else { return html.to_owned() };
    format!("{}{}{}", &html[..at], list(page, pages, course), &html[at..])
}

fn list(here: &Page, pages: &[Page], course: &Course) -> String {
    let to_root = "../".repeat(here.html.matches('/').count());
    let mut list = String::from("<ol>");
    let mut open = false;
    let mut was_chapter = None;
    for page in pages {
        let chapter = chapter(page);
        if chapter.is_some() && !page.html.ends_with("/index.html") {
            if open {
                list.push_str(&format!("<li>{}</li>", link(&to_root, page, here, "", &mark(page, course))));
            }
            continue;
        }
        if std::mem::take(&mut open) {
            list.push_str("</ol></li>");
        }
        // Between what is read before the chapters, the chapters, and what is looked up after them.
        let apart = was_chapter.replace(chapter.is_some()).is_some_and(|was| was != chapter.is_some());
        let class = if apart { " class=\"apart\"" } else { "" };
        let of_chapter = chapter.map(|dir| format!(" data-chapter=\"{dir}\"")).unwrap_or_default();
        let number = chapter.and_then(course::number);
        let number = number.map(|n| format!("<span class=\"number\">{n}</span> ")).unwrap_or_default();
        list.push_str(&format!("<li{class}{of_chapter}>{}", link(&to_root, page, here, &number, "")));
        open = chapter.is_some() && chapter == self::chapter(here);
        list.push_str(if open { "<ol>" } else { "</li>" });
    }
    list.push_str(if open { "</ol></li></ol>" } else { "</ol>" });
    list
}

fn mark(page: &Page, course: &Course) -> String {
    let name = page.html.trim_end_matches(".html");
    if course.exercise(name).is_some() { format!(" {}", state(name, SPOKEN)) } else { String::new() }
}

fn link(to_root: &str, page: &Page, here: &Page, before: &str, after: &str) -> String {
    let current = if page.html == here.html { " aria-current=\"page\"" } else { "" };
    // The number stands before the title already.
    let title = match page.title.split_once(". ") {
        Some((number, title)) if number.bytes().all(|byte| byte.is_ascii_digit()) => title,
        _ => &page.title,
    };
    format!("<a href=\"{to_root}{}\"{current}>{before}<span>{}</span>{after}</a>", page.html, escape_html(title))
}

/// The chapter that a page belongs to; those before and after the chapters belong to none.
fn chapter(page: &Page) -> Option<&str> {
    let (folder, _) = page.html.split_once('/')?;
    course::number(folder).map(|_| folder)
}
