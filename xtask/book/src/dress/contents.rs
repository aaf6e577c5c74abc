//! The contents beside the text: the chapters, and the pages of the one that the reader is in. `theme/toc.js.hbs` builds
//! the same list where a page came without it.

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
    for page in pages {
        let folder = folder(page);
        let is_chapter = folder.is_some() && page.html.ends_with("/index.html");
        if folder.is_none() || is_chapter {
            if std::mem::take(&mut open) {
                list.push_str("</ol></li>");
            }
            let number = folder.and_then(course::number);
            let shown = folder.is_some() && folder == self::folder(here);
            let chapter = folder.map(|dir| format!(" data-chapter=\"{dir}\"")).unwrap_or_default();
            let number = number.map(|n| format!("<span class=\"number\">{n}</span> ")).unwrap_or_default();
            list.push_str(&format!("<li{chapter}>{}", link(&to_root, page, here, &number, "")));
            if shown {
                list.push_str("<ol>");
                open = true;
            } else {
                list.push_str("</li>");
            }
        } else if folder == self::folder(here) {
            let name = page.html.trim_end_matches(".html");
            let mark =
                if course.exercise(name).is_some() { format!(" {}", state(name, SPOKEN)) } else { String::new() };
            list.push_str(&format!("<li>{}</li>", link(&to_root, page, here, "", &mark)));
        }
    }
    if open {
        list.push_str("</ol></li>");
    }
    list.push_str("</ol>");
    list
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

fn folder(page: &Page) -> Option<&str> {
    page.html.split_once('/').map(|(folder, _)| folder)
}
