//! <https://docs.aws.amazon.com/lambda/latest/api/>: functions, their states and revision ids, versions, concurrency,
//! policies. What runs, and when, is in `tests/face`.

use std::time::Duration;

use aws_sdk_lambda::Client;
use aws_sdk_lambda::client::Waiters;
use aws_sdk_lambda::config::timeout::TimeoutConfig;
use aws_sdk_lambda::config::{AsyncSleep, SharedAsyncSleep, Sleep, StalledStreamProtectionConfig};
use aws_sdk_lambda::operation::create_function::builders::CreateFunctionFluentBuilder;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{FunctionCode, LastUpdateStatus, Runtime, State};
use local_lambda_sources::Target;
use serde_json::{Value, json};

use crate::support::{Aws, refused, unique, with_aws};

/// Waiters wait for nothing here. Neither would timeouts, so clients have none.
#[derive(Debug)]
struct NoSleep;

impl AsyncSleep for NoSleep {
    fn sleep(&self, _duration: Duration) -> Sleep {
        Sleep::new(std::future::ready(()))
    }
}

/// A client, and a function that is there or not.
pub(crate) struct Shop {
    pub(crate) client: Client,
    pub(crate) name: String,
}

/// A code that can be uploaded; what it does matters to nobody here.
fn zip(name: &str) -> Blob {
    // The end of central directory of an empty archive, with a comment, which makes it another code.
    let mut bytes = b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec();
    bytes.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
    bytes.extend(name.bytes());
    Blob::new(bytes)
}

