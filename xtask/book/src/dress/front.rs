//! The cards of the front page: which chapters are there, how many exercises they have, and how long those take.

use super::{SPOKEN, state};
use crate::course::{self, Course};
use crate::source::Page;

const CARD: &str = "<li class=\"chapter-card\" data-chapter=\"";

pub(super) fn fill(html: &str, pages: &[Page], course: &Course) -> String {
    let mut pieces = html.split(CARD);
    let mut filled =
        pieces.next().unwrap_or_default().replacen("<main id=\"text\"", "<main class=\"front\" id=\"text\"", 1);
    for piece in pieces {
        filled.push_str(CARD);
        filled.push_str(&card(piece, pages, course));
    }
    filled
}

/// One card, from its chapter's name on.
fn card(piece: &str, pages: &[Page], course: &Course) -> String {
    let (Some((chapter, _)), Some((inner, rest))) = (piece.split_once('"'), piece.split_once("</li>")) else {
        return piece.to_owned();
    };
    let index = format!("{chapter}/index.html");
    if !pages.iter().any(|page| page.html == index) {
        let inner = inner.replacen('"', "\" data-written=\"no\"", 1);
        return format!("{inner}<p class=\"chapter-facts\">being written</p></li>{rest}");
    }
    let inner = inner.replacen("<strong>", &format!("<a class=\"chapter-link\" href=\"{index}\">"), 1).replacen(
        "</strong>",
        "</a>",
        1,
    );
    let exercises: Vec<_> = course.chapter(chapter).collect();
    let minutes = exercises.iter().map(|(_, exercise)| exercise.minutes).sum();
    let count = match exercises.len() {
        1 => "1 exercise".to_owned(),
        count => format!("{count} exercises"),
    };
    let states: String = exercises.iter().map(|(name, _)| state(name, SPOKEN)).collect();
    format!(
        "{inner}<p class=\"chapter-facts\"><span class=\"chapter-count\" data-plain=\"{count}\">{count}</span>\
         <span>{}</span><span class=\"chapter-states\">{states}</span></p></li>{rest}",
        course::duration(minutes)
    )
}
