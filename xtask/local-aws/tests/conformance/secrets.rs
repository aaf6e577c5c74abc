//! <https://docs.aws.amazon.com/secretsmanager/latest/apireference/>.

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::primitives::Blob;

use crate::support::{unique, with_aws};

/// API_GetSecretValue: the value of now, or of a stage or version
#[test]
fn a_new_version_moves_the_stages() {
    with_aws(async |aws| {
        let client = Client::new(&aws.config);
        let name = unique("db");
        let created = client.create_secret().name(&name).secret_string("old").send().await.unwrap();
        client.put_secret_value().secret_id(&name).secret_string("new").send().await.unwrap();
        let get = || client.get_secret_value().secret_id(&name);
        let current = get().send().await.unwrap();
        assert_eq!(current.secret_string(), Some("new"));
        assert_eq!(current.version_stages(), ["AWSCURRENT"]);
        assert_eq!(get().version_stage("AWSPREVIOUS").send().await.unwrap().secret_string(), Some("old"));
        let first = created.version_id.unwrap();
        assert_eq!(get().version_id(first).send().await.unwrap().secret_string(), Some("old"));
    });
}

/// API_PutSecretValue: with the stage AWSPENDING the current value stays
#[test]
fn a_pending_version_is_not_the_current_one() {
    with_aws(async |aws| {
        let client = Client::new(&aws.config);
        let name = unique("db");
        client.create_secret().name(&name).secret_string("old").send().await.unwrap();
        let put = client.put_secret_value().secret_id(&name).secret_string("new").version_stages("AWSPENDING");
        put.send().await.unwrap();
        let get = || client.get_secret_value().secret_id(&name);
        assert_eq!(get().send().await.unwrap().secret_string(), Some("old"));
        assert_eq!(get().version_stage("AWSPENDING").send().await.unwrap().secret_string(), Some("new"));
    });
}

/// API_GetSecretValue: SecretBinary
#[test]
fn a_binary_secret_has_no_string() {
    with_aws(async |aws| {
        let client = Client::new(&aws.config);
        let name = unique("key");
        client.create_secret().name(&name).secret_binary(Blob::new(vec![0, 255])).send().await.unwrap();
        let value = client.get_secret_value().secret_id(&name).send().await.unwrap();
        assert_eq!(value.secret_string(), None);
        assert_eq!(value.secret_binary().unwrap().as_ref(), [0, 255]);
    });
}

/// API_GetSecretValue: ResourceNotFoundException; API_CreateSecret: ResourceExistsException
#[test]
fn missing_and_doubled_secrets_are_typed_errors() {
    with_aws(async |aws| {
        let client = Client::new(&aws.config);
        let error = client.get_secret_value().secret_id(unique("nothing")).send().await.unwrap_err();
        assert!(error.into_service_error().is_resource_not_found_exception());
        let name = unique("db");
        client.create_secret().name(&name).secret_string("x").send().await.unwrap();
        let error = client.create_secret().name(&name).secret_string("x").send().await.unwrap_err();
        assert!(error.into_service_error().is_resource_exists_exception());
    });
}