impl Shop {
    /// No function yet, and the codes "one" and "two" for it.
    pub(crate) fn new(aws: &Aws) -> Shop {
        let name = unique("shop");
        for code in ["one", "two"] {
            aws.local.code(zip(code), Target::closure(name.clone(), move |_| Ok(json!(code))));
        }
        let config = aws_sdk_lambda::config::Builder::from(&aws.config)
            .sleep_impl(SharedAsyncSleep::new(NoSleep))
            .timeout_config(TimeoutConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        Shop { client: Client::from_conf(config.build()), name }
    }

    /// The function, ready, with the code "one".
    pub(crate) async fn open(aws: &Aws) -> Shop {
        let shop = Shop::new(aws);
        shop.creation().send().await.unwrap();
        shop.is_active().await;
        shop
    }

    fn creation(&self) -> CreateFunctionFluentBuilder {
        let code = FunctionCode::builder().zip_file(zip("one")).build();
        let create = self.client.create_function().function_name(&self.name).runtime(Runtime::Providedal2023);
        create.handler("bootstrap").role("arn:aws:iam::123456789012:role/shop").code(code)
    }

    async fn is_active(&self) {
        let waiter = self.client.wait_until_function_active_v2().function_name(&self.name);
        waiter.wait(Duration::from_secs(60)).await.unwrap();
    }

    pub(crate) async fn update(&self, code: &str) {
        self.client.update_function_code().function_name(&self.name).zip_file(zip(code)).send().await.unwrap();
        let waiter = self.client.wait_until_function_updated_v2().function_name(&self.name);
        waiter.wait(Duration::from_secs(60)).await.unwrap();
    }

    /// Publishes, and gives the version's number.
    pub(crate) async fn publish(&self) -> String {
        self.client.publish_version().function_name(&self.name).send().await.unwrap().version.unwrap()
    }

    async fn revision(&self, qualifier: &str) -> String {
        let get = self.client.get_function_configuration().function_name(&self.name).qualifier(qualifier);
        get.send().await.unwrap().revision_id.unwrap()
    }

    pub(crate) fn arn(&self) -> String {
        format!("arn:aws:lambda:us-east-1:123456789012:function:{}", self.name)
    }
}

/// <https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html>
#[test]
fn a_new_function_is_pending_until_a_waiter_has_waited() {
    with_aws(async |aws| {
        let shop = Shop::new(&aws);
        let made = shop.creation().send().await.unwrap();
        assert_eq!((made.state(), made.version()), (Some(&State::Pending), Some("$LATEST")));
        let error = shop.client.invoke().function_name(&shop.name).send().await;
        let (code, message) = refused(error);
        assert_eq!(code, "ResourceConflictException");
        assert!(message.ends_with("The function is currently in the following state: Pending"), "{message}");
        let publish = refused(shop.client.publish_version().function_name(&shop.name).send().await);
        assert_eq!(publish.0, "ResourceConflictException");
        shop.is_active().await;
        let told = shop.client.get_function_configuration().function_name(&shop.name).send().await.unwrap();
        assert_eq!(
            (told.state(), told.last_update_status()),
            (Some(&State::Active), Some(&LastUpdateStatus::Successful))
        );
    });
}

/// The same page: no other update begins while one is in progress
#[test]
fn an_update_in_progress_lets_no_other_begin() {
    with_aws(async |aws| {
        let shop = Shop::open(&aws).await;
        let update = || shop.client.update_function_code().function_name(&shop.name).zip_file(zip("two")).send();
        assert_eq!(update().await.unwrap().last_update_status(), Some(&LastUpdateStatus::InProgress));
        let in_progress = format!(
            "The operation cannot be performed at this time. An update is in progress for resource: {}",
            shop.arn()
        );
        let conflict = ("ResourceConflictException".to_owned(), in_progress);
        assert_eq!(refused(update().await), conflict);
        let configure = shop.client.update_function_configuration().function_name(&shop.name).timeout(5);
        assert_eq!(refused(configure.send().await), conflict);
        assert_eq!(refused(shop.client.publish_version().function_name(&shop.name).send().await), conflict);
    });
}

/// API_CreateFunction: ResourceConflictException, and the bounds of its parameters; API_GetFunction:
/// ResourceNotFoundException
#[test]
fn what_cannot_be_is_refused() {
    with_aws(async |aws| {
        let shop = Shop::new(&aws);
        let get = refused(shop.client.get_function().function_name(&shop.name).send().await);
        assert_eq!(get, ("ResourceNotFoundException".to_owned(), format!("Function not found: {}", shop.arn())));
        shop.creation().send().await.unwrap();
        let again = refused(shop.creation().send().await);
        assert_eq!(again, ("ResourceConflictException".to_owned(), format!("Function already exist: {}", shop.name)));
        shop.is_active().await;
        let configure = |timeout: i32| {
            shop.client.update_function_configuration().function_name(&shop.name).timeout(timeout).send()
        };
        for timeout in [0, 1_801] {
            assert_eq!(refused(configure(timeout).await).0, "ValidationException", "{timeout}");
        }
        assert_eq!(configure(1_800).await.unwrap().timeout(), Some(1_800));
    });
}

/// API_UpdateFunctionCode, API_PublishVersion: `RevisionId`; the id changes when an update begins, when it has ended,
/// and when a version is published
#[test]
fn a_function_has_another_revision_id_after_each_step() {
    with_aws(async |aws| {
        let shop = Shop::new(&aws);
        let created = shop.creation().send().await.unwrap().revision_id.unwrap();
        shop.is_active().await;
        let active = shop.revision("$LATEST").await;
        let update = |revision: &str| {
            let update = shop.client.update_function_configuration().function_name(&shop.name).timeout(9);
            update.revision_id(revision).send()
        };
        let (code, message) = refused(update(&created).await);
        assert_eq!(code, "PreconditionFailedException");
        assert!(message.starts_with("The Revision Id provided does not match the latest Revision Id."), "{message}");
        let updating = update(&active).await.unwrap().revision_id.unwrap();
        let waiter = shop.client.wait_until_function_updated_v2().function_name(&shop.name);
        waiter.wait(Duration::from_secs(60)).await.unwrap();
        let updated = shop.revision("$LATEST").await;
        let published = shop.client.publish_version().function_name(&shop.name).revision_id(&updated).send().await;
        let published = published.unwrap().revision_id.unwrap();
        assert_eq!(shop.revision("1").await, published, "a version keeps its own");
        let after = shop.revision("$LATEST").await;
        let mut all = vec![created, active, updating, updated, published, after];
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 6, "{all:?}");
    });
}

/// API_PublishVersion: nothing is published when nothing has changed; CodeSha256 must be that of now
#[test]
fn only_what_changed_is_published() {
    with_aws(async |aws| {
        let shop = Shop::open(&aws).await;
        let first = shop.client.publish_version().function_name(&shop.name).send().await.unwrap();
        assert_eq!((first.version(), shop.publish().await.as_str()), (Some("1"), "1"));
        assert_eq!(first.function_arn(), Some(format!("{}:1", shop.arn()).as_str()));
        shop.update("two").await;
        let stale = shop.client.publish_version().function_name(&shop.name).code_sha256(first.code_sha256().unwrap());
        assert_eq!(refused(stale.send().await).0, "InvalidParameterValueException");
        assert_eq!(shop.publish().await, "2");
        let list = shop.client.list_versions_by_function().function_name(&shop.name).send().await.unwrap();
        let versions: Vec<_> = list.versions().iter().map(|version| version.version().unwrap()).collect();
        assert_eq!(versions, ["$LATEST", "1", "2"]);
    });
}

