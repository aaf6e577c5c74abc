//! Draws the calls of a recorded run as a sequence picture in the book's visual language (the classes of
//! `theme/course.css`), with the same in words for who cannot see it.

use std::fmt::Write as _;

use local_lambda::{Outcome, What};

const LAMBDA: u32 = 110;
const PROCESS: u32 = 590;
const WIDTH: u32 = 700;
const STEP: u32 = 34;

/// What one line of the picture shows.
enum Row {
    /// What the process is doing, on its own line of life.
    Turn(String),
    /// The process calls Lambda.
    Call(String),
    /// Lambda answers.
    Answer(String),
}

/// The runs below each other, each with its heading. `name` is the picture's name on its page.
pub(crate) fn sequence(name: &str, title: &str, runs: &[(&str, &Outcome)]) -> String {
    let mut body = String::new();
    let mut words = format!("{title}, call by call.");
    let mut y = 58;
    for (heading, outcome) in runs {
        y += 14;
        let _ = writeln!(body, "<text class=\"strong\" x=\"20\" y=\"{y}\">{heading}</text>");
        let _ = write!(words, " {heading}:");
        y += 12;
        for row in rows(outcome) {
            y += STEP;
            let _ = write!(words, " {}.", row.words());
            row.draw(&mut body, y);
        }
        y += 22;
    }
    let height = y + 6;
    format!(
        "<svg class=\"pic\" role=\"img\" aria-labelledby=\"{name}-title {name}-desc\" viewBox=\"0 0 {WIDTH} {height}\">\n\
         <title id=\"{name}-title\">{title}</title>\n<desc id=\"{name}-desc\">{words}</desc>\n\
         <path class=\"life\" d=\"M{LAMBDA} 42V{height}M{PROCESS} 42V{height}\"/>\n\
         <rect class=\"box\" x=\"{}\" y=\"8\" width=\"180\" height=\"34\" rx=\"6\"/><text class=\"strong middle\" x=\"{LAMBDA}\" y=\"30\">Lambda</text>\n\
         <rect class=\"yours\" x=\"{}\" y=\"8\" width=\"180\" height=\"34\" rx=\"6\"/><text class=\"strong middle on-yours\" x=\"{PROCESS}\" y=\"30\">your process</text>\n\
         {body}</svg>\n",
        LAMBDA - 90,
        PROCESS - 90,
    )
}

/// The record has an event before the call that fetches it; the picture has call and answer as they go over the wire.
fn rows(outcome: &Outcome) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut event = None;
    for step in &outcome.transcript {
        match &step.what {
            What::ProcessStarted { .. } => rows.push(Row::Turn("the process starts, main runs".to_owned())),
            What::EventSent { bytes } => event = Some(*bytes),
            What::Call { method, path, status, .. } => {
                let path = path.replace(&outcome.request_id, "{id}").replace("/2018-06-01/runtime", "…");
                rows.push(Row::Call(format!("{method} {path}")));
                let what = event.take().map(|bytes| format!(": the event, {bytes} bytes")).unwrap_or_default();
                rows.push(Row::Answer(format!("{status}{what}")));
            }
            _ => {}
        }
    }
    rows
}

impl Row {
    fn words(&self) -> String {
        match self {
            Row::Turn(words) => words.clone(),
            Row::Call(words) => format!("The process calls {words}"),
            Row::Answer(words) => format!("Lambda answers {words}"),
        }
    }

    fn draw(&self, body: &mut String, y: u32) {
        let middle = u32::midpoint(LAMBDA, PROCESS);
        let (from, to, tip, words, class) = match self {
            Row::Turn(words) => {
                let _ = writeln!(body, "<text class=\"small end\" x=\"{}\" y=\"{y}\">{words}</text>", PROCESS - 12);
                let _ = writeln!(body, "<circle class=\"head-yours\" cx=\"{PROCESS}\" cy=\"{}\" r=\"4\"/>", y - 4);
                return;
            }
            Row::Call(words) => (PROCESS, LAMBDA + 8, LAMBDA, words, "-yours"),
            Row::Answer(words) => (LAMBDA, PROCESS - 8, PROCESS, words, ""),
        };
        let _ = writeln!(body, "<text class=\"mono middle\" x=\"{middle}\" y=\"{}\">{words}</text>", y - 7);
        let _ = writeln!(
            body,
            "<path class=\"line{class}\" d=\"M{from} {y}H{to}\"/><path class=\"head{class}\" d=\"M{tip} {y}L{to} {}V{}z\"/>",
            y - 4,
            y + 4
        );
    }
}
