//! A shard: records in order, and their sequence numbers.

use std::collections::VecDeque;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::StreamRecord;

/// A record that lies in a shard.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct StoredRecord {
    /// Its place in the shard, counted from 0.
    pub(super) offset: u64,
    pub(super) sequence_number: String,
    pub(super) at: Timestamp,
    pub(super) event_record: Value,
    /// The length of its JSON, in bytes.
    pub(super) bytes: usize,
}

impl StoredRecord {
    pub(super) fn public(&self) -> StreamRecord {
        StreamRecord {
            sequence_number: self.sequence_number.clone(),
            at: self.at,
            event_record: self.event_record.clone(),
        }
    }
}

/// How the records of a shard are numbered. Real numbers have gaps and, in Kinesis, 56 digits: more than fit into an
/// integer, so that a constant beginning stands before a number.
#[derive(Debug, Clone)]
pub(super) struct Numbering {
    pub(super) beginning: String,
    pub(super) first: u64,
    /// The digits that the number is filled up to with zeros; 0 to leave it as it is.
    pub(super) digits: usize,
}

impl Numbering {
    fn number(&self, offset: u64) -> String {
        let number = self.first.saturating_add(offset);
        format!("{}{number:0digits$}", self.beginning, digits = self.digits)
    }
}

#[derive(Debug)]
pub(super) struct Shard {
    pub(super) id: String,
    numbering: Numbering,
    records: VecDeque<Arc<StoredRecord>>,
    /// The offset of the next record.
    end: u64,
}

impl Shard {
    pub(super) fn new(id: String, numbering: Numbering) -> Shard {
        Shard { id, numbering, records: VecDeque::new(), end: 0 }
    }

    pub(super) fn append(
        &mut self,
        at: Timestamp,
        event_record: impl FnOnce(&str, Timestamp) -> Value,
    ) -> Arc<StoredRecord> {
        let sequence_number = self.numbering.number(self.end);
        let event_record = event_record(&sequence_number, at);
        let bytes = event_record.to_string().len();
        let record = Arc::new(StoredRecord { offset: self.end, sequence_number, at, event_record, bytes });
        self.end += 1;
        self.records.push_back(Arc::clone(&record));
        record
    }

    /// The offset of the next record.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// The offset of the oldest record, or of the next one when there is none.
    pub(super) fn horizon(&self) -> u64 {
        self.records.front().map_or(self.end, |record| record.offset)
    }

    /// The records that are there.
    pub(super) fn records(&self) -> impl Iterator<Item = &StoredRecord> {
        self.records.iter().map(Arc::as_ref)
    }

    /// The records from an offset on.
    pub(super) fn from(&self, offset: u64) -> impl Iterator<Item = &Arc<StoredRecord>> {
        self.records.iter().skip_while(move |record| record.offset < offset)
    }

    /// The offset of the first record that came at this time or later.
    pub(super) fn at_time(&self, time: Timestamp) -> u64 {
        self.records.iter().find(|record| record.at >= time).map_or(self.end, |record| record.offset)
    }

    /// The offset of a sequence number.
    pub(super) fn at_sequence_number(&self, number: &str) -> Option<u64> {
        self.records.iter().find(|record| record.sequence_number == number).map(|record| record.offset)
    }

    /// The sequence number that the first record has or will have.
    pub(super) fn first_sequence_number(&self) -> String {
        self.numbering.number(0)
    }

    /// Drops the oldest records for which this holds; gives their sequence numbers.
    pub(super) fn trim(&mut self, is_gone: impl Fn(Timestamp) -> bool) -> Vec<String> {
        let mut gone = Vec::new();
        while let Some(record) = self.records.pop_front_if(|record| is_gone(record.at)) {
            gone.push(record.sequence_number.clone());
        }
        gone
    }
}