/// API_DeleteFunction: "You can't delete a version that an alias references."
#[test]
fn a_version_is_deleted_when_no_alias_points_to_it() {
    with_aws(async |aws| {
        let shop = Shop::open(&aws).await;
        shop.publish().await;
        shop.client.create_alias().function_name(&shop.name).name("live").function_version("1").send().await.unwrap();
        let delete = || shop.client.delete_function().function_name(&shop.name).qualifier("1").send();
        let (code, message) = refused(delete().await);
        assert_eq!(code, "ResourceConflictException");
        assert_eq!(message, "Unable to delete version because the following aliases reference it: [live]");
        shop.client.delete_alias().function_name(&shop.name).name("live").send().await.unwrap();
        delete().await.unwrap();
        let get = shop.client.get_function().function_name(&shop.name).qualifier("1").send().await;
        assert_eq!(refused(get).0, "ResourceNotFoundException");
        shop.update("two").await;
        assert_eq!(shop.publish().await, "2", "no number is given twice");
    });
}

/// API_PutFunctionConcurrency, and configuration-concurrency: at least 100 stay unreserved
#[test]
fn reserved_concurrency_leaves_100_to_the_others() {
    with_aws(async |aws| {
        let shop = Shop::open(&aws).await;
        let reserve = |count: i32| {
            let put = shop.client.put_function_concurrency().function_name(&shop.name);
            put.reserved_concurrent_executions(count).send()
        };
        assert_eq!(refused(reserve(901).await).0, "InvalidParameterValueException");
        assert_eq!(refused(reserve(-1).await).0, "ValidationException");
        assert_eq!(reserve(0).await.unwrap().reserved_concurrent_executions(), Some(0));
        let get = || shop.client.get_function_concurrency().function_name(&shop.name).send();
        assert_eq!(get().await.unwrap().reserved_concurrent_executions(), Some(0));
        shop.client.delete_function_concurrency().function_name(&shop.name).send().await.unwrap();
        assert_eq!(get().await.unwrap().reserved_concurrent_executions(), None);
    });
}

/// API_Invoke: TooManyRequestsException when nothing may run, with the reason
#[test]
fn a_function_without_concurrency_is_throttled() {
    with_aws(async |aws| {
        let shop = Shop::open(&aws).await;
        let put = shop.client.put_function_concurrency().function_name(&shop.name).reserved_concurrent_executions(0);
        put.send().await.unwrap();
        // The SDK tries a throttled call again; what it ends with is the same.
        let error = shop.client.invoke().function_name(&shop.name).send().await.unwrap_err().into_service_error();
        assert!(error.is_too_many_requests_exception(), "{error:?}");
        let reason = "ReservedFunctionConcurrentInvocationLimitExceeded";
        assert!(format!("{error:?}").contains(reason), "{error:?}");
    });
}

/// API_AddPermission, API_GetPolicy, API_RemovePermission
#[test]
fn a_policy_has_a_statement_for_each_permission() {
    with_aws(async |aws| {
        let shop = Shop::open(&aws).await;
        let get = || shop.client.get_policy().function_name(&shop.name).send();
        assert_eq!(refused(get().await).0, "ResourceNotFoundException");
        let add = shop.client.add_permission().function_name(&shop.name).statement_id("photos");
        let add = add.action("lambda:InvokeFunction").principal("s3.amazonaws.com");
        let add = add.source_arn("arn:aws:s3:::photos").source_account("123456789012");
        let statement = add.clone().send().await.unwrap().statement.unwrap();
        let expected = json!({
            "Sid": "photos",
            "Effect": "Allow",
            "Principal": { "Service": "s3.amazonaws.com" },
            "Action": "lambda:InvokeFunction",
            "Resource": shop.arn(),
            "Condition": {
                "StringEquals": { "AWS:SourceAccount": "123456789012" },
                "ArnLike": { "AWS:SourceArn": "arn:aws:s3:::photos" },
            },
        });
        assert_eq!(serde_json::from_str::<Value>(&statement).unwrap(), expected);
        assert_eq!(refused(add.send().await).0, "ResourceConflictException");
        let policy = get().await.unwrap();
        assert!(policy.policy().unwrap().contains("photos"));
        let remove = |revision: Option<String>| {
            let remove = shop.client.remove_permission().function_name(&shop.name).statement_id("photos");
            remove.set_revision_id(revision).send()
        };
        assert_eq!(refused(remove(Some("seen long ago".to_owned())).await).0, "PreconditionFailedException");
        remove(policy.revision_id.clone()).await.unwrap();
        assert_eq!(refused(get().await).0, "ResourceNotFoundException");
    });
}
