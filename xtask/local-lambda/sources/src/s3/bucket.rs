//! A bucket: it keeps objects, and tells of each change.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use md5::{Digest, Md5};

use super::envelope::Occurrence;
use super::notification::{Notification, NotificationBuilder, NotificationState};
use super::notification_rule::{InvalidNotification, ObjectEvent};
use crate::core::{Core, lock};
use crate::events::{DEFAULT_BUS, put_service_event};
use crate::function::Destination;
use crate::sqs::hex;
use crate::trace::{Entry, What};

/// A bucket. Made by [`World::bucket`](crate::World::bucket). Cheap to clone, and usable from any thread.
#[derive(Debug, Clone)]
pub struct Bucket {
    core: Arc<Core>,
    state: Arc<BucketState>,
}

/// A bucket, behind its locks.
#[derive(Debug)]
pub(crate) struct BucketState {
    pub(super) name: String,
    versioning: bool,
    event_bridge: bool,
    objects: Mutex<BTreeMap<String, Vec<Version>>>,
    /// The number behind the last sequencer.
    sequence: Mutex<u64>,
    pub(super) notifications: Mutex<Vec<Arc<NotificationState>>>,
}

#[derive(Debug, Clone)]
struct Version {
    id: Option<String>,
    /// None for a delete marker.
    bytes: Option<Bytes>,
}

/// What a bucket is to be like. Made by [`World::bucket`](crate::World::bucket).
#[derive(Debug)]
#[must_use = "a bucket is made by `create`"]
pub struct BucketBuilder {
    core: Arc<Core>,
    name: String,
    versioning: bool,
    event_bridge: bool,
}

impl BucketBuilder {
    pub(crate) fn new(core: Arc<Core>, name: String) -> BucketBuilder {
        BucketBuilder { core, name, versioning: false, event_bridge: false }
    }

    /// The bucket keeps all versions of an object; without one, a removal only adds a delete marker.
    pub fn versioning(mut self) -> Self {
        self.versioning = true;
        self
    }

    /// Every change also becomes an event on the default bus of EventBridge.
    pub fn event_bridge(mut self) -> Self {
        self.event_bridge = true;
        self
    }

    /// Makes the bucket.
    ///
    /// # Panics
    /// When the world has one with this name.
    #[track_caller]
    pub fn create(self) -> Bucket {
        let BucketBuilder { core, name, versioning, event_bridge } = self;
        let arn = format!("arn:aws:s3:::{name}");
        let state = Arc::new(BucketState {
            name,
            versioning,
            event_bridge,
            objects: Mutex::default(),
            sequence: Mutex::default(),
            notifications: Mutex::default(),
        });
        core.add_resource(&arn, Arc::clone(&state));
        Bucket { core, state }
    }
}

/// What came of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stored {
    /// The MD5 of the bytes; none for a removal.
    pub e_tag: Option<String>,
    /// The version, or the delete marker; none without versioning.
    pub version_id: Option<String>,
    /// The place of the change among those of its key: to be compared as text, the shorter one filled up with zeros at
    /// its end.
    pub sequencer: String,
}

/// A change of an object that is kept elsewhere, to be told of: for a front to another store of objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectChange {
    /// What happened.
    pub event: ObjectEvent,
    /// The object's key, plain.
    pub key: String,
    /// The object's size in bytes; none for a removal.
    pub size: Option<u64>,
    /// The object's ETag, without quotation marks; none for a removal.
    pub e_tag: Option<String>,
    /// The version, where there are such.
    pub version_id: Option<String>,
    /// The X-Ray trace header of the request, which carries the lineage that recursive loops are found by.
    pub trace_header: Option<String>,
}

