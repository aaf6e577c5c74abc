//! Aliases by Lambda's own API: weights, and the optimistic lock by RevisionId.

use std::collections::HashMap;

use aws_sdk_lambda::operation::update_alias::builders::UpdateAliasFluentBuilder;
use aws_sdk_lambda::types::AliasRoutingConfiguration;

use crate::lambda::Shop;
use crate::support::{Aws, refused, with_aws};

/// A function with two versions and the alias `live` of the first.
async fn with_alias(aws: &Aws) -> Shop {
    let shop = Shop::open(aws).await;
    shop.publish().await;
    shop.update("two").await;
    shop.publish().await;
    shop.client.create_alias().function_name(&shop.name).name("live").function_version("1").send().await.unwrap();
    shop
}

fn routed(shop: &Shop, version: &str, weight: f64) -> UpdateAliasFluentBuilder {
    let weights = AliasRoutingConfiguration::builder().additional_version_weights(version, weight).build();
    shop.client.update_alias().function_name(&shop.name).name("live").routing_config(weights)
}

/// <https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html>
#[test]
fn a_tenth_of_the_invocations_goes_to_the_second_version() {
    with_aws(async |aws| {
        let shop = with_alias(&aws).await;
        let alias = routed(&shop, "2", 0.1).send().await.unwrap();
        let weights = HashMap::from([("2".to_owned(), 0.1)]);
        assert_eq!(alias.routing_config().unwrap().additional_version_weights(), Some(&weights));
        let mut seconds = 0;
        for _ in 0..1_000 {
            let answer = shop.client.invoke().function_name(format!("{}:live", shop.name)).send().await.unwrap();
            let is_second = answer.payload().unwrap().as_ref() == br#""two""#;
            assert_eq!(answer.executed_version(), Some(if is_second { "2" } else { "1" }));
            seconds += usize::from(is_second);
        }
        assert!((60..=140).contains(&seconds), "{seconds} of 1,000");
    });
}

/// API_UpdateAlias: what is not said stays; an empty map takes the second version away
#[test]
fn an_update_changes_what_it_names() {
    with_aws(async |aws| {
        let shop = with_alias(&aws).await;
        routed(&shop, "2", 0.5).description("careful").send().await.unwrap();
        let update = || shop.client.update_alias().function_name(&shop.name).name("live");
        let told = update().description("careful still").send().await.unwrap();
        assert!(told.routing_config().is_some(), "nothing was said of it");
        let empty = AliasRoutingConfiguration::builder().set_additional_version_weights(Some(HashMap::new())).build();
        let alias = update().function_version("2").routing_config(empty).send().await.unwrap();
        assert_eq!((alias.function_version(), alias.description()), (Some("2"), Some("careful still")));
        assert!(alias.routing_config().is_none());
        let list = shop.client.list_aliases().function_name(&shop.name).function_version("2").send().await.unwrap();
        assert_eq!(list.aliases().len(), 1);
        shop.client.delete_alias().function_name(&shop.name).name("live").send().await.unwrap();
        let get = refused(shop.client.get_alias().function_name(&shop.name).name("live").send().await);
        assert_eq!(get.0, "ResourceNotFoundException");
        assert_eq!(get.1, format!("Cannot find alias arn: {}:live", shop.arn()));
    });
}

/// API_UpdateAlias: PreconditionFailedException
#[test]
fn of_two_who_saw_the_same_revision_one_wins() {
    with_aws(async |aws| {
        let shop = with_alias(&aws).await;
        let seen = shop.client.get_alias().function_name(&shop.name).name("live").send().await.unwrap();
        let seen = seen.revision_id.unwrap();
        let one = routed(&shop, "2", 0.1).revision_id(&seen).send();
        let other = routed(&shop, "2", 0.9).revision_id(&seen).send();
        let (one, other) = futures::join!(one, other);
        let mut lost = [one, other].into_iter().filter_map(Result::err);
        let error = lost.next().expect("one lost").into_service_error();
        assert!(error.is_precondition_failed_exception(), "{error:?}");
        assert!(lost.next().is_none(), "one won");
    });
}

/// API_AliasRoutingConfiguration: 0.0 to 1.0, and its keys are numbers; API_CreateAlias: ResourceConflictException
#[test]
fn wrong_weights_and_versions_are_refused() {
    with_aws(async |aws| {
        let shop = with_alias(&aws).await;
        for (version, weight) in [("2", 1.5), ("2", -0.1), ("$LATEST", 0.1)] {
            let (code, message) = refused(routed(&shop, version, weight).send().await);
            assert_eq!(code, "ValidationException", "{version} {weight}");
            assert!(message.contains("'routingConfig.additionalVersionWeights' failed to satisfy"), "{message}");
        }
        let (code, message) = refused(routed(&shop, "1", 0.1).send().await);
        assert_eq!(code, "InvalidParameterValueException");
        assert!(message.contains("Function version 1 is already included in routing configuration."), "{message}");
        assert_eq!(refused(routed(&shop, "7", 0.1).send().await).0, "ResourceNotFoundException");
        let create =
            |name: &str| shop.client.create_alias().function_name(&shop.name).name(name).function_version("1").send();
        let again = refused(create("live").await);
        assert_eq!(again.0, "ResourceConflictException");
        assert_eq!(again.1, format!("Alias already exists: {}:live", shop.arn()));
        assert_eq!(refused(create("12").await).0, "ValidationException", "a number is a version");
        let alias = shop.client.get_alias().function_name(&shop.name).name("live").send().await.unwrap();
        assert!(alias.routing_config().is_none(), "nothing was changed");
    });
}

/// API_CreateAlias: `FunctionVersion` may be `$LATEST`; with a second version it may not
#[test]
fn an_alias_of_latest_shares_with_no_version() {
    with_aws(async |aws| {
        let shop = with_alias(&aws).await;
        let create = shop.client.create_alias().function_name(&shop.name).name("edited").function_version("$LATEST");
        assert_eq!(create.send().await.unwrap().function_version(), Some("$LATEST"));
        let weights = AliasRoutingConfiguration::builder().additional_version_weights("1", 0.1).build();
        let share = shop.client.update_alias().function_name(&shop.name).name("edited").routing_config(weights);
        let (code, message) = refused(share.send().await);
        assert_eq!(code, "InvalidParameterValueException");
        assert_eq!(message, "$LATEST is not supported for an alias pointing to more than 1 version");
    });
}
