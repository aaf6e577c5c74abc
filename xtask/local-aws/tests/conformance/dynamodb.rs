//! <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/> and its quotas,
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, KeysAndAttributes, Put, PutRequest,
    ReturnValue, ReturnValuesOnConditionCheckFailure, ScalarAttributeType, TransactWriteItem, WriteRequest,
};

use crate::support::{Aws, refused, unique, with_aws};

fn s(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

fn n(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// A table with the partition key `id` and the sort key `at`, a number.
async fn table(aws: &Aws) -> (Client, String) {
    let client = Client::new(&aws.config);
    let name = unique("orders");
    let define = |name: &str, kind| AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build();
    let key = |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
    let create = client.create_table().table_name(&name).billing_mode(BillingMode::PayPerRequest);
    let create = create
        .attribute_definitions(define("id", ScalarAttributeType::S).unwrap())
        .attribute_definitions(define("at", ScalarAttributeType::N).unwrap())
        .key_schema(key("id", KeyType::Hash).unwrap())
        .key_schema(key("at", KeyType::Range).unwrap());
    create.send().await.unwrap();
    (client, name)
}

/// Expressions.ConditionExpressions, API_PutItem: the old item comes back on request
#[test]
fn a_failed_condition_tells_the_old_item_on_request() {
    with_aws(async |aws| {
        let (client, table) = table(&aws).await;
        let put = |total: u64| {
            let put =
                client.put_item().table_name(&table).item("id", s("o-1")).item("at", n(1)).item("total", n(total));
            put.condition_expression("attribute_not_exists(id)")
        };
        put(10).send().await.unwrap();
        let error = put(20).send().await.unwrap_err().into_service_error();
        let PutItemError::ConditionalCheckFailedException(error) = error else { panic!("{error:?}") };
        assert!(error.item().is_none());
        let put = put(20).return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let error = put.send().await.unwrap_err().into_service_error();
        let PutItemError::ConditionalCheckFailedException(error) = error else { panic!("{error:?}") };
        assert_eq!(error.item().unwrap()["total"], n(10));
    });
}

/// API_BatchWriteItem: up to 25 put or delete operations
#[test]
fn a_batch_write_has_at_most_25_requests() {
    with_aws(async |aws| {
        let (client, table) = table(&aws).await;
        let write = |count: u64| {
            let request = |at| {
                let put = PutRequest::builder().item("id", s("o")).item("at", n(at)).build().unwrap();
                WriteRequest::builder().put_request(put).build()
            };
            client.batch_write_item().request_items(&table, (0..count).map(request).collect()).send()
        };
        assert!(write(25).await.unwrap().unprocessed_items.unwrap_or_default().is_empty());
        assert_eq!(refused(write(26).await).0, "ValidationException");
    });
}

/// API_BatchWriteItem: no two requests for the same item
#[test]
fn a_batch_write_has_no_item_twice() {
    with_aws(async |aws| {
        let (client, table) = table(&aws).await;
        let put = PutRequest::builder().item("id", s("o")).item("at", n(1)).build().unwrap();
        let request = WriteRequest::builder().put_request(put).build();
        let write = client.batch_write_item().request_items(&table, vec![request.clone(), request]).send();
        assert_eq!(refused(write.await).0, "ValidationException");
    });
}

/// Constraints: an item has at most 400 KB
#[test]
fn an_item_has_at_most_400_kb() {
    with_aws(async |aws| {
        let (client, table) = table(&aws).await;
        let put = |bytes| {
            client
                .put_item()
                .table_name(&table)
                .item("id", s("o"))
                .item("at", n(1))
                .item("x", s("x".repeat(bytes)))
                .send()
        };
        put(400 * 1024 - 20).await.unwrap();
        let (code, message) = refused(put(400 * 1024).await);
        assert_eq!(code, "ValidationException");
        assert!(message.contains("Item size has exceeded the maximum allowed size"), "{message}");
    });
}

/// Query.Pagination: a page ends at 1 MB
#[test]
fn a_page_ends_at_a_megabyte_and_the_paginator_reads_on() {
    with_aws(async |aws| {
        let (client, table) = table(&aws).await;
        for at in 0..8 {
            let put = client.put_item().table_name(&table).item("id", s("o")).item("at", n(at));
            put.item("x", s("x".repeat(200_000))).send().await.unwrap();
        }
        let query = || {
            client
                .query()
                .table_name(&table)
                .key_condition_expression("id = :id")
                .expression_attribute_values(":id", s("o"))
        };
        let first = query().send().await.unwrap();
        assert!(first.count() < 8 && first.last_evaluated_key().is_some(), "{}", first.count());
        let all = query().into_paginator().items().send().collect::<Result<Vec<_>, _>>().await.unwrap();
        assert_eq!(all.len(), 8);
    });
}

/// Query: the limit counts what is read, the filter takes away afterwards
#[test]
fn a_filtered_page_may_be_empty_and_have_a_next_one() {
    with_aws(async |aws| {
        let (client, table) = table(&aws).await;
        for at in 0..4 {
            client
                .put_item()
                .table_name(&table)
                .item("id", s("o"))
                .item("at", n(at))
                .item("v", n(at))
                .send()
                .await
                .unwrap();
        }
        let query = client.query().table_name(&table).key_condition_expression("id = :id").filter_expression("v = :v");
        let query = query.expression_attribute_values(":id", s("o")).expression_attribute_values(":v", n(3)).limit(2);
        let page = query.send().await.unwrap();
        assert_eq!((page.count(), page.scanned_count()), (0, 2));
        assert!(page.last_evaluated_key().is_some());
    });
}

/// ReservedWords: a reserved word needs a name of its own
#[test]
fn a_reserved_word_is_refused_in_an_expression() {
    with_aws(async |aws| {
        let (client, table) = table(&aws).await;
        let update = || {
            client
                .update_item()
                .table_name(&table)
                .key("id", s("o"))
                .key("at", n(1))
                .expression_attribute_values(":s", s("x"))
        };
        let (code, message) = refused(update().update_expression("SET status = :s").send().await);
        assert_eq!(code, "ValidationException");
        assert!(message.contains("reserved keyword: status"), "{message}");
        let update = update().update_expression("SET #s = :s").expression_attribute_names("#s", "status");
        let answer = update.return_values(ReturnValue::AllNew).send().await.unwrap();
        assert_eq!(answer.attributes().unwrap()["status"], s("x"));
    });
}

/// API_TransactWriteItems: all or nothing, with a reason for each item
#[test]
fn a_transaction_that_is_cancelled_changes_nothing_and_says_why() {
    with_aws(async |aws| {
        let (client, table) = table(&aws).await;
        client.put_item().table_name(&table).item("id", s("o")).item("at", n(2)).send().await.unwrap();
        let put = |at| {
            let put = Put::builder().table_name(&table).item("id", s("o")).item("at", n(at));
            let put = put.condition_expression("attribute_not_exists(id)").build().unwrap();
            TransactWriteItem::builder().put(put).build()
        };
        let write = client.transact_write_items().transact_items(put(1)).transact_items(put(2)).send().await;
        let error = write.unwrap_err().into_service_error();
        assert!(error.is_transaction_canceled_exception(), "{error:?}");
        let codes: Vec<_> = match &error {
            aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException(
                cancelled,
            ) => cancelled.cancellation_reasons().iter().filter_map(|reason| reason.code()).collect(),
            _ => Vec::new(),
        };
        assert_eq!(codes, ["None", "ConditionalCheckFailed"]);
        let first = client.get_item().table_name(&table).key("id", s("o")).key("at", n(1)).send().await.unwrap();
        assert!(first.item().is_none());
    });
}

/// API_TransactWriteItems: ClientRequestToken makes it idempotent
#[test]
fn a_transaction_with_the_same_token_is_done_once() {
    with_aws(async |aws| {
        let (client, table) = table(&aws).await;
        let write = |total: u64| {
            let put = Put::builder().table_name(&table).item("id", s("o")).item("at", n(1)).item("total", n(total));
            let put = put.build().unwrap();
            let item = TransactWriteItem::builder().put(put).build();
            client.transact_write_items().client_request_token("once").transact_items(item).send()
        };
        write(1).await.unwrap();
        write(1).await.unwrap();
        assert_eq!(refused(write(2).await).0, "IdempotentParameterMismatchException");
    });
}

/// API_BatchGetItem: up to 100 keys; a key that is not there is no error
#[test]
fn a_batch_get_leaves_out_what_is_not_there() {
    with_aws(async |aws| {
        let (client, table) = table(&aws).await;
        client.put_item().table_name(&table).item("id", s("o")).item("at", n(1)).send().await.unwrap();
        let get = |count: u64| {
            let key = |at| HashMap::from([("id".to_owned(), s("o")), ("at".to_owned(), n(at))]);
            let keys = KeysAndAttributes::builder().set_keys(Some((0..count).map(key).collect())).build().unwrap();
            client.batch_get_item().request_items(&table, keys).send()
        };
        let answer = get(100).await.unwrap();
        assert_eq!(answer.responses().unwrap()[&table].len(), 1);
        assert_eq!(refused(get(101).await).0, "ValidationException");
    });
}

/// API_GetItem: ResourceNotFoundException; a key must be whole
#[test]
fn unknown_tables_and_incomplete_keys_are_refused() {
    with_aws(async |aws| {
        let (client, table) = table(&aws).await;
        let error = client.get_item().table_name(unique("nothing")).key("id", s("o")).send().await.unwrap_err();
        assert!(error.into_service_error().is_resource_not_found_exception());
        let (code, message) = refused(client.get_item().table_name(&table).key("id", s("o")).send().await);
        assert_eq!(code, "ValidationException");
        assert!(message.contains("The provided key element does not match the schema"), "{message}");
    });
}

/// Expressions.ConditionExpressions: a condition and its write are one
#[test]
fn of_64_conditional_writes_at_once_one_wins() {
    with_aws(async |aws| {
        let (client, table) = table(&aws).await;
        let writes = (0..64).map(|writer| {
            let put = client.put_item().table_name(&table).item("id", s("o")).item("at", n(1)).item("by", n(writer));
            put.condition_expression("attribute_not_exists(id)").send()
        });
        let results = futures::future::join_all(writes).await;
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
        for error in results.into_iter().filter_map(Result::err) {
            assert!(error.into_service_error().is_conditional_check_failed_exception());
        }
    });
}

/// Expressions.UpdateExpressions: a counter
#[test]
fn updates_at_once_are_all_counted() {
    with_aws(async |aws| {
        let (client, table) = table(&aws).await;
        let updates = (0..32).map(|_| {
            let update = client.update_item().table_name(&table).key("id", s("o")).key("at", n(1));
            update.update_expression("ADD hits :one").expression_attribute_values(":one", n(1)).send()
        });
        for result in futures::future::join_all(updates).await {
            result.unwrap();
        }
        let read = client.get_item().table_name(&table).key("id", s("o")).key("at", n(1)).send().await.unwrap();
        assert_eq!(read.item().unwrap()["hits"], n(32));
    });
}
