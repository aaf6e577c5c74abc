use super::*;

fn context() -> Context {
    let files = [
        ("Cargo.toml", "[package]\nname = \"clerk\"\n"),
        ("Cargo.lock", "version = 4\n"),
        ("src/main.rs", "fn main() { lambda() }\n"),
        (".env", "TOKEN=geheim\n"),
        ("target/release/clerk", "made on a laptop"),
    ];
    let files = files.map(|(path, text)| (path.to_owned(), text.to_owned())).into();
    Context { files, platform: "linux/arm64".to_owned() }
}

fn started(dockerfile: &str) -> Result<Started, String> {
    let image = build(dockerfile, &context()).map_err(|error| error.to_string())?;
    start(&image, "arm64")
}

const STATIC: &str = "
ARG RUST=1.95-bookworm
FROM rust:${RUST} AS build
WORKDIR /work
RUN rustup target add aarch64-unknown-linux-musl
COPY Cargo.toml Cargo.lock ./
COPY src src
RUN --mount=type=cache,target=/work/target \\
    cargo build --release --locked --target aarch64-unknown-linux-musl \\
    # a comment between
    && cp target/aarch64-unknown-linux-musl/release/clerk /bootstrap
FROM public.ecr.aws/lambda/provided:al2023
COPY --from=build /bootstrap ${LAMBDA_RUNTIME_DIR}/bootstrap
CMD [\"clerk\"]
";

#[test]
fn a_static_program_starts_on_amazon_linux() {
    let started = started(STATIC).expect("it starts");
    assert_eq!(started.path, "/var/runtime/bootstrap");
    assert!(started.program.is_release && started.program.is_locked && started.program.glibc.is_none());
    assert!(started.program.source.contains("lambda()") && !started.is_behind_shell);
}

#[test]
fn what_a_cache_holds_is_in_no_layer() {
    let text = STATIC.replace("/bootstrap ${", "/work/target/aarch64-unknown-linux-musl/release/clerk ${");
    let error = started(&text).expect_err("there is nothing to copy");
    assert!(error.contains("not found in the stage build, which has /bootstrap"), "{error}");
}

#[test]
fn why_an_image_does_not_start_is_told_as_lambda_tells_it() {
    for (of, instead, part) in [
        ("CMD [\"clerk\"]\n", "", "requires the handler name"),
        ("${LAMBDA_RUNTIME_DIR}/bootstrap", "${LAMBDA_TASK_ROOT}/bootstrap", "/var/runtime/bootstrap: no such file"),
        ("COPY --from=build", "COPY --chmod=700 --from=build", "permission denied"),
        ("FROM rust", "FROM --platform=linux/amd64 rust", "aarch64"),
        (
            "FROM public.ecr.aws/lambda/provided:al2023",
            "FROM gcr.io/distroless/static-debian12\nENTRYPOINT [\"/x\"]",
            "no such file",
        ),
        ("rustup target add aarch64-unknown-linux-musl", "true", "target may not be installed"),
        (" --target aarch64-unknown-linux-musl", "", "cannot stat"),
        ("CMD [\"clerk\"]", "ENTRYPOINT clerk", "executable file not found"),
        ("COPY Cargo.toml Cargo.lock ./", "COPY Cargo.toml ./", "--locked"),
    ] {
        let error = started(&STATIC.replace(of, instead)).expect_err(instead);
        assert!(error.contains(part), "{instead}: {error}");
    }
    let gnu = STATIC
        .replace(" --target aarch64-unknown-linux-musl", "")
        .replace("target/aarch64-unknown-linux-musl", "target");
    let error = started(&gnu).expect_err("glibc is too new");
    assert!(error.contains("`GLIBC_2.36' not found"), "{error}");
    let own = gnu.replace("cargo build", "RUSTFLAGS='-C target-feature=+crt-static' cargo build");
    started(&own).expect("glibc is in the program");
    let same = gnu
        .replace("FROM rust:${RUST} AS build", "FROM amazonlinux:2023 AS build\nRUN dnf install -y cargo gcc")
        .replace("RUN rustup target add aarch64-unknown-linux-musl\n", "");
    started(&same).expect("the same C library in both stages");
}

#[test]
fn a_dummy_that_was_built_for_its_dependencies_is_not_built_again() {
    let text = "
FROM amazonlinux:2023
RUN dnf install -y cargo
WORKDIR /work
COPY Cargo.toml Cargo.lock ./
RUN mkdir src && echo 'fn main() {}' > src/main.rs && cargo build --release
COPY src src
RUN cargo build --release
ENTRYPOINT [\"./target/release/clerk\"]
";
    let dummy = started(text).expect("it starts");
    assert_eq!(dummy.program.source, "fn main() {}");
    let touched =
        started(&text.replace("COPY src src\nRUN", "COPY src src\nRUN touch src/main.rs &&")).expect("it starts");
    assert!(touched.program.source.contains("lambda()"));
}

#[test]
fn layers_hold_what_later_ones_remove() {
    let text = "FROM amazonlinux:2023\nWORKDIR /app\nCOPY . .\nRUN rm -rf .env target\n";
    let image = build(text, &context()).expect("it is built");
    assert!(!image.files.contains_key("/app/.env"));
    assert!(
        image.layered.iter().any(|(path, file)| path == "/app/.env" && file.from_context.as_deref() == Some(".env"))
    );
}

#[test]
fn what_is_not_known_is_an_error_with_its_line() {
    let error = |text: &str| build(text, &context()).expect_err("it is not known").to_string();
    assert!(error("FROM rust\n\nRUN upx x\n").starts_with("line 3: the command upx is not known"));
    assert!(error("FROM ubuntu:24.04\n").contains("the image ubuntu:24.04 is not known"));
    assert!(
        error("FROM public.ecr.aws/lambda/provided:al2023\nRUN useradd app\n").contains("useradd: command not found")
    );
    assert!(error("FROM scratch\nRUN true\n").contains("no shell"));
    assert!(error("COPY a b\n").contains("no FROM before"));
    assert!(error("FROM rust@sha256:abc\n").contains("no digest"));
}
