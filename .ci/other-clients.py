"""Asks `local-aws serve` what the AWS CLI and boto3 ask of AWS: a transcript of calls that must succeed, or fail as AWS
fails. Then a function as it is deployed calls the services over HTTPS. Run by .ci/independent-aws; arguments: the
program, and a function that stores an order in a table and tells a queue."""

import datetime
import ipaddress
import json
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

program, function = sys.argv[1:]
folder = tempfile.TemporaryDirectory()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


port, tls_port = free_port(), free_port()
endpoint = f"http://127.0.0.1:{port}"
queue_url = f"{endpoint}/123456789012/jobs"
certificate = os.path.join(folder.name, "certificate.pem")


def serve(port, **variables):
    """The services, with the function in this environment."""
    command = [program, "serve", "--port", str(port), "--function", f"stores_orders={function}"]
    for name, value in variables.items():
        command += ["--env", f"{name}={value}"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return server
        except OSError:
            time.sleep(0.05)
    raise AssertionError("local-aws does not listen")


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


def make_certificate(key_file):
    """A certificate for 127.0.0.1 that nobody trusts who was not told to."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "local-aws")])
    now = datetime.datetime.now(datetime.timezone.utc)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(address, critical=False).sign(key, hashes.SHA256())
    )
    with open(certificate, "wb") as file:
        file.write(made.public_bytes(serialization.Encoding.PEM))
    with open(key_file, "wb") as file:
        file.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                     serialization.NoEncryption()))


def copy(one, other):
    try:
        while data := one.recv(65_536):
            other.sendall(data)
        other.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # the other side is gone, as after each test


def speak_tls(handshakes):
    """A port that speaks TLS to callers and passes on what they say."""
    key_file = os.path.join(folder.name, "key.pem")
    make_certificate(key_file)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key_file)
    listener = socket.create_server(("127.0.0.1", tls_port))

    def accept():
        while True:
            plain, _ = listener.accept()
            try:
                caller = context.wrap_socket(plain, server_side=True)
            except (ssl.SSLError, OSError) as error:
                handshakes.append(str(error))
                continue
            handshakes.append(caller.version())
            service = socket.create_connection(("127.0.0.1", port))
            threading.Thread(target=copy, args=(caller, service), daemon=True).start()
            threading.Thread(target=copy, args=(service, caller), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()


def over_https():
    """The same program, told of an endpoint with TLS: it must speak it, and to nobody whom it does not trust."""
    handshakes = []
    speak_tls(handshakes)
    for trusts in (True, False):
        trust = {"SSL_CERT_FILE": certificate} if trusts else {}
        other = free_port()
        https = f"https://127.0.0.1:{tls_port}"
        server = serve(other, AWS_ENDPOINT_URL=https, QUEUE_URL=queue_url, **trust)
        try:
            client = boto3.client("lambda", endpoint_url=f"http://127.0.0.1:{other}", config=Config(read_timeout=60))
            order = f"tls-{trusts}"
            told = client.invoke(FunctionName="stores_orders", Payload=json.dumps({"id": order}))
            answer = json.load(told["Payload"])
            if trusts:
                expect("the answer over HTTPS", answer, {"stored": order})
                expect("the handshake", handshakes[0], "TLSv1.3")
            else:
                expect("without trust", told.get("FunctionError"), "Unhandled")
        finally:
            server.terminate()
            server.wait()
    expect("a call of who does not trust", "TLSv1.3" in handshakes[-1], False)
    stored = boto3.client("dynamodb").scan(TableName="orders")["Items"]
    expect("what was stored", sorted(item["id"]["S"] for item in stored), ["o-1", "tls-True"])


server = serve(port, QUEUE_URL=queue_url)
try:
    with_the_cli(folder.name)
    with_boto3()
    over_https()
    print("test result: ok. 3 passed; 0 failed (the AWS CLI, boto3, and a function over HTTPS)")
finally:
    server.terminate()
    server.wait()
    folder.cleanup()
