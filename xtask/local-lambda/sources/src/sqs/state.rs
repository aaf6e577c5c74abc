//! The rules of a queue, as a state machine without a clock: every call says what time it is.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::Timestamp;
use local_lambda::Ids;
use sha2::{Digest, Sha256};

use super::error::{ReceiptError, SendError};
use super::message::{Draft, Message, Received, Sent, hex, md5_of_attributes};
use crate::core::later;
use crate::limits;

/// The configuration of a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueSettings {
    /// How long a received message stays hidden.
    pub visibility_timeout: Duration,
    /// How long a sent message stays hidden at first.
    pub delay: Duration,
    /// How long a message is kept.
    pub retention: Duration,
    /// The largest message, in bytes.
    pub maximum_message_size: usize,
    /// How long `ReceiveMessage` waits, if the call does not say.
    pub receive_wait_time: Duration,
    /// Where a message goes that has been received too often.
    pub redrive: Option<RedrivePolicy>,
    /// Whether a FIFO queue makes the deduplication id from the body, where a message has none.
    pub content_based_deduplication: bool,
}

/// Where a message goes that has been received too often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedrivePolicy {
    /// The ARN of the dead-letter queue.
    pub dead_letter_target_arn: String,
    /// How often a message is received before it goes there instead of being received once more.
    pub max_receive_count: u32,
}

impl Default for QueueSettings {
    fn default() -> QueueSettings {
        QueueSettings {
            visibility_timeout: limits::DEFAULT_VISIBILITY_TIMEOUT,
            delay: Duration::ZERO,
            retention: limits::DEFAULT_RETENTION,
            maximum_message_size: limits::MESSAGE_BYTES,
            receive_wait_time: Duration::ZERO,
            redrive: None,
            content_based_deduplication: false,
        }
    }
}

/// How many messages a queue has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct MessageCounts {
    /// Can be received: `ApproximateNumberOfMessages`.
    pub visible: usize,
    /// Have been received and are hidden: `ApproximateNumberOfMessagesNotVisible`.
    pub in_flight: usize,
    /// Have been sent with a delay that has not passed: `ApproximateNumberOfMessagesDelayed`.
    pub delayed: usize,
}

/// What one receive came to.
#[derive(Debug, Default)]
pub(crate) struct Receipt {
    pub(crate) received: Vec<Received>,
    /// Had been received too often: taken out, to go to the dead-letter queue.
    pub(crate) dead: Vec<Message>,
}

/// The messages of a queue.
#[derive(Debug)]
pub(crate) struct State {
    name: String,
    fifo: bool,
    pub(crate) settings: QueueSettings,
    messages: BTreeMap<u64, Message>,
    placed: u64,
    /// Deduplication ids with when and as what they were sent.
    seen: HashMap<String, (Timestamp, Sent)>,
    purged_at: Option<Timestamp>,
    /// On request: how many of the next messages are stored twice.
    pub(crate) duplicate_next: usize,
    /// On request: visible messages are received in drawn order.
    pub(crate) reorder: bool,
}

impl State {
    pub(crate) fn new(name: String, settings: QueueSettings) -> State {
        let fifo = name.ends_with(".fifo");
        State {
            name,
            fifo,
            settings,
            messages: BTreeMap::new(),
            placed: 0,
            seen: HashMap::new(),
            purged_at: None,
            duplicate_next: 0,
            reorder: false,
        }
    }

    pub(crate) fn is_fifo(&self) -> bool {
        self.fifo
    }

    pub(crate) fn messages(&self) -> impl Iterator<Item = &Message> {
        self.messages.values()
    }

    /// Puts a message into the queue; gives when it can be received.
    pub(crate) fn send(&mut self, draft: Draft, now: Timestamp, ids: &mut Ids) -> Result<(Sent, Timestamp), SendError> {
        let size = draft.size();
        if size > self.settings.maximum_message_size {
            return Err(SendError::TooLarge { bytes: size, limit: self.settings.maximum_message_size });
        }
        if draft.body.is_empty() {
            return Err(SendError::Empty);
        }
        if draft.delay.is_some_and(|delay| delay > limits::MAXIMUM_DELAY) {
            return Err(SendError::DelayTooLong);
        }
        if !self.fifo && draft.deduplication_id.is_some() {
            return Err(SendError::DeduplicationIdOnStandardQueue);
        }
        let deduplication_id = if self.fifo { Some(self.deduplication_id(&draft)?) } else { None };
        if let Some((_, sent)) = deduplication_id.as_ref().and_then(|id| self.seen_within(id, now)) {
            return Ok((Sent { deduplicated: true, ..sent.clone() }, now));
        }
        let visible_at = later(now, draft.delay.unwrap_or(self.settings.delay));
        let message = Message {
            id: ids.uuid(),
            body: draft.body,
            attributes: draft.attributes,
            group_id: draft.group_id,
            deduplication_id,
            sequence_number: None,
            sent_at: now,
            first_received_at: None,
            receive_count: 0,
            visible_at,
            trace_header: draft.trace_header,
            dead_letter_source_arn: None,
            place: 0,
            held: false,
            received_at: now,
        };
        let copies = 1 + usize::from(self.duplicate_next > 0 && !self.fifo);
        self.duplicate_next = self.duplicate_next.saturating_sub(1);
        let mut sequence_number = None;
        for _ in 0..copies {
            sequence_number = self.place(message.clone());
        }
        let sent = Sent {
            md5_of_body: message.md5_of_body(),
            md5_of_attributes: md5_of_attributes(&message.attributes),
            message_id: message.id,
            sequence_number,
            deduplicated: false,
        };
        if let Some(id) = message.deduplication_id {
            self.seen.retain(|_, (at, _)| later(*at, limits::DEDUPLICATION_INTERVAL) > now);
            self.seen.insert(id, (now, sent.clone()));
        }
        Ok((sent, visible_at))
    }

