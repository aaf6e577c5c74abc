//! Where notices lie. Given: there is nothing to change here.

use serde::Serialize;

/// What somebody in the shop has to know.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Notice {
    /// The attribute `kind` of the message.
    pub(crate) kind: Kind,
    /// The attribute `printer` of the message, as text: a number, or a name.
    pub(crate) printer: String,
    /// What was published, character by character.
    pub(crate) text: String,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    PaperLow,
    InkLow,
    PaperJam,
}

impl Kind {
    /// The kind that an attribute names, if the shop knows it.
    pub(crate) fn named(name: &str) -> Option<Kind> {
        match name {
            "paper-low" => Some(Kind::PaperLow),
            "ink-low" => Some(Kind::InkLow),
            "paper-jam" => Some(Kind::PaperJam),
            _ => None,
        }
    }
}

/// Puts a notice where the people at the printers see it.
pub(crate) fn post(notice: &Notice) {
    println!("posted {}", serde_json::to_string(notice).unwrap_or_default());
}

/// Puts a text that nobody is in charge of where it is looked at in the evening.
pub(crate) fn set_aside(text: &str, reason: &str) {
    println!("set aside {}", serde_json::json!({ "text": text, "reason": reason }));
}
