//! <https://docs.aws.amazon.com/AmazonS3/latest/API/>.

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketVersioningStatus, CompletedMultipartUpload, CompletedPart, Delete, ObjectIdentifier, VersioningConfiguration,
};

use crate::support::{Aws, refused, unique, with_aws};

async fn bucket(aws: &Aws) -> (Client, String) {
    let client = Client::new(&aws.config);
    let name = unique("photos");
    client.create_bucket().bucket(&name).send().await.unwrap();
    (client, name)
}

async fn read(client: &Client, bucket: &str, key: &str) -> Vec<u8> {
    let object = client.get_object().bucket(bucket).key(key).send().await.unwrap();
    object.body.collect().await.unwrap().to_vec()
}

/// API_PutObject, API_GetObject: bytes, content type and metadata come back
#[test]
fn an_object_comes_back_as_it_was_put() {
    with_aws(async |aws| {
        let (client, bucket) = bucket(&aws).await;
        let key = "2026/花 + cat.jpg";
        let put = client.put_object().bucket(&bucket).key(key).content_type("image/jpeg").metadata("shop", "ferris");
        put.body(ByteStream::from_static(b"\xff\xd8\xff")).send().await.unwrap();
        let object = client.get_object().bucket(&bucket).key(key).send().await.unwrap();
        assert_eq!((object.content_type(), object.content_length()), (Some("image/jpeg"), Some(3)));
        assert_eq!(object.metadata().unwrap()["shop"], "ferris");
        assert_eq!(object.body.collect().await.unwrap().to_vec(), b"\xff\xd8\xff");
        let head = client.head_object().bucket(&bucket).key(key).send().await.unwrap();
        assert_eq!(head.content_length(), Some(3));
    });
}

/// API_GetObject: NoSuchKey, NoSuchBucket; a HEAD has no body and so no code but 404
#[test]
fn what_is_not_there_is_a_typed_error() {
    with_aws(async |aws| {
        let (client, bucket) = bucket(&aws).await;
        let error = client.get_object().bucket(&bucket).key("nothing").send().await.unwrap_err();
        assert!(error.into_service_error().is_no_such_key());
        let error = client.head_object().bucket(&bucket).key("nothing").send().await.unwrap_err();
        assert!(error.into_service_error().is_not_found());
        let (code, _) = refused(client.get_object().bucket(unique("nothing")).key("k").send().await);
        assert_eq!(code, "NoSuchBucket");
    });
}

/// API_GetObject: Range, and InvalidRange beyond the end
#[test]
fn a_range_is_read_by_itself() {
    with_aws(async |aws| {
        let (client, bucket) = bucket(&aws).await;
        client.put_object().bucket(&bucket).key("k").body(ByteStream::from_static(b"0123456789")).send().await.unwrap();
        let get = |range: &str| client.get_object().bucket(&bucket).key("k").range(range).send();
        let part = get("bytes=2-4").await.unwrap();
        assert_eq!(part.content_range(), Some("bytes 2-4/10"));
        assert_eq!(part.body.collect().await.unwrap().to_vec(), b"234");
        assert_eq!(get("bytes=-3").await.unwrap().body.collect().await.unwrap().to_vec(), b"789");
        assert_eq!(refused(get("bytes=10-").await).0, "InvalidRange");
    });
}

/// checking-object-integrity-upload: a body that is streamed travels in chunks with a checksum behind them
#[test]
fn a_streamed_upload_is_stored_whole() {
    with_aws(async |aws| {
        let (client, bucket) = bucket(&aws).await;
        let path = std::env::temp_dir().join(unique("upload"));
        let bytes: Vec<u8> = (0..300_000_u32).map(|n| (n % 251) as u8).collect();
        std::fs::write(&path, &bytes).unwrap();
        let body = ByteStream::from_path(&path).await.unwrap();
        client.put_object().bucket(&bucket).key("k").body(body).send().await.unwrap();
        std::fs::remove_file(&path).unwrap();
        assert!(read(&client, &bucket, "k").await == bytes);
        let head = client.head_object().bucket(&bucket).key("k").send().await.unwrap();
        assert_eq!(head.content_encoding(), None, "how it travelled is not how it is stored");
    });
}

