//! Notices of the printers, published to a topic, which hands them on in three ways.

mod desk;

use aws_lambda_events::sns::SnsEvent;
use desk::{Kind, Notice};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(take_notices)).await
}

// TODO: the same notices come through two queues as well: one with SNS's envelope in its bodies, one with raw delivery.
async fn take_notices(event: LambdaEvent<SnsEvent>) -> Result<(), Error> {
    for record in event.payload.records {
        let notice = record.sns;
        let attribute = |name: &str| notice.message_attributes.get(name).map(|attribute| attribute.value.clone());
        let Some(printer) = attribute("printer") else {
            desk::set_aside(&notice.message, "no printer");
            continue;
        };
        // TODO: what has no kind, or one that the shop does not know, is set aside too.
        if let Some(kind) = attribute("kind").as_deref().and_then(Kind::named) {
            desk::post(&Notice { kind, printer, text: notice.message });
        }
    }
    Ok(())
}
