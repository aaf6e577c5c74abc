"""Asks `local-aws serve` what the AWS CLI and boto3 ask of AWS: a transcript of calls that must succeed, or fail as AWS
fails. Run by .ci/independent-aws; arguments: the program, and a function for `Invoke`."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

program, function = sys.argv[1:]
with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
endpoint = f"http://127.0.0.1:{port}"
queue_url = f"{endpoint}/123456789012/jobs"
server = subprocess.Popen(
    [program, "serve", "--port", str(port), "--function", f"stores_orders={function}", "--env", f"QUEUE_URL={queue_url}"],
    stdout=subprocess.DEVNULL,
)
environment = {
    **os.environ,
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ENDPOINT_URL": endpoint,
    "AWS_PAGER": "",
}
os.environ.update(environment)


def aws(*arguments):
    """A call of the AWS CLI; its answer, as JSON where it is."""
    print("$ aws", *arguments, flush=True)
    # `aws sqs` of this version heeds no AWS_ENDPOINT_URL.
    command = [sys.executable, "-m", "awscli", "--endpoint-url", endpoint, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
    try:
        return json.loads(done.stdout)
    except ValueError:
        return done.stdout


def expect(what, got, expected):
    assert got == expected, f"{what}: expected {expected!r}, got {got!r}"


def refused(code, call, **parameters):
    """A call of boto3 that must fail with this code."""
    try:
        answer = call(**parameters)
    except ClientError as error:
        return expect(f"the code of {parameters}", error.response["Error"]["Code"], code)
    raise AssertionError(f"expected {code}, got {answer!r}")


def with_the_cli(folder):
    photo, copy = os.path.join(folder, "花.jpg"), os.path.join(folder, "copy.jpg")
    with open(photo, "wb") as file:
        file.write(bytes(range(256)) * 40_000)  # 10 MB: sent in parts
    aws("s3", "mb", "s3://photos")
    aws("s3", "cp", photo, "s3://photos/uploads/")
    aws("s3", "cp", "s3://photos/uploads/花.jpg", copy)
    with open(photo, "rb") as one, open(copy, "rb") as other:
        expect("the copy is the photo", one.read() == other.read(), True)
    listed = aws("s3api", "list-objects-v2", "--bucket", "photos")["Contents"]
    expect("the list", [(item["Key"], item["Size"]) for item in listed], [("uploads/花.jpg", 10_240_000)])

    expect("the queue", aws("sqs", "create-queue", "--queue-name", "jobs")["QueueUrl"], queue_url)
    topic = aws("sns", "create-topic", "--name", "printed")["TopicArn"]
    queue = "arn:aws:sqs:us-east-1:123456789012:jobs"
    aws("sns", "subscribe", "--topic-arn", topic, "--protocol", "sqs", "--notification-endpoint", queue,
        "--attributes", "RawMessageDelivery=true")
    aws("sns", "publish", "--topic-arn", topic, "--message", "meow")
    received = aws("sqs", "receive-message", "--queue-url", queue_url, "--wait-time-seconds", "5")["Messages"]
    expect("the message", [message["Body"] for message in received], ["meow"])
    aws("sqs", "delete-message", "--queue-url", queue_url, "--receipt-handle", received[0]["ReceiptHandle"])

    aws("dynamodb", "create-table", "--table-name", "orders", "--billing-mode", "PAY_PER_REQUEST",
        "--attribute-definitions", "AttributeName=id,AttributeType=S", "--key-schema", "AttributeName=id,KeyType=HASH")
    aws("dynamodb", "wait", "table-exists", "--table-name", "orders")

    answer = os.path.join(folder, "answer.json")
    told = aws("lambda", "invoke", "--function-name", "stores_orders", "--payload", '{"id":"o-1"}', answer)
    expect("the status", (told["StatusCode"], told["ExecutedVersion"]), (200, "$LATEST"))
    with open(answer, encoding="utf-8") as file:
        expect("the answer", json.load(file), {"stored": "o-1"})
    item = aws("dynamodb", "get-item", "--table-name", "orders", "--key", '{"id":{"S":"o-1"}}')["Item"]
    expect("what the function stored", item["id"], {"S": "o-1"})
    aws("lambda", "publish-version", "--function-name", "stores_orders")
    aws("lambda", "create-alias", "--function-name", "stores_orders", "--name", "live", "--function-version", "1")

    machine = aws("stepfunctions", "create-state-machine", "--name", "prints", "--role-arn", "arn:aws:iam::123456789012:role/shop",
                  "--definition", '{"StartAt":"Done","States":{"Done":{"Type":"Succeed"}}}')["stateMachineArn"]
    start = ("stepfunctions", "start-execution", "--state-machine-arn", machine, "--name", "o-1", "--input", "{}")
    expect("the same execution", aws(*start), aws(*start))
    secret = ("secretsmanager", "create-secret", "--name", "database", "--secret-string", "hunter2")
    expect("the secret", aws(*secret)["Name"], "database")
    expect("the key", aws("kms", "create-key")["KeyMetadata"]["Enabled"], True)


def with_boto3():
    retries = Config(retries={"max_attempts": 1})

    def client(name):
        return boto3.client(name, config=retries)

    s3 = client("s3")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="photos")
    expect("the list", [item["Key"] for page in pages for item in page["Contents"]], ["uploads/花.jpg"])
    expect("a range", s3.get_object(Bucket="photos", Key="uploads/花.jpg", Range="bytes=254-257")["Body"].read(),
           bytes([254, 255, 0, 1]))
    refused("NoSuchKey", s3.get_object, Bucket="photos", Key="nothing")

    sqs = client("sqs")
    entries = [{"Id": str(number), "MessageBody": "x"} for number in range(11)]
    expect("ten at once", len(sqs.send_message_batch(QueueUrl=queue_url, Entries=entries[:10])["Successful"]), 10)
    refused("AWS.SimpleQueueService.TooManyEntriesInBatchRequest", sqs.send_message_batch, QueueUrl=queue_url, Entries=entries)

    orders = client("dynamodb")
    order = {"id": {"S": "o-1"}}
    refused("ConditionalCheckFailedException", orders.put_item, TableName="orders", Item=order,
            ConditionExpression="attribute_not_exists(id)")
    found = orders.query(TableName="orders", KeyConditionExpression="id = :id", ExpressionAttributeValues={":id": {"S": "o-1"}})
    expect("the query", found["Count"], 1)

    sns = client("sns")
    expect("the subscriptions", len(sns.list_subscriptions()["Subscriptions"]), 1)
    refused("NotFound", sns.publish, TopicArn="arn:aws:sns:us-east-1:123456789012:nothing", Message="x")

    functions = client("lambda")
    told = functions.invoke(FunctionName="stores_orders:live", Payload=b'{"id":"o-1"}')
    expect("the order is there already", (told["FunctionError"], told["ExecutedVersion"]), ("Unhandled", "1"))
    refused("ResourceNotFoundException", functions.get_function, FunctionName="nothing")
    refused("PreconditionFailedException", functions.update_alias, FunctionName="stores_orders", Name="live", RevisionId="x")

    secrets = client("secretsmanager")
    secrets.put_secret_value(SecretId="database", SecretString="hunter3")
    expect("the new secret", secrets.get_secret_value(SecretId="database")["SecretString"], "hunter3")
    expect("the one before", secrets.get_secret_value(SecretId="database", VersionStage="AWSPREVIOUS")["SecretString"], "hunter2")

    kms = client("kms")
    key = kms.list_keys()["Keys"][0]["KeyId"]
    cipher = kms.encrypt(KeyId=key, Plaintext=b"meow", EncryptionContext={"shop": "a"})["CiphertextBlob"]
    expect("the text", kms.decrypt(CiphertextBlob=cipher, EncryptionContext={"shop": "a"})["Plaintext"], b"meow")
    refused("InvalidCiphertextException", kms.decrypt, CiphertextBlob=cipher, EncryptionContext={"shop": "b"})

    machines = client("stepfunctions")
    arn = "arn:aws:states:us-east-1:123456789012:stateMachine:prints"
    refused("ExecutionAlreadyExists", machines.start_execution, stateMachineArn=arn, name="o-1", input='{"id":1}')
    execution = arn.replace("stateMachine", "execution") + ":o-1"
    machines.stop_execution(executionArn=execution, cause="enough")
    expect("the status", machines.describe_execution(executionArn=execution)["status"], "ABORTED")

    events = client("events")
    expect("an event", events.put_events(Entries=[{"Source": "shop", "DetailType": "Placed", "Detail": "{}"}])["FailedEntryCount"], 0)


try:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except OSError:
            time.sleep(0.05)
    with tempfile.TemporaryDirectory() as folder:
        with_the_cli(folder)
    with_boto3()
    print("test result: ok. 2 passed; 0 failed (the AWS CLI and boto3 against local-aws)")
finally:
    server.terminate()
    server.wait()