/// API_ListObjectsV2: pages of at most `MaxKeys`, in the order of UTF-8 bytes, folders by the delimiter
#[test]
fn keys_are_listed_in_pages_and_by_folder() {
    with_aws(async |aws| {
        let (client, bucket) = bucket(&aws).await;
        for key in ["b/2", "a", "b/1", "c/花 +.jpg"] {
            client.put_object().bucket(&bucket).key(key).body(ByteStream::from_static(b"x")).send().await.unwrap();
        }
        let first = client.list_objects_v2().bucket(&bucket).max_keys(3).send().await.unwrap();
        assert_eq!((first.contents().len(), first.is_truncated()), (3, Some(true)));
        let mut pages = client.list_objects_v2().bucket(&bucket).max_keys(3).into_paginator().send();
        let mut keys = Vec::new();
        while let Some(page) = pages.next().await {
            keys.extend(page.unwrap().contents().iter().filter_map(|object| object.key().map(str::to_owned)));
        }
        assert_eq!(keys, ["a", "b/1", "b/2", "c/花 +.jpg"]);
        let folders = client.list_objects_v2().bucket(&bucket).delimiter("/").send().await.unwrap();
        let prefixes: Vec<_> = folders.common_prefixes().iter().filter_map(|prefix| prefix.prefix()).collect();
        assert_eq!(prefixes, ["b/", "c/"]);
    });
}

/// conditional-writes: `If-None-Match: *` puts only where nothing is
#[test]
fn a_conditional_put_does_not_replace() {
    with_aws(async |aws| {
        let (client, bucket) = bucket(&aws).await;
        let put = |body: &'static [u8]| {
            client.put_object().bucket(&bucket).key("k").if_none_match("*").body(ByteStream::from_static(body)).send()
        };
        put(b"first").await.unwrap();
        assert_eq!(refused(put(b"second").await).0, "PreconditionFailed");
        assert_eq!(read(&client, &bucket, "k").await, b"first");
    });
}

/// DeleteMarker, versioning-workflows: a delete hides, a version stays readable
#[test]
fn a_deleted_object_of_a_versioned_bucket_is_hidden_by_a_marker() {
    with_aws(async |aws| {
        let (client, bucket) = bucket(&aws).await;
        let enabled = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        client.put_bucket_versioning().bucket(&bucket).versioning_configuration(enabled).send().await.unwrap();
        let put = |body: &'static [u8]| {
            client.put_object().bucket(&bucket).key("k").body(ByteStream::from_static(body)).send()
        };
        let first = put(b"1").await.unwrap().version_id.unwrap();
        put(b"2").await.unwrap();
        let deleted = client.delete_object().bucket(&bucket).key("k").send().await.unwrap();
        assert_eq!(deleted.delete_marker(), Some(true));
        let error = client.get_object().bucket(&bucket).key("k").send().await.unwrap_err();
        assert!(error.into_service_error().is_no_such_key());
        let old = client.get_object().bucket(&bucket).key("k").version_id(&first).send().await.unwrap();
        assert_eq!(old.body.collect().await.unwrap().to_vec(), b"1");
        let versions = client.list_object_versions().bucket(&bucket).send().await.unwrap();
        assert_eq!((versions.versions().len(), versions.delete_markers().len()), (2, 1));
    });
}