impl Bucket {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.state.name
    }

    /// Its ARN.
    pub fn arn(&self) -> String {
        format!("arn:aws:s3:::{}", self.state.name)
    }

    /// A notification to a queue, a topic or a function, to be described.
    pub fn notify(&self, receiver: impl Into<Destination>) -> NotificationBuilder {
        NotificationBuilder::new(Arc::clone(&self.core), Arc::clone(&self.state), receiver.into())
    }

    /// Puts new notifications in the place of some that are there (`PutBucketNotificationConfiguration`): all of them,
    /// or none when one cannot be.
    ///
    /// # Errors
    /// As [`NotificationBuilder::try_create`]; then everything is as it was.
    pub fn replace_notifications(
        &self,
        gone: &[Notification],
        new: Vec<NotificationBuilder>,
    ) -> Result<Vec<Notification>, InvalidNotification> {
        self.state.replace(gone, new)
    }

    /// Stores an object (`PutObject`).
    pub fn put(&self, key: &str, bytes: impl Into<Bytes>) -> Stored {
        self.store(ObjectEvent::CreatedPut, key, bytes.into(), None)
    }

    /// Stores an object as part of the chain of requests that a trace header tells of; the AWS SDK of a function sends
    /// it along.
    pub fn put_traced(&self, key: &str, bytes: impl Into<Bytes>, trace_header: impl Into<String>) -> Stored {
        self.store(ObjectEvent::CreatedPut, key, bytes.into(), Some(trace_header.into()))
    }

    /// Copies an object within the bucket (`CopyObject`); nothing when there is no such object.
    pub fn copy(&self, from: &str, to: &str) -> Option<Stored> {
        let bytes = self.get(from)?;
        Some(self.store(ObjectEvent::CreatedCopy, to, bytes, None))
    }

    /// Removes an object (`DeleteObject`): it is a success also when there is none, but then nothing is told.
    pub fn delete(&self, key: &str) -> Option<Stored> {
        let (event, version_id) = {
            let mut objects = lock(&self.state.objects);
            let versions = objects.get_mut(key)?;
            if self.state.versioning {
                let id = self.core.draw(local_lambda::Ids::hex32);
                versions.push(Version { id: Some(id.clone()), bytes: None });
                (ObjectEvent::RemovedDeleteMarkerCreated, Some(id))
            } else {
                objects.remove(key);
                (ObjectEvent::RemovedDelete, None)
            }
        };
        let (size, e_tag) = (None, None);
        let change = ObjectChange {
            event,
            key: key.to_owned(),
            size,
            e_tag,
            version_id: version_id.clone(),
            trace_header: None,
        };
        Some(Stored { e_tag: None, version_id, sequencer: self.tell(&change) })
    }

    /// The bytes of an object.
    pub fn get(&self, key: &str) -> Option<Bytes> {
        lock(&self.state.objects).get(key)?.last()?.bytes.clone()
    }

    /// The keys of all objects, in order.
    pub fn keys(&self) -> Vec<String> {
        let objects = lock(&self.state.objects);
        let is_there = |versions: &[Version]| versions.last().is_some_and(|version| version.bytes.is_some());
        objects.iter().filter(|(_, versions)| is_there(versions)).map(|(key, _)| key.clone()).collect()
    }

    /// Tells of a change of an object that is kept elsewhere; gives its sequencer.
    pub fn tell(&self, change: &ObjectChange) -> String {
        let (core, state) = (&self.core, &self.state);
        let sequencer = {
            let mut sequence = lock(&state.sequence);
            *sequence = (*sequence + 1).max(core.now().as_microsecond().unsigned_abs());
            format!("00{:016X}", *sequence)
        };
        let occurrence = Occurrence {
            event: change.event,
            bucket: state.name.clone(),
            region: core.region.clone(),
            account: core.account.clone(),
            key: change.key.clone(),
            size: change.size,
            e_tag: change.e_tag.clone(),
            version_id: change.version_id.clone(),
            sequencer: sequencer.clone(),
            request_id: format!("{:016X}", core.draw(local_lambda::Ids::draw)),
            at: core.now(),
            trace_header: change.trace_header.clone(),
        };
        let entry = Entry::new(What::Sent, &state.name).item(&sequencer);
        core.record(entry.detail(format!("{} {:?}", change.event.name(), change.key)));
        let notifications = lock(&state.notifications).clone();
        let told = notifications.iter().filter(|notification| notification.tell(core, &occurrence)).count();
        if told == 0 && !notifications.is_empty() {
            let entry = Entry::new(What::Filtered, &state.name).item(&sequencer);
            core.record(entry.detail("no notification is for it"));
        }
        if state.event_bridge {
            let (detail_type, detail) = occurrence.detail();
            put_service_event(core, DEFAULT_BUS, "aws.s3", detail_type, vec![self.arn()], detail);
        }
        sequencer
    }

    fn store(&self, event: ObjectEvent, key: &str, bytes: Bytes, trace_header: Option<String>) -> Stored {
        let e_tag = hex(&Md5::digest(&bytes));
        let size = bytes.len() as u64;
        let version_id = self.state.versioning.then(|| self.core.draw(local_lambda::Ids::hex32));
        {
            let mut objects = lock(&self.state.objects);
            let versions = objects.entry(key.to_owned()).or_default();
            if !self.state.versioning {
                versions.clear();
            }
            versions.push(Version { id: version_id.clone(), bytes: Some(bytes) });
        }
        let change = ObjectChange {
            event,
            key: key.to_owned(),
            size: Some(size),
            e_tag: Some(e_tag.clone()),
            version_id: version_id.clone(),
            trace_header,
        };
        Stored { e_tag: Some(e_tag), version_id, sequencer: self.tell(&change) }
    }

    /// The ids of the versions of an object, the oldest first; delete markers too.
    pub fn versions(&self, key: &str) -> Vec<String> {
        let objects = lock(&self.state.objects);
        objects.get(key).into_iter().flatten().filter_map(|version| version.id.clone()).collect()
    }
}
