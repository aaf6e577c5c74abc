//! A queue of SQS as a test sees it.

use serde_json::{Value, json};

use crate::aws::LocalAws;
use crate::service::Service;

/// A queue, seen from outside. Made by [`LocalAws::queue`]. What it does in time is told by the world's own
/// [`Queue`](local_lambda_sources::Queue) of the same name.
#[derive(Debug, Clone)]
pub struct QueueFace {
    aws: LocalAws,
    name: String,
    url: String,
}

impl LocalAws {
    /// The queue with this name, which is made with SQS's defaults if there is none.
    ///
    /// # Panics
    /// When SQS does not take the name.
    #[track_caller]
    pub fn queue(&self, name: &str) -> QueueFace {
        let attributes = if name.ends_with(".fifo") { json!({ "FifoQueue": "true" }) } else { json!({}) };
        let found = self.call(Service::Sqs, "GetQueueUrl", json!({ "QueueName": name })).or_else(|_| {
            self.call(Service::Sqs, "CreateQueue", json!({ "QueueName": name, "Attributes": attributes }))
        });
        let answer = found.unwrap_or_else(|error| panic!("the queue {name} cannot be made: {error}"));
        let url = answer["QueueUrl"].as_str().unwrap_or_default().to_owned();
        QueueFace { aws: self.clone(), name: name.to_owned(), url }
    }
}

impl QueueFace {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What SDK clients call it by.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its ARN.
    pub fn arn(&self) -> String {
        format!("arn:aws:sqs:us-east-1:123456789012:{}", self.name)
    }

    /// Sends a message.
    ///
    /// # Panics
    /// When SQS refuses it.
    #[track_caller]
    pub fn send(&self, body: &str) {
        let sent = self.aws.call(Service::Sqs, "SendMessage", json!({ "QueueUrl": self.url, "MessageBody": body }));
        if let Err(error) = sent {
            panic!("the queue {} refuses the message: {error}", self.name);
        }
    }

    /// The bodies of all messages in it, visible or not, in the order of their arrival. Nothing is received by looking.
    ///
    /// Of another endpoint (`LOCAL_AWS`) only the visible ones can be seen, in any order; they are put back.
    #[track_caller]
    pub fn bodies(&self) -> Vec<String> {
        match (&self.aws.inner.remote, self.aws.world().find_queue(&self.name)) {
            (None, Some(queue)) => queue.bodies(),
            (None, None) => Vec::new(),
            (Some(_), _) => self.receive_and_put_back(),
        }
    }

    fn receive_and_put_back(&self) -> Vec<String> {
        let mut bodies = Vec::new();
        let mut receipts = Vec::new();
        loop {
            let params = json!({ "QueueUrl": self.url, "MaxNumberOfMessages": 10 });
            let received = self.aws.call(Service::Sqs, "ReceiveMessage", params).unwrap_or_default();
            let messages = received["Messages"].as_array().cloned().unwrap_or_default();
            if messages.is_empty() {
                break;
            }
            bodies.extend(messages.iter().filter_map(|message| message["Body"].as_str()).map(str::to_owned));
            receipts.extend(messages.iter().map(|message| message["ReceiptHandle"].clone()));
        }
        for receipt in receipts {
            let params: Value = json!({ "QueueUrl": self.url, "ReceiptHandle": receipt, "VisibilityTimeout": 0 });
            let _ = self.aws.call(Service::Sqs, "ChangeMessageVisibility", params);
        }
        bodies
    }
}