    fn deduplication_id(&self, draft: &Draft) -> Result<String, SendError> {
        if draft.group_id.is_none() {
            return Err(SendError::NoGroupId);
        }
        if draft.delay.is_some() {
            return Err(SendError::DelayOnFifoQueue);
        }
        match &draft.deduplication_id {
            Some(id) => Ok(id.clone()),
            None if self.settings.content_based_deduplication => Ok(hex(&Sha256::digest(&draft.body))),
            None => Err(SendError::NoDeduplicationId),
        }
    }

    fn seen_within(&self, deduplication_id: &str, now: Timestamp) -> Option<&(Timestamp, Sent)> {
        self.seen.get(deduplication_id).filter(|(at, _)| later(*at, limits::DEDUPLICATION_INTERVAL) > now)
    }

    /// Puts it at the end; gives its sequence number.
    fn place(&mut self, mut message: Message) -> Option<String> {
        self.placed += 1;
        message.place = self.placed;
        // 20 digits that grow, as AWS has them; their steps are not documented.
        message.sequence_number =
            self.fifo.then(|| format!("{:020}", 18_849_496_460_467_696_128 + 256 * u128::from(self.placed)));
        let number = message.sequence_number.clone();
        self.messages.insert(self.placed, message);
        number
    }

    /// Takes in a message of the queue that this one is the dead-letter queue of. In a standard queue its age counts
    /// on; in a FIFO queue it begins anew.
    ///
    /// Source:
    /// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html>.
    pub(crate) fn bury(&mut self, mut message: Message, source_arn: &str, now: Timestamp) {
        if self.fifo {
            message.sent_at = now;
        }
        message.dead_letter_source_arn = Some(source_arn.to_owned());
        message.visible_at = now;
        message.held = false;
        self.place(message);
    }

    /// Gives up to `max` messages that can be received, and hides them.
    pub(crate) fn receive(&mut self, max: usize, visibility: Duration, now: Timestamp, ids: &mut Ids) -> Receipt {
        let mut receipt = Receipt::default();
        let mut room = limits::IN_FLIGHT.saturating_sub(self.counts(now).in_flight).min(max);
        for place in self.receivable(now, ids) {
            if room == 0 {
                break;
            }
            let too_often = |message: &Message| {
                self.settings.redrive.as_ref().is_some_and(|redrive| message.receive_count >= redrive.max_receive_count)
            };
            if self.messages.get(&place).is_some_and(too_often) {
                receipt.dead.extend(self.messages.remove(&place));
                continue;
            }
            let Some(message) = self.messages.get_mut(&place) else { continue };
            room -= 1;
            message.receive_count += 1;
            message.first_received_at.get_or_insert(now);
            message.received_at = now;
            message.visible_at = later(now, visibility);
            message.held = true;
            let handle = Handle { queue: &self.name, place, receive_count: message.receive_count };
            receipt.received.push(Received { receipt_handle: handle.encode(ids.draw()), message: message.clone() });
        }
        receipt
    }

    /// The places of what can be received, in the order of receiving. In a FIFO queue a message waits for those of
    /// its group that are before it.
    fn receivable(&self, now: Timestamp, ids: &mut Ids) -> Vec<u64> {
        let mut blocked = BTreeSet::new();
        let mut places = Vec::new();
        for (place, message) in &self.messages {
            let visible = message.visible_at <= now;
            if self.fifo {
                if !visible {
                    blocked.insert(&message.group_id);
                }
                if blocked.contains(&message.group_id) {
                    continue;
                }
            }
            if visible {
                places.push(*place);
            }
        }
        if self.reorder && !self.fifo {
            for last in (1..places.len()).rev() {
                places.swap(last, ids.below(last + 1));
            }
        }
        places
    }

    /// The earliest time from now on at which something can be received; nothing when there is no message.
    pub(crate) fn next_receivable_at(&self, now: Timestamp) -> Option<Timestamp> {
        let earliest = if self.fifo {
            let mut heads = BTreeMap::new();
            for message in self.messages.values() {
                heads.entry(&message.group_id).or_insert(message.visible_at);
            }
            heads.into_values().min()
        } else {
            self.messages.values().map(|message| message.visible_at).min()
        };
        earliest.map(|at| at.max(now))
    }

