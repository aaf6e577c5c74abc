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
WORKDIR /build
RUN rustup target add aarch64-unknown-linux-musl
COPY Cargo.toml Cargo.lock ./
COPY src src
RUN --mount=type=cache,target=/build/target \\
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
    let text = STATIC.replace("/bootstrap ${", "/build/target/aarch64-unknown-linux-musl/release/clerk ${");
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
WORKDIR /build
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

/// A build on Amazon Linux, with one RUN that makes `/out/bin/clerk`.
fn built_by(run: &str) -> String {
    format!(
        "FROM amazonlinux:2023 AS build\nRUN dnf install -y cargo\nWORKDIR /build\n{run}\nFROM public.ecr.aws/lambda/provided:al2023\n\
         COPY --from=build /out/bin/clerk /var/runtime/bootstrap\nCMD [\"x\"]\n"
    )
}

#[test]
fn single_files_are_shown_to_a_run() {
    for at in ["", "/build/"] {
        let mounts: Vec<String> = ["Cargo.toml", "Cargo.lock", "src"]
            .map(|path| format!("--mount=type=bind,source={path},target={at}{path}"))
            .into();
        let run = format!(
            "RUN {} cargo build -r --locked && install -D target/release/clerk /out/bin/clerk",
            mounts.join(" ")
        );
        let started = started(&built_by(&run)).expect("it starts");
        assert!(started.program.is_locked && started.program.source.contains("lambda()"), "{run}");
    }
    let earlier = "FROM scratch AS code\nCOPY src /s\n".to_owned()
        + &built_by(
            "COPY Cargo.* ./\nRUN --mount=from=code,source=/s,target=src cargo build -r && install -D target/release/clerk \
             /out/bin/clerk",
        );
    assert!(started(&earlier).expect("it starts").program.source.contains("lambda()"));
}

#[test]
fn a_lock_file_counts_when_it_is_that_of_the_folder() {
    for (run, is_locked) in [
        ("cargo install --locked --path . --root /out", true),
        ("cargo install --path=. --root=/out", false),
        ("cargo build -r && mkdir -p /out/bin && cp target/release/clerk /out/bin", true),
        ("cargo generate-lockfile && cargo build -r --locked && install -D target/release/clerk /out/bin/clerk", false),
        ("cargo update && cargo install --locked --path . --root /out", false),
    ] {
        let started = started(&built_by(&format!("COPY . .\nRUN {run}"))).expect(run);
        assert_eq!((started.program.is_locked, started.program.is_release), (is_locked, true), "{run}");
    }
}

#[test]
fn modes_shut_folders_and_files_in_whatever_way_they_are_given() {
    let with = |last: &str| {
        built_by("COPY . .\nRUN cargo install --path . --root /out")
            .replace("COPY --from=build /out/bin/clerk /var/runtime/bootstrap\nCMD [\"x\"]\n", last)
    };
    let copy = "COPY --from=build /out/bin/clerk /app/clerk\nENTRYPOINT [\"/app/clerk\"]\n";
    for (run, is_open) in [
        ("mkdir /app", true),
        ("mkdir -m 700 /app", false),
        ("mkdir -pm755 /app", true),
        ("mkdir --mode=0750 /app", false),
        ("mkdir /app && chmod go-rwx /app", false),
        ("mkdir -p /app/x && chmod -R 700 /app && chmod a+rX /app", true),
    ] {
        let is_started = started(&with(&format!("RUN {run}\n{copy}"))).is_ok();
        assert_eq!(is_started, is_open, "{run}");
    }
    for (run, is_open) in [
        ("chmod -R 700 /app", false),
        ("chmod u=rwx,go=r /app/clerk", false),
        ("chmod 0711 /app/clerk", true),
        ("install -m 700 /app/clerk /app/x && mv /app/x /app/clerk", false),
    ] {
        let is_started = started(&with(&format!("{copy}RUN {run}\n"))).is_ok();
        assert_eq!(is_started, is_open, "{run}");
    }
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
