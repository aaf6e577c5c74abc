//! Streams of tables, read by the SDK's client.

use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, Delete, KeySchemaElement, KeyType, Put, PutRequest,
    ScalarAttributeType, StreamSpecification, StreamViewType, TransactWriteItem, WriteRequest,
};
use aws_sdk_dynamodbstreams::types::{OperationType, Record, ShardIteratorType};

use crate::support::{Aws, refused, unique, with_aws};

/// A table with a stream, the clients of both, and the stream's ARN.
struct Streamed {
    dynamodb: aws_sdk_dynamodb::Client,
    streams: aws_sdk_dynamodbstreams::Client,
    table: String,
    arn: String,
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

impl Streamed {
    async fn make(aws: &Aws, view: StreamViewType) -> Streamed {
        let dynamodb = aws_sdk_dynamodb::Client::new(&aws.config);
        let streams = aws_sdk_dynamodbstreams::Client::new(&aws.config);
        let table = unique("orders");
        let id = AttributeDefinition::builder().attribute_name("id").attribute_type(ScalarAttributeType::S);
        let key = KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash);
        let stream = StreamSpecification::builder().stream_enabled(true).stream_view_type(view);
        let create = dynamodb.create_table().table_name(&table).billing_mode(BillingMode::PayPerRequest);
        let create = create.attribute_definitions(id.build().unwrap()).key_schema(key.build().unwrap());
        let made = create.stream_specification(stream.build().unwrap()).send().await.unwrap();
        let arn = made.table_description().unwrap().latest_stream_arn().unwrap().to_owned();
        Streamed { dynamodb, streams, table, arn }
    }

    async fn put(&self, id: &str, status: &str) {
        let put = self.dynamodb.put_item().table_name(&self.table).item("id", text(id));
        put.item("status", text(status)).send().await.unwrap();
    }

    async fn iterator(&self, from: ShardIteratorType) -> String {
        let described = self.streams.describe_stream().stream_arn(&self.arn).send().await.unwrap();
        let shard = described.stream_description().unwrap().shards()[0].shard_id().unwrap().to_owned();
        let iterator = self.streams.get_shard_iterator().stream_arn(&self.arn).shard_id(shard);
        let iterator = iterator.shard_iterator_type(from).send().await.unwrap();
        iterator.shard_iterator().unwrap().to_owned()
    }

    async fn records(&self) -> Vec<Record> {
        let iterator = self.iterator(ShardIteratorType::TrimHorizon).await;
        self.streams.get_records().shard_iterator(iterator).send().await.unwrap().records().to_vec()
    }
}

