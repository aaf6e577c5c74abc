//! The stream of a DynamoDB table. The table itself lives elsewhere; this gets told of each change.
//!
//! Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html>.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use local_lambda::Ids;
use serde_json::{Map, Value, json};

use super::iterator::reading;
use super::mapping::StreamMappingBuilder;
use super::shard::{Numbering, Shard};
use super::{Service, StreamRecord, StreamState};
use crate::core::Core;
use crate::function::FunctionRef;
use crate::world::EventSource;

/// An item, or its key, in the JSON of DynamoDB: `{ "order_id": { "S": "1042" } }`.
pub type ItemImage = Value;

/// What a record tells of the changed item beside its key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum StreamViewType {
    /// Nothing.
    KeysOnly,
    /// The item after the change.
    NewImage,
    /// The item before the change.
    OldImage,
    /// Both.
    #[default]
    NewAndOldImages,
}

impl StreamViewType {
    /// As in the API: `NEW_AND_OLD_IMAGES`.
    pub fn name(self) -> &'static str {
        match self {
            StreamViewType::KeysOnly => "KEYS_ONLY",
            StreamViewType::NewImage => "NEW_IMAGE",
            StreamViewType::OldImage => "OLD_IMAGE",
            StreamViewType::NewAndOldImages => "NEW_AND_OLD_IMAGES",
        }
    }
}

/// A change of an item.
#[derive(Debug, Clone, PartialEq)]
#[must_use = "a change happens when a stream records it"]
pub struct Change {
    keys: ItemImage,
    old: Option<ItemImage>,
    new: Option<ItemImage>,
    expired: bool,
}

impl Change {
    /// A new item: `INSERT`.
    pub fn insert(keys: ItemImage, new: ItemImage) -> Change {
        Change { keys, old: None, new: Some(new), expired: false }
    }

    /// A changed item: `MODIFY`.
    pub fn modify(keys: ItemImage, old: ItemImage, new: ItemImage) -> Change {
        Change { keys, old: Some(old), new: Some(new), expired: false }
    }

    /// A deleted item: `REMOVE`.
    pub fn remove(keys: ItemImage, old: ItemImage) -> Change {
        Change { keys, old: Some(old), new: None, expired: false }
    }

    /// An item that its time to live has deleted: `REMOVE` by the service itself.
    ///
    /// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html>.
    pub fn expire(keys: ItemImage, old: ItemImage) -> Change {
        Change { expired: true, ..Change::remove(keys, old) }
    }

    fn event_name(&self) -> &'static str {
        match (&self.old, &self.new) {
            (None, _) => "INSERT",
            (Some(_), Some(_)) => "MODIFY",
            (Some(_), None) => "REMOVE",
        }
    }
}

/// The stream of a table. Cheap to clone, and usable from any thread.
#[derive(Debug, Clone)]
pub struct TableStream {
    core: Arc<Core>,
    state: Arc<StreamState>,
    view: StreamViewType,
    label: String,
}

/// How a table's stream is to be. Made by [`World::table_stream`](crate::World::table_stream).
#[derive(Debug)]
#[must_use = "a stream is made by `create`"]
pub struct TableStreamBuilder {
    core: Arc<Core>,
    table: String,
    view: StreamViewType,
    shards: usize,
    first_sequence_number: u64,
}

/// How long a record is kept.
///
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html>.
const RETENTION: Duration = Duration::from_secs(24 * 3_600);

impl TableStreamBuilder {
    pub(crate) fn new(core: Arc<Core>, table: String) -> TableStreamBuilder {
        let view = StreamViewType::default();
        TableStreamBuilder { core, table, view, shards: 1, first_sequence_number: 100_000_000_000_000_000 }
    }

    /// What a record tells of the item; both images if not given.
    pub fn view_type(mut self, view: StreamViewType) -> Self {
        self.view = view;
        self
    }

    /// How many shards there are; one if not given. All changes of one key are in one shard.
    pub fn shards(mut self, shards: usize) -> Self {
        self.shards = shards.max(1);
        self
    }

    /// The sequence number of the first record; they count up from it. With 9, the second record is 10: less as text,
    /// more as a number.
    pub fn first_sequence_number(mut self, number: u64) -> Self {
        self.first_sequence_number = number;
        self
    }

