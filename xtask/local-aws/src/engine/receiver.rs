//! Who is meant by an ARN: the queue, function, topic or bus of the world that subscriptions, rules and notifications
//! deliver to.

use local_lambda_sources::{Destination, World};

use crate::permission::{ACCOUNT, REGION};

/// The receiver with this ARN, if the world has it. What is in another Region or account is not there. Of a function
/// the qualifier is not looked at.
pub(super) fn receiver(world: &World, arn: &str) -> Option<Destination> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", "aws", service, REGION, ACCOUNT, rest] = parts[..] else { return None };
    match service {
        "sqs" => world.find_queue(rest).map(|queue| Destination::from(&queue)),
        "sns" => world.find_topic(rest).map(|topic| Destination::from(&topic)),
        "lambda" => {
            let name = rest.strip_prefix("function:")?.split(':').next()?;
            world.find_function(name).map(|function| Destination::from(&function))
        }
        "events" => rest.strip_prefix("event-bus/").map(|name| Destination::from(&world.bus(name))),
        _ => None,
    }
}
