//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/>: buses, rules and targets.

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::types::{InputTransformer, PutEventsRequestEntry, RuleState, Target};
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::{Value, json};

use crate::support::{Aws, refused, unique, with_aws};

/// A bus, and a queue with its ARN.
struct Made {
    events: Client,
    sqs: aws_sdk_sqs::Client,
    bus: String,
    queue_url: String,
    queue: String,
}

impl Made {
    async fn make(aws: &Aws) -> Made {
        let (events, sqs) = (Client::new(&aws.config), aws_sdk_sqs::Client::new(&aws.config));
        let bus = unique("shop");
        events.create_event_bus().name(&bus).send().await.unwrap();
        let queue = sqs.create_queue().queue_name(unique("orders")).send().await.unwrap();
        let queue_url = queue.queue_url().unwrap().to_owned();
        let read = sqs.get_queue_attributes().queue_url(&queue_url).attribute_names(QueueAttributeName::QueueArn);
        let queue = read.send().await.unwrap().attributes().unwrap()[&QueueAttributeName::QueueArn].clone();
        Made { events, sqs, bus, queue_url, queue }
    }

    async fn put_rule(&self, name: &str, pattern: &Value) {
        let put = self.events.put_rule().name(name).event_bus_name(&self.bus);
        put.event_pattern(pattern.to_string()).send().await.unwrap();
    }

    async fn put_target(&self, rule: &str, target: Target) {
        let put = self.events.put_targets().rule(rule).event_bus_name(&self.bus).targets(target).send().await.unwrap();
        assert_eq!(put.failed_entry_count(), 0, "{put:?}");
    }

    fn target(&self, id: &str) -> aws_sdk_eventbridge::types::builders::TargetBuilder {
        Target::builder().id(id).arn(&self.queue)
    }

    /// Puts an event, lets the world go on, and gives what is in the queue.
    async fn received(&self, aws: &Aws, detail: &Value) -> Vec<String> {
        let entry = PutEventsRequestEntry::builder().event_bus_name(&self.bus).source("shop");
        let entry = entry.detail_type("OrderPlaced").detail(detail.to_string()).build();
        self.events.put_events().entries(entry).send().await.unwrap();
        let world = aws.local.world().clone();
        tokio::task::spawn_blocking(move || world.run_until_idle()).await.unwrap();
        let receive = self.sqs.receive_message().queue_url(&self.queue_url).max_number_of_messages(10);
        let received = receive.send().await.unwrap();
        received.messages().iter().map(|message| message.body().unwrap().to_owned()).collect()
    }
}

/// API_PutRule, API_PutTargets, API_RemoveTargets
#[test]
fn an_event_reaches_the_targets_of_rules_that_match_until_they_are_removed() {
    with_aws(async |aws| {
        let made = Made::make(&aws).await;
        made.put_rule("large", &json!({ "detail": { "total": [{ "numeric": [">", 100] }] } })).await;
        made.put_target("large", made.target("queue").input_path("$.detail").build().unwrap()).await;
        let bodies = made.received(&aws, &json!({ "total": 500 })).await;
        assert_eq!(
            bodies.iter().map(|body| serde_json::from_str(body).unwrap()).collect::<Vec<Value>>(),
            [json!({ "total": 500 })]
        );
        assert!(made.received(&aws, &json!({ "total": 5 })).await.is_empty());
        // A target with the same id takes the place of the one before.
        let transformer = InputTransformer::builder().input_paths_map("total", "$.detail.total");
        let transformer = transformer.input_template(r#""<total> cents""#).build().unwrap();
        made.put_target("large", made.target("queue").input_transformer(transformer).build().unwrap()).await;
        assert_eq!(made.received(&aws, &json!({ "total": 700 })).await, [r#""700 cents""#]);
        let remove = made.events.remove_targets().rule("large").event_bus_name(&made.bus).ids("queue").ids("other");
        remove.send().await.unwrap();
        assert!(made.received(&aws, &json!({ "total": 500 })).await.is_empty());
    });
}

/// API_ListRules, API_ListTargetsByRule, API_DisableRule, API_DeleteRule: "before you can delete the rule, you must
/// remove all targets"
#[test]
fn rules_are_listed_switched_off_and_deleted_when_they_have_no_targets() {
    with_aws(async |aws| {
        let made = Made::make(&aws).await;
        made.put_rule("placed", &json!({ "source": ["shop"] })).await;
        made.put_target("placed", made.target("queue").build().unwrap()).await;
        let listed = made.events.list_rules().event_bus_name(&made.bus).name_prefix("pla").send().await.unwrap();
        let rule = &listed.rules()[0];
        assert_eq!((rule.name(), rule.state()), (Some("placed"), Some(&RuleState::Enabled)));
        let targets = made.events.list_targets_by_rule().rule("placed").event_bus_name(&made.bus);
        let targets = targets.send().await.unwrap();
        assert_eq!(targets.targets().iter().map(Target::arn).collect::<Vec<_>>(), [made.queue.as_str()]);
        made.events.disable_rule().name("placed").event_bus_name(&made.bus).send().await.unwrap();
        assert!(made.received(&aws, &json!({})).await.is_empty());
        let delete = || made.events.delete_rule().name("placed").event_bus_name(&made.bus).send();
        assert_eq!(refused(delete().await).0, "ValidationException");
        let remove = made.events.remove_targets().rule("placed").event_bus_name(&made.bus).ids("queue");
        remove.send().await.unwrap();
        delete().await.unwrap();
        delete().await.unwrap();
        let listed = made.events.list_rules().event_bus_name(&made.bus).send().await.unwrap();
        assert!(listed.rules().is_empty());
    });
}

/// API_CreateEventBus: ResourceAlreadyExistsException; API_PutRule: InvalidEventPatternException; API_PutTargets:
/// ResourceNotFoundException
#[test]
fn a_bus_that_is_there_a_bad_pattern_and_an_unknown_rule_are_refused() {
    with_aws(async |aws| {
        let made = Made::make(&aws).await;
        let again = made.events.create_event_bus().name(&made.bus).send().await;
        assert_eq!(refused(again).0, "ResourceAlreadyExistsException");
        let put = made.events.put_rule().name("bad").event_bus_name(&made.bus).event_pattern(r#"{"source":"shop"}"#);
        assert_eq!(refused(put.send().await).0, "InvalidEventPatternException");
        let put = made.events.put_targets().rule("nothing").event_bus_name(&made.bus);
        let put = put.targets(made.target("queue").build().unwrap());
        assert_eq!(refused(put.send().await).0, "ResourceNotFoundException");
    });
}
