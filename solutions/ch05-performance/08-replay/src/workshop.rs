//! The workshop, where steps have effects: paper is taken, photos are printed, parcels leave. Given; it stays as it is.
//!
//! It notes every effect in its book, with the token that it came with. Whoever comes with the same token again gets what
//! it got the first time, and nothing is done twice.

use std::cell::Cell;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;
use std::process;

use crate::Failure;

pub(crate) struct Workshop {
    folder: PathBuf,
    /// The process ends at this place, counted from 1, where an effect or a record is about to be, or has just been.
    crash_at: Option<u32>,
    /// The photo at which the press jams.
    jams_at: Option<String>,
    places: Cell<u32>,
}

impl Workshop {
    pub(crate) fn new(folder: PathBuf, crash_at: Option<u32>, jams_at: Option<String>) -> Workshop {
        Workshop { folder, crash_at, jams_at, places: Cell::new(0) }
    }

    /// Takes paper from the shelf; gives the number of its roll.
    pub(crate) async fn reserve(&self, token: &str) -> Result<u64, Failure> {
        self.effect(token, "roll")
    }

    /// Prints a photo; gives the number of the print.
    pub(crate) async fn print(&self, token: &str, roll: u64, photo: &str) -> Result<u64, Failure> {
        if self.jams_at.as_deref() == Some(photo) {
            return Err(Failure::PressJammed);
        }
        self.effect(token, &format!("print of {photo} on {roll}"))
    }

    /// Sends the prints; gives the number of the parcel.
    pub(crate) async fn ship(&self, token: &str, prints: &[u64]) -> Result<u64, Failure> {
        self.effect(token, &format!("parcel of {prints:?}"))
    }

    fn effect(&self, token: &str, what: &str) -> Result<u64, Failure> {
        self.may_crash(&format!("before the {what}"));
        let path = self.folder.join("workshop.txt");
        let book = fs::read_to_string(&path).unwrap_or_default();
        let known = book.lines().position(|line| line.split('\t').next() == Some(token));
        let number = known.unwrap_or(book.lines().count());
        if known.is_none() {
            let book = File::options().append(true).create(true).open(path);
            book.and_then(|mut book| writeln!(book, "{token}\t{what}")).map_err(|_| Failure::JournalLost)?;
        }
        self.may_crash(&format!("after the {what}"));
        Ok(100 + number as u64)
    }

    /// Ends the process if this is the place for it, as a timeout or a broken machine does.
    pub(crate) fn may_crash(&self, place: &str) {
        self.places.set(self.places.get() + 1);
        if self.crash_at == Some(self.places.get()) {
            println!("the process ends {place}");
            process::exit(1);
        }
    }
}
