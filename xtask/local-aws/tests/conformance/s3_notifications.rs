//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html>: what a bucket tells of.

use aws_sdk_s3::Client;
use aws_sdk_s3::types::{
    Delete, Event, FilterRule, FilterRuleName, NotificationConfiguration, NotificationConfigurationFilter,
    ObjectIdentifier, QueueConfiguration, S3KeyFilter,
};
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::Value;

use crate::support::{Aws, refused, unique, with_aws};

/// A bucket whose changes of `.jpg` objects are told to a queue.
struct Made {
    s3: Client,
    sqs: aws_sdk_sqs::Client,
    bucket: String,
    queue_url: String,
}

fn configuration(queue: &str, suffix: &str) -> NotificationConfiguration {
    let rule = FilterRule::builder().name(FilterRuleName::Suffix).value(suffix).build();
    let filter = NotificationConfigurationFilter::builder().key(S3KeyFilter::builder().filter_rules(rule).build());
    let one = QueueConfiguration::builder().queue_arn(queue).filter(filter.build());
    let one = one.events(Event::from("s3:ObjectCreated:*")).events(Event::from("s3:ObjectRemoved:*"));
    NotificationConfiguration::builder().queue_configurations(one.build().unwrap()).build()
}

impl Made {
    async fn make(aws: &Aws) -> Made {
        let (s3, sqs) = (
            Client::from_conf(aws_sdk_s3::config::Builder::from(&aws.config).force_path_style(true).build()),
            aws_sdk_sqs::Client::new(&aws.config),
        );
        let bucket = unique("photos");
        s3.create_bucket().bucket(&bucket).send().await.unwrap();
        let queue = sqs.create_queue().queue_name(unique("uploads")).send().await.unwrap();
        let queue_url = queue.queue_url().unwrap().to_owned();
        let read = sqs.get_queue_attributes().queue_url(&queue_url).attribute_names(QueueAttributeName::QueueArn);
        let queue = read.send().await.unwrap().attributes().unwrap()[&QueueAttributeName::QueueArn].clone();
        let put = s3.put_bucket_notification_configuration().bucket(&bucket);
        put.notification_configuration(configuration(&queue, ".jpg")).send().await.unwrap();
        Made { s3, sqs, bucket, queue_url }
    }

    async fn put(&self, key: &str) {
        self.s3.put_object().bucket(&self.bucket).key(key).body(b"meow".to_vec().into()).send().await.unwrap();
    }

    /// What was told since the last time: event and key.
    async fn told(&self, aws: &Aws) -> Vec<(String, String)> {
        let world = aws.local.world().clone();
        tokio::task::spawn_blocking(move || world.run_until_idle()).await.unwrap();
        let mut told = Vec::new();
        let receive = self.sqs.receive_message().queue_url(&self.queue_url).max_number_of_messages(10);
        for message in receive.send().await.unwrap().messages() {
            let body: Value = serde_json::from_str(message.body().unwrap()).unwrap();
            for record in body["Records"].as_array().into_iter().flatten() {
                let text = |value: &Value| value.as_str().unwrap().to_owned();
                told.push((text(&record["eventName"]), text(&record["s3"]["object"]["key"])));
            }
            let delete = self.sqs.delete_message().queue_url(&self.queue_url);
            delete.receipt_handle(message.receipt_handle().unwrap()).send().await.unwrap();
        }
        told.sort();
        told
    }
}

fn told(event: &str, key: &str) -> (String, String) {
    (event.to_owned(), key.to_owned())
}

/// API_PutBucketNotificationConfiguration, API_DeleteObject: to delete what is not there is a success, and no removal
#[test]
fn a_bucket_tells_of_what_its_filter_lets_through_and_not_of_what_was_not_there() {
    with_aws(async |aws| {
        let made = Made::make(&aws).await;
        made.told(&aws).await;
        made.put("cat.jpg").await;
        made.put("notes.txt").await;
        assert_eq!(made.told(&aws).await, [told("ObjectCreated:Put", "cat.jpg")]);
        for _ in 0..2 {
            made.s3.delete_object().bucket(&made.bucket).key("cat.jpg").send().await.unwrap();
        }
        assert_eq!(made.told(&aws).await, [told("ObjectRemoved:Delete", "cat.jpg")]);
    });
}

/// API_DeleteObjects: each object that is deleted is a removal
#[test]
fn each_object_of_a_batch_that_is_deleted_is_told_of() {
    with_aws(async |aws| {
        let made = Made::make(&aws).await;
        for key in ["a&b.jpg", "c d.jpg"] {
            made.put(key).await;
        }
        assert_eq!(made.told(&aws).await.len(), 2);
        let object = |key: &str| ObjectIdentifier::builder().key(key).build().unwrap();
        let delete = Delete::builder().objects(object("a&b.jpg")).objects(object("c d.jpg"));
        let delete = delete.objects(object("nothing.jpg")).build().unwrap();
        made.s3.delete_objects().bucket(&made.bucket).delete(delete).send().await.unwrap();
        let expected = [told("ObjectRemoved:Delete", "a%26b.jpg"), told("ObjectRemoved:Delete", "c+d.jpg")];
        assert_eq!(made.told(&aws).await, expected);
    });
}

/// API_PutBucketNotificationConfiguration: it replaces the configuration that is there
#[test]
fn an_empty_configuration_ends_the_notifications() {
    with_aws(async |aws| {
        let made = Made::make(&aws).await;
        made.told(&aws).await;
        let put = made.s3.put_bucket_notification_configuration().bucket(&made.bucket);
        put.notification_configuration(NotificationConfiguration::builder().build()).send().await.unwrap();
        made.put("cat.jpg").await;
        assert!(made.told(&aws).await.is_empty());
    });
}

/// The same page, and notification-how-to-filtering: unknown queues, also of another Region or account, and overlapping
/// suffixes are refused
#[test]
fn a_configuration_that_is_refused_leaves_the_one_that_is_there() {
    with_aws(async |aws| {
        let made = Made::make(&aws).await;
        made.told(&aws).await;
        let put = async |configuration: NotificationConfiguration| {
            let put = made.s3.put_bucket_notification_configuration().bucket(&made.bucket);
            refused(put.notification_configuration(configuration).send().await).0
        };
        let name = made.queue_url.rsplit('/').next().unwrap();
        for arn in [
            format!("arn:aws:sqs:us-east-1:123456789012:{name}-nothing"),
            format!("arn:aws:sqs:eu-west-1:123456789012:{name}"),
            format!("arn:aws:sqs:us-east-1:210987654321:{name}"),
        ] {
            assert_eq!(put(configuration(&arn, ".png")).await, "InvalidArgument", "{arn}");
        }
        let arn = format!("arn:aws:sqs:us-east-1:123456789012:{name}");
        let two = [".png", "g"].map(|suffix| configuration(&arn, suffix).queue_configurations()[0].clone());
        let overlapping = NotificationConfiguration::builder().set_queue_configurations(Some(two.into())).build();
        assert_eq!(put(overlapping).await, "InvalidArgument");
        made.put("cat.jpg").await;
        assert_eq!(made.told(&aws).await, [told("ObjectCreated:Put", "cat.jpg")]);
    });
}