    /// Makes the stream. A table that has had one before gets another, with a label of its own.
    pub fn create(self) -> TableStream {
        let TableStreamBuilder { core, table, view, shards, first_sequence_number } = self;
        let arn =
            |label: &str| format!("arn:aws:dynamodb:{}:{}:table/{table}/stream/{label}", core.region, core.account);
        // The label is the time; in virtual time several streams can be made at once.
        let label = (0..)
            .map(|later| {
                let at = crate::core::later(core.now(), Duration::from_millis(later));
                at.strftime("%Y-%m-%dT%H:%M:%S.%3f").to_string()
            })
            .find(|label| core.resource::<StreamState>(&arn(label)).is_none())
            .unwrap_or_default();
        let arn = arn(&label);
        let shard = |index: usize| {
            let id = format!("shardId-{:020}-{:08x}", core.now().as_millisecond(), index + 1);
            // Far apart, so that no number is in two shards.
            let first = first_sequence_number.saturating_add(1_000_000_000_000 * index as u64);
            let numbering = Numbering { beginning: String::new(), first, digits: 0 };
            Shard::new(id, numbering)
        };
        let shards = (0..shards).map(shard).collect();
        let state = StreamState::new(Service::DynamoDb, table, arn.clone(), RETENTION, shards);
        core.add_resource(&arn, Arc::clone(&state));
        TableStream { core, state, view, label }
    }
}

impl TableStream {
    /// The table's name.
    pub fn table(&self) -> &str {
        &self.state.name
    }

    /// The stream's ARN.
    pub fn arn(&self) -> &str {
        &self.state.arn
    }

    /// The label, which is also the end of the ARN.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// What a record tells of the item.
    pub fn view_type(&self) -> StreamViewType {
        self.view
    }

    /// Records a change. A `MODIFY` that changes nothing is not recorded.
    ///
    /// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html> ("If you perform a
    /// `PutItem` or `UpdateItem` operation that does not change any data …").
    pub fn record(&self, change: &Change) -> Option<StreamRecord> {
        if change.old.is_some() && change.old == change.new {
            return None;
        }
        let keys = change.keys.to_string();
        let shard = self.state.shard_of(&keys);
        let detail = format!("{} {keys}", change.event_name());
        let event_id = self.core.draw(Ids::hex32);
        let event_record = |number: &str, at: Timestamp| self.event_record(change, event_id, number, at);
        Some(self.state.append(&self.core, shard, detail, event_record))
    }

    fn event_record(&self, change: &Change, event_id: String, number: &str, at: Timestamp) -> Value {
        let (new, old) = match self.view {
            StreamViewType::KeysOnly => (None, None),
            StreamViewType::NewImage => (change.new.as_ref(), None),
            StreamViewType::OldImage => (None, change.old.as_ref()),
            StreamViewType::NewAndOldImages => (change.new.as_ref(), change.old.as_ref()),
        };
        let told = [Some(&change.keys), new, old].into_iter().flatten();
        let size: usize = told.map(size_of_image).sum();
        let mut item = Map::from_iter([
            ("ApproximateCreationDateTime".to_owned(), json!(at.as_second())),
            ("Keys".to_owned(), change.keys.clone()),
            ("SequenceNumber".to_owned(), json!(number)),
            ("SizeBytes".to_owned(), json!(size)),
            ("StreamViewType".to_owned(), json!(self.view.name())),
        ]);
        item.extend(new.map(|image| ("NewImage".to_owned(), image.clone())));
        item.extend(old.map(|image| ("OldImage".to_owned(), image.clone())));
        let mut record = json!({
            "eventID": event_id,
            "eventName": change.event_name(),
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": self.core.region,
            "dynamodb": item,
            "eventSourceARN": self.state.arn,
        });
        if change.expired {
            record["userIdentity"] = json!({ "type": "Service", "principalId": "dynamodb.amazonaws.com" });
        }
        record
    }
}

/// About what DynamoDB counts: the bytes of names and values, without the types.
fn size_of_image(image: &Value) -> usize {
    match image {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| match value {
                Value::Object(typed) => name.len() + typed.values().map(size_of_image).sum::<usize>(),
                other => name.len() + size_of_image(other),
            })
            .sum(),
        Value::Array(values) => values.iter().map(size_of_image).sum(),
        Value::String(text) => text.len(),
        _ => 1,
    }
}

reading!(TableStream);

impl EventSource for TableStream {
    type Mapping = StreamMappingBuilder;

    fn mapping(&self, function: FunctionRef) -> StreamMappingBuilder {
        StreamMappingBuilder::new(Arc::clone(&self.core), Arc::clone(&self.state), function)
    }
}
