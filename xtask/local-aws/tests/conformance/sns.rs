//! <https://docs.aws.amazon.com/sns/latest/api/>: topics and subscriptions.

use aws_sdk_sns::Client;
use aws_sdk_sns::types::PublishBatchRequestEntry;
use aws_sdk_sqs::types::QueueAttributeName;

use crate::support::{Aws, refused, unique, with_aws};

/// A topic, and a queue with its ARN.
struct Made {
    sns: Client,
    sqs: aws_sdk_sqs::Client,
    topic: String,
    queue_url: String,
    queue: String,
}

impl Made {
    async fn make(aws: &Aws) -> Made {
        let (sns, sqs) = (Client::new(&aws.config), aws_sdk_sqs::Client::new(&aws.config));
        let topic = sns.create_topic().name(unique("printed")).send().await.unwrap();
        let queue = sqs.create_queue().queue_name(unique("notices")).send().await.unwrap();
        let queue_url = queue.queue_url().unwrap().to_owned();
        let read = sqs.get_queue_attributes().queue_url(&queue_url).attribute_names(QueueAttributeName::QueueArn);
        let queue = read.send().await.unwrap().attributes().unwrap()[&QueueAttributeName::QueueArn].clone();
        Made { sns, sqs, topic: topic.topic_arn().unwrap().to_owned(), queue_url, queue }
    }

    async fn subscribe(&self, attributes: &[(&str, &str)]) -> String {
        let subscribe = self.sns.subscribe().topic_arn(&self.topic).protocol("sqs").endpoint(&self.queue);
        let attributes = attributes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let made = subscribe.set_attributes(Some(attributes)).return_subscription_arn(true).send().await.unwrap();
        made.subscription_arn().unwrap().to_owned()
    }

    /// Publishes, lets the world go on, and gives what is in the queue.
    async fn published(&self, aws: &Aws, messages: &[&str]) -> Vec<String> {
        for message in messages {
            self.sns.publish().topic_arn(&self.topic).message(*message).send().await.unwrap();
        }
        let world = aws.local.world().clone();
        tokio::task::spawn_blocking(move || world.run_until_idle()).await.unwrap();
        let receive = self.sqs.receive_message().queue_url(&self.queue_url).max_number_of_messages(10);
        let received = receive.send().await.unwrap();
        received.messages().iter().map(|message| message.body().unwrap().to_owned()).collect()
    }

    async fn attribute(&self, subscription: &str, name: &str) -> Option<String> {
        let read = self.sns.get_subscription_attributes().subscription_arn(subscription).send().await.unwrap();
        read.attributes()?.get(name).cloned()
    }
}

/// API_CreateTopic: "if the requester already owns a topic with the specified name, that topic's ARN is returned"
#[test]
fn a_topic_is_made_once_listed_and_deleted_more_than_once() {
    with_aws(async |aws| {
        let sns = Client::new(&aws.config);
        let name = unique("printed");
        let made = sns.create_topic().name(&name).send().await.unwrap();
        let again = sns.create_topic().name(&name).send().await.unwrap();
        assert_eq!(made.topic_arn(), again.topic_arn());
        let arn = made.topic_arn().unwrap();
        let is_listed = async || {
            let listed = sns.list_topics().send().await.unwrap();
            listed.topics().iter().any(|topic| topic.topic_arn() == Some(arn))
        };
        assert!(is_listed().await);
        sns.delete_topic().topic_arn(arn).send().await.unwrap();
        sns.delete_topic().topic_arn(arn).send().await.unwrap();
        assert!(!is_listed().await);
        let (code, _) = refused(sns.create_topic().name("a b").send().await);
        assert_eq!(code, "InvalidParameter");
    });
}

/// API_Subscribe, API_ListSubscriptionsByTopic, API_Unsubscribe
#[test]
fn what_is_published_reaches_a_subscriber_until_it_unsubscribes() {
    with_aws(async |aws| {
        let made = Made::make(&aws).await;
        let arn = made.subscribe(&[("RawMessageDelivery", "true")]).await;
        assert_eq!(
            made.subscribe(&[("RawMessageDelivery", "true")]).await,
            arn,
            "the same receiver, the same subscription"
        );
        let listed = made.sns.list_subscriptions_by_topic().topic_arn(&made.topic).send().await.unwrap();
        let endpoints: Vec<_> = listed.subscriptions().iter().map(|one| one.endpoint().unwrap()).collect();
        assert_eq!(endpoints, [made.queue.as_str()]);
        assert_eq!(made.published(&aws, &["meow"]).await, ["meow"]);
        made.sns.unsubscribe().subscription_arn(&arn).send().await.unwrap();
        assert!(made.published(&aws, &["more"]).await.is_empty());
    });
}