/// What happened to which id.
fn told(records: &[Record]) -> Vec<(OperationType, String)> {
    let one = |record: &Record| {
        let id = record.dynamodb().unwrap().keys().unwrap()["id"].as_s().unwrap().clone();
        (record.event_name().unwrap().clone(), id)
    };
    records.iter().map(one).collect()
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html>: the images, and that what changes
/// nothing is no change.
#[test]
fn a_change_has_its_key_and_both_images_and_what_changes_nothing_is_none() {
    with_aws(async |aws| {
        let streamed = Streamed::make(&aws, StreamViewType::NewAndOldImages).await;
        streamed.put("1", "placed").await;
        streamed.put("1", "paid").await;
        streamed.put("1", "paid").await;
        let delete = streamed.dynamodb.delete_item().table_name(&streamed.table).key("id", text("1"));
        delete.send().await.unwrap();
        let records = streamed.records().await;
        let one = || "1".to_owned();
        let expected = [(OperationType::Insert, one()), (OperationType::Modify, one()), (OperationType::Remove, one())];
        assert_eq!(told(&records), expected);
        let status = |image: Option<
            &std::collections::HashMap<String, aws_sdk_dynamodbstreams::types::AttributeValue>,
        >| { image.map(|image| image["status"].as_s().unwrap().clone()) };
        let images: Vec<_> = records
            .iter()
            .map(|record| record.dynamodb().unwrap())
            .map(|change| (status(change.old_image()), status(change.new_image())))
            .collect();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(images, [(None, some("placed")), (some("placed"), some("paid")), (some("paid"), None)]);
    });
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_StreamSpecification.html>: `KEYS_ONLY`
#[test]
fn a_stream_of_keys_has_no_images() {
    with_aws(async |aws| {
        let streamed = Streamed::make(&aws, StreamViewType::KeysOnly).await;
        streamed.put("1", "placed").await;
        streamed.put("1", "paid").await;
        let records = streamed.records().await;
        assert_eq!(told(&records).len(), 2);
        let has_image = |record: &Record| {
            let change = record.dynamodb().unwrap();
            change.new_image().is_some() || change.old_image().is_some()
        };
        assert!(!records.iter().any(has_image), "{records:?}");
        let described = streamed.streams.describe_stream().stream_arn(&streamed.arn).send().await.unwrap();
        let described = described.stream_description().unwrap();
        assert_eq!(described.stream_view_type().unwrap().as_str(), "KEYS_ONLY");
        assert_eq!(described.table_name(), Some(streamed.table.as_str()));
    });
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html>,
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>
#[test]
fn writes_of_batches_and_transactions_are_changes_too_and_refused_ones_are_none() {
    with_aws(async |aws| {
        let streamed = Streamed::make(&aws, StreamViewType::NewAndOldImages).await;
        let item = |id: &str| [("id".to_owned(), text(id))].into();
        let write = |id: &str| {
            let put = PutRequest::builder().set_item(Some(item(id))).build().unwrap();
            WriteRequest::builder().put_request(put).build()
        };
        let batch = streamed.dynamodb.batch_write_item();
        batch.request_items(&streamed.table, vec![write("a"), write("b")]).send().await.unwrap();
        let put = |condition: &str| {
            let put = Put::builder().table_name(&streamed.table).set_item(Some(item("c")));
            TransactWriteItem::builder().put(put.condition_expression(condition).build().unwrap()).build()
        };
        let delete = Delete::builder().table_name(&streamed.table).key("id", text("a")).build().unwrap();
        let delete = TransactWriteItem::builder().delete(delete).build();
        let transact = |put| {
            let transaction = streamed.dynamodb.transact_write_items().transact_items(delete.clone());
            transaction.transact_items(put).send()
        };
        transact(put("attribute_exists(id)")).await.unwrap_err();
        assert_eq!(streamed.records().await.len(), 2);
        transact(put("attribute_not_exists(id)")).await.unwrap();
        let update = streamed.dynamodb.update_item().table_name(&streamed.table).key("id", text("c"));
        let update = update.update_expression("SET paid = :yes");
        update.expression_attribute_values(":yes", AttributeValue::Bool(true)).send().await.unwrap();
        let mut told = told(&streamed.records().await);
        assert_eq!(told.pop(), Some((OperationType::Modify, "c".to_owned())));
        told.sort_by_key(|(what, id)| (what.as_str().to_owned(), id.clone()));
        let expected = [("INSERT", "a"), ("INSERT", "b"), ("INSERT", "c"), ("REMOVE", "a")];
        let told: Vec<(&str, &str)> = told.iter().map(|(what, id)| (what.as_str(), id.as_str())).collect();
        assert_eq!(told, expected);
    });
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetShardIterator.html>,
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetRecords.html>
#[test]
fn a_shard_is_read_on_from_where_the_reader_stopped() {
    with_aws(async |aws| {
        let streamed = Streamed::make(&aws, StreamViewType::NewImage).await;
        let latest = streamed.iterator(ShardIteratorType::Latest).await;
        for id in ["1", "2", "3"] {
            streamed.put(id, "placed").await;
        }
        let read = streamed.streams.get_records().shard_iterator(latest).limit(2).send().await.unwrap();
        assert_eq!(read.records().len(), 2);
        let next = read.next_shard_iterator().unwrap();
        let rest = streamed.streams.get_records().shard_iterator(next).send().await.unwrap();
        assert_eq!(told(rest.records()), [(OperationType::Insert, "3".to_owned())]);
        let end = rest.next_shard_iterator().unwrap();
        let nothing = streamed.streams.get_records().shard_iterator(end).send().await.unwrap();
        assert!(nothing.records().is_empty() && nothing.next_shard_iterator().is_some());
    });
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_ListStreams.html>
#[test]
fn the_streams_of_a_table_are_listed_and_others_do_not_exist() {
    with_aws(async |aws| {
        let streamed = Streamed::make(&aws, StreamViewType::NewImage).await;
        let list = streamed.streams.list_streams().table_name(&streamed.table).send().await.unwrap();
        let arns: Vec<_> = list.streams().iter().map(|stream| stream.stream_arn().unwrap()).collect();
        assert_eq!(arns, [streamed.arn.as_str()]);
        let other = streamed.arn.replace(&streamed.table, &unique("nothing"));
        let (code, _) = refused(streamed.streams.describe_stream().stream_arn(other).send().await);
        assert_eq!(code, "ResourceNotFoundException");
    });
}
