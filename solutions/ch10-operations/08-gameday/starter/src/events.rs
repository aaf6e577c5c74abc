//! What goes through the shop. Given: there is nothing to change here.

use serde::{Deserialize, Serialize};

/// An order, as the website of a shop sends it to the desk.
#[derive(Debug, Deserialize)]
pub(crate) struct Order {
    /// Whose website it is, in letters: our own, or that of a partner.
    pub(crate) shop: String,
    /// The number that this shop has given it, in digits.
    pub(crate) order: String,
    /// What a card company charges. Nobody's business but theirs.
    pub(crate) card: String,
    /// Where the parcel goes.
    pub(crate) to: String,
    pub(crate) lines: Vec<Line>,
}

/// Prints of one photo.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) photo: String,
    pub(crate) size: String,
    pub(crate) copies: u64,
}

impl Line {
    /// What it costs, in cents; nothing if we do not print such a thing.
    pub(crate) fn cents(&self) -> Option<u64> {
        let one = match self.size.as_str() {
            "10x15" => 19,
            "13x18" => 35,
            "20x30" => 290,
            _ => return None,
        };
        (1..=500).contains(&self.copies).then(|| one * self.copies)
    }
}

/// What the desk sends to the queue `jobs`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) shop: String,
    pub(crate) order: String,
    pub(crate) card: String,
    pub(crate) cents: u64,
    pub(crate) to: String,
    pub(crate) lines: Vec<Line>,
}

/// What the press sends to the queue `parcels`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Parcel {
    pub(crate) shop: String,
    pub(crate) order: String,
    pub(crate) to: String,
}

/// Messages of a queue, as Lambda hands them out.
#[derive(Debug, Deserialize)]
pub(crate) struct Batch {
    #[serde(rename = "Records")]
    pub(crate) records: Vec<Message>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Message {
    pub(crate) message_id: String,
    pub(crate) body: String,
}
