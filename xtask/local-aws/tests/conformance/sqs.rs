//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/>, and the quotas at
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html>.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, MessageAttributeValue,
    MessageSystemAttributeName, QueueAttributeName, SendMessageBatchRequestEntry,
};

use crate::support::{Aws, refused, unique, with_aws};

async fn queue(aws: &Aws) -> (Client, String) {
    let client = Client::new(&aws.config);
    let made = client.create_queue().queue_name(unique("jobs")).send().await.unwrap();
    (client, made.queue_url.unwrap())
}

fn entry(id: impl Into<String>, body: impl Into<String>) -> SendMessageBatchRequestEntry {
    SendMessageBatchRequestEntry::builder().id(id).message_body(body).build().unwrap()
}

/// API_SendMessage, API_ReceiveMessage, API_DeleteMessage
#[test]
fn a_message_is_sent_received_and_deleted() {
    with_aws(async |aws| {
        let (client, url) = queue(&aws).await;
        let sent = client.send_message().queue_url(&url).message_body("cat.jpg").send().await.unwrap();
        let received = client.receive_message().queue_url(&url).send().await.unwrap();
        let [message] = received.messages() else { panic!("{received:?}") };
        assert_eq!((message.body(), message.message_id()), (Some("cat.jpg"), sent.message_id()));
        let again = client.receive_message().queue_url(&url).send().await.unwrap();
        assert!(again.messages().is_empty(), "it is hidden for its visibility timeout");
        let receipt = message.receipt_handle().unwrap();
        client.delete_message().queue_url(&url).receipt_handle(receipt).send().await.unwrap();
        let attributes = client.get_queue_attributes().queue_url(&url).attribute_names(QueueAttributeName::All);
        let attributes = attributes.send().await.unwrap().attributes.unwrap();
        assert_eq!(attributes[&QueueAttributeName::ApproximateNumberOfMessages], "0");
        assert_eq!(attributes[&QueueAttributeName::ApproximateNumberOfMessagesNotVisible], "0");
    });
}

/// API_SendMessageBatch: TooManyEntriesInBatchRequest, EmptyBatchRequest
#[test]
fn a_batch_has_one_to_ten_entries() {
    with_aws(async |aws| {
        let (client, url) = queue(&aws).await;
        let send = |count: usize| {
            let entries = (0..count).map(|n| entry(format!("e{n}"), "x")).collect();
            client.send_message_batch().queue_url(&url).set_entries(Some(entries)).send()
        };
        assert_eq!(send(10).await.unwrap().successful().len(), 10);
        let (code, message) = refused(send(11).await);
        assert!(code.ends_with("TooManyEntriesInBatchRequest"), "{code}");
        assert!(message.contains("You have sent 11"), "{message}");
        assert!(refused(send(0).await).0.ends_with("EmptyBatchRequest"));
    });
}

/// API_SendMessageBatch: the total of all messages is at most 1 MiB (1,048,576 bytes)
#[test]
fn a_batch_has_at_most_a_mebibyte_in_all() {
    with_aws(async |aws| {
        let (client, url) = queue(&aws).await;
        let send = |sizes: &[usize]| {
            let entries = sizes.iter().enumerate().map(|(n, size)| entry(format!("e{n}"), "x".repeat(*size)));
            client.send_message_batch().queue_url(&url).set_entries(Some(entries.collect())).send()
        };
        assert_eq!(send(&[524_288, 524_288]).await.unwrap().successful().len(), 2);
        let (code, message) = refused(send(&[524_288, 524_289]).await);
        assert!(code.ends_with("BatchRequestTooLong"), "{code}");
        assert!(message.contains("1048576") && message.contains("1048577"), "{message}");
    });
}

/// API_SendMessage: a message is at most 1 MiB
#[test]
fn a_message_has_at_most_a_mebibyte() {
    with_aws(async |aws| {
        let (client, url) = queue(&aws).await;
        let send = |bytes| client.send_message().queue_url(&url).message_body("x".repeat(bytes)).send();
        send(1_048_576).await.unwrap();
        assert_eq!(refused(send(1_048_577).await).0, "InvalidParameterValue");
    });
}

/// API_SendMessageBatch: BatchEntryIdsNotDistinct, InvalidBatchEntryId
#[test]
fn ids_of_a_batch_are_distinct_and_of_allowed_characters() {
    with_aws(async |aws| {
        let (client, url) = queue(&aws).await;
        let send = |ids: [&str; 2]| {
            let entries = ids.map(|id| entry(id, "x")).to_vec();
            client.send_message_batch().queue_url(&url).set_entries(Some(entries)).send()
        };
        assert!(refused(send(["a", "a"]).await).0.ends_with("BatchEntryIdsNotDistinct"));
        assert!(refused(send(["a", "b.jpg"]).await).0.ends_with("InvalidBatchEntryId"));
    });
}