/// mpuoverview and qfacts: parts of at least 5 MiB but for the last
#[test]
fn a_multipart_upload_is_joined_in_order_and_refuses_small_parts() {
    with_aws(async |aws| {
        let (client, bucket) = bucket(&aws).await;
        const MIB: usize = 1024 * 1024;
        for (key, sizes, expected) in
            [("good", [5 * MIB, 3], Ok(5 * MIB + 3)), ("bad", [3, 5 * MIB], Err("EntityTooSmall"))]
        {
            let upload = client.create_multipart_upload().bucket(&bucket).key(key).send().await.unwrap();
            let id = upload.upload_id.unwrap();
            let mut parts = Vec::new();
            for (number, size) in (1..).zip(sizes) {
                let part = client.upload_part().bucket(&bucket).key(key).upload_id(&id).part_number(number);
                let body = ByteStream::from(vec![number as u8; size]);
                let e_tag = part.body(body).send().await.unwrap().e_tag.unwrap();
                parts.push(CompletedPart::builder().part_number(number).e_tag(e_tag).build());
            }
            let upload = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
            let complete = client.complete_multipart_upload().bucket(&bucket).key(key).upload_id(&id);
            let completed = complete.multipart_upload(upload).send().await;
            match expected {
                Ok(length) => {
                    completed.unwrap();
                    let bytes = read(&client, &bucket, key).await;
                    assert_eq!((bytes.len(), bytes[0], bytes[length - 1]), (length, 1, 2));
                }
                Err(code) => assert_eq!(refused(completed).0, code),
            }
        }
    });
}

/// API_DeleteObjects: deleting what is not there is a success
#[test]
fn many_objects_are_deleted_at_once() {
    with_aws(async |aws| {
        let (client, bucket) = bucket(&aws).await;
        client.put_object().bucket(&bucket).key("花").body(ByteStream::from_static(b"x")).send().await.unwrap();
        let objects = ["花", "nothing"].map(|key| ObjectIdentifier::builder().key(key).build().unwrap());
        let delete = Delete::builder().set_objects(Some(objects.to_vec())).build().unwrap();
        let answer = client.delete_objects().bucket(&bucket).delete(delete).send().await.unwrap();
        assert_eq!((answer.deleted().len(), answer.errors().len()), (2, 0));
        assert!(client.get_object().bucket(&bucket).key("花").send().await.is_err());
    });
}

/// API_CopyObject
#[test]
fn an_object_is_copied_with_its_content_type() {
    with_aws(async |aws| {
        let (client, bucket) = bucket(&aws).await;
        let put = client.put_object().bucket(&bucket).key("a b").content_type("image/png");
        put.body(ByteStream::from_static(b"x")).send().await.unwrap();
        let source = format!("{bucket}/a%20b");
        client.copy_object().bucket(&bucket).key("copy").copy_source(source).send().await.unwrap();
        let copy = client.get_object().bucket(&bucket).key("copy").send().await.unwrap();
        assert_eq!(copy.content_type(), Some("image/png"));
    });
}

/// ShareObjectPreSignedURL: the signature stands in the query
#[test]
fn a_presigned_url_needs_no_header() {
    with_aws(async |aws| {
        let (client, bucket) = bucket(&aws).await;
        let expires = aws_sdk_s3::presigning::PresigningConfig::expires_in(std::time::Duration::from_secs(60)).unwrap();
        let url = client.put_object().bucket(&bucket).key("k").presigned(expires).await.unwrap();
        let (host, rest) = url.uri().strip_prefix("http://").unwrap().split_once('/').unwrap();
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
        let request =
            format!("PUT /{rest} HTTP/1.1\r\nhost: {host}\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert_eq!(read(&client, &bucket, "k").await, b"hello");
    });
}

/// object-keys: a key has at most 1,024 bytes
#[test]
fn a_key_has_at_most_1024_bytes() {
    with_aws(async |aws| {
        let (client, bucket) = bucket(&aws).await;
        let put = |length| client.put_object().bucket(&bucket).key("k".repeat(length)).send();
        put(1_024).await.unwrap();
        assert_eq!(refused(put(1_025).await).0, "KeyTooLongError");
    });
}