/// API_SetSubscriptionAttributes: FilterPolicy, FilterPolicyScope, RawMessageDelivery
#[test]
fn a_filter_policy_on_the_body_decides_what_is_delivered() {
    with_aws(async |aws| {
        let made = Made::make(&aws).await;
        let policy = r#"{"total":[{"numeric":[">",100]}]}"#;
        let attributes =
            [("FilterPolicy", policy), ("FilterPolicyScope", "MessageBody"), ("RawMessageDelivery", "true")];
        let arn = made.subscribe(&attributes).await;
        assert_eq!(made.attribute(&arn, "FilterPolicyScope").await.as_deref(), Some("MessageBody"));
        let (small, large) = (r#"{"total":5}"#, r#"{"total":500}"#);
        assert_eq!(made.published(&aws, &[small, large]).await, [large]);
        let set = |name: &str, value: &str| {
            let set = made.sns.set_subscription_attributes().subscription_arn(&arn);
            set.attribute_name(name).attribute_value(value).send()
        };
        set("FilterPolicy", r#"{"total":[{"numeric":["<",100]}]}"#).await.unwrap();
        set("RawMessageDelivery", "false").await.unwrap();
        let bodies = made.published(&aws, &[small, large]).await;
        assert_eq!(bodies.len(), 1);
        assert!(bodies[0].contains("\"Type\":") && bodies[0].contains("Notification"), "{bodies:?}");
        let (code, _) = refused(set("FilterPolicy", r#"{"total":5}"#).await);
        assert_eq!(code, "InvalidParameter");
        let (code, _) = refused(set("Colour", "red").await);
        assert_eq!(code, "InvalidParameter");
    });
}

/// API_Subscribe, API_Publish: `NotFound`; API_GetSubscriptionAttributes: `NotFound`
#[test]
fn unknown_topics_and_subscriptions_are_not_found() {
    with_aws(async |aws| {
        let made = Made::make(&aws).await;
        let nothing = format!("{}-nothing", made.topic);
        let subscribe = made.sns.subscribe().topic_arn(&nothing).protocol("sqs").endpoint(&made.queue);
        assert_eq!(refused(subscribe.send().await).0, "NotFound");
        let publish = made.sns.publish().topic_arn(&nothing).message("x").send().await;
        assert!(publish.unwrap_err().into_service_error().is_not_found_exception());
        let read = made.sns.get_subscription_attributes();
        let read = read.subscription_arn(format!("{}:00000000-0000-0000-0000-000000000000", made.topic));
        assert_eq!(refused(read.send().await).0, "NotFound");
    });
}

/// API_PublishBatch: TooManyEntriesInBatchRequest, BatchEntryIdsNotDistinct, EmptyBatchRequest
#[test]
fn a_batch_is_published_and_has_at_most_ten_entries() {
    with_aws(async |aws| {
        let made = Made::make(&aws).await;
        made.subscribe(&[("RawMessageDelivery", "true")]).await;
        let publish = |ids: &[usize]| {
            let entry =
                |n: &usize| PublishBatchRequestEntry::builder().id(format!("e{n}")).message(format!("<{n}>")).build();
            let entries = ids.iter().map(|n| entry(n).unwrap()).collect();
            made.sns.publish_batch().topic_arn(&made.topic).set_publish_batch_request_entries(Some(entries)).send()
        };
        assert_eq!(publish(&[0, 1, 2]).await.unwrap().successful().len(), 3);
        let mut bodies = made.published(&aws, &[]).await;
        bodies.sort();
        assert_eq!(bodies, ["<0>", "<1>", "<2>"]);
        let refused = async |ids: &[usize]| publish(ids).await.unwrap_err().into_service_error();
        let eleven: Vec<usize> = (0..11).collect();
        assert!(refused(&eleven).await.is_too_many_entries_in_batch_request_exception());
        assert!(refused(&[1, 1]).await.is_batch_entry_ids_not_distinct_exception());
        assert!(refused(&[]).await.is_empty_batch_request_exception());
    });
}