/// API_SendMessage: "A message can include only XML, JSON, and unformatted text", and the characters that are allowed
#[test]
fn a_control_character_fails_its_message_only() {
    with_aws(async |aws| {
        let (client, url) = queue(&aws).await;
        let entries = vec![entry("good", "a"), entry("bad", "\u{7}")];
        let answer = client.send_message_batch().queue_url(&url).set_entries(Some(entries)).send().await;
        let (code, successful) = match answer {
            Ok(answer) => (answer.failed()[0].code().to_owned(), answer.successful().len()),
            // The service may refuse the batch as a whole; a caller must handle both.
            Err(error) => (error.into_service_error().meta().code().unwrap_or_default().to_owned(), 1),
        };
        assert!(code.ends_with("InvalidMessageContents"), "{code}");
        assert_eq!(successful, 1);
    });
}

/// API_GetQueueUrl, API_SendMessage: QueueDoesNotExist
#[test]
fn a_queue_that_does_not_exist_is_a_typed_error() {
    with_aws(async |aws| {
        let client = Client::new(&aws.config);
        let error = client.get_queue_url().queue_name(unique("nothing")).send().await.unwrap_err();
        assert!(error.into_service_error().is_queue_does_not_exist());
        let url = format!("{}/123456789012/{}", aws.local.endpoint(), unique("nothing"));
        let error = client.send_message().queue_url(url).message_body("x").send().await.unwrap_err();
        assert!(error.into_service_error().is_queue_does_not_exist());
    });
}

/// sqs-message-metadata: attributes travel with the message; ReceiveMessage returns those that are asked for
#[test]
fn attributes_come_back_when_they_are_asked_for() {
    with_aws(async |aws| {
        let (client, url) = queue(&aws).await;
        let kind = MessageAttributeValue::builder().data_type("String").string_value("print").build().unwrap();
        let copies = MessageAttributeValue::builder().data_type("Number").string_value("2").build().unwrap();
        let send = client.send_message().queue_url(&url).message_body("x");
        send.message_attributes("kind", kind).message_attributes("copies", copies).send().await.unwrap();
        let receive = |name: Option<&str>| {
            let receive = client.receive_message().queue_url(&url).visibility_timeout(0);
            let receive = receive.message_system_attribute_names(MessageSystemAttributeName::All);
            match name {
                Some(name) => receive.message_attribute_names(name).send(),
                None => receive.send(),
            }
        };
        let message = receive(Some("kind")).await.unwrap().messages.unwrap().remove(0);
        let attributes = message.message_attributes.unwrap();
        assert_eq!(attributes.keys().collect::<Vec<_>>(), ["kind"]);
        let system = message.attributes.unwrap();
        assert_eq!(system[&MessageSystemAttributeName::ApproximateReceiveCount], "1");
        assert!(receive(None).await.unwrap().messages.unwrap()[0].message_attributes().is_none());
    });
}

/// API_ChangeMessageVisibility: with 0 the message is visible at once
#[test]
fn a_message_given_back_is_received_again() {
    with_aws(async |aws| {
        let (client, url) = queue(&aws).await;
        client.send_message().queue_url(&url).message_body("x").send().await.unwrap();
        let first = client.receive_message().queue_url(&url).send().await.unwrap().messages.unwrap().remove(0);
        let entry = ChangeMessageVisibilityBatchRequestEntry::builder()
            .id("a")
            .receipt_handle(first.receipt_handle.unwrap())
            .visibility_timeout(0);
        let entries = vec![entry.build().unwrap()];
        client.change_message_visibility_batch().queue_url(&url).set_entries(Some(entries)).send().await.unwrap();
        let again = client.receive_message().queue_url(&url).send().await.unwrap();
        assert_eq!(again.messages()[0].message_id(), first.message_id.as_deref());
    });
}

/// API_DeleteMessageBatch: each entry has a result of its own
#[test]
fn a_wrong_receipt_fails_its_own_entry() {
    with_aws(async |aws| {
        let (client, url) = queue(&aws).await;
        client.send_message().queue_url(&url).message_body("x").send().await.unwrap();
        let message = client.receive_message().queue_url(&url).send().await.unwrap().messages.unwrap().remove(0);
        let entry = |id: &str, receipt: &str| {
            DeleteMessageBatchRequestEntry::builder().id(id).receipt_handle(receipt).build().unwrap()
        };
        let entries = vec![entry("good", message.receipt_handle().unwrap()), entry("bad", "nonsense")];
        let answer = client.delete_message_batch().queue_url(&url).set_entries(Some(entries)).send().await.unwrap();
        assert_eq!(answer.successful()[0].id(), "good");
        assert_eq!((answer.failed()[0].id(), answer.failed()[0].code()), ("bad", "ReceiptHandleIsInvalid"));
    });
}