    /// Deletes a message; gives it, or nothing when it is no longer there, or its receipt is not the latest (which
    /// AWS answers with success).
    ///
    /// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html>. A
    /// receipt of a FIFO queue is refused once its visibility timeout has passed.
    pub(crate) fn delete(&mut self, receipt_handle: &str, now: Timestamp) -> Result<Option<Message>, ReceiptError> {
        let handle = Handle::decode(receipt_handle, &self.name)?;
        let Some(message) = self.messages.get(&handle.place) else { return Ok(None) };
        if message.receive_count != handle.receive_count {
            return Ok(None);
        }
        if self.fifo && message.visible_at <= now {
            return Err(ReceiptError::Expired);
        }
        Ok(self.messages.remove(&handle.place))
    }

    /// Hides a received message for this long from now on; gives its id.
    pub(crate) fn change_visibility(
        &mut self,
        receipt_handle: &str,
        timeout: Duration,
        now: Timestamp,
    ) -> Result<String, ReceiptError> {
        let handle = Handle::decode(receipt_handle, &self.name)?;
        let message = self.messages.get_mut(&handle.place).ok_or(ReceiptError::NotInFlight)?;
        if message.receive_count != handle.receive_count || message.visible_at <= now {
            return Err(ReceiptError::NotInFlight);
        }
        let visible_at = later(now, timeout);
        if visible_at > later(message.received_at, limits::MAXIMUM_VISIBILITY_TIMEOUT) {
            return Err(ReceiptError::TooLong);
        }
        message.visible_at = visible_at;
        message.held = !timeout.is_zero();
        Ok(message.id.clone())
    }

    /// Takes everything out; nothing when the last purge is less than a minute ago.
    pub(crate) fn purge(&mut self, now: Timestamp) -> Option<Vec<Message>> {
        if self.purged_at.is_some_and(|at| later(at, limits::PURGE_INTERVAL) > now) {
            return None;
        }
        self.purged_at = Some(now);
        Some(self.clear())
    }

    /// Takes everything out.
    pub(crate) fn clear(&mut self) -> Vec<Message> {
        std::mem::take(&mut self.messages).into_values().collect()
    }

    /// Takes out dead letters that can be received, oldest first.
    pub(crate) fn exhume(&mut self, now: Timestamp) -> Vec<Message> {
        let is_ready = |message: &mut Message| message.dead_letter_source_arn.is_some() && message.visible_at <= now;
        self.messages.extract_if(.., |_, message| is_ready(message)).map(|(_, message)| message).collect()
    }

    /// Takes in a dead letter that is redriven: a new message with the same content.
    ///
    /// Source:
    /// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html>.
    pub(crate) fn take_back(&mut self, message: Message, now: Timestamp, ids: &mut Ids) -> String {
        let id = ids.uuid();
        self.place(Message {
            id: id.clone(),
            sent_at: now,
            first_received_at: None,
            receive_count: 0,
            visible_at: now,
            dead_letter_source_arn: None,
            held: false,
            ..message
        });
        id
    }

    /// Takes out what has been kept for as long as the queue keeps messages.
    pub(crate) fn expire(&mut self, now: Timestamp) -> Vec<Message> {
        let retention = self.settings.retention;
        self.messages.extract_if(.., |_, message| later(message.sent_at, retention) <= now).map(|(_, m)| m).collect()
    }

    pub(crate) fn counts(&self, now: Timestamp) -> MessageCounts {
        let mut counts = MessageCounts::default();
        for message in self.messages.values() {
            match (message.visible_at <= now, message.held) {
                (true, _) => counts.visible += 1,
                (false, true) => counts.in_flight += 1,
                (false, false) => counts.delayed += 1,
            }
        }
        counts
    }
}

/// What a receipt handle says: which message of which queue, received for the how-manieth time.
struct Handle<'a> {
    queue: &'a str,
    place: u64,
    receive_count: u32,
}

impl Handle<'_> {
    fn encode(&self, salt: u64) -> String {
        BASE64.encode(format!("{}/{}/{}/{salt:016x}", self.queue, self.place, self.receive_count))
    }

    fn decode<'a>(text: &str, queue: &'a str) -> Result<Handle<'a>, ReceiptError> {
        let bytes = BASE64.decode(text).map_err(|_| ReceiptError::Invalid)?;
        let text = String::from_utf8(bytes).map_err(|_| ReceiptError::Invalid)?;
        let mut parts = text.split('/');
        let (name, place, count) = (parts.next(), parts.next(), parts.next());
        if name != Some(queue) {
            return Err(ReceiptError::Invalid);
        }
        let place = place.and_then(|place| place.parse().ok()).ok_or(ReceiptError::Invalid)?;
        let receive_count = count.and_then(|count| count.parse().ok()).ok_or(ReceiptError::Invalid)?;
        Ok(Handle { queue, place, receive_count })
    }
}
