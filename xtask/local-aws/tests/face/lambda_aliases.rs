//! Aliases by Lambda's own API: weights, and the optimistic lock by RevisionId.

use std::collections::HashMap;

use aws_sdk_lambda::Client;
use aws_sdk_lambda::operation::update_alias::builders::UpdateAliasFluentBuilder;
use aws_sdk_lambda::types::AliasRoutingConfiguration;
use local_aws::LocalAws;

use crate::lambda::{create, is_active, update, with_code};
use crate::support::wait;

/// A function with two versions and an alias of the first.
fn with_alias() -> (LocalAws, Client) {
    let (aws, client) = with_code();
    create(&client);
    is_active(&client);
    wait(client.publish_version().function_name("shop").send()).unwrap();
    update(&client, "two");
    wait(client.publish_version().function_name("shop").send()).unwrap();
    wait(client.create_alias().function_name("shop").name("live").function_version("1").send()).unwrap();
    (aws, client)
}

fn routed(client: &Client, version: &str, weight: f64) -> UpdateAliasFluentBuilder {
    let weights = AliasRoutingConfiguration::builder().additional_version_weights(version, weight).build();
    client.update_alias().function_name("shop").name("live").routing_config(weights)
}

/// <https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html>
#[test]
fn a_tenth_of_the_invocations_goes_to_the_second_version() {
    let (_aws, client) = with_alias();
    let alias = wait(routed(&client, "2", 0.1).send()).unwrap();
    let weights = HashMap::from([("2".to_owned(), 0.1)]);
    assert_eq!(alias.routing_config().unwrap().additional_version_weights(), Some(&weights));
    let seconds = wait(async {
        let mut seconds = 0;
        for _ in 0..1_000 {
            let answer = client.invoke().function_name("shop:live").send().await.unwrap();
            let is_second = answer.payload().unwrap().as_ref() == br#""two""#;
            assert_eq!(answer.executed_version(), Some(if is_second { "2" } else { "1" }));
            seconds += usize::from(is_second);
        }
        seconds
    });
    assert!((60..=140).contains(&seconds), "{seconds} of 1,000");
}

/// API_UpdateAlias: what is not said stays; an empty map takes the second version away
#[test]
fn an_update_changes_what_it_names() {
    let (_aws, client) = with_alias();
    wait(routed(&client, "2", 0.5).description("careful").send()).unwrap();
    let empty = AliasRoutingConfiguration::builder().set_additional_version_weights(Some(HashMap::new())).build();
    let promote = client.update_alias().function_name("shop").name("live").function_version("2").routing_config(empty);
    let alias = wait(promote.send()).unwrap();
    assert_eq!((alias.function_version(), alias.description()), (Some("2"), Some("careful")));
    assert!(alias.routing_config().is_none());
    let list = wait(client.list_aliases().function_name("shop").function_version("2").send()).unwrap();
    assert_eq!(list.aliases().len(), 1);
    wait(client.delete_alias().function_name("shop").name("live").send()).unwrap();
    let get = wait(client.get_alias().function_name("shop").name("live").send()).unwrap_err().into_service_error();
    assert!(get.is_resource_not_found_exception());
}

/// API_UpdateAlias: PreconditionFailedException
#[test]
fn of_two_who_saw_the_same_revision_one_wins() {
    let (_aws, client) = with_alias();
    let seen = wait(client.get_alias().function_name("shop").name("live").send()).unwrap().revision_id.unwrap();
    let results = wait(async {
        let one = routed(&client, "2", 0.1).revision_id(&seen).send();
        let other = routed(&client, "2", 0.9).revision_id(&seen).send();
        let (one, other) = futures::join!(one, other);
        [one, other]
    });
    let mut lost = results.into_iter().filter_map(Result::err);
    let error = lost.next().expect("one lost").into_service_error();
    assert!(error.is_precondition_failed_exception(), "{error:?}");
    assert!(lost.next().is_none(), "one won");
}

/// API_AliasRoutingConfiguration
#[test]
fn wrong_weights_and_versions_are_refused() {
    let (_aws, client) = with_alias();
    for (version, weight) in [("2", 1.5), ("2", -0.1), ("$LATEST", 0.1), ("1", 0.1)] {
        let error = wait(routed(&client, version, weight).send()).unwrap_err().into_service_error();
        assert!(error.is_invalid_parameter_value_exception(), "{version} {weight}: {error:?}");
    }
    let unknown = wait(routed(&client, "7", 0.1).send()).unwrap_err().into_service_error();
    assert!(unknown.is_resource_not_found_exception(), "{unknown:?}");
    let again = client.create_alias().function_name("shop").name("live").function_version("1").send();
    assert!(wait(again).unwrap_err().into_service_error().is_resource_conflict_exception());
    let alias = wait(client.get_alias().function_name("shop").name("live").send()).unwrap();
    assert!(alias.routing_config().is_none(), "nothing was changed");
}