/// FIFO-queues-exactly-once-processing and FIFO-queues-message-groups
#[test]
fn a_fifo_queue_keeps_order_in_a_group_and_drops_duplicates() {
    with_aws(async |aws| {
        let client = Client::new(&aws.config);
        let name = format!("{}.fifo", unique("jobs"));
        let made = client.create_queue().queue_name(name).attributes(QueueAttributeName::FifoQueue, "true");
        let url = made.send().await.unwrap().queue_url.unwrap();
        let send = |body: &str, id: &str| {
            let send = client.send_message().queue_url(&url).message_body(body);
            send.message_group_id("g").message_deduplication_id(id).send()
        };
        for (body, id) in [("1", "a"), ("2", "b"), ("2", "b"), ("3", "c")] {
            send(body, id).await.unwrap();
        }
        let received = client.receive_message().queue_url(&url).max_number_of_messages(10).send().await.unwrap();
        let bodies: Vec<_> = received.messages().iter().filter_map(|message| message.body()).collect();
        assert_eq!(bodies, ["1", "2", "3"]);
        let missing = client.send_message().queue_url(&url).message_body("x").message_deduplication_id("d").send();
        assert_eq!(refused(missing.await).0, "MissingParameter");
    });
}

/// API_ReceiveMessage: "Valid values: 1 to 10"
#[test]
fn at_most_ten_messages_are_received_at_once() {
    with_aws(async |aws| {
        let (client, url) = queue(&aws).await;
        let receive = client.receive_message().queue_url(&url).max_number_of_messages(11).send();
        assert_eq!(refused(receive.await).0, "InvalidParameterValue");
    });
}

/// sqs-visibility-timeout: nobody else receives a message as long as it is hidden
#[test]
fn ten_consumers_lose_nothing_and_double_nothing() {
    with_aws(async |aws| {
        let (client, url) = queue(&aws).await;
        for batch in 0..6 {
            let entries = (0..10).map(|n| entry(format!("e{n}"), format!("{batch}-{n}"))).collect();
            client.send_message_batch().queue_url(&url).set_entries(Some(entries)).send().await.unwrap();
        }
        let consumers = (0..10).map(|_| {
            let (client, url) = (client.clone(), url.clone());
            async move {
                let mut bodies = Vec::new();
                loop {
                    let receive = client.receive_message().queue_url(&url).max_number_of_messages(3);
                    let messages = receive.send().await.unwrap().messages.unwrap_or_default();
                    if messages.is_empty() {
                        return bodies;
                    }
                    for message in messages {
                        let delete = client.delete_message().queue_url(&url);
                        delete.receipt_handle(message.receipt_handle.unwrap()).send().await.unwrap();
                        bodies.push(message.body.unwrap());
                    }
                }
            }
        });
        let mut all: Vec<String> = futures::future::join_all(consumers).await.into_iter().flatten().collect();
        assert_eq!(all.len(), 60);
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 60);
    });
}

/// API_SetQueueAttributes: `RedrivePolicy` names a queue that is there, in the same account and Region; API_GetQueueUrl:
/// `QueueOwnerAWSAccountId`
#[test]
fn a_queue_of_another_account_or_region_is_not_there() {
    with_aws(async |aws| {
        let (client, url) = queue(&aws).await;
        let (_, dead) = queue(&aws).await;
        let (base, name) = dead.rsplit_once('/').unwrap();
        let set = |arn: String| {
            let policy = format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":3}}"#);
            client.set_queue_attributes().queue_url(&url).attributes(QueueAttributeName::RedrivePolicy, policy).send()
        };
        for (place, reason) in [
            ("eu-west-1:123456789012", "Dead letter target does not exist."),
            ("us-east-1:210987654321", "Dead-letter target owner should be same as the source."),
        ] {
            let (code, message) = refused(set(format!("arn:aws:sqs:{place}:{name}")).await);
            assert_eq!(code, "InvalidParameterValue", "{place}");
            assert!(message.ends_with(reason), "{message}");
        }
        set(format!("arn:aws:sqs:us-east-1:123456789012:{name}")).await.unwrap();
        let send = client.send_message().queue_url(format!("{}/{name}", base.replace("123456789012", "210987654321")));
        let sent = send.message_body("x").send().await.unwrap_err().into_service_error();
        assert!(sent.is_queue_does_not_exist(), "{sent:?}");
        let find = client.get_queue_url().queue_name(name).queue_owner_aws_account_id("210987654321").send().await;
        assert!(find.unwrap_err().into_service_error().is_queue_does_not_exist());
    });
}
